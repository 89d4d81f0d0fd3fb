"""Which faces are shown follows from how many were shown before."""

import numpy as np
import pytest

from recast.training.order import YawPairs, evenly, shuffled, uniform_over_yaw


def test_every_face_comes_once_a_round_and_rounds_differ() -> None:
    first, second = shuffled(10, 0, 0, 10), shuffled(10, 0, 10, 10)
    assert sorted(first) == sorted(second) == list(range(10))
    assert list(first) != list(second)


@pytest.mark.parametrize("size", [1, 3, 7, 25])
def test_batches_of_any_size_walk_the_same_way(size: int) -> None:
    whole = shuffled(10, 3, 0, 50)
    parts = [shuffled(10, 3, at, min(size, 50 - at)) for at in range(0, 50, size)]
    assert list(np.concatenate(parts)) == list(whole)


def test_uniform_yaw_shows_rare_directions_as_often() -> None:
    yaw = np.concatenate([np.zeros(990), np.full(10, 40.0)])
    chosen = uniform_over_yaw(yaw, np.random.default_rng(0), 2000)
    assert 0.45 < (yaw[chosen] == 40).mean() < 0.55


def test_dst_faces_get_src_faces_that_look_their_way() -> None:
    src, dst = np.linspace(-60, 60, 121), np.array([-50.0, 0.0, 33.0])
    chosen, mirrored = YawPairs(src, dst).matching(np.arange(3), np.random.default_rng(0))
    assert not mirrored.any()
    assert np.abs(src[chosen] - dst).max() < 180 / 64


def test_src_faces_that_only_look_the_other_way_are_mirrored() -> None:
    src, dst = np.array([30.0, 31.0, 0.0]), np.array([-30.0])
    chosen, mirrored = YawPairs(src, dst).matching(np.array([0]), np.random.default_rng(0))
    assert mirrored.all() and chosen[0] in (0, 1)


def test_without_a_face_looking_that_way_the_nearest_serves() -> None:
    src, dst = np.array([0.0, 5.0]), np.array([80.0])
    chosen, mirrored = YawPairs(src, dst).matching(np.array([0]), np.random.default_rng(0))
    assert chosen[0] == 1 and not mirrored[0]


def test_an_even_choice_has_both_ends_and_no_more_than_asked_for() -> None:
    assert evenly(3, 10).tolist() == [0, 1, 2]
    assert evenly(9, 3).tolist() == [0, 4, 8]
    assert len(evenly(1000, 200)) == 200 and evenly(1000, 200)[-1] == 999
    assert evenly(0, 5).size == 0
