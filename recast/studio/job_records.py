"""Jobs written down, so that a server knows what earlier ones set going, and how it ended.

For each job `studio/jobs` holds ID.json, what its server knows of it. A process that outlives its
server leaves its end in ID.end, and obeys words that are added to ID.words.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from recast.disk import read_json, write_json
from recast.errors import RecastError
from recast.studio.actions import Action
from recast.studio.job import KEPT_NOTES, Job, State, end_of

MOST = 50
"""Records that are kept; of the oldest, those that are over are removed."""
VARIABLE = "RECAST_STUDIO_JOB"
"""In the environment of a job's process: the path of its record."""
CHILD = "recast.studio.child"

_Text = Annotated[str, Field(max_length=10_000)]
_Pid = Annotated[int, Field(ge=0, lt=2**31)]
_Time = Annotated[float, Field(ge=0, le=4e9, allow_inf_nan=False)]


class JobRecord(BaseModel, frozen=True):
    """What is kept of a job."""

    version: Literal[1] = 1
    words: tuple[_Text, ...] = Field(min_length=1, max_length=1000)
    holds: tuple[_Text, ...] = Field((), max_length=100)
    state: State
    began: _Time
    ended: _Time | None = None
    about: _Text = ""
    done: int = Field(0, ge=0)
    total: int = Field(0, ge=0)
    unit: _Text = ""
    step: int | None = None
    """Of a training."""
    notes: tuple[tuple[_Text, bool], ...] = Field((), max_length=KEPT_NOTES)
    what: _Text = ""
    fix: _Text = ""
    pid: _Pid = 0
    born: _Time = 0.0
    server: tuple[_Pid, _Time] = (0, 0.0)


class JobEnd(BaseModel, frozen=True):
    """How a process ended whose server was gone."""

    version: Literal[1] = 1
    code: int
    ended: _Time
    what: _Text = ""
    fix: _Text = ""


def new_place(folder: Path, began: float) -> Path:
    """Where a new job is written down; names of later jobs come later."""
    moment = datetime.fromtimestamp(began, UTC)
    return folder / f"{moment:%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}.json"


def for_child(record: Path | None) -> Mapping[str, str]:
    """What its process has to know about a job's record."""
    return {} if record is None else {VARIABLE: str(record)}


def told(job: Job) -> JobRecord:
    """What is kept of a job."""
    return JobRecord.model_construct(
        version=1,
        words=job.action.words,
        holds=tuple(sorted(job.action.holds)),
        state=job.state,
        began=job.began,
        ended=job.ended,
        about=job.about,
        done=job.done,
        total=job.total,
        unit=job.unit,
        step=job.training.get("step"),
        notes=tuple(job.notes),
        what=job.what,
        fix=job.fix,
        pid=job.pid,
        born=job.born,
        server=job.server,
    )


def take(record: JobRecord, job: Job) -> None:
    """Bring a job to what is known of it."""
    job.state, job.ended = record.state, record.ended
    job.about, job.done, job.total, job.unit = record.about, record.done, record.total, record.unit
    job.training = {} if record.step is None else {"step": record.step}
    job.notes = deque(record.notes, maxlen=KEPT_NOTES)
    job.what, job.fix = record.what, record.fix


def keep(job: Job) -> None:
    """Write a job down. That it cannot be written stops no job, and is not worth a word."""
    if job.record is None:
        return
    with suppress(RecastError, OSError):
        job.record.parent.mkdir(parents=True, exist_ok=True)
        write_json(job.record, told(job).model_dump(mode="json"))
        if not job.is_running:
            for rest in (_end_of(job.record), _words_of(job.record)):
                rest.unlink(missing_ok=True)


def remembered(folder: Path) -> list[Job]:
    """The jobs written down, the oldest first, with what became of them; old ones are let go."""
    found: list[Job] = []
    for path in sorted(folder.glob("*.json")):
        with suppress(OSError, ValueError):  # nobody's record: it is left alone
            record = read(path)
            action = Action(record.words, frozenset(record.holds))
            job = Job(0, action, record.began, record=path, pid=record.pid, born=record.born)
            job.server = record.server
            take(record, job)
            follow(job)
            found.append(job)
    over = [job for job in found if not job.is_running]
    for job in over[: max(0, len(found) - MOST)]:
        found.remove(job)
        if job.record is not None:
            with suppress(OSError):
                job.record.unlink(missing_ok=True)
    return [replace(job, number=number) for number, job in enumerate(found, 1)]


def read(path: Path) -> JobRecord:
    """A job's record.

    Raises:
        OSError, ValueError: it cannot be read, or is none.
    """
    return JobRecord.model_validate(read_json(path))


def follow(job: Job) -> bool:
    """Bring a job of another server to what is known of it now; whether that is news."""
    if job.record is None or not job.is_running:
        return False
    before = told(job)
    # First the process: what it leaves at its end is there when it is gone.
    lives = _lives(job.pid, job.born, CHILD)
    try:
        record = read(job.record)
    except (OSError, ValueError):
        record = before
    if record.state in ("running", "stopping"):
        if not lives:
            record = record.model_copy(update=_ended(job.record))
        # That it is stopped from here is known here; and a process without a server stops.
        elif job.state == "stopping" or not _lives(*job.server):
            record = record.model_copy(update={"state": "stopping"})
    take(record, job)
    if not job.is_running:
        keep(job)  # nobody else will
    return told(job) != before


def add_word(job: Job, word: str) -> None:
    """Tell a word to a process whose standard input is somebody else's."""
    if job.record is not None:
        with suppress(OSError), _words_of(job.record).open("a", encoding="utf-8") as file:
            file.write(word + "\n")


def leave_end(record: Path, code: int, what: str = "", fix: str = "") -> None:
    """Written by the process itself: how it ended, for a server that did not hear it."""
    end = JobEnd(code=code, ended=datetime.now(UTC).timestamp(), what=what, fix=fix)
    with suppress(RecastError, OSError):
        if record.is_file():
            write_json(_end_of(record), end.model_dump(mode="json"))


def new_words(record: Path, known: int) -> tuple[list[str], int]:
    """The words behind the first `known` bytes, and how many bytes there are now."""
    try:
        with _words_of(record).open("rb") as file:
            file.seek(known)
            data = file.read(10_000)
    except OSError:
        return [], known
    whole = data[: data.rfind(b"\n") + 1]
    return whole.decode("utf-8", "replace").split(), known + len(whole)


def identity_of(pid: int) -> tuple[int, float]:
    """A process as it is known again: its number, and when it began."""
    import psutil

    try:
        return pid, float(psutil.Process(pid).create_time())
    except psutil.Error:
        return pid, 0.0  # it has just ended


def _lives(pid: int, born: float, command: str = "") -> bool:
    """Whether a process still runs, and not another one that got its number.

    `command` is a word of its command line.
    """
    import psutil

    try:
        process = psutil.Process(pid)
        if abs(process.create_time() - born) > 2.0 or process.status() == psutil.STATUS_ZOMBIE:
            return False
        return not command or command in process.cmdline()
    except (psutil.Error, ValueError, OverflowError):
        return False


def _ended(record: Path) -> dict[str, Any]:
    """What a process left that is gone; nothing if it was killed."""
    try:
        end = JobEnd.model_validate(read_json(_end_of(record)))
    except (OSError, ValueError):
        return {"state": "interrupted"}
    return {"state": end_of(end.code), "ended": end.ended, "what": end.what, "fix": end.fix}


def _end_of(record: Path) -> Path:
    return record.with_suffix(".end")


def _words_of(record: Path) -> Path:
    return record.with_suffix(".words")
