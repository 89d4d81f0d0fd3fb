"""Takes as the stages want them."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recast.disk import disk_trouble_named, read_json, write_json
from recast.errors import TakeUnreadable
from recast.events import Note, Report

if TYPE_CHECKING:
    from recast.images import FrameImage
    from recast.video import Frame, Take
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


def noted_cuts(workspace: Workspace, take: Take) -> frozenset[int] | None:
    """The cuts of dst as an earlier search noted them; None if there was none."""
    try:
        noted = read_json(workspace.cuts_file)
        if {**noted, "cuts": None} == {**_cuts_of(take), "cuts": None}:
            return frozenset(int(cut) for cut in noted["cuts"])
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        pass  # not looked for yet
    return None


def cuts_of(
    workspace: Workspace,
    take: Take,
    report: Report,
    *,
    watch: Callable[[Frame], None] | None = None,
) -> frozenset[int]:
    """The cuts of dst; looked for once and then read from a file beside its faces.

    `watch` is shown every frame that is decoded for it.
    """
    from recast.video import find_cuts

    noted = noted_cuts(workspace, take)
    if noted is not None:
        return noted

    def images() -> Iterator[FrameImage]:
        for frame in take:
            if watch is not None:
                watch(frame)
            yield frame.image

    cuts = find_cuts(images())
    with disk_trouble_named(workspace.cuts_file):
        workspace.cuts_file.parent.mkdir(parents=True, exist_ok=True)
    write_json(workspace.cuts_file, {**_cuts_of(take), "cuts": cuts})
    if cuts:
        where = ", ".join(map(str, cuts[:8])) + (", ..." if len(cuts) > 8 else "")
        report(Note(f"The take has {len(cuts)} cuts, at frame {where}."))
    return frozenset(cuts)


def _cuts_of(take: Take) -> dict[str, Any]:
    return {"version": 1, "take": known(take)}


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
            credentials_beside(begun).unlink(missing_ok=True)
        raise
    return [copy.name for copy in made]


def _copy(take: Path, copy: Path) -> None:
    """Copy a video, or the pictures at a folder's root and the note that times them.

    Credentials that lie beside it, or beside the list of its pictures, come along.
    """
    from recast.provenance.folders import SIDECAR, belongings
    from recast.video import NOTE_NAME, pictures_of

    if not take.is_dir():
        shutil.copyfile(take, copy)
        if credentials_beside(take).is_file():
            shutil.copyfile(credentials_beside(take), credentials_beside(copy))
        return
    pictures, note = pictures_of(take), take / NOTE_NAME
    copy.mkdir()
    noted = [note] if note.is_file() else []
    for path in dict.fromkeys([*pictures, *noted, *belongings(take, SIDECAR)]):
        shutil.copyfile(path, copy / path.name)


def credentials_beside(take: Path) -> Path:
    """Where the credentials of a take lie that carries none."""
    from recast.provenance.folders import SIDECAR

    return take.with_name(take.name + SIDECAR)
