"""What faceswap notes of faces is read, and cannot run anything."""

import pickle  # noqa: TID251 - alignments are one
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recast import images
from recast.errors import FaceFileUnreadable, ForeignFileUnreadable
from recast.faceset import load_record
from recast.interop.faceswap import faces_by_frame, is_faceswap, read_alignments, read_header
from tests.foreign import (
    faceswap_alignments,
    faceswap_face,
    faceswap_png,
    png_with,
    some_landmarks,
)

CROP = np.zeros((64, 64, 3), np.uint8)
LANDMARKS = some_landmarks()


def written(folder: Path, data: bytes, name: str = "take_alignments.fsa") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def packed(content: object) -> bytes:
    return zlib.compress(pickle.dumps(content))


def test_all_faces_of_a_take_are_read(tmp_path: Path) -> None:
    frames = {"take_000001.png": [LANDMARKS], "take_000007.png": [LANDMARKS, LANDMARKS + 5]}
    faces, damaged = read_alignments(written(tmp_path, faceswap_alignments(frames)))
    assert [(face.frame, face.number) for face in faces] == [
        ("take_000001.png", 0),
        ("take_000007.png", 6),
        ("take_000007.png", 6),
    ]
    assert np.array_equal(faces[2].landmarks, LANDMARKS + 5)
    assert faces[0].box == (188, 122, 311, 240)
    assert damaged == 0


def test_an_old_file_is_read(tmp_path: Path) -> None:
    """Without a version, frames are lists, and landmarks were spelled otherwise."""
    face = faceswap_face(LANDMARKS)
    face["landmarksXY"] = face.pop("landmarks_xy")
    faces, _ = read_alignments(written(tmp_path, packed({"a_000002.png": [face]})))
    assert faces[0].number == 1
    assert np.allclose(faces[0].landmarks, LANDMARKS)


@pytest.mark.parametrize(
    "change",
    [
        {"landmarks_xy": None},
        {"landmarks_xy": [[1, 2]] * 67},
        {"landmarks_xy": [[1, 2]] * 68},
        {"landmarks_xy": [[1, float("inf")]] * 68},
        {"landmarks_xy": [["a", "b"]] * 68},
        {"x": "left"},
        {"w": 0},
        {"h": None},
        {"y": 10**400},
    ],
)
def test_a_damaged_face_is_counted_and_passed_over(tmp_path: Path, change: Any) -> None:
    faces = [faceswap_face(LANDMARKS) | change, faceswap_face(LANDMARKS)]
    path = written(tmp_path, packed({"__data__": {"a_000001.png": {"faces": faces}}}))
    if "y" in change:  # more than 512 bits are not even read
        with pytest.raises(ForeignFileUnreadable):
            read_alignments(path)
        return
    found, damaged = read_alignments(path)
    assert (len(found), damaged) == (1, 1)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "cut off"),
        (b"not packed", "not packed"),
        (zlib.compress(b"abc")[:-2], "cut off"),
        (zlib.compress(b"abc"), "pickle"),
        (packed([1]), "no frames"),
        (packed({"__data__": 5}), "no frames"),
        (zlib.compress(b"cos\nsystem\n(Vtrue\ntR."), r"os\.system"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, data: bytes, why: str) -> None:
    with pytest.raises(ForeignFileUnreadable, match=why) as caught:
        read_alignments(written(tmp_path, data))
    assert "take_alignments.fsa" in str(caught.value)


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recast.interop.faceswap._LARGEST_CONTENT", 10_000)
    path = written(tmp_path, zlib.compress(bytes(10_000_000)))
    with pytest.raises(ForeignFileUnreadable, match="unpacks to more"):
        read_alignments(path)


def test_the_face_of_a_picture_is_read(tmp_path: Path) -> None:
    data = faceswap_png(CROP, LANDMARKS, name="anna's take_000012.mp4")
    path = written(tmp_path, data, "f.png")
    face = read_header(path)
    assert (face.frame, face.number) == ("anna's take_000012.mp4", 11)
    assert np.allclose(face.landmarks, LANDMARKS)
    assert is_faceswap(path)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "no plain value"),
        (b"{'alignments': 1}", "damaged"),
        (b"[1]", "damaged"),
        (b"\xff", "no text"),
        (b"__import__('os').system('true')", "no plain value"),
    ],
)
def test_a_broken_picture_is_named(tmp_path: Path, text: bytes, why: str) -> None:
    plain = images.encode(CROP, ".png")
    data = png_with(plain, b"iTXt", b"faceswap\0\0\0\0\0" + text, at_the_end=False)
    with pytest.raises(ForeignFileUnreadable, match=rf"f\.png.*{why}"):
        read_header(written(tmp_path, data, "f.png"))


def test_other_pictures_are_not_of_faceswap(tmp_path: Path) -> None:
    images.save(tmp_path / "plain.png", CROP)
    assert not is_faceswap(tmp_path / "plain.png")
    assert not is_faceswap(tmp_path / "gone.png")
    with pytest.raises(ForeignFileUnreadable, match="no face metadata"):
        read_header(tmp_path / "plain.png")


def test_as_a_face_file_its_error_says_how_to_import_it(tmp_path: Path) -> None:
    path = written(tmp_path, faceswap_png(CROP, LANDMARKS, name="a_000001.png"), "f.png")
    with pytest.raises(FaceFileUnreadable, match="recast import"):
        load_record(path)


def test_frames_are_found_by_number_or_by_name(tmp_path: Path) -> None:
    frames = {"take_000002.mp4": [LANDMARKS], "portrait.png": [LANDMARKS]}
    faces, _ = read_alignments(written(tmp_path, faceswap_alignments(frames)))
    assert [index for index, _ in faces_by_frame(faces, [])] == [1]
    pictures = ["another.png", "portrait.jpg", "take_000002.mp4"]
    assert [index for index, _ in faces_by_frame(faces, pictures)] == [2, 1]


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_damaged_files_are_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    stream = zlib.decompress(faceswap_alignments({"a_000001.png": [LANDMARKS]}))
    picture = faceswap_png(CROP, LANDMARKS, name="a_000001.png")
    for content, read, name in (
        (stream, read_alignments, "f.fsa"),
        (picture, read_header, "f.png"),
    ):
        damaged = bytearray(content)
        for _ in range(data.draw(st.integers(1, 5))):
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
        stored = zlib.compress(bytes(damaged)) if name == "f.fsa" else bytes(damaged)
        try:
            read(written(tmp_path, stored, name))
        except ForeignFileUnreadable as error:
            assert name in str(error)
