"""What is measured on the pictures of faces, measured once and then kept in the index.

Each feature has a table of its own, one row a face. Like the whole index it may be deleted at any
time; the rows of a face go when its file changes.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import numpy as np
from numpy.typing import NDArray

from recast.errors import FaceFileUnreadable
from recast.events import Note, Progress, Report
from recast.faceset.face_set import FaceSet
from recast.faceset.index import FEATURES, INDEX_NAME, quoted, write
from recast.geometry import Points
from recast.images import upper_8_bits
from recast.ordered import batches, ordered

Columns = NDArray[np.float32]
"""(N, D), one row a face; not a number where the file could not be read."""
Measure = Callable[[Sequence[NDArray[np.uint8]], Sequence[Points]], Columns]
"""Crops, (S, S, 3) RGB, and landmarks in crop pixels, (68, 2), to (N, D) finite numbers.

Called from several threads. An `Embedder` is one.
"""

MOST_COLUMNS = 8192
"""Numbers a face; histograms, the longest so far, have fewer than a thousand."""
BATCH = 16  # faces decoded and measured by one thread at a time
_SAVED_EVERY = 5.0  # seconds; so much work is lost at most when the computer stops


def cached(
    faces: FaceSet,
    key: str,
    measure: Measure,
    report: Report,
    *,
    along: Mapping[str, Measure] | None = None,
) -> Columns:
    """The feature `key` of all faces; what the index does not know is measured and added to it.

    `key` names the kind of feature and its version: change it when `measure` changes. `along` are
    further features, measured on the same pictures where `key` is missing, since reading a
    picture takes longer than measuring it. What was measured stays when `report` stops the work.
    """
    columns = known(faces, key)
    measured = np.isfinite(columns).all(axis=1) & (columns.shape[1] > 0)
    missing = np.flatnonzero(~measured)
    if len(missing):
        kinds = {key: measure, **(along or {})}
        for index, values in _measured(faces, missing, kinds, report):
            width = len(values[key])
            if columns.shape[1] != width:  # nothing was known, or of another width
                columns = _empty(len(faces), width)
            columns[index] = values[key]
    return columns


def keep(faces: FaceSet, key: str, columns: Columns) -> None:
    """Note what was found out about all faces together, such as whose they are; finite rows."""
    rows = np.flatnonzero(np.isfinite(columns).all(axis=1))
    _save(faces, [(int(index), {key: columns[index]}) for index in rows])


def _measured(
    faces: FaceSet, missing: NDArray[np.intp], kinds: Mapping[str, Measure], report: Report
) -> Iterator[tuple[int, dict[str, Columns]]]:
    """Index and values of each missing face that can be read; they are saved on the way."""

    def work(some: list[int]) -> list[tuple[int, dict[str, Columns]] | FaceFileUnreadable]:
        return _measure(faces, some, kinds)

    done, saved, unsaved = 0, time.monotonic(), []
    workers = os.cpu_count() or 1
    report(Progress(0, len(missing), "faces"))
    with ThreadPoolExecutor(workers) as pool:
        try:
            for found in ordered(pool, work, batches(missing.tolist(), BATCH), ahead=workers + 1):
                for one in found:
                    if isinstance(one, FaceFileUnreadable):
                        report(Note(f"Skipped: {one}", warning=True))
                        continue
                    unsaved.append(one)
                    yield one
                done += len(found)
                if time.monotonic() - saved > _SAVED_EVERY:
                    _save(faces, unsaved)
                    saved, unsaved = time.monotonic(), []
                report(Progress(done, len(missing), "faces"))
        finally:
            _save(faces, unsaved)


def _measure(
    faces: FaceSet, some: Sequence[int], kinds: Mapping[str, Measure]
) -> list[tuple[int, dict[str, Columns]] | FaceFileUnreadable]:
    results: list[tuple[int, dict[str, Columns]] | FaceFileUnreadable] = []
    crops, landmarks, readable = [], [], []
    for index in some:
        try:
            crop = upper_8_bits(faces.crop(index))
        except FaceFileUnreadable as error:
            results.append(error)
            continue
        crops.append(crop)
        landmarks.append(faces.crop_landmarks(index, crop.shape[0]))
        readable.append(index)
    if crops:
        values = {key: measure(crops, landmarks) for key, measure in kinds.items()}
        for at, index in enumerate(readable):
            results.append((index, {key: value[at] for key, value in values.items()}))
    return results


def known(faces: FaceSet, key: str) -> Columns:
    """The feature `key` as far as the index knows it: not a number for faces that were never
    measured, and without columns if none was."""
    columns = np.zeros((len(faces), 0), np.float32)
    if not (faces.folder / INDEX_NAME).is_file():
        return columns
    places = {name: at for at, name in enumerate(faces.names.tolist())}
    table = quoted(FEATURES + key)
    try:
        with closing(sqlite3.connect(faces.folder / INDEX_NAME)) as database:
            found = database.execute(
                f"SELECT faces.name, value FROM faces JOIN {table} ON face = faces.id"
            )
            for name, value in found:
                at = places.get(name)
                if at is None or not isinstance(value, bytes) or not value or len(value) % 4:
                    continue
                if len(value) > 4 * MOST_COLUMNS:  # nothing recast measures: somebody else's index
                    continue
                if not columns.shape[1]:
                    columns = _empty(len(faces), len(value) // 4)
                if len(value) // 4 == columns.shape[1]:
                    columns[at] = np.frombuffer(value, "<f4")
    except (sqlite3.DatabaseError, MemoryError):
        return columns  # no such feature yet, or no index that can be read: `scan` sees to that
    return columns


def _empty(count: int, width: int) -> Columns:
    return np.full((count, width), np.nan, np.float32)


def _save(faces: FaceSet, measured: list[tuple[int, dict[str, Columns]]]) -> None:
    def change(database: sqlite3.Connection) -> None:
        numbers = dict(database.execute("SELECT name, id FROM faces"))
        for key in measured[0][1]:
            table = quoted(FEATURES + key)
            database.execute(
                f"CREATE TABLE IF NOT EXISTS {table} (face INTEGER PRIMARY KEY, value BLOB)"
            )
            rows = [
                (numbers[name], np.ascontiguousarray(values[key], "<f4").tobytes())
                for index, values in measured
                if (name := str(faces.names[index])) in numbers
            ]
            database.executemany(f"INSERT OR REPLACE INTO {table} VALUES (?, ?)", rows)

    if measured and (faces.folder / INDEX_NAME).is_file():
        write(faces.folder / INDEX_NAME, change)
