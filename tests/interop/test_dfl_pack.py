"""Packs of DeepFaceLab give back their files, and nothing else."""

import pickle  # noqa: TID251 - the list in a pack is one
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recast.errors import ForeignFileUnreadable
from recast.interop.dfl_pack import pack_contents, packed_files
from tests.foreign import dfl_pack

FILES = {"00001_0.jpg": b"first", "00002_0.jpg": b"", "für 顔.png": b"third" * 100}


def written(folder: Path, data: bytes) -> Path:
    path = folder / "faceset.pak"
    path.write_bytes(data)
    return path


def unpacked(path: Path) -> dict[str, bytes]:
    return {face.name: data for face, data in packed_files(path, pack_contents(path))}


def test_every_file_comes_back(tmp_path: Path) -> None:
    assert unpacked(written(tmp_path, dfl_pack(FILES))) == FILES


def test_persons_are_told(tmp_path: Path) -> None:
    contents = pack_contents(written(tmp_path, dfl_pack(FILES, person="anna")))
    assert {face.person for face in contents} == {"anna"}


def test_an_empty_pack_holds_nothing(tmp_path: Path) -> None:
    assert unpacked(written(tmp_path, dfl_pack({}))) == {}


def pack_of(listed: object, places: list[int], rest: bytes = b"") -> bytes:
    head = pickle.dumps(listed, 4)
    return struct.pack("<QQ", 1, len(head)) + head + struct.pack(f"<{len(places)}Q", *places) + rest


ONE: list[dict[str, Any]] = [{"filename": "a.jpg", "person_name": None}]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "cut off"),
        (struct.pack("<QQ", 2, 0), "version"),
        (struct.pack("<QQ", 1, 2**60), "larger than"),
        (struct.pack("<QQ", 1, 3) + b"abc", "is refused"),
        (pack_of("text", [0]), "no list of faces"),
        (pack_of([1, 2], [0, 0, 0]), "no list of faces"),
        (pack_of(ONE, [0]), "cut off"),
        (pack_of(ONE, [5, 9]), "places"),
        (pack_of(ONE * 2, [0, 2**63, 0], b"x"), "disorder"),
        (pack_of(ONE * 2, [0, 9, 0], b"x"), "disorder"),
        (pack_of([{"filename": "../../evil.jpg"}], [0, 0], b"x"), "evil"),
        (pack_of([{"filename": "a/b.jpg"}], [0, 0], b"x"), "plain names|a/b"),
        (pack_of([{"filename": "C:\\a.jpg"}], [0, 0], b"x"), "C:"),
        (pack_of([{"filename": "a\x00.jpg"}], [0, 0], b"x"), "file named"),
        (pack_of([{"filename": ".hidden"}], [0, 0], b"x"), "hidden"),
        (pack_of([{"filename": "con.jpg"}], [0, 0], b"x"), r"con\.jpg"),
        (pack_of([{"filename": "a.jpg."}], [0, 0], b"x"), "file named"),
        (pack_of([{"filename": "a" * 300}], [0, 0], b"x"), "file named"),
        (pack_of([{"filename": 5}], [0, 0], b"x"), "file named"),
        (pack_of([{}], [0, 0], b"x"), "file named"),
        (pack_of([{"filename": "a.jpg", "person_name": ".."}], [0, 0], b"x"), r"\.\."),
    ],
)
def test_a_broken_pack_is_named(tmp_path: Path, data: bytes, why: str) -> None:
    with pytest.raises(ForeignFileUnreadable, match=why) as caught:
        unpacked(written(tmp_path, data))
    assert "faceset.pak" in str(caught.value)


def test_a_malicious_list_is_refused_and_not_run(tmp_path: Path) -> None:
    place = tmp_path / "was run"
    stream = f"cos\nsystem\n(Vtouch '{place}'\ntR.".encode()
    with pytest.raises(ForeignFileUnreadable, match=r"os\.system"):
        pack_contents(written(tmp_path, struct.pack("<QQ", 1, len(stream)) + stream))
    assert not place.exists()


def test_a_missing_pack_is_named(tmp_path: Path) -> None:
    with pytest.raises(ForeignFileUnreadable, match="gone"):
        pack_contents(tmp_path / "gone.pak")


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_damaged_packs_are_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(dfl_pack(FILES))
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = written(tmp_path, bytes(content[: data.draw(st.integers(0, len(content)))]))
    try:
        unpacked(path)
    except ForeignFileUnreadable as error:
        assert "faceset.pak" in str(error)
