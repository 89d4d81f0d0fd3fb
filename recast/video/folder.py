"""A folder of pictures as a take."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from recast.errors import FaceFileUnreadable, TakeUnreadable
from recast.images import PICTURE_SUFFIXES, FrameImage, load
from recast.video.take import Frame, TakeInfo


@dataclass(frozen=True)
class FolderTake:
    """Reads the pictures at a folder's root in natural order (9 before 10); see `Take`."""

    path: Path
    info: TakeInfo
    pictures: tuple[Path, ...]

    @staticmethod
    def open(path: Path, rate: Fraction) -> FolderTake:
        """The pictures of `path`, shown at `rate`; the first one gives size and depth."""
        pictures = tuple(sorted(filter(_is_picture, path.iterdir()), key=_natural))
        if not pictures:
            raise TakeUnreadable(
                f"{path} holds no pictures", "give a folder with pictures at its root, or a video"
            )
        first = _read(pictures[0])
        info = TakeInfo(
            size=first.shape[1::-1],
            rate=rate,
            duration=len(pictures) / rate,
            length=len(pictures),
            time_base=1 / rate,
            pixel_format="rgb24" if first.dtype == np.uint8 else "rgb48le",
            depth=first.dtype.itemsize * 8,
            container="folder",
            codec=pictures[0].suffix.lower().lstrip("."),
        )
        return FolderTake(path, info, pictures)

    def __len__(self) -> int:
        return len(self.pictures)

    def __iter__(self) -> Iterator[Frame]:
        return self.frames()

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        for index in range(*slice(start, stop).indices(len(self))):
            yield self.frame(index)

    def frame(self, index: int) -> Frame:
        if not 0 <= index < len(self):
            raise IndexError(f"{self.path.name} has {len(self)} frames, no frame {index}")
        picture = self.pictures[index]
        image = _read(picture)
        width, height = image.shape[1::-1]
        if (width, height) != self.info.size or image.itemsize * 8 != self.info.depth:
            raise TakeUnreadable(
                f"{picture} is {width}x{height} at {image.itemsize * 8} bits, unlike the first "
                f"picture of its folder",
                "use one folder for each size and depth",
            )
        return Frame(index, index / self.info.rate, image)


def _is_picture(path: Path) -> bool:
    hidden = path.name.startswith(".")  # macOS leaves "._name.png" beside pictures
    return path.suffix.lower() in PICTURE_SUFFIXES and not hidden and path.is_file()


def _natural(path: Path) -> tuple[list[tuple[bool, int, str]], str]:
    """Numbers by value, letters without case; the plain name decides between equals."""
    parts = re.findall(r"\d+|\D+", path.name.casefold())
    numbered = [(False, int(p), "") if p.isdecimal() else (True, 0, p) for p in parts]
    return numbered, path.name


def _read(picture: Path) -> FrameImage:
    try:
        return load(picture)
    except (FaceFileUnreadable, OSError) as error:
        raise TakeUnreadable(
            f"{picture} cannot be read as a picture", "write it again or remove it"
        ) from error
