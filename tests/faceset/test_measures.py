"""What is measured on pictures, on pictures whose answer is known."""

import itertools

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from recast.faceset import measures
from recast.faceset.measures import BINS, SCALARS, edge_sharpness, histograms, scalars

Picture = NDArray[np.uint8]
HULL = np.stack([np.tile(np.linspace(60, 200, 17), 4), np.repeat([60, 100, 160, 220], 17)], 1)
HULL = HULL.astype(np.float32)


def detailed(seed: int = 0, size: int = 256) -> Picture:
    """Soft blots and hard edges."""
    rng = np.random.default_rng(seed)
    soft = cv2.GaussianBlur(rng.random((size, size, 3)).astype(np.float32), (0, 0), 6)
    soft = (soft - soft.min()) / (soft.max() - soft.min()) * 180
    for _ in range(60):
        x, y = rng.integers(0, size, 2).tolist()
        color = rng.integers(0, 256, 3).tolist()
        cv2.circle(soft, (x, y), int(rng.integers(3, 14)), color, -1)
    return np.asarray(soft, np.uint8)


def of(picture: Picture, name: str, landmarks: NDArray[np.float32] = HULL) -> float:
    return float(scalars([picture], [landmarks])[0, SCALARS.index(name)])


def softened(picture: Picture, blur: float) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), blur), np.uint8)


def smeared(picture: Picture, length: int, degrees: float) -> Picture:
    turn = np.radians(degrees)
    kernel = np.zeros((31, 31), np.float32)
    for at in np.linspace(-length / 2, length / 2, 200):
        kernel[round(15 + at * np.sin(turn)), round(15 + at * np.cos(turn))] = 1
    return np.asarray(cv2.filter2D(picture, -1, kernel / kernel.sum()), np.uint8)


def changed(picture: Picture, kind: str) -> Picture:
    noise = np.random.default_rng(1).normal(0, 3, picture.shape)
    return {
        "as it is": picture,
        "dark": (picture * 0.4).astype(np.uint8),
        "noisy": np.clip(picture + noise, 0, 255).astype(np.uint8),
        "of low quality": np.asarray(
            cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 50])[1], 1)
        ),
    }[kind]


def test_more_blur_is_less_sharpness_whatever_the_light_and_the_noise() -> None:
    kinds = ("as it is", "dark", "noisy", "of low quality")
    found = [
        [of(changed(softened(detailed(), blur), kind), "sharpness") for kind in kinds]
        for blur in (0.3, 0.8, 1.5, 2.5, 4)
    ]
    for sharper, softer in itertools.pairwise(found):
        assert min(sharper) > max(softer)


@pytest.mark.parametrize("degrees", [0, 30, 90, 135])
def test_motion_takes_steadiness_more_than_sharpness(degrees: float) -> None:
    moved = smeared(detailed(), 9, degrees)
    soft = softened(detailed(), 1.35)
    assert of(moved, "steadiness") - 1 < 0.85 * (of(soft, "steadiness") - 1)
    assert of(moved, "sharpness") > of(soft, "sharpness")


def test_only_the_face_counts_for_sharpness() -> None:
    picture = detailed()
    blurred = softened(picture, 5)
    blurred[50:230, 50:210] = picture[50:230, 50:210]
    assert of(blurred, "sharpness") == pytest.approx(of(picture, "sharpness"), rel=1e-3)


def test_a_small_crop_is_not_sharper_than_a_large_one_of_the_same_face() -> None:
    small = np.asarray(cv2.resize(detailed(), (64, 64), interpolation=cv2.INTER_AREA), np.uint8)
    landmarks = np.asarray((HULL + 0.5) / 4 - 0.5, np.float32)
    assert of(small, "sharpness", landmarks) - 1 < 0.5 * (of(detailed(), "sharpness") - 1)


def test_a_flat_picture_is_not_sharp() -> None:
    flat = np.full((256, 256), 70, np.float32)
    assert edge_sharpness(flat, np.ones((256, 256), bool)) == (0, 0)


def test_brightness_is_the_mean_of_v() -> None:
    picture = detailed()
    slow = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)[..., 2].mean() / 255
    assert of(picture, "brightness") == pytest.approx(slow, abs=1e-3)


@pytest.mark.parametrize(
    ("color", "degrees"),
    [((200, 0, 0), 0), ((9, 200, 9), 120), ((0, 0, 90), 240), ((200, 0, 10), 357)],
)
def test_hue_is_that_of_the_color(color: tuple[int, int, int], degrees: float) -> None:
    picture = np.full((256, 256, 3), color, np.uint8)
    angle = np.degrees(np.arctan2(of(picture, "hue_y"), of(picture, "hue_x"))) % 360
    assert angle == pytest.approx(degrees, abs=1.5)


def test_hues_on_both_sides_of_red_have_a_red_mean() -> None:
    picture = np.full((256, 256, 3), (200, 0, 60), np.uint8)
    picture[:128] = (200, 60, 0)
    assert of(picture, "hue_y") == pytest.approx(0, abs=1e-3)
    assert of(picture, "hue_x") > 0


def test_black_is_the_share_of_black_pixels() -> None:
    picture = np.full((256, 256, 3), 3, np.uint8)
    picture[:64] = 0
    picture[64:128, :, 0] = 0  # not black: two channels are left
    assert of(picture, "black") == pytest.approx(0.25)


def test_histograms_are_square_roots_of_shares() -> None:
    picture = detailed(size=512)
    row = histograms([picture], [HULL])[0].reshape(3, BINS)
    small = cv2.resize(picture, (256, 256), interpolation=cv2.INTER_AREA)
    for channel in range(3):
        slow = np.histogram(small[..., channel], BINS, (0, 256))[0] / 256**2
        assert row[channel] == pytest.approx(np.sqrt(slow), abs=1e-5)


def test_distance_of_histograms_is_that_of_hellinger() -> None:
    one, two = histograms([detailed(1), detailed(2)], [HULL, HULL]).astype(np.float64)
    coefficients = (one * two).reshape(3, BINS).sum(axis=1)
    assert ((one - two) ** 2).sum() == pytest.approx(2 * (1 - coefficients).sum(), rel=1e-4)


def test_nothing_gives_nothing() -> None:
    assert scalars([], []).shape == (0, len(SCALARS))
    assert histograms([], []).shape == (0, 3 * BINS)
    assert measures.SIDE == 256
