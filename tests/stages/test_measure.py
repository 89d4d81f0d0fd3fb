"""Measuring once for filters."""

from pathlib import Path

import numpy as np
import pytest

from recast.errors import NoFaceFound, OptionUnusable, WorkspaceUnusable
from recast.events import Event, Progress
from recast.faceset import load_faceset
from recast.faceset.features import known
from recast.faceset.groups import noted
from recast.faceset.orders import SCALARS
from recast.stages.measure import MeasureOptions, run
from recast.workspace import Workspace


def test_what_was_measured_is_known_and_not_measured_again(extracted: Workspace) -> None:
    folder = extracted.faceset_folder("src")
    assert known(load_faceset(folder), SCALARS).shape[1] == 0
    names = [path.name for path in folder.glob("*.jpg")]
    assert run(folder, MeasureOptions()).faces == len(names)
    assert known(load_faceset(folder), SCALARS).shape == (len(names), 6)
    assert sorted(path.name for path in folder.glob("*.jpg")) == sorted(names)
    heard: list[Event] = []
    run(folder, MeasureOptions(), heard.append)
    assert not any(isinstance(event, Progress) for event in heard)


def test_groups_are_told_and_kept_and_no_file_is_renamed(extracted: Workspace) -> None:
    folder = extracted.faceset_folder("src")
    names = sorted(path.name for path in folder.glob("*.jpg"))
    assert np.isnan(noted(load_faceset(folder), "landmarks")).all()
    done = run(folder, MeasureOptions(by="landmarks"))
    assert done.groups is not None and sum(done.groups.sizes) == done.faces == len(names)
    assert np.isfinite(noted(load_faceset(folder), "landmarks")).all()
    halves = run(folder, MeasureOptions(by="blur", parts=2)).groups
    assert halves is not None and halves.sizes == [12, 12]
    assert sorted(path.name for path in folder.glob("*.jpg")) == names


def test_persons_need_an_embedder(extracted: Workspace) -> None:
    options = MeasureOptions(by="identity", embedder=str(extracted.root / "nowhere.onnx"))
    with pytest.raises(OptionUnusable, match="nowhere"):
        run(extracted.faceset_folder("src"), options)


def test_a_folder_without_faces_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoFaceFound, match="no face files"):
        run(tmp_path, MeasureOptions())
    with pytest.raises(WorkspaceUnusable, match="no folder"):
        run(tmp_path / "nowhere", MeasureOptions())
