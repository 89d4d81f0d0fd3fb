import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from recast import (
    Event,
    Note,
    Preview,
    Progress,
    RecastError,
    Started,
    Stopped,
    TakeUnreadable,
    TrainingProgress,
)
from recast.cli.terminal import Terminal, duration
from recast.cli.voices import JsonLines

TRAINING = TrainingProgress(40, 0.25, 3.96, 90.0, {"src": 0.5, "dst": 0.25})


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Heard:
    """A terminal voice, and what it said; `tty` as if in front of a person."""

    def __init__(self, tty: bool = False) -> None:
        self.out, self.err, self.clock = io.StringIO(), io.StringIO(), Clock()
        err = Console(file=self.err, force_terminal=tty, width=100, color_system=None)
        self.voice = Terminal(Console(file=self.out, width=100), err, self.clock)

    def report(self, *events: Event, seconds: float = 0.0) -> None:
        for event in events:
            self.clock.now += seconds
            self.voice.report(event)

    def lines(self) -> list[str]:
        self.voice.close()
        return self.err.getvalue().splitlines()


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (Started("extract", "src"), {"event": "started", "stage": "extract", "about": "src"}),
        (Progress(1, 2), {"event": "progress", "done": 1, "total": 2, "unit": "frames"}),
        (Preview(Path("p.jpg")), {"event": "preview", "path": "p.jpg"}),
        (Note("ж", True), {"event": "note", "text": "ж", "warning": True}),
        (
            TRAINING,
            {
                "event": "training",
                "step": 40,
                "share": 0.25,
                "steps_per_second": 3.96,
                "seconds_left": 90.0,
                "losses": {"src": 0.5, "dst": 0.25},
                "device_memory": 0,
            },
        ),
    ],
)
def test_every_event_is_a_line_of_json(
    event: Event, told: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    JsonLines().report(event)
    out = capsys.readouterr().out
    assert out.endswith("\n") and out.isascii()
    assert json.loads(out) == told


def test_json_has_no_word_for_nan(capsys: pytest.CaptureFixture[str]) -> None:
    JsonLines().report(TrainingProgress(1, 0.0, 1.0, float("inf"), {"src": float("nan")}))
    told = json.loads(capsys.readouterr().out)
    assert told["seconds_left"] is None
    assert told["losses"] == {"src": None}


def test_errors_say_what_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    error = TakeUnreadable("a.mp4 has no pictures", "choose another")
    JsonLines().failed(error)
    told = {"event": "error", "what": "a.mp4 has no pictures", "fix": "choose another"}
    assert json.loads(capsys.readouterr().out) == told
    heard = Heard()
    heard.voice.failed(error)
    assert heard.lines() == ["Error: a.mp4 has no pictures", "What to do: choose another"]


def test_a_stop_is_no_error() -> None:
    heard = Heard()
    heard.voice.failed(Stopped("on request"))
    assert heard.lines() == ["Stopped: on request"]


def test_results_go_to_stdout_and_progress_to_stderr() -> None:
    heard = Heard()
    heard.report(Started("merge", "150 frames"))
    heard.voice.tell("done", {}, "The result is [bold]x[/].mp4 " + "and long " * 20)
    assert heard.out.getvalue().count("\n") == 1
    assert "[bold]x[/].mp4" in heard.out.getvalue()
    assert heard.lines() == ["merge: 150 frames"]


def test_a_log_gets_a_line_now_and_then() -> None:
    heard = Heard()
    heard.report(Started("extract", "src"))
    heard.report(*(Progress(done, 240) for done in range(1, 241)), seconds=0.125)
    assert heard.lines() == [
        "extract: src",
        "extract 0%: 1/240 frames",
        "extract 34%: 81/240 frames, 8 frames/s, 0:20 left",
        "extract 67%: 161/240 frames, 8 frames/s, 0:10 left",
        "extract 100%: 240/240 frames, 8 frames/s",
    ]


def test_the_rate_counts_only_what_this_run_did() -> None:
    heard = Heard()
    heard.report(Progress(200, 240), Progress(220, 240), seconds=10.0)
    assert heard.lines()[-1].endswith("220/240 frames, 2 frames/s, 0:10 left")


def test_an_unknown_end_shows_no_percent() -> None:
    heard = Heard()
    heard.report(Started("extract", "src"), Progress(5, 0, "faces"))
    assert heard.lines() == ["extract: src", "extract: 5 faces"]


def test_training_shows_rate_losses_and_time_left() -> None:
    heard = Heard()
    heard.report(Started("train", "swift"), TRAINING)
    said = "train 25%: step 40, 4.0 steps/s, 1:30 left, src 0.500, dst 0.250"
    assert heard.lines()[1] == said


def test_training_on_a_gpu_shows_what_it_holds_there() -> None:
    heard = Heard()
    heard.report(replace(TRAINING, device_memory=5 << 29))
    assert heard.lines()[0].endswith("dst 0.250, 2.5 GB on the GPU")


def test_a_terminal_gets_a_bar() -> None:
    heard = Heard(tty=True)
    heard.report(Started("train", "swift"), TRAINING)
    heard.voice.tell("done", {}, "The model is there")
    drawn = heard.err.getvalue()
    assert "step 40" in drawn and "━" in drawn


def test_each_preview_is_named_once() -> None:
    heard = Heard()
    heard.report(Preview(Path("p.jpg")), Preview(Path("p.jpg")), Preview(Path("q.jpg")))
    assert [line.split()[-1] for line in heard.lines()] == ["p.jpg", "q.jpg"]


def test_notes_and_warnings_are_told_apart() -> None:
    heard = Heard()
    heard.report(Note("four tracks"), Note("rolled back", warning=True))
    assert heard.lines() == ["four tracks", "Warning: rolled back"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (59.6, "1:00"), (3725, "1:02:05"), (float("nan"), "unknown time")],
)
def test_durations_read_as_on_a_clock(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_an_error_without_a_remedy_is_one_line() -> None:
    heard = Heard()
    heard.voice.failed(RecastError("gone"))
    assert heard.lines() == ["Error: gone"]
