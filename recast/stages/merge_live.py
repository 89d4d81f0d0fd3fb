"""One frame after the other as a merge would show it, while its settings change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recast.events import Report, silent
from recast.stages.merge_job import label_of
from recast.stages.merge_options import MergeOptions, calm_of
from recast.stages.merge_preview import MergePreview, open_preview
from recast.stages.merge_shots import looks_among
from recast.workspace import Workspace

if TYPE_CHECKING:
    from recast.images import FrameImage

_PREPARED = ("name", "people", "embedder", "same_person", "cuts", "smooth", "device")
"""Options that decide which network draws a face and where: with another value all is prepared
anew, and so it is when the take, the training or the face set has changed."""


class LiveMerge:
    """Shows frames of dst under any settings; not for several threads."""

    def __init__(self, root: Path, report: Report = silent) -> None:
        """`root` is a workspace, which is opened anew for every picture: others change it, too."""
        self._root, self._report = root, report
        self._shown: MergePreview | None = None
        self._key: tuple[Any, ...] = ()
        self._changed = -1
        self._state = (0, 0)

    def picture(self, frame: int, options: MergeOptions, ranges: Sequence[Any] = ()) -> FrameImage:
        """The merged frame; `ranges` are entries of a file of shots.

        Raises:
            IndexError: the take has no such frame.
            OptionUnusable: a range is none.
            ConsentMissing, WorkspaceUnusable, NoFaceFound, TakeUnreadable: as a merge.
        """
        shown = self._prepared(options)
        job = shown.job
        looks = looks_among(options, ranges, len(job.take))
        # The watermark stays that of the first settings: it is there, and nobody sees its number.
        label = label_of(options, job.take)
        changed = replace(job, looks=looks, calm=calm_of(options), label=label)
        return replace(shown, job=changed).preview(frame)

    def _prepared(self, options: MergeOptions) -> MergePreview:
        workspace = Workspace.open(self._root)
        key: tuple[Any, ...] = tuple(getattr(options, name) for name in _PREPARED)
        key += (workspace.take_path("dst"), _checkpoints(workspace), self._faces(workspace))
        if self._shown is None or key != self._key:
            self._shown = None  # two of them may not fit into memory
            plain = options.model_copy(update={"shots": None, "frames": ""})
            self._shown, self._key = open_preview(workspace, plain, self._report), key
        return self._shown

    def _faces(self, workspace: Workspace) -> tuple[int, int]:
        """Changes with the face files of dst, but not with what is cached beside them."""
        folder = workspace.faceset_folder("dst")
        changed = folder.stat().st_mtime_ns if folder.is_dir() else 0
        if changed != self._changed:
            states = [path.stat() for path in folder.glob("*.*") if not path.name.startswith(".")]
            self._state = (len(states), max((state.st_mtime_ns for state in states), default=0))
            self._changed = changed
        return self._state


def _checkpoints(workspace: Workspace) -> tuple[str, ...]:
    """Changes whenever a training has saved a better model."""
    folders = [workspace.model_folder(name) for name in workspace.model_names()]
    return tuple(
        max((path.name for path in folder.glob("checkpoint/*[0-9]")), default="")
        for folder in folders
    )
