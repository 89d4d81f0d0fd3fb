"""Files that are whole or not there at all, and known again when they are unchanged."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recast.errors import DiskTrouble
from recast.language import to_say

LARGEST_JSON = 256 * 2**20
"""Bytes; the list of a million pictures has half of it."""

_FIXES = {
    errno.ENOSPC: to_say("free some space or choose another disk"),
    errno.EDQUOT: to_say("free some space or choose another disk"),
    errno.EFBIG: to_say("the file system allows no file this large; choose another disk"),
    errno.EACCES: to_say("choose a folder you may write to"),
    errno.EPERM: to_say("choose a folder you may write to"),
    errno.EROFS: to_say("choose a folder you may write to"),
}


@contextmanager
def disk_trouble_named(path: Path) -> Iterator[None]:
    """Turn the system's "no space" and "no permission" into an error that names `path`."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FIXES:
            raise
        reason = os.strerror(error.errno).lower()
        raise DiskTrouble(f"{path} cannot be written: {reason}", _FIXES[error.errno]) from error


def flush_to_disk(path: Path) -> None:
    """Make a finished file survive a power cut."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def flush_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut, where the system can (Windows cannot)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def clear_draft(draft: Path) -> None:
    """Make room for a new draft: what lies under its name is removed, a link but not its target.

    Without this a link that somebody put into a folder he gives away would be written through.
    """
    if draft.is_dir() and not draft.is_symlink():
        shutil.rmtree(draft, ignore_errors=True)
    else:
        draft.unlink(missing_ok=True)


def write_whole(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Write so that a reader sees the old file or the new one, never a part.

    `durable=False` skips the flush to the platter, for files that are cheap to make again.
    """
    draft = path.with_name(path.name + ".part")
    with disk_trouble_named(path):
        try:
            if draft.is_symlink():  # put there by somebody else, to be written through
                draft.unlink()
            with draft.open("wb") as file:
                file.write(data)
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            draft.replace(path)
        except OSError:
            draft.unlink(missing_ok=True)
            raise


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, whole or not at all."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    write_whole(path, (text + "\n").encode())


def read_json(path: Path) -> Any:
    """The value in a JSON file, whoever wrote it.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no JSON, nested too deep, or larger than `LARGEST_JSON`.
    """
    with path.open("rb") as file:
        text = file.read(LARGEST_JSON + 1)
    if len(text) > LARGEST_JSON:
        raise ValueError(f"it is larger than {LARGEST_JSON >> 20} MiB")
    return parsed_json(text)


def parsed_json(text: str | bytes) -> Any:
    """The value of a JSON text; ValueError if it is none, or nested too deep."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("its values are nested too deep") from error


@dataclass(frozen=True)
class Fingerprint:
    """What a file held when it was written; tells whether it is still that file."""

    size: int
    digest: str

    @classmethod
    def of(cls, data: bytes) -> Fingerprint:
        return cls(len(data), hashlib.blake2b(data, digest_size=16).hexdigest())

    @classmethod
    def of_file(cls, path: Path) -> Fingerprint:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16))
            return cls(file.tell(), found.hexdigest())

    def fits(self, path: Path) -> bool:
        """Whether `path` holds just this. Files of another size are not read."""
        try:
            return path.stat().st_size == self.size and Fingerprint.of_file(path) == self
        except OSError:
            return False
