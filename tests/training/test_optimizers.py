"""Own optimizers against the formulas of their papers, and all of them on a simple task."""

from typing import get_args

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from recast.training.optimizers import AdaBelief, Adafactor, optimizer_of
from recast.training.recipes import OptimizerName

Floats = NDArray[np.float64]


def gradients(shape: tuple[int, ...], count: int = 5) -> list[Floats]:
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape) for _ in range(count)]


def walked(
    optimizer: torch.optim.Optimizer, weight: torch.nn.Parameter, steps: list[Floats]
) -> Floats:
    for gradient in steps:
        weight.grad = torch.from_numpy(gradient).to(weight.dtype)
        optimizer.step()
    return weight.detach().double().numpy()


def test_adabelief_is_the_papers() -> None:
    weight = torch.nn.Parameter(torch.zeros(3, 4, dtype=torch.float64))
    got = walked(AdaBelief([weight], 0.1, betas=(0.9, 0.99)), weight, gradients((3, 4)))
    m, s, w = (np.zeros((3, 4)) for _ in range(3))
    for t, g in enumerate(gradients((3, 4)), start=1):
        m = 0.9 * m + 0.1 * g
        s = 0.99 * s + 0.01 * (g - m) ** 2 + 1e-16
        w -= 0.1 * (m / (1 - 0.9**t)) / (np.sqrt(s / (1 - 0.99**t)) + 1e-16)
    assert np.allclose(got, w, atol=1e-9)


@pytest.mark.parametrize("shape", [(6, 4), (7,), (3, 2, 2, 2)])
def test_adafactor_is_the_papers(shape: tuple[int, ...]) -> None:
    """Rows against all other dimensions; a vector is a matrix of one column."""
    weight = torch.nn.Parameter(torch.zeros(shape))
    got = walked(Adafactor([weight], 0.1, second=0.99), weight, gradients(shape))
    flat = (shape[0], int(np.prod(shape[1:], dtype=int)))
    r, c, w = np.zeros(flat[0]), np.zeros(flat[1]), np.zeros(flat)
    for t, gradient in enumerate(gradients(shape), start=1):
        g = gradient.reshape(flat)
        keep = 0.99 * (1 - 0.99 ** (t - 1)) / (1 - 0.99**t)
        r = keep * r + (1 - keep) * (g**2 + 1e-30).mean(1)
        c = keep * c + (1 - keep) * (g**2 + 1e-30).mean(0)
        u = g / np.sqrt(np.outer(r, c) / r.mean())
        w -= 0.1 * u / max(1.0, np.sqrt((u**2).mean()))
    assert np.allclose(got.reshape(flat), w, atol=1e-5)


def test_adafactor_works_through_large_weights_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, parts = (torch.nn.Parameter(torch.zeros(50, 8)) for _ in range(2))
    steps = gradients((50, 8))
    walked(Adafactor([whole], 0.1), whole, steps)
    monkeypatch.setattr("recast.training.optimizers._rows", lambda weight: 7)
    walked(Adafactor([parts], 0.1), parts, steps)
    assert torch.allclose(whole, parts, atol=1e-6)


def test_adafactor_remembers_little() -> None:
    weight = torch.nn.Parameter(torch.zeros(100, 64))
    optimizer = Adafactor([weight], 0.1)
    walked(optimizer, weight, gradients((100, 64), 1))
    kept = sum(value.numel() for value in optimizer.state[weight].values())
    assert kept == 100 + 64 + 1


@pytest.mark.parametrize("name", get_args(OptimizerName))
def test_every_optimizer_finds_the_bottom_of_a_bowl(name: OptimizerName) -> None:
    weight = torch.nn.Parameter(torch.full((4, 3), 2.0))
    optimizer = optimizer_of(name, [weight], rate=0.05, betas=(0.5, 0.99))
    for _ in range(200):
        optimizer.zero_grad()
        (weight - 1).square().sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert float((weight.detach() - 1).abs().max()) < 0.1
