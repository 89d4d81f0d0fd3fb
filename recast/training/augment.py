"""Vary faces while training, batched on the device that trains.

A *grid* is (B, S, S, 2): for each pixel of the result, where in the picture it is taken
from, x then y, -1..1 from edge to edge (torch's `grid_sample` with align_corners=False).
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

WARP_CELLS = (2, 4, 8)


def plain_grid(side: int, device: torch.device) -> Tensor:
    """(S, S, 2): each pixel taken from its own place."""
    line = (torch.arange(side, device=device) * 2 + 1) / side - 1
    return torch.stack(torch.meshgrid(line, line, indexing="xy"), -1)


def moved_grids(
    count: int, side: int, rng: torch.Generator, *, flip: float = 0.0, scale: float = 0.0
) -> Tensor:
    """Random placements: turned up to 10 degrees, scaled and shifted up to 5 %.

    Args:
        flip: Share of placements that are mirrored.
        scale: How much larger the face becomes on average, -0.3..0.3.

    Returns:
        (count, S, S, 2) grids.
    """

    def spread(limit: float) -> Tensor:
        return (torch.rand(count, generator=rng, device=rng.device) * 2 - 1) * limit

    turn, size = spread(math.radians(10)), 1 + scale + spread(0.05)
    mirror = torch.where(torch.rand(count, generator=rng, device=rng.device) < flip, -1.0, 1.0)
    cos, sin = turn.cos() / size, turn.sin() / size
    # The shift is a part of the side, and the grid spans two.
    rows = [torch.stack([cos * mirror, -sin, spread(0.1)], -1)]
    rows += [torch.stack([sin * mirror, cos, spread(0.1)], -1)]
    return F.affine_grid(torch.stack(rows, 1), [count, 1, side, side], align_corners=False)


def bent_grids(grids: Tensor, rng: torch.Generator, *, strength: float = 1.0) -> Tensor:
    """Distort grids as training inputs, so that the network learns shape and not pixels.

    Each face gets a coarse lattice of 2, 4 or 8 cells a side whose inner points move by a
    normal step, cut at 2.5 sigma, of at most 0.24 of a cell times `strength`.

    Args:
        grids: (B, S, S, 2).
    """
    count, side = grids.shape[:2]
    bend = torch.zeros(count, 2, side, side, device=grids.device)
    choice = torch.randint(len(WARP_CELLS), (count,), generator=rng, device=rng.device)
    for level, cells in enumerate(WARP_CELLS):
        chosen = choice == level
        steps = torch.randn(
            int(chosen.sum()), 2, cells - 1, cells - 1, generator=rng, device=rng.device
        )
        moves = steps.clamp(-2.5, 2.5) / 2.5 * (0.24 * 2 / cells) * strength
        lattice = F.pad(moves, (1, 1, 1, 1))
        bend[chosen] = F.interpolate(
            lattice, size=(side, side), mode="bilinear", align_corners=True
        )
    # The bend is a step in the result's frame; the grid carries it into the picture's.
    return F.grid_sample(
        grids.permute(0, 3, 1, 2),
        plain_grid(side, grids.device) + bend.permute(0, 2, 3, 1),
        padding_mode="border",
        align_corners=False,
    ).permute(0, 2, 3, 1)


def sample(pictures: Tensor, grids: Tensor, *, padding: str = "border") -> Tensor:
    """Pictures (B, C, H, W) seen through grids (B, S, S, 2)."""
    return F.grid_sample(pictures, grids, padding_mode=padding, align_corners=False)


def jittered(faces: Tensor, rng: torch.Generator, *, strength: float = 1.0) -> Tensor:
    """Vary exposure, contrast and colour balance of whole faces, and light from one side.

    The input of the encoder only: what the light does to the input, the target does not
    show, so the code describes the face and not the light of its take.

    Args:
        faces: (B, 3, S, S), 0..1.
    """
    count, side = len(faces), faces.shape[-1]

    def spread(*shape: int) -> Tensor:
        return (torch.rand(*shape, generator=rng, device=rng.device) * 2 - 1) * strength

    slope = plain_grid(side, faces.device)[None] * spread(count, 1, 1, 2) * 0.15
    gain = 1 + spread(count, 1, 1, 1) * 0.2 + spread(count, 3, 1, 1) * 0.08 + slope.sum(-1)[:, None]
    middle = faces.mean((1, 2, 3), keepdim=True)
    contrast = 1 + spread(count, 1, 1, 1) * 0.15
    return (((faces - middle) * contrast + middle) * gain).clamp(0, 1)
