"""Blends and the membrane, against Laplace's equation solved as one dense system."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from recast.images import Image, Mask, to_float
from recast.merging.blend import BLENDS, COARSEST, Blend, membrane, overlay, pyramid, seamless

Floats = NDArray[np.float32]


def grid(height: int, width: int) -> tuple[Floats, Floats]:
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return x / (width - 1), y / (height - 1)


def disc(height: int, width: int, radius: float = 0.35) -> NDArray[np.bool_]:
    x, y = grid(height, width)
    return np.asarray(np.hypot(x - 0.5, y - 0.5) < radius, np.bool_)


def picture(height: int = 80, width: int = 100) -> Image:
    x, y = grid(height, width)
    return np.stack([0.3 + 0.3 * x, 0.4 + 0.2 * y * x, 0.6 - 0.2 * y], -1).astype(np.float32)


def textured(height: int = 80, width: int = 100) -> Image:
    x, y = grid(height, width)
    waves = 0.1 * np.sin(40 * x) * np.cos(30 * y)
    return np.asarray(picture(height, width)[:, :, ::-1] + waves[..., None], np.float32)


def laplace(values: Floats, free: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Each free pixel is the mean of its four neighbours; beyond the edge lies the edge again."""
    height, width = free.shape
    equations = np.eye(height * width)
    right = values.reshape(height * width, -1).astype(np.float64)
    for y, x in zip(*np.nonzero(free), strict=True):
        right[y * width + x] = 0
        for down, across in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            row, column = min(max(y + down, 0), height - 1), min(max(x + across, 0), width - 1)
            equations[y * width + x, row * width + column] -= 1 / 4
    return np.asarray(np.linalg.solve(equations, right).reshape(values.shape), np.float64)


@pytest.mark.parametrize("at_the_corner", [False, True])
def test_membrane_solves_laplace(at_the_corner: bool) -> None:
    """Noise is the hardest case; what is left is a fortieth of its range."""
    values = np.random.default_rng(0).uniform(0, 1, (12, 12, 2)).astype(np.float32)
    free = np.zeros((12, 12), bool)
    free[2:10, 3:9] = free[4:8, 1:11] = True
    if at_the_corner:
        free[:5, :5] = True
    assert np.abs(membrane(values, free) - laplace(values, free)).max() < 0.025


@pytest.mark.parametrize("shape", [(12, 12), (64, 90), (300, 200), (600, 601)])
def test_membrane_continues_a_slope_at_every_size(shape: tuple[int, int]) -> None:
    """A plane has no curvature, so the hole in it must be filled with the plane."""
    x, y = grid(*shape)
    plane, hole = np.stack([x, y, (x + y) / 2], -1), disc(*shape)
    filled = membrane(np.where(hole[..., None], 0, plane).astype(np.float32), hole)
    assert np.abs(filled - plane).max() < 0.025


def test_membrane_keeps_the_held_values() -> None:
    values = np.random.default_rng(0).uniform(0, 1, (200, 300, 3)).astype(np.float32)
    hole = disc(200, 300)
    assert np.array_equal(membrane(values, hole)[~hole], values[~hole])


def test_membrane_never_leaves_the_range_of_the_held_values() -> None:
    values = np.random.default_rng(0).uniform(0.2, 0.8, (150, 200, 3)).astype(np.float32)
    filled = membrane(values, disc(150, 200))
    assert filled.min() > 0.2 - 1e-5
    assert filled.max() < 0.8 + 1e-5


def test_membrane_ignores_what_is_in_the_hole() -> None:
    values, hole = picture(150, 200), disc(150, 200)
    spoilt = np.where(hole[..., None], 99, values).astype(np.float32)
    assert np.array_equal(membrane(values, hole), membrane(spoilt, hole))


def test_overlay_mixes_by_the_mask() -> None:
    face, frame = textured(), picture()
    mask = grid(80, 100)[0]
    slow = np.array(
        [[face[y, x] * mask[y, x] + frame[y, x] * (1 - mask[y, x]) for x in range(100)]
         for y in range(80)]
    )  # fmt: skip
    assert np.allclose(overlay(face, frame, mask), slow, atol=1e-6)


def test_seamless_removes_a_constant_offset_of_colour() -> None:
    offset = np.array([0.2, -0.1, 0.15], np.float32)
    mask = disc(80, 100).astype(np.float32)
    assert np.allclose(seamless(picture() + offset, picture(), mask), picture(), atol=1e-3)


def test_seamless_meets_the_frame_at_the_edge() -> None:
    """Two pixels either side of the outline differ as much as neighbours elsewhere do."""
    frame, mask = picture(), disc(80, 100).astype(np.float32)
    face = (picture()[::-1] + 0.2).astype(np.float32)
    step = np.abs(np.diff(seamless(face, frame, mask), axis=1)).max(2)
    plain = np.abs(np.diff(overlay(face, frame, mask), axis=1)).max(2)
    outline = np.diff(mask, axis=1) != 0
    assert plain[outline].min() > 0.1
    assert step[outline].max() < 0.03


def test_seamless_keeps_the_texture_of_the_face() -> None:
    inner = disc(80, 100, 0.3)[:, 1:]
    out = seamless(textured() + np.float32(0.1), picture(), disc(80, 100).astype(np.float32))
    own, drawn = np.diff(textured(), axis=1)[inner], np.diff(out, axis=1)[inner]
    assert np.corrcoef(own.ravel(), drawn.ravel())[0, 1] > 0.98


def test_seamless_agrees_with_poisson_cloning_in_8_bits() -> None:
    """OpenCV's clone of the same pictures; it rounds, and begins a pixel further in."""
    face, frame, mask = textured() * 0.8, picture(), disc(80, 100).astype(np.float32)
    source, target = (np.rint(p * 255).astype(np.uint8) for p in (face, frame))
    rows, columns = np.nonzero(mask)
    centre = (
        int(columns.min() + columns.max() + 1) // 2,
        int(rows.min() + rows.max() + 1) // 2,
    )
    area = (mask * 255).astype(np.uint8)
    cloned = cv2.seamlessClone(source, target, area, centre, cv2.NORMAL_CLONE).astype(np.float64)
    ours = seamless(to_float(source), to_float(target), mask) * 255
    inner = disc(80, 100, 0.3)
    assert np.abs(ours - cloned)[inner].mean() < 3.5
    assert np.abs(ours - source)[inner].mean() > 10


@pytest.mark.parametrize("shape", [(80, 100), (37, 61), (300, 200)])
def test_pyramid_joins_bands_by_their_own_masks(shape: tuple[int, int]) -> None:
    """Written out: each band of the face by the mask's Gaussian of that level."""
    face, frame = textured(*shape), picture(*shape)
    soft = cv2.GaussianBlur(disc(*shape).astype(np.float32), (0, 0), 3)
    mask = np.asarray(soft, np.float32)
    levels = min(6, int(np.log2(min(shape) / COARSEST)))

    def grown(small: Floats, level: int) -> Floats:
        for at in range(level - 1, -1, -1):
            size = sizes[at]
            small = np.asarray(cv2.pyrUp(small, dstsize=size), np.float32)
        return small

    gauss = [[p] for p in (face, frame, mask)]
    for _ in range(levels):
        for pyramids in gauss:
            pyramids.append(np.asarray(cv2.pyrDown(pyramids[-1]), np.float32))
    sizes = [p.shape[1::-1] for p in gauss[2]]
    slow = np.zeros_like(frame)
    for level in range(levels + 1):
        bands = []
        for pyramids in gauss[:2]:
            above = 0 if level == levels else cv2.pyrUp(pyramids[level + 1], dstsize=sizes[level])
            bands.append(pyramids[level] - above)
        share = gauss[2][level][..., None]
        slow = slow + grown(np.asarray(bands[1] + (bands[0] - bands[1]) * share, np.float32), level)
    inside = mask > 0.25  # nearer the edge the coarse part of the fade is held back
    assert np.abs(pyramid(face, frame, mask) - slow)[inside].max() < 1e-4


def test_seamless_is_an_overlay_where_nothing_holds_the_edge() -> None:
    for mask in (np.ones((80, 100), np.float32), np.full((80, 100), 0.4, np.float32)):
        face, frame = textured(), picture()
        assert np.array_equal(seamless(face, frame, mask), overlay(face, frame, mask))


@pytest.mark.parametrize("blend", BLENDS.values(), ids=BLENDS.keys())
class TestEveryBlend:
    def test_leaves_the_frame_where_the_mask_is_0(self, blend: Blend) -> None:
        x, y = grid(80, 100)
        mask: Mask = np.clip(3 - 8 * np.hypot(x - 0.5, y - 0.5), 0, 1).astype(np.float32)
        assert np.array_equal(blend(textured(), picture(), mask)[mask == 0], picture()[mask == 0])

    def test_gives_float32_and_leaves_its_inputs_alone(self, blend: Blend) -> None:
        face, frame, mask = textured(), picture(), disc(80, 100).astype(np.float32)
        assert blend(face, frame, mask).dtype == np.float32
        assert np.array_equal(face, textured())
        assert np.array_equal(frame, picture())

    @pytest.mark.parametrize("shape", [(1, 1), (1, 7), (2, 2), (3, 9)])
    def test_takes_regions_of_a_few_pixels(self, blend: Blend, shape: tuple[int, int]) -> None:
        mask = np.zeros(shape, np.float32)
        mask[0, 0] = 1
        out = blend(np.ones((*shape, 3), np.float32), np.zeros((*shape, 3), np.float32), mask)
        assert np.isfinite(out).all()
