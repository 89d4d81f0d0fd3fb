"""Threads on a stream: the order stays, and only a little is read ahead."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from recast.ordered import batches, ordered


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


@pytest.mark.parametrize("ahead", [0, 1, 3, 100])
@pytest.mark.parametrize("count", [0, 1, 20])
def test_results_are_those_of_map(pool: ThreadPoolExecutor, count: int, ahead: int) -> None:
    results = ordered(pool, lambda n: n * n, range(count), ahead=ahead)
    assert list(results) == [n * n for n in range(count)]


def test_a_late_result_keeps_its_place(pool: ThreadPoolExecutor) -> None:
    second_is_done = Event()

    def work(number: int) -> int:
        if number == 0:
            assert second_is_done.wait(10)
        elif number == 1:
            second_is_done.set()
        return number

    assert list(ordered(pool, work, range(6), ahead=2)) == list(range(6))


def test_work_runs_side_by_side(pool: ThreadPoolExecutor) -> None:
    """Each of two waits until the other one runs as well."""
    meeting = Barrier(2, timeout=10)
    assert sorted(ordered(pool, lambda _: meeting.wait(), range(2), ahead=1)) == [0, 1]


@pytest.mark.parametrize("ahead", [0, 1, 4])
def test_no_more_than_ahead_items_are_held(pool: ThreadPoolExecutor, ahead: int) -> None:
    read: list[int] = []

    def items() -> Iterator[int]:
        for number in range(30):
            read.append(number)
            yield number

    for result in ordered(pool, lambda n: n, items(), ahead=ahead):
        assert len(read) <= result + 1 + ahead


def test_an_error_comes_in_its_turn(pool: ThreadPoolExecutor) -> None:
    results = ordered(pool, lambda n: 6 // (3 - n), range(6), ahead=4)
    assert [next(results) for _ in range(3)] == [2, 3, 6]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_an_error_of_the_source_comes_through(pool: ThreadPoolExecutor) -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("the take is gone")

    with pytest.raises(OSError, match="gone"):
        list(ordered(pool, lambda n: n, items(), ahead=3))


def test_work_not_begun_is_given_up_with_the_stream() -> None:
    go_on, begun = Event(), []

    def work(number: int) -> int:
        begun.append(number)
        assert number == 0 or go_on.wait(10)
        return number

    with ThreadPoolExecutor(1) as pool:
        results = ordered(pool, work, range(20), ahead=5)
        assert next(results) == 0
        results.close()  # type: ignore[attr-defined]
        go_on.set()
    assert len(begun) <= 2


@pytest.mark.parametrize("count", [0, 1, 4, 5, 8])
def test_batches_are_full_but_for_the_last(count: int) -> None:
    parts = list(batches(range(count), 4))
    assert [n for part in parts for n in part] == list(range(count))
    assert all(len(part) == 4 for part in parts[:-1])
    assert all(1 <= len(part) <= 4 for part in parts)


def test_a_batch_is_given_as_soon_as_it_is_full() -> None:
    numbers = iter(range(100))
    assert next(batches(numbers, 3)) == [0, 1, 2]
    assert next(numbers) == 3
