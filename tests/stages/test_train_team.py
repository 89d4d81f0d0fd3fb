"""Two processes that train together learn what one does with twice the batches."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from recast.stages import guard
from recast.training.checkpoint import load_newest
from recast.training.history import read_history
from recast.workspace import Workspace

LESSON = {"model": "swift", "resolution": 64, "batch-size": 2, "device": "cpu"}


def started(workspace: Workspace, **options: Any) -> "subprocess.Popen[str]":
    flags = [f"--{name}={value}" for name, value in {**LESSON, **options}.items()]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    return subprocess.Popen(
        [
            *torchrun,
            "--nproc-per-node=2",
            "-m",
            "recast",
            "train",
            workspace.root,
            *flags,
            "--json",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def finished(process: "subprocess.Popen[str]") -> list[dict[str, Any]]:
    """What was told, once all processes ended well."""
    out, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return [json.loads(line) for line in out.splitlines() if line.startswith("{")]


def weights(folder: Path) -> dict[str, torch.Tensor]:
    newest = load_newest(folder / "checkpoint", pytest.fail)
    assert newest is not None
    return newest.weights


def test_two_processes_are_one_with_twice_the_batches(extracted: Workspace) -> None:
    told = finished(started(extracted, name="together", steps=6))
    extracted.train(
        "swift", name="alone", steps=6, resolution=64, batch_size=2, accumulate=2, device="cpu"
    )
    together, alone = (extracted.model_folder(name) for name in ("together", "alone"))
    rows = [read_history(folder / "history.jsonl") for folder in (together, alone)]
    # Alone, the losses of slow steps may have been looked at in between.
    one, other = rows[0][-1], rows[1][-1]
    assert one["step"] == other["step"] == 6
    assert one["losses"] == pytest.approx(other["losses"], rel=1e-3)
    # Sums come out in another order, and Adam makes much of small gradients' signs.
    for name, value in weights(alone).items():
        assert torch.allclose(weights(together)[name], value, atol=5e-3), name
    # One of them speaks, and it tells the mean.
    steps = [line["step"] for line in told if line["event"] == "training"]
    assert steps == [6]


BY_TURNS = """
import sys
from pathlib import Path
from recast.training.team import team_here

folder, fails = Path(sys.argv[1]), sys.argv[2] == "fails"

def work():
    there = sorted(path.name for path in folder.glob("rank*"))
    (folder / f"rank{team.rank}").write_text(str(there))
    if fails:
        raise ValueError("it cannot be done")

with team_here("cpu") as (team, device):
    team.leader_first(work)
    (folder / f"after{team.rank}").touch()
"""


@pytest.mark.parametrize("fails", [False, True])
def test_the_leader_looks_before_the_others(tmp_path: Path, fails: bool) -> None:
    script = tmp_path / "by_turns.py"
    script.write_text(BY_TURNS)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    ran = subprocess.run(
        [*torchrun, "--nproc-per-node=2", script, tmp_path, "fails" if fails else ""],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    made = {path.name: path.read_text() for path in tmp_path.glob("*[01]")}
    if fails:
        assert ran.returncode and "it cannot be done" in ran.stderr
        assert made["rank0"] == "[]" and "after1" not in made
    else:
        assert ran.returncode == 0, ran.stderr
        assert made == {"rank0": "[]", "rank1": "['rank0']", "after0": "", "after1": ""}


def test_what_the_guard_refuses_ends_all_of_them(extracted: Workspace) -> None:
    guard.run(extracted)
    noted = json.loads(extracted.guard_file.read_text(encoding="utf-8"))
    seen = {"frame": 3, "seconds": 0.12, "what": "ANUS_EXPOSED", "score": 0.9}
    noted["seen"] = [seen]
    extracted.guard_file.write_text(json.dumps(noted), encoding="utf-8")
    process = started(extracted, steps=3)
    out, _ = process.communicate(timeout=120)
    told = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    errors = {line["what"] for line in told if line["event"] == "error"}
    assert process.returncode and len(errors) == 1
    assert "puts no face into sexual pictures" in errors.pop()
    assert not extracted.model_folder("swift").exists()


@pytest.mark.slow
def test_they_go_on_from_where_they_stopped(extracted: Workspace) -> None:
    finished(started(extracted, steps=3))
    told = finished(started(extracted, steps=5))
    notes = [line["text"] for line in told if line["event"] == "note"]
    assert "Going on from step 3." in notes
    newest = load_newest(extracted.model_folder("swift") / "checkpoint", pytest.fail)
    assert newest and (newest.progressed.step, newest.progressed.seen) == (5, 20)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows hands no Ctrl-C to a chosen process")
def test_ctrl_c_stops_all_of_them_and_loses_nothing(extracted: Workspace) -> None:
    process = started(extracted, steps=100000)
    history = extracted.model_folder("swift") / "history.jsonl"
    waited = time.monotonic() + 200
    while not history.exists() and time.monotonic() < waited and process.poll() is None:
        time.sleep(0.2)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=120)
    assert process.returncode != 0
    steps = read_history(history)[-1]["step"]
    newest = load_newest(extracted.model_folder("swift") / "checkpoint", pytest.fail)
    assert newest and newest.progressed.step >= steps


def test_an_environment_that_is_none_of_torchruns_is_said(
    extracted: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from recast.errors import OptionUnusable

    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.delenv("RANK", raising=False)
    with pytest.raises(OptionUnusable, match="not by torchrun") as caught:
        extracted.train("swift", steps=1, device="cpu")
    assert "torchrun" in caught.value.fix
