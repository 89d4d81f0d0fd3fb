"""The masks that people draw on faces: each change goes into the face file, and can be undone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import RLock
from typing import TYPE_CHECKING

from recast.errors import OptionUnusable
from recast.language import sentence
from recast.workspace import Side, Workspace

if TYPE_CHECKING:
    from recast.faceset import FaceRecord, FaceSet
    from recast.images import FrameImage, Mask

MOST_STEPS = 200
"""So many changes can be undone."""


class MaskDesk:
    """The faces of a side and their masks, for everybody who works at them; for any thread."""

    def __init__(self, workspace: Workspace, side: Side) -> None:
        """Raises WorkspaceUnusable: there are no faces yet."""
        self.workspace, self.side = workspace, side
        self._lock = RLock()
        self._before: list[tuple[str, FaceRecord]] = []
        self.version = 0
        """Grows with everything that changes."""
        self.look_again()

    def look_again(self) -> None:
        """Read anew which faces there are."""
        faces = self.workspace.faceset(self.side)
        with self._lock:
            self.faces: FaceSet = faces
            self.names: list[str] = [str(name) for name in faces.names]
            self.version += 1

    def record(self, name: str) -> FaceRecord:
        """What a face file says; raises FaceFileUnreadable."""
        from recast.faceset import load_record

        return load_record(self.faces.folder / self._known(name))

    def crop(self, name: str) -> FrameImage:
        """The picture of a face; raises FaceFileUnreadable."""
        from recast.faceset import load_face

        return load_face(self.faces.folder / self._known(name))[0]

    def mask(self, name: str) -> Mask | None:
        """The mask that a face carries, in its crop's pixels; None if it carries none."""
        from recast.faceset import carries_mask
        from recast.faceset.drawn_mask import carried_mask

        record = self.record(name)
        return carried_mask(record) if carries_mask(record) else None

    def draw(
        self,
        name: str,
        points: Sequence[tuple[float, float]],
        *,
        adds: bool,
        width: float | None = None,
    ) -> None:
        """Draw a polygon, or with a `width` a stroke of the brush, on a face; crop pixels.

        Raises:
            OptionUnusable: it has too few points.
            FaceFileUnreadable, DiskTrouble: the file is broken, or cannot be written.
        """
        import numpy as np

        from recast.faceset.drawn_mask import with_part

        if len(points) < (3 if width is None else 1):
            raise OptionUnusable(
                sentence("{n} points are no polygon", n=len(points)),
                sentence("set at least three before you close it"),
            )
        where = np.array(points, np.float32)
        self._change(name, lambda record: with_part(record, where, adds=adds, width=width))

    def clear(self, name: str) -> None:
        """Let a face carry no mask."""
        from recast.faceset.drawn_mask import without_mask

        self._change(name, without_mask)

    def copy(self, name: str, *, onto: str) -> None:
        """Give a face the mask of another one, at the same place of the frame's face.

        Raises:
            OptionUnusable: the other face carries none.
        """
        from recast.faceset import carries_mask
        from recast.faceset.drawn_mask import copied

        source = self.record(name)
        if not carries_mask(source):
            raise OptionUnusable(
                sentence("{name} carries no mask", name=name), sentence("draw one there first")
            )
        self._change(onto, lambda record: copied(source, record))

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return bool(self._before)

    def undo(self) -> str | None:
        """Take the last change back and name its face; None if there is none."""
        from recast.faceset import replace_record

        with self._lock:
            if not self._before:
                return None
            name, record = self._before.pop()
            replace_record(self.faces.folder / name, record)
            self.version += 1
            return name

    def _change(self, name: str, change: Callable[[FaceRecord], FaceRecord]) -> None:
        from recast.faceset import replace_record

        with self._lock:
            before = self.record(name)
            after = change(before)
            if after == before:
                return
            replace_record(self.faces.folder / name, after)
            self._before = [*self._before[1 - MOST_STEPS :], (name, before)]
            self.version += 1

    def _known(self, name: str) -> str:
        if name not in self.names:
            raise OptionUnusable(
                sentence("{name} is no face of {side}", name=name, side=self.side),
                sentence("choose one that is there"),
            )
        return name


def tinted(mask: Mask | None, size: int) -> FrameImage:
    """A picture to lay over a crop: red where the mask hides the new face, (size, size, 4)."""
    import numpy as np

    tint = np.zeros((size, size, 4), np.uint8)
    if mask is not None:
        tint[..., 0] = 230
        tint[..., 1:3] = 40
        tint[..., 3] = np.rint((1 - mask) * 150)
    return tint
