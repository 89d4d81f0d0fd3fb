"""Masks: lengths are parts of the side, and nothing shows at the border of a crop."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from recast.images import Mask
from recast.merging.masks import EDGE, clipped, feathered, grown, shaped

SIDES = [64, 256]


def disc(side: int, radius: float = 0.25) -> Mask:
    """A hard disc in the middle; `radius` is a part of the side."""
    y, x = np.mgrid[0:side, 0:side] - (side - 1) / 2
    return np.asarray(np.hypot(x, y) < radius * side, np.float32)


def radius_of(mask: Mask) -> float:
    """The radius of the disc with the mask's area, as a part of the side."""
    return float(np.sqrt(mask.sum() / np.pi) / mask.shape[0])


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("amount", [-0.1, -0.03, 0.05, 0.1])
def test_grown_moves_the_edge_by_a_part_of_the_side(side: int, amount: float) -> None:
    assert radius_of(grown(disc(side), amount)) == pytest.approx(0.25 + amount, abs=1 / 64)


def test_grown_takes_the_largest_value_within_reach() -> None:
    mask = np.random.default_rng(0).uniform(0, 1, (32, 32)).astype(np.float32)
    reach = 2
    round_brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5)).astype(bool)
    out, wider = grown(mask, reach / 32), np.pad(mask, reach)
    for y in range(32):
        for x in range(32):
            assert out[y, x] == wider[y : y + 5, x : x + 5][round_brush].max()


def test_shrinking_starts_at_the_border_of_the_crop_too() -> None:
    assert grown(np.ones((64, 64), np.float32), -0.1)[:6].max() == 0


@pytest.mark.parametrize("change", [grown, feathered])
def test_an_amount_of_0_changes_nothing(change: Callable[[Mask, float], Mask]) -> None:
    assert np.array_equal(change(disc(64), 0.0), disc(64))


@pytest.mark.parametrize("side", SIDES)
def test_feathered_softens_over_a_part_of_the_side(side: int) -> None:
    profile = feathered(disc(side), 0.1)[side // 2]
    soft = ((profile > 0.1) & (profile < 0.9)).sum() / 2
    assert soft / side == pytest.approx(0.1 * 1.28, abs=1.5 / side)


def test_feathered_keeps_the_place_of_the_edge() -> None:
    assert radius_of((feathered(disc(256), 0.1) > 0.5).astype(np.float32)) == pytest.approx(
        0.25, abs=0.01
    )


@pytest.mark.parametrize("side", [8, *SIDES])
def test_clipped_is_0_at_the_border_and_whole_inside(side: int) -> None:
    mask = clipped(np.ones((side, side), np.float32))
    border = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    rim = int(np.ceil(EDGE * side))
    assert border.max() == 0
    assert mask[rim:-rim, rim:-rim].min() == 1


@pytest.mark.parametrize("look", [(0.0, 0.0), (-0.1, 0.1), (0.2, 0.3)])
def test_shaped_never_reaches_the_border(look: tuple[float, float]) -> None:
    mask = shaped(np.ones((64, 64), np.float32), grow=look[0], feather=look[1])
    assert max(mask[0].max(), mask[-1].max(), mask[:, 0].max(), mask[:, -1].max()) == 0
    assert mask.min() >= 0
    assert mask.max() <= 1


def test_shaped_decides_what_the_network_leaves_open() -> None:
    doubtful = np.where(disc(64) > 0, 0.7, 0.3).astype(np.float32)
    assert np.array_equal(shaped(doubtful), disc(64))


@pytest.mark.parametrize(("grow", "feather"), [(-0.03, 0.06), (0.06, 0.1)])
def test_shaped_looks_the_same_at_every_size(grow: float, feather: float) -> None:
    small, large = (shaped(disc(side), grow=grow, feather=feather) for side in SIDES)
    shrunken = cv2.resize(large, (64, 64), interpolation=cv2.INTER_AREA)
    assert np.abs(small - shrunken).mean() < 0.015
    assert radius_of(small) == pytest.approx(radius_of(large), abs=0.01)


def test_an_empty_mask_stays_empty() -> None:
    assert shaped(np.zeros((64, 64), np.float32), grow=0.1, feather=0.1).max() == 0
