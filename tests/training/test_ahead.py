"""Batches made ahead are those that would have been made in time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor

from recast.models import SwapNetwork
from recast.training.ahead import Batches
from recast.training.lesson import Update

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Numbers:
    """A lesson whose batches are random numbers and how many were seen."""

    batch_size: int = 2
    updates: Sequence[Update[Any]] = ()
    gallery: None = None

    def batch(self, rng: torch.Generator, seen: int) -> Tensor:
        return torch.cat([torch.rand(self.batch_size, generator=rng), torch.tensor([float(seen)])])

    def rows(self, batch: Tensor) -> Sequence[Tensor]:
        return [batch]

    def sketch(self, rows: Tensor, device: torch.device) -> None:
        return None

    def parameters(self, network: SwapNetwork) -> dict[str, list[torch.nn.Parameter]]:
        return {}


def walked(ahead: bool, steps: list[tuple[int, int, int]], lesson: Numbers) -> list[list[Tensor]]:
    made = Batches(7, CPU, ahead=ahead)
    try:
        return [
            made.of_step(lesson, step, 2 * step, roll_backs=backs, count=count)[0]
            for step, backs, count in steps
        ]
    finally:
        made.close()


@pytest.mark.parametrize(
    "steps",
    [
        [(0, 0, 1), (1, 0, 1), (2, 0, 1)],
        [(0, 0, 1), (1, 0, 1), (0, 1, 1), (1, 1, 1)],  # a roll-back
        [(0, 0, 1), (1, 0, 2), (2, 0, 2)],  # a smaller batch, twice as often
    ],
)
def test_it_makes_no_difference_to_what_is_shown(steps: list[tuple[int, int, int]]) -> None:
    plain, ahead = walked(False, steps, Numbers()), walked(True, steps, Numbers())
    for one, other in zip(plain, ahead, strict=True):
        assert len(one) == len(other)
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_steps_and_roll_backs_differ() -> None:
    batches = walked(False, [(0, 0, 1), (1, 0, 1), (0, 1, 1)], Numbers())
    firsts = {float(one[0][0]) for one in batches}
    assert len(firsts) == 3
