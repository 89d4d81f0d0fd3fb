"""The examples run as they are."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import recast
from recast.video import TakeWriter, open_take

ROOT = Path(__file__).parents[1]
SAMPLES = Path(recast.__file__).parent / "samples"


@pytest.fixture
def short(tmp_path: Path) -> Callable[[str], Path]:
    """The first frames of a sample, as a take of their own."""

    def short(name: str) -> Path:
        take = open_take(SAMPLES / name)
        path = tmp_path / name
        with TakeWriter(path, take.info) as writer:
            for frame in take.frames(0, 6):
                writer.write(frame.image, frame.moment)
        return path

    return short


def example(name: str, *arguments: object, home: Path) -> str:
    command = [sys.executable, str(ROOT / "examples" / name), *map(str, arguments)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
        env={**os.environ, "RECAST_HOME": str(home), "PYTHONIOENCODING": "utf-8"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_faces_are_inspected(short: Callable[[str], Path], tmp_path: Path) -> None:
    take = short("pair1_dst.mp4")
    said = example("inspect_faces.py", take, tmp_path / "job", home=tmp_path / "home")
    assert said.startswith("6 faces in ")
    assert said.count(" yaw ") == 6


def test_two_takes_are_swapped(short: Callable[[str], Path], tmp_path: Path) -> None:
    src, dst = short("pair1_src.mp4"), short("pair1_dst.mp4")
    folder, home = tmp_path / "job", tmp_path / "home"
    said = example("swap_two_takes.py", src, dst, folder, 2, home=home)
    assert said.splitlines()[-1].endswith("result.mp4: valid-untrusted")
    assert len(open_take(folder / "result.mp4")) == 6


def test_sheets_of_all_sorts_are_written(short: Callable[[str], Path], tmp_path: Path) -> None:
    src, dst = short("pair1_src.mp4"), short("pair1_dst.mp4")
    said = example("sort_sheets.py", src, dst, tmp_path / "out", home=tmp_path / "home")
    assert "best: 12 faces, 0 left out" in said
    assert len(list((tmp_path / "out" / "sheets").glob("sort-*.jpg"))) == 16
