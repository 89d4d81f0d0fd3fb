"""A face set of somebody else cannot run anything, hide an endless loop, or fill the memory."""

import base64
import sqlite3
import struct
import tarfile
import zlib
from collections.abc import Callable, Sequence
from contextlib import closing
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from recast import images
from recast.errors import FaceFileUnreadable, ForeignFileUnreadable, NoFaceFound
from recast.faceset import FaceRecord, load_face, load_faceset, load_record, save_face
from recast.faceset.containers import CONTAINERS
from recast.faceset.drawn_mask import carried_mask
from recast.faceset.index import INDEX_NAME
from recast.faceset.xmp import LARGEST_PACKET, pack
from recast.geometry import Points
from recast.interop.dfl_pack import pack_contents
from recast.interop.faceswap import read_alignments
from recast.interop.tar import tar_files
from recast.stages import import_faces
from recast.stages.import_faces import ImportOptions
from recast.stages.merge import MergeOptions
from recast.workspace import Workspace
from tests import foreign
from tests.faceset.conftest import drawn_crop, record_of

NUMBERS = 8 * 6 + 4 * (2 * 68 + 4 + 4)
"""Bytes of the numbers of a face in the index; all ones are no numbers."""


def a_set(folder: Path, count: int = 2) -> Path:
    folder.mkdir(exist_ok=True)
    for frame in range(count):
        save_face(folder / f"{frame:06d}_0.jpg", drawn_crop(), record_of(frame=frame))
    return folder


def with_index(folder: Path, *commands: str) -> Path:
    """A face set whose index somebody changed."""
    load_faceset(a_set(folder))
    with closing(sqlite3.connect(folder / INDEX_NAME)) as database, database:
        for command in commands:
            blob = ([b"\xff" * NUMBERS],) if "?" in command else ()
            database.execute(command, *blob)
    return folder


ENDLESS = (
    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "
    "SELECT x AS id, 'a' AS name, 1 AS length, 1 AS modified, 'b' AS take, 1 AS frame, "
    "1 AS numerator, 1 AS denominator, 'full' AS framing, 64 AS size, 0 AS track, x'00' AS numbers "
    "FROM n"
)


@pytest.mark.parametrize(
    "commands",
    [
        ("DROP TABLE faces", f"CREATE VIEW faces AS {ENDLESS}"),
        ("CREATE TRIGGER t AFTER DELETE ON faces BEGIN DELETE FROM faces; END",),
        ("UPDATE faces SET frame = 4000000000000000000",),
        ("UPDATE faces SET size = -1",),
        ("UPDATE faces SET framing = 'whole planet'",),
        ("UPDATE faces SET numbers = ?",),
        ("UPDATE faces SET denominator = 0",),
        ("UPDATE faces SET name = frame",),
        ("PRAGMA user_version = 9",),
    ],
)
def test_an_index_of_somebody_else_is_believed_in_nothing_harmful(
    commands: tuple[str, ...], tmp_path: Path
) -> None:
    faces = load_faceset(with_index(tmp_path / "faces", *commands))
    assert list(faces.frames) == [0, 1] and list(faces.sizes) == [64, 64]
    assert np.isfinite(faces.landmarks).all() and set(faces.framings) == {"full"}


def test_a_broken_index_of_which_sqlite_says_out_of_memory_is_made_anew(tmp_path: Path) -> None:
    folder = a_set(tmp_path / "faces")
    load_faceset(folder)
    index = folder / INDEX_NAME
    whole = index.read_bytes()
    for at in range(100, min(len(whole), 8300), 23):
        index.write_bytes(whole[:at] + b"\xff" * 9 + whole[at + 9 :])
        assert list(load_faceset(folder).frames) == [0, 1]


def test_a_feature_of_a_million_numbers_is_measured_again(tmp_path: Path) -> None:
    from recast.faceset.features import cached

    folder = a_set(tmp_path / "faces")
    load_faceset(folder)
    with closing(sqlite3.connect(folder / INDEX_NAME)) as database, database:
        database.execute('CREATE TABLE "feature wide" (face INTEGER PRIMARY KEY, value BLOB)')
        database.execute('INSERT INTO "feature wide" SELECT id, zeroblob(4000000) FROM faces')

    def ones(crops: Sequence[NDArray[np.uint8]], _: Sequence[Points]) -> NDArray[np.float32]:
        return np.ones((len(crops), 2), np.float32)

    columns = cached(load_faceset(folder), "wide", ones, lambda _: None)
    assert np.array_equal(columns, np.ones((2, 2)))


def test_faces_of_frames_that_the_take_has_not_are_left_out(trained: Workspace) -> None:
    """A face that says it is of frame 999,999,999 would have been waited for, frame by frame."""
    folder = trained.faceset_folder("dst")
    path = next(iter(sorted(folder.glob("*.jpg"))))
    crop, record = load_face(path)
    far = record.source.model_copy(update={"frame": 10**9 - 1})
    save_face(folder / "999999999_0.jpg", crop, record.model_copy(update={"source": far}))
    out = trained.merge(frames="0:2", device="cpu", out=trained.root / "r.mp4")
    assert out.is_file()
    for other in folder.glob("0*.jpg"):
        other.unlink()
    with pytest.raises(NoFaceFound, match="of a frame of"):
        trained.merge(**MergeOptions(frames="2:4", device="cpu").model_dump())


def a_png(width: int, height: int) -> str:
    """A mask in base64 that says it has this size."""
    data = images.encode(np.zeros((8, 8, 3), np.uint8), ".png")
    head = struct.pack(">II", width, height) + data[24:29]
    check = zlib.crc32(b"IHDR" + head).to_bytes(4)
    return base64.b64encode(data[:16] + head + check + data[33:]).decode()


@pytest.mark.parametrize("png", [a_png(30_000, 30_000), "A", "AAAA", "====", a_png(9, 9)[:-30]])
def test_a_mask_that_is_none_or_a_bomb_is_no_mask(png: str) -> None:
    assert carried_mask(record_of(segmentation=png)).max() == 0


def padded(record: FaceRecord, spare: int) -> bytes:
    text = record.model_dump_json(exclude_none=True)
    return pack(text)[:-20] + b" " * spare + pack(text)[-20:]


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_a_packet_that_is_too_large_is_refused(suffix: str, tmp_path: Path) -> None:
    packet = padded(record_of(), LARGEST_PACKET)
    picture = images.encode(drawn_crop(), suffix)
    path = tmp_path / f"a{suffix}"
    if suffix == ".jpg":  # it takes more than a segment holds
        with pytest.raises(OverflowError):
            CONTAINERS[suffix].put(picture, packet)
        return
    path.write_bytes(CONTAINERS[suffix].put(picture, packet))
    with pytest.raises(FaceFileUnreadable, match="metadata is too large"):
        load_record(path)


def test_entities_in_a_packet_expand_to_nothing(tmp_path: Path) -> None:
    laughs = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    packet = pack(record_of().model_dump_json(exclude_none=True))
    path = tmp_path / "a.png"
    picture = images.encode(drawn_crop(), ".png")
    path.write_bytes(CONTAINERS[".png"].put(picture, laughs + packet))
    with pytest.raises(FaceFileUnreadable, match=r"document type|not well-formed"):
        load_record(path)


NAMES = ["../a.jpg", "/tmp/a.jpg", "..\\a.jpg", "C:\\a.jpg", "a/b.jpg", "con.jpg", ".a.jpg"]


@pytest.mark.parametrize("name", NAMES)
def test_names_in_packs_lead_nowhere(name: str, tmp_path: Path) -> None:
    pack_file = tmp_path / "faceset.pak"
    pack_file.write_bytes(foreign.dfl_pack({name: b"x"}))
    with pytest.raises(ForeignFileUnreadable, match="it holds a file named"):
        pack_contents(pack_file)
    pack_file.write_bytes(foreign.dfl_pack({"a.jpg": b"x"}, person=name))
    with pytest.raises(ForeignFileUnreadable, match="it holds a file named"):
        pack_contents(pack_file)
    tar_file = tmp_path / "a.tar"
    with tarfile.open(tar_file, "w") as tar:
        tar.addfile(tarfile.TarInfo(name), BytesIO(b""))
    with pytest.raises(ForeignFileUnreadable, match="it holds a file named"):
        list(tar_files(tar_file))


def test_a_file_of_alignments_unpacks_to_no_more_than_its_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from recast.interop import faceswap

    monkeypatch.setattr(faceswap, "_LARGEST_CONTENT", 1 << 20)
    path = tmp_path / "a.fsa"
    path.write_bytes(zlib.compress(bytes(64 << 20)))
    with pytest.raises(ForeignFileUnreadable):
        read_alignments(path)


@pytest.mark.parametrize("make", [foreign.dfl_jpeg, foreign.dfl_png])
def test_a_face_that_would_run_a_command_runs_none(
    make: Callable[..., bytes], tmp_path: Path
) -> None:
    trap = b"cos\nmkdir\n(V" + str(tmp_path / "trapped").encode() + b"\ntR."
    faces = tmp_path / "theirs"
    faces.mkdir()
    suffix = ".jpg" if make is foreign.dfl_jpeg else ".png"
    (faces / f"00001_0{suffix}").write_bytes(make(drawn_crop(), trap))
    with pytest.raises(NoFaceFound):
        import_faces.run(faces, tmp_path / "ours", ImportOptions())
    assert not (tmp_path / "trapped").exists()
