"""Save and load all that is needed to go on training, complete or not at all.

    checkpoint/00001200/
        weights.safetensors     the network
        training.safetensors    optimizers, running mean of the weights, scale of fp16
        state.json              step, seconds trained, options; SHA-256 of the other two

A checkpoint is written into a folder of another name, flushed, and renamed; whatever
interrupts that leaves the earlier ones as they were.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from recast.disk import clear_draft, disk_trouble_named, flush_folder, read_json, write_json
from recast.errors import CheckpointUnusable
from recast.training.tensors import read_tensors, write_tensors

VERSION = 2
KEPT = 2
WEIGHTS, TRAINING, STATE = "weights.safetensors", "training.safetensors", "state.json"

Warn = Callable[[str], None]
BESIDE = "beside:"
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
    optimizer: str = ""
    """Its name; another kind cannot use what this one kept."""
    options: dict[str, Any] = field(default_factory=dict)
    rate_share: float = 0.0
    """What part of the learning rate the last step had, 0..1."""


def save_checkpoint(
    folder: Path,
    network: nn.Module,
    optimizers: Optimizers,
    progressed: Progressed,
    *,
    beside: Mapping[str, Mapping[str, Tensor]] | None = None,
) -> Path:
    """Write a checkpoint below `folder` and drop all but the newest `KEPT`.

    `beside` holds more tensors by group and name, such as the running mean of the weights.

    Raises:
        DiskTrouble: no space or no permission; the earlier checkpoints are untouched.
    """
    place = folder / f"{progressed.step:08d}"
    draft = folder / (place.name + ".part")
    parts = {
        WEIGHTS: network.state_dict(),
        TRAINING: _flat(optimizers) | _grouped(beside or {}),
    }
    state = {"version": VERSION, **vars(progressed)}
    with disk_trouble_named(place):
        for left_over in folder.glob("*.part"):  # by a process that was killed
            clear_draft(left_over)
        try:
            draft.mkdir(parents=True)
            sums = {name: write_tensors(draft / name, part) for name, part in parts.items()}
            write_json(draft / STATE, {**state, "sha256": sums})
            flush_folder(draft)
            if place.exists():
                shutil.rmtree(place)
            draft.replace(place)
            flush_folder(folder)
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

    def beside(self, group: str) -> dict[str, Tensor]:
        """The tensors of a group that `save_checkpoint` was given; empty if it was not."""
        start = f"{BESIDE}{group}/"
        return {k[len(start) :]: v for k, v in self.training.items() if k.startswith(start)}

    def require_shape_of(self, network: nn.Module) -> None:
        """Raises CheckpointUnusable if the weights belong to a network of another shape."""
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

    def restore(
        self,
        network: nn.Module,
        optimizers: Optimizers | None = None,
    ) -> None:
        """Put everything back where it was saved from.

        Raises:
            CheckpointUnusable: the weights belong to a network of another shape.
        """
        self.require_shape_of(network)
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
    state = read_json(path / STATE)
    if state["version"] not in (1, VERSION):
        raise ValueError(f"version {state['version']} is not known here")
    parts = {name: read_tensors(path / name, state["sha256"][name]) for name in (WEIGHTS, TRAINING)}
    if state["version"] == 1:  # had one optimizer, without a name
        parts[TRAINING] = {f"{WHOLE}/{key}": value for key, value in parts[TRAINING].items()}
    known = {one.name: state[one.name] for one in fields(Progressed) if one.name in state}
    progressed = _checked(Progressed(**known))
    return Checkpoint(path, progressed, state["sha256"][WEIGHTS], parts[WEIGHTS], parts[TRAINING])


def _checked(found: Progressed) -> Progressed:
    """Raises `ValueError` unless every part is of its kind: models are passed on, too."""
    counts = (found.step, found.roll_backs, found.seen)
    numbers = (found.seconds, found.rate_factor, found.rate_share)
    sound = (
        all(type(count) is int and 0 <= count < 10**15 for count in counts)
        and all(type(number) in (int, float) and 0 <= number < 1e15 for number in numbers)
        and isinstance(found.optimizer, str)
        and isinstance(found.options, dict)
    )
    if not sound:
        raise ValueError("its state is none that was saved")
    return found


def _flat(optimizers: Optimizers) -> dict[str, Tensor]:
    """The optimizers' moments by optimizer, parameter number and name."""
    return {
        f"{optimizer_name}/{number}.{name}": torch.as_tensor(value)
        for optimizer_name, optimizer in optimizers.items()
        for number, moments in optimizer.state_dict()["state"].items()
        for name, value in moments.items()
    }


def _grouped(beside: Mapping[str, Mapping[str, Tensor]]) -> dict[str, Tensor]:
    return {
        f"{BESIDE}{group}/{name}": value
        for group, tensors in beside.items()
        for name, value in tensors.items()
    }


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
