"""Debug pictures show what was found, where it was found, on any frame."""

import numpy as np
import pytest

from recast.faces import Face, Pose, debug_jpeg, draw_faces, is_debug_jpeg, placement, square_of
from recast.faces.mean_face import MEAN_FACE
from recast.images import FrameImage, decode


def face_at(x: float, y: float, size: float) -> Face:
    points = (MEAN_FACE[:, :2] * size + [x, y]).astype(np.float32)
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    box = (float(left) - 5, float(top) - 5, float(right) + 5, float(bottom) + 5)
    return Face(box, 0.87, points, Pose(0, 0, 0))


def is_near(picture: FrameImage, x: float, y: float, color: tuple[int, int, int]) -> bool:
    row, column = round(y), round(x)
    part = picture[max(row - 2, 0) : row + 3, max(column - 2, 0) : column + 3].astype(int)
    return bool((np.abs(part - color).sum(axis=-1) < 150).any())


@pytest.mark.parametrize("zoom", [1, 3])
def test_landmarks_box_and_square_are_where_they_belong(zoom: int) -> None:
    image = np.full((480 * zoom, 640 * zoom, 3), 90, np.uint8)
    face = face_at(200 * zoom, 150 * zoom, 150 * zoom)
    square = square_of(placement(face.landmarks, 256), 256)
    drawn = draw_faces(image, [face], [square], frame=42)
    shrink = drawn.shape[1] / image.shape[1]
    assert max(drawn.shape[:2]) <= 1280
    for x, y in face.landmarks[[0, 8, 30, 36, 45, 57]]:
        assert is_near(drawn, x * shrink, y * shrink, (255, 40, 40))
    left, top, right, bottom = (side * shrink for side in face.box)
    assert is_near(drawn, right, (top + bottom) / 2, (255, 200, 0))
    assert is_near(drawn, (left + right) / 2, bottom, (255, 200, 0))
    for a, b in zip(square, np.roll(square, 1, axis=0), strict=True):
        x, y = (a + b) / 2 * shrink
        assert is_near(drawn, x, y, (60, 140, 255))
    assert (image == 90).all()


def test_the_frame_number_and_score_are_written() -> None:
    image = np.full((240, 320, 3), 90, np.uint8)
    blank, other = (draw_faces(image, [], [], frame=frame) for frame in (1, 2))
    assert (blank[-40:, :120] != 90).any() and (blank != other).any()
    assert (blank[:150] == 90).all()


@pytest.mark.parametrize("shape", [(1, 1), (3, 900), (4000, 8)])
def test_odd_frames_and_faces_far_outside_are_no_trouble(shape: tuple[int, int]) -> None:
    far = face_at(-5e5, 3e6, 1e6)
    near = face_at(0, 0, 1e-3)
    squares = [square_of(placement(face.landmarks, 64), 64) for face in (far, near)]
    drawn = draw_faces(np.zeros((*shape, 3), np.uint16), [far, near], squares, frame=10**8)
    assert drawn.dtype == np.uint8 and drawn.ndim == 3


def test_the_file_is_a_jpeg_that_says_what_it_is() -> None:
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (40, 60, 3), dtype=np.uint8)
    data = debug_jpeg(picture)
    assert is_debug_jpeg(data) and decode(data, "x.jpg").shape == (40, 60, 3)
    assert not is_debug_jpeg(data[:2] + data[30:]) and not is_debug_jpeg(b"")
