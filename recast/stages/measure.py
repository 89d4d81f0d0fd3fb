"""Measure a face set once, for filters and groups; nothing is renamed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from recast.errors import NoFaceFound, WorkspaceUnusable
from recast.events import Report, Started, silent

if TYPE_CHECKING:
    from recast.faceset.features import Columns

PERSON = "person-1"
"""Key of the feature that says whose a face is."""


class MeasureOptions(BaseModel, frozen=True, extra="forbid"):
    """What is measured beside sharpness and light."""

    persons: bool = Field(False, description="Also measure whose face it is, to group persons.")
    embedder: str = Field("dlib", description="For persons: dlib, or the path of an ONNX network.")


def run(folder: Path, options: MeasureOptions, report: Report = silent) -> int:
    """Measure what is not known yet and keep it in the set's index; how many faces there are.

    Raises:
        WorkspaceUnusable: there is no such folder.
        NoFaceFound: it holds no face files.
        OptionUnusable: the embedder cannot be loaded.
        Stopped: `report` asked for it; what was measured stays.
    """
    from recast.faces.identity import open_embedder
    from recast.faceset import load_faceset
    from recast.faceset.features import cached, keep
    from recast.faceset.orders import SCALARS, features

    if not folder.is_dir():
        raise WorkspaceUnusable(
            f"{folder} is no folder", "name the folder of a face set, such as data_src/aligned"
        )
    embedder = open_embedder(options.embedder) if options.persons else None
    faces = load_faceset(folder)
    if not len(faces):
        raise NoFaceFound(f"{folder} holds no face files", "name the folder of a face set")
    report(Started("measure", f"{len(faces)} faces of {folder}"))
    features(faces, SCALARS, report)
    if embedder is not None:
        found = cached(faces, f"identity {embedder.key}", embedder, report)
        keep(faces, PERSON, _persons(found, embedder.same_person))
    return len(faces)


def _persons(embeddings: Columns, same_person: float) -> Columns:
    """The number of each face's person, (N, 1), 0 the one with most faces."""
    import numpy as np

    from recast.faces.persons import group_persons

    numbers = np.full((len(embeddings), 1), np.nan, np.float32)
    known = np.isfinite(embeddings).all(axis=1) & (embeddings.shape[1] > 0)
    numbers[known, 0] = group_persons(embeddings[known], same_person)
    return numbers
