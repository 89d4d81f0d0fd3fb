"""Faces of src and what is known of both heads: enough to paint src onto any mesh of dst.

A face of src in much the same pose and expression, seen through the meshes, lies where dst's mesh
with src's proportions is; eyes and mouth come from the faces whose eyes and mouth stand most
alike. The light of src's take is taken off and dst's put on (`recast.training.relight`). Training
paints from it what the network learns, merging what the network begins with.

*Meshes* are (N, V, 3): x right, y down, z away from the camera, in pixels of aligned faces.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from recast.faces import Framing, placement
from recast.faces.mesh_points import IBUG68
from recast.models import nothing_sketched
from recast.training.augment import plain_grid, sample
from recast.training.heads import Floats, Poses, furthest_turn, posed, retargeted
from recast.training.registration import Registrar, Skin, Unfolding
from recast.training.relight import tones
from recast.training.surface import inner, painted, spots

NEIGHBOURS = 3
FURTHEST_TURN = 30.0
"""Degrees between two heads; beyond it a rough swap misleads."""
SOFT = 5
"""Pixels over which a sketch fades out towards its edge."""
BROWS, EYES, MOUTH = list(IBUG68[17:27]), list(IBUG68[36:48]), list(IBUG68[48:68])
MOVING = EYES + MOUTH + BROWS
PARTS = ((MOVING, 0.1), (EYES, 0.03), (MOUTH, 0.15))
"""The parts of a painted face, whole, eyes and mouth: by which points src faces are chosen for
each, and how much a degree of turn counts, of a point that is two hundredths of a face away."""


@dataclass(frozen=True)
class Neighbours:
    """The src faces most like some faces of dst, nearest first.

    rows: (N, parts, K) of the gallery, or of the heads they were chosen among; likeness: the same
    shape, sums to 1 over K and falls to 0 before a face leaves the list, so that pictures mixed
    by it do not jump.
    """

    rows: NDArray[np.intp]
    likeness: NDArray[np.float32]


def nearest(src: Poses, dst: Poses) -> Neighbours:
    """For each dst face and each of `PARTS` the src faces alike in pose and in expression."""
    found = [_nearest(src, dst, points, turn_weight) for points, turn_weight in PARTS]
    return Neighbours(*(np.stack(part, 1) for part in zip(*found, strict=True)))


def _nearest(
    src: Poses, dst: Poses, points: list[int], turn_weight: float
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    def features(poses: Poses) -> Floats:
        away = poses.moved[:, points].reshape(len(poses.moved), -1)
        facing = np.degrees(poses.turns[:, :, 2])  # the nose's direction, about 1 a degree
        return np.concatenate([away / 0.02 / np.sqrt(len(points)), facing * turn_weight], 1)

    a, b = features(src), features(dst)
    apart = np.maximum((b**2).sum(1)[:, None] + (a**2).sum(1) - 2 * b @ a.T, 0)
    rows = np.argsort(apart, axis=1)[:, : NEIGHBOURS + 1]
    away = np.sqrt(np.take_along_axis(apart, rows, 1))
    if rows.shape[1] <= NEIGHBOURS:  # all there are: none ever leaves the list
        weights = 1 / (away + 1e-3)
    else:
        weights = away[:, -1:] - away[:, :-1] + 1e-6
    likeness = weights / weights.sum(1, keepdims=True)
    return rows[:, :NEIGHBOURS], likeness.astype(np.float32)


@dataclass(frozen=True)
class Mapped:
    """Where N faces of dst show which point of src's, and which src faces suit them.

    usable: (N,), whether any src head looks nearly that way; shown: (N, S, S) int16 triangles, -1
    beside the face; weights: (N, S, S, 2) float16, the third corner has the rest; regions:
    (N, 2, S, S) uint8, how much of the eyes' and the mouth's own src face shows; inner: (N, S, S)
    uint8, falls to 0 at the edge; neighbours and likeness: (N, 3, K); tones: (N, V, 3) float16, how
    brightly each point is lit.
    """

    usable: Tensor
    shown: Tensor
    weights: Tensor
    regions: Tensor
    inner: Tensor
    neighbours: Tensor
    likeness: Tensor
    tones: Tensor

    def to(self, device: torch.device) -> Mapped:
        """The same on another device."""
        return Mapped(*(getattr(self, column.name).to(device) for column in fields(self)))

    def __getitem__(self, rows: Tensor) -> Mapped:
        return Mapped(*(getattr(self, column.name)[rows] for column in fields(self)))


@dataclass(frozen=True)
class Painted:
    """Rough swaps: face (B, 3, S, S); cover (B, 1, S, S), where it is; features (B, 1, S, S),
    where eyes and mouth are; inner (B, 1, S, S), 1 but near its edge. All 0..1."""

    face: Tensor
    cover: Tensor
    features: Tensor
    inner: Tensor

    def sketch(self, shown: Tensor) -> Tensor:
        """As a network takes them: (B, 4, S, S), colours and cover, grey beside it.

        Args:
            shown: (B,), which of them to show; the others are empty.
        """
        cover = self.cover * self.inner * shown[:, None, None, None]
        return torch.cat([torch.lerp(torch.full_like(self.face, 0.5), self.face, cover), cover], 1)


@dataclass(frozen=True)
class Gallery:
    """What it takes to paint src onto dst.

    Of M faces of src: pictures (M, 3, S, S) uint8, meshes (M, V, 2) pixels, tones (M, V, 3)
    float16 as in `Mapped`, shapes (M, V, 3) and turns (M, 3, 3) as in `Heads`. neutral: (V, 3),
    src's head. Of dst: dst_neutral (V, 3), dst_still (V',), light (9, 3), and its skin, see
    `recast.training.registration`: skin_points (V, 2) and skin (U, U). triangles: (T, 3).
    All but pictures, tones, triangles and dst_still float32.
    """

    pictures: Tensor
    meshes: Tensor
    tones: Tensor
    shapes: Tensor
    turns: Tensor
    neutral: Tensor
    triangles: Tensor
    dst_neutral: Tensor
    dst_still: Tensor
    light: Tensor
    skin_points: Tensor
    skin: Tensor

    @property
    def side(self) -> int:
        """Of the faces, pixels."""
        return self.pictures.shape[-1]

    def to(self, device: torch.device) -> Gallery:
        """The same with what is painted from on another device."""
        moved = ("pictures", "meshes", "tones", "triangles")
        return replace(self, **{name: getattr(self, name).to(device) for name in moved})

    def registrar(self) -> Registrar:
        """What brings meshes of dst's faces to dst's skin."""
        skin = Skin(self.skin_points.numpy(), self.skin.numpy())
        return Registrar(skin, Unfolding(skin.points, self._corners))

    @property
    def _corners(self) -> NDArray[np.int32]:
        return self.triangles.cpu().numpy().astype(np.int32)

    def mapped(self, meshes: Floats, framing: Framing) -> Mapped:
        """Work out where faces of dst (N, V, 3) show which point of src's."""
        triangles = self._corners
        dst = posed(meshes, _double(self.dst_neutral), self.dst_still.numpy())
        neutral, turns = _double(self.neutral), _double(self.turns)
        near = nearest(Poses(_double(self.shapes) - neutral, turns), dst.poses)

        def paint(mesh: Floats) -> _Painted:
            return _painted_face(mesh, triangles, self.side, framing)

        with ThreadPoolExecutor() as pool:
            faces = list(pool.map(paint, retargeted(neutral, dst)))
        shown, weights, regions, far_in = (
            torch.from_numpy(np.stack(one)) for one in zip(*faces, strict=True)
        )
        lit = tones(_double(self.light), meshes, triangles)
        return Mapped(
            torch.from_numpy(furthest_turn(turns, dst.turns) < FURTHEST_TURN),
            shown,
            weights,
            regions,
            far_in,
            torch.from_numpy(near.rows),
            torch.from_numpy(near.likeness),
            torch.from_numpy(lit.astype(np.float16)),
        )

    def painted(self, where: Mapped, grids: Tensor, rng: torch.Generator | None = None) -> Painted:
        """Rough swaps of the B faces `where` tells of, seen through `grids` (B, S, S, 2).

        With `rng` each part is one neighbour by chance, else all of them mixed.
        """
        shown = where.shown.long()
        two = where.weights.float()
        weights = torch.cat([two, 1 - two.sum(-1, keepdim=True)], -1)
        corners = self.triangles[shown.clamp(min=0)]
        cover = sample((shown >= 0)[:, None].float(), grids, padding="zeros")
        far_in = sample(where.inner[:, None].float() / 255, grids, padding="zeros").clamp(0, 1)
        regions = sample(where.regions.float() / 255, grids)

        def layer(source: Tensor) -> Tensor:
            return self._layer(source, where.tones.float(), (corners, weights), grids)

        count, parts, known = where.neighbours.shape
        layers = []
        for part in range(parts):
            near = where.neighbours[:, part]
            if rng is not None:
                pick = torch.randint(known, (count, 1), generator=rng, device=rng.device)
                layers.append(layer(near.gather(1, pick)[:, 0]))
            else:
                share = where.likeness[:, part, :, None, None, None]
                mixed = [layer(near[:, k]) * share[:, k] for k in range(known)]
                layers.append(torch.stack(mixed).sum(0))
        whole, eyes, mouth = layers
        whole = torch.lerp(whole, eyes, regions[:, :1])
        whole = torch.lerp(whole, mouth, regions[:, 1:])
        return Painted(whole, cover, regions.amax(1, keepdim=True), far_in)

    def sketches(self, meshes: Sequence[Floats | None], framing: Framing) -> Tensor:
        """Sketches (B, 4, S, S) of dst faces by their meshes (V, 3); empty where there is none."""
        made = nothing_sketched(len(meshes), self.side, self.light).clone()
        there = [at for at, mesh in enumerate(meshes) if mesh is not None]
        if there:
            known = np.stack([mesh for mesh in meshes if mesh is not None])
            mapped = self.mapped(known, framing)
            grids = plain_grid(self.side, self.light.device).expand(len(known), -1, -1, -1)
            made[there] = self.painted(mapped, grids).sketch(mapped.usable)
        return made

    def _layer(
        self, source: Tensor, tones: Tensor, places: tuple[Tensor, Tensor], grids: Tensor
    ) -> Tensor:
        """(B, 3, S, S): the faces `source` (B,) where `places` says, corners and weights of each
        pixel."""
        corners, weights = places
        own = torch.arange(len(source), device=source.device)[:, None, None, None]
        flat = (self.meshes[source] * 2 + 1) / self.side - 1
        gains = tones / self.tones[source].float()
        points = torch.cat([flat, gains], -1)
        at = (points[own[..., 0], corners[..., k]] * weights[..., k, None] for k in range(3))
        here = sample(sum(at, torch.zeros(())).permute(0, 3, 1, 2), grids)
        pictures = self.pictures[source].float() / 255
        colours = sample(pictures, here[:, :2].permute(0, 2, 3, 1)) * here[:, 2:]
        return colours.clamp(0, 1)


def _double(values: Tensor) -> Floats:
    return np.asarray(values.double().numpy())


_Painted = tuple[NDArray[np.int16], NDArray[np.float16], NDArray[np.uint8], NDArray[np.uint8]]


def _painted_face(
    mesh: Floats, triangles: NDArray[np.int32], side: int, framing: Framing
) -> _Painted:
    """What `Mapped` holds of one dst face; the mesh is aligned as src's own faces are."""
    mesh = mesh.copy()
    placed = placement(mesh[list(IBUG68), :2].astype(np.float32), side, framing)
    mesh[:, :2] = placed.apply(mesh[:, :2].astype(np.float32))
    shown, weights = painted(mesh, triangles, side)
    regions = [spots(mesh, [EYES[:6], EYES[6:]], side), spots(mesh, [MOUTH], side)]
    two = weights[..., :2].astype(np.float16)
    return shown.astype(np.int16), two, np.stack(regions), inner(shown, SOFT)
