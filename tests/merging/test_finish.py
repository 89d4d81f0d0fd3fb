"""Sharpness, streaks and coarseness of a face, against the same written out slowly."""

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from recast.images import Image
from recast.merging.finish import (
    coarsened,
    denoised,
    motion_blurred,
    palette,
    recoloured,
    sharpened,
    streak,
)


def picture(side: int = 48, seed: int = 0) -> Image:
    rng = np.random.default_rng(seed)
    soft = cv2.GaussianBlur(rng.uniform(0, 1, (side, side, 3)), (0, 0), 1.5)
    return np.asarray(0.3 + (soft - soft.mean()), np.float32).clip(0.05, 0.95)


def window_mean(image: Image, reach: int) -> NDArray[np.float64]:
    padded = np.pad(image, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    side, width = image.shape[0], 2 * reach + 1
    return np.asarray(
        [
            [padded[y : y + width, x : x + width].mean((0, 1)) for x in range(side)]
            for y in range(side)
        ],
        np.float64,
    )


@pytest.mark.parametrize("amount", [5.0, 20.0, 100.0])
def test_box_adds_what_the_mean_around_lacks(amount: float) -> None:
    image = picture()
    slow = image + amount / 10 * (image - window_mean(image, 1))
    assert np.abs(sharpened(image, amount, "box") - slow.clip(0, 1)).max() < 1e-4


def test_gaussian_weighs_the_face_and_its_blur() -> None:
    image = picture()
    blurred = cv2.GaussianBlur(image, (0, 0), 1, borderType=cv2.BORDER_REPLICATE)
    slow = image * (1 + 0.5 * 3) - blurred * (0.5 * 3)
    assert np.abs(sharpened(image, 30.0, "gaussian") - slow.clip(0, 1)).max() < 1e-4


def test_sharpening_is_the_same_at_every_size() -> None:
    """A face of twice the pixels, sharpened, is the sharpened face at twice the size."""
    large = np.asarray(cv2.GaussianBlur(picture(512), (0, 0), 8), np.float32)
    small = np.asarray(cv2.resize(large, (256, 256), interpolation=cv2.INTER_AREA), np.float32)
    one = cv2.resize(sharpened(large, 100), (256, 256), interpolation=cv2.INTER_AREA)
    change = np.abs(sharpened(small, 100) - small).mean()
    assert np.abs(one - sharpened(small, 100)).mean() < 0.15 * change


@pytest.mark.parametrize("amount", [10.0, 25.0, 100.0])
def test_denoising_is_a_median_again_and_again(amount: float) -> None:
    def median(image: Image) -> Image:
        padded = np.pad(image, ((2, 2), (2, 2), (0, 0)), mode="edge")
        parts = [padded[y : y + 48, x : x + 48] for y in range(5) for x in range(5)]
        return np.asarray(np.median(np.stack(parts), axis=0), np.float32)

    slow = image = picture()
    for _ in range(int(amount // 10)):
        slow = median(slow)
    slow = slow + (amount / 10 % 1) * (median(slow) - slow)
    assert np.abs(denoised(image, amount) - slow).max() < 1e-5
    assert np.array_equal(sharpened(image, -amount), denoised(image, amount))


@pytest.mark.parametrize("motion", [(8.0, 0.0), (0.0, -6.0), (5.0, 5.0), (3.3, -7.1)])
def test_a_streak_is_as_long_as_the_motion_and_keeps_the_centre(motion: Any) -> None:
    kernel = streak(*motion).astype(np.float64)
    y, x = np.mgrid[0 : len(kernel), 0 : len(kernel)] - (len(kernel) - 1) / 2
    assert kernel.sum() == pytest.approx(1)
    assert [(kernel * x).sum(), (kernel * y).sum()] == pytest.approx([0, 0], abs=1e-6)
    along = (x * motion[0] + y * motion[1]) / np.hypot(*motion)
    across = (x * motion[1] - y * motion[0]) / np.hypot(*motion)
    # An even line of length L has variance L^2 / 12; splatting on pixels adds a little.
    assert (kernel * along**2).sum() == pytest.approx(np.hypot(*motion) ** 2 / 12, abs=0.4)
    assert (kernel * across**2).sum() < 0.4


def test_motion_blur_is_the_mean_over_the_way() -> None:
    image = picture()
    slow = np.mean([np.roll(image, step, axis=1) for step in range(-3, 4)], axis=0)
    fast = motion_blurred(image, (14.0, 0.0), 50)  # half of it: seven pixels
    assert np.abs(fast - slow)[:, 8:-8].mean() < 0.004


@pytest.mark.parametrize("motion", [(0.0, 0.0), (0.3, 0.2)])
def test_a_face_at_rest_is_not_blurred(motion: Any) -> None:
    assert motion_blurred(picture(), motion, 100) is not None
    assert np.array_equal(motion_blurred(picture(), motion, 100), picture())


def test_a_streak_is_never_longer_than_a_quarter_of_the_face() -> None:
    near, far = (motion_blurred(picture(), (way, 0.0), 100) for way in (12.0, 5000.0))
    assert np.array_equal(near, far)


def test_coarsening_goes_through_fewer_pixels() -> None:
    image = picture()
    assert coarsened(image, 0) is image
    losses = [float(np.abs(coarsened(image, power) - image).mean()) for power in (30, 60, 90, 100)]
    assert losses == sorted(losses)
    assert coarsened(image, 100).std(axis=(0, 1)).max() < 0.05  # all but one colour


def test_a_palette_of_few_colours_is_found_exactly() -> None:
    colours = np.array([[0.1, 0.2, 0.3], [0.8, 0.1, 0.5], [0.4, 0.9, 0.2]], np.float32)
    plate = colours[np.random.default_rng(0).integers(0, 3, (20, 20))]
    found = palette(plate)
    assert sorted(map(tuple, found.round(4).tolist())) == sorted(
        map(tuple, colours.round(4).tolist())
    )


def test_recolouring_takes_the_plates_nearest_colours() -> None:
    plate, image = picture(64, seed=1), picture(48)
    colours = palette(plate)
    assert 200 < len(colours) <= 256
    apart = np.linalg.norm(image[:, :, None] - colours, axis=-1)
    slow = colours[apart.argmin(-1)]
    full = recoloured(image, plate, 100)
    assert np.abs(full - image).mean() < np.abs(slow - image).mean() + 0.01
    assert len(np.unique(full.reshape(-1, 3), axis=0)) <= 256
    assert np.allclose(recoloured(image, plate, 40), image + 0.4 * (full - image), atol=1e-6)
    assert recoloured(image, plate, 0) is image


def test_nothing_is_done_by_default() -> None:
    image = picture()
    assert np.array_equal(sharpened(image, 0), image) and np.array_equal(denoised(image, 0), image)
