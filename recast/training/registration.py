"""Meshes brought to what the pictures show: the same skin under the same point in each of them.

A detector looks at one picture at a time, and its points wander over the skin by a pixel or two,
with the pose and by chance. Unfolded onto its mesh, a face looks the same in every picture but for
light and expression. So optical flow (Kroeger et al., "Fast optical flow using dense inverse
search", 2016) between what one picture shows and the mean of many tells how far its mesh is off.
It is followed where there is something to see, and not at the rim, where there is no skin around.

*Meshes* are (V, 3): x right, y down, z away from the camera, in pixels of aligned faces.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from recast.training.heads import Floats
from recast.training.order import evenly
from recast.training.relight import normals_of
from recast.training.surface import painted

SIDE = 192
"""Of an unfolded face, pixels; the lengths below are in these pixels."""
MARGIN = 10
ROUNDS = 2
MOST_PICTURES = 200
"""So many make a mean that more do not change."""
WIDE, REACH, FINE = 8.0, 6.0, 3.0
"""Sigmas: what is coarser counts as light; skin so near moves together; of a detail."""
FURTHEST = 6.0
"""Flow beyond it is taken for a mistake."""
LEAST_FACING, PLAIN = 0.15, 0.5
"""Cosine of the surface to the camera from which it is seen, and from which plainly."""
RIM, SOFT = 6.0, 16.0
"""So near to its edge an unfolded face is not followed, and over so much more ever better."""
_DARK = 8 / 255
_FEW = 0.05
_NOTHING = 1e-5
"""Squared slope that a picture's own steps make where there is nothing to see."""

Single = NDArray[np.float32]


@dataclass(frozen=True)
class Skin:
    """What a person's face shows in the mean, unfolded.

    points: (V, 2), where the mesh's points lie in it, pixels; detail: (SIDE, SIDE), log of
    brightness less its wide blur.
    """

    points: Single
    detail: Single


class Unfolding:
    """Pictures of faces, laid flat by their meshes.

    Args:
        points: (V, 2), where the mesh's points lie then. triangles: (T, 3).
    """

    def __init__(self, points: Single, triangles: NDArray[np.int32]) -> None:
        self.points, self._triangles = points, triangles
        flat = np.column_stack([points, np.zeros(len(points))]).astype(np.float64)
        shown, weights = painted(flat, triangles, SIDE)
        self.solid = (shown >= 0).astype(np.float32)
        self._filled = np.flatnonzero(shown >= 0)
        self._corners = triangles[shown.ravel()[self._filled]]
        self._weights = weights.reshape(-1, 3)[self._filled, :, None]
        far = cv2.distanceTransform(np.pad((shown >= 0).astype(np.uint8), 1), cv2.DIST_L2, 5)
        self.rim = ((far[1:-1, 1:-1] - RIM) / SOFT).clip(0, 1).astype(np.float32)

    def spread(self, values: Single) -> Single:
        """(SIDE, SIDE, C) of what is known at the points (V, C)."""
        known = np.zeros((SIDE * SIDE, values.shape[1]), np.float32)
        corners = [values[self._corners[:, k]] * self._weights[:, k] for k in range(3)]
        known[self._filled] = corners[0] + corners[1] + corners[2]
        return known.reshape(SIDE, SIDE, -1)

    def at_points(self, values: Single, moved: Single | float = 0.0) -> Single:
        """(V, C): what (SIDE, SIDE, C) says at the points, or beside them."""
        x, y = np.asarray(self.points + moved, np.float32).T[:, None]
        found = cv2.remap(values, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0]
        return np.asarray(found, np.float32).reshape(len(self.points), -1)

    def look(self, light: Single, mesh: Floats) -> tuple[Single, Single, Single]:
        """Lay a picture flat.

        Args:
            light: (S, S), see `log_light`.

        Returns:
            Its detail and how plainly it is seen, 0..1, (SIDE, SIDE); and where each pixel came
            from, (SIDE, SIDE, 2).
        """
        facing = -normals_of(mesh[None], self._triangles)[0, :, 2:]
        values = np.concatenate([mesh[:, :2], facing], 1).astype(np.float32)
        known = self.spread(values)
        seen = self.solid * ((known[..., 2] - LEAST_FACING) / (PLAIN - LEAST_FACING)).clip(0, 1)
        x, y = np.ascontiguousarray(known[..., 0]), np.ascontiguousarray(known[..., 1])
        flat = cv2.remap(light, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        held = (seen > 0).astype(np.float32)
        wide = _blurred(flat * held, WIDE) / np.maximum(_blurred(held, WIDE), 1e-3)
        return np.asarray((flat - wide) * held), np.asarray(seen, np.float32), known[..., :2]


class Registrar:
    """Brings meshes of one person to the person's skin. Safe to use from several threads.

    Args:
        flat: made of the skin's points.
    """

    def __init__(self, skin: Skin, flat: Unfolding) -> None:
        self._flat, self._skin = flat, skin.detail
        slope = cv2.Sobel(skin.detail, cv2.CV_32F, 1, 0), cv2.Sobel(skin.detail, cv2.CV_32F, 0, 1)
        energy = _blurred(slope[0] ** 2 + slope[1] ** 2, FINE)
        solid = self._flat.solid > 0
        usual = float(np.median(energy[solid])) if solid.any() else 0.0
        self._tells = self._flat.rim * energy / (energy + usual + _NOTHING)
        self._size = max(float(skin.detail[solid].std()) if solid.any() else 0.0, 1e-3)
        self._reference = self._as_bytes(skin.detail)

    def __call__(self, light: Single, mesh: Floats) -> Floats:
        """The mesh (V, 3), moved in the picture's plane."""
        mesh = mesh.copy()
        for _ in range(ROUNDS):
            moves, sure = self.moves(light, mesh)
            mesh[:, :2] += moves * sure
        return mesh

    def moves(self, light: Single, mesh: Floats) -> tuple[Single, Single]:
        """How far each point seems to be off, (V, 2) in the picture's pixels, and how sure that
        is, (V, 1), 0..1."""
        detail, seen, places = self._flat.look(light, mesh)
        here = np.where(seen > 0, detail, self._skin)
        searching = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        searching.setFinestScale(1)  # half a pixel is told as well by half the size
        still = np.zeros((SIDE, SIDE, 2), np.float32)
        flow = searching.calc(self._reference, self._as_bytes(here), still)
        unlike = _blurred((here - self._skin) ** 2, FINE) / self._size**2
        trust = seen * self._tells * np.exp(-unlike)
        trust[(flow**2).sum(-1) > FURTHEST**2] = 0
        mean = _blurred(flow * trust[..., None], REACH) / (_blurred(trust, REACH)[..., None] + _FEW)
        shift = self._flat.at_points(mean)
        moves = self._flat.at_points(places, shift) - self._flat.at_points(places)
        sure = self._flat.at_points(self._flat.rim * _blurred(seen, FINE)).clip(0, 1)
        return moves, np.asarray(sure, np.float32)

    def _as_bytes(self, detail: Single) -> NDArray[np.uint8]:
        return (128 + detail / self._size * 50).clip(0, 255).astype(np.uint8)


def log_light(picture: NDArray[np.uint8] | Single) -> Single:
    """(S, S) brightness of a picture (S, S, 3), on a scale where light is a shift."""
    values = np.asarray(picture, np.float32).mean(-1)
    level = values / 255 if picture.dtype == np.uint8 else values
    return np.asarray(np.log(level + _DARK), np.float32)


def flat_points(neutral: Floats) -> Single:
    """(V, 2): where the points of a neutral head (V, 3) lie in an unfolded face."""
    plane = neutral[:, :2]
    low, high = plane.min(0), plane.max(0)
    scale = (SIDE - 2 * MARGIN) / max(float((high - low).max()), 1e-9)
    return np.asarray((plane - (low + high) / 2) * scale + (SIDE - 1) / 2, np.float32)


def skin_of(
    lights: Callable[[int], Single], meshes: Floats, points: Single, triangles: NDArray[np.int32]
) -> Skin:
    """What a face shows in the mean of its pictures, once their meshes agree on it.

    Args:
        lights: gives `log_light` of the picture of a mesh (N, V, 3).
        points: see `Skin`.
    """
    shown = evenly(len(meshes), MOST_PICTURES)
    known, placed = [lights(int(row)) for row in shown], meshes[shown].copy()
    flat = Unfolding(points, triangles)
    skin = Skin(points, _mean(flat, known, placed))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in range(ROUNDS):
            found = list(pool.map(Registrar(skin, flat).moves, known, placed))
            sure = np.stack([one for _, one in found])
            moves = np.stack([one for one, _ in found]) * sure
            # All of them together must not move: only what is seen agrees on a place.
            placed[..., :2] += moves - sure * moves.sum(0) / np.maximum(sure.sum(0), 1e-3)
            skin = Skin(points, _mean(flat, known, placed))
    return skin


def registered(
    lights: Callable[[int], Single], meshes: Floats, skin: Skin, triangles: NDArray[np.int32]
) -> Floats:
    """Meshes (N, V, 3) of one person brought to the person's skin."""
    registrar = Registrar(skin, Unfolding(skin.points, triangles))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        moved = pool.map(lambda row: registrar(lights(row), meshes[row]), range(len(meshes)))
        return np.stack(list(moved))


def _mean(flat: Unfolding, lights: Sequence[Single], meshes: Floats) -> Single:
    total, weight = np.zeros((SIDE, SIDE)), np.zeros((SIDE, SIDE))
    for light, mesh in zip(lights, meshes, strict=True):
        detail, seen, _ = flat.look(light, mesh)
        total += detail * seen
        weight += seen
    return np.asarray(total / np.maximum(weight, 1e-3), np.float32)


def _blurred(values: Single, sigma: float) -> Single:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma), np.float32)
