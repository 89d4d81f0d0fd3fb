"""What was set going is known after the server is gone, however it went."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from recast.stages import clear
from recast.studio.actions import action
from recast.studio.job import Job
from recast.studio.job_records import MOST, read, remembered
from recast.studio.jobs import JobRefused, Jobs
from recast.workspace import Workspace
from tests.studio.test_jobs import ended, state_of, training

InTime = Callable[[Callable[[], Any]], Any]
Server = subprocess.Popen[str]

SERVER = """
import sys, time
from pathlib import Path
from recast.studio.actions import action
from recast.studio.jobs import Jobs
folder, *words = sys.argv[1:]
job = Jobs(folder=lambda: Path(folder)).start(action(*words, holds=["model swift"]))
while not job.training:
    time.sleep(0.05)
print(job.pid, flush=True)
sys.stdin.read()
"""
TINY = ("--resolution", "64", "--batch-size", "3", "--device", "cpu", "--save-minutes", "100")


@pytest.fixture
def open_jobs(extracted: Workspace) -> Iterator[Callable[[], Jobs]]:
    """The jobs of the workspace as a server that starts now finds them."""
    opened: list[Jobs] = []

    def open_jobs() -> Jobs:
        opened.append(Jobs(folder=lambda: extracted.jobs_folder))
        return opened[-1]

    yield open_jobs
    for one in opened:
        one.close()


@pytest.fixture
def other_server(extracted: Workspace) -> Iterator[tuple[Server, int]]:
    """Another server with a training at work, and the number of its process."""
    command = [sys.executable, "-c", SERVER, str(extracted.jobs_folder)]
    server = subprocess.Popen(
        [*command, "train", str(extracted.root), *TINY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin is not None and server.stdout is not None
    pid = int(server.stdout.readline())
    yield server, pid
    server.kill()
    server.wait()
    for stream in (server.stdin, server.stdout):
        stream.close()
    if psutil.pid_exists(pid):  # a test failed before it had it stopped
        psutil.Process(pid).kill()


def checkpoints(workspace: Workspace) -> list[int]:
    folder = workspace.model_folder("swift") / "checkpoint"
    return [int(path.name) for path in folder.glob("*") if path.name.isdigit()]


def test_what_is_over_is_listed_by_the_next_server(
    extracted: Workspace, open_jobs: Callable[[], Jobs], in_time: InTime
) -> None:
    first = open_jobs()
    good = first.start(action("measure", extracted.faceset_folder("src")))
    bad = first.start(action("measure", extracted.root / "nowhere", "--by", "yaw"))
    in_time(lambda: not first.running())
    (one, two) = open_jobs().all()
    assert (one.state, two.state) == ("done", "failed")
    assert one.action.words == good.action.words and one.about == good.about != ""
    assert (one.began, one.ended) == (good.began, good.ended)
    assert "nowhere" in two.what and (two.what, two.fix) == (bad.what, bad.fix)
    assert [one.number, two.number] == [1, 2]


def test_a_training_outlives_a_killed_server_until_it_has_saved(
    extracted: Workspace,
    other_server: tuple[Server, int],
    open_jobs: Callable[[], Jobs],
    in_time: InTime,
) -> None:
    server, _ = other_server
    server.kill()
    server.wait()
    jobs = open_jobs()
    (job,) = jobs.all()
    in_time(ended(job))
    assert state_of(job) == "stopped" and job.ended is not None
    assert max(checkpoints(extracted)) > 0
    (again,) = open_jobs().all()
    assert again.state == "stopped" and again.ended == job.ended
    assert [path.suffix for path in extracted.jobs_folder.iterdir()] == [".json"]


def test_a_job_of_another_server_is_shown_refuses_others_and_can_be_steered(
    extracted: Workspace,
    other_server: tuple[Server, int],
    open_jobs: Callable[[], Jobs],
    in_time: InTime,
) -> None:
    jobs = open_jobs()
    (job,) = jobs.all()
    assert job.is_running and job.state == "running" and job.pid == other_server[1]
    with pytest.raises(JobRefused):
        jobs.start(training(extracted))
    before = set(checkpoints(extracted))
    jobs.tell(job, "save")
    in_time(lambda: set(checkpoints(extracted)) - before)
    assert open_jobs().close() == []  # a server that closes leaves the jobs of others alone
    version = jobs.version
    in_time(lambda: jobs.version > version)  # it tells its steps
    jobs.tell(job, "stop")
    assert state_of(job) == "stopping"
    in_time(ended(job))
    assert state_of(job) == "stopped"
    assert other_server[0].poll() is None  # its server goes on


def test_a_process_that_was_killed_is_interrupted(
    other_server: tuple[Server, int], open_jobs: Callable[[], Jobs], in_time: InTime
) -> None:
    server, pid = other_server
    server.kill()
    psutil.Process(pid).kill()
    server.wait()
    in_time(lambda: not psutil.pid_exists(pid))
    (job,) = open_jobs().all()
    assert job.state == "interrupted" and not job.is_running


def record(**changes: Any) -> str:
    return json.dumps({"words": ["sort", "faces"], "state": "done", "began": 1.0, **changes})


def test_only_the_newest_are_kept_and_no_foreign_file_is_touched(tmp_path: Path) -> None:
    for number in range(MOST + 7):
        name = f"20260101T0000{number:02d}000000-00000000.json"
        (tmp_path / name).write_text(record(began=number))
    foreign = tmp_path / "notes.json"
    foreign.write_text('{"mine": 1}')
    found = remembered(tmp_path)
    assert [job.began for job in found] == list(range(7, MOST + 7))
    assert [job.number for job in found] == list(range(1, MOST + 1))
    assert len(list(tmp_path.iterdir())) == MOST + 1 and foreign.is_file()
    assert remembered(tmp_path / "nowhere") == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        record(words=[]),
        record(state="merry"),
        record(began=-1),
        record(began=1e99),
        record(pid=2**40),
        record(version=2),
        record(notes=[["x" * 20_000, True]]),
    ],
)
def test_what_is_no_record_is_passed_over(text: str, tmp_path: Path) -> None:
    path = tmp_path / "20260101T000000000000-00000000.json"
    path.write_text(text)
    assert remembered(tmp_path) == []
    assert path.read_text() == text
    with pytest.raises(ValueError):
        read(path)


def test_a_record_can_point_at_no_other_process(tmp_path: Path) -> None:
    """A number that another process has by now is not that job."""
    me = psutil.Process()
    path = tmp_path / "20260101T000000000000-00000000.json"
    path.write_text(record(state="running", pid=me.pid, born=me.create_time()))
    (job,) = remembered(tmp_path)
    assert job.state == "interrupted"


def test_records_are_cleared_and_nothing_beside_them(
    extracted: Workspace, open_jobs: Callable[[], Jobs], in_time: InTime
) -> None:
    jobs = open_jobs()
    job: Job = jobs.start(action("measure", extracted.faceset_folder("src")))
    in_time(ended(job))
    mine = extracted.jobs_folder / "mine.json"
    mine.write_text("{}")
    clear.run(extracted)
    assert list(extracted.jobs_folder.iterdir()) == [mine]
    assert jobs.all() == [job]
