"""Write an order into the names of face files, so that every file viewer shows it.

A journal (`order_file`) is written first; then every file gets a passing name, and then its new
one. A program that dies in between leaves all files in the folder, and the next sort or undo
finishes what was begun. No file is ever removed or written over.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath

from recast.disk import disk_trouble_named
from recast.errors import WorkspaceUnusable
from recast.faceset.index import rename_in_index
from recast.faceset.order_file import ORDER_NAME, TRASH, Order, load_order, locked, save_order

Step = Callable[[int, int], None]
"""Called before each change on disk, with the number of the change and of all; may raise."""

_LONGEST = 240  # bytes; file systems allow 255
_RANK = re.compile(r"^(?:\d{5,}-)+(?=.)")


def write_order(
    folder: Path, names: Sequence[str], left_out: Sequence[str], step: Step
) -> list[str]:
    """Rename `names` to RANK-ORIGINAL in their order, and move `left_out` into the trash folder.

    Gives the names of files that could not be renamed; they stay as they are.

    Raises:
        WorkspaceUnusable: another program is sorting here.
        DiskTrouble: the folder cannot be written.
    """
    with locked(folder):
        known = _finished(folder, step)
        files = [*names, *left_out]
        originals = {now: original for original, _, now in known.files} if known else {}
        origins = [originals.pop(name, name) for name in files]
        targets = _targets(folder, origins, len(names), moving=files)
        moves = list(zip(origins, files, targets, strict=True))
        # What an earlier sort put into the trash, or could not find, is still part of the undo.
        stay = [(original, now, now) for now, original in originals.items()]
        return _carry_out(folder, Order(phase="aside", files=(*moves, *stay)), step)


def undo_order(folder: Path, step: Step) -> list[str]:
    """Give all files their original names back, those in the trash folder too.

    Gives the names of files that could not be renamed.

    Raises:
        WorkspaceUnusable: the folder was not sorted, or another program is sorting here.
        DiskTrouble: the folder cannot be written.
    """
    if load_order(folder) is None:
        raise WorkspaceUnusable(
            f"{folder} remembers no sort",
            "there is nothing to undo; in a sorted name the part after the first dash is the"
            " original name",
        )
    with locked(folder):
        known = _finished(folder, step)
        if known is None:
            return []
        origins = [original for original, _, _ in known.files]
        names = [now for _, _, now in known.files]
        taken = _Taken(folder, moving=names)
        targets = [taken.free(original) for original in origins]
        moves = tuple(zip(origins, names, targets, strict=True))
        kept = _carry_out(folder, Order(phase="aside", files=moves), step)
        if not kept:
            (folder / ORDER_NAME).unlink(missing_ok=True)
        trash = folder / TRASH
        if trash.is_dir() and not any(trash.iterdir()):
            trash.rmdir()
        return kept


def finish(folder: Path, step: Step) -> bool:
    """Finish a renaming that was cut short; whether there was one."""
    order = load_order(folder)
    if order is None or order.phase == "done":
        return False
    with locked(folder):
        _finished(folder, step)
    return True


class _Taken:
    """Names nobody may get: those of files that are not renamed. Case and accents are ignored."""

    def __init__(self, folder: Path, *, moving: Iterable[str]) -> None:
        gone = set(moving)
        found = [name for name in _listed(folder) if name not in gone]
        self._keys = {_key(name) for name in found}

    def free(self, name: str) -> str:
        """The name, or the name with a number behind it; it is taken from then on."""
        path, number = PurePosixPath(name), 1
        while _key(name) in self._keys:
            number += 1
            name = path.with_name(f"{path.stem}_{number}{path.suffix}").as_posix()
        self._keys.add(_key(name))
        return name


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _listed(folder: Path) -> list[str]:
    found = []
    for part, prefix in ((folder, ""), (folder / TRASH, f"{TRASH}/")):
        if part.is_dir():
            found += [prefix + name for name in os.listdir(part)]  # noqa: PTH208 - names only
    return found


def _targets(
    folder: Path, origins: Sequence[str], staying: int, *, moving: Iterable[str]
) -> list[str]:
    taken = _Taken(folder, moving=moving)
    digits = max(5, len(str(max(staying - 1, 0))))
    targets = []
    for rank, original in enumerate(origins):
        label = _RANK.sub("", PurePosixPath(original).name)  # of a folder whose journal was lost
        if rank >= staying:
            targets.append(taken.free(f"{TRASH}/{PurePosixPath(original).name}"))
            continue
        name = f"{rank:0{digits}d}-{label}"
        if len(os.fsencode(name)) > _LONGEST:
            name = f"{rank:0{digits}d}{PurePosixPath(label).suffix}"
        targets.append(taken.free(name))
    return targets


def _finished(folder: Path, step: Step) -> Order | None:
    """The state of the folder, after finishing what a dead program began."""
    order = load_order(folder)
    if order is None or order.phase == "done":
        return order
    _carry_out(folder, order, step)
    return load_order(folder)


def _carry_out(folder: Path, order: Order, step: Step) -> list[str]:
    """Rename as the journal says, from wherever it stands."""
    moving = [i for i, (_, before, now) in enumerate(order.files) if before != now]
    steps = _Steps(step, 2 * len(moving) + 3)
    passing = {index: order.passing_name(index) for index in moving}
    kept: dict[int, str] = {}
    if order.phase == "aside":
        steps.next()
        save_order(folder, order)
        for index in moving:
            steps.next()
            _rename(folder, order.files[index][1], passing[index])
        order = order.model_copy(update={"phase": "place"})
        steps.next()
        save_order(folder, order)
    present = set(_listed(folder))
    if any(now.startswith(f"{TRASH}/") for _, _, now in order.files):
        with disk_trouble_named(folder / TRASH):
            (folder / TRASH).mkdir(exist_ok=True)
    for index in moving:
        _, before, now = order.files[index]
        steps.next()
        if passing[index] in present:
            if not _rename(folder, passing[index], now):
                kept[index] = passing[index]
        elif before in present and now not in present:
            kept[index] = before  # it could not be moved aside, a viewer holds it
    steps.next()
    _note_done(folder, order, kept)
    return list(kept.values())


def _note_done(folder: Path, order: Order, kept: dict[int, str]) -> None:
    present = set(_listed(folder))
    placed = {now for index, (_, _, now) in enumerate(order.files) if index not in kept}
    files = tuple(
        (original, before, kept.get(index, now))
        for index, (original, before, now) in enumerate(order.files)
        if kept.get(index, now) in present and kept.get(index) not in placed
    )
    moved = {before: None if "/" in now else now for _, before, now in files if "/" not in before}
    save_order(folder, order.model_copy(update={"phase": "done", "files": files}))
    # Last, and once: if this is lost, sizes and times tell which rows are still right.
    rename_in_index(folder, moved)


class _Steps:
    def __init__(self, step: Step, total: int) -> None:
        self._step, self._total, self._done = step, total, 0

    def next(self) -> None:
        self._step(self._done, self._total)
        self._done += 1


def _rename(folder: Path, old: str, new: str) -> bool:
    """Rename a file if that can be done and nothing is in its way."""
    try:
        if os.path.lexists(folder / new):
            return False
        (folder / old).rename(folder / new)
    except OSError:
        return False  # somebody removed it, or holds it open
    return True
