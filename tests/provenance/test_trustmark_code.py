"""TrustMark's bits: as others write them, mended, and told from what is not recast's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recast.provenance.trustmark_code import (
    CARRIED,
    DATA_BITS,
    carried,
    data_in,
    number_in,
    with_code,
)

PUBLISHED = (
    "1011011110011000111111000000011111011111011100000110110110111"
    "00011001010110111101001101100001000"
    "0001"
)
"""The example in the tests of TrustMark's own tool: data, parity, schema."""

NUMBERS = st.integers(0, 2**32 - 1)


def bits_of(text: str) -> list[int]:
    return [int(letter) for letter in text]


def test_the_published_example() -> None:
    data = bits_of(PUBLISHED[:DATA_BITS])
    assert with_code(data).tolist() == bits_of(PUBLISHED)
    assert data_in(bits_of(PUBLISHED)) == int(PUBLISHED[:DATA_BITS], 2)
    assert number_in(bits_of(PUBLISHED)) is None, "it is not recast's"


@given(NUMBERS, st.sets(st.integers(0, CARRIED - 5), max_size=5))
def test_five_wrong_bits_are_mended(identity: int, wrong: set[int]) -> None:
    bits = carried(identity)
    bits[list(wrong)] ^= 1
    assert number_in(bits.tolist()) == identity


def test_more_are_never_taken_for_a_number() -> None:
    rng = np.random.default_rng(1)
    for identity in rng.integers(0, 2**32, 300):
        bits = carried(int(identity))
        bits[rng.choice(CARRIED - 4, rng.integers(6, 40), replace=False)] ^= 1
        assert number_in(bits.tolist()) in (None, identity)


def test_bits_of_chance_are_no_number() -> None:
    bits = np.random.default_rng(2).integers(0, 2, (500, CARRIED))
    assert all(number_in(row.tolist()) is None for row in bits)


@pytest.mark.parametrize("identity", [0, 1, 2**32 - 1])
def test_the_schema_is_named(identity: int) -> None:
    bits = carried(identity)
    assert bits.shape == (CARRIED,) and bits[-4:].tolist() == [0, 0, 0, 1]
