"""frames, cut and denoise as they are typed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recast import Workspace
from recast.images import save
from recast.video import open_take

Run = Callable[..., Any]


@pytest.fixture
def grain(tmp_path: Path) -> Path:
    """A dst of three small pictures."""
    folder = tmp_path / "grain ж"
    folder.mkdir()
    for index in range(3):
        noise = np.random.default_rng(index).integers(90, 120, (32, 48, 3), np.uint8)
        save(folder / f"{index}.png", noise)
    return folder


def test_frames_says_where_the_pictures_are(run: Run, job: Path) -> None:
    code, out, err = run("frames", job, "src", "--fps", "1", "--format", "jpg")
    assert code == 0 and out == f"The pictures are in {job / 'data_src'}\n"
    assert "10 pictures of pair1_src.mp4" in err
    assert len(list((job / "data_src").glob("*.jpg"))) == 10


@pytest.mark.parametrize("fps", ["x", "-3"])
def test_frames_refuses_what_is_no_rate(run: Run, job: Path, fps: str) -> None:
    code, _, err = run("frames", job, "src", f"--fps={fps}")
    assert code == 2 and f"--fps cannot be {fps}: it is no rate" in err


def test_frames_leaves_foreign_pictures_alone(run: Run, job: Path) -> None:
    (job / "data_dst").mkdir()
    save(job / "data_dst" / "mine.png", np.zeros((8, 8, 3), np.uint8))
    code, _, err = run("frames", job, "dst")
    assert code == 1 and "mine.png" in err and "What to do: move them" in err


def test_cut_writes_the_part(run: Run, dst: Path, tmp_path: Path) -> None:
    out = tmp_path / "часть.mp4"
    code, said, _ = run(
        "cut", dst, "--start", "00:00:01", "--length", "00:00:00.40", "--out", out, "--json"
    )
    assert code == 0
    assert json.loads(said.splitlines()[-1]) == {"event": "done", "result": str(out)}
    assert len(open_take(out)) == 10


@pytest.mark.parametrize(
    ("times", "code", "word"),
    [
        (["--end", "1", "--length", "1"], 2, "exclude each other"),
        (["--start", "1:99"], 1, "1:99 is no time"),
        (["--start", "2", "--end", "1"], 1, "leaves no frame"),
        (["--start", "9"], 1, "after the end of pair1_dst.mp4"),
    ],
)
def test_cut_explains_times_it_cannot_use(
    run: Run, dst: Path, tmp_path: Path, times: list[str], code: int, word: str
) -> None:
    ran = run("cut", dst, *times, "--out", tmp_path / "a.mp4")
    assert ran.code == code and word in ran.err and "What to do: " in ran.err
    assert not (tmp_path / "a.mp4").exists()


def test_denoise_and_back(run: Run, src: Path, grain: Path, tmp_path: Path) -> None:
    job = Workspace.create(tmp_path / "job", src=src, dst=grain).root
    copy = job / "data_dst" / "denoised"
    code, out, _ = run("denoise", job, "--strength", "8")
    assert code == 0 and out == f"The dst take is now {copy}\n"
    assert Workspace.open(job).take_path("dst") == copy
    code, out, _ = run("denoise", job, "--off")
    assert code == 0 and out == f"The dst take is now {grain}\n"
    assert copy.is_dir() and Workspace.open(job).take_path("dst") == grain


def test_going_back_takes_no_other_option(run: Run, job: Path) -> None:
    code, _, err = run("denoise", job, "--off", "--strength", "3")
    assert code == 2 and "--off takes no other option" in err
    assert run("denoise", job, "--strength", "21").code == 2
