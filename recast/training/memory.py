"""How much memory a training needs, and what to reduce so that it fits.

A training holds the weights, their gradients, what the optimizers remember of each weight, and,
while a step runs, what the forward pass leaves for the backward pass, which grows with the batch.
The last is measured with a batch of one; the rest is counted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Any

import psutil
import torch
from torch import Tensor, nn

from recast.errors import OutOfMemory
from recast.events import Note, Report
from recast.models import SwapNetwork
from recast.training.learning import Learning
from recast.training.lesson import Lesson
from recast.training.optimizers import BYTES_A_WEIGHT
from recast.training.recipes import OptimizerName

HELD_BACK = 0.1
"""Share of the free memory that a plan leaves to others when no budget is given."""
KERNELS = 260 * 10**6
"""Bytes that kernels take for themselves while a step runs: 200 to 260 MB were seen on CPUs."""
ACCUMULATED = 0.6
"""Share of the weights whose gradients are there twice while those of several batches add up."""
BASE = 360 * 10**6
"""Bytes of Python, torch and the other libraries before a training begins, on a CPU."""
RECOMPUTED = 0.6
"""Largest share of a forward pass that is alive at once when segments are computed anew."""


@dataclass(frozen=True)
class Plan:
    """What a training is started with; `bytes` is the most it is expected to hold."""

    batch_size: int
    accumulate: int
    checkpointing: bool
    optimizer: OptimizerName
    bytes: int = 0


@dataclass(frozen=True)
class Needs:
    """Bytes.

    fixed: whatever is chosen. weights: of the network. largest: of its largest weight, whose
    gradient is there twice where two faces' are added. owned: weights counted once for each
    optimizer that changes them. a_face: what one face of each side leaves for the backward pass;
    a_face_anew: the same when segments are computed anew. copies: of all weights.
    """

    fixed: int
    weights: int
    largest: int
    owned: int
    a_face: int
    a_face_anew: int
    copies: int = 0

    def total(self, plan: Plan) -> int:
        """The most that a plan holds at once."""
        moments = self.owned / 4 * BYTES_A_WEIGHT[plan.optimizer]
        a_face = self.a_face_anew if plan.checkpointing else self.a_face
        twice = ACCUMULATED * self.weights if plan.accumulate > 1 else self.largest
        step = self.weights + twice + a_face * plan.batch_size + KERNELS
        return int(self.fixed + (1 + self.copies) * self.weights + moments + step)


def plan_for(needs: Needs, budget: int, wanted: Plan, *, fixed_optimizer: bool) -> Plan:
    """The first configuration that fits into `budget` bytes, giving up the cheapest things first.

    A smaller batch, several of which make a step; segments of the network computed anew in the
    backward pass; fewer faces a step; and, unless the optimizer was asked for, one that
    remembers less.

    Raises:
        OutOfMemory: none of them fits.
    """
    optimizers: list[OptimizerName] = [wanted.optimizer]
    if not fixed_optimizer:
        optimizers.append("adafactor")
    tried = Plan(1, 1, True, optimizers[-1], 0)
    for optimizer, more_often, checkpointing in product(
        optimizers, (True, False), dict.fromkeys((wanted.checkpointing, True))
    ):
        batch, accumulate = wanted.batch_size, wanted.accumulate
        while batch >= 1:
            tried = Plan(batch, accumulate, checkpointing, optimizer)
            tried = replace(tried, bytes=needs.total(tried))
            if tried.bytes <= budget:
                return tried
            batch, accumulate = batch // 2, accumulate * (2 if more_often else 1)
    raise OutOfMemory(
        f"this model needs about {gigabytes(tried.bytes)} to be trained, even with one face a "
        f"step, and {gigabytes(budget)} may be used",
        "close other programs, raise --memory, or choose a smaller model or resolution",
    )


def reductions(wanted: Plan, plan: Plan) -> str:
    """What a plan gives up, in words; "" if nothing."""
    said = []
    if plan.accumulate > wanted.accumulate:
        said.append(
            f"{plan.batch_size} faces at a time instead of {wanted.batch_size}, "
            f"{plan.accumulate} times for each step"
        )
    elif plan.batch_size < wanted.batch_size:
        said.append(f"{plan.batch_size} faces a step instead of {wanted.batch_size}")
    if plan.checkpointing and not wanted.checkpointing:
        said.append("parts of the network are computed twice (--checkpointing)")
    if plan.optimizer != wanted.optimizer:
        said.append(f"the optimizer is {plan.optimizer}, not {wanted.optimizer}")
    return "; ".join(said)


def needs_of(
    network: SwapNetwork,
    lesson: Lesson[Any],
    learning: Learning,
    *,
    pictures: int,
    device: torch.device,
) -> Needs:
    """Count and measure; `lesson` must make batches of one, `pictures` bytes are the faces'."""
    sizes = [weight.nbytes for weight in network.parameters()]
    owned = sum(w.nbytes for weights in lesson.parameters(network).values() for w in weights)
    plain, anew = _left_by(network, lesson, learning, device)
    copies = int(learning.average > 0) + int(learning.rate_dropout > 0)
    base = BASE if device.type == "cpu" else 0
    return Needs(base + pictures, sum(sizes), max(sizes), owned, plain, anew, copies)


def _left_by(
    network: SwapNetwork, lesson: Lesson[Any], learning: Learning, device: torch.device
) -> tuple[int, int]:
    """Bytes left for the backward pass by the costliest update, in one piece and by segments."""
    batch = lesson.batch(torch.Generator(device).manual_seed(0), 0)
    with learning.cast(device):
        most = max(
            saved_bytes(network, partial(update.losses, network, batch))
            for update in lesson.updates
        )
    return most, int(most * RECOMPUTED)


def saved_bytes(network: nn.Module, forward: Callable[[], Any]) -> int:
    """What a forward pass leaves for the backward pass, beside the weights."""
    weights = {_storage(weight) for weight in network.parameters()}
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        if _storage(tensor) not in weights:
            kept[_storage(tensor)] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        alive = forward()  # while it is, no storage's place is used again
    del alive
    return sum(kept.values())


def _storage(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)


def budget_of(memory: int | None, device: torch.device) -> int:
    """Bytes that a training may use: what was asked for, or nearly all that is free."""
    if memory is not None:
        return memory
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
    else:
        free = psutil.virtual_memory().available + psutil.Process().memory_info().rss
    return int(free * (1 - HELD_BACK))


def device_memory(device: torch.device) -> int:
    """Bytes that this process holds of the memory of a GPU; 0 on a CPU.

    What the allocator keeps for its next tensors counts, since no other program can have it. The
    number comes from the allocator's own books: the device is not waited for.
    """
    if device.type == "cuda":
        return torch.cuda.memory_reserved(device)
    if device.type == "mps":
        return torch.mps.driver_allocated_memory()
    return 0


def recompute_segments(network: SwapNetwork) -> None:
    """Let the network forget what is inside its segments and compute it anew going back.

    Chen et al., "Training deep nets with sublinear memory cost", 2016.
    """
    from torch.utils.checkpoint import checkpoint

    def anew(part: nn.Module) -> None:
        forward = part.forward

        def run(*inputs: Any) -> Any:
            if not torch.is_grad_enabled():
                return forward(*inputs)
            return checkpoint(forward, *inputs, use_reentrant=False)

        part.forward = run

    for segment in network.segments():
        anew(segment)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that no memory was left, on whatever device."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error)
    return "can't allocate memory" in text or "out of memory" in text


def smaller(
    lesson: Lesson[Any], learning: Learning, report: Report
) -> tuple[Lesson[Any], Learning]:
    """Half the batch, twice as often: a step still shows as many faces.

    Raises:
        OutOfMemory: the batch is one face already.
    """
    if lesson.batch_size == 1:
        raise OutOfMemory(
            "no memory is left for a step with one face of each side",
            "close other programs, or start again with --checkpointing or a smaller model",
        )
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    less = replace(lesson, batch_size=lesson.batch_size // 2)  # type: ignore[type-var]
    report(
        Note(
            f"No memory was left for a step: it goes on with {less.batch_size} faces at a time "
            f"instead of {lesson.batch_size}, twice as often.",
            warning=True,
        )
    )
    return less, replace(learning, accumulate=2 * learning.accumulate)


def gigabytes(amount: int) -> str:
    """Bytes as memory is sold: a GB is 2**30."""
    return f"{amount / 2**30:.1f} GB"


def bytes_of(text: str) -> int:
    """Bytes of "2GB", "1500 MB" or "2GiB"; as memory is sold, a GB is a GiB.

    Raises:
        ValueError: it says no amount of memory.
    """
    units = {"mb": 2**20, "gb": 2**30, "mib": 2**20, "gib": 2**30}
    short = text.strip().lower().replace(" ", "")
    for unit, size in units.items():
        number = short.removesuffix(unit)
        if number != short and number.replace(".", "", 1).isdigit():
            return int(float(number) * size)
    raise ValueError(f"{text} is no amount of memory; write it like 2GB or 1500MB")
