"""Frames as pictures in a folder, several at a time, with a note that says which is which."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from recast.disk import write_whole
from recast.images import FrameImage, encode
from recast.ordered import ordered
from recast.video.picture_note import NoteWriter
from recast.video.take import Frame

_LEAST_DIGITS = 6


def picture_name(frame: int, length: int, suffix: str) -> str:
    """The file name of a frame of a take of `length` frames: any viewer sorts these right."""
    return f"{frame:0{max(_LEAST_DIGITS, len(str(length - 1)))}d}{suffix}"


def write_pictures(
    folder: Path, frames: Iterable[Frame], *, length: int, suffix: str, quality: int = 95
) -> Iterator[Frame]:
    """Write each frame as .png, in the depth of its take, or as .jpg; yields what is on disk.

    The folder must hold a note already (`PictureNote.save`); a line a picture is added to it.
    A picture appears whole or not at all. As many frames as there are cores, and a few more,
    are held at a time.
    """
    note = NoteWriter(folder)

    def work(frame: Frame) -> Frame:
        name = picture_name(frame.index, length, suffix)
        image = frame.image if suffix == ".png" else to_8_bits(frame.image)
        data = encode(image, suffix, quality=quality)
        note.add(name, frame.index, frame.moment, data)
        write_whole(folder / name, data, durable=False)
        return frame

    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        yield from ordered(pool, work, frames, ahead=workers + 1)


def to_8_bits(image: FrameImage) -> FrameImage:
    """0..65535 as 0..255, rounded; 8 bits as they are."""
    if image.dtype == np.uint8:
        return image
    return ((image.astype(np.uint32) + 128) // 257).astype(np.uint8)
