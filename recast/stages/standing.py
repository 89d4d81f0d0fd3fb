"""How far a job is: what each stage found and made, and what comes next."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from recast.errors import RecastError
from recast.workspace import SIDES, Side, Workspace

if TYPE_CHECKING:
    from recast.provenance import ConsentRecord
    from recast.stages.extraction import Extraction

Step = Literal["consent", "extract src", "extract dst", "train", "merge"]


@dataclass(frozen=True)
class TakeStanding:
    """A take and the faces that were found in it."""

    path: Path | None
    size: tuple[int, int] = (0, 0)
    length: int = 0
    """Frames."""
    seconds: float = 0.0
    rate: float = 0.0
    trouble: str = ""
    """Why it cannot be read; empty if it can."""
    faces: int = 0
    """Files in the face set."""
    face: Path | None = None
    """The newest of them."""
    searched: int = 0
    """Frames that were searched."""
    wanted: int = 0
    """Frames that the search was to go through; 0 if there was none."""

    @property
    def is_searched(self) -> bool:
        """Whether the search for faces is through, or there are faces from elsewhere."""
        return self.faces > 0 and self.searched >= self.wanted


@dataclass(frozen=True)
class TrainingStanding:
    """A training that was begun."""

    name: str
    model: str
    resolution: int
    step: int
    seconds: float
    """Trained in all."""
    preview: Path | None
    can_merge: bool
    """Whether there is a checkpoint."""


@dataclass(frozen=True)
class Standing:
    """A whole job."""

    takes: dict[Side, TakeStanding]
    consent: ConsentRecord | None
    """The newest record that holds today."""
    consent_trouble: str
    trainings: tuple[TrainingStanding, ...]
    result: Path | None
    sheet: Path | None
    """dst and result side by side."""

    @property
    def next(self) -> Step | None:
        """What to do next; None when there is a result."""
        if self.consent is None:
            return "consent"
        for side in SIDES:
            if not self.takes[side].is_searched:
                return "extract src" if side == "src" else "extract dst"
        if not any(training.can_merge for training in self.trainings):
            return "train"
        return None if self.result else "merge"


def standing(workspace: Workspace) -> Standing:
    """Look at everything on disk; takes are opened, face files only counted."""
    from datetime import UTC, datetime

    from recast.provenance import require_consent

    consent, trouble = None, ""
    try:
        consent = require_consent(workspace.consent, datetime.now(UTC).date())
    except RecastError as error:
        trouble = str(error)
    results = [workspace.result_as(suffix) for suffix in (".mp4", ".mov", ".mkv", ".avi", "")]
    return Standing(
        takes={side: _take(workspace, side) for side in SIDES},
        consent=consent,
        consent_trouble=trouble,
        trainings=trainings(workspace),
        result=next((path for path in results if path.exists()), None),
        sheet=workspace.sheet if workspace.sheet.is_file() else None,
    )


def trainings(workspace: Workspace) -> tuple[TrainingStanding, ...]:
    """All that were begun, by name."""
    return tuple(_training(workspace, name) for name in workspace.model_names())


def count_faces(folder: Path) -> tuple[int, Path | None]:
    """How many files of a face set there are, by their names, and the newest."""
    from recast.faceset.face_file import FACE_SUFFIXES

    count, newest, newest_time = 0, None, -1
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name.lower()
                if not name.startswith(".") and name.endswith(tuple(FACE_SUFFIXES)):
                    count += 1
                    changed = entry.stat().st_mtime_ns
                    if changed > newest_time:
                        newest, newest_time = folder / entry.name, changed
    except OSError:
        return 0, None
    return count, newest


def _take(workspace: Workspace, side: Side) -> TakeStanding:
    from recast.stages.extraction import read_extraction

    faces, face = count_faces(workspace.faceset_folder(side))
    try:
        take = workspace.take(side)
    except RecastError as error:
        return TakeStanding(None, trouble=str(error), faces=faces, face=face)
    known = read_extraction(workspace.extraction_file(side))
    return TakeStanding(
        path=take.path,
        size=take.info.size,
        length=len(take),
        seconds=float(take.info.duration),
        rate=float(take.info.rate),
        faces=faces,
        face=face,
        searched=known.frames_done if known else 0,
        wanted=_wanted(known, len(take)) if known else 0,
    )


def _wanted(known: Extraction, length: int) -> int:
    """How many frames a search was to go through."""
    from recast.stages.searching import chosen_frames

    frames, every = known.options.get("frames", ""), known.options.get("every", 1)
    try:
        return len(chosen_frames(str(frames), int(every), length))
    except (RecastError, ValueError, TypeError):
        return length


def _training(workspace: Workspace, name: str) -> TrainingStanding:
    from recast.training.description import Description
    from recast.training.history import newest_line

    folder = workspace.model_folder(name)
    try:
        described = Description.load(folder)
        model, resolution = described.model, described.resolution
    except RecastError:
        model, resolution = "", 0
    last = newest_line(folder / "history.jsonl")
    shown = sorted(path for path in (folder / "preview").glob("*.jpg") if path.stem.isdigit())
    saved = [path for path in (folder / "checkpoint").glob("*") if path.name.isdigit()]
    return TrainingStanding(
        name=name,
        model=model,
        resolution=resolution,
        step=int(last["step"]) if last else 0,
        seconds=float(last.get("seconds", 0)) if last else 0.0,
        preview=shown[-1] if shown else None,
        can_merge=bool(saved),
    )
