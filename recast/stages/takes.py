"""Takes as the stages want them."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recast.errors import TakeUnreadable

if TYPE_CHECKING:
    from recast.video import Take
    from recast.workspace import Side, Workspace


def whole_take(workspace: Workspace, side: Side) -> Take:
    """Open a take of which nothing is missing, so that hours of work do not end in its middle.

    Raises:
        TakeUnreadable: it cannot be read, or is cut off.
    """
    return whole(workspace.take(side), side)


def whole(take: Take, side: Side) -> Take:
    """The take itself, if nothing of it is missing.

    Raises:
        TakeUnreadable: it is cut off.
    """
    if not take.info.complete:
        raise TakeUnreadable(
            f"{side}: {take.path.name} is cut off: frames that it announces are missing",
            "copy it again from its source, or take the part that is there: recast cut",
        )
    return take


def known(take: Take) -> dict[str, Any]:
    """What tells a take from another one of the same name, as plain JSON values."""
    from recast.video import FolderTake

    found: dict[str, Any] = {"name": take.path.name, "length": len(take)}
    if not isinstance(take, FolderTake):
        return {**found, "bytes": take.path.stat().st_size}
    states = [(path.name, path.stat()) for path in take.pictures]
    listed = json.dumps([(name, state.st_size, state.st_mtime_ns) for name, state in states])
    return {**found, "pictures": hashlib.sha256(listed.encode()).hexdigest()}


def copy_takes(takes: Mapping[Path, Path]) -> list[str]:
    """Copy takes, by the places they go to (without suffix); the names of the copies.

    If one cannot be copied, nothing stays at any of the places.
    """
    made: list[Path] = []
    try:
        for place, take in takes.items():
            made.append(place if take.is_dir() else place.with_suffix(take.suffix.lower()))
            _copy(take, made[-1])
    except BaseException:
        for begun in made:
            shutil.rmtree(begun) if begun.is_dir() else begun.unlink(missing_ok=True)
        raise
    return [copy.name for copy in made]


def _copy(take: Path, copy: Path) -> None:
    """Copy a video, or the pictures at a folder's root and the note that times them."""
    from recast.video import NOTE_NAME, pictures_of

    if not take.is_dir():
        shutil.copyfile(take, copy)
        return
    pictures, note = pictures_of(take), take / NOTE_NAME
    copy.mkdir()
    for path in [*pictures, *([note] if note.is_file() else [])]:
        shutil.copyfile(path, copy / path.name)
