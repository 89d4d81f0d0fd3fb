"""Checkpoints: complete or absent, checked, and restored to the bit."""

import hashlib
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file as load
from safetensors.torch import save
from torch import nn

from recast.errors import CheckpointUnusable
from recast.training.checkpoint import (
    KEPT,
    STATE,
    TRAINING,
    WEIGHTS,
    Progressed,
    checkpoints,
    load_newest,
    save_checkpoint,
)
from recast.training.lesson import step_rng


class Small:
    """A network that took a few steps, with all that belongs to it."""

    def __init__(self, width: int = 4, steps: int = 3) -> None:
        torch.manual_seed(0)
        self.network = nn.Sequential(nn.Linear(3, width), nn.Linear(width, 1))
        self.optimizer = torch.optim.AdamW(self.network.parameters(), 0.01)
        for step in range(steps):
            self.step(step)

    def step(self, step: int) -> float:
        self.optimizer.zero_grad()
        rng = step_rng(5, step, 0, torch.device("cpu"))
        loss = self.network(torch.rand(2, 3, generator=rng)).square().mean()
        loss.backward()
        self.optimizer.step()
        return float(loss.detach())

    def save(self, folder: Path, step: int) -> Path:
        progressed = Progressed(step, 1.5 * step, 0.5, 1, 6 * step, "adamw", {"batch_size": 6})
        return save_checkpoint(folder, self.network, self.optimizers, progressed)

    @property
    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        return {"whole": self.optimizer}


def warned(text: str) -> None:
    raise AssertionError(f"nothing to warn of, but: {text}")


def test_training_goes_on_as_if_it_had_not_stopped(tmp_path: Path) -> None:
    trained = Small()
    trained.save(tmp_path, 3)
    expected = [trained.step(step) for step in (3, 4, 5)]
    fresh = Small(steps=0)
    newest = load_newest(tmp_path, warned)
    assert newest is not None
    newest.restore(fresh.network, fresh.optimizers)
    assert [fresh.step(step) for step in (3, 4, 5)] == expected
    assert newest.progressed == Progressed(3, 4.5, 0.5, 1, 18, "adamw", {"batch_size": 6})


def test_the_last_two_are_kept(tmp_path: Path) -> None:
    small = Small()
    for step in range(1, 5):
        small.save(tmp_path, step)
    assert [path.name for path in checkpoints(tmp_path)] == ["00000003", "00000004"]
    assert KEPT == 2


def test_an_unfinished_checkpoint_is_not_one(tmp_path: Path) -> None:
    small = Small()
    small.save(tmp_path, 1)
    (tmp_path / "00000002.part").mkdir()
    (tmp_path / "00000003").mkdir()
    assert [path.name for path in checkpoints(tmp_path)] == ["00000001"]


@pytest.mark.parametrize("name", [WEIGHTS, TRAINING, STATE])
@pytest.mark.parametrize("damage", ["truncated", "zeroed", "flipped", "gone"])
def test_a_damaged_checkpoint_gives_way_to_the_one_before(
    tmp_path: Path, name: str, damage: str
) -> None:
    small = Small()
    small.save(tmp_path, 1)
    file = small.save(tmp_path, 2) / name
    data = bytearray(file.read_bytes())
    if damage == "truncated":
        file.write_bytes(data[: len(data) // 2])
    elif damage == "zeroed":
        file.write_bytes(bytes(len(data)))
    elif damage == "flipped":
        # In the state file a flipped digit of a checksum.
        at = data.find(b'"sha256"') + 100 if name == STATE else len(data) // 2
        data[at] ^= 1
        file.write_bytes(data)
    else:
        file.unlink()
    warnings: list[str] = []
    newest = load_newest(tmp_path, warnings.append)
    assert newest is not None and newest.progressed.step == 1
    # Without its state a folder is no checkpoint at all, so there is nothing to warn of.
    assert len(warnings) == (0 if (name, damage) == (STATE, "gone") else 1)


def test_only_damaged_checkpoints_are_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    path = Small().save(tmp_path, 1)
    (path / WEIGHTS).write_bytes(b"")
    with pytest.raises(CheckpointUnusable) as caught:
        load_newest(tmp_path, lambda text: None)
    assert "--name" in caught.value.fix


def test_without_checkpoints_there_is_nothing_to_load(tmp_path: Path) -> None:
    assert load_newest(tmp_path / "none", warned) is None


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    Small().save(tmp_path, 1)
    newest = load_newest(tmp_path, warned)
    assert newest is not None
    with pytest.raises(CheckpointUnusable, match="another shape"):
        newest.restore(Small(width=5).network)


def test_a_newer_version_is_not_guessed_at(tmp_path: Path) -> None:
    path = Small().save(tmp_path, 1) / STATE
    state = json.loads(path.read_text())
    path.write_text(json.dumps(state | {"version": 99}))
    with pytest.raises(CheckpointUnusable):
        load_newest(tmp_path, lambda text: None)


def test_a_checkpoint_of_the_first_version_still_loads(tmp_path: Path) -> None:
    """It had one optimizer, without a name, and said less about how far it was."""
    small = Small()
    path = small.save(tmp_path, 3)
    flat = {key.partition("/")[2]: value for key, value in load(path / TRAINING).items()}
    (path / TRAINING).write_bytes(save(flat))
    state = json.loads((path / STATE).read_text())
    state["version"] = 1
    state["sha256"][TRAINING] = hashlib.sha256((path / TRAINING).read_bytes()).hexdigest()
    del state["seen"], state["roll_backs"]
    (path / STATE).write_text(json.dumps(state))
    newest = load_newest(tmp_path, warned)
    assert newest is not None and newest.progressed.step == 3
    fresh = Small(steps=0)
    newest.restore(fresh.network, fresh.optimizers)
    assert fresh.step(3) == small.step(3)
