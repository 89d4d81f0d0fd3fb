"""A workspace that DeepFaceLab made opens as it is: it trains, sorts and merges."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recast import open_take, synthetic_consent, verify
from recast.workspace import SIDES, Workspace
from tests.foreign import write_dfl_faces

TINY: dict[str, Any] = {"resolution": 64, "batch_size": 2, "device": "cpu"}


@pytest.fixture
def foreign(tmp_path: Path, extracted_once: Workspace, short_takes: dict[str, Path]) -> Workspace:
    """Takes under DeepFaceLab's names, and its face files with the same landmarks as ours."""
    root = tmp_path / "workspace of another"
    root.mkdir()
    for side in SIDES:
        shutil.copy(short_takes[side], root / f"data_{side}.mp4")
        faces, take = extracted_once.faceset(side), open_take(short_takes[side])
        frames = {
            int(frame): (take.frame(int(frame)).image, [faces.landmarks[at]])
            for at, frame in enumerate(faces.frames)
        }
        write_dfl_faces(root / f"data_{side}" / "aligned", frames)
    workspace = Workspace.open(root)
    workspace.record_consent(synthetic_consent(person="nobody", now=datetime.now(UTC)))
    return workspace


def test_it_trains_and_merges_with_any_model(foreign: Workspace, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in foreign.root.rglob("*.jpg")}
    foreign.train("swift", steps=2, **TINY)  # needs meshes, which its files do not have
    foreign.train("sae", steps=1, ae_dims=32, e_dims=21, d_dims=10, **TINY)
    result = foreign.merge(name="swift", out=tmp_path / "result.mp4")
    assert verify(result).intact
    take, dst = open_take(result), foreign.take("dst")
    assert len(take) == len(dst)
    changed = np.abs(take.frame(0).image.astype(int) - dst.frame(0).image).mean(-1)
    assert changed.max() > 30
    assert {path: path.read_bytes() for path in before} == before


def test_it_sorts_and_goes_back(foreign: Workspace) -> None:
    names = sorted(path.name for path in foreign.faceset_folder("src").glob("*.jpg"))
    foreign.sort("src", by="yaw")
    yaw = foreign.faceset("src").yaw
    assert (np.diff(yaw) >= -1e-3).all() or (np.diff(yaw) <= 1e-3).all()
    foreign.undo_sort("src")
    assert sorted(path.name for path in foreign.faceset_folder("src").glob("*.jpg")) == names
