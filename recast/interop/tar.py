"""A whole face set in one tar, as WebDataset has it: the files of one face stand together.

`000003_0.jpg` is the face file, byte by byte; `000003_0.json` repeats its record for programs that
do not read XMP. Reading takes face files only, one after another, and trusts no name and no size.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from recast.disk import clear_draft, disk_trouble_named, flush_to_disk
from recast.errors import FaceFileUnreadable, ForeignFileUnreadable
from recast.faceset import load_record
from recast.faceset.face_file import FACE_SUFFIXES, LARGEST_FILE, own_form, read_face_file
from recast.interop.names import safe_name

_FIX = "pack it again with recast export, or unpack it with tar and import the folder"


def write_tar(out: Path, faces: Iterable[Path]) -> Iterator[FaceFileUnreadable | None]:
    """Pack face files, in recast's own form; what is given back is why one was left out, or None.

    `out` appears when all are in.

    Raises:
        DiskTrouble: the pack cannot be written.
        ForeignFileUnreadable: a name is none that every system takes.
    """
    draft = out.with_name(out.name + ".part")
    try:
        with disk_trouble_named(out):
            clear_draft(draft)
            with tarfile.open(draft, "x", format=tarfile.PAX_FORMAT) as tar:
                for path in faces:
                    try:
                        _add(tar, path)
                    except FaceFileUnreadable as problem:
                        yield problem
                    else:
                        yield None
            flush_to_disk(draft)
            draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)


def _add(tar: tarfile.TarFile, path: Path) -> None:
    name = safe_name(path.name, str(path.parent))
    data = own_form(read_face_file(path), str(path))
    record = load_record(path).model_dump_json(exclude_none=True).encode()
    for part, content in ((name, data), (path.stem + ".json", record)):
        member = tarfile.TarInfo(part)
        member.size, member.mode = len(content), 0o644
        tar.addfile(member, io.BytesIO(content))


def tar_files(path: Path) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the face files in a tar that is not compressed.

    Raises:
        ForeignFileUnreadable: it is no tar, broken, or holds links, paths or files too large.
    """
    try:
        # A stream: nothing in it can point the reader back or elsewhere.
        with tarfile.open(path, "r|") as tar:
            for member in tar:
                name = _checked(member, path)
                if name is None:
                    continue
                content = tar.extractfile(member)
                data = content.read() if content is not None else b""
                if len(data) != member.size:
                    raise _broken(path, "it is cut off")
                yield name, data
    except tarfile.TarError as error:
        raise _broken(path, str(error)) from error
    except OSError as error:
        raise _broken(path, error.strerror or "it cannot be read") from error


def _checked(member: tarfile.TarInfo, path: Path) -> str | None:
    """The name of a face file; None for what is passed over."""
    if member.isdir() and member.name in (".", ""):
        return None
    if not member.isreg() or member.issparse():
        raise _broken(path, f"{member.name[:60]!r} in it is no plain file")
    name = safe_name(member.name.removeprefix("./"), str(path))
    if Path(name).suffix.lower() not in FACE_SUFFIXES:
        return None
    if member.size > LARGEST_FILE:
        raise _broken(path, f"{name} in it is larger than {LARGEST_FILE >> 20} MiB")
    return name


def _broken(path: Path, why: str) -> ForeignFileUnreadable:
    return ForeignFileUnreadable(f"{path} is no pack of faces recast can read: {why}", _FIX)
