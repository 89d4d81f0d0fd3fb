"""A folder of pictures as a take."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import cast

import numpy as np

from recast.errors import FaceFileUnreadable, TakeUnreadable
from recast.images import PICTURE_SUFFIXES, FrameImage, load
from recast.video.color import UNSAID, ColorTags
from recast.video.picture_note import PictureNote, read_note
from recast.video.take import Frame, Moment, TakeInfo

USUAL_RATE = Fraction(25)

_PIXEL_FORMATS = {(3, 1): "rgb24", (3, 2): "rgb48le", (4, 1): "rgba", (4, 2): "rgba64le"}
"""By channels and bytes of each."""


@dataclass(frozen=True)
class FolderTake:
    """Reads the pictures at a folder's root in natural order (9 before 10); see `Take`."""

    path: Path
    info: TakeInfo
    pictures: tuple[Path, ...]
    times: tuple[Moment, ...]

    @staticmethod
    def open(path: Path, rate: Fraction | None) -> FolderTake:
        """The pictures of `path`; the first one gives size and depth.

        They are shown at `rate`, or as the folder's note says, or at 25 frames a second.
        """
        pictures = pictures_of(path)
        if not pictures:
            raise TakeUnreadable(
                f"{path} holds no pictures", "give a folder with pictures at its root, or a video"
            )
        first = _loaded(pictures[0], alpha=True)
        note = read_note(path)
        times = _noted_times(pictures, note) if note and rate is None else None
        rate = rate or (note.rate if note else USUAL_RATE)
        info = TakeInfo(
            size=first.shape[1::-1],
            rate=rate,
            duration=times[-1] - times[0] + 1 / rate if times else len(pictures) / rate,
            length=len(pictures),
            time_base=note.time_base if note and times else 1 / rate,
            pixel_format=_PIXEL_FORMATS[first.shape[2], first.itemsize],
            depth=first.dtype.itemsize * 8,
            container="folder",
            codec=pictures[0].suffix.lower().lstrip("."),
            # Matrix and range are those of YUV, which pictures are not.
            color=replace(note.color, matrix=UNSAID, range=0) if note else ColorTags(),
            sample_aspect=note.sample_aspect if note else Fraction(1),
            variable_rate=_uneven(times) if times else False,
        )
        even = times or tuple(index / rate for index in range(len(pictures)))
        return FolderTake(path, info, pictures, even)

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
        return Frame(index, self.times[index], image)

    def moments(self) -> Sequence[Moment]:
        return self.times


def pictures_of(folder: Path) -> tuple[Path, ...]:
    """The pictures at a folder's root in natural order, of which a take would be made."""
    return tuple(sorted(filter(_is_picture, folder.iterdir()), key=_natural))


def _noted_times(pictures: Sequence[Path], note: PictureNote) -> tuple[Moment, ...] | None:
    """When each picture is shown; None if the note does not know them all, or their order."""
    known = [note.pictures.get(picture.name) for picture in pictures]
    times = tuple(picture.moment for picture in known if picture is not None)
    rising = all(before < after for before, after in pairwise(times))
    return times if rising and len(times) == len(pictures) else None


def _uneven(times: Sequence[Moment]) -> bool:
    """Whether frames stand for differing times; a thousandth of a second is rounding."""
    steps = [after - before for before, after in pairwise(times)]
    return bool(steps) and max(steps) - min(steps) > Fraction(1, 500)


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
        fix = error.fix if isinstance(error, FaceFileUnreadable) else "write it again or remove it"
        raise TakeUnreadable(f"{picture} cannot be read as a picture: {error}", fix) from error
