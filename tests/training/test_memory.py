"""A plan gives up the cheapest things first, and says so."""

import pytest
import torch
from torch import nn

from recast.errors import OutOfMemory
from recast.models import MODELS
from recast.training.memory import (
    Needs,
    Plan,
    bytes_of,
    device_memory,
    is_out_of_memory,
    plan_for,
    recompute_segments,
    reductions,
)

MB = 10**6
NEEDS = Needs(
    fixed=100 * MB,
    weights=200 * MB,
    largest=20 * MB,
    owned=200 * MB,
    a_face=50 * MB,
    a_face_anew=20 * MB,
)
WANTED = Plan(8, 1, checkpointing=False, optimizer="adam")


def planned(budget: int, *, fixed_optimizer: bool = False) -> Plan:
    return plan_for(NEEDS, budget * 10**6, WANTED, fixed_optimizer=fixed_optimizer)


def test_what_fits_is_left_as_it_was_wanted() -> None:
    plan = planned(10_000)
    assert (plan.batch_size, plan.accumulate, plan.checkpointing) == (8, 1, False)
    assert plan.optimizer == "adam"
    assert reductions(WANTED, plan) == ""


def test_the_most_is_counted_out() -> None:
    """Libraries and faces, weights, gradients, two moments, one gradient twice, batch, kernels."""
    assert planned(10_000).bytes == (100 + 200 + 200 + 2 * 200 + 20 + 8 * 50 + 260) * MB


def test_a_smaller_batch_comes_as_often_as_makes_up_for_it() -> None:
    plan = planned(1490)
    assert (plan.batch_size, plan.accumulate, plan.checkpointing) == (4, 2, False)
    assert "4 faces at a time instead of 8, 2 times for each step" in reductions(WANTED, plan)


def test_segments_are_computed_anew_before_the_optimizer_changes() -> None:
    plan = planned(1320)
    assert (plan.checkpointing, plan.accumulate, plan.optimizer) == (True, 4, "adam")
    assert "computed twice" in reductions(WANTED, plan)


def test_fewer_faces_a_step_come_before_another_optimizer() -> None:
    """Gradients of several batches that add up are there twice."""
    plan = planned(1280)
    assert (plan.batch_size, plan.accumulate, plan.optimizer) == (2, 1, "adam")
    assert reductions(WANTED, plan) == "2 faces a step instead of 8"


def test_the_optimizer_changes_last() -> None:
    plan = planned(1000)
    assert plan.optimizer == "adafactor"
    assert "adafactor, not adam" in reductions(WANTED, plan)


def test_an_optimizer_that_was_asked_for_stays() -> None:
    with pytest.raises(OutOfMemory, match=r"1\.1 GB .* 0\.9 GB") as caught:
        planned(1000, fixed_optimizer=True)
    assert "--memory" in caught.value.fix


def test_what_never_fits_is_said() -> None:
    with pytest.raises(OutOfMemory, match=r"0\.7 GB"):
        planned(400)


@pytest.mark.parametrize(
    ("text", "amount"),
    [("2GB", 2**31), ("1.5 GB", 3 * 2**29), ("500mb", 500 * 2**20), ("2GiB", 2**31)],
)
def test_amounts_are_read_as_people_write_them(text: str, amount: int) -> None:
    assert bytes_of(text) == amount


@pytest.mark.parametrize("text", ["", "2", "GB", "two GB", "-2GB", "2TB", "1.2.3GB"])
def test_other_words_are_no_amount(text: str) -> None:
    with pytest.raises(ValueError, match="2GB"):
        bytes_of(text)


def test_running_out_of_memory_is_known_from_other_trouble() -> None:
    assert is_out_of_memory(MemoryError())
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60)
    assert is_out_of_memory(caught.value)
    assert not is_out_of_memory(RuntimeError("shapes do not fit"))


def test_computing_anew_changes_no_gradient() -> None:
    torch.manual_seed(0)
    faces, people = torch.rand(2, 3, 64, 64), torch.tensor([0, 1])
    gradients = []
    for anew in (False, True):
        torch.manual_seed(1)
        network: nn.Module = MODELS["swift"].build(resolution=64, width=8)
        names = list(network.state_dict())
        if anew:
            recompute_segments(network)  # type: ignore[arg-type]
        drawn, _ = network(faces, people)
        drawn.sum().backward()
        gradients.append([w.grad for w in network.parameters() if w.grad is not None])
        assert list(network.state_dict()) == names
    for one, other in zip(*gradients, strict=True):
        assert torch.allclose(one, other, atol=1e-6)


def test_a_cpu_has_no_memory_of_its_own() -> None:
    held = torch.ones(1000)
    assert device_memory(held.device) == 0


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_what_a_gpu_holds_is_counted() -> None:
    held = torch.ones(100 * MB, device="cuda")
    assert device_memory(held.device) >= 400 * MB
