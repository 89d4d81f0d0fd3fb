"""What a model is taught: what a lesson must offer to the training loop.

A step shows the network one batch and makes one or more updates from it: each is a forward and
a backward pass that ends in a step of one optimizer. Most models need one update a step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor

from recast.models import SwapNetwork
from recast.training.gallery import Gallery

SRC, DST = 0, 1
"""Whom a face is drawn as: the identities every network knows."""

BatchT = TypeVar("BatchT")


@dataclass(frozen=True)
class Update(Generic[BatchT]):
    """One pass over a batch.

    optimizer: name of the one that takes the step. losses: each part is a scalar; their sum is
    minimised.
    """

    optimizer: str
    losses: Callable[[SwapNetwork, BatchT], dict[str, Tensor]]


class Lesson(Protocol[BatchT]):
    """Both faces, how they are varied and what is to be drawn from them."""

    @property
    def batch_size(self) -> int:
        """Faces of each side in a batch."""

    @property
    def gallery(self) -> Gallery | None:
        """What sketches are painted from; None if the network takes none."""

    @property
    def updates(self) -> Sequence[Update[BatchT]]:
        """What is done with each batch, in this order."""

    def batch(self, rng: torch.Generator, seen: int) -> BatchT:
        """Choose faces and vary them; `seen` faces of each side were shown before."""

    def rows(self, batch: BatchT) -> Sequence[Tensor]:
        """What a batch holds as rows of pictures (B, 1 or 3, S, S), 0..1, for a person to see."""

    def sketch(self, rows: Tensor, device: torch.device) -> Tensor | None:
        """Sketches (B, 4, S, S) of the dst faces `rows`; None if the network takes none."""

    def parameters(self, network: SwapNetwork) -> dict[str, list[torch.nn.Parameter]]:
        """The weights that each optimizer changes, by its name."""


def step_rng(
    seed: int, step: int, roll_backs: int, device: torch.device, *, stream: int = 0
) -> torch.Generator:
    """The random numbers of one step; another `stream` holds others.

    They follow from the step's number, so a resumed training, or one that prepares its batches
    ahead, draws the same. After a roll-back they differ, or the same batch would break it again.
    """
    mixed = np.random.SeedSequence([seed, roll_backs, step, stream]).generate_state(1, np.uint64)[0]
    return torch.Generator(device).manual_seed(int(mixed))
