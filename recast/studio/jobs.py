"""Work that takes long: every job is a command in a process of its own, watched from here.

It goes on when no browser looks, and all browsers see the same. The process streams the events of
`--json`; a thread per job gathers them into what a page shows. Jobs of earlier servers are known
from their records.
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
from pathlib import Path
from typing import Any, Literal

from recast.errors import RecastError
from recast.language import sentence
from recast.studio import job_records
from recast.studio.actions import Action
from recast.studio.job import Job, end_of, gather

_LOOK = 0.5
"""Seconds between two looks at a job of another server."""
_KEEP = 2.0
"""Seconds between two records of a job that runs."""


class JobRefused(RecastError, RuntimeError):
    """Another job works on the same thing."""


class Jobs:
    """All jobs of this workspace, the newest last. Safe to use from any thread.

    `folder` says where they are written down; None while there is nowhere to.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        *,
        folder: Callable[[], Path | None] = lambda: None,
    ) -> None:
        self._lock = threading.RLock()
        self._jobs: list[Job] = []
        self._watchers: list[threading.Thread] = []
        self._clock, self._folder = clock, folder
        self._closing = threading.Event()
        self.version = 0
        """Grows with everything that changes, for whoever draws it."""
        self._remember()

    def _remember(self) -> None:
        """Take up the jobs of earlier servers; those that still go on are watched."""
        folder = self._folder()
        self._jobs = [] if folder is None else job_records.remembered(folder)
        for job in self._jobs:
            if job.is_running:
                threading.Thread(target=self._watch_other, args=(job,), daemon=True).start()

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
            folder = self._folder()
            if folder is not None:
                job.record = job_records.new_place(folder, job.began)
            job.process = _started(action, job.record)
            job.pid, job.born = job_records.identity_of(job.process.pid)
            job.server = job_records.identity_of(os.getpid())
            self._keep(job)
            self._jobs.append(job)
            self.version += 1
            watcher = threading.Thread(target=self._watch, args=(job,), daemon=True)
            self._watchers.append(watcher)
        watcher.start()
        return job

    def tell(self, job: Job, word: Literal["stop", "save", "refresh", "next"]) -> None:
        """Steer a job; see `recast.studio.child`. A second stop ends it at once."""
        with self._lock:
            if not job.is_running:
                return
            if word == "stop":
                job.state = "stopping"
            self.version += 1
            if job.process is None or job.process.stdin is None:
                job_records.add_word(job, word)
                return
            try:
                job.process.stdin.write(word + "\n")
                job.process.stdin.flush()
            except OSError:
                return  # it has just ended

    def close(self, patience: float = 60.0) -> list[Job]:
        """Stop everything where nothing is lost; those that are still at it after `patience`.

        They, too, stop by themselves: their standard input ends with this process.
        """
        self._closing.set()
        own = [job for job in self.running() if job.process is not None]
        for job in own:
            self.tell(job, "stop")
        end = time.monotonic() + patience
        for watcher in self._watchers:
            watcher.join(max(0.0, end - time.monotonic()))
        return [job for job in own if job.is_running]

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
            job.state = end_of(code)
            if job.state == "failed" and not job.what:
                job.what = complaints[-1].strip() if complaints else f"exit code {code}"
            self._keep(job)
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
            gather(job, kind, facts)
            if job.now - job.kept > _KEEP:
                self._keep(job)
            self.version += 1

    def _keep(self, job: Job) -> None:
        job.kept = self._clock()
        job_records.keep(job)

    def _watch_other(self, job: Job) -> None:
        """Follow a job whose process another server started, until that is gone."""
        while job.is_running and not self._closing.wait(_LOOK):
            with self._lock:
                if job_records.follow(job):
                    self.version += 1


def _started(action: Action, record: Path | None) -> subprocess.Popen[str]:
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
        env={**os.environ, **job_records.for_child(record), "PYTHONIOENCODING": "utf-8"},
        **apart,
    )


def _closed(stream: Any) -> None:
    try:
        stream.close()
    except OSError:
        return
