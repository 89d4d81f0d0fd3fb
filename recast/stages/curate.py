"""Sort and thin out a face set; the order is written into the names of the files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, Field

from recast.errors import NoFaceFound, OptionUnusable, WorkspaceUnusable
from recast.events import Note, Progress, Report, Started, silent

if TYPE_CHECKING:
    from recast.faceset import FaceSet
    from recast.faceset.orders import Method, Sorted

Ordering = Literal[
    "blur",
    "motion-blur",
    "histogram",
    "histogram-dissimilar",
    "histogram-blur",
    "brightness",
    "hue",
    "black",
    "yaw",
    "pitch",
    "size",
    "landmarks",
    "landmarks-dissimilar",
    "identity",
    "identity-dissimilar",
    "original",
    "one-face",
]
"""The methods that put all faces in an order; one-face lets some leave."""
By = Literal[Ordering, "best"]
_NAMED = 20  # troubles that are named one by one


class SortOptions(BaseModel, frozen=True, extra="forbid"):
    """How a face set is sorted."""

    by: By | None = Field(None, description="What decides the order.")
    keep: int | None = Field(
        None, ge=1, description="Faces that stay; the rest goes to the folder trash inside the set."
    )
    reverse: bool = Field(False, description="The other way round.")
    embedder: str = Field("dlib", description="For identity: dlib, or the path of an ONNX network.")


@dataclass(frozen=True)
class Curated:
    """What became of a face set."""

    folder: Path
    faces: int
    """Faces that stay."""
    left_out: int
    """Faces that went to the trash folder with this sort."""


def run(folder: Path, options: SortOptions, report: Report = silent) -> Curated:
    """Sort the faces of a folder; files are renamed to their place and original name.

    Nothing is deleted; `undo` gives all their names back. A sort that was cut short while renaming
    is finished first.

    Raises:
        WorkspaceUnusable: there is no such folder, or another program is sorting it.
        NoFaceFound: the folder holds no face files.
        OptionUnusable: nothing says what to sort by, or the embedder cannot be loaded.
        DiskTrouble: the folder cannot be written.
    """
    from recast.faceset import load_faceset
    from recast.faceset.rename import finish, write_order

    method = _method(options)
    _require_folder(folder)
    if finish(folder, _counted(report)):
        report(Note(f"A sort of {folder} that was cut short is finished."))
    faces = load_faceset(folder)
    _name_all([str(problem) for problem in faces.unreadable], "Skipped", report)
    faces = _nameable(faces, report)
    if not len(faces):
        raise NoFaceFound(f"{folder} holds no face files", "name the folder of a face set")
    report(Started("sort", f"{len(faces)} faces of {folder} by {options.by}"))
    found = _cut(method(faces, options.keep, report), options)
    names, left_out = faces.names[found.order].tolist(), faces.names[found.left_out].tolist()
    stuck = write_order(folder, names, left_out, _counted(report))
    _name_all(stuck, "In use, and not renamed", report)
    return Curated(folder, len(names), len(left_out))


def undo(folder: Path, report: Report = silent) -> Curated:
    """Give all faces of a sorted folder their original names back, those in its trash too.

    Raises:
        WorkspaceUnusable: the folder was not sorted, or another program is sorting it.
        DiskTrouble: the folder cannot be written.
    """
    from recast.faceset import load_faceset
    from recast.faceset.rename import undo_order

    _require_folder(folder)
    report(Started("sort", f"undo the sorting of {folder}"))
    stuck = undo_order(folder, _counted(report))
    _name_all(stuck, "In use, and not renamed", report)
    return Curated(folder, len(load_faceset(folder)), 0)


def _require_folder(folder: Path) -> None:
    fix = "name the folder of a face set, such as data_src/aligned in a workspace"
    if not folder.is_dir():
        raise WorkspaceUnusable(f"{folder} is no folder", fix)
    if (folder / "workspace.json").exists():
        raise WorkspaceUnusable(f"{folder} is a workspace, not a face set", fix)


def _method(options: SortOptions) -> Method:
    from recast.faceset.orders import METHODS, identity_methods

    if options.by is None:
        raise OptionUnusable("nothing says what to sort by", f"choose one of: {', '.join(METHODS)}")
    if options.by in METHODS:
        return METHODS[options.by]
    from recast.faces.identity import open_embedder
    from recast.faceset.features import Columns, cached

    embedder = open_embedder(options.embedder)

    def embeddings(faces: FaceSet, report: Report) -> Columns:
        return cached(faces, f"identity {embedder.key}", embedder, report)

    return identity_methods(embeddings, embedder.same_person)[options.by]


def _nameable(faces: FaceSet, report: Report) -> FaceSet:
    """Without the faces whose names some system would take for a path."""
    import numpy as np

    from recast.faceset.order_file import is_plain

    plain = np.array([is_plain(name) for name in faces.names.tolist()], bool)
    odd = [f"{name!a} has letters no file name should have" for name in faces.names[~plain]]
    _name_all(odd, "Skipped", report)
    return faces[plain]


def _cut(found: Sorted, options: SortOptions) -> Sorted:
    import numpy as np

    from recast.faceset.orders import Sorted

    order = found.order[::-1] if options.reverse else found.order
    count = len(order) if options.keep is None else options.keep
    return Sorted(order[:count], np.concatenate([order[count:], found.left_out]))


def _name_all(troubles: list[str], what: str, report: Report) -> None:
    for trouble in troubles[:_NAMED]:
        report(Note(f"{what}: {trouble}", warning=True))
    if len(troubles) > _NAMED:
        report(Note(f"{what}: {len(troubles) - _NAMED} more files.", warning=True))


def _counted(report: Report) -> Callable[[int, int], None]:
    def step(done: int, total: int) -> None:
        if done + 1 == total or done % 512 == 0:
            report(Progress(done + (done + 1 == total), total, "renames"))

    return step
