"""A process beside the server that answers questions which take computing: frames, landmarks.

The server's own loop must not wait for a network or a decoder. So it asks a process that keeps
them ready, one question at a time. Of one asker only the newest question counts: a slider that
moves on leaves what it passed unanswered.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

from recast.errors import RecastError
from recast.language import Sentence, sentence

Kind = Literal["merge", "marking"]
IDLE = 300.0
"""Seconds after which a process that nobody asks ends, and gives its memory back."""


@dataclass(frozen=True)
class Answer:
    """Facts, and a picture if there is one."""

    facts: dict[str, Any] = field(default_factory=dict)
    data: bytes = b""


@dataclass
class _Question:
    text: str
    answer: Future[Answer | None] = field(default_factory=Future)


class Beside:
    """Answers of one kind about one workspace; safe to use from any thread.

    The process starts with the first question, and again with the next one after it broke down.
    """

    def __init__(self, kind: Kind, root: Path, *, idle: float = IDLE) -> None:
        self._command = [sys.executable, "-m", "recast.studio.answering", kind, str(root)]
        self._idle = idle
        self._turn = threading.Condition()
        self._waiting: dict[str, _Question] = {}
        self._closed = False
        self._thread: threading.Thread | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, question: Mapping[str, Any], *, asker: str = "") -> Future[Answer | None]:
        """The answer, in time; None if the same asker has asked something newer since.

        The future raises RecastError: what was asked for cannot be done, or the process broke
        down.
        """
        asked = _Question(json.dumps(question))
        with self._turn:
            if self._closed:
                asked.answer.set_result(None)
                return asked.answer
            passed = self._waiting.pop(asker, None)
            self._waiting[asker] = asked  # behind all others: nobody is starved
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True)
                self._thread.start()
            self._turn.notify()
        if passed is not None:
            passed.answer.set_result(None)
        return asked.answer

    @property
    def is_running(self) -> bool:
        """Whether there is a process now."""
        process = self._process
        return process is not None and process.poll() is None

    def close(self) -> None:
        """End the process; questions that wait are not answered."""
        with self._turn:
            self._closed = True
            left = list(self._waiting.values())
            self._waiting.clear()
            thread, process = self._thread, self._process
            self._turn.notify()
        for one in left:
            one.answer.set_result(None)
        if process is not None:
            process.kill()  # it holds nothing that could be lost
        if thread is not None:
            thread.join()

    def _work(self) -> None:
        while (asked := self._next()) is not None:
            try:
                asked.answer.set_result(self._answered(asked.text))
            except RecastError as error:
                asked.answer.set_exception(error)

    def _next(self) -> _Question | None:
        """The question that has waited longest; None if it is time to end."""
        with self._turn:
            if not self._waiting and not self._closed:
                self._turn.wait(self._idle)
            if not self._waiting:
                self._end()
                self._thread = None
                return None
            return self._waiting.pop(next(iter(self._waiting)))

    def _answered(self, question: str) -> Answer | None:
        process = self._started()
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(question.encode() + b"\n")
            process.stdin.flush()
            facts = json.loads(process.stdout.readline())
            data = _exactly(process.stdout, int(facts.pop("bytes")))
        except (OSError, ValueError) as error:
            self._end()
            if self._closed:
                return None
            raise RecastError(
                sentence("the process that computes previews broke down"),
                sentence(
                    "try again; if it happens again, less may fit into memory than is asked for"
                ),
            ) from error
        if "error" in facts:
            raise RecastError(*(_said(part) for part in facts["error"]))
        return Answer(facts, data)

    def _started(self) -> subprocess.Popen[bytes]:
        process = self._process
        if process is None or process.poll() is not None:
            self._end()
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, "PYTHONIOENCODING": "utf-8"},
                **_apart(),
            )
            with self._turn:
                self._process = process
                if self._closed:
                    process.kill()
        return process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    continue  # what was not written yet is of no use


def _said(part: list[Any]) -> str:
    """A sentence that came as its template and what stands in its places."""
    template, values = part
    return Sentence(template, values)


def _apart() -> dict[str, Any]:
    """Keep Ctrl-C in the server's terminal from the process: the server ends it."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}


def _exactly(stream: IO[bytes], count: int) -> bytes:
    data = stream.read(count)
    if len(data) != count:
        raise ValueError("the answer breaks off")
    return data
