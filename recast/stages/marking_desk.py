"""Marks while people work at them: every step can be undone, and is kept."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING

from recast.errors import OptionUnusable
from recast.language import sentence
from recast.stages.marking import (
    Listed,
    found_marks,
    frames_to_mark,
    keep_marks,
    marks_of,
)
from recast.workspace import Side, Workspace

if TYPE_CHECKING:
    from recast.faces import FrameMarks, Mark, Marks

MOST_STEPS = 200
"""So many steps can be undone."""


class MarkingDesk:
    """The marks of a side, for everybody who works at them.

    Steps are made in one thread; `keep` may run in another. A frame that nobody touched shows the
    faces that were found in it, and the first step in it makes them marks.
    """

    def __init__(self, workspace: Workspace, side: Side) -> None:
        """Raises WorkspaceUnusable or TakeUnreadable as `marks_of` does."""
        self.workspace, self.side = workspace, side
        take = workspace.take(side)
        self.take_path = take.path
        self.length = len(take)
        self.size = take.info.size
        self.marks = self._kept = marks_of(workspace, side, take)
        self._found = found_marks(workspace, side)
        self._before: list[Marks] = []
        self._again: tuple[str, int, int] | None = None
        self._writing = Lock()
        self.version = 0
        """Grows with everything that changes what is shown."""

    def listed(self, listed: Listed, *, below: float | None = None) -> list[int]:
        """The frames of a kind; see `frames_to_mark`."""
        return frames_to_mark(self.workspace, self.side, listed, below=below)

    def look_again(self) -> None:
        """Read anew which faces were found, and what another program marked."""
        self._found = found_marks(self.workspace, self.side)
        with self._writing:
            marks = marks_of(self.workspace, self.side)
            if self.marks is self._kept and marks != self.marks:
                self.marks = self._kept = marks
                self._before = []
        self.version += 1

    def at(self, frame: int) -> FrameMarks:
        """What a frame shows: its marks, or what was found in it."""
        return self._seeded(frame).at(frame)

    def is_touched(self, frame: int) -> bool:
        """Whether a person did anything to a frame."""
        return frame in self.marks.frames

    def place(self, frame: int, mark: Mark, *, number: int | None = None) -> None:
        """Put a face into a frame, or face `number` to another place; once, if done repeatedly."""
        from recast.faces import mark_steps

        again = None if number is None else ("place", frame, number)
        self._step(mark_steps.placed(self._seeded(frame), frame, mark, number=number), again)

    def move_point(self, frame: int, number: int, *, point: int, to: tuple[float, float]) -> None:
        """Move one landmark of a face."""
        from recast.faces import mark_steps

        self._step(mark_steps.with_point(self._seeded(frame), frame, number, point=point, to=to))

    def remove(self, frame: int, number: int) -> None:
        """Take a face out of a frame."""
        from recast.faces import mark_steps

        self._step(mark_steps.removed(self._seeded(frame), frame, number))

    def lock(self, frame: int, number: int, *, locked: bool) -> None:
        """Lock a face against being moved, or unlock it."""
        from recast.faces import mark_steps

        self._step(mark_steps.with_lock(self._seeded(frame), frame, number, locked=locked))

    def accept(self, frame: int) -> None:
        """What the frame shows is right."""
        from recast.faces import mark_steps

        self._step(mark_steps.accepted(self._seeded(frame), frame))

    def skip(self, frame: int) -> None:
        """Leave the frame as the search left it."""
        from recast.faces import mark_steps

        self._step(mark_steps.skipped(self.marks, frame))

    def skip_rest(self, frames: Sequence[int], *, start: int) -> None:
        """Skip those of the frames from `start` on that are not done."""
        from recast.faces import mark_steps

        self._step(mark_steps.rest_skipped(self.marks, frames, start=start))

    def copy_previous(self, frame: int) -> None:
        """Put the faces of the nearest frame before that shows any into this one.

        Raises:
            OptionUnusable: there is none.
        """
        from recast.faces import mark_steps

        before = self._nearest(frame, forward=False)
        marks = self.marks if before is None else self._seeded(before)
        copied = mark_steps.copied_from_previous(marks, frame)
        here = {frame: copied.at(frame)}
        self._step(self.marks.model_copy(update={"frames": {**self.marks.frames, **here}}))

    def interpolate(self, frame: int, among: Sequence[int]) -> tuple[int, int]:
        """Fill the gap that ends in this frame, or that it lies in; the two frames around it.

        Only frames `among` these are filled, and of them those that are not skipped or locked.

        Raises:
            OptionUnusable: there are no such two frames, or their faces differ in number.
        """
        from recast.faces import mark_steps

        first = self._nearest(frame, forward=False)
        last = frame if self.at(frame).faces else self._nearest(frame, forward=True)
        if first is None or last is None:
            raise OptionUnusable(
                sentence("frame {frame} does not lie between two frames with faces", frame=frame),
                sentence("mark the face in one frame before and in one behind"),
            )
        ends = {end: self.at(end) for end in (first, last)}
        between = self.marks.model_copy(update={"frames": {**self.marks.frames, **ends}})
        filled = mark_steps.interpolated(between, first, last, among=frozenset(among))
        new = {f: h for f, h in filled.frames.items() if f not in ends or self.is_touched(f)}
        self._step(self.marks.model_copy(update={"frames": new}))
        return first, last

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._before)

    def undo(self) -> None:
        """Take the last step back, if there is one."""
        if self._before:
            self.marks = self._before.pop()
            self._again = None
            self.version += 1

    def keep(self) -> bool:
        """Write the marks, if they are not what was written last; whether they were written."""
        with self._writing:
            marks = self.marks
            if marks is self._kept:
                return False
            keep_marks(self.workspace, self.side, marks)
            self._kept = marks
            return True

    def _step(self, marks: Marks, again: tuple[str, int, int] | None = None) -> None:
        if again is None or again != self._again:
            self._before = [*self._before[1 - MOST_STEPS :], self.marks]
        self._again = again
        self.marks = marks
        self.version += 1

    def _seeded(self, frame: int) -> Marks:
        from recast.faces import mark_steps

        return mark_steps.seeded(self.marks, frame, self._found.get(frame, ()))

    def _nearest(self, frame: int, *, forward: bool) -> int | None:
        """The nearest frame before, or behind, that shows a face."""
        marked = (other for other in self.marks.frames if self.marks.frames[other].faces)
        found = (other for other in self._found if other not in self.marks.frames)
        shown = sorted([*marked, *found])
        if forward:
            at = bisect.bisect_right(shown, frame)
            return shown[at] if at < len(shown) else None
        at = bisect.bisect_left(shown, frame)
        return shown[at - 1] if at else None


class MarkingView:
    """Where one person is: a list of frames, the frame in it, and the face that is chosen."""

    def __init__(self, desk: MarkingDesk, listed: Listed = "all") -> None:
        """Raises what `frames_to_mark` raises."""
        self.desk = desk
        self.frames: list[int] = []
        self.place = 0
        """In `frames`."""
        self.number = 0
        """Of the face that is chosen."""
        self.show(listed)

    def show(self, listed: Listed, *, below: float | None = None) -> None:
        """Take another list; its first frame that nobody is through with comes first."""
        self.frames = self.desk.listed(listed, below=below)
        self.listed = listed
        self.place = -1
        self.next_open()

    @property
    def frame(self) -> int | None:
        """The frame that is shown; None if the list is empty."""
        return self.frames[self.place] if self.frames else None

    def go(self, steps: int) -> None:
        """Forward or back in the list, not beyond its ends."""
        self.place = max(0, min(len(self.frames) - 1, self.place + steps))
        self.number = 0

    def go_to(self, frame: int) -> None:
        """To a frame of the list, or the next one behind it."""
        self.place = bisect.bisect_left(self.frames, frame)
        self.go(0)

    def next_open(self) -> None:
        """To the next frame of the list that is still to do, or to its end."""
        for place in range(self.place + 1, len(self.frames)):
            if self.desk.marks.at(self.frames[place]).state == "todo":
                self.place = place
                break
        else:
            self.place = len(self.frames) - 1
        self.go(0)

    def count(self) -> dict[str, int]:
        """How many frames of the list are in each state."""
        states = [self.desk.marks.at(frame).state for frame in self.frames]
        return {state: states.count(state) for state in ("todo", "done", "skipped")}

    def choose_next(self) -> None:
        """The next face of the frame."""
        frame = self.frame
        faces = () if frame is None else self.desk.at(frame).faces
        self.number = (self.number + 1) % len(faces) if faces else 0
