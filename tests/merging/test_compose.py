"""A drawn face in a frame: in its place, and every bit elsewhere as it was."""

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from recast.faces.align import align
from recast.geometry import Similarity
from recast.images import FrameImage, Mask, to_float
from recast.merging.blend import BLENDS
from recast.merging.compose import Composed, DrawnFace, shown_region, unaligned
from recast.merging.compose import compose as compose_all
from recast.merging.look import COLOR_MATCHES, MODES, ColorMatchName, Look, Mode
from recast.merging.masks import shaped

SIDE = 64
DEPTHS = [np.uint8, np.uint16]
PLAIN = Look(color_match="none", grow=0, feather=0, grain=0)
JOINED = [mode for mode in MODES if mode in BLENDS]


def compose(frame: FrameImage, face: DrawnFace, look: Look) -> FrameImage:
    return compose_all(frame, [face], look).image


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
@pytest.mark.parametrize("match", COLOR_MATCHES)
@pytest.mark.parametrize("mode", JOINED)
def test_every_bit_outside_the_region_stays(mode: Mode, match: ColorMatchName, dtype: Any) -> None:
    frame, placed = noise(dtype=dtype), placed_at(70.3, 60.8, 80, turn=20)
    merged = compose(frame, drawn(placed), Look(mode, color_match=match))
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


@pytest.mark.parametrize("mode", JOINED)
@pytest.mark.parametrize(
    "centre", [(0, 0), (159, 0), (-10, 60), (165, 125), (80, -20)], ids=lambda c: f"{c[0]},{c[1]}"
)
def test_a_face_partly_outside_the_frame_works(mode: Mode, centre: tuple[int, int]) -> None:
    frame, placed = noise(), placed_at(*centre, 80, turn=15)
    merged = compose(frame, drawn(placed), Look(mode))
    inside = np.linalg.norm(in_crop(placed, frame), axis=2) < 0.55
    assert (merged != frame).any(axis=2)[inside].mean() > 0.9


@pytest.mark.parametrize("centre", [(-200, 60), (400, 60), (80, -200), (80, 400)])
def test_a_face_wholly_outside_the_frame_changes_nothing(centre: tuple[int, int]) -> None:
    assert np.array_equal(compose(noise(), drawn(placed_at(*centre, 80)), Look()), noise())


@pytest.mark.parametrize("mode", JOINED)
@pytest.mark.parametrize("size", [1, 8, 1000])
def test_tiny_and_huge_faces_work(mode: Mode, size: int) -> None:
    frame, placed = noise(), placed_at(80.2, 60.4, size, turn=10)
    merged = compose(frame, drawn(placed), Look(mode))
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


@pytest.mark.parametrize("mode", JOINED)
@pytest.mark.parametrize("size", [30, 150])
def test_a_face_that_moves_a_little_changes_the_frame_a_little(mode: Mode, size: int) -> None:
    """Steps of a tenth of a pixel; none of them may jump."""
    frame = softened(noise(240, 320), 4)
    frames = [
        compose(frame, drawn(placed_at(160 + shift / 10, 120, size)), Look(mode))
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
    modes: tuple[Mode, Mode] = ("overlay", "seamless")
    off = {
        mode: np.abs(compose(frame, face, Look(mode, color_match="none")).astype(int) - frame).max()
        for mode in modes
    }
    assert off["overlay"] > 40
    assert off["seamless"] < 8


def layered(frame: FrameImage, done: Composed) -> NDArray[np.float64]:
    """The layer over the frame, pixel by pixel."""
    assert done.layer is not None and done.alpha is not None
    alpha = done.alpha[..., None].astype(np.float64)
    return np.asarray(frame / 255 * (1 - alpha) + done.layer * alpha, np.float64)


@pytest.mark.parametrize("mode", ["overlay", "hist-match", "seamless", "pyramid"])
def test_layers_laid_over_the_plate_give_the_merge(mode: Mode) -> None:
    frame = noise()
    faces = [drawn(placed_at(60, 60, 70)), drawn(placed_at(95, 60, 70))]  # they overlap
    look = Look(mode, color_match="rct", grain=0)
    done = compose_all(frame, faces, look, layers=True)
    again = layered(frame, done)
    assert done.alpha is not None
    inner = (done.image.min(axis=2) > 2) & (done.image.max(axis=2) < 253)
    off = np.abs(again - done.image / 255)[(done.alpha > 0.05) & inner]
    # What a pyramid changes at the very edge, no opaque colour could.
    assert np.quantile(off, 0.97 if mode == "pyramid" else 1) < 4 / 255
    assert np.array_equal(done.image[done.alpha == 0], frame[done.alpha == 0])


def test_layers_of_a_frame_without_faces_are_transparent() -> None:
    done = compose_all(noise(), [], Look(), layers=True)
    assert done.alpha is not None and not done.alpha.any()


def test_the_raw_modes() -> None:
    """rgb: the whole crop without a mask; rgb-mask: the same, and alpha; mask: the mask as grey;
    predict: the crop alone, on black."""
    frame, face = noise(), drawn(placed_at(31.5 + 40, 31.5 + 20, SIDE))
    crop = (slice(20 + 3, 20 + SIDE - 3), slice(40 + 3, 40 + SIDE - 3))
    wanted = np.rint(face.face * 255)[3:-3, 3:-3]
    plain = Look(grow=0, feather=0)
    rgb, with_mask, mask, predicted = (
        compose_all(frame, [face], Look(**{**vars(plain), "mode": mode}), layers=True)
        for mode in ("raw-rgb", "raw-rgb-mask", "raw-mask", "raw-predict")
    )
    for done in (rgb, with_mask, predicted):
        assert np.array_equal(done.image[crop], wanted)
    assert np.array_equal(rgb.image[:18], frame[:18]) and not predicted.image[:18].any()
    assert with_mask.alpha is not None and mask.alpha is not None
    assert with_mask.alpha[crop][:3].max() == 0 and with_mask.alpha[52, 72] == 1
    assert np.array_equal(mask.image, np.rint(mask.alpha * 255)[..., None].repeat(3, 2))
    inside = disc() > 0
    shown = mask.image[20 : 20 + SIDE, 40 : 40 + SIDE, 0] > 127
    assert (inside != shown).mean() < 0.02


@pytest.mark.parametrize("mode", ["raw-mask", "raw-predict"])
def test_what_shows_nothing_of_the_frame_is_black_without_a_face(mode: Mode) -> None:
    assert not compose_all(noise(), [], Look(mode)).image.any()


def test_original_is_the_frame() -> None:
    frame = noise()
    assert compose_all(frame, [drawn(placed_at(80, 60, 60))], Look("original")).image is frame


def cumulative(values: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray([(values <= level).mean() for level in range(256)], np.float64)


@pytest.mark.parametrize("mode", ["hist-match", "seamless-hist-match"])
def test_histograms_meet_those_of_dst(mode: Mode) -> None:
    """Counted out level by level: what shows in the mask has the frame's own distribution there."""
    frame, placed = softened(noise(), 3), placed_at(31.5 + 40, 31.5 + 20, SIDE)
    look = Look(mode, color_match="none", grow=0, feather=0, hist_threshold=255, grain=0)
    merged = compose(frame, drawn(placed), look)[20 : 20 + SIDE, 40 : 40 + SIDE]
    before = frame[20 : 20 + SIDE, 40 : 40 + SIDE]
    inside = disc(0.31) > 0
    for channel in range(3):
        ours, theirs = (cumulative(p[inside][:, channel]) for p in (merged, before))
        assert np.abs(ours - theirs).mean() < 0.02


def test_a_lower_threshold_keeps_out_of_the_highlights() -> None:
    frame, placed = softened(noise(), 3), placed_at(71.5, 51.5, SIDE)
    bright = [
        compose(frame, drawn(placed), Look("hist-match", color_match="none", hist_threshold=at))
        for at in (255, 128)
    ]
    changed = (bright[0] != frame).any(axis=2)
    assert bright[1][changed].max() < bright[0][changed].max() - 5


def test_hist_match_bw_has_no_colour_of_its_own() -> None:
    grey = np.repeat(softened(noise(), 3)[..., :1], 3, axis=2)
    merged = compose(grey, drawn(placed_at(80, 60, 70)), Look("hist-match-bw", color_match="none"))
    assert np.ptp(merged.astype(int), axis=2).max() <= 1
    assert (merged != grey).any()


@pytest.mark.parametrize("percent", [-50.0, -20.0, 30.0, 50.0])
def test_face_scale_enlarges_about_the_centre(percent: float) -> None:
    white = DrawnFace(np.ones((SIDE, SIDE, 3), np.float32), disc(), placed_at(80.3, 60.8, 60))
    plain, scaled = (
        compose(np.zeros((120, 160, 3), np.uint8), white, look).astype(np.float64)[..., 0]
        for look in (PLAIN, Look(**{**vars(PLAIN), "face_scale": percent}))
    )
    assert scaled.sum() / plain.sum() == pytest.approx((1 + percent / 100) ** 2, rel=0.03)
    y, x = np.mgrid[0:120, 0:160]
    centre = [(scaled * x).sum() / scaled.sum(), (scaled * y).sum() / scaled.sum()]
    assert centre == pytest.approx([80.3, 60.8], abs=0.05)


def test_grain_goes_where_the_face_is_and_comes_again() -> None:
    rng = np.random.default_rng(3)
    grainy = (128 + rng.normal(0, 6, (200, 200, 3))).clip(0, 255).astype(np.uint8)
    smooth = DrawnFace(np.full((SIDE, SIDE, 3), 0.5, np.float32), disc(), placed_at(100, 100, 120))
    look = Look(color_match="none")
    merged = compose(grainy, smooth, look)
    assert np.array_equal(merged, compose(grainy, smooth, look))
    face = merged[85:115, 85:115].astype(float)
    assert face.std() == pytest.approx(6, rel=0.2)
    none = compose(grainy, smooth, Look(color_match="none", grain=0))
    assert none[85:115, 85:115].std() < 0.6


@pytest.mark.parametrize("size", [40, 400, 2000, 8000])
def test_an_edge_moves_by_the_same_part_of_a_face_of_any_size(size: int) -> None:
    """Radii along a row through the face, from 40 pixels to close-ups in 8K; it never turns."""
    radii = []
    for amount in (-0.2, -0.1, -0.02, 0.0, 0.05):
        mask = shaped(disc(0.25), grow=amount, feather=0.02)
        onto = placed_at(size / 2, 8, size)
        zoom = mask.shape[0] / SIDE
        finer = Similarity(np.array([[zoom, 0, (zoom - 1) / 2], [0, zoom, (zoom - 1) / 2]]))
        row = unaligned(mask, onto.then(finer).inverse(), (size, 17))[8]
        radii.append(float(row.sum()) / 2 / size)
    assert radii == pytest.approx([0.05, 0.15, 0.23, 0.25, 0.30], abs=0.012)
