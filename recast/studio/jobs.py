"""Work that takes long: every job is a command in a process of its own, watched from here.

It goes on when no browser looks, and all browsers see the same. The process streams the events of
`--json`; a thread per job gathers them into what a page shows.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from recast.errors import RecastError
from recast.language import sentence
from recast.studio.actions import Action

State = Literal["running", "stopping", "done", "stopped", "failed"]
_KEPT_NOTES = 50
_STOPPED = 130


class JobRefused(RecastError, RuntimeError):
    """Another job works on the same thing."""


@dataclass
class Job:
    """One command that was started here, and what it told so far."""

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
    notes: deque[tuple[str, bool]] = field(default_factory=lambda: deque(maxlen=_KEPT_NOTES))
    """Text and whether it is a warning."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What it told when it was done."""
    what: str = ""
    fix: str = ""
    """The error that ended it."""
    process: subprocess.Popen[str] | None = None

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


class Jobs:
    """All jobs of this server, the newest last. Safe to use from any thread."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._lock = threading.RLock()
        self._jobs: list[Job] = []
        self._watchers: list[threading.Thread] = []
        self._clock = clock
        self.version = 0
        """Grows with everything that changes, for whoever draws it."""

    def all(self) -> list[Job]:
        with self._lock:
            return list(self._jobs)

    def running(self, command: str = "") -> list[Job]:
        """Those that run, all or those of one command."""
        return [j for j in self.all() if j.is_running and command in ("", j.command)]

    def holding(self, thing: str) -> Job | None:
        """The running job that holds a thing."""
        return next((job for job in self.running() if thing in job.action.holds), None)

    def start(self, action: Action) -> Job:
        """Start a command.

        Raises:
            JobRefused: a running job holds what it needs.
        """
        with self._lock:
            for thing in action.holds:
                if other := self.holding(thing):
                    raise JobRefused(
                        sentence("{command} is at work on this already", command=other.command),
                        sentence("wait until it is done, or stop it"),
                    )
            job = Job(len(self._jobs) + 1, action, self._clock())
            job.process = _started(action)
            self._jobs.append(job)
            self.version += 1
            watcher = threading.Thread(target=self._watch, args=(job,), daemon=True)
            self._watchers.append(watcher)
        watcher.start()
        return job

    def tell(self, job: Job, word: Literal["stop", "save", "refresh", "next"]) -> None:
        """Steer a job; see `recast.studio.child`. A second stop ends it at once."""
        with self._lock:
            if not job.is_running or job.process is None or job.process.stdin is None:
                return
            if word == "stop":
                job.state = "stopping"
            self.version += 1
            try:
                job.process.stdin.write(word + "\n")
                job.process.stdin.flush()
            except OSError:
                return  # it has just ended

    def close(self, patience: float = 60.0) -> list[Job]:
        """Stop everything where nothing is lost; those that are still at it after `patience`.

        They, too, stop by themselves: their standard input ends with this process.
        """
        for job in self.running():
            self.tell(job, "stop")
        end = time.monotonic() + patience
        for watcher in self._watchers:
            watcher.join(max(0.0, end - time.monotonic()))
        return self.running()

    def _watch(self, job: Job) -> None:
        process = job.process
        assert process is not None and process.stdout is not None and process.stderr is not None
        complaints: deque[str] = deque(maxlen=20)
        reader = threading.Thread(target=complaints.extend, args=(process.stderr,), daemon=True)
        reader.start()
        for line in process.stdout:
            self._take(job, line)
        code = process.wait()
        reader.join(1.0)
        with self._lock:
            job.ended = self._clock()
            job.state = "done" if code == 0 else "stopped" if code == _STOPPED else "failed"
            if job.state == "failed" and not job.what:
                job.what = complaints[-1].strip() if complaints else f"exit code {code}"
            self.version += 1
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                _closed(stream)

    def _take(self, job: Job, line: str) -> None:
        try:
            facts = json.loads(line)
            kind = facts.pop("event")
        except (ValueError, AttributeError, KeyError):
            return  # what a library printed
        with self._lock:
            job.now = self._clock()
            _note(job, kind, facts)
            self.version += 1


def _note(job: Job, kind: str, facts: dict[str, Any]) -> None:
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


def _started(action: Action) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "recast.studio.child", *action.words, "--json"]
    apart: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    # A group of its own: Ctrl-C in the server's terminal is the server's, which asks them to stop.
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        **apart,
    )


def _closed(stream: Any) -> None:
    try:
        stream.close()
    except OSError:
        return
