import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import recast
from recast.cli.flags import subset
from recast.cli.job import SwapFlags, extract_options, label_of
from recast.stages.extract import ExtractOptions
from recast.stages.merge import MergeOptions
from recast.stages.train_options import TrainOptions
from recast.video import TakeWriter, open_take

Run = Callable[..., Any]


def test_without_consent_nothing_is_begun(run: Run, src: Path, dst: Path, tmp_path: Path) -> None:
    code, _, err = run("swap", src, dst, "--out", tmp_path / "new folder" / "result.mp4")
    assert code == 1
    assert "--consent FILE" in err and "--synthetic" in err
    assert not list(tmp_path.iterdir())


def test_a_workspace_without_consent_is_refused_too(
    run: Run, src: Path, dst: Path, tmp_path: Path, job: Path
) -> None:
    out = tmp_path / "result.mp4"
    code, told, _ = run("swap", src, dst, "--out", out, "--workspace", job, "--json")
    assert code == 1
    assert "--synthetic" in json.loads(told)["fix"]
    assert [path.name for path in job.iterdir()] == ["workspace.json"]


@pytest.mark.parametrize(
    "text", ["", "[]", '{"person": "Ana"}', '{"person": "Ana", "basis": "self", "adult": false}']
)
def test_a_consent_file_that_gives_none_is_refused(
    text: str, run: Run, src: Path, dst: Path, tmp_path: Path
) -> None:
    file = tmp_path / "consent.json"
    file.write_text(text, encoding="utf-8")
    code, _, err = run("swap", src, dst, "--out", tmp_path / "result.mp4", "--consent", file)
    assert code == 1
    assert "consent.json" in err
    assert list(tmp_path.iterdir()) == [file]


def test_a_take_that_is_none_is_refused_before_work(run: Run, src: Path, tmp_path: Path) -> None:
    missing = tmp_path / "missing.mp4"
    code, _, err = run("swap", src, missing, "--out", tmp_path / "result.mp4", "--synthetic")
    assert code == 1
    assert "dst: " in err and "missing.mp4" in err
    assert not list(tmp_path.iterdir())


def test_the_flags_reach_the_stage_they_belong_to() -> None:
    flags = SwapFlags(size=128, steps=7, grow=0.1, name="anna", device="cpu")
    assert extract_options(flags) == ExtractOptions(size=128, device="cpu")
    train = TrainOptions.model_validate(subset(flags, TrainOptions))
    assert train == TrainOptions(steps=7, name="anna", device="cpu")
    merge = MergeOptions.model_validate(subset(flags, MergeOptions))
    assert merge == MergeOptions(grow=0.1, name="anna", device="cpu", label="auto")


def test_what_is_merged_and_where_it_trains_do_not_limit_what_is_learnt() -> None:
    flags = SwapFlags(frames="10:20", device="cuda:1")
    assert extract_options(flags) == ExtractOptions()


@pytest.mark.parametrize("stage", [ExtractOptions, TrainOptions, MergeOptions])
def test_swap_changes_no_default(
    stage: type[ExtractOptions] | type[TrainOptions] | type[MergeOptions],
) -> None:
    """But for the label: a swap says what it is."""
    given = stage.model_validate(subset(SwapFlags(), stage)).model_dump()
    assert given | {"label": ""} == stage().model_dump() | {"label": ""}


@pytest.mark.parametrize(
    ("flags", "no_label", "wanted"),
    [
        (SwapFlags(), False, "auto"),
        (SwapFlags(), True, ""),
        (SwapFlags(format="png"), False, ""),
        (SwapFlags(format="png", label="ru"), False, "ru"),
        (SwapFlags(label="A satire"), False, "A satire"),
    ],
)
def test_a_video_is_labelled_unless_told_otherwise(
    flags: SwapFlags, no_label: bool, wanted: str
) -> None:
    assert label_of(flags, no_label) == wanted


def test_a_label_and_none_exclude_each_other(run: Run, short: tuple[Path, Path]) -> None:
    code, _, err = run(
        "swap", *short, "--out", "a.mp4", "--synthetic", "--label", "ru", "--no-label"
    )
    assert code == 2 and "exclude each other" in err


@pytest.fixture
def short(tmp_path: Path, src: Path, dst: Path) -> tuple[Path, Path]:
    """Five frames of each sample; a space and letters from far away in their names."""
    made = []
    for path in (src, dst):
        take = open_take(path)
        made.append(tmp_path / f"ж {path.name}")
        with TakeWriter(made[-1], take.info) as writer:
            for frame in take.frames(0, 5):
                writer.write(frame.image, frame.moment)
    return made[0], made[1]


@pytest.fixture
def budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """As little work as ends in a result."""
    monkeypatch.setenv("RECAST_HOME", str(tmp_path / "home"))
    return ("--synthetic", "--steps", "2", "--resolution", "64", "--device", "cpu", "--json")


def test_a_swap_ends_in_a_signed_video_and_repeats_nothing(
    run: Run, short: tuple[Path, Path], budget: tuple[str, ...], tmp_path: Path
) -> None:
    out = tmp_path / "new" / "result é.mp4"
    code, told, err = run("swap", *short, "--out", out, *budget)
    assert (code, err) == (0, "")
    events = [json.loads(line) for line in told.splitlines()]
    assert {"note", "started", "progress", "training"} <= {one["event"] for one in events}
    done = events[-1]
    assert (done["event"], done["result"]) == ("done", str(out))
    assert Path(done["sheet"]).is_file()
    assert len(open_take(out)) == 5
    assert recast.verify(out).consent_basis == "synthetic"

    job = recast.Workspace.open(tmp_path / "new" / "result é.recast")
    again = run("swap", *short, "--out", out, *budget)
    assert again.code == 0
    assert "training" not in {json.loads(line)["event"] for line in again.out.splitlines()}
    assert len(recast.Workspace.open(job.root).consent) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends Ctrl-C to a whole console")
def test_a_stopped_swap_goes_on(
    run: Run, short: tuple[Path, Path], budget: tuple[str, ...], tmp_path: Path
) -> None:
    out = tmp_path / "result.mp4"
    tokens = ["swap", *map(str, short), "--out", str(out), *budget]
    command = [sys.executable, "-m", "recast", *tokens]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as program:
        assert program.stdout
        events = []
        for line in program.stdout:
            events.append(json.loads(line))
            if events[-1]["event"] == "started" and events[-1]["stage"] == "train":
                program.send_signal(signal.SIGINT)
    assert program.returncode == 130
    assert (events[-1]["event"], events[-1]["what"]) == ("error", "stopped on request")
    assert not out.exists()
    assert run(*tokens).code == 0
    assert len(open_take(out)) == 5


@pytest.mark.slow
def test_the_demo_runs(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECAST_HOME", str(tmp_path / "home"))
    code, out, _ = run("demo", "--out", tmp_path / "demo", "--minutes", "0.1")
    assert code == 0
    assert str(tmp_path / "demo" / "result.mp4") in out
    assert len(open_take(tmp_path / "demo" / "result.mp4")) == 150
