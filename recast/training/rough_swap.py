"""Rough swaps: what src's face might look like in each dst face, from geometry alone.

No recording shows src's face in dst's performance, so a plain autoencoder never sees the
swap it is for. But the dense meshes say where each point of a face is: dst's mesh with
src's proportions tells where src's points would be, and a src face in much the same pose,
with much the same eyes or mouth, painted onto that mesh is a rough picture of the swap.
Averaged over several such src faces it teaches the network where everything belongs. The
light of src's take is taken off them and dst's put on (`recast.training.relight`).

*Meshes* are (N, V, 3): x right, y down, z away from the camera, in pixels of aligned faces.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from recast.faces import Framing, placement
from recast.faces.mesh_points import IBUG68
from recast.geometry import Points
from recast.training.augment import sample
from recast.training.faces import TrainingFaces
from recast.training.heads import (
    Floats,
    Heads,
    frontal_base,
    furthest_turn,
    normalised,
    retargeted,
)
from recast.training.relight import tones_of

NEIGHBOURS = 3
MOST_DST = 2000  # 150 MB at 96 pixels
FURTHEST_TURN = 30.0  # degrees between two heads; beyond it a rough swap misleads
BROWS, EYES, MOUTH = list(IBUG68[17:27]), list(IBUG68[36:48]), list(IBUG68[48:68])


def triangles_over(points: Points) -> NDArray[np.int32]:
    """(T, 3) corners of a Delaunay triangulation of (V, 2) points."""
    low, high = points.min(0) - 1, points.max(0) + 1
    plane = cv2.Subdiv2D((0, 0, 1025, 1025))
    grid = ((points - low) / (high - low).max() * 1024).astype(np.float32)
    number = {plane.insert((float(x), float(y))): i for i, (x, y) in enumerate(grid)}
    corners = []
    for triangle in np.asarray(plane.getTriangleList()).reshape(-1, 3, 2):
        found = [number.get(plane.locate((float(x), float(y)))[2], -1) for x, y in triangle]
        if min(found) >= 0:
            corners.append(found)
    return np.array(corners, np.int32)


def painted(
    mesh: Floats, triangles: NDArray[np.int32], side: int
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Which triangle shows at each pixel and where in it.

    Returns:
        (S, S) numbers, -1 beside the face, and (S, S, 3) weights of the triangle's corners.
    """
    # Far triangles first, so that near ones cover them.
    order = np.argsort(-mesh[triangles, 2].mean(1))
    corners = np.rint(mesh[triangles, :2] * 16).astype(np.int32)
    shown = np.full((side, side), -1, np.float32)
    for number in order:
        cv2.fillConvexPoly(shown, corners[number], float(number), shift=4)
    numbers = shown.astype(np.int32)
    flat = np.ones((len(triangles), 3, 3))
    flat[..., :2] = mesh[triangles, :2]
    degenerate = np.abs(np.linalg.det(flat)) < 1e-3
    flat[degenerate] = np.eye(3)
    y, x = np.mgrid[:side, :side]
    pixels = np.stack([x, y, np.ones_like(x)], -1).astype(np.float64)
    weights = np.einsum("hwi,hwij->hwj", pixels, np.linalg.inv(flat)[np.maximum(numbers, 0)])
    numbers[degenerate[np.maximum(numbers, 0)]] = -1
    return numbers, np.clip(weights, -0.5, 1.5).astype(np.float32)


def nearest_src(
    src: Heads, dst: Heads, points: list[int], *, turn_weight: float
) -> NDArray[np.intp]:
    """(N_dst, K) src faces whose `points` stand most alike, in pose and in expression.

    A point two hundredths of the face apart counts as much as 1 / turn_weight degrees.
    """

    def features(heads: Heads) -> Floats:
        away = (heads.shapes - heads.neutral)[:, points].reshape(len(heads.shapes), -1)
        facing = np.degrees(heads.turns[:, :, 2])  # the nose's direction, about 1 a degree
        return np.concatenate([away / 0.02 / np.sqrt(len(points)), facing * turn_weight], 1)

    a, b = features(src), features(dst)
    apart = (b**2).sum(1)[:, None] + (a**2).sum(1) - 2 * b @ a.T
    return np.argsort(apart, axis=1)[:, : min(NEIGHBOURS, len(a))]


@dataclass(frozen=True)
class RoughSwaps:
    """All that is needed to paint rough swaps while training.

    row: (N_dst,) where in the rest a dst face is, -1 if no src head looks nearly its way.
    shown: (N, S, S) int16 triangles; weights: (N, S, S, 2) float16, the third corner has the
    rest; regions: (N, 2, S, S) uint8, how much of the eyes' and the mouth's own src face
    shows; neighbours: (N, 3, K) src faces for the whole, the eyes and the mouth, by their
    places in src_rows, (M,), which says where in src's set they are;
    src_meshes: (M, V, 2) pixels; triangles: (T, 3); src_tones, tones: (M, V, 3) and
    (N, V, 3) float16, how much brighter than the skin itself each point of a src and of a dst
    face is lit, as a factor on the pictures' values.
    """

    row: Tensor
    shown: Tensor
    weights: Tensor
    regions: Tensor
    neighbours: Tensor
    src_rows: Tensor
    src_meshes: Tensor
    triangles: Tensor
    src_tones: Tensor
    tones: Tensor

    def to(self, device: torch.device) -> RoughSwaps:
        """The same on another device."""
        return RoughSwaps(*(getattr(self, column.name).to(device) for column in fields(self)))

    def paint(
        self, src: TrainingFaces, chosen: Tensor, grids: Tensor, rng: torch.Generator
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Rough swaps seen through `grids`.

        Args:
            chosen: (B,) rows.
            grids: (B, S, S, 2), as the dst faces are placed.

        Returns:
            Faces (B, 3, S, S), masks (B, 1, S, S) and where eyes and mouth are (B, 1, S, S),
            all 0..1.
        """
        count, side = grids.shape[:2]
        shown = self.shown[chosen].long()
        two = self.weights[chosen].float()
        weights = torch.cat([two, 1 - two.sum(-1, keepdim=True)], -1)
        corners = self.triangles[shown.clamp(min=0)]
        cover = sample((shown >= 0).float()[:, None], grids, padding="zeros")
        regions = sample(self.regions[chosen].float() / 255, grids)
        pick = torch.randint(
            self.neighbours.shape[-1], (count, 3), generator=rng, device=rng.device
        )
        layers = []
        own = torch.arange(count, device=chosen.device)[:, None, None, None]
        for part in range(3):
            source = self.neighbours[chosen, part, pick[:, part]]
            places = (self.src_meshes[source] * 2 + 1) / side - 1
            gains = self.tones[chosen].float() / self.src_tones[source].float()
            points = torch.cat([places, gains], -1)
            here = (points[own, corners] * weights[..., None]).sum(-2)
            here = sample(here.permute(0, 3, 1, 2), grids)
            pictures = src.pictures(self.src_rows[source], rng.device)
            layer = sample(pictures, here[:, :2].permute(0, 2, 3, 1))
            layers.append((layer * here[:, 2:]).clamp(0, 1))
        whole, eyes, mouth = layers
        whole = torch.lerp(whole, eyes, regions[:, :1])
        return torch.lerp(whole, mouth, regions[:, 1:]), cover, regions.amax(1, keepdim=True)


def _region(mesh: Floats, groups: list[list[int]], side: int) -> NDArray[np.uint8]:
    """(S, S) soft spots over groups of points."""
    spot = np.zeros((side, side), np.uint8)
    for group in groups:
        hull = cv2.convexHull(np.rint(mesh[group, :2] * 16).astype(np.int32))
        cv2.fillConvexPoly(spot, hull, 255, shift=4)
    reach = side // 28 * 2 + 1
    wide = cv2.dilate(spot, np.ones((reach, reach), np.uint8))
    return cv2.GaussianBlur(wide, (0, 0), side / 50).astype(np.uint8)


def prepare(src: TrainingFaces, dst: TrainingFaces, *, framing: Framing) -> RoughSwaps:
    """Work out where each dst face shows which point of src's.

    Both need meshes. Of more than `MOST_DST` dst faces an even choice is taken, the others
    are not usable.
    """
    if src.meshes is None or dst.meshes is None:
        raise ValueError("rough swaps need a mesh for every face")
    side = src.faces.shape[-1]
    chosen = np.unique(np.linspace(0, len(dst) - 1, min(len(dst), MOST_DST)).round().astype(int))
    heads = normalised(src.meshes, frontal_base(src.meshes, src.away))
    others = normalised(dst.meshes[chosen], frontal_base(dst.meshes, dst.away))
    triangles = triangles_over(heads.neutral[:, :2].astype(np.float32))
    with ThreadPoolExecutor() as pool:
        painted_faces = list(
            pool.map(
                lambda mesh: _painted_face(mesh, triangles, side, framing),
                retargeted(heads, others),
            )
        )
    shown, weights, regions = (
        torch.from_numpy(np.stack(c)) for c in zip(*painted_faces, strict=True)
    )
    neighbours = [
        nearest_src(heads, others, EYES + MOUTH + BROWS, turn_weight=0.3),
        nearest_src(heads, others, EYES + BROWS, turn_weight=0.15),
        nearest_src(heads, others, MOUTH, turn_weight=0.15),
    ]
    used, numbers = np.unique(np.stack(neighbours, 1), return_inverse=True)
    moving = EYES + MOUTH + BROWS
    src_tones = tones_of(src.faces, src.meshes, triangles, wanted=used, moving=moving)
    tones = tones_of(dst.faces, dst.meshes, triangles, wanted=chosen, moving=moving)
    row = np.full(len(dst), -1)
    row[chosen[furthest_turn(heads, others) < FURTHEST_TURN]] = 0
    row[chosen] = np.where(row[chosen] == 0, np.arange(len(chosen)), -1)
    return RoughSwaps(
        torch.from_numpy(row),
        shown,
        weights,
        regions,
        torch.from_numpy(numbers.reshape(len(chosen), len(neighbours), -1)),
        torch.from_numpy(used),
        torch.from_numpy(src.meshes[used, :, :2].astype(np.float32)),
        torch.from_numpy(triangles).long(),
        torch.from_numpy(src_tones.astype(np.float16)),
        torch.from_numpy(tones.astype(np.float16)),
    )


def _painted_face(
    mesh: Floats, triangles: NDArray[np.int32], side: int, framing: Framing
) -> tuple[NDArray[np.int16], NDArray[np.float16], NDArray[np.uint8]]:
    """What `RoughSwaps` holds of one dst face; the mesh is aligned as src's own faces are."""
    mesh = mesh.copy()
    placed = placement(mesh[list(IBUG68), :2].astype(np.float32), side, framing)
    mesh[:, :2] = placed.apply(mesh[:, :2].astype(np.float32))
    shown, weights = painted(mesh, triangles, side)
    regions = [_region(mesh, [EYES[:6], EYES[6:]], side), _region(mesh, [MOUTH], side)]
    return shown.astype(np.int16), weights[..., :2].astype(np.float16), np.stack(regions)
