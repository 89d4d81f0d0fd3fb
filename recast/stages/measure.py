"""Measure a face set once, for filters and groups; nothing is renamed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, Field

from recast.errors import NoFaceFound, WorkspaceUnusable
from recast.events import Report, Started, silent
from recast.stages.curate import Ordering

if TYPE_CHECKING:
    from recast.faceset import FaceSet
    from recast.faceset.features import Columns
    from recast.faceset.groups import Groups

GroupedBy = Literal[Ordering, "track", "time"]


class MeasureOptions(BaseModel, frozen=True, extra="forbid"):
    """What is measured beside sharpness and light."""

    by: GroupedBy | None = Field(None, description="Also group the faces by this.")
    parts: int = Field(
        5, ge=1, le=100, description="Into how many parts a number such as sharpness is divided."
    )
    embedder: str = Field("dlib", description="For identity: dlib, or the path of an ONNX network.")


@dataclass(frozen=True)
class Measured:
    """What is known of a face set now."""

    faces: int
    groups: Groups | None
    """If they were asked for."""


def run(folder: Path, options: MeasureOptions, report: Report = silent) -> Measured:
    """Measure what is not known yet and keep it in the set's index.

    Raises:
        WorkspaceUnusable: there is no such folder.
        NoFaceFound: it holds no face files.
        OptionUnusable: the embedder cannot be loaded.
        Stopped: `report` asked for it; what was measured stays.
    """
    from recast.faceset import load_faceset
    from recast.faceset.groups import groups
    from recast.faceset.orders import SCALARS, features

    if not folder.is_dir():
        raise WorkspaceUnusable(
            f"{folder} is no folder", "name the folder of a face set, such as data_src/aligned"
        )
    faces = load_faceset(folder)
    if not len(faces):
        raise NoFaceFound(f"{folder} holds no face files", "name the folder of a face set")
    report(Started("measure", f"{len(faces)} faces of {folder}"))
    if options.by is None:
        features(faces, SCALARS, report)
        return Measured(len(faces), None)
    _note(faces, options, report)
    return Measured(len(faces), groups(faces, options.by, parts=options.parts))


def _note(faces: FaceSet, options: MeasureOptions, report: Report) -> None:
    from recast.faces.identity import open_embedder
    from recast.faceset.features import cached
    from recast.faceset.groups import note

    assert options.by is not None
    # Loaded only where it is needed, and before anything is measured in vain.
    embedder = open_embedder(options.embedder) if options.by.startswith("identity") else None

    def embed(faces: FaceSet, report: Report) -> Columns:
        assert embedder is not None
        return cached(faces, f"identity {embedder.key}", embedder, report)

    same = embedder.same_person if embedder is not None else 1.0
    note(faces, options.by, report, embed=embed, same_person=same)
