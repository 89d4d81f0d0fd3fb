"""What a training consists of, and how it is put down and taken up again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from recast.events import Preview, Report
from recast.models import SwapNetwork
from recast.training.checkpoint import Optimizers, Progressed, resume_from, save_checkpoint
from recast.training.learning import Average, Learning
from recast.training.lesson import Lesson, step_rng
from recast.training.team import ALONE, Team


@dataclass
class Training:
    """Everything that changes while a model learns, and how it changes."""

    network: SwapNetwork
    optimizers: Optimizers
    lesson: Lesson[Any]
    learning: Learning
    progressed: Progressed
    seed: int = 0
    average: Average | None = None
    team: Team = ALONE
    scaler: torch.amp.GradScaler = field(
        default_factory=lambda: torch.amp.GradScaler("cpu", enabled=False)
    )

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return next(self.network.parameters()).device

    @property
    def shape(self) -> tuple[int, int, int]:
        """What all processes of a team must agree on: batch, batches a step and numbers kept."""
        kept = sum(
            len(group["params"]) for o in self.optimizers.values() for group in o.param_groups
        )
        return self.lesson.batch_size, self.learning.accumulate, kept

    def rng(self) -> torch.Generator:
        """The random numbers of the next step's batches."""
        done = self.progressed
        return step_rng(self.seed, done.step, done.roll_backs, self.device)

    def drawing(self) -> AbstractContextManager[None]:
        """A block in which the network draws as it should be seen: with its mean weights."""
        return self.average.in_place_of(self.network) if self.average else nullcontext()


@dataclass(frozen=True)
class Keeping:
    """Where a training leaves its traces, and how often.

    `draw_preview` draws a sheet with the network as it is, and returns its path, if it was kept.
    `preview_steps`: between two previews, beside those at each save; 0 is none.
    `ahead`: whether batches are prepared in a thread of their own.
    """

    folder: Path
    seconds_between: float
    draw_preview: Callable[[int], Path | None]
    preview_steps: int = 0
    ahead: bool = False

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoint"


def save(training: Training, keeping: Keeping, report: Report) -> None:
    """Write a checkpoint and a preview, unless this very step was saved or the weights broke.

    Of a team only the leader does, here and in `show`.
    """
    if not training.team.leads:
        return
    saved = keeping.checkpoints / f"{training.progressed.step:08d}"
    if saved.exists() or not is_finite(training.network):
        return
    beside: dict[str, dict[str, torch.Tensor]] = {}
    if training.average:
        beside["average"] = training.average.weights
    if training.scaler.is_enabled():
        state = training.scaler.state_dict()
        beside["scaler"] = {name: torch.tensor(float(value)) for name, value in state.items()}
    save_checkpoint(
        keeping.checkpoints,
        training.network,
        training.optimizers,
        training.progressed,
        beside=beside,
    )
    if training.progressed.step:
        show(training, keeping, report)


def show(training: Training, keeping: Keeping, report: Report) -> None:
    """Draw a preview."""
    if not training.team.leads:
        return
    with training.drawing():
        path = keeping.draw_preview(training.progressed.step)
    if path is not None:
        report(Preview(path))


def is_finite(network: SwapNetwork) -> bool:
    """Whether a sum over each weight is; the loss tells of a broken step only at the next one."""
    sums = torch.stack([weight.detach().sum() for weight in network.parameters()])
    return bool(sums.isfinite().all())


def restore(training: Training, keeping: Keeping, warn: Callable[[str], None]) -> bool:
    """Take everything from the newest intact checkpoint; False if there is none."""
    newest = resume_from(keeping.checkpoints, warn)
    if newest is None:
        return False
    same = newest.progressed.optimizer in ("", training.progressed.optimizer)
    if not same:
        warn(
            f"The optimizer was {newest.progressed.optimizer} and now is "
            f"{training.progressed.optimizer}: it begins without a memory of earlier steps."
        )
    newest.restore(training.network, training.optimizers if same else None)
    if training.average:
        training.average.load(newest.beside("average") or newest.weights)
    if training.scaler.is_enabled() and (scale := newest.beside("scaler")):
        whole = {"growth_interval", "_growth_tracker"}
        training.scaler.load_state_dict(
            {name: int(v) if name in whole else float(v) for name, v in scale.items()}
        )
    now = training.progressed
    training.progressed = replace(newest.progressed, options=now.options, optimizer=now.optimizer)
    return True
