"""Colour matches, in numbers of CIE L*a*b*, inside the mask."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from recast.images import Image, Mask
from recast.merging.color import COLOR_MATCHES, ColorMatch, reinhard, relit, unchanged

SIDE = 96
Y, X = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / (SIDE - 1)
DISTANCE = np.hypot(X - 0.5, Y - 0.5)
MASK: Mask = (DISTANCE < 0.4).astype(np.float32)
WITHIN = DISTANCE < 0.37  # the match looks a little inside the edge

FACE: Image = np.stack(
    [0.6 + 0.1 * np.sin(9 * X), 0.45 + 0.1 * np.cos(11 * Y), 0.4 + 0.05 * np.sin(20 * X * Y)], -1
).astype(np.float32)
TARGET: Image = np.stack(
    [0.35 + 0.2 * X, 0.35 + 0.15 * X + 0.05 * np.sin(15 * Y), 0.4 + 0.1 * X], -1
).astype(np.float32)


def lab(image: Image, where: NDArray[np.bool_] = WITHIN) -> NDArray[np.float32]:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2LAB)[where], np.float32)


def mean(image: Image) -> NDArray[np.float32]:
    return np.asarray(lab(image).mean(0), np.float32)


def test_unchanged_is_unchanged() -> None:
    assert np.array_equal(unchanged(FACE, TARGET, MASK, 1.0), FACE)


def test_reinhard_gives_the_mean_and_the_spread_of_the_target() -> None:
    out = reinhard(FACE, TARGET, MASK, 1.0)
    assert np.allclose(mean(out), mean(TARGET), atol=0.5)
    assert np.allclose(lab(out).std(0), lab(TARGET).std(0), atol=0.5)


def test_reinhard_goes_half_the_way_at_a_half() -> None:
    halfway = (mean(FACE) + mean(TARGET)) / 2
    assert np.allclose(mean(reinhard(FACE, TARGET, MASK, 0.5)), halfway, atol=0.5)


def test_reinhard_at_0_changes_nothing() -> None:
    assert np.allclose(reinhard(FACE, TARGET, MASK, 0.0), FACE, atol=2e-3)


def test_reinhard_keeps_a_flat_face_from_bursting() -> None:
    """The spread grows four times at most, whatever the target asks for."""
    flat = (0.5 + (FACE - 0.5) * 0.01).astype(np.float32)
    out = reinhard(flat, TARGET, MASK, 1.0)
    assert (lab(out).std(0) < lab(flat).std(0) * 4 + 0.1).all()


def test_relit_keeps_the_mean_colour_at_tone_0() -> None:
    assert np.allclose(mean(relit(FACE, TARGET, MASK, 0.0)), mean(FACE), atol=0.4)


def test_relit_moves_the_mean_colour_fully_at_tone_1() -> None:
    assert np.allclose(mean(relit(FACE, TARGET, MASK, 1.0)), mean(TARGET), atol=0.4)


def test_relit_takes_over_the_direction_of_the_light() -> None:
    """Lit from the left, the face comes out lit from the right, as the target is."""
    from_left = np.repeat((0.7 - 0.3 * X)[..., None], 3, 2).astype(np.float32)
    from_right = np.repeat((0.3 + 0.3 * X)[..., None], 3, 2).astype(np.float32)
    light = lab(relit(from_left, from_right, MASK, 0.0))[:, 0]
    right = X[WITHIN] > 0.5
    assert light[right].mean() > light[~right].mean() + 5


def test_relit_keeps_small_features() -> None:
    dotted = FACE.copy()
    dotted[44:48, 44:48] = 0.05
    out = relit(dotted, TARGET, MASK, 1.0)
    assert out[46, 46].mean() < out[46, 56].mean() - 0.25


@pytest.mark.parametrize("match", COLOR_MATCHES.values(), ids=COLOR_MATCHES.keys())
class TestEveryMatch:
    def test_looks_at_masked_pixels_only(self, match: ColorMatch) -> None:
        other_face, other_target = FACE.copy(), TARGET.copy()
        other_face[MASK == 0], other_target[MASK == 0] = [1, 0, 0], [0, 1, 0]
        out = match(other_face, other_target, MASK, 0.7)
        assert np.allclose(out[MASK > 0], match(FACE, TARGET, MASK, 0.7)[MASK > 0], atol=1e-3)

    def test_leaves_a_face_that_already_fits(self, match: ColorMatch) -> None:
        assert np.allclose(match(FACE, FACE, MASK, 1.0)[WITHIN], FACE[WITHIN], atol=3e-3)

    def test_leaves_its_inputs_alone(self, match: ColorMatch) -> None:
        face, target, mask = FACE.copy(), TARGET.copy(), MASK.copy()
        match(face, target, mask, 1.0)
        assert np.array_equal(face, FACE)
        assert np.array_equal(target, TARGET)
        assert np.array_equal(mask, MASK)

    @pytest.mark.parametrize("tone", [0.0, 1.0])
    def test_stays_within_0_and_1(self, match: ColorMatch, tone: float) -> None:
        harsh = (np.round(FACE * 3) % 2).astype(np.float32)
        out = match(harsh, 1 - TARGET, MASK, tone)
        assert out.dtype == np.float32
        assert out.min() >= 0
        assert out.max() <= 1

    def test_gives_the_face_back_when_the_mask_is_empty(self, match: ColorMatch) -> None:
        assert np.array_equal(match(FACE, TARGET, np.zeros_like(MASK), 1.0), FACE)
