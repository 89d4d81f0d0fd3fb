"""Small pictures of faces, made once and kept in one file.

A thumbnail is found by what its face file holds, not by its name and folder: one file serves a
whole job, and sorting or the trash lose none. It may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

import cv2
import numpy as np

from recast import images

SIDE = 128
"""Pixels of a thumbnail."""
_QUALITY = 82
_SCHEMA = 1
_TAIL = 1024  # bytes at a file's end: compressed pixels, which no two pictures share


class Thumbs:
    """The thumbnails in a file. Safe to use from several threads."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __call__(self, paths: Sequence[Path]) -> list[bytes]:
        """A JPEG for each face file, at most `SIDE` pixels; empty for one that cannot be read."""
        keys = [_key(path) for path in paths]
        known = self._known([key for key in keys if key])
        made: dict[bytes, bytes] = {}
        for path, key in zip(paths, keys, strict=True):
            if key and key not in known:
                made[key] = known[key] = thumbnail(path)
        self._keep(made)
        return [known.get(key, b"") if key else b"" for key in keys]

    def _known(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        if not self._file.is_file():
            return {}
        marks = ", ".join("?" * len(keys))
        try:
            with closing(sqlite3.connect(self._file)) as database:
                if database.execute("PRAGMA user_version").fetchone() != (_SCHEMA,):
                    raise sqlite3.DatabaseError("another version of the file")
                rows = database.execute(
                    f"SELECT key, jpeg FROM thumbs WHERE key IN ({marks})", keys
                )
                return {bytes(key): bytes(jpeg) for key, jpeg in rows}
        except sqlite3.OperationalError:
            return {}  # locked, or out of reach
        except (sqlite3.DatabaseError, TypeError):
            with suppress(OSError):
                self._file.unlink(missing_ok=True)
            return {}

    def _keep(self, made: dict[bytes, bytes]) -> None:
        """Where that cannot be done they are made again next time."""
        rows = [(key, jpeg) for key, jpeg in made.items() if jpeg]
        if not rows:
            return
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._file)) as database, database:
                database.execute("PRAGMA synchronous = OFF")  # nothing here is worth waiting for
                database.execute(f"PRAGMA user_version = {_SCHEMA}")
                database.execute(
                    "CREATE TABLE IF NOT EXISTS thumbs (key BLOB PRIMARY KEY, jpeg BLOB) "
                    "WITHOUT ROWID"
                )
                database.executemany("INSERT OR REPLACE INTO thumbs VALUES (?, ?)", rows)
        except (sqlite3.Error, OSError):
            return


def _key(path: Path) -> bytes:
    """What stands for a face file's content; empty if it is not there."""
    try:
        with path.open("rb") as file:
            length = file.seek(0, 2)
            file.seek(max(0, length - _TAIL))
            tail = file.read()
    except OSError:
        return b""
    return hashlib.blake2b(length.to_bytes(8, "big") + tail, digest_size=16).digest()


def thumbnail(path: Path) -> bytes:
    """A small JPEG of a picture file; empty if it cannot be read."""
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError:
        return b""
    # The decoder halves a JPEG as it goes, which is twice as fast; never below the wanted side.
    half = cv2.IMREAD_REDUCED_COLOR_2 | cv2.IMREAD_IGNORE_ORIENTATION
    pixels = cv2.imdecode(data, half) if len(data) else None
    if pixels is not None and min(pixels.shape[:2]) < SIDE:
        pixels = cv2.imdecode(data, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if pixels is None:
        return b""
    scale = SIDE / max(pixels.shape[:2])
    if scale < 1:
        pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    picture = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)
    return images.encode(picture, ".jpg", quality=_QUALITY)
