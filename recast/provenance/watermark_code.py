"""The number a watermark carries, as bits that survive errors.

32 bits of identity and a 16-bit checksum go through a convolutional code of rate 1/3 and
constraint length 7 (133, 171, 165 octal), six zeros at its end; read back by the Viterbi algorithm
from soft values (Viterbi, "Error bounds for convolutional codes", 1967).
"""

import binascii
from typing import Any

import numpy as np
from numpy.typing import NDArray

IDENTITY_BITS = 32
_CHECK_BITS = 16
_MEMORY = 6
_TAPS = (0o133, 0o171, 0o165)
_MESSAGE_BITS = IDENTITY_BITS + _CHECK_BITS
CODED_BITS = len(_TAPS) * (_MESSAGE_BITS + _MEMORY)
_STATES = 1 << _MEMORY

Soft = NDArray[np.float64]
"""(CODED_BITS,): the sign says which bit, positive for 0; the size how sure it is."""


def coded(identity: int) -> NDArray[np.int8]:
    """The coded bits of an identity, each +1 for 0 and -1 for 1."""
    message = _bits_of(identity, IDENTITY_BITS) + _bits_of(_check(identity), _CHECK_BITS)
    state, signs = 0, []
    for bit in [*message, *[0] * _MEMORY]:
        state = (state << 1 | bit) & (2 * _STATES - 1)
        signs += [1 - 2 * _parity(state & taps) for taps in _TAPS]
    return np.array(signs, np.int8)


def decoded(soft: Soft) -> int | None:
    """The identity that soft values fit best; None if its checksum does not fit."""
    bits = _likeliest(soft)
    identity = int("".join(map(str, bits[:IDENTITY_BITS])), 2)
    check = int("".join(map(str, bits[IDENTITY_BITS:])), 2)
    return identity if check == _check(identity) else None


def _likeliest(soft: Soft) -> list[int]:
    """The message whose code agrees most with `soft`."""
    signs = _signs()
    before = _predecessors()
    score = np.full(_STATES, -np.inf)
    score[0] = 0.0
    chosen = []
    for step in soft.reshape(-1, len(_TAPS)):
        # A state is reached from two others; its lowest bit is the bit that was sent.
        reached: Any = score[before] + (signs[before, np.arange(_STATES)[:, None] & 1] @ step)
        best = reached.argmax(axis=1)
        chosen.append(before[np.arange(_STATES), best])
        score = reached.max(axis=1)
    state, bits = 0, []
    for origins in reversed(chosen):
        bits.append(state & 1)
        state = int(origins[state])
    return bits[::-1][:_MESSAGE_BITS]


def _signs() -> NDArray[np.float64]:
    """(state, bit, 3): what is sent when a bit follows a state."""
    sent = [
        [[1 - 2 * _parity((state << 1 | bit) & taps) for taps in _TAPS] for bit in (0, 1)]
        for state in range(_STATES)
    ]
    return np.array(sent, np.float64)


def _predecessors() -> NDArray[np.int64]:
    """(state, 2): the states from which one is reached."""
    half = _STATES // 2
    return np.array([[state >> 1, (state >> 1) + half] for state in range(_STATES)])


def _check(identity: int) -> int:
    return binascii.crc_hqx(identity.to_bytes(IDENTITY_BITS // 8, "big"), 0xFFFF)


def _bits_of(value: int, count: int) -> list[int]:
    return [value >> at & 1 for at in reversed(range(count))]


def _parity(value: int) -> int:
    return value.bit_count() & 1
