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
