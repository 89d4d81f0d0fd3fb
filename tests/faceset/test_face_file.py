"""Face files: what was saved comes back, and nothing bad comes in."""

import json
import zlib
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recast import images
from recast.errors import DiskTrouble, FaceFileUnreadable
from recast.faceset import (
    FaceRecord,
    Polygon,
    Source,
    face_file_name,
    load_face,
    load_record,
    save_face,
)
from recast.faceset.containers import CONTAINERS
from recast.faceset.xmp import LARGEST_PACKET, NAMESPACE, pack

from .conftest import drawn_crop, record_of

SUFFIXES = [".jpg", ".png"]


def with_packet(path: Path, packet: bytes, size: int = 64) -> Path:
    """A face file whose packet somebody else wrote."""
    plain = images.encode(drawn_crop(size), path.suffix)
    path.write_bytes(CONTAINERS[path.suffix].put(plain, packet))
    return path


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".jpeg", ".JPG"])
@pytest.mark.parametrize("mesh", [False, True])
def test_a_record_comes_back_as_it_was(tmp_path: Path, suffix: str, mesh: bool) -> None:
    path, record = tmp_path / f"f{suffix}", record_of(mesh=mesh)
    save_face(path, drawn_crop(), record)
    assert load_record(path) == record
    assert load_face(path)[1] == record


def test_a_png_keeps_every_bit_of_16(tmp_path: Path) -> None:
    crop = np.asarray(drawn_crop().astype(np.uint16) * 257 ^ 5, np.uint16)
    save_face(tmp_path / "f.png", crop, record_of())
    loaded, _ = load_face(tmp_path / "f.png")
    assert loaded.dtype == np.uint16
    assert (loaded == crop).all()


def test_a_jpeg_of_16_bits_is_rounded_to_8(tmp_path: Path) -> None:
    crop = drawn_crop()
    save_face(tmp_path / "f.jpg", np.asarray(crop.astype(np.uint16) * 257, np.uint16), record_of())
    loaded, _ = load_face(tmp_path / "f.jpg")
    assert loaded.dtype == np.uint8
    assert np.abs(loaded.astype(int) - crop).mean() < 2


def test_a_jpeg_keeps_full_colour_resolution(tmp_path: Path) -> None:
    save_face(tmp_path / "f.jpg", drawn_crop(), record_of())
    data = (tmp_path / "f.jpg").read_bytes()
    header = data.index(b"\xff\xc0")
    assert data[header + 11] == 0x11  # sampling of the first component: 1 x 1


def test_the_record_is_readable_json_in_the_packet(tmp_path: Path) -> None:
    save_face(tmp_path / "f.jpg", drawn_crop(), record_of(take="a & b <c>.mp4"))
    data = (tmp_path / "f.jpg").read_bytes()
    text = data.split(b"<recast:face>")[1].split(b"</recast:face>")[0].decode()
    value = json.loads(text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    assert value["version"] == 1
    assert value["source"] == {"take": "a & b <c>.mp4", "frame": 3, "moment": "3/25"}
    assert len(value["landmarks"]) == 68


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_record_is_found_in_the_head_of_the_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"f{suffix}"
    save_face(path, drawn_crop(), record_of(mesh=True))
    path.write_bytes(path.read_bytes()[:20_000])  # the picture may be gone
    assert load_record(path).source.frame == 3


def test_a_packet_behind_a_large_profile_is_found(tmp_path: Path) -> None:
    path = tmp_path / "f.jpg"
    save_face(path, drawn_crop(), record_of())
    data = path.read_bytes()
    profile = (b"\xff\xe2" + (65_000).to_bytes(2) + bytes(64_998)) * 3
    path.write_bytes(data[:2] + profile + data[2:])
    assert load_record(path) == record_of()


def test_the_fullest_record_fits_a_jpeg(tmp_path: Path) -> None:
    far = -999999.999
    polygon = Polygon(adds=True, points=((-999999.99, -999999.99),) * 100)
    record = FaceRecord.model_validate(
        record_of().model_dump()
        | {
            "source": Source(take="&" * 255, frame=10**9 - 1, moment=Fraction(-1, 10**17)),
            "landmarks": ((far, far),) * 68,
            "mesh": ((-999999.99,) * 3,) * 478,
            "polygons": (polygon,) * 5,
            "segmentation": "A" * 20_000,
        }
    )
    save_face(tmp_path / "f.jpg", drawn_crop(), record)
    assert load_face(tmp_path / "f.jpg")[1] == record


def test_a_packet_rewritten_with_an_attribute_is_read(tmp_path: Path) -> None:
    value = record_of().model_dump_json().replace('"', "&quot;")
    packet = (
        '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<r:Description xmlns:q="{NAMESPACE}" q:face="{value}"/></r:RDF>'
    )
    assert load_record(with_packet(tmp_path / "f.png", packet.encode())) == record_of()


def test_names_hold_frame_and_number() -> None:
    assert face_file_name(17, 2) == "000017_2.jpg"
    assert face_file_name(1234567, 0, ".png") == "1234567_0.png"


def test_unicode_folders_work(tmp_path: Path) -> None:
    path = tmp_path / "Gesichter 顔 é" / "f.jpg"
    path.parent.mkdir()
    save_face(path, drawn_crop(), record_of(take="Überfahrt 顔.mp4"))
    assert load_face(path)[1].source.take == "Überfahrt 顔.mp4"


def test_saving_leaves_nothing_half_made(tmp_path: Path) -> None:
    with pytest.raises((DiskTrouble, OSError)):
        save_face(tmp_path / "missing" / "f.jpg", drawn_crop(), record_of())
    save_face(tmp_path / "f.jpg", drawn_crop(), record_of())
    assert [path.name for path in tmp_path.iterdir()] == ["f.jpg"]


@pytest.mark.parametrize(
    ("name", "size"), [("f.webp", 64), ("f.jpg", 32)], ids=["suffix", "crop of another size"]
)
def test_saving_what_cannot_be_read_again_is_refused(tmp_path: Path, name: str, size: int) -> None:
    with pytest.raises(ValueError, match="f\\."):
        save_face(tmp_path / name, drawn_crop(size), record_of())


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8",
        b"\x89PNG\r\n\x1a\n",
        b"not a picture",
        b"\xff\xd8\xff\xe1\x00\x00",
        b"\0" * 99,
    ],
)
def test_what_is_no_face_file_is_named(tmp_path: Path, suffix: str, data: bytes) -> None:
    path = tmp_path / f"some face{suffix}"
    path.write_bytes(data)
    for read in (load_record, load_face):
        with pytest.raises(FaceFileUnreadable, match="some face"):
            read(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_plain_picture_is_no_face_file(tmp_path: Path, suffix: str) -> None:
    images.save(tmp_path / f"holiday{suffix}", drawn_crop())
    with pytest.raises(FaceFileUnreadable, match="carries no face metadata"):
        load_record(tmp_path / f"holiday{suffix}")


@pytest.mark.parametrize("name", ["gone.jpg", "folder.jpg", "face.txt"])
def test_what_cannot_be_opened_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "face.txt").write_text("a face")
    with pytest.raises(FaceFileUnreadable, match=name):
        load_face(tmp_path / name)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_truncated_picture_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"f{suffix}"
    save_face(path, drawn_crop(), record_of())
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FaceFileUnreadable, match="ends in the middle"):
        load_face(path)


def test_a_picture_of_another_size_than_its_record_is_never_decoded(tmp_path: Path) -> None:
    packet = pack(record_of(size=64).model_dump_json())
    with pytest.raises(FaceFileUnreadable, match="128x128"):
        load_face(with_packet(tmp_path / "f.png", packet, size=128))


def changed(**values: Any) -> str:
    return json.dumps(record_of().model_dump(mode="json") | values)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (changed(version=3), "newer recast"),
        (changed(landmarks=[[1, 2]] * 67), "landmarks"),
        (changed(landmarks=[["x", 2]] * 68), "landmarks"),
        (changed(box=[1, 2, 3, float("nan")]), "box|start"),
        (changed(score=1e400), "score|start"),
        (changed(size=10**6), "size"),
        (changed(pose={"yaw": 1e9, "pitch": 0, "roll": 0}), "pose"),
        (changed(source={"take": "a", "frame": 1, "moment": "1/0"}), "moment"),
        (changed(source={"take": "a", "frame": 1, "moment": "9" * 99 + "/1"}), "moment"),
        (changed(segmentation="../../etc/passwd\n"), "segmentation"),
        ("{}", "source"),
        ("[" * 20_000, "start"),
        ("null", "start"),
        ("", "start"),
        ("{'a': 1}", "start"),
        ("__import__('os')", "start"),
    ],
)
def test_a_wrong_record_is_refused(tmp_path: Path, value: str, why: str) -> None:
    with pytest.raises(FaceFileUnreadable, match=why):
        load_record(with_packet(tmp_path / "f.png", pack(value)))


BOMB = b"""<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<x xmlns:r="%s"><r:face>&b;</r:face></x>""" % NAMESPACE.encode()
OUTSIDE = b"""<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>
<x xmlns:r="%s"><r:face>&a;</r:face></x>""" % NAMESPACE.encode()


@pytest.mark.parametrize(
    ("packet", "why"),
    [
        (BOMB, "document type"),
        (OUTSIDE, "document type"),
        (b"<x>", "not well-formed"),
        (b"\xff\xfe\x00", "not well-formed"),
        (b"<x/>", "holds no face"),
        (b"<x/>" + b" " * LARGEST_PACKET, "too large"),
        (pack("{}").replace(b"</rdf:RDF>", b"<recast:face/></rdf:RDF>"), "not well-formed"),
    ],
)
def test_a_malicious_packet_is_refused(tmp_path: Path, packet: bytes, why: str) -> None:
    with pytest.raises(FaceFileUnreadable, match=why):
        load_record(with_packet(tmp_path / "f.png", packet))


def test_a_compressed_packet_is_not_unpacked(tmp_path: Path) -> None:
    plain = images.encode(drawn_crop(), ".png")
    content = b"iTXtXML:com.adobe.xmp\x00\x01\x00\x00\x00" + zlib.compress(b"\0" * 10**7)
    chunk = (len(content) - 4).to_bytes(4) + content + zlib.crc32(content).to_bytes(4)
    (tmp_path / "f.png").write_bytes(plain[:33] + chunk + plain[33:])
    with pytest.raises(FaceFileUnreadable, match="carries no face metadata"):
        load_record(tmp_path / "f.png")


def read_or_refuse(path: Path) -> None:
    for read in (load_record, load_face):
        try:
            read(path)
        except FaceFileUnreadable as error:
            assert path.name in str(error)


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_damaged_files_are_read_or_refused(
    tmp_path: Path, suffix: str, data: st.DataObject
) -> None:
    path = tmp_path / f"f{suffix}"
    save_face(path, drawn_crop(), record_of())
    content = bytearray(path.read_bytes())
    places = st.integers(0, len(content) - 1)
    for at, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=20)):
        content[at] = value
    path.write_bytes(content[: data.draw(st.integers(0, len(content)) | st.just(len(content)))])
    read_or_refuse(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(start=st.binary(max_size=40), rest=st.binary(max_size=400))
def test_random_bytes_are_refused(tmp_path: Path, suffix: str, start: bytes, rest: bytes) -> None:
    path = tmp_path / f"f{suffix}"
    magic = {".jpg": b"\xff\xd8\xff", ".png": b"\x89PNG\r\n\x1a\n"}[suffix]
    path.write_bytes(magic + start + rest)
    read_or_refuse(path)
