"""Rough swaps: what src's face might look like in each dst face, from geometry alone.

No recording shows src's face in dst's performance, so a plain autoencoder never sees the
swap it is for. But the dense meshes say where each point of a face is: dst's mesh with
src's proportions tells where src's points would be, and a src face in much the same pose,
with much the same eyes or mouth, painted onto that mesh is a rough picture of the swap
(`recast.training.gallery`). Seen with several such src faces it teaches the network where
everything belongs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from recast.faces import Framing
from recast.training.faces import TrainingFaces
from recast.training.gallery import MOVING, Gallery, Mapped, Painted, nearest
from recast.training.heads import Floats, Heads, frontal_base, mirrored, normalised
from recast.training.relight import light_of, tones
from recast.training.surface import triangles_over

MOST_DST = 2000  # 150 MB at 96 pixels
MOST_SRC = 600
"""Faces of a gallery at most; so many tell nearly all that a take has of poses and expressions."""
MOST_BYTES = 2**28
"""Of a gallery's pictures: fewer are taken where they are large."""


@dataclass(frozen=True)
class RoughSwaps:
    """All that is needed to paint rough swaps of a dst face set.

    row: (N_dst,) where in `mapped` a dst face is, -1 if no src head looks nearly its way.
    """

    gallery: Gallery
    mapped: Mapped
    row: Tensor

    def to(self, device: torch.device) -> RoughSwaps:
        """The same on another device."""
        return RoughSwaps(self.gallery.to(device), self.mapped.to(device), self.row.to(device))

    def paint(self, chosen: Tensor, grids: Tensor, rng: torch.Generator | None = None) -> Painted:
        """As `Gallery.painted`, of the rows `chosen` (B,)."""
        return self.gallery.painted(self.mapped[chosen], grids, rng)


def prepare(src: TrainingFaces, dst: TrainingFaces, *, framing: Framing) -> RoughSwaps:
    """Work out where each dst face shows which point of src's.

    Both need meshes. Of more than `MOST_DST` dst faces an even choice is taken, the others
    are not usable.
    """
    if src.meshes is None or dst.meshes is None:
        raise ValueError("rough swaps need a mesh for every face")
    chosen = np.unique(np.linspace(0, len(dst) - 1, min(len(dst), MOST_DST)).round().astype(int))
    heads = normalised(src.meshes, frontal_base(src.meshes, src.away))
    others = normalised(dst.meshes[chosen], frontal_base(dst.meshes, dst.away))
    triangles = triangles_over(heads.neutral[:, :2].astype(np.float32))
    used = _most_used(nearest(heads.poses, others.poses).rows, most_of(src.side))
    src_light = _light(src, src.meshes, heads, triangles)
    gallery = Gallery(
        src.faces[torch.from_numpy(used)].clone(),
        _single(src.meshes[used, :, :2]),
        torch.from_numpy(tones(src_light, src.meshes[used], triangles).astype(np.float16)),
        _single(heads.shapes[used]),
        _single(heads.turns[used]),
        _single(heads.neutral),
        torch.from_numpy(triangles).long(),
        _single(others.neutral),
        torch.from_numpy(others.still),
        _single(_light(dst, dst.meshes, others, triangles)),
    )
    mapped = gallery.mapped(dst.meshes[chosen], framing)
    row = np.full(len(dst), -1)
    row[chosen] = np.where(mapped.usable.numpy(), np.arange(len(chosen)), -1)
    return RoughSwaps(gallery, mapped, torch.from_numpy(row))


def _light(
    faces: TrainingFaces, meshes: Floats, heads: Heads, triangles: NDArray[np.int32]
) -> Floats:
    mirror = mirrored(heads.neutral)
    return light_of(faces.faces, meshes, triangles, mirror=mirror, moving=MOVING)


def most_of(side: int) -> int:
    """How many src faces of a side in pixels a gallery holds at most."""
    return max(1, min(MOST_SRC, MOST_BYTES // (3 * side * side)))


def _most_used(rows: NDArray[np.intp], most: int) -> NDArray[np.intp]:
    """The src faces that are chosen most often, in their order."""
    used, times = np.unique(rows, return_counts=True)
    return np.sort(used[np.argsort(-times, kind="stable")[:most]])


def _single(values: Floats) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))
