"""A watermark's number as the 100 bits that a TrustMark network carries.

TrustMark's schema "BCH_5": 61 bits of data, 35 of a binary BCH code over GF(2^7) that mends any
five wrong ones, 4 that name the schema (Bui et al., "TrustMark: universal watermarking for
arbitrary resolution images", 2023, and its published tools). So any reader of TrustMark can read
the data. recast's data are its number of 32 bits, a checksum of 16, and 13 bits that tell them
from what others write.

The code: Bose and Ray-Chaudhuri, 1960; decoded by Berlekamp's and Massey's algorithm (1969).
"""

from __future__ import annotations

import binascii
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recast.provenance.watermark_code import IDENTITY_BITS

CARRIED = 100
"""Bits in a picture."""
DATA_BITS = 61
_PADDED = 64
"""The code is computed over whole bytes: three zeros that are not carried follow the data."""
_SCHEMA = (0, 0, 0, 1)
_MENDS = 5
_FIELD = 0b10001001  # x^7 + x^3 + 1
_ORDER = 127
_CHECK_BITS = 16
_OURS = 0x0B7D
"""The 13 bits behind number and checksum."""


def carried(identity: int) -> NDArray[np.uint8]:
    """The bits, 0 or 1, (CARRIED,), that stand for a number."""
    return with_code(_bits_of(_data(identity), DATA_BITS))


def with_code(data: Sequence[int]) -> NDArray[np.uint8]:
    """Any data of this schema, DATA_BITS bits, as it is carried."""
    spare = _PADDED - DATA_BITS
    parity = _remainder(_number_of(data) << spare << _PARITY_BITS)
    return np.array([*data, *_bits_of(parity, _PARITY_BITS), *_SCHEMA], np.uint8)


def number_in(bits: Sequence[int]) -> int | None:
    """The number that bits carry, if it is recast's, with at most five bits of code mended."""
    data = data_in(bits)
    if data is None:
        return None
    identity = data >> (DATA_BITS - IDENTITY_BITS)
    return identity if data == _data(identity) else None


def data_in(bits: Sequence[int]) -> int | None:
    """The data of this schema, whoever wrote them; None if too many bits are wrong."""
    data, parity = bits[:DATA_BITS], bits[DATA_BITS : DATA_BITS + _PARITY_BITS]
    spare = _PADDED - DATA_BITS
    word = _number_of(data) << spare << _PARITY_BITS | _number_of(parity)
    wrong = _wrong_bits(word)
    if wrong is None or any(_PARITY_BITS <= at < _PARITY_BITS + spare for at in wrong):
        return None
    for at in wrong:
        word ^= 1 << at
    return word >> _PARITY_BITS >> spare


def _data(identity: int) -> int:
    check = binascii.crc_hqx(identity.to_bytes(IDENTITY_BITS // 8, "big"), 0xFFFF)
    ours = DATA_BITS - IDENTITY_BITS - _CHECK_BITS
    return (identity << _CHECK_BITS | check) << ours | _OURS


def _powers() -> tuple[list[int], list[int]]:
    """The powers of x in the field, and of which power an element is."""
    powers, logarithms, value = [0] * _ORDER, [0] * (_ORDER + 1), 1
    for exponent in range(_ORDER):
        powers[exponent], logarithms[value] = value, exponent
        value <<= 1
        value ^= _FIELD if value > _ORDER else 0
    return powers, logarithms


_POWERS, _LOGARITHMS = _powers()


def _times(one: int, other: int) -> int:
    if not one or not other:
        return 0
    return _POWERS[(_LOGARITHMS[one] + _LOGARITHMS[other]) % _ORDER]


def _over(one: int, other: int) -> int:
    return _times(one, _POWERS[-_LOGARITHMS[other] % _ORDER])


def _generator() -> int:
    """The product of (x - a^r) for the first ten powers of a and their conjugates, as bits."""
    roots = {(2**turn) * odd % _ORDER for odd in range(1, 2 * _MENDS, 2) for turn in range(7)}
    product = [1]  # from the lowest power up
    for root in roots:
        shifted, scaled = [0, *product], [_times(one, _POWERS[root]) for one in product]
        product = [one ^ other for one, other in zip(shifted, [*scaled, 0], strict=True)]
    return sum(bit << power for power, bit in enumerate(product))


_GENERATOR = _generator()
_PARITY_BITS = _GENERATOR.bit_length() - 1
_LENGTH = _PADDED + _PARITY_BITS


def _remainder(word: int) -> int:
    while (excess := word.bit_length() - 1 - _PARITY_BITS) >= 0:
        word ^= _GENERATOR << excess
    return word


def _wrong_bits(word: int) -> list[int] | None:
    """The powers of x whose bits are wrong; None if they are more than the code can mend."""
    syndromes = [_at_power(word, power) for power in range(1, 2 * _MENDS + 1)]
    if not any(syndromes):
        return []
    locator = _locator(syndromes)
    wrong = [at for at in range(_LENGTH) if not _evaluated(locator, -at % _ORDER)]
    return wrong if len(wrong) == len(locator) - 1 <= _MENDS else None


def _at_power(word: int, power: int) -> int:
    """The word's polynomial at a power of the field's element."""
    value = 0
    for at in range(_LENGTH):
        if word >> at & 1:
            value ^= _POWERS[at * power % _ORDER]
    return value


def _evaluated(polynomial: Sequence[int], power: int) -> int:
    value = 0
    for exponent, factor in enumerate(polynomial):
        value ^= _times(factor, _POWERS[exponent * power % _ORDER])
    return value


def _locator(syndromes: Sequence[int]) -> list[int]:
    """The shortest polynomial whose roots are the inverses of the wrong places."""
    now, before, length, gap, last = [1], [1], 0, 1, 1
    for step, syndrome in enumerate(syndromes):
        discrepancy = syndrome
        for back in range(1, min(length, len(now) - 1) + 1):
            discrepancy ^= _times(now[back], syndromes[step - back])
        if not discrepancy:
            gap += 1
            continue
        factor = _over(discrepancy, last)
        moved = [0] * gap + [_times(factor, one) for one in before]
        size = max(len(now), len(moved))
        longer = [
            one ^ other
            for one, other in zip(
                now + [0] * (size - len(now)), moved + [0] * (size - len(moved)), strict=True
            )
        ]
        if 2 * length <= step:
            before, length, last, gap = now, step + 1 - length, discrepancy, 1
        else:
            gap += 1
        now = longer
    while len(now) > 1 and not now[-1]:
        now.pop()
    return now


def _bits_of(value: int, count: int) -> list[int]:
    return [value >> at & 1 for at in reversed(range(count))]


def _number_of(bits: Sequence[int]) -> int:
    number = 0
    for bit in bits:
        number = number << 1 | int(bit)
    return number
