"""The note beside a face set: how it was made, how far it is, where nothing was found."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recast.disk import disk_trouble_named, read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recast.video import Take

VERSION = 1
MOST_FRAMES = 10_000_000
"""Of a take: more than four days at 25 frames a second."""

Span = tuple[int, int]
"""Following frames: the first and the last of them."""


@dataclass(frozen=True)
class Extraction:
    """A search for faces, finished or not."""

    take: dict[str, Any]
    options: dict[str, Any]
    marks: str = ""
    """A digest of the marks that a person's faces came from; empty for all other detectors."""
    frames_done: int = 0
    """Of the frames that the options choose."""
    debug: bool = False
    """Whether a debug picture was made of each of them."""
    nothing_found: tuple[Span, ...] = field(default=())

    def empty_frames(self) -> Iterator[int]:
        """The frames in which nothing was found, in order."""
        return (frame for first, last in self.nothing_found for frame in range(first, last + 1))


def take_note(take: Take) -> dict[str, Any]:
    """What tells a take from another: faces and marks belong to one."""
    known = {"name": take.path.name, "length": len(take), "size": list(take.info.size)}
    if take.path.is_file():
        known["bytes"] = take.path.stat().st_size
    return known


def read_extraction(file: Path) -> Extraction | None:
    """The note in a file; None if there is none that can be used."""
    try:
        found = read_json(file)
        if found["version"] != VERSION:
            return None
        return Extraction(
            take=dict(found["take"]),
            options=dict(found["options"]),
            marks=str(found.get("marks", "")),
            frames_done=max(int(found["frames_done"]), 0),
            debug=bool(found.get("debug", False)),
            nothing_found=_checked(found.get("nothing_found", [])),
        )
    except (OSError, ValueError, KeyError, AttributeError, TypeError, OverflowError):
        return None


def write_extraction(file: Path, known: Extraction) -> None:
    """Remember how far the search is, whole or not at all."""
    with disk_trouble_named(file):
        file.parent.mkdir(parents=True, exist_ok=True)
    write_json(file, {"version": VERSION, **vars(known)})


def spans(frames: Iterable[int]) -> tuple[Span, ...]:
    """Frames in ascending order as spans of following ones."""
    return with_frames((), frames)


def with_frames(known: tuple[Span, ...], frames: Iterable[int]) -> tuple[Span, ...]:
    """Spans with later frames, in ascending order, behind them."""
    grown = list(known)
    for frame in frames:
        if grown and grown[-1][1] >= frame - 1:
            grown[-1] = (grown[-1][0], max(frame, grown[-1][1]))
        else:
            grown.append((frame, frame))
    return tuple(grown)


def _checked(value: Any) -> tuple[Span, ...]:
    read = tuple((int(first), int(last)) for first, last in value)
    flat = [frame for span in read for frame in span]
    if flat != sorted(flat) or any(not 0 <= frame < MOST_FRAMES for frame in flat):
        raise ValueError("the spans are not in order")
    return read
