"""Rough swaps: what src's face might look like in each dst face, from geometry alone.

No recording shows src's face in dst's performance, so a plain autoencoder never sees the
swap it is for. But the dense meshes say where each point of a face is: dst's mesh with
src's proportions tells where src's points would be, and a src face in much the same pose,
with much the same eyes or mouth, painted onto that mesh is a rough picture of the swap
(`recast.training.gallery`). Seen with several such src faces it teaches the network where
everything belongs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from recast.faces import Framing
from recast.training.faces import TrainingFaces
from recast.training.gallery import MOVING, Gallery, Mapped, Painted, nearest
from recast.training.heads import Floats, Heads, counterpart, frontal_base, mirrored, normalised
from recast.training.order import evenly
from recast.training.registration import (
    MOST_PICTURES,
    Skin,
    flat_points,
    log_light,
    registered,
    skin_of,
)
from recast.training.relight import light_of, tones
from recast.training.surface import triangles_over

MOST_DST = 2000  # 300 MB at 128 pixels
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
    most = most_of(src.side)
    every, theirs = _Person.of(src), _Person.of(dst)[evenly(len(dst), MOST_DST)]
    triangles = triangles_over(every.heads.neutral[:, :2].astype(np.float32))
    alike = _most_used(nearest(every.heads.poses, theirs.heads.poses).rows, most)
    own, _ = every[np.union1d(alike, evenly(len(src), MOST_PICTURES))].registered(triangles)
    theirs, skin = theirs.registered(triangles)
    heads = replace(own.heads, neutral=counterpart(own.heads, theirs.heads))
    used = _most_used(nearest(heads.poses, theirs.heads.poses).rows, most)
    shown = own[used]
    gallery = Gallery(
        shown.pictures,
        _single(shown.meshes[..., :2]),
        torch.from_numpy(tones(own.light(triangles), shown.meshes, triangles).astype(np.float16)),
        _single(heads.shapes[used]),
        _single(heads.turns[used]),
        _single(heads.neutral),
        torch.from_numpy(triangles).long(),
        _single(theirs.heads.neutral),
        torch.from_numpy(theirs.heads.still),
        _single(theirs.light(triangles)),
        torch.from_numpy(skin.points),
        torch.from_numpy(skin.detail),
    )
    mapped = gallery.mapped(theirs.meshes, framing)
    row = np.full(len(dst), -1)
    row[theirs.rows] = np.where(mapped.usable.numpy(), np.arange(len(theirs.rows)), -1)
    return RoughSwaps(gallery, mapped, torch.from_numpy(row))


@dataclass(frozen=True)
class _Person:
    """Some faces of a set: which, pictures (M, 3, S, S), meshes (M, V, 3), degrees away (M,)."""

    rows: NDArray[np.intp]
    pictures: Tensor
    meshes: Floats
    away: Floats

    @classmethod
    def of(cls, faces: TrainingFaces) -> _Person:
        """All of them."""
        if faces.meshes is None:
            raise ValueError("rough swaps need a mesh for every face")
        return cls(np.arange(len(faces)), faces.faces, faces.meshes, faces.away)

    def __getitem__(self, rows: NDArray[np.intp]) -> _Person:
        pictures = self.pictures[torch.from_numpy(rows)]
        return _Person(self.rows[rows], pictures, self.meshes[rows], self.away[rows])

    @cached_property
    def heads(self) -> Heads:
        """As far as these faces tell."""
        return normalised(self.meshes, frontal_base(self.meshes, self.away))

    def registered(self, triangles: NDArray[np.int32]) -> tuple[_Person, Skin]:
        """The same faces with meshes that agree on where the skin is, and the skin."""

        def light(row: int) -> NDArray[np.float32]:
            return log_light(self.pictures[row].permute(1, 2, 0).cpu().numpy())

        skin = skin_of(light, self.meshes, flat_points(self.heads.neutral), triangles)
        return replace(self, meshes=registered(light, self.meshes, skin, triangles)), skin

    def light(self, triangles: NDArray[np.int32]) -> Floats:
        """(9, 3): see `recast.training.relight`."""
        mirror = mirrored(self.heads.neutral)
        return light_of(self.pictures, self.meshes, triangles, mirror=mirror, moving=MOVING)


def most_of(side: int) -> int:
    """How many src faces of a side in pixels a gallery holds at most."""
    return max(1, min(MOST_SRC, MOST_BYTES // (3 * side * side)))


def _most_used(rows: NDArray[np.intp], most: int) -> NDArray[np.intp]:
    """The src faces that are chosen most often, in their order."""
    used, times = np.unique(rows, return_counts=True)
    return np.sort(used[np.argsort(-times, kind="stable")[:most]])


def _single(values: Floats) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))
