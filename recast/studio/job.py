"""One command that runs, or has run, in a process of its own, and what it told."""

from __future__ import annotations

import subprocess
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from recast.studio.actions import Action

State = Literal["running", "stopping", "done", "stopped", "failed", "interrupted"]
"""`interrupted`: its process is gone, and nobody was there to hear how it ended."""
KEPT_NOTES = 50
STOPPED = 130


@dataclass
class Job:
    """A command, and what it told so far."""

    number: int
    action: Action
    began: float
    """Seconds since the epoch; `ended` likewise."""
    state: State = "running"
    ended: float | None = None
    about: str = ""
    done: int = 0
    total: int = 0
    unit: str = ""
    counted_from: tuple[float, int] = (0.0, 0)
    """When the first progress of this stage came, and what was done then."""
    now: float = 0.0
    """When the last event came."""
    training: dict[str, Any] = field(default_factory=dict)
    """The last `TrainingProgress`, by field."""
    preview: str = ""
    """Path of the newest picture."""
    notes: deque[tuple[str, bool]] = field(default_factory=lambda: deque(maxlen=KEPT_NOTES))
    """Text and whether it is a warning."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What it told when it was done."""
    what: str = ""
    fix: str = ""
    """The error that ended it."""
    process: subprocess.Popen[str] | None = None
    """None for a job that another server started."""
    record: Path | None = None
    """Where it is written down."""
    kept: float = 0.0
    """When it was last written down."""
    pid: int = 0
    born: float = 0.0
    """When its process began, as the system says: numbers of processes are used again."""
    server: tuple[int, float] = (0, 0.0)
    """The same of the server that started it."""

    @property
    def command(self) -> str:
        """ "train", "extract" and so on."""
        return self.action.words[0]

    @property
    def is_running(self) -> bool:
        return self.state in ("running", "stopping")

    @property
    def share(self) -> float | None:
        """How much is done, 0..1; None while nobody knows."""
        if self.training:
            return float(self.training.get("share") or 0)
        return self.done / self.total if self.total else None

    @property
    def seconds_left(self) -> float | None:
        """At the pace so far; None while nobody knows, or for a training without end."""
        if self.training:
            left = self.training.get("seconds_left")
            return None if left is None else float(left)
        since, first = self.counted_from
        if not self.total or self.done <= first:
            return None
        return (self.now - since) / (self.done - first) * (self.total - self.done)


def gather(job: Job, kind: str, facts: dict[str, Any]) -> None:
    """Gather one event into a job."""
    if kind == "started":
        job.about, job.done, job.total = str(facts.get("about", "")), 0, 0
        job.counted_from = (0.0, 0)
    elif kind == "progress":
        job.done, job.total = int(facts["done"]), int(facts["total"])
        if not job.counted_from[0]:
            job.counted_from = (job.now, job.done)
        job.unit = str(facts["unit"])
    elif kind == "training":
        job.training = facts
    elif kind == "preview":
        job.preview = str(facts["path"])
    elif kind == "note":
        job.notes.append((str(facts["text"]), bool(facts["warning"])))
    elif kind == "error":
        job.what, job.fix = str(facts["what"]), str(facts["fix"])
    else:
        job.facts = {"event": kind, **facts}


def end_of(code: int) -> State:
    """How a command ended, by its exit code."""
    return "done" if code == 0 else "stopped" if code == STOPPED else "failed"
