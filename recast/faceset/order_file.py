"""What a sorted folder remembers: `.order.json`, the journal of a renaming and the way back.

    {"version": 1, "phase": "done", "token": "5f0c29aa",
     "files": [["000017_0.jpg", "00001-000017_0.jpg", "00000-000017_0.jpg"], ...]}

Each file has its original name, its name before the last sort, and its name now. `phase` says how
far a renaming is: "aside" while files get passing names, "place" while they get their new ones.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from recast.disk import disk_trouble_named, write_whole
from recast.errors import WorkspaceUnusable
from recast.faceset.face_file import FACE_SUFFIXES
from recast.reasons import reason

ORDER_NAME = ".order.json"
LOCK_NAME = ".order.lock"
TRASH = "trash"
"""Folder inside the face set for the faces a sort leaves out; nothing reads or empties it."""

_PLAIN = re.compile(r"[^/\\:\x00\ud800-\udfff]+")
"""No separators or drives, and nothing that cannot be written as UTF-8."""


class Order(BaseModel):
    """The renaming of a folder, under way or done."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    phase: Literal["aside", "place", "done"]
    token: str = Field(default_factory=lambda: secrets.token_hex(4), pattern=r"^[0-9a-f]{8}$")
    """Part of the passing names, so that they are nobody else's."""
    files: tuple[tuple[str, str, str], ...]
    """Original name, name before, name now; with a slash, "trash/…" if it is there."""

    @field_validator("files")
    @classmethod
    def _stays_inside(cls, files: tuple[tuple[str, str, str], ...]) -> Any:
        # The file may come along with a folder from elsewhere: it must not reach out of it.
        for names in files:
            for name in names:
                if not is_plain(name.removeprefix(f"{TRASH}/")):
                    raise ValueError(f"{name} is no name of a face file in this folder")
        return files

    def passing_name(self, index: int) -> str:
        """Between its old name and the new one; visible, so that no face is out of sight."""
        return f"sorting-{self.token}-{index:06d}{PurePosixPath(self.files[index][1]).suffix}"


def is_plain(name: str) -> bool:
    """Whether a face file's name is one that no system takes for a path."""
    suffix = "." + name.rpartition(".")[2].lower()
    return _PLAIN.fullmatch(name) is not None and suffix in FACE_SUFFIXES


def load_order(folder: Path) -> Order | None:
    """What the folder remembers; None if it was never sorted.

    Raises:
        WorkspaceUnusable: the file is damaged, or of a newer recast.
    """
    file = folder / ORDER_NAME
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return None
    try:
        return Order.model_validate_json(data)
    except ValidationError as error:
        why = reason(error.errors(include_url=False)[0])
        raise WorkspaceUnusable(
            f"{file} is damaged or from a newer recast: {why}",
            "put back a copy of it, or delete it: the faces stay, but names cannot be undone",
        ) from error


def save_order(folder: Path, order: Order) -> None:
    """Write it whole and flushed, since renames follow that only it explains."""
    text = json.dumps(order.model_dump(mode="json"), ensure_ascii=False)
    write_whole(folder / ORDER_NAME, text.encode("utf-8", "surrogatepass"))


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep a second sort out of the folder; the system lets go when the program ends, however.

    Raises:
        WorkspaceUnusable: another program is sorting here.
        DiskTrouble: the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(folder / LOCK_NAME, thread_local=False)
    try:
        with disk_trouble_named(folder / LOCK_NAME):
            lock.acquire(timeout=0)
    except Timeout as error:
        raise WorkspaceUnusable(
            f"{folder} is being sorted by another program", "wait until it is done"
        ) from error
    try:
        yield
    finally:
        lock.release()
