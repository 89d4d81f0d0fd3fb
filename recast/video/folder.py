"""A folder of pictures as a take."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import numpy as np

from recast.errors import FaceFileUnreadable, TakeUnreadable
from recast.images import PICTURE_SUFFIXES, FrameImage, load
from recast.video.take import Frame, TakeInfo

_PIXEL_FORMATS = {(3, 1): "rgb24", (3, 2): "rgb48le", (4, 1): "rgba", (4, 2): "rgba64le"}
"""By channels and bytes of each."""


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
        first = _loaded(pictures[0], alpha=True)
        info = TakeInfo(
            size=first.shape[1::-1],
            rate=rate,
            duration=len(pictures) / rate,
            length=len(pictures),
            time_base=1 / rate,
            pixel_format=_PIXEL_FORMATS[first.shape[2], first.itemsize],
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

    @property
    def has_alpha(self) -> bool:
        """Whether the first picture has an alpha channel."""
        return self.info.pixel_format.startswith("rgba")

    def frame(self, index: int, *, alpha: bool = False) -> Frame:
        """As in `Take`; with `alpha` as RGBA, where a picture without alpha is opaque."""
        if not 0 <= index < len(self):
            raise IndexError(f"{self.path.name} has {len(self)} frames, no frame {index}")
        picture = self.pictures[index]
        image = _read(picture, alpha=alpha)
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


def _read(picture: Path, *, alpha: bool = False) -> FrameImage:
    image = _loaded(picture, alpha=alpha)
    if not alpha or image.shape[2] == 4:
        return image
    opaque = np.full(image.shape[:2], np.iinfo(image.dtype).max, image.dtype)
    return cast(FrameImage, np.dstack([image, opaque]))


def _loaded(picture: Path, *, alpha: bool) -> FrameImage:
    try:
        return load(picture, alpha=alpha)
    except (FaceFileUnreadable, OSError) as error:
        raise TakeUnreadable(
            f"{picture} cannot be read as a picture", "write it again or remove it"
        ) from error
