"""The surface of a mesh as a picture shows it: which point of it is seen at each pixel.

*Meshes* are (V, 3): x right, y down, z away from the camera, in pixels.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from recast.geometry import Points
from recast.training.heads import Floats


def triangles_over(points: Points) -> NDArray[np.int32]:
    """(T, 3) corners of a Delaunay triangulation of (V, 2) points, all wound the same way.

    With y down and z away from the camera, (b - a) x (c - a) points into the camera.
    """
    low, high = points.min(0) - 1, points.max(0) + 1
    plane = cv2.Subdiv2D((0, 0, 1025, 1025))
    grid = ((points - low) / (high - low).max() * 1024).astype(np.float32)
    number = {plane.insert((float(x), float(y))): i for i, (x, y) in enumerate(grid)}
    corners = []
    for triangle in np.asarray(plane.getTriangleList()).reshape(-1, 3, 2):
        found = [number.get(plane.locate((float(x), float(y)))[2], -1) for x, y in triangle]
        if min(found) >= 0:
            corners.append(found)
    wound = np.array(corners, np.int32)
    a, b, c = (points[wound[:, corner]] for corner in range(3))
    one, other = b - a, c - a
    away = one[:, 0] * other[:, 1] > one[:, 1] * other[:, 0]
    wound[away] = wound[away][:, ::-1]
    return wound


def painted(
    mesh: Floats, triangles: NDArray[np.int32], side: int
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Which triangle shows at each pixel and where in it.

    Returns:
        (S, S) numbers, -1 beside the face, and (S, S, 3) weights of the triangle's corners.
    """
    flat = np.ones((len(triangles), 3, 3))
    flat[..., :2] = mesh[triangles, :2]
    # Those that turn their backs or their edges show nothing, but would be drawn as lines.
    faces_us = -np.linalg.det(flat) > 1e-3
    # Far triangles first, so that near ones cover them.
    order = np.argsort(-mesh[triangles, 2].mean(1))
    corners = np.rint(mesh[triangles, :2] * 16).astype(np.int32)
    shown = np.full((side, side), -1, np.float32)
    for number in order[faces_us[order]]:
        cv2.fillConvexPoly(shown, corners[number], float(number), shift=4)
    numbers = shown.astype(np.int32)
    flat[~faces_us] = np.eye(3)
    y, x = np.mgrid[:side, :side]
    pixels = np.stack([x, y, np.ones_like(x)], -1).astype(np.float64)
    weights = np.einsum("hwi,hwij->hwj", pixels, np.linalg.inv(flat)[np.maximum(numbers, 0)])
    # A pixel that a triangle only touches shows its nearest point: slivers would lead far away.
    within = np.clip(weights, 0, 1)
    return numbers, (within / within.sum(-1, keepdims=True)).astype(np.float32)


def spots(mesh: Floats, groups: list[list[int]], side: int) -> NDArray[np.uint8]:
    """(S, S) soft spots over groups of points."""
    spot = np.zeros((side, side), np.uint8)
    for group in groups:
        hull = cv2.convexHull(np.rint(mesh[group, :2] * 16).astype(np.int32))
        cv2.fillConvexPoly(spot, hull, 255, shift=4)
    reach = side // 28 * 2 + 1
    wide = cv2.dilate(spot, np.ones((reach, reach), np.uint8))
    return cv2.GaussianBlur(wide, (0, 0), side / 50).astype(np.uint8)


def inner(shown: NDArray[np.int32], reach: int) -> NDArray[np.uint8]:
    """(S, S): 0 at the edge of what is painted and beside it, 255 from `reach` pixels inside."""
    solid = np.pad((shown >= 0).astype(np.uint8) * 255, reach)
    far = cv2.erode(solid, np.ones((reach, reach), np.uint8))
    return cv2.blur(far, (reach, reach))[reach:-reach, reach:-reach].astype(np.uint8)
