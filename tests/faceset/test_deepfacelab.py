"""Face files of DeepFaceLab are read as they are, and cannot run anything."""

import base64
import os
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recast.errors import FaceFileUnreadable
from recast.faces import Framing, placement, pose_of
from recast.faceset import FaceRecord, load_face, load_faceset, load_record, save_face
from recast.faceset.deepfacelab import frame_of
from recast.faceset.record import MOST_POINTS, MOST_POLYGONS
from recast.geometry import Similarity
from recast.images import FrameImage
from tests.foreign import FACE_TYPES, dfl_jpeg, dfl_png, dfl_values, some_landmarks

from .conftest import drawn_crop, record_of

SIZE = 64
LANDMARKS = some_landmarks()
PLACED = placement(LANDMARKS, SIZE, "full")
Write = Callable[[FrameImage, object], bytes]
FORMATS: dict[str, Write] = {".jpg": dfl_jpeg, ".png": dfl_png}


def old_values(**changes: Any) -> dict[str, Any]:
    """What the version of January 2019 notes of a face."""
    return {
        "face_type": "full_face",
        "landmarks": PLACED.apply(LANDMARKS).tolist(),
        "yaw_value": 0.1,
        "pitch_value": -0.2,
        "source_filename": "00004.png",
        "source_rect": [190, 110, 310, 245],
        "source_landmarks": np.rint(LANDMARKS).astype(int).tolist(),
        **changes,
    }


def values(**changes: Any) -> dict[str, Any]:
    return dfl_values(LANDMARKS, PLACED) | changes


@pytest.fixture(params=FORMATS)
def read(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[object], FaceRecord]:
    """Writes a face file with these values and gives what is read."""

    def read(said: object) -> FaceRecord:
        path = tmp_path / f"00004_0{request.param}"
        path.write_bytes(FORMATS[request.param](drawn_crop(SIZE), said))
        crop, record = load_face(path)
        assert crop.shape == (SIZE, SIZE, 3)
        assert load_record(path) == record
        return record

    return read


Read = Callable[[object], FaceRecord]


def test_a_face_of_the_last_version_is_read(read: Read) -> None:
    record = read(values())
    assert (record.framing, record.size, record.score) == ("full", SIZE, 1)
    assert (record.source.frame, record.source.moment) == (3, Fraction(0))
    assert np.allclose(record.points, LANDMARKS, atol=1e-3)
    assert np.allclose(record.placed.matrix, PLACED.matrix, atol=1e-4)
    assert record.box == (188, 122, 311, 240)
    assert record.pose.yaw == pytest.approx(pose_of(LANDMARKS).yaw, abs=0.01)
    assert record.mesh is None and record.track is None and record.segmentation is None
    assert record.polygons == ()


def test_a_face_of_2019_is_placed_by_its_landmarks(read: Read) -> None:
    record = read(old_values())
    assert record.source.frame == 3
    assert np.abs(record.placed.apply(LANDMARKS) - PLACED.apply(LANDMARKS)).max() < 0.5


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("array", [list, tuple, np.float32, np.float64])
def test_every_protocol_and_kind_of_number_is_read(
    tmp_path: Path, protocol: int, array: Any
) -> None:
    said = values(
        landmarks=array(PLACED.apply(LANDMARKS).tolist()),
        source_landmarks=array(LANDMARKS.tolist()),
        image_to_face_mat=array(PLACED.matrix.tolist()),
        source_rect=array([190, 110, 310, 245]),
    )
    path = tmp_path / "f.jpg"
    path.write_bytes(dfl_jpeg(drawn_crop(SIZE), said, protocol=protocol))
    assert np.allclose(load_record(path).placed.matrix, PLACED.matrix, atol=1e-4)


@pytest.mark.parametrize("framing", FACE_TYPES)
def test_every_face_type_has_its_framing(read: Read, framing: Framing) -> None:
    placed = placement(LANDMARKS, SIZE, framing)
    assert read(dfl_values(LANDMARKS, placed, framing=framing)).framing == framing


def test_a_face_without_a_type_is_a_full_one(read: Read) -> None:
    said = values()
    del said["face_type"]
    assert read(said).framing == "full"


@pytest.mark.parametrize("face_type", ["mark_only", "head_no_align", "avatar", 4, None, ["x"]])
def test_a_type_without_a_framing_is_refused(read: Read, face_type: object) -> None:
    with pytest.raises(FaceFileUnreadable, match="face type"):
        read(values(face_type=face_type))


def test_landmarks_in_the_frame_follow_from_the_crop(read: Read) -> None:
    record = read(values(source_landmarks=None))
    assert np.allclose(record.points, LANDMARKS, atol=1e-2)


def test_a_matrix_that_contradicts_the_landmarks_does_not_count(read: Read) -> None:
    wrong = PLACED.then(Similarity(np.array([[1.0, 0, 20], [0, 1, 0]])))
    for matrix in (wrong.matrix, np.zeros((2, 3)), np.array([[1.0, 5, 0], [0, 1, 0]]), "no", 7):
        record = read(values(image_to_face_mat=matrix))
        assert np.allclose(record.placed.matrix, PLACED.matrix, atol=1e-3)


@pytest.mark.parametrize("rect", [None, (1, 2, 3), (5, 5, 5, 5), "abcd", [None] * 4])
def test_a_missing_box_is_that_of_the_landmarks(read: Read, rect: object) -> None:
    found = np.array(read(values(source_rect=rect)).box)
    assert np.allclose(found, [*LANDMARKS.min(0), *LANDMARKS.max(0)], atol=0.01)


@pytest.mark.parametrize(
    ("name", "frame"),
    [
        ("00001.png", 0),
        ("00017.jpg", 16),
        ("a shot 2 take_000120.png", 119),
        ("/home/anna/data_dst/00005.png", 4),
        ("D:\\work\\data_dst\\00005.png", 4),
        ("00000.png", 0),
        ("portrait.png", 0),
        ("9" * 40 + ".png", 999_999_998),
        ("", 0),
        (None, 0),
        (5, 0),
    ],
)
def test_frames_are_counted_from_0(name: object, frame: int) -> None:
    assert frame_of(name) == frame


SQUARE = [[10.0, 10.0], [50.0, 10.0], [50.0, 50.0], [10.0, 50.0]]


@pytest.mark.parametrize(
    "drawn",
    [
        {
            "polys": [
                {"type": 1, "pts": np.array(SQUARE, np.float32)},
                {"type": 0, "pts": SQUARE[:3]},
            ]
        },
        [(1, SQUARE), (0, SQUARE[:3])],
    ],
    ids=["the last version", "before 2020"],
)
def test_hand_drawn_masks_are_kept(read: Read, drawn: object) -> None:
    record = read(values(seg_ie_polys=drawn))
    assert [polygon.adds for polygon in record.polygons] == [True, False]
    assert record.polygons[0].points == tuple(map(tuple, SQUARE))


def circle(radius: float, corners: int) -> list[list[float]]:
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    around = np.stack([np.cos(angles), np.sin(angles)], axis=1) * radius + 32
    return [[float(x), float(y)] for x, y in around]


def test_too_many_polygons_and_points_are_thinned_to_what_fits(read: Read, tmp_path: Path) -> None:
    drawn = [
        {"type": index % 2, "pts": np.array(circle(5 + index % 20, 40), np.float32)}
        for index in range(60)
    ]
    drawn[0] = {"type": 1, "pts": np.array(circle(31, 1500), np.float32)}
    record = read(values(seg_ie_polys={"polys": drawn}))
    assert len(record.polygons) == MOST_POLYGONS
    assert sum(len(polygon.points) for polygon in record.polygons) <= MOST_POINTS
    outline = np.array(record.polygons[0].points, np.float32)
    assert cv2.contourArea(outline) == pytest.approx(np.pi * 31**2, rel=0.03)
    save_face(tmp_path / "kept.jpg", drawn_crop(SIZE), record)
    assert load_record(tmp_path / "kept.jpg") == record


@pytest.mark.parametrize(
    "drawn",
    ["text", 5, {"polys": 3}, {"polys": [None, 1, {}, {"type": 1}]}, [[1, 2, 3]], [(1, None)],
     {"polys": [{"type": 7, "pts": SQUARE}]}, [(1, [[1, 2]])], [(1, [["a", "b"]] * 3)]],
)  # fmt: skip
def test_what_is_no_polygon_is_passed_over(read: Read, drawn: object) -> None:
    assert read(values(seg_ie_polys=drawn)).polygons == ()


def coded(mask: np.ndarray[Any, Any], suffix: str) -> np.ndarray[Any, Any]:
    return np.asarray(cv2.imencode(suffix, mask)[1])


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
@pytest.mark.parametrize("flat", [True, False])
def test_a_segmentation_mask_is_kept(read: Read, suffix: str, flat: bool) -> None:
    mask = cv2.circle(np.zeros((256, 256), np.uint8), (128, 128), 90, 255, -1)
    data = coded(mask, suffix)
    record = read(values(xseg_mask=data.ravel() if flat else data.reshape(-1, 1)))
    assert record.segmentation is not None
    kept = decoded_mask(record)
    assert kept.shape == (256, 256)
    assert np.abs(kept.astype(int) - mask).mean() < 2


def decoded_mask(record: FaceRecord) -> np.ndarray[Any, Any]:
    data = np.frombuffer(base64.b64decode(record.segmentation or ""), np.uint8)
    found = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    assert found is not None
    return found


def test_a_mask_that_is_too_large_is_made_smaller(read: Read) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (160, 160)).astype(np.uint8)
    record = read(values(xseg_mask=coded(noise, ".jpg").tobytes()))
    assert decoded_mask(record).shape == (80, 80)


@pytest.mark.parametrize(
    "mask",
    [b"", b"not a picture", np.zeros(3, np.uint8), np.zeros((4, 4)), "text", 5,
     coded(np.zeros((8, 2000), np.uint8), ".png"), coded(np.zeros((5000, 5000), np.uint8), ".png")],
    ids=str,
)  # fmt: skip
def test_what_is_no_mask_is_passed_over(read: Read, mask: object) -> None:
    assert read(values(xseg_mask=mask)).segmentation is None


class Runs:
    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> Any:
        return os.system, (self.command,)


@pytest.mark.parametrize("key", ["landmarks", "source_filename", "extra"])
def test_a_malicious_file_is_named_and_not_run(read: Read, tmp_path: Path, key: str) -> None:
    place = tmp_path / "was run"
    with pytest.raises(FaceFileUnreadable, match=r"00004_0.*posix\.system|nt\.system"):
        read(values(**{key: Runs(f"echo > '{place}'")}))
    assert not place.exists()


def test_a_malicious_file_does_not_keep_the_others_from_being_read(tmp_path: Path) -> None:
    (tmp_path / "00001_0.jpg").write_bytes(dfl_jpeg(drawn_crop(SIZE), values()))
    (tmp_path / "00002_0.png").write_bytes(dfl_png(drawn_crop(SIZE), old_values()))
    (tmp_path / "00003_0.jpg").write_bytes(dfl_jpeg(drawn_crop(SIZE), Runs("true")))
    save_face(tmp_path / "00004_0.jpg", drawn_crop(SIZE), record_of())
    faces = load_faceset(tmp_path)
    assert faces.names.tolist() == ["00001_0.jpg", "00002_0.png", "00004_0.jpg"]
    assert "00003_0.jpg" in str(faces.unreadable[0])


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ([1, 2], "no record"),
        ({}, "where its landmarks"),
        (values(source_landmarks=None, image_to_face_mat=None), "where its landmarks"),
        (values(landmarks=None, image_to_face_mat=None), "how its crop"),
        (values(source_landmarks=[[1, 2]] * 67), "68 points"),
        (values(source_landmarks=[[1, 2]] * 68), "68 points"),
        (values(source_landmarks=[[1, float("nan")]] * 68), "68 points"),
        (values(source_landmarks="text"), "68 points"),
        (values(landmarks=[["a", "b"]] * 68), "68 points"),
        (values(landmarks=[[10**400, 1]] * 68), "68 points|512 bits"),
        (b"", "ends early"),
        (b"no pickle", "no pickle"),
    ],
)
def test_a_damaged_record_is_refused(read: Read, said: object, why: str) -> None:
    with pytest.raises(FaceFileUnreadable, match=why):
        read(said)


def test_a_picture_that_is_not_square_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wide.jpg"
    path.write_bytes(dfl_jpeg(drawn_crop(SIZE)[:32], values()))
    with pytest.raises(FaceFileUnreadable, match="not square"):
        load_record(path)


def test_a_record_behind_a_large_picture_is_found(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (900, 900, 3)).astype(np.uint8)
    placed = placement(LANDMARKS, 900, "full")
    path = tmp_path / "large.png"
    path.write_bytes(dfl_png(noise, dfl_values(LANDMARKS, placed)))
    assert path.stat().st_size > 2_000_000
    assert load_record(path).size == 900


def test_a_file_that_carries_both_records_is_recasts(tmp_path: Path) -> None:
    from recast.faceset.containers import CONTAINERS
    from recast.faceset.xmp import pack

    both = CONTAINERS[".jpg"].put(
        dfl_jpeg(drawn_crop(SIZE), values()), pack(record_of(frame=77).model_dump_json())
    )
    path = tmp_path / "both.jpg"
    path.write_bytes(both)
    assert load_record(path).source.frame == 77


@pytest.mark.parametrize("suffix", FORMATS)
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_damaged_files_are_read_or_refused(
    tmp_path: Path, suffix: str, data: st.DataObject
) -> None:
    content = bytearray(FORMATS[suffix](drawn_crop(32), values()))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / f"f{suffix}"
    path.write_bytes(content)
    for load in (load_record, load_face):
        with suppress(FaceFileUnreadable):
            load(path)


KEYS = ["landmarks", "source_landmarks", "image_to_face_mat", "source_rect", "source_filename",
        "face_type", "seg_ie_polys", "xseg_mask"]  # fmt: skip
ANYTHING = st.recursive(
    st.none() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=9,
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(changes=st.dictionaries(st.sampled_from(KEYS), ANYTHING))
def test_values_of_any_kind_are_read_or_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    path = tmp_path / "f.jpg"
    path.write_bytes(dfl_jpeg(drawn_crop(32), values(**changes)))
    with suppress(FaceFileUnreadable):
        load_record(path)
