"""Means of weights, weights that are held, and the precision of costly operations."""

import pytest
import torch
from torch import nn

from recast.training.learning import Average, Learning, some_held

CPU = torch.device("cpu")


def test_a_share_of_the_weights_is_held_anew_each_step() -> None:
    weight = nn.Parameter(torch.zeros(10_000))
    optimizer = torch.optim.SGD([weight], 1.0)
    rng = torch.Generator().manual_seed(0)
    moved = torch.zeros(10_000)
    for step in range(1, 3):
        weight.grad = -torch.ones(10_000)
        with some_held(optimizer, 0.7, rng):
            optimizer.step()
        assert 0.28 < float((weight.detach() > moved).float().mean()) < 0.32, step
        moved = weight.detach().clone()
    assert 0.07 < float((moved == 2).float().mean()) < 0.11  # 0.3 of 0.3 went twice


def test_the_mean_follows_and_draws_in_place_of_the_weights() -> None:
    network = nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        network.weight.fill_(0)
    average, expected = Average(network), 0.0
    for step in range(1, 200):
        with torch.no_grad():
            network.weight.fill_(step)
        average.follow(network, 0.9, step)
        keep = min(0.9, step / (step + 9))
        expected = keep * expected + (1 - keep) * step
    assert float(average.weights["weight"]) == pytest.approx(expected, rel=1e-5)
    with average.in_place_of(network):
        assert float(network.weight.detach()) == pytest.approx(expected, rel=1e-5)
    assert float(network.weight.detach()) == 199


def test_own_weights_come_back_even_after_trouble() -> None:
    network = nn.Linear(1, 1)
    before = network.weight.detach().clone()
    average = Average(network)
    average.weights["weight"] += 1
    with pytest.raises(RuntimeError), average.in_place_of(network):
        raise RuntimeError
    assert torch.equal(network.weight.detach(), before)


@pytest.mark.parametrize(
    ("precision", "wanted"), [("float32", torch.float32), ("bf16", torch.bfloat16)]
)
def test_precision_is_that_of_the_costly_operations(precision: str, wanted: torch.dtype) -> None:
    learning = Learning(1e-3, precision=precision)  # type: ignore[arg-type]
    with learning.cast(CPU):
        assert nn.Linear(2, 2)(torch.rand(1, 2)).dtype == wanted
    assert not learning.scaler(CPU).is_enabled()


def test_only_fp16_scales_its_losses() -> None:
    assert Learning(1e-3, precision="fp16").scaler(CPU).is_enabled()
