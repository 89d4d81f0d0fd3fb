"""Work in processes of its own: real commands on a small workspace."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from recast.language import Texts
from recast.stages.train_options import TrainOptions
from recast.studio.actions import Action, action
from recast.studio.job import Job
from recast.studio.jobs import JobRefused, Jobs
from recast.workspace import Workspace

InTime = Callable[[Callable[[], Any]], Any]


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    made = Jobs()
    yield made
    assert made.close() == []


def training(workspace: Workspace, **options: Any) -> Action:
    tiny = {"resolution": 64, "batch_size": 3, "device": "cpu", **options}
    return action("train", workspace.root, options=TrainOptions(**tiny), holds=["model swift"])


def state_of(job: Job) -> str:
    return job.state  # asked anew: a type checker believes that it stays what it was


def ended(job: Job) -> Callable[[], bool]:
    return lambda: not job.is_running


def test_a_job_does_its_command_and_tells_how_it_went(
    extracted: Workspace, jobs: Jobs, in_time: InTime
) -> None:
    job = jobs.start(training(extracted, steps=10))
    before = jobs.version
    in_time(ended(job))
    assert job.state == "done" and job.what == ""
    assert job.training["step"] == 10 and job.share == 1.0
    assert job.facts["model"] == str(extracted.model_folder("swift"))
    assert job.preview.endswith(".jpg") and job.about.startswith("swift")
    assert jobs.version > before
    assert job.ended is not None and job.ended >= job.began


def test_a_stopped_training_has_saved_everything(
    extracted: Workspace, jobs: Jobs, in_time: InTime
) -> None:
    job = jobs.start(training(extracted))
    in_time(lambda: job.training)
    jobs.tell(job, "stop")
    assert state_of(job) == "stopping"
    in_time(ended(job))
    assert state_of(job) == "stopped"
    (newest, *_) = sorted((extracted.model_folder("swift") / "checkpoint").iterdir(), reverse=True)
    assert int(newest.name) >= job.training["step"] > 0


def test_a_training_obeys_words_and_ends_with_its_server(
    extracted: Workspace, jobs: Jobs, in_time: InTime
) -> None:
    job = jobs.start(training(extracted, save_minutes=100))
    in_time(lambda: job.training)
    first = job.preview
    jobs.tell(job, "refresh")
    in_time(lambda: job.preview != first)
    folder = extracted.model_folder("swift") / "checkpoint"
    known = set(folder.iterdir())
    jobs.tell(job, "save")
    in_time(lambda: set(folder.iterdir()) - known)
    assert jobs.close() == []
    assert state_of(job) == "stopped"


def test_a_job_whose_server_was_killed_stops_by_itself(
    extracted: Workspace, jobs: Jobs, in_time: InTime
) -> None:
    job = jobs.start(training(extracted))
    in_time(lambda: job.training)
    process = job.process
    assert process is not None and process.stdin is not None and process.stdout is not None
    process.stdin.close()
    in_time(ended(job))
    assert job.state == "stopped"


def test_two_jobs_on_the_same_thing_are_refused(
    extracted: Workspace, jobs: Jobs, in_time: InTime
) -> None:
    first = action("extract", extracted.root, "src", holds=["faces src"])
    job = jobs.start(first)
    with pytest.raises(JobRefused) as refused:
        jobs.start(action("sort", extracted.faceset_folder("src"), holds=["faces src"]))
    assert "extract" in Texts("ru").of(refused.value.args[0])
    assert jobs.holding("faces src") is job and jobs.holding("faces dst") is None
    in_time(ended(job))
    assert jobs.holding("faces src") is None


def test_a_job_that_cannot_be_done_says_why(
    extracted: Workspace, jobs: Jobs, in_time: InTime
) -> None:
    job = jobs.start(action("train", extracted.root / "nowhere"))
    in_time(ended(job))
    assert job.state == "failed"
    assert "nowhere" in job.what and "recast new" in job.fix


def test_a_command_that_breaks_is_told_by_its_last_words(jobs: Jobs, in_time: InTime) -> None:
    job = jobs.start(Action(("no-such-command",)))
    in_time(ended(job))
    assert job.state == "failed" and "no-such-command" in job.what


def test_events_are_json_of_the_command_line(extracted: Workspace, jobs: Jobs) -> None:
    """What a job shows is what `--json` prints; a line that is none changes nothing."""
    job = Job(1, action("train"), 0.0)
    jobs._take(job, "not json\n")
    jobs._take(job, json.dumps({"event": "progress", "done": 1, "total": 4, "unit": "frames"}))
    assert job.share == 0.25
    jobs._take(job, json.dumps({"event": "note", "text": "careful", "warning": True}))
    assert list(job.notes) == [("careful", True)]
