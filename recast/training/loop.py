"""The training loop: one step after another, saved now and then, mended when it breaks."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

import torch

from recast.errors import OutOfMemory, Stopped, TrainingDiverged
from recast.events import Note, Report, TrainingProgress
from recast.training.ahead import Batches
from recast.training.checkpoint import Progressed
from recast.training.control import Control, Requests
from recast.training.history import History
from recast.training.learning import Learning, some_held
from recast.training.memory import device_memory, is_out_of_memory, smaller
from recast.training.state import Keeping, Training, is_finite, restore, save, show
from recast.training.team import Patient

WARM_UP = 50  # steps from a tenth of the rate to the whole
LOOKED_AT = 10  # steps between two looks at the losses: each look waits for the device
SECONDS_UNLOOKED = 5.0  # at most between two looks, however slow the steps
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


def rate_share(learning: Learning, share: float, last: float) -> float:
    """What part of the learning rate a step has, 0..1; `share` of the budget is used up.

    "constant" is all of it. "cosine" is a short rise, then half a cosine down to 2 % (Loshchilov
    and Hutter, "SGDR", 2017, without restarts): the calm end is what turns the last third of a
    short budget into sharpness. Where a larger budget asks for more again, it rises as slowly:
    weights that came to rest would be blown apart.

    Args:
        last: the part that the step before had; 0 before the first.
    """
    if learning.schedule == "constant":
        return 1.0
    wanted = 0.02 + 0.98 * (1 + math.cos(math.pi * share)) / 2
    return min(wanted, last + 0.9 / WARM_UP if last else 0.1)


def train(
    training: Training,
    budget: Budget,
    keeping: Keeping,
    *,
    report: Report,
    control: Control | None = None,
) -> None:
    """Train until the budget is used up.

    Saves every `keeping.seconds_between` seconds, at the end, and when `report` raises
    Stopped or `control` asks for it. Losses that are not finite, or much too high twice, roll
    back to the newest checkpoint and halve the rate; a batch that does not fit into memory is
    halved.

    Raises:
        TrainingDiverged: rolling back did not help.
        OutOfMemory: not even one face fits.
        Stopped: passed on once everything is saved.
    """
    control, team = control or Control(), training.team
    report = Patient(report) if team.size > 1 else report
    history = History(keeping.folder / "history.jsonl", training.progressed.step, team.leads)
    batches = Batches(training.seed, training.device, team, ahead=keeping.ahead)
    roll_backs, watch = 0, _Watch()
    save(training, keeping, report)
    saved_at = looked_at = time.monotonic()
    try:
        while budget.share(training.progressed) < 1:
            began, first = time.monotonic(), training.progressed.step
            values = _some_steps(training, budget, batches, report)
            _count_seconds(training, time.monotonic() - looked_at)
            looked_at = time.monotonic()
            values = team.mean(values, training.device)
            done, over = training.progressed, budget.share(training.progressed) >= 1
            broken = watch.broken(sum(values.values()), last=over)
            if broken or (over and not is_finite(training.network)):
                roll_backs += 1
                _roll_back(training, keeping, roll_backs, report, values=values)
                history.forget_after(training.progressed.step)
                continue
            history.add(done.step, done.seconds, values)
            pace = (looked_at - began) / max(1, done.step - first)
            report(_progress(training, budget, pace, values))
            asked = _asked(training, control, report)
            if asked.stop:
                raise _stopped(report)
            due = time.monotonic() - saved_at > keeping.seconds_between
            if asked.save or (due and not watch.doubtful):
                save(training, keeping, report)
                saved_at = looked_at = time.monotonic()
            elif asked.preview or _crossed(first, done.step, keeping.preview_steps):
                show(training, keeping, report)
                looked_at = time.monotonic()
    except Stopped:
        save(training, keeping, lambda event: None)
        raise
    finally:
        batches.close()
    save(training, keeping, report)


@dataclass
class _Watch:
    """What losses are usual, and whether the last ones seen were much higher."""

    usual: float = math.inf
    doubtful: bool = False

    def broken(self, total: float, *, last: bool) -> bool:
        """Whether losses show that the weights are spoilt; a single batch may just be hard.

        Args:
            last: whether nothing comes after it that could tell.
        """
        doubted, self.doubtful = self.doubtful, total > WORSE * self.usual
        if not math.isfinite(total) or (self.doubtful and (doubted or last)):
            self.doubtful = False
            return True
        if not self.doubtful:
            self.usual = total if math.isinf(self.usual) else 0.9 * self.usual + 0.1 * total
        return False


def _some_steps(
    training: Training, budget: Budget, batches: Batches, report: Report
) -> dict[str, float]:
    """Steps up to the next look at the losses; the last one's."""
    began, latest = time.monotonic(), dict[str, torch.Tensor]()
    for _ in range(LOOKED_AT):
        try:
            done = training.progressed
            part = rate_share(training.learning, budget.share(done), done.rate_share)
            latest = _step(training, batches, part)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            if training.team.size > 1:
                raise OutOfMemory(
                    "no memory is left for a step of this process",
                    "start them all again with a smaller --batch-size",
                ) from error
            training.network.zero_grad(set_to_none=True)
            training.lesson, training.learning = smaller(training.lesson, training.learning, report)
            continue
        spent = budget.steps is not None and training.progressed.step >= budget.steps
        # All processes of a team must look after the same step.
        long = training.team.size == 1 and time.monotonic() - began > SECONDS_UNLOOKED
        if spent or long:
            break
    return {name: float(loss) for name, loss in latest.items()}


def _step(training: Training, batches: Batches, part: float) -> dict[str, torch.Tensor]:
    """One step with this part of the learning rate."""
    done, learning, lesson = training.progressed, training.learning, training.lesson
    rate = learning.rate * part * done.rate_factor
    shown, rng = batches.of_step(
        lesson, done.step, done.seen, roll_backs=done.roll_backs, count=learning.accumulate
    )
    parts: dict[str, torch.Tensor] = {}
    of_all = len(shown) * training.team.size
    for update in lesson.updates:
        for batch in shown:
            with learning.cast(training.device):
                losses = update.losses(training.network, batch)
            total = torch.stack([loss.float() for loss in losses.values()]).sum()
            training.scaler.scale(total / of_all).backward()  # type: ignore[no-untyped-call]
            for name, loss in losses.items():
                parts[name] = parts.get(name, 0) + loss.detach() / len(shown)
        training.team.sum_gradients(training.network)
        _change(training, training.optimizers[update.optimizer], rate, rng)
    training.scaler.update()
    step = done.step + 1
    if training.average:
        training.average.follow(training.network, learning.average, step)
    seen = done.seen + lesson.batch_size * of_all
    training.progressed = replace(done, step=step, seen=seen, rate_share=part)
    return parts


def _change(
    training: Training, optimizer: torch.optim.Optimizer, rate: float, rng: torch.Generator
) -> None:
    """One step of an optimizer with the gradients that are there, which end with it."""
    for group in optimizer.param_groups:
        group["lr"] = rate
    if training.learning.clip > 0:
        training.scaler.unscale_(optimizer)
        weights = [w for group in optimizer.param_groups for w in group["params"]]
        torch.nn.utils.clip_grad_norm_(weights, training.learning.clip)
    with some_held(optimizer, training.learning.rate_dropout, rng):
        training.scaler.step(optimizer)
    # Of the whole network: an update's loss may reach weights that another one changes.
    training.network.zero_grad(set_to_none=True)


def _crossed(before: int, now: int, every: int) -> bool:
    return every > 0 and before // every != now // every


def _asked(training: Training, control: Control, report: Report) -> Requests:
    """What was asked of this process, or of any of its team."""
    asked = control.taken()
    stopped = isinstance(report, Patient) and report.stopped is not None
    wanted = [asked.stop or stopped, asked.save, asked.preview]
    return Requests(*training.team.any(wanted, training.device))


def _stopped(report: Report) -> Stopped:
    kept = report.stopped if isinstance(report, Patient) else None
    return kept or Stopped("the training was stopped")


def _count_seconds(training: Training, seconds: float) -> None:
    done = training.progressed
    seconds = training.team.of_leader(seconds, training.device)
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
    return TrainingProgress(
        done.step,
        share,
        steps_per_second=1 / max(seconds_a_step, 1e-9),
        seconds_left=max(left, 0.0),
        losses=values,
        device_memory=device_memory(training.device),
    )


def _roll_back(
    training: Training, keeping: Keeping, times: int, report: Report, *, values: dict[str, float]
) -> None:
    broke = training.progressed
    losses = ", ".join(f"{name} {value:.3g}" for name, value in values.items())
    if times > MOST_ROLL_BACKS or not restore(
        training, keeping, lambda text: report(Note(text, warning=True))
    ):
        raise TrainingDiverged(
            f"the losses left all bounds at step {broke.step} ({losses}), and again after "
            f"{times - 1} roll-backs",
            "train under another --name with a lower --learning-rate",
        )
    factor = broke.rate_factor / 2
    training.progressed = replace(
        training.progressed, rate_factor=factor, roll_backs=broke.roll_backs + 1
    )
    report(
        Note(
            f"The losses left all bounds at step {broke.step} ({losses}); training goes on from "
            f"step {training.progressed.step} at {factor:g} of the rate.",
            warning=True,
        )
    )
