"""Optimizers by name, and the one that torch lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from recast.training.recipes import OptimizerName

BYTES_A_WEIGHT: dict[OptimizerName, float] = {
    "adam": 8,
    "adamw": 8,
    "adabelief": 8,
    "adafactor": 0.1,
}
"""What an optimizer keeps for each float32 weight; Adafactor keeps sums over rows and columns."""


class AdaBelief(torch.optim.Optimizer):
    """Adam that divides by how far gradients are from what was expected of them.

    Zhuang et al., "AdaBelief optimizer: adapting stepsizes by the belief in observed
    gradients", NeurIPS 2020, algorithm 2.
    """

    def __init__(
        self,
        weights: Iterable[Tensor],
        lr: float,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-16,
    ) -> None:
        super().__init__(weights, {"lr": lr, "betas": betas, "eps": eps})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Change every weight that has a gradient."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._change(weight, weight.grad, group)

    def _change(self, weight: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        state, (first, second) = self.state[weight], group["betas"]
        if not state:
            state["step"] = torch.zeros(())
            state["expected"] = torch.zeros_like(weight)
            state["surprise"] = torch.zeros_like(weight)
        state["step"] += 1
        taken = float(state["step"])
        expected, surprise = state["expected"], state["surprise"]
        expected.lerp_(gradient, 1 - first)
        away = gradient - expected
        surprise.mul_(second).addcmul_(away, away, value=1 - second).add_(group["eps"])
        divisor = (surprise / (1 - second**taken)).sqrt_().add_(group["eps"])
        weight.addcdiv_(expected, divisor, value=-group["lr"] / (1 - first**taken))


class Adafactor(torch.optim.Optimizer):
    """Adam that remembers, for each weight's square gradient, only the sums of its row and column.

    Shazeer and Stern, "Adafactor: adaptive learning rates with sublinear memory cost", 2018,
    algorithms 4 and 5, without relative step sizes: rates are those of Adam. torch's own one makes
    several copies of the largest weight on the way; this one works through it in blocks.
    """

    def __init__(self, weights: Iterable[Tensor], lr: float, *, second: float = 0.999) -> None:
        super().__init__(weights, {"lr": lr, "second": second})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Change every weight that has a gradient."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._change(weight, weight.grad, group["lr"], group["second"])

    def _change(self, weight: Tensor, gradient: Tensor, rate: float, second: float) -> None:
        if weight.dim() < 2:  # as a matrix of one column
            weight, gradient = weight.view(-1, 1), gradient.view(-1, 1)
        blocks = [slice(at, at + _rows(weight)) for at in range(0, len(weight), _rows(weight))]
        down, across = self._scales(weight, gradient, blocks, second)

        def change(block: slice) -> Tensor:
            return gradient[block].mul(down[block].view(-1, *[1] * across.dim())).mul_(across)

        total = sum(float(change(block).square_().sum()) for block in blocks)
        tamed = max(1.0, (total / weight.numel()) ** 0.5)
        for block in blocks:
            weight[block].sub_(change(block), alpha=rate / tamed)

    def _scales(
        self, weight: Tensor, gradient: Tensor, blocks: list[slice], second: float
    ) -> tuple[Tensor, Tensor]:
        """What rows and columns of the gradient are multiplied with; follows the gradient."""
        owner = weight if weight._base is None else weight._base
        state = self.state[owner]
        if not state:
            state["step"] = torch.zeros(())
            state["rows"] = torch.zeros(len(weight), device=weight.device)
            state["columns"] = torch.zeros_like(weight[0], memory_format=torch.contiguous_format)
        state["step"] += 1
        keep = 1 - (1 - second) / (1 - second ** float(state["step"]))  # unbiased from the start
        columns = torch.zeros_like(state["columns"])
        for block in blocks:
            square = gradient[block].square().add_(1e-30)
            state["rows"][block].lerp_(square.flatten(1).mean(1), 1 - keep)
            columns += square.sum(0)
        state["columns"].lerp_(columns / len(weight), 1 - keep)
        rows: Tensor = state["rows"]
        return (rows / rows.mean()).rsqrt(), state["columns"].rsqrt()


def _rows(weight: Tensor) -> int:
    """How many rows of a weight are worked through at once: about four million numbers."""
    return max(1, 2**22 // max(1, weight[0].numel()))


def optimizer_of(
    name: OptimizerName,
    weights: list[torch.nn.Parameter],
    *,
    rate: float,
    betas: tuple[float, float],
) -> torch.optim.Optimizer:
    """A fresh optimizer of some weights."""
    if name == "adabelief":
        return AdaBelief(weights, rate, betas=betas)
    if name == "adafactor":
        return Adafactor(weights, rate, second=betas[1])
    kind = torch.optim.AdamW if name == "adamw" else torch.optim.Adam
    return kind(weights, rate, betas=betas, fused=True)
