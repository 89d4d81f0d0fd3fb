"""The files a result is made from, as its credentials name them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from recast.errors import TakeUnreadable

Role = Literal["dst", "src"]

_MAGIC = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
_TIFF = {b"II*\x00": "image/tiff", b"MM\x00*": "image/tiff"}
_RIFF = {b"AVI ": "video/avi", b"WEBP": "image/webp"}


@dataclass(frozen=True)
class Ingredient:
    """A take that went into a result: `dst` was changed, `src` only taught the model.

    `title` is a neutral name, since a file's name often tells a person's.
    """

    path: Path
    role: Role
    title: str
    sha256: str


def gather(takes: Sequence[Path]) -> list[Ingredient]:
    """Hash the takes: dst first, then every src.

    A folder of pictures is hashed file by file, in the order of their names.
    """
    return [_ingredient(path, order) for order, path in enumerate(takes)]


def _ingredient(path: Path, order: int) -> Ingredient:
    role: Role = "src" if order else "dst"
    title = f"{role} take" if order < 2 else f"{role} take {order}"
    try:
        digest = _folder_digest(path) if path.is_dir() else _digest(path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        what = f"{path} went into the result, but cannot be read: {reason}"
        raise TakeUnreadable(what, "put the take back where it was") from error
    return Ingredient(path, role, title, digest)


def mime_type(path: Path) -> str | None:
    """What the first bytes say a file is; None for a folder or a kind without credentials."""
    if path.is_dir():
        return None
    with path.open("rb") as file:
        head = file.read(12)
    if head[4:8] == b"ftyp":
        return "video/quicktime" if head[8:12] == b"qt  " else "video/mp4"
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    return next((mime for magic, mime in (_MAGIC | _TIFF).items() if head.startswith(magic)), None)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _folder_digest(folder: Path) -> str:
    whole = hashlib.sha256()
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        whole.update(f"{_digest(path)}  {path.name}\n".encode(errors="surrogateescape"))
    return whole.hexdigest()
