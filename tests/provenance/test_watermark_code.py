"""A number survives errors in its coded bits, and damage beyond repair is noticed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recast.provenance.watermark_code import CODED_BITS, coded, decoded

NUMBERS = st.integers(0, 2**32 - 1)


@settings(max_examples=30, deadline=None)
@given(NUMBERS)
def test_what_was_coded_is_decoded(number: int) -> None:
    signs = coded(number)
    assert signs.shape == (CODED_BITS,) and set(np.unique(signs)) <= {-1, 1}
    assert decoded(signs.astype(np.float64)) == number


def reference(number: int) -> list[int]:
    """The code by its definition: parities of the last seven bits, one for each polynomial."""
    import binascii

    check = binascii.crc_hqx(number.to_bytes(4, "big"), 0xFFFF)
    bits = [int(bit) for bit in f"{number:032b}{check:016b}"] + [0] * 6
    polynomials = [[int(bit) for bit in f"{taps:07b}"] for taps in (0o133, 0o171, 0o165)]
    sent = []
    for at in range(len(bits)):
        last = [bits[at - back] if at >= back else 0 for back in reversed(range(7))]
        sent += [sum(a * b for a, b in zip(last, taps, strict=True)) % 2 for taps in polynomials]
    return sent


@pytest.mark.parametrize("number", [0, 1, 0xDEADBEEF, 2**32 - 1])
def test_the_code_is_the_one_by_definition(number: int) -> None:
    assert ((1 - coded(number)) // 2).tolist() == reference(number)


def test_errors_and_lost_bits_are_mended() -> None:
    rng = np.random.default_rng(0)
    for number in rng.integers(0, 2**32, 20):
        soft = coded(int(number)).astype(np.float64) + rng.normal(0, 0.8, CODED_BITS)
        soft[rng.choice(CODED_BITS, 20, replace=False)] = 0
        assert decoded(soft) == number


def test_chance_is_no_number() -> None:
    rng = np.random.default_rng(1)
    found = [decoded(rng.normal(0, 1, CODED_BITS)) for _ in range(60)]
    assert found == [None] * 60
