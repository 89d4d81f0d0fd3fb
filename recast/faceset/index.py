"""A cache of what is known about a folder's face files, so that large sets open and sort fast.

It lives in the hidden file `.index.sqlite` beside the faces and may be deleted at any time: what
is missing, changed (by size and time of modification) or gone is read anew from the face files. A
broken index is thrown away; where none can be written, every file is read every time. The table
`faces` holds the small part of each record; `recast.faceset.features` keeps a table of its own for
every feature, whose rows end with those of their faces.
"""

from __future__ import annotations

import os
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, fields
from operator import attrgetter
from pathlib import Path

import numpy as np

from recast.errors import FaceFileUnreadable
from recast.faces import PADDING
from recast.faceset.face_file import FACE_SUFFIXES, load_record
from recast.faceset.record import FaceRecord

INDEX_NAME = ".index.sqlite"
FEATURES = "feature "
"""What the names of the features' tables begin with."""

_SCHEMA = 2
# AUTOINCREMENT: the number of a face that is gone is never another's, so no feature can be either.
_CREATE = """
CREATE TABLE IF NOT EXISTS faces (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, length INTEGER, modified INTEGER,
    take TEXT, frame INTEGER, numerator INTEGER, denominator INTEGER, framing TEXT, size INTEGER,
    track INTEGER, numbers BLOB
)
"""
_COLUMNS = (
    "name, length, modified, take, frame, numerator, denominator, framing, size, track, numbers"
)
_NUMBERS = np.dtype(
    [
        ("matrix", "<f8", (2, 3)),
        ("landmarks", "<f4", (68, 2)),
        ("box", "<f4", (4,)),
        ("score", "<f4"),
        ("yaw", "<f4"),
        ("pitch", "<f4"),
        ("roll", "<f4"),
    ]
)


@dataclass(frozen=True, slots=True)
class Row:
    """One face file: its state on disk and the small part of its record."""

    name: str
    length: int
    modified: int
    take: str
    frame: int
    numerator: int
    denominator: int
    """Of the moment."""
    framing: str
    size: int
    track: int
    """-1 for none."""
    numbers: bytes
    """One item of `_NUMBERS`; `numbers_of` reads many at once."""


_VALUES = attrgetter(*(field.name for field in fields(Row)))


def numbers_of(rows: list[Row]) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    """The numeric columns of all rows, a structured array (N,)."""
    return np.frombuffer(b"".join(row.numbers for row in rows), _NUMBERS)


def scan(folder: Path) -> tuple[list[Row], list[FaceFileUnreadable]]:
    """All face files of a folder by name, and what is wrong with those that are passed over.

    A copy of a face file under another name is passed over too: the first by name counts.
    """
    return _without_copies(folder, *_scanned(folder))


def files_by_frame(folder: Path) -> dict[int, list[Path]]:
    """The face files of each frame, whatever they are called now, copies among them."""
    files: dict[int, list[Path]] = defaultdict(list)
    for row in _scanned(folder)[0]:
        files[row.frame].append(folder / row.name)
    return files


def _scanned(folder: Path) -> tuple[list[Row], list[FaceFileUnreadable]]:
    index = folder / INDEX_NAME
    known = _read_index(index)
    rows: list[Row] = []
    broken: list[FaceFileUnreadable] = []
    fresh: list[Row] = []
    for name, state in _listed(folder):
        row = known.pop(name, None)
        try:
            if row is None or (row.length, row.modified) != (state.st_size, state.st_mtime_ns):
                record = load_record(folder / name)
                row = _row(name, state.st_size, state.st_mtime_ns, record)
                fresh.append(row)
            rows.append(row)
        except FaceFileUnreadable as error:
            if (folder / name).exists():  # else somebody removed it since the folder was listed
                broken.append(error)
    if fresh or known:
        _update_index(index, fresh, gone=[*known, *(row.name for row in fresh)])
    return rows, broken


def _listed(folder: Path) -> list[tuple[str, os.stat_result]]:
    """Name and state of the files that may be face files, by name."""
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            suffix = os.path.splitext(entry.name)[1].lower()  # noqa: PTH122 - 100,000 times
            if entry.name.startswith(".") or suffix not in FACE_SUFFIXES:
                continue
            try:
                found.append((entry.name, Path(entry.path).stat()))
            except OSError:
                continue  # removed since, or out of reach
    return sorted(found, key=lambda item: item[0])


def _without_copies(
    folder: Path, rows: list[Row], broken: list[FaceFileUnreadable]
) -> tuple[list[Row], list[FaceFileUnreadable]]:
    first: dict[tuple[object, ...], str] = {}
    kept = []
    for row in rows:
        same = (row.length, row.take, row.frame, row.framing, row.size, row.numbers)
        if first.setdefault(same, row.name) == row.name:
            kept.append(row)
        else:
            broken.append(
                FaceFileUnreadable(
                    f"{folder / row.name} is a copy of {first[same]}", "delete one of the two"
                )
            )
    return kept, broken


def _row(name: str, length: int, modified: int, record: FaceRecord) -> Row:
    numbers = np.zeros((), _NUMBERS)
    for field in ("matrix", "landmarks", "box", "score"):
        numbers[field] = getattr(record, field)
    for field in ("yaw", "pitch", "roll"):
        numbers[field] = getattr(record.pose, field)
    moment = record.source.moment
    return Row(
        name,
        length,
        modified,
        record.source.take,
        record.source.frame,
        moment.numerator,
        moment.denominator,
        record.framing,
        record.size,
        -1 if record.track is None else record.track,
        numbers.tobytes(),
    )


def _read_index(index: Path) -> dict[str, Row]:
    """What the index knows; nothing if there is none, or a broken or foreign one."""
    if not index.is_file():
        return {}
    try:
        with closing(sqlite3.connect(index)) as database:
            if database.execute("PRAGMA user_version").fetchone() != (_SCHEMA,):
                raise sqlite3.DatabaseError("another version of the index")
            # Sets of faces are passed on, with their index: nothing in it may run by itself.
            kinds = "SELECT count(*) FROM sqlite_master WHERE type IN ('view', 'trigger')"
            if database.execute(kinds).fetchone() != (0,):
                raise sqlite3.DatabaseError("more than tables")
            columns = [column for _, column, *_ in database.execute("PRAGMA table_info(faces)")]
            if columns != ["id", *_COLUMNS.split(", ")]:
                raise sqlite3.DatabaseError("other columns")
            rows = [Row(*values) for values in database.execute(f"SELECT {_COLUMNS} FROM faces")]
        if not all(_is_sound(row) for row in rows) or not _are_finite(rows):
            raise sqlite3.DatabaseError("values of the wrong kind")
    except sqlite3.OperationalError:
        return {}  # locked or out of reach; it may be sound
    # SQLite also runs "out of memory" over pages of a broken index, however small it is.
    except (sqlite3.DatabaseError, TypeError, UnicodeDecodeError, MemoryError):
        discard(index)
        return {}
    return {row.name: row for row in rows}


def _is_sound(row: Row) -> bool:
    texts = (row.name, row.take, row.framing)
    counts = (row.length, row.modified, row.frame, row.numerator, row.size, row.track)
    return (
        all(isinstance(value, str) for value in texts)
        and all(isinstance(value, int) for value in counts)
        and isinstance(row.denominator, int)
        and row.denominator > 0
        and isinstance(row.numbers, bytes)
        and len(row.numbers) == _NUMBERS.itemsize
        and row.framing in PADDING
        and 0 <= row.frame < 10**9
        and 16 <= row.size <= 4096
        and -1 <= row.track < 10**9
    )


def _are_finite(rows: list[Row]) -> bool:
    numbers = numbers_of(rows)
    return all(np.isfinite(numbers[name]).all() for name in numbers.dtype.names or ())


def write(index: Path, change: Callable[[sqlite3.Connection], None]) -> None:
    """Change the index in one transaction; where that cannot be done it stays as it is.

    A crash in between leaves what was there before. A broken index is thrown away.
    """
    try:
        with closing(sqlite3.connect(index)) as database, database:
            database.execute(f"PRAGMA user_version = {_SCHEMA}")
            database.execute(_CREATE)
            change(database)
    except sqlite3.OperationalError:
        return  # a read-only folder, a full disk, a lock: the index is a convenience
    except (sqlite3.DatabaseError, MemoryError):
        discard(index)


def feature_tables(database: sqlite3.Connection) -> list[str]:
    """The tables of all features, quoted."""
    found = database.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, ?) = ?",
        (len(FEATURES), FEATURES),
    )
    return [quoted(name) for (name,) in found]


def quoted(table: str) -> str:
    """A table's name as SQL wants it."""
    return '"' + table.replace('"', '""') + '"'


def _update_index(index: Path, fresh: list[Row], *, gone: Iterable[str]) -> None:
    def change(database: sqlite3.Connection) -> None:
        names = [(name,) for name in gone]
        for table in feature_tables(database):
            database.executemany(
                f"DELETE FROM {table} WHERE face = (SELECT id FROM faces WHERE name = ?)", names
            )
        database.executemany("DELETE FROM faces WHERE name = ?", names)
        marks = ", ".join("?" * 11)
        database.executemany(
            f"INSERT INTO faces ({_COLUMNS}) VALUES ({marks})", map(_VALUES, fresh)
        )

    write(index, change)


def rename_in_index(folder: Path, moved: Mapping[str, str | None]) -> None:
    """Follow a renaming, old name to new, or to None where a face left the folder."""

    def change(database: sqlite3.Connection) -> None:
        numbers = dict(database.execute("SELECT name, id FROM faces"))
        known = [(new, numbers[old]) for old, new in moved.items() if old in numbers]
        # No file name is empty or begins with a slash, so these collide with none.
        database.executemany(
            "UPDATE faces SET name = '/' || id WHERE id = ?", [(i,) for _, i in known]
        )
        left = [(number,) for new, number in known if new is None]
        for table in feature_tables(database):
            database.executemany(f"DELETE FROM {table} WHERE face = ?", left)
        database.executemany("DELETE FROM faces WHERE id = ?", left)
        database.executemany(
            "UPDATE OR REPLACE faces SET name = ? WHERE id = ?",
            [(new, number) for new, number in known if new is not None],
        )

    if (folder / INDEX_NAME).is_file():
        write(folder / INDEX_NAME, change)


def discard(index: Path) -> None:
    """Throw a broken index away, if that can be done."""
    for path in (index, index.with_name(index.name + "-journal")):
        try:
            path.unlink(missing_ok=True)
        except PermissionError:
            return  # in use or read-only; it is ignored then
