"""Results as pictures, one file a frame, with a list of what they are."""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
import zlib
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import numpy as np

from recast import images
from recast.disk import clear_draft, disk_trouble_named, read_json, write_json, write_whole
from recast.errors import DiskTrouble, TakeUnreadable, TakeUnwritable
from recast.images import FrameImage
from recast.video.color import ColorTags, recoded
from recast.video.exr import require_exr, save_exr
from recast.video.formats import FORMATS, Format
from recast.video.output import video_output
from recast.video.sound import SoundCopy
from recast.video.take import Moment, Plate, TakeInfo
from recast.video.tiff import encode_tiff

VERSION = 1
SIDECAR = ".c2pa"
"""What the credentials of a file that holds none are called: its name and this."""
LIST = "sequence.json"
"""Beside the pictures: rate, times, colours, and the SHA-256 of every file."""


class SequenceWriter:
    """Writes frames as pictures into a new folder `path`; used like `TakeWriter`.

    The first picture is numbered `first`. The folder appears when the block ends well. Sound of
    `sound_from` becomes `sound.wav` in it.
    """

    # What a result is made of, one by one, as in TakeWriter.
    def __init__(
        self,
        path: Path,
        like: TakeInfo,
        *,
        format: str,
        alpha: bool = False,
        sound_from: Path | None = None,
        first: int = 0,
    ) -> None:
        self._path, self._like, self._sound_from = path, like, sound_from
        self._format, self._channels = FORMATS[format], 4 if alpha else 3
        if format == "exr":
            require_exr()
        self._colors = ColorTags(like.color.primaries, like.color.transfer, 0, 2)
        self._number, self._files = first, dict[str, Any]()
        self._draft = path.with_name(path.name + ".part")
        self._notes: list[str] = []
        self._pool: ThreadPoolExecutor | None = None
        self._begun: deque[tuple[str, Future[str]]] = deque()

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the user on what the folder holds differently from its take."""
        return tuple(self._notes)

    def __enter__(self) -> Self:
        if not self._path.parent.is_dir():
            raise DiskTrouble(f"the folder {self._path.parent} is not there", "make it first")
        check_free(self._path)
        with disk_trouble_named(self._path):
            clear_draft(self._draft)
            self._draft.mkdir()
        self._pool = ThreadPoolExecutor()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self._finish()
        finally:
            self._ended()
            shutil.rmtree(self._draft, ignore_errors=True)

    def write(self, image: FrameImage, moment: Moment, plate: Plate | None = None) -> None:
        """Add a frame; `plate` is not needed, as pictures are RGB like the frames.

        Pictures are coded in threads, a few at a time: trouble with one may rise a few later.

        Raises:
            TakeUnwritable: the picture has another size than the take.
            DiskTrouble: no space.
        """
        if image.shape != (*self._like.size[::-1], self._channels):
            raise TakeUnwritable(
                f"a frame of {self._path.name} has shape {image.shape}, but must be "
                f"{self._like.size[0]}x{self._like.size[1]} in {self._channels} channels",
                "write frames of the take's own size",
            )
        name = f"{self._number:06d}{self._format.picture}"
        assert self._pool is not None, "frames are written inside the with block"
        # A copy: the caller may go on drawing on its picture.
        work = (self._draft / name, image.copy(), self._format, self._colors)
        self._begun.append((name, self._pool.submit(save_picture, *work)))
        self._files[name] = {"moment": str(Fraction(moment))}
        self._number += 1
        self._collect(leave=2 * (os.cpu_count() or 1))

    def _collect(self, *, leave: int) -> None:
        """Wait until at most `leave` pictures are still being coded."""
        while len(self._begun) > leave:
            name, picture = self._begun.popleft()
            self._files[name]["sha256"] = picture.result()

    def _ended(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool = None

    def adopt(self, picture: Path, about: dict[str, Any]) -> None:
        """Add a picture that another writer made, as its list says; it stays where it is."""
        place = self._draft / picture.name
        with disk_trouble_named(self._path):
            try:
                place.hardlink_to(picture)
            except OSError:  # another disk, or one that knows no links
                shutil.copyfile(picture, place)
        self._files[picture.name] = about

    def _finish(self) -> None:
        if not self._files:
            raise TakeUnwritable(f"no frame was written to {self._path.name}", "write one first")
        self._collect(leave=0)
        sound = self._sound()
        write_list(self._draft, self._like, self._format, self._files, sound)
        with disk_trouble_named(self._path):
            put_in_place(self._draft, self._path)

    def _sound(self) -> str:
        with ExitStack() as stack:
            if self._sound_from is None or self._sound_from.is_dir() or not self._like.sound:
                return ""
            name = "sound.wav"
            out = stack.enter_context(video_output(self._draft / name, Fraction(1, 48000), "wav"))
            sound = stack.enter_context(SoundCopy(self._sound_from, out))
            sound.finish()
            self._notes += sound.notes
        return name


def save_picture(path: Path, image: FrameImage, format: Format, colors: ColorTags) -> str:
    """Write one picture whole; its SHA-256."""
    if format.name == "exr":
        save_exr(path, image, colors)
        return file_digest(path)
    if format.name == "tiff":
        data = encode_tiff(cast(Any, recoded(image, np.uint16)))
    else:
        data = with_colors(images.encode(image, ".png"), colors)
    write_whole(path, data)
    return hashlib.sha256(data).hexdigest()


def with_colors(png: bytes, colors: ColorTags) -> bytes:
    """A PNG that names its colours: chunk cICP of PNG's third edition, in front of the pixels."""
    if colors.primaries == 2 or colors.transfer == 2:
        return png
    body = b"cICP" + bytes((colors.primaries, colors.transfer, 0, 1))
    chunk = struct.pack(">I", 4) + body + struct.pack(">I", zlib.crc32(body))
    after_header = 8 + 25
    return png[:after_header] + chunk + png[after_header:]


def write_list(
    folder: Path, like: TakeInfo, format: Format, files: dict[str, Any], sound: str
) -> None:
    """Write what the pictures of a folder are."""
    listed: dict[str, Any] = {
        "version": VERSION,
        "format": format.name,
        "size": list(like.size),
        "rate": str(like.rate),
        "sample_aspect": str(like.sample_aspect),
        "premultiplied": format.premultiplied,
        "linear": format.name == "exr",
        "color": asdict(ColorTags(like.color.primaries, like.color.transfer, 0, 2)),
        "files": files,
    }
    if sound:
        listed["sound"] = {"name": sound, "sha256": file_digest(folder / sound)}
    write_json(folder / LIST, listed)


def read_list(folder: Path) -> dict[str, Any]:
    """What `write_list` wrote.

    Raises:
        TakeUnreadable: it is missing, damaged or of a newer recast.
    """
    try:
        listed = read_json(folder / LIST)
        if listed["version"] != VERSION or not isinstance(listed["files"], dict):
            raise ValueError("another version")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TakeUnreadable(
            f"{folder / LIST} is missing or damaged", "write the pictures again"
        ) from error
    return cast(dict[str, Any], listed)


def join_sequences(
    parts: Sequence[Path], out: Path, *, like: TakeInfo, sound_from: Path | None
) -> tuple[str, ...]:
    """Put the pictures of several folders, which stay as they are, into a new one."""
    lists = [read_list(part) for part in parts]
    format = FORMATS[lists[0]["format"]]
    names = [name for listed in lists for name in listed["files"]]
    if len(set(names)) < len(names) or any(one["format"] != format.name for one in lists):
        raise TakeUnwritable(
            f"the segments of {out.name} do not follow each other",
            "delete the segments and write them again",
        )
    writer = SequenceWriter(out, like, format=format.name, sound_from=sound_from)
    with writer:
        for part, listed in zip(parts, lists, strict=True):
            for name, about in listed["files"].items():
                writer.adopt(part / name, about)
    return writer.notes


def file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def put_in_place(draft: Path, path: Path) -> None:
    """Rename a finished folder; an older result of that name goes only when it is there."""
    old = path.with_name(path.name + ".old")
    if path.exists():
        clear_draft(old)
        path.rename(old)
    draft.rename(path)
    clear_draft(old)


def check_free(path: Path) -> None:
    """Refuse a place where a folder of pictures would bury what somebody else put there."""
    inside = {one.name for one in path.iterdir()} if path.is_dir() else set()
    if inside:
        with suppress(TakeUnreadable):
            inside -= {*read_list(path)["files"], LIST, f"{LIST}{SIDECAR}", "sound.wav"}
    if inside:
        raise DiskTrouble(
            f"{path} is a folder with other files in it", "name a new or an empty folder"
        )
    if path.exists() and not path.is_dir():
        raise DiskTrouble(f"{path} is a file", "name a new folder")
