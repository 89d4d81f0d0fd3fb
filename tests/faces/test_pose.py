"""Pose: each angle has its sign, whichever landmarks it comes from."""

import numpy as np
import pytest
from numpy.typing import NDArray

from recast.faces import pose_of
from recast.faces.mean_face import MEAN_FACE
from recast.faces.mesh_points import IBUG68, SURFACE

NOSE, CHIN, BRIDGE = 30, 8, 27


def turned(yaw: float = 0, pitch: float = 0, roll: float = 0) -> NDArray[np.float64]:
    """The mean face (x right, y down, z away) turned in space."""
    y, p, r = np.radians([yaw, pitch, roll])
    about_z = [[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]]
    about_x = [[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]]
    about_y = [[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]]
    turn = np.array(about_y) @ np.array(about_x) @ np.array(about_z)
    return np.asarray((MEAN_FACE - MEAN_FACE.mean(axis=0)) @ turn.T * 120 + [400, 300, 0])


def meshed(points: NDArray[np.float64]) -> NDArray[np.float32]:
    mesh = np.zeros((478, 3), np.float32)
    mesh[list(IBUG68)] = points
    return mesh


ANGLES = [(30, 0, 0), (-40, 0, 0), (0, 20, 0), (0, -25, 0), (0, 0, 35), (0, 0, -170), (20, 10, -15)]


@pytest.mark.parametrize("angles", ANGLES)
@pytest.mark.parametrize("dense", [False, True])
def test_a_known_turn_is_recovered(angles: tuple[float, float, float], dense: bool) -> None:
    points = turned(*angles)
    landmarks = points[:, :2].astype(np.float32)
    pose = pose_of(landmarks, meshed(points) if dense else None)
    assert np.allclose([pose.yaw, pose.pitch, pose.roll], angles, atol=0.1)


def test_positive_yaw_has_the_nose_at_the_images_right() -> None:
    assert turned(yaw=30)[NOSE, 0] > turned()[NOSE, 0] + 10


def test_positive_pitch_has_the_nose_up() -> None:
    assert turned(pitch=30)[NOSE, 1] < turned()[NOSE, 1] - 10


def test_positive_roll_turns_clockwise_as_seen() -> None:
    points = turned(roll=30)
    assert points[CHIN, 0] < points[BRIDGE, 0] - 10


def test_points_of_the_mesh_are_distinct_and_on_the_face() -> None:
    assert len(IBUG68) == 68
    assert len(set(IBUG68)) == 68
    assert max(IBUG68) < SURFACE
