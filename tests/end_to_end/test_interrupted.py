"""A job that is killed, as by a power cut, goes on with the same command and ends all the same."""

import json
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

import recast
from recast.training.checkpoint import checkpoints
from recast.training.history import read_history
from recast.video import open_take
from recast.workspace import SIDES, Workspace

STEPS = 20


class Job:
    """The command of a swap, and what it leaves behind."""

    def __init__(self, takes: dict[str, Path], folder: Path) -> None:
        self.out = folder / "result é.mp4"
        self.root = folder / "result é.recast"
        self.takes = takes
        tokens = ["swap", str(takes["src"]), str(takes["dst"]), "--out", str(self.out)]
        tokens += ["--synthetic", "--json", "--device", "cpu", "--steps", str(STEPS)]
        tokens += ["--resolution", "64", "--batch-size", "2", "--save-minutes", "0.05"]
        self._command = [sys.executable, "-m", "recast", *tokens]
        self._kept: dict[Path, int] = {}

    def start(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self._command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"},
        )

    def killed_when(self, reached: Callable[[dict[str, Any]], bool]) -> None:
        """Run until an event of that kind, then kill without mercy."""
        with self.start() as program:
            assert program.stdout
            for line in program.stdout:
                if reached(json.loads(line)):
                    program.kill()
                    break
            else:
                pytest.fail("the program ended before it could be killed")

    def killed_after(self, seconds: float) -> None:
        """Run at most so long."""
        with self.start() as program:
            timer = threading.Timer(seconds, program.kill)
            timer.start()
            program.communicate()
            timer.cancel()

    def check_between(self) -> None:
        """What was finished stays, and what is there is whole."""
        for path, made in self._kept.items():
            assert path.stat().st_mtime_ns == made, f"{path} was made again"
        for side in SIDES:
            folder = self.root / f"data_{side}"
            if (folder / "extraction.json").exists():
                found = json.loads((folder / "extraction.json").read_text(encoding="utf-8"))
                for face in (folder / "aligned").glob("*.jpg"):
                    if int(face.name.split("_")[0]) < found["frames_done"]:
                        self._kept.setdefault(face, face.stat().st_mtime_ns)
        for path in checkpoints(self.root / "model" / "swift" / "checkpoint"):
            load_file(path / "weights.safetensors")
        if self.out.exists():
            assert recast.verify(self.out).intact

    def finish(self) -> None:
        with self.start() as program:
            told, _ = program.communicate()
        assert program.returncode == 0, told
        self.check_between()
        assert len(self._kept) == 48
        assert recast.verify(self.out).intact
        dst, result = open_take(self.takes["dst"]), open_take(self.out)
        assert [frame.moment for frame in result] == [frame.moment for frame in dst]
        model = Workspace.open(self.root).model_folder("swift")
        assert [line["step"] for line in read_history(model / "history.jsonl")] == [10, 20]
        assert int(checkpoints(model / "checkpoint")[-1].name) == STEPS
        assert not list(self.root.rglob("*.part")) + list(self.out.parent.glob("*.part"))
        assert not list(self.out.parent.glob("*unsigned*"))


@pytest.fixture
def job(tmp_path: Path, short_takes: dict[str, Path], signing_home: Path) -> Job:
    return Job(short_takes, tmp_path)


def test_killed_in_each_stage(job: Job) -> None:
    def extracting(event: dict[str, Any]) -> bool:
        return bool(event["event"] == "progress" and event["done"])

    def training(event: dict[str, Any]) -> bool:
        return bool(event["event"] == "training")

    merging = [False]

    def composing(event: dict[str, Any]) -> bool:
        merging[0] |= event["event"] == "started" and event["stage"] == "merge"
        return merging[0] and extracting(event)

    for reached in (extracting, training, composing):
        job.killed_when(reached)
        job.check_between()
    job.finish()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_killed_at_ten_random_moments(job: Job, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(10):
        job.killed_after(chance.uniform(0.5, 8))
        job.check_between()
    job.finish()
