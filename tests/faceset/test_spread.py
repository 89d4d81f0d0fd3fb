"""Which faces are unlike the others, and which few stand for all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recast.faceset import spread
from recast.faceset.spread import best_of, distance_sums, shares


def test_sums_are_those_of_all_pairs() -> None:
    points = np.random.default_rng(0).random((2300, 12)).astype(np.float32)
    slow = [float(np.linalg.norm(points - point, axis=1).sum()) for point in points]
    assert distance_sums(points) == pytest.approx(slow, rel=1e-4)


def test_sums_of_many_are_estimated_well_enough_to_rank(monkeypatch: pytest.MonkeyPatch) -> None:
    points = np.random.default_rng(0).standard_t(3, (3000, 12)).astype(np.float32)
    exact = distance_sums(points)
    monkeypatch.setattr(spread, "_EXACT", 1000)
    monkeypatch.setattr(spread, "_SAMPLE", 600)
    estimated = distance_sums(points)
    assert estimated == pytest.approx(exact, rel=0.05)
    ranks = [np.argsort(np.argsort(values)) for values in (exact, estimated)]
    assert np.abs(ranks[0] - ranks[1]).mean() < 0.02 * len(points)


def test_no_points_have_no_sums() -> None:
    assert distance_sums(np.zeros((0, 4), np.float32)).tolist() == []


@given(st.lists(st.integers(0, 30), min_size=1, max_size=12), st.integers(0, 400))
def test_shares_are_as_equal_as_the_groups_allow(counts: list[int], total: int) -> None:
    given_ = shares(np.array(counts), total)
    assert sum(given_) == min(total, sum(counts))
    assert all(0 <= share <= count for share, count in zip(given_, counts, strict=True))
    # Nobody who could give more gives more than one less than another.
    most = max(given_)
    assert all(
        share >= most - 1 for share, count in zip(given_, counts, strict=True) if share < count
    )


def faces(count: int = 3000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mostly frontal heads, as in every take; yaw and pitch, sharpness, looks."""
    rng = np.random.default_rng(0)
    pose = rng.normal(0, [25, 10], (count, 2)).clip([-75, -35], [75, 35]).astype(np.float32)
    return pose, rng.random(count), rng.random((count, 8)).astype(np.float32)


def test_the_best_are_spread_over_yaw_and_pitch() -> None:
    pose, sharpness, looks = faces()
    chosen = best_of(pose, sharpness, looks, 200)
    assert len(set(chosen.tolist())) == 200
    assert (np.diff(np.round(pose[chosen, 0] / 5)) <= 1).all()  # by falling yaw, bin by bin
    turned = np.abs(pose[:, 0]) > 40
    assert np.abs(pose[chosen, 0] > 40).mean() + (pose[chosen, 0] < -40).mean() > 2 * turned.mean()
    nods = np.abs(pose[:, 1]) > 15
    assert nods[chosen].mean() > 1.5 * nods.mean()


def test_the_best_are_sharp_and_differ() -> None:
    pose, sharpness, looks = faces()
    pose[:] = 0  # one way of looking, so that only the rest decides
    chosen = best_of(pose, sharpness, looks, 50)
    assert sharpness[chosen].min() > np.median(sharpness)
    assert sharpness[chosen[0]] == sharpness.max()
    apart = np.linalg.norm(looks[chosen, None] - looks[None, chosen], axis=2)
    np.fill_diagonal(apart, np.inf)
    some = np.random.default_rng(1).choice(len(looks), 50, replace=False)
    usual = np.linalg.norm(looks[some, None] - looks[None, some], axis=2)
    np.fill_diagonal(usual, np.inf)
    assert apart.min() > 2 * usual.min()


@pytest.mark.parametrize("count", [1, 2, 5, 2999, 3000, 9999])
def test_as_many_as_asked_for_are_chosen(count: int) -> None:
    chosen = best_of(*faces(), count)
    assert len(chosen) == len(set(chosen.tolist())) == min(count, 3000)
