"""What people work at together: marks, merge settings, and the processes that compute for them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

from recast.errors import RecastError
from recast.studio.beside import Answer, Beside, Kind
from recast.workspace import Workspace

if TYPE_CHECKING:
    from recast.sides import Side
    from recast.stages.marking_desk import MarkingDesk
    from recast.stages.mask_desk import MaskDesk
    from recast.stages.merge_desk import MergeDesk


class Desks:
    """One desk of a kind for all browsers, made when it is first needed; safe in several threads.

    What is made at a desk is kept after every step, so nothing is lost by closing.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = RLock()
        self._marking: dict[Side, MarkingDesk] = {}
        self._masks: dict[Side, MaskDesk] = {}
        self._merge: MergeDesk | None = None
        # Made at once: the server's loop must not wait for a desk that is being opened.
        self._beside: dict[Kind, Beside] = {
            "merge": Beside("merge", root),
            "marking": Beside("marking", root),
        }

    def marking(self, side: Side) -> MarkingDesk:
        """The marks of a side; raises as `MarkingDesk` does."""
        from recast.stages.marking_desk import MarkingDesk

        with self._lock:
            workspace = Workspace.open(self._root)
            desk = self._marking.get(side)
            if desk is None or desk.take_path != workspace.take_path(side):
                desk = self._marking[side] = MarkingDesk(workspace, side)
            return desk

    def masks(self, side: Side) -> MaskDesk:
        """The masks of a side; raises as `MaskDesk` does."""
        from recast.stages.mask_desk import MaskDesk

        with self._lock:
            if side not in self._masks:
                self._masks[side] = MaskDesk(Workspace.open(self._root), side)
            return self._masks[side]

    def merge(self) -> MergeDesk:
        """The settings of the merge; raises as `MergeDesk` does."""
        from recast.stages.merge_desk import MergeDesk

        with self._lock:
            workspace = Workspace.open(self._root)
            if self._merge is None or self._merge.take_path != workspace.take_path("dst"):
                self._merge = MergeDesk(workspace)
            return self._merge

    async def ask(self, kind: Kind, question: Mapping[str, Any], *, asker: str) -> Answer | None:
        """What the process beside the server says; None if this asker asked something newer.

        Raises:
            RecastError: what was asked for cannot be done.
        """
        from asyncio import wrap_future

        return await wrap_future(self._beside[kind].ask(question, asker=asker))

    def close(self) -> None:
        """Keep what is not kept yet, and end the processes."""
        desks: list[MarkingDesk | MergeDesk] = list(self._marking.values())
        for desk in desks + ([self._merge] if self._merge else []):
            # What could not be kept was said when it was made.
            with suppress(RecastError):
                desk.keep()
        for beside in self._beside.values():
            beside.close()
