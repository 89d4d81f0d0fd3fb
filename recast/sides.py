"""src and dst, the two sides of a job, and where their takes may lie in its folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from recast.errors import RecastError

Side = Literal["src", "dst"]
SIDES: tuple[Side, Side] = ("src", "dst")
VIDEO_SUFFIXES = (".mp4", ".mkv", ".mov", ".avi", ".webm", ".m4v", ".mpg", ".mxf", ".ts")


@contextmanager
def side_named(side: str) -> Iterator[None]:
    """Say which side a broken take is on."""
    try:
        yield
    except RecastError as error:
        raise type(error)(f"{side}: {error}", error.fix) from error


def take_inside(root: Path, side: Side) -> Path | None:
    """The video or the folder of pictures that has a side's name, as DeepFaceLab lays them."""
    files = [root / f"data_{side}{suffix}" for suffix in VIDEO_SUFFIXES]
    found = [path for path in files if path.is_file()]
    folder = root / f"data_{side}"
    if not found and folder.is_dir():
        from recast.images import PICTURE_SUFFIXES

        if any(p.suffix.lower() in PICTURE_SUFFIXES for p in folder.iterdir()):
            return folder
    return found[0] if found else None
