import numpy as np
import pytest

from recast.geometry import Points, Similarity

TRIANGLE: Points = np.array([[0, 0], [10, 0], [3, 7]], np.float32)
ODD = Similarity(np.array([[0.6, -0.8, 12.5], [0.8, 0.6, -3.25]]) * 1.7)


def turned(points: Points, degrees: float, *, scale: float, shift: tuple[float, float]) -> Points:
    angle = np.radians(degrees)
    x, y = points.T.astype(np.float64)
    across = scale * (x * np.cos(angle) - y * np.sin(angle)) + shift[0]
    down = scale * (x * np.sin(angle) + y * np.cos(angle)) + shift[1]
    return np.stack([across, down], 1).astype(np.float32)


@pytest.mark.parametrize("degrees", [0, 30, -90, 179])
@pytest.mark.parametrize("scale", [0.01, 1, 250])
def test_fit_recovers_a_known_turn(degrees: float, scale: float) -> None:
    moved = turned(TRIANGLE, degrees, scale=scale, shift=(40, -7))
    fitted = Similarity.fit(TRIANGLE, moved)
    assert np.allclose(fitted.apply(TRIANGLE), moved, atol=1e-4 * max(scale, 10))
    assert fitted.scale == pytest.approx(scale, rel=1e-3)


def test_fit_never_mirrors() -> None:
    mirrored = (TRIANGLE * [-1, 1]).astype(np.float32)
    linear = Similarity.fit(TRIANGLE, mirrored).matrix[:, :2]
    assert np.linalg.det(linear) > 0
    assert np.allclose(linear.T @ linear, np.eye(2) * np.linalg.det(linear))


@pytest.mark.parametrize("change", [(0.01, 0, 0, 0), (0, 0.01, 0, 0), (0, 0, 0.1, 0), (0, 0, 0, 1)])
def test_no_other_similarity_is_nearer(change: tuple[float, float, float, float]) -> None:
    rng = np.random.default_rng(0)
    points = rng.uniform(0, 100, (20, 2)).astype(np.float32)
    onto = turned(points, 25, scale=1.4, shift=(3, 4)) + rng.normal(0, 5, (20, 2))
    fitted = Similarity.fit(points, onto.astype(np.float32))
    a, b, x, y = change
    for sign in (1, -1):
        other = Similarity(fitted.matrix + sign * np.array([[a, -b, x], [b, a, y]]))
        error, worse = (np.square(s.apply(points) - onto).sum() for s in (fitted, other))
        assert error < worse


def test_inverse_is_the_way_back() -> None:
    assert np.allclose(ODD.inverse().apply(ODD.apply(TRIANGLE)), TRIANGLE, atol=1e-4)
    assert np.allclose(ODD.then(ODD.inverse()).matrix, [[1, 0, 0], [0, 1, 0]])


def test_then_applies_the_left_one_first() -> None:
    doubled = Similarity(np.array([[2.0, 0, 0], [0, 2, 0]]))
    shifted = Similarity(np.array([[1.0, 0, 5], [0, 1, 0]]))
    assert doubled.then(shifted).apply(TRIANGLE)[1].tolist() == [25, 0]
    assert shifted.then(doubled).apply(TRIANGLE)[1].tolist() == [30, 0]


def test_scales_multiply() -> None:
    assert ODD.then(ODD).scale == pytest.approx(ODD.scale**2)


def test_apply_takes_points_in_any_arrangement() -> None:
    many = np.random.default_rng(0).uniform(0, 9, (4, 5, 2)).astype(np.float32)
    one_by_one = [[ODD.apply(point) for point in row] for row in many]
    assert np.allclose(ODD.apply(many), one_by_one)
    assert ODD.apply(many).dtype == np.float32
