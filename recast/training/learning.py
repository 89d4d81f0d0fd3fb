"""How gradients become changes of weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from recast.training.recipes import Schedule

Precision = Literal["float32", "bf16", "fp16"]
_TYPES = {"float32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class Learning:
    """The numbers of a training.

    rate: highest learning rate. clip: longest gradient of an update, 0 is any. rate_dropout:
    share of the weights that a step leaves as they are, drawn anew each time. average: how much of
    the running mean of the weights each step keeps; 0 keeps none. accumulate: batches a step.
    """

    rate: float
    schedule: Schedule = "constant"
    clip: float = 0.0
    rate_dropout: float = 0.0
    average: float = 0.0
    accumulate: int = 1
    precision: Precision = "float32"

    def cast(self, device: torch.device) -> torch.autocast:
        """Computes the costly operations in the chosen precision."""
        return torch.autocast(
            device.type, _TYPES[self.precision], enabled=self.precision != "float32"
        )

    def scaler(self, device: torch.device) -> torch.amp.GradScaler:
        """Keeps small gradients from vanishing in fp16; does nothing in other precisions."""
        return torch.amp.GradScaler(device.type, enabled=self.precision == "fp16")


@contextmanager
def some_held(
    optimizer: torch.optim.Optimizer, share: float, rng: torch.Generator
) -> Iterator[None]:
    """Leave a random `share` of an optimizer's weights as they were before the block."""
    if share == 0:
        yield
        return
    weights = [w for group in optimizer.param_groups for w in group["params"]]
    before = [weight.detach().clone() for weight in weights]
    yield
    with torch.no_grad():
        for weight, old in zip(weights, before, strict=True):
            chance = torch.rand(weight.shape, generator=rng, device=rng.device)
            weight.copy_(torch.where(chance < share, old, weight))


class Average:
    """A running mean of a network's weights, which draws calmer faces than the last step's.

    Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992, in its
    exponential form. Young means are nearer to the weights, or the first steps would stay in it.
    """

    def __init__(self, network: nn.Module) -> None:
        self.weights = {k: v.detach().clone() for k, v in network.state_dict().items()}

    @torch.no_grad()
    def follow(self, network: nn.Module, keep: float, step: int) -> None:
        """Move towards the network's weights after step number `step`, counted from 1."""
        keep = min(keep, step / (step + 9))
        for name, value in network.state_dict().items():
            self.weights[name].lerp_(value, 1 - keep)

    @contextmanager
    def in_place_of(self, network: nn.Module) -> Iterator[None]:
        """Let the network draw with the mean, and give it its own weights back."""
        own = {k: v.detach().clone() for k, v in network.state_dict().items()}
        network.load_state_dict(self.weights)
        try:
            yield
        finally:
            network.load_state_dict(own)

    def load(self, weights: dict[str, Tensor]) -> None:
        """Go on from a saved mean."""
        for name, value in weights.items():
            self.weights[name].copy_(value)
