"""Cut faces that somebody noted out of their take."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from recast.disk import disk_trouble_named
from recast.errors import FaceFileUnreadable
from recast.events import Progress, Report

if TYPE_CHECKING:
    from recast.faces import Framing
    from recast.faceset import FaceRecord
    from recast.interop.faceswap import NotedFace
    from recast.video import Take


def cut_faces(
    noted: list[NotedFace],
    take: Take,
    faceset: Path,
    *,
    framing: Framing,
    size: int,
    report: Report,
) -> int:
    """Write a face file for each face whose frame the take has; how many those are.

    What an earlier run wrote is not cut again.
    """
    wanted: dict[int, list[tuple[str, FaceRecord]]] = {}
    faces = 0
    for index, number, face in _placed(noted, take):
        faces += 1
        name, record = _record(face, (take.path.name, index, number), framing, size)
        if not _is_there(faceset / name, record):
            wanted.setdefault(index, []).append((name, record))
    with disk_trouble_named(faceset):
        faceset.mkdir(parents=True, exist_ok=True)
    if wanted:
        _cut_frames(take, wanted, faceset, report)
    return faces


def _placed(noted: list[NotedFace], take: Take) -> Iterator[tuple[int, int, NotedFace]]:
    """Index of the frame, number of the face in it (0 is the largest), and the face."""
    from recast.interop.faceswap import faces_by_frame

    pictures = [path.name for path in getattr(take, "pictures", ())]
    by_frame: dict[int, list[NotedFace]] = {}
    for index, face in faces_by_frame(noted, pictures):
        if index < len(take):
            by_frame.setdefault(index, []).append(face)
    for index, faces in sorted(by_frame.items()):
        by_size = sorted(faces, key=lambda face: face.box[0] - face.box[2])
        yield from ((index, number, face) for number, face in enumerate(by_size))


def _record(
    face: NotedFace, place: tuple[str, int, int], framing: Framing, size: int
) -> tuple[str, FaceRecord]:
    """The name of the face file, and the record; its moment is filled in with the frame.

    `place` is the take's name, the frame's index and the face's number in the frame.
    """
    from fractions import Fraction

    from recast.faces import Face, placement, pose_of
    from recast.faceset import FaceRecord, Source, face_file_name

    take, index, number = place
    found = Face(face.box, 1.0, face.landmarks, pose_of(face.landmarks))
    placed = placement(face.landmarks, size, framing, yaw=found.pose.yaw)
    source = Source(take=take, frame=index, moment=Fraction(0))
    record = FaceRecord.of(found, placed, source=source, framing=framing, size=size)
    return face_file_name(index, number), record


def _is_there(path: Path, record: FaceRecord) -> bool:
    """Whether an earlier run wrote just this face."""
    from recast.faceset import load_record

    if not path.exists():
        return False
    try:
        there = load_record(path)
    except FaceFileUnreadable:
        return False
    return there.model_copy(update={"source": record.source}) == record


def _cut_frames(
    take: Take,
    wanted: dict[int, list[tuple[str, FaceRecord]]],
    faceset: Path,
    report: Report,
) -> None:
    from recast.faces import align
    from recast.faceset import save_face

    report(Progress(0, len(wanted)))
    done = 0
    for frame in take.frames(min(wanted), max(wanted) + 1):
        if frame.index not in wanted:
            continue
        for name, record in wanted[frame.index]:
            source = record.source.model_copy(update={"moment": frame.moment})
            crop = align(frame.image, record.placed, record.size)
            save_face(faceset / name, crop, record.model_copy(update={"source": source}))
        done += 1
        report(Progress(done, len(wanted)))
