"""The whole job, and what it refuses before it begins."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import recast
from recast.errors import ConsentMissing, OptionUnusable, TakeUnreadable
from recast.events import Event, Preview, Started, TrainingProgress
from recast.images import load
from recast.stages import swap
from recast.stages.extract import ExtractOptions
from recast.stages.merge import MergeOptions
from recast.stages.train_options import TrainOptions
from recast.video import open_take
from recast.workspace import Workspace

Begin = Callable[..., Workspace]
TINY = TrainOptions(resolution=64, batch_size=2, device="cpu", steps=2)
SMALL = ExtractOptions(size=128)


def run(workspace: Workspace, *, merge: MergeOptions | None = None, **how: Any) -> swap.SwapResult:
    merge = merge or MergeOptions(device="cpu")
    return swap.run(workspace, extract=SMALL, train=TINY, merge=merge, **how)


def test_a_swap_from_two_takes_to_one(extracted: Workspace) -> None:
    events: list[Event] = []
    done = run(extracted, report=events.append)
    assert done.video == extracted.result and recast.verify(done.video).intact
    assert len(open_take(done.video)) == 24
    assert [event.stage for event in events if isinstance(event, Started)] == [
        "guard",
        "train",
        "merge",
    ]
    assert Preview(done.sheet) in events
    assert recast.verify(done.sheet).model == "swift"
    assert load(done.sheet).shape == (2 * 360, 5 * 480, 3)

    again: list[Event] = []
    run(extracted, report=again.append)
    assert not any(isinstance(event, TrainingProgress) for event in again)


def test_the_sheet_of_a_part_compares_the_same_frames(trained: Workspace) -> None:
    out = trained.merge(frames="16:20", device="cpu")
    sheet = swap.comparison(trained.take("dst"), open_take(out), first=16).astype(float)
    assert sheet.shape == (2 * 360, 4 * 480, 3)
    background = np.abs(sheet[:360] - sheet[360:]).reshape(360, 4, 480, 3)[:, :, :30]
    assert background.mean() < 3


@pytest.mark.parametrize("side", ["src", "dst"])
def test_a_take_that_is_cut_off_is_refused_before_work(
    tmp_path: Path, begin: Begin, short_takes: dict[str, Path], side: str
) -> None:
    whole = short_takes[side].read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[: len(whole) // 2])
    workspace = begin(tmp_path / "job", **{side: cut})
    with pytest.raises(TakeUnreadable, match=rf"{side}: cut\.mp4 is cut off"):
        run(workspace)
    assert [path.name for path in workspace.root.iterdir()] == ["workspace.json"]


def test_what_would_fail_at_the_end_is_refused_before_work(
    tmp_path: Path, begin: Begin, short_takes: dict[str, Path]
) -> None:
    workspace = begin(tmp_path / "job")
    with pytest.raises(OptionUnusable, match="the dst take"):
        run(workspace, out=short_takes["dst"])
    with pytest.raises(OptionUnusable, match=r"\.mp4"):
        run(workspace, out=tmp_path / "result.mkv")
    with pytest.raises(OptionUnusable, match="24"):
        run(workspace, merge=MergeOptions(frames="30:40"))
    settings = json.loads((workspace.root / "workspace.json").read_text(encoding="utf-8"))
    without = {name: value for name, value in settings.items() if not name.startswith("consent")}
    (workspace.root / "workspace.json").write_text(json.dumps(without))
    with pytest.raises(ConsentMissing):
        run(Workspace.open(workspace.root))
    assert [path.name for path in workspace.root.iterdir()] == ["workspace.json"]
