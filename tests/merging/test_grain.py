"""Grain is measured where it is, not found where it is not, and made again."""

from typing import Any

import cv2
import numpy as np
import pytest

from recast.images import FrameImage
from recast.merging.grain import Grain, grain, mean_grain, measured_grain

HEIGHT, WIDTH = 240, 320
REGION = (80, 60, 240, 180)
Y, X = np.mgrid[0:HEIGHT, 0:WIDTH] / HEIGHT


def scene(sigma: float = 0.0, dtype: Any = np.uint8) -> FrameImage:
    """Slopes, an edge and a textured part, with noise of `sigma` (of 255)."""
    rng = np.random.default_rng(0)
    image = np.stack([0.3 + 0.3 * X, 0.5 - 0.2 * Y, 0.4 + 0.1 * X * Y], -1)
    image[:, 150:] += 0.15
    image[120:180] += 0.05 * np.sin(400 * X[120:180])[..., None]
    image = cv2.GaussianBlur(image, (0, 0), 0.8) + rng.normal(0, sigma / 255, image.shape)
    limit = np.iinfo(dtype).max
    made: FrameImage = np.rint(image.clip(0, 1) * limit).astype(dtype)
    return made


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("sigma", [2.0, 5.0, 12.0])
def test_white_noise_is_measured(sigma: float, dtype: Any) -> None:
    found = measured_grain(scene(sigma, dtype), REGION)
    assert np.sqrt(np.diag(found.covariance)) * 255 == pytest.approx([sigma] * 3, rel=0.2)
    assert abs(found.covariance[0, 1]) < 0.2 * found.covariance[0, 0]
    assert found.size < 0.4


@pytest.mark.parametrize("size", [0.5, 0.7, 1.0])
def test_coarse_grain_is_measured_by_size_and_strength(size: float) -> None:
    white = np.random.default_rng(2).normal(0, 1, (HEIGHT, WIDTH, 3))
    noise = cv2.GaussianBlur(white, (0, 0), size)
    flat = 120 + 40 * X[..., None] + 6 * noise / noise.std()
    found = measured_grain(np.rint(flat).astype(np.uint8), REGION)
    assert found.size == pytest.approx(size, abs=0.1)
    assert np.sqrt(np.diag(found.covariance)) * 255 == pytest.approx([6] * 3, rel=0.2)
    again = 120 + 255 * grain((HEIGHT, WIDTH), found, (1,))
    like = measured_grain(np.rint(again).astype(np.uint8), REGION)
    assert like.size == pytest.approx(found.size, abs=0.1)


def test_grain_of_several_frames_is_their_mean() -> None:
    mean = mean_grain([Grain(np.eye(3), 0.2), Grain(3 * np.eye(3), 0.6)], [1, 3])
    assert np.allclose(mean.covariance, 2.5 * np.eye(3)) and mean.size == pytest.approx(0.5)


def test_grey_grain_is_measured_as_grey() -> None:
    clean = scene().astype(float)
    grey = np.random.default_rng(1).normal(0, 6, (HEIGHT, WIDTH, 1))
    found = measured_grain((clean + grey).clip(0, 255).astype(np.uint8), REGION)
    assert found.covariance[0, 1] == pytest.approx(found.covariance[0, 0], rel=0.1)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_clean_plate_has_none(dtype: Any) -> None:
    assert np.sqrt(np.trace(measured_grain(scene(0, dtype), REGION).covariance) / 3) * 255 < 0.25


@pytest.mark.parametrize("region", [(0, 0, 5, 5), (318, 238, 320, 240), (0, 0, 320, 240)])
def test_any_region_can_be_measured(region: tuple[int, int, int, int]) -> None:
    assert np.isfinite(measured_grain(scene(5), region).covariance).all()
    assert not measured_grain(np.full((8, 8, 3), 90, np.uint8), (0, 0, 8, 8)).covariance.any()


def test_flat_parts_are_clipped_not_calm() -> None:
    """A blown-out half says nothing of the noise in the other."""
    half = scene(6)
    half[:, 160:] = 255
    found = measured_grain(half, (80, 60, 240, 180))
    assert np.sqrt(np.trace(found.covariance) / 3) * 255 == pytest.approx(6, rel=0.25)


@pytest.mark.parametrize("size", [0.0, 0.8])
def test_grain_has_the_covariance_it_is_asked_for(size: float) -> None:
    like = Grain(np.array([[4, 2, 1], [2, 5, 0], [1, 0, 3]]) * 1e-4, size)
    made = grain((400, 400), like, (3, 1))
    assert np.allclose(np.cov(made.reshape(-1, 3).T), like.covariance, atol=2e-5)
    assert np.array_equal(made, grain((400, 400), like, (3, 1)))
    assert not np.array_equal(made, grain((400, 400), like, (4, 1)))
