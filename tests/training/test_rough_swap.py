"""Rough swaps, with heads whose shape, turn and colours are known."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from recast.faces.mean_face import MEAN_FACE
from recast.faces.mesh_points import IBUG68
from recast.training.augment import plain_grid
from recast.training.faces import TrainingFaces
from recast.training.gallery import nearest
from recast.training.heads import Heads, frontal_base, normalised
from recast.training.relight import GAMMA, normals_of
from recast.training.rough_swap import prepare
from recast.training.surface import inner, painted, triangles_over

POINTS = 478
SIDE = 64
Floats = NDArray[np.float64]


def turn(yaw: float) -> Floats:
    c, s = np.cos(np.radians(yaw)), np.sin(np.radians(yaw))
    return np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]])


def head(seed: int = 0, *, width: float = 1.0) -> Floats:
    """The mean face among points scattered on a bulging sheet, `width` times as wide."""
    rng = np.random.default_rng(seed)
    flat = rng.uniform(-0.6, 0.6, (POINTS, 2))
    shape = np.column_stack([flat, (flat**2).sum(1)])
    shape[list(IBUG68)] = MEAN_FACE - MEAN_FACE.mean(0)
    return np.asarray(shape * [width, 1, 1])


def smooth_head() -> Floats:
    """The same on a sheet without folds, whose normals are known."""
    shape = head(3)
    shape[:, 2] = 0.9 * (shape[:, :2] ** 2).sum(1)
    return shape


def seen(shape: Floats, yaws: list[float], size: float = 40) -> Floats:
    place = np.array([SIDE / 2, SIDE / 2, 0])
    return np.stack([size * shape @ turn(yaw).T + place for yaw in yaws])


def both(src_width: float = 1.0) -> tuple[Heads, Heads]:
    a, b = seen(head(width=src_width), [-20, 0, 20]), seen(head(), [-20, 0, 5, 20])
    return (
        normalised(a, frontal_base(a, np.array([20.0, 0, 20]))),
        normalised(b, frontal_base(b, np.array([20.0, 0, 5, 20]))),
    )


def test_the_nearest_src_face_looks_the_same_way() -> None:
    src, dst = both()
    found = nearest(src.poses, dst.poses)
    assert found.rows[:, 0, 0].tolist() == [0, 1, 1, 2]
    assert np.allclose(found.likeness.sum(-1), 1)
    assert (np.diff(found.likeness, axis=-1) <= 0).all()


def test_triangles_cover_every_point_once() -> None:
    grid = np.stack(np.meshgrid(np.arange(5), np.arange(4)), -1).reshape(-1, 2)
    points = (grid + np.random.default_rng(1).uniform(-0.1, 0.1, grid.shape)).astype(np.float32)
    triangles = triangles_over(points)
    assert set(triangles.ravel()) == set(range(20))
    corners = points[triangles]
    one, other = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = np.abs(one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]).sum() / 2
    assert area == pytest.approx(12, rel=0.2)


def test_near_triangles_hide_far_ones_and_weights_give_the_pixel_back() -> None:
    far = np.array([[2, 2, 5], [30, 2, 5], [2, 30, 5]], float)
    near = np.array([[2, 2, 1], [16, 2, 1], [2, 16, 1]], float)
    mesh = np.concatenate([far, near])
    shown, weights = painted(mesh, np.array([[0, 2, 1], [3, 5, 4]], np.int32), 32)
    assert shown[4, 4] == 1 and shown[14, 14] == 0 and shown[31, 31] == -1
    assert np.allclose(weights[14, 10] @ far[[0, 2, 1], :2], [10, 14], atol=1e-4)


def test_a_triangle_from_behind_is_not_shown() -> None:
    mesh = np.array([[2, 2, 5], [30, 2, 5], [2, 30, 5], [2, 2, 1], [16, 2, 1], [2, 16, 1]], float)
    shown, _ = painted(mesh, np.array([[0, 2, 1], [3, 4, 5]], np.int32), 32)
    assert shown[4, 4] == 0 and not (shown == 1).any()


def test_what_is_painted_counts_less_towards_its_edge() -> None:
    shown = np.full((40, 40), -1, np.int32)
    shown[:, 10:30] = 3
    soft = inner(shown, 5).astype(float)
    assert (soft[:, :10] == 0).all() and (soft[:, 30:] == 0).all()
    assert (soft[5:-5, 15:25] == 255).all()
    assert (np.diff(soft[20, 9:16]) >= 0).all() and 0 < soft[20, 12] < 255


def colored(meshes: Floats, color: tuple[int, int, int]) -> TrainingFaces:
    """Plain faces of one colour."""
    picture = torch.tensor(color, dtype=torch.uint8)[None, :, None, None]
    faces = picture.expand(len(meshes), 3, SIDE, SIDE).contiguous()
    return TrainingFaces(
        faces,
        torch.full((len(meshes), 1, SIDE, SIDE), 255, dtype=torch.uint8),
        meshes,
        meshes[:, list(IBUG68), :2].astype(np.float32),
        yaw=np.zeros(len(meshes)),
        pitch=np.zeros(len(meshes)),
    )


def lit_faces(meshes: Floats, direction: float, color: tuple[int, int, int]) -> TrainingFaces:
    """Faces of one colour under light from the side and from the camera, painted smoothly."""
    flat = normalised(meshes, frontal_base(meshes, np.abs(np.arange(len(meshes)) - 2.0)))
    triangles = triangles_over(flat.neutral[:, :2].astype(np.float32))
    normals = normals_of(meshes, triangles)
    shade = np.maximum(normals @ [direction, 0, -0.6], 0) + 0.3
    values = (shade / shade.mean()) ** (1 / GAMMA) * 0.7
    faces = colored(meshes, color)
    for at, mesh in enumerate(meshes):
        shown, weights = painted(mesh, triangles, SIDE)
        value = (values[at][triangles[shown]] * weights).sum(-1)
        value = np.where(shown >= 0, value, 0.7).clip(0, 1.2)
        lit = np.array(color)[:, None, None] * value
        faces.faces[at] = torch.from_numpy(lit.clip(0, 255).astype(np.uint8))
    return faces


def test_a_rough_swap_shows_src_where_dst_is() -> None:
    src = colored(seen(head(), [0, 20]), (200, 100, 50))
    dst = colored(seen(head(), [5, 15]), (0, 0, 255))
    rough = prepare(src, dst, framing="full")
    grids = plain_grid(SIDE, torch.device("cpu"))[None].expand(2, -1, -1, -1)
    painted = rough.paint(torch.tensor([0, 1]), grids, torch.Generator())
    faces, features = painted.face, painted.features
    inside = painted.cover.expand(-1, 3, -1, -1) > 0.99
    assert 0.1 < float(inside.float().mean()) < 0.95
    wanted = torch.tensor([200, 100, 50]).float()[None, :, None, None] / 255
    assert float(((faces - wanted).abs() * inside).max()) < 0.02
    assert float(features.min()) >= 0 and float(features.max()) <= 1


def test_a_rough_swap_is_lit_as_dst_is() -> None:
    yaws = [-40.0, -20.0, 0.0, 20.0, 40.0]
    left, right = (
        lit_faces(seen(smooth_head(), yaws), direction, (200, 120, 90)) for direction in (-0.8, 0.8)
    )
    rough = prepare(left, right, framing="full")
    grid = plain_grid(SIDE, torch.device("cpu"))[None]
    painted = rough.paint(rough.row[2:3], grid, torch.Generator())
    face, inside = painted.face, painted.cover[0, 0] > 0.99
    columns = torch.arange(SIDE).expand(SIDE, SIDE)
    low, high = (columns < SIDE / 2 - 4) & inside, (columns > SIDE / 2 + 4) & inside
    ratio = float(face[0, 0][high].mean() / face[0, 0][low].mean())
    wanted = right.faces[2, 0].float()
    assert ratio > 1.1
    assert ratio == pytest.approx(float(wanted[high].mean() / wanted[low].mean()), rel=0.2)


def test_all_neighbours_mixed_are_the_mean_of_one_at_a_time() -> None:
    src = colored(seen(head(), [-20, 0, 10, 20]), (200, 100, 50))
    src.faces[:] = torch.randint(
        0, 255, src.faces.shape, generator=torch.Generator(), dtype=torch.uint8
    )
    dst = colored(seen(head(), [5, 15]), (0, 0, 255))
    rough = prepare(src, dst, framing="full")
    chosen = torch.tensor([1])
    grid = plain_grid(SIDE, torch.device("cpu"))[None]
    even = rough.mapped[chosen]
    even = replace(even, likeness=torch.full_like(even.likeness, 1 / even.likeness.shape[-1]))
    mixed = rough.gallery.painted(even, grid).face
    rng = torch.Generator().manual_seed(1)
    alone = torch.stack([rough.paint(chosen, grid, rng).face for _ in range(400)]).mean(0)
    assert float((mixed - alone).abs().mean()) < 0.02


def test_a_sketch_shows_a_rough_swap_or_nothing() -> None:
    src = colored(seen(smooth_head(), [0, 20]), (200, 100, 50))
    dst = colored(seen(smooth_head(), [5, 15]), (0, 0, 255))
    rough = prepare(src, dst, framing="full")
    grids = plain_grid(SIDE, torch.device("cpu"))[None].expand(2, -1, -1, -1)
    painted = rough.paint(torch.tensor([0, 1]), grids)
    one, none = painted.sketch(torch.tensor([True, False]))
    assert float(none[3].max()) == 0 and bool((none[:3] == 0.5).all())
    plain = one[3] > 0.99
    assert 0.1 < float(plain.float().mean()) < 0.95
    assert torch.allclose(one[:3, plain], painted.face[0][:, plain], atol=0.01)
    assert bool((one[:3, one[3] == 0] == 0.5).all())


def test_a_gallery_holds_no_more_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recast.training.rough_swap.MOST_SRC", 2)
    yaws = [-20.0, -10.0, 0.0, 10.0, 20.0]
    src = colored(seen(head(), yaws), (1, 2, 3))
    rough = prepare(src, colored(seen(head(), [0, 5]), (1, 2, 3)), framing="full")
    assert len(rough.gallery.pictures) == 2
    assert int(rough.mapped.neighbours.max()) < 2


def test_dst_heads_far_from_every_src_head_are_not_used() -> None:
    src = colored(seen(head(), [-5, 0]), (1, 2, 3))
    dst = colored(seen(head(), [0, 50]), (1, 2, 3))
    assert (prepare(src, dst, framing="full").row >= 0).tolist() == [True, False]


def test_faces_without_meshes_are_refused() -> None:
    src = colored(seen(head(), [0, 20]), (1, 2, 3))
    bare = replace(src, meshes=None)
    with pytest.raises(ValueError, match="mesh"):
        prepare(src, bare, framing="full")
