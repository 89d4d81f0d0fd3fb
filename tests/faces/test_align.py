"""Crops: where they lie and what their pixels are."""

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from recast.faces import FITTED, PADDING, Framing, align, hull_mask, placement
from recast.faces.mean_face import MEAN_FACE
from recast.geometry import Similarity

MEAN = MEAN_FACE[:, :2].astype(np.float32)
SIDES: dict[Framing, float] = {
    "half": 1.0,
    "mid-full": 1.19,
    "full": 1.60,
    "whole-face": 2.13,
    "head": 2.98,
}


def seen(
    size: float = 100, turn: float = 0, shift: tuple[float, float] = (300, 200)
) -> NDArray[Any]:
    """The mean face in a frame: `size` is its a, `turn` in degrees clockwise."""
    cos, sin = np.cos(np.radians(turn)) * size, np.sin(np.radians(turn)) * size
    return np.asarray(MEAN @ np.array([[cos, sin], [-sin, cos]]) + shift, np.float32)


def test_the_mean_face_is_symmetric_and_fills_its_square() -> None:
    inner = MEAN_FACE[17:]
    assert (inner[:, 0].min(), inner[:, 0].max(), inner[:, 1].min()) == (0, 1, 0.02)
    assert np.allclose(MEAN_FACE[:17, 0] + MEAN_FACE[16::-1, 0], 1)
    assert np.allclose(MEAN_FACE[17:22, 1:], MEAN_FACE[26:21:-1, 1:])


def test_33_points_are_fitted() -> None:
    assert len(FITTED) == 33
    assert set(FITTED) == {*range(17, 49), 54}


@pytest.mark.parametrize("framing", list(PADDING))
@pytest.mark.parametrize("turn", [0, 30, -120])
def test_the_side_of_a_crop(framing: Framing, turn: float) -> None:
    placed = placement(seen(100, turn), 256, framing, yaw=0)
    assert 256 / placed.scale / 100 == pytest.approx(SIDES[framing], abs=0.006)


@pytest.mark.parametrize(
    ("framing", "raised"),
    [("half", 0), ("mid-full", 0), ("full", 0), ("whole-face", 0.07), ("head", 0.5)],
)
def test_the_centre_of_a_crop(framing: Framing, raised: float) -> None:
    centre = placement(seen(), 256, framing, yaw=0).inverse().apply(np.array([[127.5, 127.5]]))
    assert np.allclose(centre, [[300 + 50, 200 + 50 - 100 * raised]], atol=0.01)


def test_the_half_framing_ends_at_the_unit_square() -> None:
    corners = placement(seen(), 64, "half").apply(np.array([[300, 200], [400, 300]]))
    assert np.allclose(corners, [[-0.5, -0.5], [63.5, 63.5]], atol=1e-3)


def test_a_turned_head_is_followed_against_its_nose() -> None:
    middle = np.array([[127.5, 127.5]], np.float32)
    ahead, right, left = (
        placement(seen(), 256, "head", yaw=yaw).inverse().apply(middle)[0, 0]
        for yaw in (0, 45, -45)
    )
    assert right < ahead < left
    assert ahead - right == pytest.approx(100 * np.pi / 4 * np.tanh(np.pi / 2) / 2, rel=1e-3)


def test_speech_does_not_move_the_crop() -> None:
    silent, speaking = seen(), seen()
    speaking[4:13] += [0, 30]
    speaking[55:60] += [0, 25]
    speaking[60:] += [3, 20]
    assert np.allclose(placement(silent, 256).matrix, placement(speaking, 256).matrix)


@given(st.floats(20, 2000), st.floats(-180, 180), st.floats(-500, 5000), st.floats(-500, 5000))
def test_landmarks_land_in_the_same_place_of_the_crop(
    size: float, turn: float, x: float, y: float
) -> None:
    landmarks = seen(size, turn, (x, y))
    upright = placement(seen(), 256).apply(seen())
    assert np.allclose(placement(landmarks, 256).apply(landmarks), upright, atol=0.05)


def ramp(dtype: type, height: int = 200, width: int = 300) -> NDArray[Any]:
    """Red grows with x, green with y."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    top = 1.0 if dtype is np.float32 else np.iinfo(dtype).max
    return np.asarray(np.stack([x / width, y / height, 0 * x], -1) * top).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("scale", [0.11, 0.3, 0.5, 0.8, 1.0, 1.7])
def test_a_crop_shows_the_frame_where_it_was_placed(dtype: type, scale: float) -> None:
    size = 16
    placed = Similarity(np.array([[scale, 0, -scale * 150 + 8], [0, scale, -scale * 100 + 8]]))
    crop = align(ramp(dtype), placed, size)
    assert crop.dtype == dtype and crop.shape == (size, size, 3)
    top = 1.0 if dtype is np.float32 else np.iinfo(dtype).max
    x = placed.inverse().apply(np.array([[8.0, 8.0]]))[0, 0]
    near = 0.06 / scale + (1.2 if dtype is np.uint8 else 0)  # OpenCV counts in 1/32 of a pixel
    assert crop[8, 8, 0] / top * 300 == pytest.approx(x, abs=near)


def test_a_crop_at_full_size_is_a_cut() -> None:
    image = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    cut = align(image, Similarity(np.array([[1.0, 0, -30], [0, 1.0, -20]])), 40)
    assert (cut == image[20:60, 30:70]).all()


@pytest.mark.parametrize("scale", [0.9, 0.5, 0.35, 0.2, 0.1])
def test_shrinking_averages_and_does_not_flicker(scale: float) -> None:
    """Fine noise must become grey wherever the crop happens to lie."""
    noise = np.random.default_rng(0).integers(0, 2, (700, 700, 1)).astype(np.float32)
    image = np.repeat(noise, 3, axis=2)
    crop = align(image, Similarity(np.array([[scale, 0, -3.3], [0, scale, -2.7]])), 48)
    assert crop.mean() == pytest.approx(0.5, abs=0.05)
    assert crop.std() < 0.55 * max(scale, 0.15)


def test_outside_the_frame_its_edge_is_repeated() -> None:
    image = np.full((20, 20, 3), 90, np.uint8)
    assert (align(image, Similarity(np.array([[1.0, 0, 100], [0, 1.0, 100]])), 32) == 90).all()


def test_a_close_up_larger_than_the_frame_can_be_cut() -> None:
    image = np.full((48, 64, 3), 90, np.uint8)
    assert (align(image, Similarity(np.array([[0.01, 0, 4], [0, 0.01, 4]])), 16) == 90).all()


def test_the_hull_holds_the_face_and_not_the_corners() -> None:
    landmarks = placement(seen(), 256).apply(seen())
    mask = hull_mask(landmarks, (256, 256))
    assert mask.shape == (256, 256) and mask.dtype == np.float32
    assert (mask.min(), mask.max()) == (0, 1)
    inner = np.rint(landmarks[27:]).astype(int)
    assert (mask[inner[:, 1], inner[:, 0]] == 1).all()
    assert mask[:20, :20].max() == mask[-20:, -20:].max() == 0


def test_the_hull_reaches_over_the_brows() -> None:
    landmarks = placement(seen(), 256).apply(seen())
    brow, eye = landmarks[17:22].mean(axis=0), landmarks[36:42].mean(axis=0)
    mask = hull_mask(landmarks, (256, 256))
    above = np.rint(brow + (brow - eye) * 0.4).astype(int)
    far_above = np.rint(brow + (brow - eye) * 0.8).astype(int)
    assert mask[above[1], above[0]] == 1
    assert mask[far_above[1], far_above[0]] == 0


def test_the_hull_fits_a_wide_picture_and_one_beside_the_face() -> None:
    assert hull_mask(seen(), (640, 480)).shape == (480, 640)
    assert hull_mask(seen(shift=(-9000, 5)), (64, 48)).max() == 0


def test_the_hull_is_about_as_large_as_its_outline() -> None:
    landmarks = placement(seen(), 256).apply(seen())
    outline = cv2.contourArea(cv2.convexHull(landmarks))
    assert hull_mask(landmarks, (256, 256)).sum() == pytest.approx(outline, rel=0.15)
