"""What every detector must find, and what only the default one does.

`any_detector` is each that there is, `detector` each that finds faces by itself, `mesh_detector`
the default one.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from recast.faces import Detector
from recast.faces.dlib_detector import DlibDetector
from recast.faces.mesh_points import IBUG68

from .conftest import AUTOMATIC, Sample, affordable, error, halved, opened, some, staged


@pytest.mark.parametrize("take", ["src", "dst"])
def test_every_face_is_found_where_it_is(
    detector: Detector, take: str, request: pytest.FixtureRequest
) -> None:
    truth = affordable(detector, request.getfixturevalue(take))
    found = detector(truth.images)
    assert [len(faces) for faces in found] == [1] * len(truth.images)
    errors = [error(f[0].landmarks, t) for f, t in zip(found, truth.landmarks, strict=True)]
    assert np.mean(errors) < 0.075
    assert np.max(errors) < 0.14


def test_frontal_landmarks_are_exact_but_for_their_definition(
    mesh_detector: Detector, dst: Sample
) -> None:
    frontal = np.abs(dst.pose[:, 0]) < 15
    images = [image for image, is_frontal in zip(dst.images, frontal, strict=True) if is_frontal]
    truth = dst.landmarks[frontal]
    eyes = np.linalg.norm(truth[:, 36] - truth[:, 45], axis=1)[:, None, None]
    off = (np.stack([faces[0].landmarks for faces in mesh_detector(images)]) - truth) / eyes
    assert np.linalg.norm(off - off.mean(axis=0), axis=2).mean() < 0.02


def test_pose_is_that_of_the_head(mesh_detector: Detector, dst: Sample) -> None:
    poses = [faces[0].pose for faces in mesh_detector(dst.images)]
    off = np.array([[p.yaw, p.pitch, p.roll] for p in poses]) - dst.pose
    assert (np.abs(off).mean(axis=0) < [3, 3, 1.5]).all()


def test_both_people_are_found(detector: Detector, two_people: Sample) -> None:
    shown = affordable(detector, two_people)
    for faces, truth in zip(detector(shown.images), shown.landmarks, strict=True):
        assert len(faces) == 2
        ordered = sorted(faces, key=lambda face: face.box[0])
        expected = sorted(truth, key=lambda points: points[:, 0].min())
        assert all(error(f.landmarks, t) < 0.14 for f, t in zip(ordered, expected, strict=True))


def test_the_largest_face_comes_first(detector: Detector, two_people: Sample) -> None:
    for faces in detector(affordable(detector, two_people, 3).images):
        assert faces[0].size >= faces[1].size


@pytest.mark.parametrize("size", [(640, 480), (1280, 720), (1920, 1080)])
def test_faces_of_40_pixels_are_found(
    mesh_detector: Detector, dst: Sample, size: tuple[int, int]
) -> None:
    for image, truth in some(dst, 3):
        frame, moved = staged(image, truth, height=40, size=size)
        faces = mesh_detector([frame])[0]
        assert min(error(face.landmarks, moved) for face in faces) < 0.15


@pytest.mark.parametrize("share", [0.5, 0.8, 1.1])
def test_close_ups_are_found(mesh_detector: Detector, dst: Sample, share: float) -> None:
    for image, truth in some(dst):
        frame, moved = staged(image, truth, height=480 * share, size=(640, 480))
        assert min(error(face.landmarks, moved) for face in mesh_detector([frame])[0]) < 0.15


@pytest.mark.parametrize("turn", [45, -45, 90, -90, 180])
def test_tilted_heads_are_found(mesh_detector: Detector, dst: Sample, turn: int) -> None:
    for image, truth in some(dst):
        frame, moved = staged(image, truth, height=150, size=(640, 480), turn=turn)
        faces = mesh_detector([frame])[0]
        assert [error(face.landmarks, moved) < 0.15 for face in faces] == [True]


def test_roll_is_positive_clockwise(mesh_detector: Detector, dst: Sample) -> None:
    frame, _ = staged(*some(dst, 1)[0], height=150, size=(640, 480), turn=-30)
    upright, _ = staged(*some(dst, 1)[0], height=150, size=(640, 480))
    tilted, straight = (faces[0].pose.roll for faces in mesh_detector([frame, upright]))
    assert tilted - straight == pytest.approx(30, abs=2)


def test_half_the_size_gives_half_the_landmarks(mesh_detector: Detector, dst: Sample) -> None:
    for image, _ in some(dst):
        small = image.reshape(240, 2, 320, 2, 3).mean((1, 3)).round().astype(np.uint8)
        whole, half = mesh_detector([image, small])
        assert error((half[0].landmarks + 0.5) * 2 - 0.5, whole[0].landmarks) < 0.02


def test_mirrored_frames_give_mirrored_landmarks(mesh_detector: Detector, dst: Sample) -> None:
    """Shows that no point is half a pixel off."""
    off = []
    for image, _ in some(dst, 8):
        mirrored = np.ascontiguousarray(image[:, ::-1])
        here, there = (faces[0].landmarks for faces in mesh_detector([image, mirrored]))
        off.append((here[:, 0] + there[:, 0]).mean() / 2 - (image.shape[1] - 1) / 2)
    assert abs(np.mean(off)) < 0.25


@pytest.mark.parametrize("level", [0, 128, 255])
def test_an_empty_frame_has_no_face(any_detector: Detector, level: int) -> None:
    assert any_detector([np.full((90, 160, 3), level, np.uint8)]) == [[]]


def test_noise_has_no_face(detector: Detector) -> None:
    size = (480, 640) if not isinstance(detector, DlibDetector) else (120, 160)
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    assert detector([noise]) == [[]]


def test_no_frames_give_no_faces(any_detector: Detector) -> None:
    assert any_detector([]) == []


@pytest.mark.parametrize("shape", [(1, 1), (3, 500), (7, 9)])
def test_odd_frames_are_no_trouble(any_detector: Detector, shape: tuple[int, int]) -> None:
    assert any_detector([np.zeros((*shape, 3), np.uint8)]) == [[]]


def test_frames_of_16_bits_give_the_same(detector: Detector, dst: Sample) -> None:
    image = halved(dst.images[0])
    first, second = detector([image, image.astype(np.uint16) * 257])
    assert np.array_equal(first[0].landmarks, second[0].landmarks)


def test_a_frame_gives_the_same_in_any_company(detector: Detector, dst: Sample) -> None:
    frames = [halved(image) for image in dst.images[:2]]
    alone = detector(frames[:1])[0][0]
    among = detector([np.zeros((45, 80, 3), np.uint8), *frames])[1][0]
    assert np.allclose(alone.landmarks, among.landmarks, atol=1e-2)


def test_boxes_hold_the_landmarks(detector: Detector, src: Sample) -> None:
    for faces in detector(affordable(detector, src, 8).images):
        left, top, right, bottom = faces[0].box
        low, high = faces[0].landmarks.min(axis=0), faces[0].landmarks.max(axis=0)
        assert left <= low[0] and top <= low[1] and right >= high[0] and bottom >= high[1]
        assert 0 < faces[0].score <= 1


def test_frontal_faces_carry_a_dense_mesh(detector: Detector, dst: Sample) -> None:
    """Some models can learn from nothing else."""
    shown = affordable(detector, dst, 4)
    for faces, truth in zip(detector(shown.images), shown.landmarks, strict=True):
        mesh = faces[0].mesh
        assert mesh is not None and mesh.shape == (478, 3)
        assert error(mesh[list(IBUG68), :2], truth) < 0.14


@pytest.mark.parametrize("name", AUTOMATIC)
def test_small_faces_can_be_left_out(name: str, dst: Sample) -> None:
    assert opened(name, min_size=1000)([halved(dst.images[0])]) == [[]]


@pytest.mark.parametrize("name", AUTOMATIC)
def test_the_number_of_faces_can_be_limited(name: str, two_people: Sample) -> None:
    assert len(opened(name, max_faces=1)(two_people.images[:1])[0]) == 1


@pytest.mark.parametrize("name", AUTOMATIC)
def test_calls_from_several_threads_do_not_mix(name: str, dst: Sample) -> None:
    detector = opened(name)
    frames = [halved(image) for image in dst.images[:2]]
    one_by_one = [detector([frame])[0][0].landmarks for frame in frames]
    with ThreadPoolExecutor(4) as pool:
        at_once = list(pool.map(lambda frame: detector([frame])[0][0].landmarks, frames * 2))
    for found, expected in zip(at_once, one_by_one * 2, strict=True):
        assert np.allclose(found, expected, atol=1e-2)
