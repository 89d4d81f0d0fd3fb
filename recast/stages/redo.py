"""Look again at some frames of a take that was searched before, and keep all other faces."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from recast.errors import OptionUnusable, WorkspaceUnusable
from recast.events import Note, Progress, Report, Started
from recast.stages.extraction import (
    Extraction,
    read_extraction,
    spans,
    take_note,
    write_extraction,
)
from recast.stages.searching import (
    BATCH,
    Crew,
    FaceWriter,
    Subject,
    chosen_frames,
    debug_name,
    frames_at,
)

if TYPE_CHECKING:
    from recast.faces import Face
    from recast.faceset import FaceSet
    from recast.geometry import Points
    from recast.video import Frame

Only = Literal["missing", "deleted-debug", "marked"]
SAME = 0.01
"""Pixels: a face lies where it was marked if its landmarks are this near."""


def frames_again(subject: Subject, only: Only) -> list[int]:
    """The frames in which nothing was found, whose debug picture somebody deleted, or whose
    accepted marks are not what the face set holds.

    A frame whose faces were deleted by hand is not missing any.

    Raises:
        WorkspaceUnusable: the take was not searched before, or is another one now.
        OptionUnusable: no debug pictures were made.
    """
    known = searched_before(subject)
    if only == "missing":
        filled = set(subject.faceset().frames.tolist())
        return [frame for frame in known.empty_frames() if frame not in filled]
    if only == "marked":
        return marked_otherwise(subject)
    if not known.debug:
        raise OptionUnusable(
            f"there are no debug pictures of {subject.side}, so none was deleted",
            f"make them: recast extract {subject.workspace.root} {subject.side} --debug",
        )
    folder = subject.debug_folder
    there = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    return [frame for frame in searched_frames(subject, known) if debug_name(frame) not in there]


def marked_otherwise(subject: Subject) -> list[int]:
    """The frames whose accepted marks are not the faces that the face set holds, in order."""
    import numpy as np

    from recast.stages.marking import marks_of

    faces = subject.faceset()
    rows: dict[int, list[int]] = defaultdict(list)
    for row, frame in enumerate(faces.frames.tolist()):
        rows[frame].append(row)

    def is_held(frame: int) -> bool:
        there = [faces.landmarks[row] for row in rows.get(frame, [])]
        wanted = [mark.points for mark in marks.at(frame).faces]
        return len(there) == len(wanted) and all(
            any(np.abs(one - other).max() <= SAME for other in there) for one in wanted
        )

    marks = marks_of(subject.workspace, subject.side, subject.take)
    done = (frame for frame, here in marks.frames.items() if here.state == "done")
    return sorted(frame for frame in done if frame < len(subject.take) and not is_held(frame))


def searched_before(subject: Subject) -> Extraction:
    """The note on the search whose faces are there.

    Raises:
        WorkspaceUnusable: there was none, or of another take.
    """
    known = read_extraction(subject.note)
    first = f"search it whole first: recast extract {subject.workspace.root} {subject.side}"
    if known is None or not subject.faces_folder.is_dir():
        raise WorkspaceUnusable(f"the {subject.side} take was not searched for faces before", first)
    if known.take != take_note(subject.take):
        raise WorkspaceUnusable(f"the faces there are of another {subject.side} take", first)
    return known


def search_again(
    subject: Subject,
    *,
    frames: Sequence[int],
    crew: Crew,
    write: FaceWriter,
    report: Report,
) -> None:
    """Search these frames, and put what they had before into the folder `aligned.old-N`.

    New faces are written first, old ones moved then, the debug picture drawn last: whenever this
    is cut off, the same call takes the frame up again.
    """
    from concurrent.futures import ThreadPoolExecutor

    from recast.faceset import files_by_frame
    from recast.ordered import batches, ordered

    known = searched_before(subject)
    report(Started("extract", f"{subject.side}: {len(frames)} frames again"))
    before = files_by_frame(subject.faces_folder)
    aside = aside_folder(write.folder)
    empty = set(known.empty_frames())

    def work(batch: list[Frame]) -> dict[int, int]:
        found = {}
        for frame, faces in zip(batch, crew(batch), strict=True):
            write(frame, faces)
            _moved(before.get(frame.index, []), aside)
            write.draw(frame, faces)
            found[frame.index] = len(faces)
        return found

    done, faces = 0, 0
    report(Progress(0, len(frames)))
    with ThreadPoolExecutor(crew.workers) as pool:
        for found in ordered(
            pool, work, batches(frames_at(subject.take, frames), BATCH), ahead=crew.workers + 1
        ):
            done, faces = done + len(found), faces + sum(found.values())
            empty -= {frame for frame, count in found.items() if count}
            empty |= {frame for frame, count in found.items() if not count}
            known = replace(known, nothing_found=spans(sorted(empty)))
            write_extraction(subject.note, known)
            report(Progress(done, len(frames)))
    report(Note(f"{subject.side}: {faces} faces in the {done} frames that were searched again."))
    if aside.is_dir():
        report(Note(f"The faces that these frames had before are kept in {aside}."))


def draw_all(subject: Subject, known: Extraction, report: Report) -> Extraction:
    """Draw debug pictures of a search that made none, from the faces that are there.

    Those that an earlier start of this drew stay as they are.
    """
    from concurrent.futures import ThreadPoolExecutor

    from recast.ordered import ordered
    from recast.stages.searching import save_debug

    folder = subject.debug_folder
    folder.mkdir(parents=True, exist_ok=True)
    faces = subject.faceset()
    rows: dict[int, list[int]] = defaultdict(list)
    for row, frame in enumerate(faces.frames.tolist()):
        rows[frame].append(row)
    there = {path.name for path in folder.iterdir()}
    frames = [frame for frame in searched_frames(subject, known) if debug_name(frame) not in there]
    report(Started("extract", f"{subject.side}: debug pictures of {len(frames)} frames"))

    def work(frame: Frame) -> int:
        drawn, squares = _drawn_faces(faces, rows.get(frame.index, []))
        save_debug(folder, frame.image, drawn, squares, frame=frame.index)
        return frame.index

    with ThreadPoolExecutor() as pool:
        pictures = ordered(pool, work, frames_at(subject.take, frames), ahead=8)
        for done, _ in enumerate(pictures, start=1):
            report(Progress(done, len(frames)))
    known = replace(known, debug=True)
    write_extraction(subject.note, known)
    return known


def aside_folder(folder: Path) -> Path:
    """The name under which a folder's old contents are kept: the first that is free."""
    number = 1
    while (old := folder.with_name(f"{folder.name}.old-{number}")).exists():
        number += 1
    return old


def searched_frames(subject: Subject, known: Extraction) -> range:
    """The frames in which faces were looked for so far."""
    options = known.options
    chosen = chosen_frames(options.get("frames", ""), options.get("every", 1), len(subject.take))
    return chosen[: known.frames_done]


def _moved(files: Sequence[Path], aside: Path) -> None:
    """Move files aside; one that somebody deleted meanwhile stays deleted."""
    from recast.disk import disk_trouble_named

    for file in files:
        with disk_trouble_named(aside), suppress(FileNotFoundError):
            aside.mkdir(parents=True, exist_ok=True)
            file.rename(aside / file.name)


def _drawn_faces(faces: FaceSet, rows: Sequence[int]) -> tuple[list[Face], list[Points]]:
    """Faces of a set and the corners of their crops."""
    from recast.faces import square_of

    found = [face_of_row(faces, row) for row in rows]
    return found, [square_of(faces.placed(row), int(faces.sizes[row])) for row in rows]


def face_of_row(faces: FaceSet, row: int) -> Face:
    """A face of a set without reading its file; it has no mesh."""
    from recast.faces import Face, Pose

    left, top, right, bottom = (float(edge) for edge in faces.boxes[row])
    pose = Pose(float(faces.yaw[row]), float(faces.pitch[row]), float(faces.roll[row]))
    box = (left, top, right, bottom)
    return Face(box, float(faces.scores[row]), faces.landmarks[row], pose)
