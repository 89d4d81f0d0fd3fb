"""swift draws both people at every resolution, and learns."""

import pytest
import torch

from recast.models import MODELS, SwapNetwork, Swift


@pytest.fixture
def faces() -> torch.Tensor:
    return torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", ["swift"])
@pytest.mark.parametrize("resolution", [64, 96, 256])
def test_every_model_draws_faces_and_masks_of_its_resolution(name: str, resolution: int) -> None:
    network: SwapNetwork = MODELS[name].build(resolution=resolution).eval()
    with torch.inference_mode():
        drawn, masks = network(torch.rand(2, 3, resolution, resolution), torch.tensor([0, 1]))
    assert drawn.shape == (2, 3, resolution, resolution)
    assert masks.shape == (2, 1, resolution, resolution)
    assert 0 <= float(drawn.min()) <= float(drawn.max()) <= 1


@pytest.mark.parametrize("name", ["swift"])
def test_the_identity_changes_what_is_drawn_once_it_was_taught(
    name: str, faces: torch.Tensor
) -> None:
    torch.manual_seed(0)
    network = MODELS[name].build(resolution=64)
    optimizer = torch.optim.AdamW(network.parameters(), 1e-3)
    wanted = torch.stack([torch.full((3, 64, 64), 0.2), torch.full((3, 64, 64), 0.8)])
    identity = torch.tensor([0, 1])
    away = 1.0
    for _ in range(300):  # how long it sees no difference depends on the processor's rounding
        optimizer.zero_grad()
        drawn, _ = network(faces[:1].expand(2, -1, -1, -1), identity)
        (drawn - wanted).square().mean().backward()
        optimizer.step()
        away = float((drawn - wanted).abs().mean().detach())
        if away < 0.1:
            break
    assert away < 0.1


def test_a_face_is_drawn_the_same_alone_and_in_a_batch(faces: torch.Tensor) -> None:
    torch.manual_seed(0)
    network = Swift(64).eval()
    with torch.inference_mode():
        together, _ = network(faces, torch.tensor([0, 1, 0]))
        alone, _ = network(faces[1:2], torch.tensor([1]))
    assert torch.allclose(together[1:2], alone, atol=1e-5)


def test_a_resolution_that_cannot_be_folded_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple of 16"):
        Swift(100)


def test_swift_stays_small() -> None:
    assert sum(p.numel() for p in Swift().parameters()) == 4_184_464


def test_a_network_that_takes_sketches_begins_by_repeating_them(faces: torch.Tensor) -> None:
    network = Swift(64, sketch=True)
    sketch = torch.cat([torch.rand_like(faces) * 0.9 + 0.05, torch.ones_like(faces[:, :1])], 1)
    with torch.inference_mode():
        drawn, _ = network(faces, torch.zeros(3, dtype=torch.int64), sketch)
        unaided, _ = network(faces, torch.zeros(3, dtype=torch.int64))
    assert torch.allclose(drawn, sketch[:, :3], atol=1e-3)
    assert torch.allclose(unaided, torch.full_like(unaided, 0.5))


def test_a_network_of_before_sketches_is_drawn_as_it_was(faces: torch.Tensor) -> None:
    network = MODELS["swift"].fresh({"resolution": 64})
    assert not network.takes_sketch
    sketch = torch.ones(3, 4, 64, 64)
    people = torch.zeros(3, dtype=torch.int64)
    with torch.inference_mode():
        assert torch.equal(network(faces, people)[0], network(faces, people, sketch)[0])
