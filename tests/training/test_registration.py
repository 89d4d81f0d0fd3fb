"""Meshes that are off by a known distance find back to the skin they were painted with."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from recast.training.registration import (
    SIDE,
    Registrar,
    Unfolding,
    flat_points,
    log_light,
    registered,
    skin_of,
)
from recast.training.surface import painted, triangles_over
from tests.training.test_rough_swap import Floats, seen, smooth_head

CROP = 128
YAWS = [-24.0, -16.0, -8.0, 0.0, 8.0, 16.0, 24.0, 4.0]
SHAPE = smooth_head()
TRIANGLES = triangles_over(SHAPE[:, :2].astype(np.float32))
MESHES = seen(SHAPE, YAWS, size=90.0) + np.array([CROP / 2 - 32, CROP / 2 - 32, 0])
Pictures = NDArray[np.uint8]


def freckled(meshes: Floats, *, contrast: float = 60.0, light: float = 0.0) -> Pictures:
    """(N, CROP, CROP, 3): heads with freckles that stick to them, lit from the left by `light`."""
    rng = np.random.default_rng(11)
    skin = cv2.GaussianBlur(rng.normal(size=(400, 400)), (0, 0), 5)
    skin = 130 + contrast * skin / skin.std() / 2
    at = ((SHAPE[:, :2] + 0.7) / 1.4 * 399).astype(np.float32)
    found = []
    for mesh in meshes:
        shown, weights = painted(mesh, TRIANGLES, CROP)
        where = (at[TRIANGLES[np.maximum(shown, 0)]] * weights[..., None]).sum(2).astype(np.float32)
        look = cv2.remap(skin, where[..., 0], where[..., 1], cv2.INTER_LINEAR)
        look = np.where(shown >= 0, look, 90) * np.linspace(1 + light, 1 - light, CROP)
        found.append(np.repeat(look[..., None], 3, 2).clip(0, 255).astype(np.uint8))
    return np.stack(found)


def wandered(meshes: Floats, by: float, seed: int = 3) -> Floats:
    """Meshes whose points are off by `by` pixels, neighbours alike."""
    rng = np.random.default_rng(seed)
    moved = meshes.copy()
    for mesh in moved:
        waves = cv2.GaussianBlur(rng.normal(size=(64, 64, 2)), (0, 0), 9)
        waves *= by / np.linalg.norm(waves, axis=-1).mean()
        at = ((SHAPE[:, :2] + 0.7) / 1.4 * 63).astype(np.float32)
        mesh[:, :2] += cv2.remap(waves, at[:, 0][None], at[:, 1][None], cv2.INTER_LINEAR)[0]
    return moved


def looks(pictures: Pictures) -> Callable[[int], NDArray[np.float32]]:
    return lambda row: log_light(pictures[row])


def off(found: Floats) -> float:
    """Mean distance of the points well inside to where they belong, less what all share."""
    inner = np.abs(SHAPE[:, :2]).max(1) < 0.3
    error = (found - MESHES)[:, inner, :2]
    return float(np.linalg.norm(error - error.mean(0), axis=-1).mean())


@pytest.mark.parametrize("light", [0.0, 0.3])
def test_meshes_that_wander_are_brought_together(light: float) -> None:
    pictures, wrong = freckled(MESHES, light=light), wandered(MESHES, 1.5)
    points = flat_points(SHAPE)
    skin = skin_of(looks(pictures), wrong, points, TRIANGLES)
    found = registered(looks(pictures), wrong, skin, TRIANGLES)
    assert off(wrong) > 1.0
    assert off(found) < 0.25 * off(wrong)
    assert np.array_equal(found[..., 2], wrong[..., 2])


def test_one_mesh_finds_the_skin_that_others_made() -> None:
    pictures = freckled(MESHES)
    skin = skin_of(looks(pictures), MESHES, flat_points(SHAPE), TRIANGLES)
    registrar = Registrar(skin, Unfolding(skin.points, TRIANGLES))
    wrong = wandered(MESHES, 1.5, seed=4)
    found = np.stack(
        [registrar(log_light(one), mesh) for one, mesh in zip(pictures, wrong, strict=True)]
    )
    assert off(found) < 0.25 * off(wrong)
    assert off(registered(looks(pictures), MESHES, skin, TRIANGLES)) < 0.3


@pytest.mark.parametrize("level", [0, 120, 255])
def test_on_plain_skin_meshes_stay(level: int) -> None:
    plain = np.full((len(MESHES), CROP, CROP, 3), level, np.uint8)
    skin = skin_of(looks(plain), MESHES, flat_points(SHAPE), TRIANGLES)
    found = registered(looks(plain), MESHES, skin, TRIANGLES)
    assert np.abs(found - MESHES).max() < 0.05


def test_other_pictures_than_of_this_skin_move_little() -> None:
    skin = skin_of(looks(freckled(MESHES)), MESHES, flat_points(SHAPE), TRIANGLES)
    noise = np.random.default_rng(1).integers(0, 255, (2, CROP, CROP, 3), dtype=np.uint8)
    found = registered(looks(noise), MESHES[:2], skin, TRIANGLES)
    assert np.isfinite(found).all()
    assert np.linalg.norm((found - MESHES[:2])[..., :2], axis=-1).mean() < 1.0


def test_the_rim_stays() -> None:
    pictures, wrong = freckled(MESHES), wandered(MESHES, 1.5)
    points = flat_points(SHAPE)
    skin = skin_of(looks(pictures), wrong, points, TRIANGLES)
    found = registered(looks(pictures), wrong, skin, TRIANGLES)
    rim = Unfolding(points, TRIANGLES).rim
    x, y = points.round().astype(int).clip(0, SIDE - 1).T
    assert np.abs(found - wrong)[:, rim[y, x] == 0].max() < 0.2


def test_a_picture_lies_flat_as_it_was_painted() -> None:
    flat = Unfolding(flat_points(SHAPE), TRIANGLES)
    details = [
        flat.look(log_light(one), mesh) for one, mesh in zip(freckled(MESHES), MESHES, strict=True)
    ]
    (one, seen_one, _), (other, seen_other, _) = details[2], details[4]
    both = (seen_one > 0.9) & (seen_other > 0.9) & (flat.rim == 1)
    assert both.mean() > 0.2
    assert np.corrcoef(one[both], other[both])[0, 1] > 0.9
