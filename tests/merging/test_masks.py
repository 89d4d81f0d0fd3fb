"""Masks: lengths are parts of the side, and nothing shows at the border of a crop."""

import re
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from recast.images import Mask
from recast.merging.masks import (
    EDGE,
    EXPRESSION,
    FINE,
    MASKS,
    clipped,
    combined,
    distance_inside,
    feathered,
    grown,
    named_in,
    shaped,
)

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


def distances(inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """To the nearest pixel of the other kind, less a half; what lies beyond is outside."""
    wide = np.pad(inside, 1)
    y, x = np.mgrid[0 : wide.shape[0], 0 : wide.shape[1]]
    found = np.zeros(inside.shape)
    for row, column in np.ndindex(inside.shape):
        kind = wide[row + 1, column + 1]
        apart = np.hypot(y - row - 1, x - column - 1)[wide != kind]
        found[row, column] = (apart.min() - 0.5) * (1 if kind else -1)
    return found


def test_grown_moves_the_outline_by_distance() -> None:
    blobs = cv2.GaussianBlur(np.random.default_rng(0).uniform(0, 1, (24, 24)), (0, 0), 3)
    mask = (blobs > np.median(blobs)).astype(np.float32)
    reference = distances(mask > 0.5)
    assert np.abs(distance_inside(mask) - reference).max() < 1e-3
    for amount in (-0.1, -0.03, 0.013, 0.1):
        wanted = np.clip(reference + amount * 24 + 0.5, 0, 1)
        assert np.abs(grown(mask, amount) - wanted).max() < 1e-3


def test_small_steps_move_the_edge_too() -> None:
    sums = [float(shaped(disc(96), grow=at / 1000).sum()) for at in range(-40, 40, 4)]
    assert (np.diff(sums) > 0).all()


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("learned", lambda a, b: a),
        ("learned*hull", lambda a, b: a * b),
        ("learned+hull", lambda a, b: np.minimum(a + b, 1)),
        ("learned+hull*learned", lambda a, b: np.minimum(a + b, 1) * a),
    ],
)
def test_masks_are_joined_from_left_to_right(
    expression: str, wanted: Callable[[Mask, Mask], Mask]
) -> None:
    rng = np.random.default_rng(0)
    masks = {name: rng.uniform(0, 1, (8, 8)).astype(np.float32) for name in ("learned", "hull")}
    assert np.allclose(
        combined(expression, masks.__getitem__), wanted(masks["learned"], masks["hull"])
    )
    assert set(named_in(expression)) <= set(MASKS)
    assert re.fullmatch(EXPRESSION, expression)


@pytest.mark.parametrize("expression", ["", "learned*", "skin", "hull**mesh", "*hull", "hull mesh"])
def test_other_expressions_are_none(expression: str) -> None:
    assert not re.fullmatch(EXPRESSION, expression)


def test_shrinking_starts_at_the_border_of_the_crop_too() -> None:
    assert grown(np.ones((64, 64), np.float32), -0.1)[:6].max() == 0


@pytest.mark.parametrize("change", [grown, feathered])
def test_an_amount_of_0_moves_nothing(change: Callable[[Mask, float], Mask]) -> None:
    assert np.array_equal(change(disc(64), 0.0) > 0.5, disc(64) > 0)


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
    sure = shaped(doubtful)
    assert np.abs(cv2.resize(sure, (64, 64), interpolation=cv2.INTER_AREA) - disc(64)).mean() < 0.01
    assert ((sure > 0) & (sure < 1)).mean() < 0.02


@pytest.mark.parametrize(("grow", "feather"), [(-0.03, 0.06), (0.06, 0.1)])
def test_shaped_looks_the_same_at_every_size(grow: float, feather: float) -> None:
    small, large = (shaped(disc(side), grow=grow, feather=feather) for side in SIDES)
    assert small.shape == large.shape == (FINE, FINE)
    assert np.abs(small - large).mean() < 0.015
    assert radius_of(small) == pytest.approx(radius_of(large), abs=0.01)


def test_an_empty_mask_stays_empty() -> None:
    assert shaped(np.zeros((64, 64), np.float32), grow=0.1, feather=0.1).max() == 0
