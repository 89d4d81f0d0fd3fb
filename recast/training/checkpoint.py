"""Save and load all that is needed to go on training, complete or not at all.

    checkpoint/00001200/
        weights.safetensors     the network
        training.safetensors    the optimizers
        state.json              step, seconds trained, options; SHA-256 of the other two

A checkpoint is written into a folder of another name, flushed, and renamed; whatever
interrupts that leaves the earlier ones as they were.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from recast.disk import disk_trouble_named, write_json, write_whole
from recast.errors import CheckpointUnusable

VERSION = 2
KEPT = 2
WEIGHTS, TRAINING, STATE = "weights.safetensors", "training.safetensors", "state.json"

Warn = Callable[[str], None]
WHOLE = "whole"
"""Name of the optimizer of all weights, where there is only one."""
Optimizers = Mapping[str, torch.optim.Optimizer]
"""By the names that the lesson's updates use."""


@dataclass(frozen=True)
class Progressed:
    """How far a training is, beside its weights."""

    step: int = 0
    seconds: float = 0.0
    rate_factor: float = 1.0
    """Halved at each roll-back."""
    roll_backs: int = 0
    """How often a step was undone; random numbers differ after each."""
    seen: int = 0
    """Faces of each side that were shown so far."""
    options: dict[str, Any] = field(default_factory=dict)


def save_checkpoint(
    folder: Path,
    network: nn.Module,
    optimizers: Optimizers,
    progressed: Progressed,
) -> Path:
    """Write a checkpoint below `folder` and drop all but the newest `KEPT`.

    Raises:
        DiskTrouble: no space or no permission; the earlier checkpoints are untouched.
    """
    place = folder / f"{progressed.step:08d}"
    draft = folder / (place.name + ".part")
    parts = {WEIGHTS: save(_weights(network)), TRAINING: save(_training(optimizers))}
    state = {
        "version": VERSION,
        **vars(progressed),
        "sha256": {name: hashlib.sha256(data).hexdigest() for name, data in parts.items()},
    }
    with disk_trouble_named(place):
        for left_over in folder.glob("*.part"):  # by a process that was killed
            shutil.rmtree(left_over, ignore_errors=True)
        try:
            draft.mkdir(parents=True)
            for name, data in parts.items():
                write_whole(draft / name, data)
            write_json(draft / STATE, state)
            if place.exists():
                shutil.rmtree(place)
            draft.replace(place)
        except OSError:
            shutil.rmtree(draft, ignore_errors=True)
            raise
    for old in checkpoints(folder)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return place


def checkpoints(folder: Path) -> list[Path]:
    """The checkpoints below `folder`, oldest first."""
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.iterdir() if p.name.isdigit() and (p / STATE).is_file())


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that was read whole and found intact."""

    path: Path
    progressed: Progressed
    weights_sha256: str
    weights: dict[str, Tensor]
    training: dict[str, Tensor]

    def restore(
        self,
        network: nn.Module,
        optimizers: Optimizers | None = None,
    ) -> None:
        """Put everything back where it was saved from.

        Raises:
            CheckpointUnusable: the weights belong to a network of another shape.
        """
        own = network.state_dict()
        unlike = [
            name
            for name in own.keys() | self.weights.keys()
            if name not in own
            or name not in self.weights
            or own[name].shape != self.weights[name].shape
        ]
        if unlike:
            raise CheckpointUnusable(
                f"{self.path} was saved from a network of another shape: {min(unlike)} differs",
                "train under another --name, or give the options the model was begun with",
            )
        network.load_state_dict(self.weights)
        for name, optimizer in (optimizers or {}).items():
            _restore_optimizer(optimizer, name, self.training)


def load_newest(folder: Path, warn: Warn) -> Checkpoint | None:
    """The newest intact checkpoint; None if there never was one.

    Raises:
        CheckpointUnusable: there are checkpoints, and every one of them is damaged.
    """
    found = checkpoints(folder)
    for path in reversed(found):
        try:
            return _load(path)
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
            warn(f"Checkpoint {path} is damaged ({error}); the one before it is used.")
    if found:
        raise CheckpointUnusable(
            f"every checkpoint in {folder} is damaged",
            "put back a copy of the folder, or train under another --name",
        )
    return None


def resume_from(folder: Path, warn: Warn) -> Checkpoint | None:
    """As `load_newest`, for whoever goes on writing to `folder`.

    Damaged checkpoints that are newer get a name under which they count no more.
    """
    newest = load_newest(folder, warn)
    if newest is not None:
        for path in checkpoints(folder):
            if path.name > newest.path.name:
                aside = path.with_name(f"{path.name}.damaged")
                shutil.rmtree(aside, ignore_errors=True)
                with disk_trouble_named(aside):
                    path.replace(aside)
    return newest


def _load(path: Path) -> Checkpoint:
    state = json.loads((path / STATE).read_text(encoding="utf-8"))
    if state["version"] not in (1, VERSION):
        raise ValueError(f"version {state['version']} is not known here")
    parts = {}
    for name in (WEIGHTS, TRAINING):
        data = (path / name).read_bytes()
        if hashlib.sha256(data).hexdigest() != state["sha256"][name]:
            raise ValueError(f"{name} is not what was written")
        parts[name] = load(data)
    if state["version"] == 1:  # had one optimizer, without a name
        parts[TRAINING] = {f"{WHOLE}/{key}": value for key, value in parts[TRAINING].items()}
    known = {one.name: state[one.name] for one in fields(Progressed) if one.name in state}
    progressed = Progressed(**known)
    return Checkpoint(path, progressed, state["sha256"][WEIGHTS], parts[WEIGHTS], parts[TRAINING])


def _weights(network: nn.Module) -> dict[str, Tensor]:
    return {k: v.detach().cpu().contiguous() for k, v in network.state_dict().items()}


def _training(optimizers: Optimizers) -> dict[str, Tensor]:
    """The optimizers' moments by optimizer, parameter number and name."""
    flat: dict[str, Tensor] = {}
    for optimizer_name, optimizer in optimizers.items():
        for number, moments in optimizer.state_dict()["state"].items():
            for name, value in moments.items():
                key = f"{optimizer_name}/{number}.{name}"
                flat[key] = torch.as_tensor(value).detach().cpu().contiguous()
    return flat


def _restore_optimizer(
    optimizer: torch.optim.Optimizer, optimizer_name: str, flat: dict[str, Tensor]
) -> None:
    moments: dict[int, dict[str, Tensor]] = {}
    for key, value in flat.items():
        owner, _, rest = key.partition("/")
        number, _, name = rest.partition(".")
        if owner == optimizer_name:
            moments.setdefault(int(number), {})[name] = value
    optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})
    for weight, own in optimizer.state.items():
        for name, value in own.items():
            if value.shape == weight.shape:
                # A fused optimizer reads both as flat memory: they must be laid out alike.
                own[name] = torch.empty_like(weight).copy_(value)
