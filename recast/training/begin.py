"""Bring a network, a lesson and optimizers together, within the memory there is."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, replace
from typing import Any

import torch

from recast.errors import OptionUnusable
from recast.events import Note, Report
from recast.models import MODELS, SwapNetwork
from recast.training.checkpoint import Progressed
from recast.training.description import Description
from recast.training.learning import Average, Learning
from recast.training.lesson import Lesson
from recast.training.memory import (
    Plan,
    budget_of,
    gigabytes,
    needs_of,
    plan_for,
    recompute_segments,
    reductions,
)
from recast.training.optimizers import optimizer_of
from recast.training.state import Training


@dataclass(frozen=True)
class Place:
    """Where a training runs. memory: bytes it may use, None for nearly all that is free.

    pictures: bytes of the faces that are held in memory.
    """

    device: torch.device
    memory: int | None = None
    pictures: int = 0


def fresh_network(described: Description, seed: int, device: torch.device) -> SwapNetwork:
    """The seed decides the first weights, and leaves torch's own random numbers alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = MODELS[described.model].fresh(described.shape)
    # The layout of memory that convolutions are fastest in.
    network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def begin(  # noqa: PLR0913 - what a training consists of
    network: SwapNetwork,
    lesson: Lesson[Any],
    learning: Learning,
    wanted: Plan,
    place: Place,
    *,
    betas: tuple[float, float],
    fixed_optimizer: bool,
    report: Report,
) -> Training:
    """A training at its first step, as near to `wanted` as memory allows.

    `lesson` may have any batch size. With `fixed_optimizer` no other one is taken to save memory.

    Raises:
        OutOfMemory: it does not fit, whatever is reduced.
        OptionUnusable: the device cannot compute in the chosen precision.
    """
    _check_precision(learning, place.device)
    alone = replace(lesson, batch_size=1)  # type: ignore[type-var]
    needs = needs_of(network, alone, learning, pictures=place.pictures, device=place.device)
    budget = budget_of(place.memory, place.device)
    plan = plan_for(needs, budget, wanted, fixed_optimizer=fixed_optimizer)
    if said := reductions(wanted, plan):
        report(Note(f"To fit into {gigabytes(budget)}: {said}."))
    if plan.checkpointing:
        recompute_segments(network)
    lesson = replace(lesson, batch_size=plan.batch_size)  # type: ignore[type-var]
    learning = replace(learning, accumulate=plan.accumulate)
    optimizers = {
        name: optimizer_of(plan.optimizer, weights, rate=learning.rate, betas=betas)
        for name, weights in lesson.parameters(network).items()
    }
    return Training(
        network,
        optimizers,
        lesson,
        learning,
        Progressed(optimizer=plan.optimizer),
        average=Average(network) if learning.average else None,
        scaler=learning.scaler(place.device),
    )


def _check_precision(learning: Learning, device: torch.device) -> None:
    if learning.precision == "fp16" and device.type != "cuda":
        raise OptionUnusable(
            f"{device} cannot train in fp16", "take --precision bf16, or a CUDA device"
        )


def compile_segments(network: SwapNetwork, device: torch.device) -> None:
    """Have torch compile the parts of a network that do the work; it happens at the first step.

    Raises:
        OptionUnusable: this machine has no C++ compiler, which a CPU's code needs.
    """
    compilers = (os.environ.get("CXX", "g++"), "clang++", "cl")
    if device.type == "cpu" and not any(map(shutil.which, compilers)):
        raise OptionUnusable(
            "--compile needs a C++ compiler, and this machine has none",
            "install one (g++, clang++ or Visual Studio's), or leave --compile out",
        )
    for segment in network.segments():
        segment.compile()
