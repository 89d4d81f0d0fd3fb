"""Find the faces of a take and cut each into an aligned face file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, Field

from recast.errors import NoFaceFound
from recast.events import Note, Progress, Report, Started, silent
from recast.workspace import Side, Workspace

if TYPE_CHECKING:
    from recast.faces import Detector, Framing
    from recast.faceset import FaceSet
    from recast.stages.keep_person import Person
    from recast.video import Frame, Take

BATCH = 8  # frames; the networks gain little from more
VERSION = 1


class ExtractOptions(BaseModel, frozen=True, extra="forbid"):
    """How faces are found and cropped."""

    detector: Literal["mesh"] = Field("mesh", description="What finds faces and landmarks.")
    framing: Literal["half", "mid-full", "full", "whole-face", "head"] = Field(
        "full", description="How much of the head a crop shows."
    )
    size: int = Field(256, ge=64, le=2048, description="Side of an aligned face in pixels.")
    min_score: float = Field(0.5, ge=0, le=1, description="Least score of a face that is kept.")
    person: tuple[Path, ...] | None = Field(
        None, description="Picture of the one person to keep; give it again for more pictures."
    )
    embedder: str = Field(
        "dlib", description="What tells persons apart: dlib, or the path of an ONNX network."
    )
    same_person: float | None = Field(
        None, ge=0, le=1, description="Least likeness to the person; the embedder's own by default."
    )


def run(
    workspace: Workspace, side: Side, options: ExtractOptions, report: Report = silent
) -> FaceSet:
    """Fill the side's face set; goes on where an earlier run stopped.

    A finished extraction with the same options is left as it is, so that faces someone
    removed stay removed. With other options the old face set is kept as `aligned.old-N`.

    Raises:
        NoFaceFound: not one frame shows a face, or none is the person's.
        OptionUnusable: the embedder is not installed.
        TakeUnreadable: the take is cut off, or broken; the faces before the break are kept.
    """
    from recast.faces import DETECTORS
    from recast.stages.keep_person import keep_person
    from recast.stages.takes import whole_take

    take = whole_take(workspace, side)
    person = _person(options)
    folder = workspace.faceset_folder(side)
    wanted = _described(take, options)
    done = _done_before(workspace, side, wanted)
    if done is None:
        _put_aside(folder, report)
        _put_aside(workspace.others_folder(side), report)
        _note_done(workspace, side, wanted, 0)
        done = 0
    if done < len(take):
        about = "the face that is put in" if side == "src" else "the performance"
        report(Started("extract", f"{side} ({about}): {take.path.name}, {len(take)} frames"))
        folder.mkdir(parents=True, exist_ok=True)
        detector = DETECTORS[options.detector](min_score=options.min_score)
        _extract(workspace, side, take, detector, done, options, report)
    else:
        report(Note(f"{side}: all {len(take)} frames were searched before."))
    if person is not None:
        keep_person(folder, workspace.others_folder(side), person, report)
    faces = workspace.faceset(side)
    for problem in faces.unreadable:
        report(Note(f"Skipped: {problem}", warning=True))
    if not len(faces):
        raise NoFaceFound(
            f"no face was found in {take.path} ({side})",
            "check that it shows a face of at least 40 pixels, or lower --min-score",
        )
    return faces


def _person(options: ExtractOptions) -> Person | None:
    from recast.stages.keep_person import open_person

    if not options.person:
        return None
    return open_person(options.person, embedder=options.embedder, threshold=options.same_person)


def _extract(  # noqa: PLR0913
    workspace: Workspace,
    side: Side,
    take: Take,
    detector: Detector,
    done: int,
    options: ExtractOptions,
    report: Report,
) -> None:
    """Decode here, detect and write in threads, and note after each batch how far all is."""
    from concurrent.futures import ThreadPoolExecutor

    from recast.ordered import batches, ordered

    folder, wanted = workspace.faceset_folder(side), _described(take, options)
    workers = os.cpu_count() or 1

    def work(frames: list[Frame]) -> int:
        for frame, faces in zip(frames, detector([f.image for f in frames]), strict=True):
            _write_faces(folder, take, frame, faces, options)
        return len(frames)

    report(Progress(done, len(take)))
    with ThreadPoolExecutor(workers) as pool:
        for count in ordered(pool, work, batches(take.frames(done), BATCH), ahead=workers + 1):
            done += count
            _note_done(workspace, side, wanted, done)
            report(Progress(done, len(take)))


def _write_faces(
    folder: Path, take: Take, frame: Frame, faces: list[Any], options: ExtractOptions
) -> None:
    from recast.faces import align, placement
    from recast.faceset import FaceRecord, Source, face_file_name, save_face

    source = Source(take=take.path.name, frame=frame.index, moment=frame.moment)
    framing: Framing = options.framing
    for number, face in enumerate(faces):
        placed = placement(face.landmarks, options.size, framing, yaw=face.pose.yaw)
        record = FaceRecord.of(face, placed, source=source, framing=framing, size=options.size)
        crop = align(frame.image, placed, options.size)
        save_face(folder / face_file_name(frame.index, number), crop, record)


def _described(take: Take, options: ExtractOptions) -> dict[str, Any]:
    """What the faces are made of: another take or other options give other faces."""
    known = {"name": take.path.name, "length": len(take), "size": list(take.info.size)}
    if take.path.is_file():
        known["bytes"] = take.path.stat().st_size
    # Who is kept is chosen among the faces that were found: it does not make others of them.
    made_of = options.model_dump(mode="json", exclude={"person", "embedder", "same_person"})
    return {"version": VERSION, "take": known, "options": made_of}


def _note_done(workspace: Workspace, side: Side, wanted: dict[str, Any], done: int) -> None:
    """Remember that the first `done` frames were searched as `wanted` says."""
    from recast.disk import disk_trouble_named, write_json

    file = workspace.extraction_file(side)
    with disk_trouble_named(file):
        file.parent.mkdir(parents=True, exist_ok=True)
    write_json(file, {**wanted, "frames_done": done})


def _done_before(workspace: Workspace, side: Side, wanted: dict[str, Any]) -> int | None:
    """How many frames were searched with the same options; None if there was no such search."""
    try:
        text = workspace.extraction_file(side).read_text(encoding="utf-8")
        found = json.loads(text)
        done = int(found.pop("frames_done"))
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return None
    same = found == wanted and workspace.faceset_folder(side).is_dir()
    return done if same and done >= 0 else None


def _put_aside(folder: Path, report: Report) -> None:
    """Keep a face set that was made otherwise, under another name."""
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    number = 1
    while (old := folder.with_name(f"{folder.name}.old-{number}")).exists():
        number += 1
    folder.rename(old)
    report(Note(f"The face set made before is kept as {old}."))
