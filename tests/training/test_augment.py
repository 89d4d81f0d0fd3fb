"""Random placements, distortions and light."""

import pytest
import torch

from recast.training.augment import bent_grids, jittered, moved_grids, plain_grid, sample

CPU = torch.device("cpu")


@pytest.fixture
def rng() -> torch.Generator:
    return torch.Generator().manual_seed(7)


def test_the_plain_grid_shows_a_picture_as_it_is() -> None:
    picture = torch.rand(1, 3, 32, 32)
    assert torch.allclose(sample(picture, plain_grid(32, CPU)[None]), picture, atol=1e-5)


def test_placements_stay_within_ten_degrees_and_five_percent(rng: torch.Generator) -> None:
    grids = moved_grids(500, 17, rng)
    centre = grids[:, 8, 8]
    assert float(centre.abs().max()) <= 0.1 + 1e-6  # 5 % of a side that spans two
    across = grids[:, 8, 16] - grids[:, 8, 0]
    angle = torch.rad2deg(torch.atan2(across[:, 1], across[:, 0]))
    assert float(angle.abs().max()) <= 10 + 1e-3
    zoom = (2 * 16 / 17) / across.norm(dim=-1)
    assert float(zoom.min()) >= 0.95 - 1e-4 and float(zoom.max()) <= 1.05 + 1e-4


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_flipping_mirrors_that_share_of_faces(rng: torch.Generator, share: float) -> None:
    grids = moved_grids(200, 9, rng, flip=share)
    mirrored = grids[:, 4, 8, 0] < grids[:, 4, 0, 0]
    assert float(mirrored.float().mean()) == share


def test_bending_keeps_corners_and_moves_a_point_less_than_a_quarter_cell(
    rng: torch.Generator,
) -> None:
    side = 64
    plain = plain_grid(side, CPU)[None].expand(300, -1, -1, -1)
    moved = bent_grids(plain, rng) - plain
    assert float(moved.abs().max()) <= 0.24 * 2 / 2 + 1e-4
    assert float(moved.abs().max()) > 0.05
    assert float(moved[:, 0, 0].abs().max()) < 1e-3


def test_without_strength_nothing_is_bent(rng: torch.Generator) -> None:
    grids = moved_grids(4, 32, rng)
    assert torch.allclose(
        bent_grids(grids, rng, strength=0.0)[:, 2:-2, 2:-2], grids[:, 2:-2, 2:-2], atol=1e-4
    )


def test_the_same_seed_gives_the_same_distortion() -> None:
    twice = [
        bent_grids(moved_grids(4, 32, rng), rng)
        for rng in (torch.Generator().manual_seed(3), torch.Generator().manual_seed(3))
    ]
    assert torch.equal(*twice)


def test_jitter_changes_light_and_stays_in_range(rng: torch.Generator) -> None:
    faces = torch.rand(8, 3, 32, 32, generator=rng)
    changed = jittered(faces, rng)
    assert float(changed.min()) >= 0 and float(changed.max()) <= 1
    means = (changed.mean((1, 2, 3)) / faces.mean((1, 2, 3))).numpy()
    assert means.std() > 0.02
    assert torch.allclose(jittered(faces, rng, strength=0.0), faces, atol=1e-6)
