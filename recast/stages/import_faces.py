"""Take over faces from other places: DeepFaceLab, faceswap, packs, other face sets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, Field

from recast.disk import disk_trouble_named, write_whole
from recast.errors import (
    FaceFileUnreadable,
    ForeignFileUnreadable,
    NoFaceFound,
    OptionUnusable,
    RecastError,
)
from recast.events import Note, Progress, Report, Started, silent

if TYPE_CHECKING:
    from recast.interop.faceswap import NotedFace

PACK = "faceset.pak"
_MOST_NOTES = 20


class ImportOptions(BaseModel, frozen=True, extra="forbid"):
    """How faces are taken over."""

    take: Path | None = Field(
        None, description="The take the faces are from: faces of faceswap are cut out of it anew."
    )
    framing: Literal["half", "mid-full", "full", "whole-face", "head"] = Field(
        "full", description="How much of the head a crop shows that is cut anew."
    )
    size: int = Field(256, ge=64, le=2048, description="Side in pixels of a crop cut anew.")


@dataclass(frozen=True)
class Imported:
    """What an import did."""

    faces: int
    """All that are there now, those of earlier runs included."""
    skipped: int
    """Files that are no faces recast can read; each was named."""


@dataclass(frozen=True)
class _Found:
    """A face file somewhere: its name, the folder it belongs into, and its content."""

    name: str
    folder: Path
    content: bytes | Path


class _Skipped:
    """Names what is passed over, and counts it."""

    def __init__(self, report: Report) -> None:
        self.count = 0
        self._report = report

    def __call__(self, problem: object) -> None:
        self.count += 1
        if self.count <= _MOST_NOTES:
            self._report(Note(f"Skipped: {problem}", warning=True))
        elif self.count == _MOST_NOTES + 1:
            self._report(Note("Skipped: more files like these.", warning=True))


def run(source: Path, faceset: Path, options: ImportOptions, report: Report = silent) -> Imported:
    """Copy the faces of `source` into the folder `faceset`; goes on where an earlier run stopped.

    `source` is a folder of face files, a workspace of DeepFaceLab, a pack (`faceset.pak`, `.tar`)
    or a file or folder of faceswap (with `options.take`). A file that is there already is left
    alone; one of the same name but another content stays, and the new one gets another name.

    Raises:
        ForeignFileUnreadable: a pack or file is broken, or holds more than plain values.
        NoFaceFound: there is not one face.
        OptionUnusable: the take is missing, or given where it is not needed.
        DiskTrouble: the face set cannot be written.
    """
    report(Started("import", f"{source} into {faceset}"))
    skipped = _Skipped(report)
    noted = _noted_faces(source, skipped)
    if noted is not None:
        faces = _cut(noted, faceset, options, skipped, report)
    elif options.take is not None:
        raise OptionUnusable(
            f"{source} holds no faces of faceswap, which alone are cut out of a take",
            "leave --take out; or find the take's faces: recast extract",
        )
    else:
        faces = _copied(source, faceset, skipped, report)
    if not faces:
        raise NoFaceFound(
            f"{source} holds no faces recast can read",
            "give a folder of face files, a workspace, a .pak, .fsa or .tar file",
        )
    return Imported(faces, skipped.count)


def _noted_faces(source: Path, skipped: _Skipped) -> list[NotedFace] | None:
    """What faceswap noted; None if `source`, or most of it, is not of faceswap."""
    from recast.interop.faceswap import is_faceswap, read_alignments, read_header

    if source.suffix.lower() == ".fsa":
        faces, damaged = read_alignments(source)
        for _ in range(damaged):
            skipped(f"{source} holds a face without usable landmarks")
        return faces
    pictures = _pictures(source)
    theirs = set(filter(is_faceswap, pictures))
    if not theirs or 2 * len(theirs) < len(pictures):
        return None
    found = []
    for path in pictures:
        try:
            found.append(read_header(path))
        except ForeignFileUnreadable as problem:
            skipped(problem)
    return found


def _cut(
    noted: list[NotedFace],
    faceset: Path,
    options: ImportOptions,
    skipped: _Skipped,
    report: Report,
) -> int:
    from recast.stages.cut_faces import cut_faces
    from recast.video import open_take

    if options.take is None:
        raise OptionUnusable(
            "faces of faceswap are cut out of the take they are from, and none is given",
            "add --take VIDEO, or --take FOLDER for a folder of frames",
        )
    take = open_take(options.take)
    faces = cut_faces(
        noted, take, faceset, framing=options.framing, size=options.size, report=report
    )
    for _ in range(len(noted) - faces):
        skipped(f"{take.path.name} has no frame for a face")
    return faces


def _copied(source: Path, faceset: Path, skipped: _Skipped, report: Report) -> int:
    from concurrent.futures import ThreadPoolExecutor

    from recast.ordered import ordered

    def work(found: _Found) -> RecastError | None:
        try:
            _write(found)
        except FaceFileUnreadable as problem:
            return problem
        return None

    total, files = _files(source, faceset)
    faces = 0
    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        for done, problem in enumerate(ordered(pool, work, files, ahead=2 * workers)):
            if problem is not None:
                skipped(problem)
            faces += problem is None
            report(Progress(done + 1, total, "faces"))
    return faces


def _files(source: Path, faceset: Path) -> tuple[int, Iterator[_Found]]:
    """How many files there are (0 if nobody knows), and the files."""
    from recast.interop.dfl_pack import pack_contents, packed_files
    from recast.interop.tar import tar_files

    if source.suffix.lower() == ".tar":
        return 0, (_Found(name, faceset, data) for name, data in tar_files(source))
    if source.suffix.lower() == ".pak":
        packed = pack_contents(source)
        return len(packed), (
            _Found(face.name, faceset / face.person if face.person else faceset, data)
            for face, data in packed_files(source, packed)
        )
    if not source.is_dir():
        raise ForeignFileUnreadable(
            f"{source} is nothing recast can import",
            "give a folder of face files, a workspace, a .pak, .fsa or .tar file",
        )
    total, files = 0, []
    for folder, place in _folders(source, faceset):
        count, found = _folder_files(folder, place)
        total += count
        files.append(found)
    return total, (found for part in files for found in part)


def _folders(source: Path, faceset: Path) -> list[tuple[Path, Path]]:
    """The folders with faces, and where each goes: both sides of a workspace, or one."""
    sides = [source / f"data_{side}" / "aligned" for side in ("src", "dst")]
    found = [(side, faceset / side.relative_to(source)) for side in sides if side.is_dir()]
    found = found or [(source, faceset)]
    for folder, place in found:
        if folder.resolve() == place.resolve():
            raise OptionUnusable(
                f"{folder} cannot be imported into itself", "name another folder with --to"
            )
    return found


def _folder_files(folder: Path, place: Path) -> tuple[int, Iterator[_Found]]:
    pictures = _pictures(folder)
    found = (_Found(path.name, place, path) for path in pictures)
    if not (folder / PACK).is_file():
        return len(pictures), found
    count, packed = _files(folder / PACK, place)
    return len(pictures) + count, (one for part in (found, packed) for one in part)


def _pictures(folder: Path) -> list[Path]:
    """The files that may be faces, by name; none if it is no folder."""
    from recast.faceset.face_file import FACE_SUFFIXES

    if not folder.is_dir():
        return []
    try:
        names = sorted(entry.name for entry in os.scandir(folder))
    except OSError as error:
        raise ForeignFileUnreadable(
            f"{folder} cannot be opened: {error.strerror}", "choose a folder you may read"
        ) from error
    return [
        folder / name
        for name in names
        if Path(name).suffix.lower() in FACE_SUFFIXES and not name.startswith(".")
    ]


def _write(found: _Found) -> None:
    """Write a face file in recast's own form, unless it is there."""
    from recast.faceset.face_file import own_form, read_face_file

    if isinstance(found.content, Path):
        data = own_form(read_face_file(found.content), str(found.content))
    else:
        data = own_form(found.content, found.name)
    with disk_trouble_named(found.folder):
        found.folder.mkdir(parents=True, exist_ok=True)
    place = found.folder / found.name
    number = 2
    while place.exists():
        if place.stat().st_size == len(data) and place.read_bytes() == data:
            return
        place = found.folder / f"{Path(found.name).stem}-{number}{place.suffix}"
        number += 1
    write_whole(place, data, durable=False)
