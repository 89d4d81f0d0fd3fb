"""Light is told from skin on heads that were lit by a formula."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from recast.training.heads import mirrored
from recast.training.relight import (
    GAMMA,
    colours_at,
    fitted_light,
    harmonics,
    levelled,
    light_of,
    normals_of,
    shading,
    tones,
    visible,
)
from recast.training.surface import triangles_over
from tests.training.test_rough_swap import SIDE, Floats, seen, smooth_head

Indices = NDArray[np.intp]

YAWS = [-45.0, -30.0, -15.0, 0.0, 15.0, 30.0, 45.0]
SHAPE = smooth_head()
TRIANGLES = triangles_over(SHAPE[:, :2].astype(np.float32))
MIRROR = mirrored(SHAPE)
LIGHT = np.zeros((9, 3))
LIGHT[0], LIGHT[1], LIGHT[3] = (0.8, 0.7, 0.6), (0.35, 0.2, 0.1), (-0.4, -0.4, -0.4)


def lit(meshes: Floats, albedo: Floats) -> Floats:
    """(N, V, 3) linear colours under LIGHT."""
    return np.asarray(albedo * (harmonics(normals_of(meshes, TRIANGLES)) @ LIGHT))


def test_normals_point_out_of_the_face() -> None:
    meshes = seen(SHAPE, [0.0])
    normals = normals_of(meshes, TRIANGLES)
    assert np.allclose(np.linalg.norm(normals, axis=-1), 1)
    assert np.median(normals[..., 2]) < -0.7
    # z = 0.9 r^2, so a normal is as (1.8 x, 1.8 y, -1); points at the edge see one side only.
    inner = np.abs(SHAPE[:, :2]).max(1) < 0.45
    known = np.column_stack([1.8 * SHAPE[:, :2], -np.ones(len(SHAPE))])
    known /= np.linalg.norm(known, axis=1, keepdims=True)
    assert np.median((normals[0] * known).sum(-1)[inner]) > 0.995


def skin(*, alike: bool) -> Floats:
    """(V, 3) albedo of patterned skin; whether that of both halves is alike."""
    albedo = np.random.default_rng(5).uniform(0.2, 0.6, (len(SHAPE), 3))
    return np.asarray((albedo + albedo[MIRROR]) / 2 if alike else albedo)


def off(meshes: Floats, albedo: Floats, mirror: Indices) -> float:
    """How much of the light is left unexplained: 0 none, 1 all."""
    normals = normals_of(meshes, TRIANGLES)
    weights = visible(meshes, normals, SIDE)
    light = fitted_light(lit(meshes, albedo), normals, weights, mirror)
    found = shading(levelled(light, normals), normals)
    wanted = shading(levelled(LIGHT, normals), normals)
    error, plain = (np.abs(part / wanted - 1)[weights > 0] for part in (found, 1))
    return float(np.median(error) / np.median(plain))


@pytest.mark.parametrize(("alike", "most"), [(True, 0.25), (False, 0.4)])
def test_light_is_found_on_patterned_skin(*, alike: bool, most: float) -> None:
    assert off(seen(SHAPE, YAWS), skin(alike=alike), MIRROR) < most


def test_light_from_one_side_is_found_on_a_head_that_never_turns() -> None:
    meshes, albedo = seen(SHAPE, [0.0] * 5), skin(alike=True)
    alone = np.arange(len(SHAPE))  # each point is its own other half
    assert off(meshes, albedo, MIRROR) < 0.6 * off(meshes, albedo, alone)


def test_light_stays_in_bounds_on_a_head_that_never_turns() -> None:
    meshes = seen(SHAPE, [0.0] * 5)
    normals = normals_of(meshes, TRIANGLES)
    weights = visible(meshes, normals, SIDE)
    light = fitted_light(lit(meshes, skin(alike=False)), normals, weights, MIRROR)
    found = shading(levelled(light, normals), normals)
    assert found.min() > 0.5 and found.max() < 2
    assert found.mean() == pytest.approx(1, abs=0.02)


def test_colours_are_read_at_the_points() -> None:
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[:, 32:] = 200
    read = colours_at(picture, np.array([[10.0, 30.0], [50.0, 30.0], [500.0, -3.0]]))
    assert np.allclose(read[:, 0], [0, (200 / 255) ** GAMMA, (200 / 255) ** GAMMA], atol=1e-6)


@pytest.mark.parametrize("level", [0, 90, 255])
@pytest.mark.parametrize("count", [1, 4])
def test_plain_pictures_have_no_light_of_their_own(level: int, count: int) -> None:
    meshes = seen(SHAPE, YAWS[:count])
    faces = torch.full((count, 3, SIDE, SIDE), level, dtype=torch.uint8)
    light = light_of(faces, meshes, TRIANGLES, mirror=MIRROR, moving=[0, 1])
    found = tones(light, meshes, TRIANGLES)
    assert found.shape == (count, len(SHAPE), 3)
    assert np.isfinite(found).all()
    assert np.abs(found - 1).max() < 0.02
