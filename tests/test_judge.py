"""The judge of the benchmarks: the truth is worth 1, dst as it was is worth 0."""

import json
import subprocess
import sys
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest

import recast
from recast import images

ROOT = Path(__file__).parents[1]
DST = Path(recast.__file__).parent / "samples" / "pair1_dst.mp4"
TRUTH = ROOT / "tests" / "data" / "pair1_truth.mp4"
FRAMES = 6


def judge(result: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", "judge", str(result), "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )


@pytest.mark.parametrize(("take", "closure"), [(TRUTH, 1), (DST, 0)], ids=["truth", "dst"])
def test_the_ends_of_the_scale(tmp_path: Path, take: Path, closure: float) -> None:
    with av.open(str(take)) as file:
        for index, frame in enumerate(islice(file.decode(video=0), FRAMES)):
            image = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
            images.save(tmp_path / f"{index:03d}.png", image)
    done = judge(tmp_path)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    for name in ("closure", "closure_colour", "closure_structure", "whole"):
        assert figures[name] == pytest.approx(closure, abs=0.01)
    assert figures["seam"] == pytest.approx(1 - closure, abs=0.01)
    assert (figures["frames"], figures["missing_frames"]) == (FRAMES, 150 - FRAMES)
    assert figures["faces_found"] == 1
    if take == TRUTH:
        assert (figures["flicker"], figures["expression_pct"]) == (1, 0)
    else:
        assert figures["expression_pct"] == figures["expression_dst_pct"] > 0
        assert figures["outside_db"] > 100


def test_a_result_of_another_size_is_refused(tmp_path: Path) -> None:
    images.save(tmp_path / "000.png", np.zeros((48, 64, 3), np.uint8))
    done = judge(tmp_path)
    assert done.returncode == 2
    assert "is 64x48, the truth 640x480" in done.stderr
