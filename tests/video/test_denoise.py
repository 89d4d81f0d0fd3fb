"""Noise goes, edges stay, and nothing is invented."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from recast.images import FrameImage
from recast.video import Frame, denoised
from recast.video.denoise import PATCH, REACH, REACH_BESIDE, WIDTH, denoise

SIZE = (40, 56)


@pytest.fixture
def pool() -> Iterator[Executor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def drawn(depth: int = 8) -> FrameImage:
    """A gradient with a hard vertical edge and a thin line."""
    down, right = np.mgrid[: SIZE[0], : SIZE[1]].astype(float)
    grey = 40 + 1.5 * down + 90 * (right >= 28)
    grey[:, 10:12] = 200
    image = np.stack([grey, grey * 0.8, grey * 0.6 + 20], axis=2)
    return of_depth(image, depth)


def of_depth(image: NDArray[Any], depth: int) -> FrameImage:
    most = 2**depth - 1
    scaled = np.clip(np.rint(image * (most / 255)), 0, most)
    deep: FrameImage = scaled.astype(np.uint16)
    return scaled.astype(np.uint8) if depth == 8 else deep


def noisy(image: FrameImage, deviation: float, rng: np.random.Generator) -> FrameImage:
    most = np.iinfo(image.dtype).max
    noise = rng.normal(0, deviation, image.shape)
    return of_depth(image / most * 255 + noise, image.dtype.itemsize * 8)


def error(one: FrameImage, other: FrameImage) -> float:
    """Root mean square, in levels of 255."""
    most = np.iinfo(one.dtype).max
    return float(np.sqrt(np.mean((one / most - other / most) ** 2)) * 255)


def slow(image: FrameImage, beside: Sequence[FrameImage], strength: float) -> NDArray[np.float64]:
    """The formula, pixel by pixel."""
    edge = REACH + PATCH
    own, *others = (
        np.pad(one.astype(float), ((edge, edge), (edge, edge), (0, 0)), "symmetric")
        for one in (image, *beside)
    )
    out = np.empty(image.shape)

    def patch(of: NDArray[Any], row: int, column: int) -> NDArray[Any]:
        return of[row - PATCH : row + PATCH + 1, column - PATCH : column + PATCH + 1]

    for row, column in np.ndindex(image.shape[:2]):
        at = (row + edge, column + edge)
        total, weights = np.zeros(3), 0.0
        for number, other in enumerate([own, *others]):
            reach = REACH_BESIDE if number else REACH
            for down, right in np.ndindex(2 * reach + 1, 2 * reach + 1):
                there = (at[0] + down - reach, at[1] + right - reach)
                apart = np.mean((patch(own, *at) - patch(other, *there)) ** 2)
                excess = max(apart - 2 * strength**2, 0)
                weight = np.exp(-excess / (WIDTH * strength) ** 2)
                total += weight * other[there]
                weights += weight
        out[row, column] = total / weights
    return out


@pytest.mark.parametrize("beside", [0, 1, 2])
def test_it_is_the_formula(beside: int) -> None:
    rng = np.random.default_rng(beside)
    image, *others = (noisy(drawn()[8:20, 20:36], 8, rng) for _ in range(beside + 1))
    fast = denoise(image, others, 8)
    np.testing.assert_allclose(fast, slow(image, others, 8), atol=0.51)


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("deviation", [4, 10])
def test_noise_goes_and_edges_stay(depth: int, deviation: float) -> None:
    rng, clean = np.random.default_rng(3), drawn(depth)
    frames = [noisy(clean, deviation, rng) for _ in range(3)]
    result = denoise(frames[1], [frames[0], frames[2]], deviation)
    assert result.dtype == clean.dtype and result.shape == clean.shape
    assert error(result, clean) < 0.4 * error(frames[1], clean)
    most = np.iinfo(clean.dtype).max
    for left, right in ((27, 28), (9, 10), (11, 12)):
        step = np.mean(result[:, right] / most - result[:, left] / most)
        kept = step / np.mean(clean[:, right] / most - clean[:, left] / most)
        assert kept == pytest.approx(1, abs=0.03)


def test_frames_beside_help() -> None:
    rng, clean = np.random.default_rng(3), drawn()
    frames = [noisy(clean, 10, rng) for _ in range(3)]
    alone = error(denoise(frames[1], [], 10), clean)
    assert error(denoise(frames[1], [frames[0], frames[2]], 10), clean) < 0.9 * alone


def test_a_cut_leaves_no_ghost() -> None:
    clean = drawn()
    other: FrameImage = 255 - clean
    np.testing.assert_array_equal(denoise(clean, [other, other], 3), denoise(clean, [], 3))


@pytest.mark.parametrize("value", [0, 77, 255])
def test_a_flat_picture_stays_as_it_is(value: int) -> None:
    flat: FrameImage = np.full((*SIZE, 3), value, np.uint8)
    np.testing.assert_array_equal(denoise(flat, [flat], 20), flat)


@pytest.mark.parametrize("shape", [(1, 1), (2, 5), (97, 3), (200, 4)])
def test_any_size_will_do(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    assert denoise(image, [image], 5).shape == image.shape


def test_strips_meet_without_a_seam() -> None:
    image = np.random.default_rng(0).integers(90, 110, (210, 12, 3), np.uint8)
    whole, lower = denoise(image, [], 6), denoise(image[50:], [], 6)
    np.testing.assert_array_equal(whole[60:], lower[10:])


def test_frames_come_in_order_each_seen_with_its_neighbours(pool: Executor) -> None:
    rng = np.random.default_rng(4)
    images = [noisy(drawn(), 6, rng) for _ in range(6)]
    frames = [Frame(index, Fraction(index, 25), image) for index, image in enumerate(images)]
    found = list(denoised(frames, 6, pool=pool, ahead=3))
    assert [(frame.index, frame.moment) for frame in found] == [
        (frame.index, frame.moment) for frame in frames
    ]
    for index in (0, 3, 5):
        beside = [images[at] for at in (index - 1, index + 1) if 0 <= at < len(images)]
        np.testing.assert_array_equal(found[index].image, denoise(images[index], beside, 6))
    np.testing.assert_array_equal(
        next(denoised(frames[:1], 6, pool=pool, ahead=3)).image, denoise(images[0], [], 6)
    )
