"""The training loop: one step after another, saved now and then, mended when it breaks."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from recast.errors import Stopped, TrainingDiverged
from recast.events import Note, Preview, Report, TrainingProgress
from recast.models import SwapNetwork
from recast.training.checkpoint import Optimizers, Progressed, resume_from, save_checkpoint
from recast.training.history import History
from recast.training.lesson import Lesson, step_rng

WARM_UP = 50  # steps from a tenth of the rate to the whole
LOOKED_AT = 10  # steps between two looks at the losses: each look waits for the device
MOST_ROLL_BACKS = 5
WORSE = 3.0  # times the usual loss: no longer chance but divergence


@dataclass(frozen=True)
class Budget:
    """How long to train, counted from the model's first step; None is without end."""

    steps: int | None = None
    minutes: float | None = None

    def share(self, progressed: Progressed) -> float:
        """The part that is used up, 0..1."""
        parts = [0.0]
        if self.steps is not None:
            parts.append(progressed.step / self.steps)
        if self.minutes is not None:
            parts.append(progressed.seconds / (60 * self.minutes))
        return min(1.0, max(parts))


@dataclass
class Training:
    """Everything that changes while a model learns."""

    network: SwapNetwork
    optimizers: Optimizers
    progressed: Progressed
    seed: int = 0

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return next(self.network.parameters()).device


@dataclass(frozen=True)
class Keeping:
    """Where a training leaves its traces, and how often.

    `draw_preview` draws a sheet with the network as it is, and returns its path.
    """

    folder: Path
    seconds_between: float
    draw_preview: Callable[[int], Path]

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoint"


def rate_at(share: float, step: int) -> float:
    """The learning rate as a part of its highest: a short rise, then half a cosine down.

    Loshchilov and Hutter, "SGDR", 2017, without restarts. It ends at 2 %: the calm end is
    what turns the last third of a short budget into sharpness.
    """
    rise = min(1.0, 0.1 + 0.9 * step / WARM_UP)
    return rise * (0.02 + 0.98 * (1 + math.cos(math.pi * share)) / 2)


def train(
    training: Training,
    lesson: Lesson[Any],
    budget: Budget,
    keeping: Keeping,
    *,
    rate: float,
    report: Report,
) -> None:
    """Train until the budget is used up.

    Saves every `keeping.seconds_between` seconds, at the end, and when `report` raises
    Stopped. Losses that are not finite or jump up roll back to the newest checkpoint and
    halve the rate.

    Raises:
        TrainingDiverged: rolling back did not help.
        Stopped: passed on once everything is saved.
    """
    history = History(keeping.folder / "history.jsonl", training.progressed.step)
    roll_backs = 0
    save(training, keeping, report)
    saved_at, looked_at, usual = time.monotonic(), time.monotonic(), math.inf
    try:
        while budget.share(training.progressed) < 1:
            began = time.monotonic()
            latest: dict[str, torch.Tensor] = {}
            for _ in range(LOOKED_AT):
                factor = rate_at(budget.share(training.progressed), training.progressed.step)
                latest = _step(training, lesson, rate * factor * training.progressed.rate_factor)
                if budget.steps is not None and training.progressed.step >= budget.steps:
                    break
            values = {name: float(loss) for name, loss in latest.items()}
            total = sum(values.values())
            _count_seconds(training, time.monotonic() - looked_at)
            looked_at = time.monotonic()
            broken = not math.isfinite(total) or total > WORSE * usual
            over = budget.share(training.progressed) >= 1
            if broken or (over and not _is_finite(training.network)):
                roll_backs += 1
                _roll_back(training, keeping, roll_backs, report)
                history.forget_after(training.progressed.step)
                continue
            usual = total if math.isinf(usual) else 0.9 * usual + 0.1 * total
            history.add(training.progressed.step, training.progressed.seconds, values)
            report(_progress(training, budget, (looked_at - began) / LOOKED_AT, values))
            if time.monotonic() - saved_at > keeping.seconds_between:
                save(training, keeping, report)
                saved_at = looked_at = time.monotonic()
    except Stopped:
        save(training, keeping, lambda event: None)
        raise
    save(training, keeping, report)


def _step(training: Training, lesson: Lesson[Any], rate: float) -> dict[str, torch.Tensor]:
    done = training.progressed
    rng = step_rng(training.seed, done.step, done.roll_backs, training.device)
    batch = lesson.batch(rng, done.seen)
    parts: dict[str, torch.Tensor] = {}
    for update in lesson.updates:
        optimizer = training.optimizers[update.optimizer]
        for group in optimizer.param_groups:
            group["lr"] = rate
        losses = update.losses(training.network, batch)
        torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        # Of the whole network: an update's loss may reach weights that another one changes.
        training.network.zero_grad(set_to_none=True)
        parts |= {name: loss.detach() for name, loss in losses.items()}
    training.progressed = replace(done, step=done.step + 1, seen=done.seen + lesson.batch_size)
    return parts


def _count_seconds(training: Training, seconds: float) -> None:
    done = training.progressed
    training.progressed = replace(done, seconds=done.seconds + seconds)


def _progress(
    training: Training, budget: Budget, seconds_a_step: float, values: dict[str, float]
) -> TrainingProgress:
    done = training.progressed
    share = budget.share(done)
    left = math.inf
    if budget.minutes is not None:
        left = 60 * budget.minutes - done.seconds
    if budget.steps is not None:
        left = min(left, (budget.steps - done.step) * seconds_a_step)
    return TrainingProgress(done.step, share, 1 / max(seconds_a_step, 1e-9), max(left, 0.0), values)


def save(training: Training, keeping: Keeping, report: Report) -> None:
    """Write a checkpoint and a preview, unless this very step was saved or the weights broke."""
    saved = keeping.checkpoints / f"{training.progressed.step:08d}"
    if saved.exists() or not _is_finite(training.network):
        return
    save_checkpoint(keeping.checkpoints, training.network, training.optimizers, training.progressed)
    if training.progressed.step:
        report(Preview(keeping.draw_preview(training.progressed.step)))


def _is_finite(network: SwapNetwork) -> bool:
    """Whether a sum over each weight is; the loss tells of a broken step only at the next one."""
    sums = torch.stack([weight.detach().sum() for weight in network.parameters()])
    return bool(sums.isfinite().all())


def _roll_back(training: Training, keeping: Keeping, times: int, report: Report) -> None:
    diverged_at = training.progressed.step
    good = resume_from(keeping.checkpoints, lambda text: report(Note(text, warning=True)))
    if good is None or times > MOST_ROLL_BACKS:
        raise TrainingDiverged(
            f"the losses left all bounds at step {diverged_at}, and again after "
            f"{times - 1} roll-backs",
            "train under another --name with a lower --learning-rate",
        )
    good.restore(training.network, training.optimizers)
    factor = training.progressed.rate_factor / 2
    training.progressed = replace(
        good.progressed, rate_factor=factor, roll_backs=training.progressed.roll_backs + 1
    )
    report(
        Note(
            f"The losses left all bounds at step {diverged_at}; training goes on from step "
            f"{good.progressed.step} at {factor:g} of the rate.",
            warning=True,
        )
    )
