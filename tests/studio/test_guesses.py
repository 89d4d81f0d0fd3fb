"""Wrong tokens: how long an address waits, and what is remembered of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recast.studio.guesses import FIRST_WAIT, FORGOTTEN, FREE, LONGEST_WAIT, MOST_ADDRESSES, Guesses


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def guessed(times: int, address: str = "10.0.0.1") -> tuple[Guesses, Clock]:
    clock = Clock()
    guesses = Guesses(clock)
    for _ in range(times):
        guesses.wrong(address)
    return guesses, clock


def test_some_mistakes_cost_nothing_and_then_each_doubles_the_wait() -> None:
    guesses, clock = guessed(FREE - 1)
    assert guesses.wait("10.0.0.1") == 0
    waits = []
    for _ in range(12):
        guesses.wrong("10.0.0.1")
        waits.append(guesses.wait("10.0.0.1"))
        clock.now += waits[-1]
        assert guesses.wait("10.0.0.1") == 0
    assert waits[:3] == [FIRST_WAIT, 2 * FIRST_WAIT, 4 * FIRST_WAIT]
    assert waits[-1] == LONGEST_WAIT
    guesses, _ = guessed(5000)
    assert guesses.wait("10.0.0.1") == LONGEST_WAIT


def test_a_wait_ends_on_time_and_the_next_mistake_begins_a_longer_one() -> None:
    guesses, clock = guessed(FREE)
    clock.now += FIRST_WAIT - 1
    assert guesses.wait("10.0.0.1") == pytest.approx(1)
    clock.now += 1
    assert guesses.wait("10.0.0.1") == 0
    guesses.wrong("10.0.0.1")
    assert guesses.wait("10.0.0.1") == 2 * FIRST_WAIT


def test_a_right_token_or_a_day_makes_it_good() -> None:
    guesses, clock = guessed(FREE + 3)
    guesses.right("10.0.0.1")
    guesses.wrong("10.0.0.1")
    assert guesses.wait("10.0.0.1") == 0
    guesses, clock = guessed(FREE + 3)
    clock.now += FORGOTTEN
    guesses.wrong("10.0.0.1")
    assert guesses.wait("10.0.0.1") == 0


@pytest.mark.parametrize(
    ("guesser", "same", "other"),
    [
        ("10.0.0.1", "10.0.0.1", "10.0.0.2"),
        ("10.0.0.1", "::ffff:10.0.0.1", "::ffff:10.0.0.2"),
        ("2001:db8:0:1::7", "2001:db8:0:1:ffff::9", "2001:db8:0:2::7"),
        ("fe80::1%eth0", "fe80::2", "fe90::1"),
        ("", "a socket file", "127.0.0.1"),
    ],
)
def test_who_guesses_waits_and_nobody_else(guesser: str, same: str, other: str) -> None:
    guesses, _ = guessed(FREE, guesser)
    assert guesses.wait(same) == FIRST_WAIT
    assert guesses.wait(other) == 0


def test_only_so_many_addresses_are_remembered() -> None:
    guesses, _ = guessed(FREE)
    for number in range(3 * MOST_ADDRESSES):
        guesses.wrong(f"10.1.{number // 256}.{number % 256}")
        guesses.wrong("10.0.0.2")
    assert guesses.remembered == MOST_ADDRESSES
    assert guesses.wait("10.0.0.1") == 0  # the first to be forgotten
    assert guesses.wait("10.0.0.2") == LONGEST_WAIT  # it went on


@given(st.text())
def test_an_address_may_be_anything(address: str) -> None:
    guesses, _ = guessed(FREE, address)
    assert guesses.wait(address) == FIRST_WAIT
