"""What is underneath marking faces by hand: the marks of a side, and the frames to mark."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Literal

from recast.errors import WorkspaceUnusable
from recast.stages.extraction import take_note
from recast.stages.redo import face_of_row, frames_again, searched_before, searched_frames
from recast.stages.searching import Subject
from recast.workspace import Side, Workspace

if TYPE_CHECKING:
    from recast.faces import Face, Mark, Marks
    from recast.stages.extract import ExtractOptions
    from recast.video import Take

Listed = Literal["all", "missing", "several", "low-score", "jumps", "deleted-debug"]


def marks_of(workspace: Workspace, side: Side, take: Take | None = None) -> Marks:
    """The marks of a side, none if nobody marked anything.

    Raises:
        WorkspaceUnusable: the file is damaged, or the marks are of another take.
    """
    from recast.faces import load_marks

    file = workspace.marks_file(side)
    marks = load_marks(file)
    known = take_note(take or workspace.take(side))
    if marks.take and marks.take != known:
        raise WorkspaceUnusable(
            f"{file} holds marks of another take: {marks.take.get('name')} of "
            f"{marks.take.get('length')} frames, {side} is {known['name']} of {known['length']}",
            "put that take back, or move the file away to mark anew",
        )
    return marks.model_copy(update={"take": known})


def keep_marks(workspace: Workspace, side: Side, marks: Marks) -> None:
    """Write the marks of a side into the workspace, whole or not at all."""
    from recast.faces import save_marks

    save_marks(workspace.marks_file(side), marks)


def found_marks(workspace: Workspace, side: Side) -> dict[int, tuple[Mark, ...]]:
    """The faces that were found so far as marks, by frame, the largest first; none without any."""
    from recast.faces import Mark

    if not workspace.faceset_folder(side).is_dir():
        return {}
    faces = workspace.faceset(side)
    found: dict[int, list[Face]] = defaultdict(list)
    for row, frame in enumerate(faces.frames.tolist()):
        found[frame].append(face_of_row(faces, row))
    return {
        frame: tuple(Mark.of_face(face) for face in sorted(here, key=lambda face: -face.size))
        for frame, here in found.items()
    }


def marks_written(workspace: Workspace, side: Side) -> ExtractOptions:
    """The extraction that turns accepted marks into faces like those that are there.

    After a search it replaces the faces of marked frames alone; without one, marks are all there
    is.
    """
    from recast.stages.extract import ExtractOptions
    from recast.stages.extraction import read_extraction

    known = read_extraction(workspace.extraction_file(side))
    if known is None or not workspace.faceset_folder(side).is_dir():
        return ExtractOptions(detector="manual")
    like = {name: known.options[name] for name in ("framing", "size") if name in known.options}
    return ExtractOptions.model_validate({**like, "detector": "manual", "only": "marked"})


def frames_to_mark(
    workspace: Workspace, side: Side, listed: Listed, *, below: float | None = None
) -> list[int]:
    """The frames of a kind, in order, whatever their marks are; `below` is for low-score.

    "all" needs no search for faces before; the other lists speak of what it found.

    Raises:
        WorkspaceUnusable: the take was not searched before.
        OptionUnusable: no debug pictures were made, so that none was deleted.
    """
    from recast.faces.doubt import LOW_SCORE, doubtful

    take = workspace.take(side)
    subject = Subject(workspace, side, take)
    if listed == "all":
        return list(range(len(take)))
    if listed == "missing" or listed == "deleted-debug":
        return frames_again(subject, listed)
    faces = subject.faceset()
    found: dict[int, list[Face]] = defaultdict(list)
    for frame in searched_frames(subject, searched_before(subject)):
        found[frame] = []
    for row, frame in enumerate(faces.frames.tolist()):
        found[frame].append(face_of_row(faces, row))
    return doubtful(dict(found), listed, below=LOW_SCORE if below is None else below)
