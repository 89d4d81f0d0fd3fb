"""What a person does while marking faces: each step takes marks and gives new ones.

Nothing is changed in place, so undoing a step is keeping the value from before it.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

import numpy as np
from numpy.typing import NDArray

from recast.errors import OptionUnusable
from recast.faces.marks import FrameMarks, Mark, Marks, State
from recast.faces.reading import region_of


def placed(marks: Marks, frame: int, mark: Mark, *, number: int | None = None) -> Marks:
    """Add a face to a frame, or put it in the place of face `number`; the frame is to do again."""
    faces = list(marks.at(frame).faces)
    if number is None:
        faces.append(mark)
    else:
        _movable(marks, frame, number)
        faces[number] = mark
    return _with(marks, frame, FrameMarks(faces=tuple(faces)))


def seeded(marks: Marks, frame: int, found: Sequence[Mark]) -> Marks:
    """Begin a frame that nobody touched, or that was only skipped, with what was found in it."""
    here = marks.at(frame)
    touched = frame in marks.frames and here.state != "skipped"
    if touched or here.faces or not found:
        return marks
    return _with(marks, frame, here.model_copy(update={"faces": tuple(found)}))


def with_point(
    marks: Marks, frame: int, number: int, *, point: int, to: tuple[float, float]
) -> Marks:
    """Move one landmark, 0..67, of a face; its square goes along, and it is sure from now on."""
    _movable(marks, frame, number)
    landmarks = marks.at(frame).faces[number].points
    landmarks[point] = to
    return placed(marks, frame, Mark.of(region_of(landmarks), landmarks), number=number)


def removed(marks: Marks, frame: int, number: int) -> Marks:
    """Take a face out of a frame."""
    _movable(marks, frame, number)
    faces = marks.at(frame).faces
    return _with(marks, frame, FrameMarks(faces=faces[:number] + faces[number + 1 :]))


def accepted(marks: Marks, frame: int) -> Marks:
    """The faces of a frame are right as they are; none means that the frame shows none."""
    return _in_state(marks, frame, "done")


def skipped(marks: Marks, frame: int) -> Marks:
    """The frame is left out; its marks stay, to be taken up again."""
    return _in_state(marks, frame, "skipped")


def rest_skipped(marks: Marks, listed: Sequence[int], *, start: int) -> Marks:
    """Skip those of the listed frames from `start` on that are still to do."""
    rest = [f for f in listed if f >= start and marks.at(f).state == "todo"]
    changed = {f: marks.at(f).model_copy(update={"state": "skipped"}) for f in rest}
    return marks.model_copy(update={"frames": {**marks.frames, **changed}})


def with_lock(marks: Marks, frame: int, number: int, *, locked: bool) -> Marks:
    """Lock a face against being moved, or unlock it."""
    faces = list(marks.at(frame).faces)
    _there(marks, frame, number)
    faces[number] = faces[number].model_copy(update={"locked": locked})
    return _with(marks, frame, marks.at(frame).model_copy(update={"faces": tuple(faces)}))


def copied_from_previous(marks: Marks, frame: int) -> Marks:
    """Put the faces of the nearest marked frame before into this one; locked ones stay.

    Raises:
        OptionUnusable: no frame before has a face.
    """
    before = [f for f, at in marks.frames.items() if f < frame and at.faces]
    if not before:
        raise OptionUnusable(
            f"no frame before frame {frame} has a marked face", "place the face in this frame"
        )
    copied = tuple(_unlocked(mark) for mark in marks.at(max(before)).faces)
    kept = tuple(mark for mark in marks.at(frame).faces if mark.locked)
    new = tuple(mark for mark in copied if not any(_same(mark, other) for other in kept))
    return _with(marks, frame, FrameMarks(faces=kept + new))


def interpolated(
    marks: Marks, first: int, last: int, *, among: Container[int] | None = None
) -> Marks:
    """Mark all frames between two marked ones, as done: places and shapes change evenly.

    Faces are paired by their distance. Frames that are skipped or hold a locked face stay, and so
    do those that are not `among` these, if it is given.

    Raises:
        OptionUnusable: a frame has no face, or they have different numbers of faces.
    """
    begin, end = marks.at(first).faces, marks.at(last).faces
    if not begin or len(begin) != len(end) or last <= first:
        raise OptionUnusable(
            f"frames {first} and {last} have {len(begin)} and {len(end)} marked faces",
            "mark the same faces in two frames, the earlier one first",
        )
    pairs = _paired(begin, end)
    between = {}
    for frame in range(first + 1, last):
        here = marks.at(frame)
        if among is not None and frame not in among:
            continue
        if here.state != "skipped" and not any(mark.locked for mark in here.faces):
            share = (frame - first) / (last - first)
            faces = tuple(_between(one, other, share) for one, other in pairs)
            between[frame] = FrameMarks(faces=faces, state="done")
    return marks.model_copy(update={"frames": {**marks.frames, **between}})


def _with(marks: Marks, frame: int, here: FrameMarks) -> Marks:
    return marks.model_copy(update={"frames": {**marks.frames, frame: here}})


def _in_state(marks: Marks, frame: int, state: State) -> Marks:
    return _with(marks, frame, marks.at(frame).model_copy(update={"state": state}))


def _there(marks: Marks, frame: int, number: int) -> Mark:
    faces = marks.at(frame).faces
    if not 0 <= number < len(faces):
        raise OptionUnusable(
            f"frame {frame} has {len(faces)} marked faces, number {number} is none of them",
            "count them from 0",
        )
    return faces[number]


def _movable(marks: Marks, frame: int, number: int) -> None:
    if _there(marks, frame, number).locked:
        raise OptionUnusable(f"face {number} of frame {frame} is locked", "unlock it first")


def _unlocked(mark: Mark) -> Mark:
    return mark.model_copy(update={"locked": False})


def _same(one: Mark, other: Mark) -> bool:
    return _distance(one, other) < max(one.region[2], other.region[2]) / 4


def _distance(one: Mark, other: Mark) -> float:
    return float(np.hypot(one.region[0] - other.region[0], one.region[1] - other.region[1]))


def _paired(begin: Sequence[Mark], end: Sequence[Mark]) -> list[tuple[Mark, Mark]]:
    """The nearest two are one face, then the nearest of the others."""
    ways = sorted(
        (_distance(one, other), i, j) for i, one in enumerate(begin) for j, other in enumerate(end)
    )
    chosen: dict[int, int] = {}
    for _, i, j in ways:
        if i not in chosen and j not in chosen.values():
            chosen[i] = j
    return [(begin[i], end[j]) for i, j in sorted(chosen.items())]


def _between(one: Mark, other: Mark, share: float) -> Mark:
    """Turn and size change evenly, and so do the points inside the turned square."""
    (x0, y0, side0, angle0), (x1, y1, side1, angle1) = one.region, other.region
    turn = float(np.angle(np.exp(1j * (angle1 - angle0))))  # the shorter way round
    region = (
        x0 + share * (x1 - x0),
        y0 + share * (y1 - y0),
        side0 * (side1 / side0) ** share,
        angle0 + share * turn,
    )
    inside = (1 - share) * _inside(one) + share * _inside(other)
    points = (inside * region[2]) @ _axes(region[3]) + np.array(region[:2])
    score = min(one.score, other.score)
    return Mark.of(region, points.astype(np.float32), score=score)


def _inside(mark: Mark) -> NDArray[np.float64]:
    """The landmarks in the mark's square, from its centre, in parts of its side."""
    x, y, side, angle = mark.region
    from_centre = mark.points.astype(np.float64) - np.array([x, y])
    return np.asarray(from_centre @ _axes(angle).T / side)


def _axes(angle: float) -> NDArray[np.float64]:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, sin], [-sin, cos]])
