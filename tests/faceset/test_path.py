"""A short path through many points, compared with exact chains of all pairs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from recast.faceset.path import neighbours, path_length, principal, short_path
from recast.faceset.polish import polished

Floats = NDArray[np.float32]


def clouds(count: int, dimensions: int = 24, seed: int = 0) -> Floats:
    """Points in clouds of about 50, in no order, as faces of different scenes are."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(max(1, count // 50), dimensions))
    spread = rng.normal(size=(count, dimensions)) * np.linspace(0.3, 0.02, dimensions)
    return (centres[rng.integers(0, len(centres), count)] + spread).astype(np.float32)


def greedy_chain(points: Floats) -> NDArray[np.int64]:
    """From the first point always to the nearest that is left: what to be better than."""
    left, order = set(range(1, len(points))), [0]
    while left:
        rest = np.array(sorted(left))
        nearest = int(np.linalg.norm(points[rest] - points[order[-1]], axis=1).argmin())
        order.append(int(rest[nearest]))
        left.remove(int(rest[nearest]))
    return np.array(order)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 11, 300, 2500])
def test_every_point_is_passed_once(count: int) -> None:
    assert sorted(short_path(clouds(count)).tolist()) == list(range(count))


@pytest.mark.parametrize("seed", range(3))
def test_it_is_shorter_than_the_exact_greedy_chain(seed: int) -> None:
    points = clouds(1500, seed=seed)
    chain = greedy_chain(points)
    assert path_length(points, short_path(points)) < 0.97 * path_length(points, chain)


def test_points_on_a_line_come_in_their_order() -> None:
    order = np.random.default_rng(0).permutation(400)
    line = (order[:, None] * [3, 4]).astype(np.float32)
    walked = order[short_path(line)]
    assert np.abs(np.diff(walked)).tolist() == [1] * 399
    assert path_length(line, np.argsort(order)) == pytest.approx(5 * 399)


def test_clouds_are_walked_one_after_the_other() -> None:
    rng = np.random.default_rng(0)
    cloud = rng.integers(0, 6, 1200)
    points = rng.normal(size=(6, 24))[cloud] * 50 + rng.normal(size=(1200, 24))
    walked = cloud[short_path(points.astype(np.float32))]
    assert np.count_nonzero(np.diff(walked)) == 5


def test_the_same_points_give_the_same_path() -> None:
    points = clouds(700)
    assert short_path(points).tolist() == short_path(points.copy()).tolist()


def test_many_equal_points_are_no_trouble() -> None:
    points = np.repeat(clouds(5), 900, axis=0)[np.random.default_rng(0).permutation(4500)]
    order = short_path(points)
    assert sorted(order.tolist()) == list(range(4500))
    assert np.count_nonzero(np.diff(points[order, 0])) == 4


@settings(max_examples=25, deadline=None)
@given(count=st.integers(2, 60), kinds=st.integers(1, 5), seed=st.integers(0, 999))
def test_any_points_give_a_whole_path(count: int, kinds: int, seed: int) -> None:
    points = np.random.default_rng(seed).integers(0, kinds, (count, 2)).astype(np.float32)
    order = short_path(points)
    assert sorted(order.tolist()) == list(range(count))
    assert order[0] <= order[-1]


@settings(max_examples=25, deadline=None)
@given(count=st.integers(2, 80), seed=st.integers(0, 999))
def test_polishing_never_makes_a_path_longer(count: int, seed: int) -> None:
    points = clouds(count, 3, seed)
    order = np.random.default_rng(seed).permutation(count).astype(np.int64)
    shorter = polished(order, points, *neighbours(points, min(8, count - 1)))
    assert sorted(shorter.tolist()) == list(range(count))
    assert path_length(points, shorter) <= path_length(points, order) + 1e-4


def test_neighbours_are_the_nearest_others() -> None:
    points = clouds(300)
    near, away = neighbours(points, 4)
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    assert np.allclose(away, np.sort(apart, axis=1)[:, :4], atol=1e-3)
    assert np.allclose(np.take_along_axis(apart, near, 1), away, atol=1e-3)


def test_among_many_points_most_near_neighbours_are_found() -> None:
    points = clouds(20_500)
    near, away = neighbours(points, 5)
    some = np.arange(0, len(points), 500)
    apart = np.linalg.norm(points[some, None] - points[None], axis=2)
    apart[np.arange(len(some)), some] = np.inf
    right = near[some] == np.argsort(apart, axis=1)[:, :5]
    assert right.mean() > 0.9
    assert (near != np.arange(len(points))[:, None]).all()
    assert np.isfinite(away).all()


def test_principal_components_keep_most_of_every_distance() -> None:
    points = clouds(2000, 60)
    reduced = principal(points, 40)
    assert reduced.shape == (2000, 40)
    before, after = (np.linalg.norm(p[1:] - p[:-1], axis=1) for p in (points, reduced))
    assert (after <= before + 1e-3).all()
    assert (after / before).mean() > 0.95
