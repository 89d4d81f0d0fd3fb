"""A model of somebody else cannot run anything, and asks for no more memory than its weights."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from recast.errors import CheckpointUnusable, RecastError, WorkspaceUnusable
from recast.stages import train
from recast.stages.train_options import TrainOptions
from recast.training.checkpoint import checkpoints, load_newest
from recast.training.description import Description
from recast.training.trained import load_trained
from recast.workspace import Workspace


def described(folder: Path, **changes: Any) -> dict[str, Any]:
    """Change a model's options.json."""
    file = folder / "options.json"
    value: dict[str, Any] = {**json.loads(file.read_text()), **changes}
    file.write_text(json.dumps(value))
    return value


def loaded(folder: Path) -> None:
    load_trained(folder, torch.device("cpu"), lambda _: None)


@pytest.mark.parametrize(
    "changes",
    [
        {"model": None},
        {"model": ["swift"]},
        {"framing": "whole planet"},
        {"shape": {"resolution": 1 << 40}},
        {"shape": {"resolution": True}},
        {"shape": {"resolution": "96"}},
        {"shape": {"resolution": 64, "width": [1]}},
        {"shape": []},
        {"options": "none"},
        {"surplus": 1},
    ],
)
def test_a_description_that_is_none_is_named(trained: Workspace, changes: dict[str, Any]) -> None:
    folder = trained.model_folder("swift")
    described(folder, **changes)
    with pytest.raises(WorkspaceUnusable, match=r"options\.json is damaged"):
        Description.load(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "vast"},
        {"shape": {"resolution": 64, "identities": 3}},
        {"shape": {"resolution": 64, "width": 16}},
        {"shape": {"resolution": 64, "unheard_of": 1}},
        {"model": "sae", "shape": {"resolution": 64, "architecture": "none"}},
        {"model": "df", "shape": {"resolution": 128}},
    ],
)
def test_a_description_that_does_not_fit_the_weights_is_named(
    trained: Workspace, changes: dict[str, Any]
) -> None:
    folder = trained.model_folder("swift")
    described(folder, **changes)
    with pytest.raises((WorkspaceUnusable, CheckpointUnusable)) as refused:
        loaded(folder)
    assert refused.value.fix


MEASURE = """
import resource, sys, torch
from pathlib import Path
from recast.errors import RecastError
from recast.training.trained import load_trained
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    load_trained(Path(sys.argv[1]), torch.device("cpu"), lambda text: None)
except RecastError as error:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(os.name == "nt", reason="the peak of memory is asked of POSIX")
def test_a_network_that_would_fill_the_memory_is_never_built(trained: Workspace) -> None:
    folder = trained.model_folder("swift")
    huge = {"resolution": 4096, "ae_dims": 100_000, "e_dims": 5000, "d_dims": 5000}
    described(folder, model="sae", shape=huge)
    ran = subprocess.run(
        [sys.executable, "-c", MEASURE, folder], capture_output=True, check=True, timeout=120
    )
    unit = 1 if sys.platform == "darwin" else 1024
    assert int(ran.stdout) * unit < 400 * 2**20


@pytest.mark.parametrize(
    "shape", [{"resolution": 1024}, {"resolution": 64, "ae_dims": 5000}, {"resolution": 64, "x": 1}]
)
def test_training_goes_not_on_with_options_that_nobody_can_give(
    trained: Workspace, shape: dict[str, Any]
) -> None:
    described(trained.model_folder("swift"), shape=shape)
    with pytest.raises(WorkspaceUnusable, match=r"options\.json cannot be trained on"):
        train.run(trained, TrainOptions(model="swift", steps=21, device="cpu"))


@pytest.mark.parametrize(
    "changes",
    [
        {"step": -1},
        {"step": "7"},
        {"step": 1e400},
        {"step": 1 << 80},
        {"seconds": float("nan")},
        {"rate_factor": None},
        {"rate_share": float("inf")},
        {"optimizer": 5},
        {"options": []},
        {"sha256": "none"},
        {"sha256": {}},
    ],
)
def test_a_state_that_was_never_saved_counts_as_damaged(
    trained: Workspace, changes: dict[str, Any]
) -> None:
    folder = trained.model_folder("swift") / "checkpoint"
    for place in checkpoints(folder):
        file = place / "state.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))
    told: list[str] = []
    with pytest.raises(CheckpointUnusable, match="damaged"):
        load_newest(folder, told.append)
    assert told and all("is damaged" in text for text in told)


def test_a_pickle_in_place_of_weights_is_not_opened(trained: Workspace, tmp_path: Path) -> None:
    """What torch.save writes would run code when torch.load reads it."""
    import hashlib

    folder = trained.model_folder("swift") / "checkpoint"
    trap = b"\x80\x04cos\nmkdir\n(V" + str(tmp_path / "trapped").encode() + b"\ntR."
    for place in checkpoints(folder):
        (place / "weights.safetensors").write_bytes(trap)
        state = json.loads((place / "state.json").read_text())
        state["sha256"]["weights.safetensors"] = hashlib.sha256(trap).hexdigest()
        (place / "state.json").write_text(json.dumps(state))
    with pytest.raises(RecastError, match="damaged"):
        loaded(trained.model_folder("swift"))
    assert not (tmp_path / "trapped").exists()
