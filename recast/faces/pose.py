"""Which way a head looks, from its landmarks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recast.faces.face import Mesh, Pose
from recast.faces.mean_face import MEAN_FACE
from recast.faces.mesh_points import IBUG68
from recast.geometry import Points

# Jaw and lips move with speech, and the jaw of a turned head slides along its outline.
_STILL = (*range(17, 49), 54)


def pose_of(landmarks: Points, mesh: Mesh | None = None) -> Pose:
    """The turn of the mean face that fits best.

    With a mesh its depth is used; from 68 flat points alone the pitch is about twice as rough.
    """
    if mesh is None:
        return _angles(_turn_seen_flat(np.asarray(landmarks, np.float64)))
    return _angles(_turn_in_space(np.asarray(mesh, np.float64)[list(IBUG68)]))


def _turn_in_space(seen: NDArray[np.float64]) -> NDArray[np.float64]:
    """Kabsch, "A solution for the best rotation to relate two sets of vectors", 1976."""
    mean = MEAN_FACE - MEAN_FACE.mean(0)
    u, _, vt = np.linalg.svd((seen - seen.mean(0)).T @ mean)
    return np.asarray(u @ np.diag([1, 1, np.linalg.det(u @ vt)]) @ vt)


def _turn_seen_flat(seen: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scaled orthographic view: fit two rows of a 3x3 turn, the third is their cross product."""
    mean, flat = MEAN_FACE[list(_STILL)], seen[list(_STILL)]
    rows = np.linalg.lstsq(mean - mean.mean(0), flat - flat.mean(0), rcond=None)[0].T
    u, _, vt = np.linalg.svd(rows, full_matrices=False)
    across, down = u @ vt
    return np.stack([across, down, np.cross(across, down)])


def _angles(turn: NDArray[np.float64]) -> Pose:
    """`turn` carries the mean face to the picture: x right, y down, z away from the viewer.

    It is split as turn about the vertical, then nod, then tilt in the picture's plane, the order
    in which the head's own axes move.
    """
    yaw = np.arctan2(-turn[0, 2], turn[2, 2])
    pitch = np.arcsin(np.clip(turn[1, 2], -1, 1))
    roll = np.arctan2(turn[1, 0], turn[1, 1])
    return Pose(*(float(np.degrees(angle)) for angle in (yaw, pitch, roll)))
