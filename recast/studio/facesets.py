"""The face sets as the browser wants them: columns of numbers, and small pictures."""

from __future__ import annotations

import hashlib
import json
import struct
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from recast.sides import Side
from recast.workspace import Workspace

if TYPE_CHECKING:
    from recast.faceset import FaceSet
    from recast.faceset.groups import Groups

Part = Literal["faces", "trash", "others"]
PATIENCE = 5.0  # seconds that a set which changes all the time is taken for what it was


@dataclass(frozen=True)
class Loaded:
    """A face set at one time."""

    faces: FaceSet
    version: str
    """Another one when a face was added, removed, renamed or measured."""
    packed: bytes
    """See `packed`."""

    def groups(self, by: str, parts: int) -> bytes:
        """See `packed_groups`."""
        from recast.faceset.groups import groups

        return packed_groups(groups(self.faces, by, parts=parts))


def folder_of(workspace: Workspace, side: Side, part: Part) -> Path:
    """The folder of a side's faces, of its trash, or of the faces of other people."""
    from recast.faceset.order_file import TRASH

    if part == "others":
        return workspace.others_folder(side)
    folder = workspace.faceset_folder(side)
    return folder / TRASH if part == "trash" else folder


class FaceSets:
    """Face sets by folder, loaded when they changed. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[Path, tuple[int, float, Loaded]] = {}

    def get(self, folder: Path) -> Loaded:
        """The set as it is now, or was a moment ago; an empty one if there is no folder."""
        with self._lock:
            stamp = _stamp(folder)
            known = self._known.get(folder)
            if known is not None and (known[0] == stamp or time.monotonic() - known[1] < PATIENCE):
                return known[2]
            # The stamp from before: what changes while it is loaded is seen next time.
            loaded = _loaded(folder)
            self._known[folder] = (stamp, time.monotonic(), loaded)
            return loaded

    def forget(self, folder: Path) -> None:
        """Look anew next time, since this server changed it."""
        with self._lock:
            self._known.pop(folder, None)


def _stamp(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return -1


def _loaded(folder: Path) -> Loaded:
    from recast.faceset import load_faceset

    faces = load_faceset(folder) if folder.is_dir() else _no_faces()
    body = packed(faces)
    return Loaded(faces, _digest(body), body)


def _no_faces() -> FaceSet:
    import tempfile

    from recast.faceset import load_faceset

    with tempfile.TemporaryDirectory() as nothing:
        return load_faceset(Path(nothing))


def columns_of(faces: FaceSet) -> dict[str, Any]:
    """What faces are filtered and ordered by, each (N,) float32.

    yaw, pitch, roll in degrees; size in frame pixels; time in seconds; what was not measured yet,
    and whose a face is before persons are grouped, is not a number.
    """
    import numpy as np

    from recast.faceset.features import known
    from recast.faceset.groups import noted
    from recast.faceset.orders import SCALARS, scalar_of

    columns: dict[str, Any] = {
        "yaw": faces.yaw,
        "pitch": faces.pitch,
        "roll": faces.roll,
        "size": faces.face_sizes,
        "score": faces.scores,
        "frame": faces.frames,
        "time": np.array([float(moment) for moment in faces.moments], np.float32),
    }
    measured = known(faces, SCALARS)
    for name in ("sharpness", "brightness", "black"):
        columns[name] = scalar_of(measured, name)
    columns["person"] = noted(faces, "identity")
    return {name: np.asarray(column, "<f4") for name, column in columns.items()}


def packed(faces: FaceSet) -> bytes:
    """A whole set for the browser: a length, that many bytes of JSON, and the columns.

    The length is a little-endian uint32, the JSON has the names of files and columns and is padded
    so that the columns, float32 one after another, begin at a multiple of four.
    """
    from recast.faceset.groups import NOTES, noted

    columns = columns_of(faces)
    takes = sorted(set(faces.takes.tolist()))
    number = {take: at for at, take in enumerate(takes)}
    head = {
        "names": faces.names.tolist(),
        "columns": list(columns),
        "takes": takes,
        "take": [number[take] for take in faces.takes.tolist()] if len(takes) > 1 else [],
        "unreadable": len(faces.unreadable),
        # Groups are fetched when they are looked at; here only, whether they are others now.
        "noted": _digest(b"".join(noted(faces, by).tobytes() for by in NOTES)),
    }
    return _packed(head, *columns.values())


def packed_groups(groups: Groups) -> bytes:
    """The groups of a set for the browser, as `packed`: names in JSON, then the numbers, int32."""
    import numpy as np

    return _packed({"names": groups.names}, np.asarray(groups.numbers, "<i4"))


def _packed(head: Mapping[str, Any], *columns: Any) -> bytes:
    text = json.dumps(head, ensure_ascii=False).encode("utf-8", "replace")
    text += b" " * (-len(text) % 4)
    body = b"".join(column.tobytes() for column in columns)
    return struct.pack("<I", len(text)) + text + body


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def joined(pictures: Sequence[bytes]) -> bytes:
    """Pictures one after another, each behind its length as a little-endian uint32."""
    return b"".join(struct.pack("<I", len(one)) + one for one in pictures)
