"""Folders of pictures and layers, signed by a list of their files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from recast.disk import Fingerprint, parsed_json, read_json

SIDECAR = ".c2pa"
"""What the credentials of a file that holds none are called: the file's name and this."""


def signed_lists(folder: Path, sidecar: str) -> list[Path]:
    """The lists of a folder that have credentials beside them: JSON, or JSON lines."""
    endings = (f".json{sidecar}", f".jsonl{sidecar}")
    names = (one.name for one in folder.iterdir() if one.name.endswith(endings))
    return [folder / name.removesuffix(sidecar) for name in sorted(names)]


def changed_files(listed: Path) -> Iterator[str]:
    """What differs between the files that a list names, by SHA-256, and those that are there."""
    hashes = _hashes_in(listed)
    for name, expected in hashes.items():
        path = listed.parent / name
        if not _holds(path.is_file):
            yield f"{name} is missing"
        elif _digest(path, like=expected) != expected:
            yield f"{name} was changed after signing"
    kinds = {Path(name).suffix for name in hashes}
    for path in sorted(listed.parent.iterdir()):
        if path.suffix in kinds and path.name not in hashes:
            yield f"{path.name} was added after signing"


def members(listed: Path) -> list[Path]:
    """Files and folders with credentials of their own that a list names."""
    named = _read(listed).get("layers")
    names = named.values() if isinstance(named, dict) else ()
    paths = [listed.parent / Path(str(name)).name for name in names]
    # A list may name neither its own folder nor one around it: that would be read without end.
    return [
        path
        for path in paths
        if path != listed.parent and path.name != ".." and not _holds(path.is_symlink)
    ]


def bearers(take: Path) -> list[tuple[Path, Path]]:
    """What of a take may have credentials beside it, and the files with those credentials.

    A file itself; in a folder of pictures their list, if they are as it says.
    """
    if not take.is_dir():
        found = [take]
    else:
        lists = signed_lists(take, SIDECAR)
        found = [one for one in lists if _hashes_in(one) and not any(changed_files(one))]
    pairs = [(one, one.with_name(one.name + SIDECAR)) for one in found]
    return [pair for pair in pairs if pair[1].is_file()]


def belongings(folder: Path, sidecar: str) -> list[Path]:
    """The files of a folder that its signed lists name, those lists and their credentials."""
    found: list[Path] = []
    for listed in signed_lists(folder, sidecar):
        found += [listed, listed.with_name(listed.name + sidecar)]
        found += [listed.parent / name for name in _hashes_in(listed)]
    return [path for path in dict.fromkeys(found) if _holds(path.is_file)]


def _holds(look: Callable[[], bool]) -> bool:
    """What a look at a path says: no, if a list gave it a name that no file can have."""
    with suppress(OSError):
        return look()
    return False


def _hashes_in(listed: Path) -> dict[str, str]:
    """Digests by name: SHA-256, or BLAKE2b in the note that pictures are written with."""
    if listed.suffix == ".json":
        return _hashes(_read(listed))
    try:
        rows = [parsed_json(line) for line in listed.read_text("utf-8", "replace").splitlines()]
    except (OSError, ValueError):
        return {}
    named = [row for row in rows if isinstance(row, dict) and isinstance(row.get("name"), str)]
    return {Path(row["name"]).name: str(row.get("digest")) for row in named}


def _hashes(value: dict[str, Any]) -> dict[str, str]:
    files = value.get("files")
    found = dict(files) if isinstance(files, dict) else {}
    sound = value.get("sound")
    if isinstance(sound, dict):
        found[str(sound.get("name"))] = sound
    # Only names: a list never speaks of files outside its folder.
    return {
        Path(name).name: str(about.get("sha256")) if isinstance(about, dict) else ""
        for name, about in found.items()
    }


def _read(listed: Path) -> dict[str, Any]:
    try:
        value = read_json(listed)
    except (OSError, ValueError):
        return {}  # then its own credentials do not fit it, which says more
    return value if isinstance(value, dict) else {}


def _digest(path: Path, *, like: str) -> str:
    """The digest of a file by the algorithm that an expected one is of."""
    if len(like) == 64:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    return Fingerprint.of_file(path).digest
