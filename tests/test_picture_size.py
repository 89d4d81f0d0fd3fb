"""Sizes are read from heads, and pictures that would fill the memory are never unpacked."""

import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recast.errors import FaceFileUnreadable, TakeUnreadable
from recast.images import FrameImage, decode, encode
from recast.picture_size import LONGEST_SIDE, MOST_PIXELS, is_too_large, picture_size
from recast.video import open_take

KINDS = [".png", ".jpg", ".bmp", ".tif", ".webp"]


def a_picture(kind: str, width: int, height: int, depth: type = np.uint8) -> bytes:
    pixels: FrameImage = np.random.default_rng(0).integers(0, 255, (height, width, 3)).astype(depth)
    return encode(pixels, kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(1, 1), (47, 31), (300, 7), (64, 512)])
def test_the_size_is_that_of_the_pixels(kind: str, size: tuple[int, int]) -> None:
    data = a_picture(kind, *size)
    assert picture_size(data) == size == decode(data, "p").shape[1::-1]


@pytest.mark.parametrize("kind", [".png", ".tif"])
def test_the_size_of_16_bits_is_read(kind: str) -> None:
    assert picture_size(a_picture(kind, 20, 30, np.uint16)) == (20, 30)


def test_other_forms_of_a_kind_are_read() -> None:
    pixels = np.zeros((21, 33, 4), np.uint8)
    assert picture_size(encode(pixels, ".webp")) == (33, 21)
    flags = [cv2.IMWRITE_WEBP_QUALITY, 101]
    assert picture_size(cv2.imencode(".webp", pixels, flags)[1].tobytes()) == (33, 21)
    lossy = cv2.imencode(".webp", pixels[..., :3].copy(), [cv2.IMWRITE_WEBP_QUALITY, 50])[1]
    assert picture_size(lossy.tobytes()) == (33, 21)
    progressive = [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]
    data = cv2.imencode(".jpg", pixels[..., :3].copy(), progressive)[1].tobytes()
    assert picture_size(data) == (33, 21)
    big_endian = b"MM\x00*" + struct.pack(">IHHHIHHHHIHH", 8, 2, 256, 3, 1, 33, 0, 257, 3, 1, 21, 0)
    assert picture_size(big_endian) == (33, 21)
    big = b"II+\x00" + struct.pack(
        "<HHQQHHQIIHHQIIQ", 8, 0, 16, 2, 256, 4, 1, 33, 0, 257, 4, 1, 21, 0, 0
    )
    assert picture_size(big) == (33, 21)


@pytest.mark.parametrize("data", [b"", b"text", b"GIF89a\x01\x00\x01\x00", b"P6 9 9 255 "])
def test_other_kinds_have_no_size_and_are_not_read(data: bytes) -> None:
    assert picture_size(data) is None
    with pytest.raises(FaceFileUnreadable, match="p is not a picture"):
        decode(data, "p")


def png_bomb(width: int, height: int, *, bits: int = 8) -> bytes:
    """A PNG of few bytes that unpacks to a black picture of any size."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return len(content).to_bytes(4) + body + zlib.crc32(body).to_bytes(4)

    packer = zlib.compressobj(9)
    row = bytes(1 + (3 * width * bits + 7) // 8)
    packed = b"".join(packer.compress(row) for _ in range(min(height, 200))) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, bits, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    )


def with_size(data: bytes, width: int, height: int) -> bytes:
    """A JPEG that claims another size."""
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + height.to_bytes(2) + width.to_bytes(2) + data[at + 4 :]


BOMBS = {
    "wide.png": png_bomb(100_000, 100_000),
    "strip.png": png_bomb(100_000, 10),
    "column.png": png_bomb(10, 100_000),
    "square.png": png_bomb(30_000, 30_000),
    "deep.png": png_bomb(12_000, 12_000, bits=16),
    "claims.jpg": with_size(a_picture(".jpg", 32, 32), 65_535, 65_535),
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_would_fill_the_memory_is_refused_in_words(name: str, tmp_path: Path) -> None:
    with pytest.raises(FaceFileUnreadable, match=f"{name} claims [0-9]+x[0-9]+ pixels") as caught:
        decode(BOMBS[name], name)
    assert "scale it down" in caught.value.fix
    folder = tmp_path / "take"
    folder.mkdir()
    (folder / name).write_bytes(BOMBS[name])
    with pytest.raises(TakeUnreadable, match="claims"):
        open_take(folder)


MEASURE = """
import resource, sys
from pathlib import Path
import recast.images
from recast.errors import FaceFileUnreadable
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in Path(sys.argv[1]).iterdir():
    try:
        recast.images.load(path)
    except FaceFileUnreadable:
        pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(os.name == "nt", reason="the peak of memory is asked of POSIX")
def test_refusing_costs_no_memory(tmp_path: Path) -> None:
    for name, data in BOMBS.items():
        (tmp_path / name).write_bytes(data)
    ran = subprocess.run(
        [sys.executable, "-c", MEASURE, tmp_path], capture_output=True, check=True, timeout=60
    )
    unit = 1 if sys.platform == "darwin" else 1024
    assert int(ran.stdout) * unit < 100 * 2**20


def test_the_limits_leave_room_for_8k() -> None:
    assert not is_too_large((8192, 8192)) and not is_too_large((7680, 4320))
    assert is_too_large((LONGEST_SIDE + 1, 1)) and is_too_large((MOST_PIXELS, 2))


@settings(max_examples=500, deadline=None)
@given(
    head=st.sampled_from([a_picture(kind, 9, 7) for kind in KINDS]),
    cut=st.integers(0, 200),
    flips=st.lists(st.tuples(st.integers(0, 120), st.integers(0, 255)), max_size=6),
)
def test_damaged_heads_are_read_or_not_and_decoding_agrees(
    head: bytes, cut: int, flips: list[tuple[int, int]]
) -> None:
    data = bytearray(head[: len(head) - cut])
    for at, value in flips:
        if at < len(data):
            data[at] = value
    size = picture_size(bytes(data))
    try:
        decoded = decode(bytes(data), "p")
    except FaceFileUnreadable:
        return
    assert size is not None and decoded.shape[0] * decoded.shape[1] <= MOST_PIXELS
