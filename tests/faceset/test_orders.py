"""The methods of sorting, one contract over all and an answer for each."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from recast.events import silent
from recast.faces import placement
from recast.faceset import FaceSet, load_faceset, save_face
from recast.faceset.orders import METHODS, Method, hue, identity_methods, scalar, shapes
from recast.faceset.record import Angles

from .conftest import drawn_crop, record_of

Make = Callable[..., FaceSet]
Crops = list[NDArray[np.uint8]]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A face set of given pictures; the record of each is changed as a list says."""

    def make(crops: Crops, changes: list[dict[str, Any]] | None = None) -> FaceSet:
        for number, crop in enumerate(crops):
            changed = {"frame": number, **(changes[number] if changes else {})}
            record = record_of(size=crop.shape[0], **changed)
            save_face(tmp_path / f"face {number:03d}.png", crop, record)
        return load_faceset(tmp_path)

    return make


def embeddings(faces: FaceSet, report: object) -> NDArray[np.float32]:
    """Two persons, by the parity of the frame."""
    turn = 0.03 * faces.frames + 1.5 * (faces.frames % 2)
    return np.stack([np.cos(turn), np.sin(turn)], axis=1).astype(np.float32)


ALL: dict[str, Method] = {**METHODS, **identity_methods(embeddings, 0.9)}


def various(count: int = 40) -> Crops:
    rng = np.random.default_rng(0)
    crops = []
    for number in range(count):
        crop = drawn_crop().astype(np.float32) * rng.uniform(0.3, 1, 3)
        noisy = crop + rng.normal(0, 9, crop.shape)
        soft = cv2.GaussianBlur(noisy, (0, 0), 0.3 + number / 20)
        crops.append(np.clip(soft, 0, 255).astype(np.uint8))
    return crops


def posed(yaw: float, pitch: float, roll: float = 0) -> dict[str, Any]:
    return {"pose": Angles(yaw=yaw, pitch=pitch, roll=roll)}


def in_order(faces: FaceSet, by: str, keep: int | None = None) -> list[int]:
    return [int(place) for place in ALL[by](faces, keep, silent).order]


@pytest.mark.parametrize("by", ALL)
def test_every_method_places_every_face_once(make: Make, by: str) -> None:
    faces = make(various(), [{"frame": number} for number in range(40)])
    found = ALL[by](faces, 15, silent)
    placed = [*found.order.tolist(), *found.left_out.tolist()]
    assert sorted(placed) == list(range(40))
    assert len(found.order) == (15 if by == "best" else 40)
    again = ALL[by](faces, 15, silent)
    assert [*again.order.tolist(), *again.left_out.tolist()] == placed


@pytest.mark.parametrize("by", ALL)
@pytest.mark.parametrize("count", [0, 1, 2])
def test_every_method_sorts_few_faces(make: Make, by: str, count: int) -> None:
    assert sorted(in_order(make(various(count)), by)) == list(range(count))


@pytest.mark.parametrize("by", METHODS)
def test_faces_that_vanish_are_in_neither_part(make: Make, by: str, tmp_path: Path) -> None:
    faces = make(various(6))
    (tmp_path / "face 002.png").unlink()
    found = METHODS[by](faces, None, silent)
    placed = {*found.order.tolist(), *found.left_out.tolist()}
    assert placed in ({0, 1, 3, 4, 5}, set(range(6)))  # the second needs no picture


def test_blur_begins_with_the_sharpest(make: Make) -> None:
    squares = np.random.default_rng(0).integers(0, 255, (32, 32, 3), np.uint8)
    crop = np.asarray(cv2.resize(squares, (256, 256), interpolation=cv2.INTER_NEAREST), np.uint8)
    blurs = [1.4, 0.5, 2.0, 0.9]
    faces = make([np.asarray(cv2.GaussianBlur(crop, (0, 0), blur)) for blur in blurs])
    assert in_order(faces, "blur") == [1, 3, 0, 2]


def test_brightness_begins_with_the_brightest(make: Make) -> None:
    faces = make([np.full((64, 64, 3), value, np.uint8) for value in (90, 250, 10)])
    assert in_order(faces, "brightness") == [1, 0, 2]


def test_black_ends_with_the_blackest(make: Make) -> None:
    crops = [np.full((64, 64, 3), 50, np.uint8) for _ in range(3)]
    crops[0][:30] = 0
    crops[2][:10] = 0
    assert in_order(make(crops), "black") == [1, 2, 0]


def test_hues_on_both_sides_of_red_stay_together(make: Make) -> None:
    def colored(degrees: int) -> NDArray[np.uint8]:
        pixels = np.full((64, 64, 3), (degrees // 2, 200, 200), np.uint8)
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_HSV2RGB))

    faces = make([colored(degrees) for degrees in (10, 120, 350, 0, 60)])
    assert in_order(faces, "hue") == [2, 3, 0, 4, 1]
    assert np.diff(np.sort(hue(lambda name: scalar(faces, name, silent)))) == pytest.approx(
        [10, 10, 50, 60], abs=3
    )


@pytest.mark.parametrize(("by", "place"), [("yaw", 0), ("pitch", 1)])
def test_poses_fall(make: Make, by: str, place: int) -> None:
    angles = [3.0, 40.0, -50.0, 0.0]
    poses = [np.roll([angle, 0, 0], place).tolist() for angle in angles]
    faces = make(various(4), [posed(*pose) for pose in poses])
    assert in_order(faces, by) == [1, 0, 3, 2]


def test_size_begins_with_the_largest_in_its_frame(make: Make) -> None:
    boxes = [(0.0, 0.0, side, 10.0) for side in (50.0, 400.0, 120.0)]
    assert in_order(make(various(3), [{"box": box} for box in boxes]), "size") == [1, 2, 0]


def test_original_is_take_frame_and_the_largest_first(make: Make) -> None:
    changes: list[dict[str, Any]] = [
        {"take": "b.mp4", "frame": 0},
        {"take": "a.mp4", "frame": 12},
        {"take": "a.mp4", "frame": 2, "box": (0.0, 0.0, 9.0, 9.0)},
        {"take": "a.mp4", "frame": 2, "box": (0.0, 0.0, 90.0, 90.0)},
    ]
    assert in_order(make(various(4), changes), "original") == [3, 2, 1, 0]


def test_frames_with_several_faces_leave(make: Make) -> None:
    frames = [(5, "a"), (1, "a"), (5, "b"), (1, "a"), (0, "a")]
    faces = make(various(5), [{"frame": frame, "take": take} for frame, take in frames])
    found = METHODS["one-face"](faces, None, silent)
    assert found.order.tolist() == [4, 0, 2]
    assert sorted(found.left_out.tolist()) == [1, 3]


@pytest.mark.parametrize("by", ["histogram", "histogram-blur"])
def test_like_light_stands_together(make: Make, by: str) -> None:
    rng = np.random.default_rng(0)
    scene = rng.integers(0, 4, 48)
    lights = np.array([[1, 0.4, 0.4], [0.4, 1, 0.4], [0.4, 0.4, 1], [0.2, 0.2, 0.2]])[scene]
    crops = [
        np.clip(drawn_crop() * light + rng.normal(0, 2, (64, 64, 3)), 0, 255).astype(np.uint8)
        for light in lights
    ]
    order = in_order(make(crops), by)
    if by == "histogram":
        assert np.count_nonzero(np.diff(scene[order])) == 3
    assert sorted(order) == list(range(48))


@pytest.mark.parametrize(
    "by", ["histogram-dissimilar", "landmarks-dissimilar", "identity-dissimilar"]
)
def test_the_odd_one_out_comes_first(make: Make, by: str) -> None:
    crops = various(9)
    crops[4] = 255 - crops[4]
    landmarks = record_of().points
    changes: list[dict[str, Any]] = [{} for _ in crops]
    moved = landmarks.copy()
    moved[48:] += [0, 25]  # an open mouth
    changes[4] = {"landmarks": tuple(map(tuple, moved.tolist()))}
    faces = make(crops, changes)

    def one_other(faces: FaceSet, report: object) -> NDArray[np.float32]:
        return np.asarray(np.eye(2)[(faces.frames == 4).astype(int)], np.float32)

    methods = {**METHODS, **identity_methods(one_other, 0.9)}
    assert methods[by](faces, None, silent).order[0] == 4


def test_shapes_do_not_know_place_size_and_tilt(make: Make) -> None:
    points = record_of().points
    turn = np.array([[0.8, -0.6], [0.6, 0.8]])
    moved = (points @ turn.T * 3 + [500, -90]).astype(np.float32)
    change = {
        "landmarks": tuple(map(tuple, moved.tolist())),
        "matrix": tuple(map(tuple, placement(moved, 64, "full").matrix.tolist())),
    }
    faces = make(various(2), [{}, change])
    one, other = shapes(faces)
    assert one == pytest.approx(other, abs=1e-4)


def test_landmarks_bring_like_expressions_together(make: Make) -> None:
    rng = np.random.default_rng(0)
    opened = rng.permutation(20)
    changes: list[dict[str, Any]] = []
    for open_ in opened:
        points = record_of().points
        points[48:] += [0, float(open_)]
        changes.append({"landmarks": tuple(map(tuple, points.tolist()))})
    order = in_order(make(various(20), changes), "landmarks")
    assert np.abs(np.diff(opened[order])).tolist() == [1] * 19


def test_identity_keeps_persons_together(make: Make) -> None:
    faces = make(various(21))
    persons = (faces.frames % 2)[in_order(faces, "identity")]
    assert persons.tolist() == [0] * 11 + [1] * 10  # the person with most faces first


def test_best_keeps_what_it_is_told(make: Make) -> None:
    faces = make(various(), [posed(yaw, 0) for yaw in np.linspace(-60, 60, 40).tolist()])
    found = METHODS["best"](faces, 8, silent)
    assert len(found.order) == 8
    assert np.ptp(faces.yaw[found.order]) > 80
    assert (np.diff(faces.yaw[found.order]) < 60).all()
