"""Where JPEG and PNG files keep their XMP packet and the size of their picture."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal


class Unusable(ValueError):
    """What is wrong with a file; the reader adds which one."""


class NoRecord(Unusable):
    """The picture is sound, but carries no packet."""

    def __init__(self) -> None:
        super().__init__("it carries no face metadata")


@dataclass(frozen=True)
class Foreign:
    """What another program left in a picture."""

    program: Literal["DeepFaceLab", "faceswap"]
    content: bytes


@dataclass(frozen=True)
class Container:
    """One file format; the functions work on (the head of) a file's bytes."""

    put: Callable[[bytes, bytes], bytes]
    """The picture file with the packet inside."""
    take: Callable[[bytes], bytes]
    """The packet; NoRecord if there is none."""
    strip: Callable[[bytes], bytes]
    """The file without any packet; the picture stays bit by bit."""
    take_foreign: Callable[[bytes], Foreign | None]
    """What another program put there instead."""
    strip_foreign: Callable[[bytes], bytes]
    """The file without that; the picture stays bit by bit."""
    picture_size: Callable[[bytes], tuple[int, int]]
    """Width and height."""
    is_complete: Callable[[bytes], bool]
    """Whether the file has its end."""


_XMP_IN_JPEG = b"http://ns.adobe.com/xap/1.0/\x00"
_SOI, _EOI, _SOS = b"\xff\xd8", b"\xff\xd9", 0xDA
_APP0, _APP1, _APP15 = 0xE0, 0xE1, 0xEF
_FRAME_HEADERS = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and content of the segments of a JPEG, up to and with the start of its scan."""
    for marker, content, _ in _placed_segments(data):
        yield marker, content


def _placed_segments(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """As `_segments`, with the place behind each."""
    if not data.startswith(_SOI):
        raise Unusable("it is no JPEG")
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise Unusable("its JPEG segments are broken")
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        if marker == 0xFF:  # padding
            at += 1
            continue
        content = data[at + 4 : at + 2 + length]
        if length < 2 or len(content) != length - 2:
            raise Unusable("its JPEG segments are broken")
        at += 2 + length
        yield marker, content, at
        if marker == _SOS:
            return


def _put_in_jpeg(data: bytes, packet: bytes) -> bytes:
    content = _XMP_IN_JPEG + packet
    at = 2
    if data[at : at + 2] == bytes([0xFF, _APP0]):  # JFIF wants to stand first
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    segment = bytes([0xFF, _APP1]) + (len(content) + 2).to_bytes(2) + content
    return data[:at] + segment + data[at:]


def _take_from_jpeg(data: bytes) -> bytes:
    for marker, content in _segments(data):
        if marker == _APP1 and content.startswith(_XMP_IN_JPEG):
            return content[len(_XMP_IN_JPEG) :]
    raise NoRecord


def _take_foreign_from_jpeg(data: bytes) -> Foreign | None:
    for marker, content in _segments(data):
        if marker == _APP15:
            return Foreign("DeepFaceLab", content)
    return None


def _strip_from_jpeg(data: bytes) -> bytes:
    return _without_segments(
        data, lambda marker, content: marker == _APP1 and content.startswith(_XMP_IN_JPEG)
    )


def _strip_foreign_from_jpeg(data: bytes) -> bytes:
    return _without_segments(data, lambda marker, _: marker == _APP15)


def _without_segments(data: bytes, unwanted: Callable[[int, bytes], bool]) -> bytes:
    kept, start = [], 0
    for marker, content, end in _placed_segments(data):
        if unwanted(marker, content):
            kept.append(data[start : end - len(content) - 4])
            start = end
    return b"".join([*kept, data[start:]])


def _jpeg_size(data: bytes) -> tuple[int, int]:
    for marker, content in _segments(data):
        if marker in _FRAME_HEADERS and len(content) >= 5:
            return int.from_bytes(content[3:5]), int.from_bytes(content[1:3])
    raise Unusable("its picture has no size")


def _jpeg_is_complete(data: bytes) -> bool:
    # Inside a scan a marker cannot occur by chance, so the end mark is the end of the picture.
    return data.rfind(_EOI) > data.find(bytes([0xFF, _SOS])) >= 0


_PNG = b"\x89PNG\r\n\x1a\n"
_XMP_IN_PNG = b"XML:com.adobe.xmp\x00\x00\x00\x00\x00"
"""Keyword, not compressed, no language, no translated keyword."""
_FACESWAP_IN_PNG = b"faceswap\x00\x00\x00\x00\x00"


def _chunks(data: bytes, *, behind_pixels: bool = False) -> Iterator[tuple[bytes, bytes]]:
    """Type and content of the chunks of a PNG before its pixels; their checksums are right."""
    if not data.startswith(_PNG):
        raise Unusable("it is no PNG")
    at = len(_PNG)
    while at + 12 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        end = at + 8 + length
        if kind == b"IDAT" and behind_pixels:
            at = end + 4
            continue
        if kind in {b"IDAT", b"IEND"}:
            return
        if zlib.crc32(data[at + 4 : end]) != int.from_bytes(data[end : end + 4]):
            raise Unusable("its PNG chunks are broken")
        yield kind, data[at + 8 : end]
        at = end + 4


def _put_in_png(data: bytes, packet: bytes) -> bytes:
    content = b"iTXt" + _XMP_IN_PNG + packet
    chunk = (len(content) - 4).to_bytes(4) + content + zlib.crc32(content).to_bytes(4)
    at = len(_PNG) + 25  # behind IHDR, which has 13 bytes of content
    return data[:at] + chunk + data[at:]


def _take_from_png(data: bytes) -> bytes:
    for kind, content in _chunks(data):
        if kind == b"iTXt" and content.startswith(_XMP_IN_PNG):
            return content[len(_XMP_IN_PNG) :]
    raise NoRecord


def _strip_from_png(data: bytes) -> bytes:
    while True:
        try:
            packet = _take_from_png(data)
        except NoRecord:
            return data
        data = _without_chunk(data, b"iTXt" + _XMP_IN_PNG, packet)


def _take_foreign_from_png(data: bytes) -> Foreign | None:
    for kind, content in _chunks(data, behind_pixels=True):
        if kind == b"fcWp":
            return Foreign("DeepFaceLab", content)
        if kind == b"iTXt" and content.startswith(_FACESWAP_IN_PNG):
            return Foreign("faceswap", content[len(_FACESWAP_IN_PNG) :])
    return None


def _strip_foreign_from_png(data: bytes) -> bytes:
    while (foreign := _take_foreign_from_png(data)) is not None:
        head = b"fcWp" if foreign.program == "DeepFaceLab" else b"iTXt" + _FACESWAP_IN_PNG
        data = _without_chunk(data, head, foreign.content)
    return data


def _without_chunk(data: bytes, head: bytes, content: bytes) -> bytes:
    # Its checksum was right: it stands in one piece, and the chunk's length and end around it.
    start = data.index(head + content) - 4
    return data[:start] + data[start + len(head) + len(content) + 8 :]


def _png_size(data: bytes) -> tuple[int, int]:
    for kind, content in _chunks(data):
        if kind == b"IHDR" and len(content) == 13:
            return int.from_bytes(content[:4]), int.from_bytes(content[4:8])
    raise Unusable("its picture has no size")


def _png_is_complete(data: bytes) -> bool:
    return data[-12:-4] == b"\x00\x00\x00\x00IEND"


_JPEG_CONTAINER = Container(
    _put_in_jpeg,
    _take_from_jpeg,
    _strip_from_jpeg,
    _take_foreign_from_jpeg,
    _strip_foreign_from_jpeg,
    _jpeg_size,
    _jpeg_is_complete,
)
_PNG_CONTAINER = Container(
    _put_in_png,
    _take_from_png,
    _strip_from_png,
    _take_foreign_from_png,
    _strip_foreign_from_png,
    _png_size,
    _png_is_complete,
)

CONTAINERS = {".jpg": _JPEG_CONTAINER, ".jpeg": _JPEG_CONTAINER, ".png": _PNG_CONTAINER}
