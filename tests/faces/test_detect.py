"""What every detector must find."""

import numpy as np
import pytest

from recast.faces import Detector, MeshDetector

from .conftest import Sample, error, some, staged


@pytest.mark.parametrize("take", ["src", "dst"])
def test_every_face_is_found_where_it_is(
    detector: Detector, take: str, request: pytest.FixtureRequest
) -> None:
    truth: Sample = request.getfixturevalue(take)
    found = detector(truth.images)
    assert [len(faces) for faces in found] == [1] * len(truth.images)
    errors = [error(f[0].landmarks, t) for f, t in zip(found, truth.landmarks, strict=True)]
    assert np.mean(errors) < 0.075
    assert np.max(errors) < 0.14


def test_frontal_landmarks_are_exact_but_for_their_definition(
    detector: Detector, dst: Sample
) -> None:
    frontal = np.abs(dst.pose[:, 0]) < 15
    images = [image for image, is_frontal in zip(dst.images, frontal, strict=True) if is_frontal]
    truth = dst.landmarks[frontal]
    eyes = np.linalg.norm(truth[:, 36] - truth[:, 45], axis=1)[:, None, None]
    off = (np.stack([faces[0].landmarks for faces in detector(images)]) - truth) / eyes
    assert np.linalg.norm(off - off.mean(axis=0), axis=2).mean() < 0.02


def test_pose_is_that_of_the_head(detector: Detector, dst: Sample) -> None:
    poses = [faces[0].pose for faces in detector(dst.images)]
    off = np.array([[p.yaw, p.pitch, p.roll] for p in poses]) - dst.pose
    assert (np.abs(off).mean(axis=0) < [3, 3, 1.5]).all()


def test_both_people_are_found(detector: Detector, two_people: Sample) -> None:
    for faces, truth in zip(detector(two_people.images), two_people.landmarks, strict=True):
        assert len(faces) == 2
        ordered = sorted(faces, key=lambda face: face.box[0])
        expected = sorted(truth, key=lambda points: points[:, 0].min())
        assert all(error(f.landmarks, t) < 0.14 for f, t in zip(ordered, expected, strict=True))


def test_the_largest_face_comes_first(detector: Detector, two_people: Sample) -> None:
    for faces in detector(two_people.images):
        assert faces[0].size >= faces[1].size


@pytest.mark.parametrize("size", [(640, 480), (1280, 720), (1920, 1080)])
def test_faces_of_40_pixels_are_found(
    detector: Detector, dst: Sample, size: tuple[int, int]
) -> None:
    for image, truth in some(dst, 3):
        frame, moved = staged(image, truth, height=40, size=size)
        faces = detector([frame])[0]
        assert min(error(face.landmarks, moved) for face in faces) < 0.15


@pytest.mark.parametrize("share", [0.5, 0.8, 1.1])
def test_close_ups_are_found(detector: Detector, dst: Sample, share: float) -> None:
    for image, truth in some(dst):
        frame, moved = staged(image, truth, height=480 * share, size=(640, 480))
        assert min(error(face.landmarks, moved) for face in detector([frame])[0]) < 0.15


@pytest.mark.parametrize("turn", [45, -45, 90, -90, 180])
def test_tilted_heads_are_found(detector: Detector, dst: Sample, turn: int) -> None:
    for image, truth in some(dst):
        frame, moved = staged(image, truth, height=150, size=(640, 480), turn=turn)
        faces = detector([frame])[0]
        assert [error(face.landmarks, moved) < 0.15 for face in faces] == [True]


def test_roll_is_positive_clockwise(detector: Detector, dst: Sample) -> None:
    frame, _ = staged(*some(dst, 1)[0], height=150, size=(640, 480), turn=-30)
    upright, _ = staged(*some(dst, 1)[0], height=150, size=(640, 480))
    tilted, straight = (faces[0].pose.roll for faces in detector([frame, upright]))
    assert tilted - straight == pytest.approx(30, abs=2)


def test_half_the_size_gives_half_the_landmarks(detector: Detector, dst: Sample) -> None:
    for image, _ in some(dst):
        small = image.reshape(240, 2, 320, 2, 3).mean((1, 3)).round().astype(np.uint8)
        whole, half = detector([image, small])
        assert error((half[0].landmarks + 0.5) * 2 - 0.5, whole[0].landmarks) < 0.02


def test_mirrored_frames_give_mirrored_landmarks(detector: Detector, dst: Sample) -> None:
    """Shows that no point is half a pixel off."""
    off = []
    for image, _ in some(dst, 8):
        mirrored = np.ascontiguousarray(image[:, ::-1])
        here, there = (faces[0].landmarks for faces in detector([image, mirrored]))
        off.append((here[:, 0] + there[:, 0]).mean() / 2 - (image.shape[1] - 1) / 2)
    assert abs(np.mean(off)) < 0.25


@pytest.mark.parametrize("level", [0, 128, 255])
def test_an_empty_frame_has_no_face(detector: Detector, level: int) -> None:
    assert detector([np.full((360, 640, 3), level, np.uint8)]) == [[]]


def test_noise_has_no_face(detector: Detector) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    assert detector([noise]) == [[]]


def test_no_frames_give_no_faces(detector: Detector) -> None:
    assert detector([]) == []


@pytest.mark.parametrize("shape", [(1, 1), (3, 500), (7, 9)])
def test_odd_frames_are_no_trouble(detector: Detector, shape: tuple[int, int]) -> None:
    assert detector([np.zeros((*shape, 3), np.uint8)]) == [[]]


def test_frames_of_16_bits_give_the_same(detector: Detector, dst: Sample) -> None:
    image = dst.images[0]
    first, second = detector([image, image.astype(np.uint16) * 257])
    assert np.array_equal(first[0].landmarks, second[0].landmarks)


def test_a_frame_gives_the_same_in_any_company(detector: Detector, dst: Sample) -> None:
    alone = detector(dst.images[:1])[0][0]
    among = detector([np.zeros((90, 160, 3), np.uint8), *dst.images[:3]])[1][0]
    assert np.allclose(alone.landmarks, among.landmarks, atol=1e-2)


def test_boxes_hold_the_landmarks(detector: Detector, src: Sample) -> None:
    for faces in detector(src.images[:8]):
        left, top, right, bottom = faces[0].box
        low, high = faces[0].landmarks.min(axis=0), faces[0].landmarks.max(axis=0)
        assert left <= low[0] and top <= low[1] and right >= high[0] and bottom >= high[1]
        assert 0 < faces[0].score <= 1


def test_small_faces_can_be_left_out(dst: Sample) -> None:
    assert MeshDetector(min_size=1000)(dst.images[:1]) == [[]]


def test_the_number_of_faces_can_be_limited(two_people: Sample) -> None:
    assert len(MeshDetector(max_faces=1)(two_people.images[:1])[0]) == 1
