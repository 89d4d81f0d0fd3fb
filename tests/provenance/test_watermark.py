"""A watermark changes luma a little, near faces only, and is found without the original."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from recast.provenance import Gathered, Watermark, find_watermark
from recast.provenance.watermark import CELLS, TILE, layout, region
from recast.provenance.watermark_search import strongest

SIZE = (480, 360)
NUMBER = 0xC0FFEE42
FACE = np.array([[170, 110], [290, 110], [230, 240]], np.float32)
FIRST_CHIPS = [1, -1, -1, -1, 1, 1, -1, 1, 1, 1, -1, 1, 1, -1, -1, -1]
FIRST_ROLES = [-1, -1, 74, 18, 56, -1, 26, 161, 56, 40, 16, -1, 136, -1, -1, -1]
Picture = NDArray[Any]


def plate(at: int, dtype: type = np.uint8) -> Picture:
    """A scene with texture that stands still, and a patch that moves over it."""
    rng = np.random.default_rng(3)
    width, height = SIZE
    coarse = rng.uniform(60, 200, (12, 16, 3)).astype(np.float32)
    scene = cv2.resize(coarse, SIZE, interpolation=cv2.INTER_CUBIC)
    scene = scene + cv2.GaussianBlur(rng.normal(0, 8, (height, width, 1)), (0, 0), 1.2)[..., None]
    x = 150 + 3 * at
    scene[120:240, x : x + 110] = cv2.resize(coarse[3:7, 2:6], (110, 120))
    levels = scene.clip(1, 254) * (np.iinfo(dtype).max / 255)
    return np.asarray(np.rint(levels).astype(dtype))


def moments(count: int) -> list[Fraction]:
    return [Fraction(at, 25) for at in range(count)]


@pytest.fixture(scope="module")
def mark() -> Watermark:
    return Watermark.of(NUMBER, SIZE)


@pytest.fixture(scope="module")
def marked(mark: Watermark) -> list[Picture]:
    return [mark.drawn(plate(at), [FACE], moment) for at, moment in enumerate(moments(25))]


def found(frames: Iterable[Picture], times: Sequence[Fraction] = (), **how: Any) -> Any:
    gathered = Gathered()
    pictures = list(frames)
    for image, moment in zip(pictures, times or moments(len(pictures)), strict=True):
        gathered.add(image, moment)
    return find_watermark(gathered.maps(), **how)


def test_the_layout_is_version_1_for_ever() -> None:
    """Files that were marked once must be found by every later version."""
    known = layout()
    assert known.chips[0, :16].astype(int).tolist() == FIRST_CHIPS
    assert known.role[0, :16].tolist() == FIRST_ROLES
    assert int((known.role < 0).sum()) == TILE * TILE // 3
    assert (np.bincount(known.role[known.role >= 0]) >= 16).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_only_pixels_near_a_face_change_and_only_in_luma(mark: Watermark, dtype: type) -> None:
    before = plate(0, dtype)
    after = mark.drawn(before, [FACE], Fraction(0))
    left, top, right, bottom = region(FACE, SIZE) or (0, 0, 0, 0)
    outside = np.ones(before.shape[:2], np.bool_)
    outside[top:bottom, left:right] = False
    assert after.dtype == dtype and np.array_equal(after[outside], before[outside])
    change = (after.astype(int) - before) * (255 / np.iinfo(dtype).max)
    assert (change == change[..., :1]).all()
    inside = change[top:bottom, left:right]
    assert 0.4 < np.sqrt((inside**2).mean()) < 3 and np.abs(change).max() < 10


def test_it_turns_twice_a_second_and_is_the_same_every_time(mark: Watermark) -> None:
    frame = plate(0, np.uint16)
    early, late = (mark.drawn(frame, [FACE], Fraction(at, 4)).astype(int) - frame for at in (1, 3))
    assert np.array_equal(early, -late)
    again = Watermark.of(NUMBER, SIZE).drawn(frame, [FACE], Fraction(1, 4))
    assert np.array_equal(again.astype(int) - frame, early)


def test_black_and_white_stay_and_frames_without_faces_are_the_same_object(mark: Watermark) -> None:
    for level in (0, 255):
        flat = np.full((SIZE[1], SIZE[0], 3), level, np.uint8)
        assert np.array_equal(mark.drawn(flat, [FACE], Fraction(0)), flat)
    frame = plate(0)
    assert mark.drawn(frame, [], Fraction(0)) is frame
    assert mark.drawn(frame, [FACE + 5000], Fraction(0)) is frame


def test_a_layer_carries_what_its_frame_would(mark: Watermark) -> None:
    frame = plate(0)
    layer = np.full((SIZE[1], SIZE[0], 3), 0.5, np.float32)
    change = (mark.drawn_on_layer(layer, frame, [FACE], Fraction(0)) - layer) * 255
    own = mark.drawn(frame, [FACE], Fraction(0)).astype(int) - frame
    assert np.abs(change - own).max() < 0.51


def test_two_faces_are_marked_as_one_is(mark: Watermark) -> None:
    frame, other = plate(0, np.uint16), FACE + np.array([60, 30], np.float32)
    once = mark.drawn(frame, [FACE], Fraction(0)).astype(int) - frame
    both = mark.drawn(frame, [FACE, other], Fraction(0)).astype(int) - frame
    assert np.abs(both).max() <= 1.3 * np.abs(once).max()  # nowhere added twice
    assert (both != 0).sum() > (once != 0).sum()


def test_it_is_found_with_its_number(marked: list[Picture]) -> None:
    seen = found(marked)
    assert seen is not None and seen.identity == NUMBER and seen.strength > 15
    assert seen.name == "c0ffee42" and seen.size == pytest.approx(1, abs=0.004)


def test_a_later_start_and_16_bits_do_not_hide_it(mark: Watermark, marked: list[Picture]) -> None:
    late = [moment + Fraction(3, 10) for moment in moments(25)]
    assert found(marked, late).identity == NUMBER
    deep = [
        mark.drawn(plate(at, np.uint16), [FACE], moment) for at, moment in enumerate(moments(25))
    ]
    assert found(deep).identity == NUMBER


@pytest.mark.parametrize(
    "how",
    [
        lambda image: cv2.resize(image, (320, 240), interpolation=cv2.INTER_AREA),
        lambda image: image[20:-16, 22:-26],
        lambda image: np.rint((image * 0.8).clip(0, 255)).astype(np.uint8),
        lambda image: cv2.GaussianBlur(image, (0, 0), 0.8),
    ],
    ids=["smaller", "cropped", "darker", "blurred"],
)
def test_it_survives(marked: list[Picture], how: Any) -> None:
    seen = found([np.asarray(how(image)) for image in marked])
    assert seen is not None and seen.identity == NUMBER


def test_one_picture_is_enough(marked: list[Picture]) -> None:
    seen = found(marked[:1])
    assert seen is not None and seen.identity == NUMBER


def test_nothing_is_found_where_nothing_is() -> None:
    """Neither in a scene, nor in what has no texture, stripes or no size at all."""
    assert found([plate(at) for at in range(9)]) is None
    stripes = np.repeat(np.arange(480, dtype=np.uint8)[None, :, None] % 8 * 30, 360, axis=0)
    for image in (np.zeros((360, 480, 3), np.uint8), np.repeat(stripes, 3, axis=2)):
        assert found([image], sizes=(0.95, 1.05)) is None
    assert found([np.zeros((5, 9, 3), np.uint8)]) is None and found([]) is None


def test_another_layout_does_not_find_it(marked: list[Picture]) -> None:
    assert found(marked, known=layout(b"another"), sizes=(0.95, 1.05)) is None


def test_the_strength_of_chance_is_that_of_a_normal_variable() -> None:
    """In units of chance the best of many places stays below what is called likely."""
    gathered = Gathered()
    for at in range(9):
        gathered.add(plate(at), Fraction(at, 8))
    strengths = []
    for seed in range(6):
        best = strongest(gathered.maps(), layout(bytes([seed])), (0.99, 1.01))
        assert best is not None
        strengths.append(best.strength)
    assert min(strengths) > 3.5 and max(strengths) < 6.3


def test_cells_follow_the_shorter_side() -> None:
    assert Watermark.of(1, (3840, 2160)).cell == 2160 / CELLS == Watermark.of(1, (2160, 3840)).cell
