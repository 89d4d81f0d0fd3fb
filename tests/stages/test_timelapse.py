"""Previews become a signed video."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recast import images, open_take, verify
from recast.errors import ConsentMissing, OptionUnusable, WorkspaceUnusable
from recast.events import Event, Note
from recast.workspace import Workspace

TINY: dict[str, Any] = {"resolution": 64, "batch_size": 3, "device": "cpu"}


def shaded(workspace: Workspace, count: int) -> Path:
    """Previews of a trained model, each brighter than the one before."""
    folder = workspace.model_folder("swift") / "preview"
    for path in folder.glob("*.jpg"):
        path.unlink()
    for step in range(count):
        images.save(folder / f"{step:08d}.jpg", np.full((64, 96, 3), 40 * step + 20, np.uint8))
    return folder


def test_previews_follow_each_other_and_the_last_one_stays(trained: Workspace) -> None:
    shaded(trained, 4)
    result = trained.timelapse(rate=5, hold=1)
    assert result == trained.model_folder("swift") / "timelapse.mp4"
    take = open_take(result)
    assert (len(take), take.info.rate, take.info.size) == (4 + 4, Fraction(5), (96, 64))
    shades = [float(frame.image.mean()) for frame in take]
    assert shades[:4] == pytest.approx([20, 60, 100, 140], abs=3)
    assert shades[4:] == pytest.approx([140] * 4, abs=3)
    assert verify(result).intact


def test_a_preview_of_another_size_is_left_out(trained: Workspace) -> None:
    folder = shaded(trained, 3)
    images.save(folder / "00000001.jpg", np.zeros((32, 32, 3), np.uint8))
    events: list[Event] = []
    take = open_take(trained.timelapse(hold=0, report=events.append))
    assert len(take) == 2
    assert any(isinstance(e, Note) and "00000001.jpg" in e.text for e in events)


def test_a_training_without_previews_is_said(trained: Workspace) -> None:
    shaded(trained, 0)
    with pytest.raises(WorkspaceUnusable, match="no previews"):
        trained.timelapse()


def test_an_unknown_training_is_said(trained: Workspace) -> None:
    with pytest.raises(WorkspaceUnusable, match="no training named anna") as caught:
        trained.timelapse(name="anna")
    assert "swift" in caught.value.fix


def test_only_an_mp4_is_written(trained: Workspace, tmp_path: Path) -> None:
    with pytest.raises(OptionUnusable, match="mp4"):
        trained.timelapse(out=tmp_path / "result.gif")


def test_without_consent_nothing_is_shown(tmp_path: Path, short_takes: dict[str, Path]) -> None:
    workspace = Workspace.create(tmp_path / "job", src=short_takes["src"], dst=short_takes["dst"])
    with pytest.raises(ConsentMissing):
        workspace.timelapse()
