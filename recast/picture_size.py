"""How large a picture says it is, read from its head before anything is unpacked.

A file of a few kilobytes may unpack to gigabytes: whoever decodes pictures of strangers looks here
first. Only the kinds of pictures that recast takes are known: PNG, JPEG, BMP, TIFF and WebP.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

MOST_PIXELS = 1 << 26
"""8192 x 8192; a frame of 16 bits with alpha then needs 512 MiB."""
LONGEST_SIDE = 32_766
"""Pixels; what OpenCV can place in other pictures."""

Size = tuple[int, int]
"""Width and height in pixels."""


def picture_size(data: bytes) -> Size | None:
    """The size in the head of a picture; None if it is of another kind, or its head is cut off."""
    for magic, read in _READERS.items():
        if data.startswith(magic):
            return read(data)
    return None


def is_too_large(size: Size) -> bool:
    """Whether recast refuses pictures of this size."""
    return size[0] * size[1] > MOST_PIXELS or max(size) > LONGEST_SIDE


def _of_png(data: bytes) -> Size | None:
    if data[12:16] != b"IHDR" or len(data) < 24:
        return None
    return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])


def _of_jpeg(data: bytes) -> Size | None:
    """The largest of its frame headers: a broken file may hold several."""
    sizes = list(_frame_headers(data))
    return max(sizes, key=lambda size: size[0] * size[1]) if sizes else None


def _frame_headers(data: bytes) -> Iterator[Size]:
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF or data[at + 1] == 0xFF:
            at += 1  # decoders look for the next marker, too
            continue
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            yield int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        if marker == 0xDA:  # the scan: what follows are pixels
            return
        alone = marker == 0x01 or 0xD0 <= marker <= 0xD8
        at += 2 if alone else 2 + max(length, 2)


def _of_bmp(data: bytes) -> Size | None:
    if len(data) < 26:
        return None
    if int.from_bytes(data[14:18], "little") == 12:  # OS/2
        return int.from_bytes(data[18:20], "little"), int.from_bytes(data[20:22], "little")
    width, height = (
        abs(int.from_bytes(data[at : at + 4], "little", signed=True)) for at in (18, 22)
    )
    return width, height


def _of_tiff(data: bytes) -> Size | None:
    """Width and height of the first picture (tags 256 and 257); BigTIFF too."""

    def number(at: int, length: int) -> int:
        return int.from_bytes(data[at : at + length], "little" if data[0] == ord("I") else "big")

    big = number(2, 2) == 43
    place, counted, entry, wide = (number(8, 8), 8, 20, 8) if big else (number(4, 4), 2, 12, 4)
    found: dict[int, int] = {}
    for index in range(min(number(place, counted), 1000)):
        at = place + counted + index * entry
        if number(at, 2) in (256, 257):
            length = {1: 1, 3: 2, 4: 4, 16: 8}.get(number(at + 2, 2), 4)
            found[number(at, 2)] = number(at + 4 + wide, min(length, wide))
    return (found[256], found[257]) if len(found) == 2 else None


def _of_webp(data: bytes) -> Size | None:
    if data[8:12] != b"WEBP" or len(data) < 30:
        return None
    kind = data[12:16]
    if kind == b"VP8X":
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
        return width, height
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = (int.from_bytes(data[at : at + 2], "little") & 0x3FFF for at in (26, 28))
        return width, height
    return None


_READERS: dict[bytes, Callable[[bytes], Size | None]] = {
    b"\x89PNG\r\n\x1a\n": _of_png,
    b"\xff\xd8": _of_jpeg,
    b"BM": _of_bmp,
    b"II*\x00": _of_tiff,
    b"MM\x00*": _of_tiff,
    b"II+\x00": _of_tiff,
    b"MM\x00+": _of_tiff,
    b"RIFF": _of_webp,
}
"""By what a file begins with."""
