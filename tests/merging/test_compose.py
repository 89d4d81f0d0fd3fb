"""A drawn face in a frame: in its place, and every bit elsewhere as it was."""

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from recast.faces.align import align
from recast.geometry import Similarity
from recast.images import FrameImage, Mask, to_float
from recast.merging.blend import BLENDS, Blend, overlay, seamless
from recast.merging.color import COLOR_MATCHES, ColorMatch, unchanged
from recast.merging.compose import DrawnFace, Look, compose, shown_region, unaligned

SIDE = 64
DEPTHS = [np.uint8, np.uint16]
PLAIN = Look(color_match=unchanged, grow=0, feather=0)


def noise(height: int = 120, width: int = 160, dtype: Any = np.uint8) -> FrameImage:
    """Soft clouds with grain, using the whole range of the depth."""
    rng = np.random.default_rng(0)
    clouds = cv2.GaussianBlur(rng.normal(0, 1, (height, width, 3)), (0, 0), 5)
    spread = (clouds - clouds.min()) / np.ptp(clouds)
    grain = rng.uniform(0, 0.05, spread.shape)
    image: FrameImage = ((spread * 0.95 + grain) * np.iinfo(dtype).max).astype(dtype)
    return image


def softened(image: FrameImage, sigma: float) -> NDArray[np.uint8]:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)


def placed_at(x: float, y: float, size: float, *, turn: float = 0.0) -> Similarity:
    """From frame to crop, for a crop whose centre is (x, y) and whose side is `size` pixels."""
    angle, zoom = np.radians(turn), SIDE / size
    linear = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return Similarity(np.column_stack([linear, (SIDE - 1) / 2 - linear @ np.array([x, y])]))


def disc(radius: float = 0.35) -> Mask:
    y, x = np.mgrid[0:SIDE, 0:SIDE] - (SIDE - 1) / 2
    return np.asarray(np.hypot(x, y) < radius * SIDE, np.float32)


def drawn(placed: Similarity, mask: Mask | None = None) -> DrawnFace:
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE
    face = np.stack([0.5 + 0.3 * np.sin(8 * x), 0.4 + 0.2 * y, 0.5 - 0.2 * x], -1)
    return DrawnFace(face.astype(np.float32), disc() if mask is None else mask, placed)


def in_crop(placed: Similarity, frame: FrameImage) -> NDArray[np.float64]:
    """Where each pixel of the frame lies in the crop, (H, W, 2), from its centre, 1 = its edge."""
    y, x = np.mgrid[0 : frame.shape[0], 0 : frame.shape[1]]
    points = placed.apply(np.stack([x, y], -1).astype(np.float32))
    return np.asarray((points - (SIDE - 1) / 2) / (SIDE / 2), np.float64)


@pytest.mark.parametrize("dtype", DEPTHS)
@pytest.mark.parametrize("match", COLOR_MATCHES.values(), ids=COLOR_MATCHES.keys())
@pytest.mark.parametrize("blend", BLENDS.values(), ids=BLENDS.keys())
def test_every_bit_outside_the_region_stays(blend: Blend, match: ColorMatch, dtype: Any) -> None:
    frame, placed = noise(dtype=dtype), placed_at(70.3, 60.8, 80, turn=20)
    merged = compose(frame, drawn(placed), Look(blend=blend, color_match=match))
    outside = np.linalg.norm(in_crop(placed, frame), axis=2) > 1
    assert merged.dtype == frame.dtype
    assert np.array_equal(merged[outside], frame[outside])
    assert (merged != frame).any(axis=2).mean() > 0.05


@pytest.mark.parametrize("dtype", DEPTHS)
def test_an_empty_mask_changes_nothing(dtype: Any) -> None:
    frame = noise(dtype=dtype)
    empty = drawn(placed_at(80, 60, 60), np.zeros((SIDE, SIDE), np.float32))
    assert np.array_equal(compose(frame, empty, Look()), frame)


def test_the_frame_given_is_never_written_to() -> None:
    frame = noise()
    compose(frame, drawn(placed_at(80, 60, 60)), Look())
    assert np.array_equal(frame, noise())


@pytest.mark.parametrize("dtype", DEPTHS)
def test_a_face_of_the_crops_size_arrives_pixel_for_pixel(dtype: Any) -> None:
    frame, face = noise(dtype=dtype), drawn(placed_at(31.5 + 40, 31.5 + 20, SIDE))
    merged = compose(frame, face, PLAIN)
    wanted = np.rint(face.face * np.iinfo(dtype).max)
    inner = disc(0.3) > 0
    assert np.array_equal(merged[20 : 20 + SIDE, 40 : 40 + SIDE][inner], wanted[inner])


@pytest.mark.parametrize("size", [20, 50, 64, 100, 300])
@pytest.mark.parametrize("turn", [0.0, 35.0, 180.0])
def test_what_was_cut_out_goes_back_to_its_place(size: float, turn: float) -> None:
    """dst's own crop, put back, gives the frame again but for the resampling."""
    smooth = softened(noise(300, 400), 8)
    placed = placed_at(201.4, 148.7, size, turn=turn)
    face = DrawnFace(to_float(align(smooth, placed, SIDE)), disc(), placed)
    merged = compose(smooth, face, PLAIN)
    assert np.abs(merged.astype(int) - smooth).max() <= 4


@pytest.mark.parametrize("size", [9, 15, 40, 64, 90])
@pytest.mark.parametrize("turn", [0.0, 45.0, 180.0])
def test_a_face_is_centred_where_it_is_placed(size: int, turn: float) -> None:
    white = np.ones((SIDE, SIDE, 3), np.float32)
    face = DrawnFace(white, disc(), placed_at(80.3, 60.8, size, turn=turn))
    shown = compose(np.zeros((120, 160, 3), np.uint8), face, PLAIN)[..., 0].astype(np.float64)
    y, x = np.mgrid[0:120, 0:160]
    centre = [(shown * x).sum() / shown.sum(), (shown * y).sum() / shown.sum()]
    assert centre == pytest.approx([80.3, 60.8], abs=0.05)


@pytest.mark.parametrize("blend", BLENDS.values(), ids=BLENDS.keys())
@pytest.mark.parametrize(
    "centre", [(0, 0), (159, 0), (-10, 60), (165, 125), (80, -20)], ids=lambda c: f"{c[0]},{c[1]}"
)
def test_a_face_partly_outside_the_frame_works(blend: Blend, centre: tuple[int, int]) -> None:
    frame, placed = noise(), placed_at(*centre, 80, turn=15)
    merged = compose(frame, drawn(placed), Look(blend=blend))
    inside = np.linalg.norm(in_crop(placed, frame), axis=2) < 0.55
    assert (merged != frame).any(axis=2)[inside].mean() > 0.9


@pytest.mark.parametrize("centre", [(-200, 60), (400, 60), (80, -200), (80, 400)])
def test_a_face_wholly_outside_the_frame_changes_nothing(centre: tuple[int, int]) -> None:
    assert np.array_equal(compose(noise(), drawn(placed_at(*centre, 80)), Look()), noise())


@pytest.mark.parametrize("blend", BLENDS.values(), ids=BLENDS.keys())
@pytest.mark.parametrize("size", [1, 8, 1000])
def test_tiny_and_huge_faces_work(blend: Blend, size: int) -> None:
    frame, placed = noise(), placed_at(80.2, 60.4, size, turn=10)
    merged = compose(frame, drawn(placed), Look(blend=blend))
    changed = (merged != frame).any(axis=2)
    if size == 1000:
        assert changed.mean() > 0.95
    else:
        assert changed.sum() <= (size + 2) ** 2


@pytest.mark.parametrize("size", [8, 20, 64, 90])
@pytest.mark.parametrize("turn", [0.0, 45.0])
def test_nothing_shows_beyond_the_crop_even_if_the_mask_fills_it(size: int, turn: float) -> None:
    placed, frame = placed_at(80.3, 60.7, size, turn=turn), noise()
    full = drawn(placed, np.ones((SIDE, SIDE), np.float32))
    beyond = np.abs(in_crop(placed, frame)).max(axis=2) > 1 + 3 / size
    assert np.array_equal(compose(frame, full, PLAIN)[beyond], frame[beyond])


@pytest.mark.parametrize("blend", BLENDS.values(), ids=BLENDS.keys())
@pytest.mark.parametrize("size", [30, 150])
def test_a_face_that_moves_a_little_changes_the_frame_a_little(blend: Blend, size: int) -> None:
    """Steps of a tenth of a pixel; none of them may jump."""
    frame = softened(noise(240, 320), 4)
    frames = [
        compose(frame, drawn(placed_at(160 + shift / 10, 120, size)), Look(blend=blend))
        for shift in range(8)
    ]
    steps = np.abs(np.diff(np.stack(frames).astype(int), axis=0))
    assert steps.mean(axis=(1, 2, 3)).max() < 0.3
    assert steps.max() <= 8


def test_two_faces_do_not_disturb_each_other() -> None:
    frame = noise()
    left, right = drawn(placed_at(35, 60, 60)), drawn(placed_at(120, 60, 60))
    both = compose(compose(frame, left, Look()), right, Look())
    assert np.array_equal(both[:, :77], compose(frame, left, Look())[:, :77])
    assert np.array_equal(both[:, 77:], compose(frame, right, Look())[:, 77:])


@pytest.mark.parametrize(("turn", "size"), [(0.0, 40), (30.0, 90), (0.0, 9)])
def test_the_shown_region_holds_every_pixel_the_mask_reaches(turn: float, size: int) -> None:
    frame, placed = noise(), placed_at(70.5, 55.2, size, turn=turn)
    region = shown_region(disc(), placed, (160, 120))
    assert region is not None
    left, top, right, bottom = region
    y, x = np.nonzero(np.linalg.norm(in_crop(placed, frame), axis=2) < 0.7)
    assert left <= x.min() <= x.max() < right
    assert top <= y.min() <= y.max() < bottom
    assert max(right - left, bottom - top) < 0.7 * size * np.sqrt(2) + 6


def test_a_shrunken_crop_keeps_its_brightness() -> None:
    """Fine stripes must become grey, not a coarser pattern."""
    stripes = np.zeros((SIDE, SIDE, 3), np.float32)
    stripes[:, ::2] = 1
    small = unaligned(stripes, placed_at(16, 16, 10).inverse(), (32, 32))[13:19, 13:19]
    assert np.abs(small - 0.5).max() < 0.1


def test_seamless_hides_a_wrong_exposure_that_an_overlay_shows() -> None:
    frame = softened(noise(), 10)
    placed = placed_at(80, 60, 80)
    brighter = (to_float(align(frame, placed, SIDE)) + 0.2).clip(0, 1).astype(np.float32)
    face = DrawnFace(brighter, disc(), placed)
    off = {
        blend: np.abs(compose(frame, face, Look(blend, unchanged)).astype(int) - frame).max()
        for blend in (overlay, seamless)
    }
    assert off[overlay] > 40
    assert off[seamless] < 8
