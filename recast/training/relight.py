"""How light falls on a person's face in a take, told apart from the skin's own colour.

A head that turns shows the same skin under other light. With normals from the dense meshes, the
colour of a mesh's point in a picture is its albedo times a smooth function of its normal
(Ramamoorthi and Hanrahan, "An efficient representation for irradiance environment maps", 2001:
nine numbers a channel, for light from far away). Both are fitted in turn, with the skin of the
face's halves alike: so what comes from one side is light even if the head never turns. What cannot
be told apart counts as skin, most of all how bright the light is on the whole: shading is 1 in the
mean.

*Meshes* are (N, V, 3): x right, y down, z away from the camera. Colours are linear, RGB.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from recast.training.order import evenly

Floats = NDArray[np.float64]

MOST_PICTURES = 300
"""So many tell the light well enough."""
MOVING = 0.1
"""How much eyes, brows and mouth count: they change for other reasons than light."""
GAMMA = 2.2
"""Between the pictures' values and light, near enough for ratios."""
ROUNDS = 8
LEAST_FACING = 0.25
"""Cosine to the camera below which a point is seen too flatly to be measured."""
LEAST, MOST = 0.25, 4.0
"""Shading beyond this is taken for a mistake."""
_SMOOTH = 1e-2
"""How far the light's finer part is drawn to nothing, of what the pictures say."""
_OWN_FRAMES = 0.3
"""A point's albedo is drawn to the mean one as if this share of the pictures showed that."""


def normals_of(meshes: Floats, triangles: NDArray[np.int32]) -> Floats:
    """(N, V, 3) unit normals that point out of the face; `triangles` (T, 3) as they are wound."""
    corners = meshes[:, triangles]
    flat = np.cross(corners[:, :, 1] - corners[:, :, 0], corners[:, :, 2] - corners[:, :, 0])
    normals = np.zeros_like(meshes)
    for corner in range(3):
        np.add.at(normals.transpose(1, 0, 2), triangles[:, corner], flat.transpose(1, 0, 2))
    length = np.linalg.norm(normals, axis=-1, keepdims=True)
    return np.asarray(np.where(length > 1e-9, normals / np.maximum(length, 1e-9), (0, 0, -1)))


def harmonics(normals: Floats) -> Floats:
    """(..., 9): the real spherical harmonics up to order 2 of (..., 3), without their factors."""
    x, y, z = normals[..., 0], normals[..., 1], normals[..., 2]
    parts = [np.ones_like(x), x, y, z, x * y, x * z, y * z, x * x - y * y, 3 * z * z - 1]
    return np.stack(parts, axis=-1)


def colours_at(picture: NDArray[np.uint8], points: Floats) -> Floats:
    """(V, 3) linear colours of a picture (S, S, 3) around its points (V, 2)."""
    calm = cv2.GaussianBlur(picture, (0, 0), picture.shape[0] / 80)
    x, y = points.astype(np.float32).T[:, None]
    found = cv2.remap(calm, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0]
    return np.asarray((found / 255.0) ** GAMMA, np.float64)


def fitted_light(
    colours: Floats, normals: Floats, weights: Floats, mirror: NDArray[np.intp]
) -> Floats:
    """The light (9, 3) under which skin of one albedo a point looks most like the pictures.

    Args:
        colours: (N, V, 3). normals: (N, V, 3). weights: (N, V), 0 for what is not seen.
        mirror: (V,), for each point the one of the other half, whose albedo is the same.
    """

    def both(sums: Floats) -> Floats:
        return np.asarray(sums + sums[mirror])

    basis, seen = harmonics(normals), both(weights.sum(0)[:, None])
    albedo = both((colours * weights[..., None]).sum(0)) / np.maximum(seen, 1e-6)
    light = np.zeros((9, 3))
    held = np.diag([0.0, *[1.0] * 3, *[3.0] * 5]) * _SMOOTH
    for _ in range(ROUNDS):
        for channel in range(3):
            rows = basis * albedo[None, :, channel, None] * np.sqrt(weights)[..., None]
            rows = rows.reshape(-1, 9)
            square = rows.T @ rows
            aimed = rows.T @ (colours[..., channel] * np.sqrt(weights)).ravel()
            square += held * np.trace(square) / 9 + np.eye(9) * 1e-12
            light[:, channel] = np.linalg.solve(square, aimed)
        shade = np.maximum(basis @ light, 1e-3)
        heavy = both((shade**2 * weights[..., None]).sum(0))
        albedo = both((colours * shade * weights[..., None]).sum(0)) / np.maximum(heavy, 1e-9)
        mean = (albedo * seen).sum(0) / np.maximum(seen.sum(), 1e-9)
        few = _OWN_FRAMES * len(colours)
        albedo = (albedo * seen + mean * few) / (seen + few)
    return light


def levelled(light: Floats, normals: Floats) -> Floats:
    """The same light, so bright that these normals are lit by 1 in the mean of each channel."""
    mean = (harmonics(normals) @ light).mean((0, 1))
    lit = mean > 1e-9  # a channel may be black
    plain = np.eye(9)[:, :1]
    return np.asarray(np.where(lit, light / np.where(lit, mean, 1), plain))


def shading(light: Floats, normals: Floats) -> Floats:
    """(N, V, 3): how bright each point is lit."""
    return np.asarray((harmonics(normals) @ light).clip(LEAST, MOST))


def visible(meshes: Floats, normals: Floats, side: int) -> Floats:
    """(N, V): 1 for points that look into the camera and lie inside the crop, else 0."""
    inside = ((meshes[..., :2] >= 1) & (meshes[..., :2] <= side - 2)).all(-1)
    return (inside & (normals[..., 2] < -LEAST_FACING)).astype(np.float64)


def light_of(
    faces: Tensor,
    meshes: Floats,
    triangles: NDArray[np.int32],
    *,
    mirror: NDArray[np.intp],
    moving: list[int],
) -> Floats:
    """The light (9, 3) on one person in one take, levelled for these faces.

    Args:
        faces: (N, 3, S, S) uint8; meshes: (N, V, 3), pixels.
        mirror: (V,), see `fitted_light`. moving: points that say little of the light.
    """
    shown = evenly(len(faces), MOST_PICTURES)
    normals = normals_of(meshes[shown], triangles)
    weights = visible(meshes[shown], normals, faces.shape[-1])
    weights[:, moving] *= MOVING
    pictures = (faces[int(at)].permute(1, 2, 0).cpu().numpy() for at in shown)
    pairs = zip(pictures, meshes[shown], strict=True)
    colours = np.stack([colours_at(picture, mesh[:, :2]) for picture, mesh in pairs])
    return levelled(fitted_light(colours, normals, weights, mirror), normals)


def tones(light: Floats, meshes: Floats, triangles: NDArray[np.int32]) -> Floats:
    """(N, V, 3): how light changes the pictures' values at each point, as a factor."""
    return np.asarray(shading(light, normals_of(meshes, triangles)) ** (1 / GAMMA))
