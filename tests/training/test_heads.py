"""Heads whose shape and turn are known."""

import numpy as np
import pytest

from recast.training.heads import fit_turn, frontal_base, mirrored, normalised, retargeted
from tests.training.test_rough_swap import both, head, seen, turn


def test_a_known_turn_is_found_again() -> None:
    shape = head()
    size, turned, place = fit_turn(shape, 3 * shape @ turn(25).T + [1, 2, 3])
    assert size == pytest.approx(3)
    assert np.allclose(turned, turn(25))
    assert np.allclose(place, [1, 2, 3])


def test_normalised_heads_no_longer_move() -> None:
    yaws = [-30.0, 0.0, 10.0, 40.0]
    meshes = seen(head(), yaws)
    heads = normalised(meshes, frontal_base(meshes, np.abs(yaws)))
    assert np.allclose(heads.shapes, heads.neutral, atol=1e-6)
    assert np.allclose(
        heads.sizes[:, None, None] * heads.turns @ heads.neutral.T,
        (meshes - heads.places[:, None]).transpose(0, 2, 1),
        atol=1e-6,
    )


def test_retargeting_gives_dst_the_proportions_of_src_and_keeps_its_pose() -> None:
    src, dst = both(src_width=1.3)
    meshes = retargeted(src.neutral, dst)
    spans = np.ptp(meshes[1], axis=0)
    assert spans[0] / spans[1] == pytest.approx(1.3, rel=0.03)
    again = normalised(meshes, frontal_base(meshes, np.array([20.0, 0, 5, 20])))
    assert np.allclose(again.turns[3] @ again.turns[1].T, turn(20), atol=0.05)


def test_one_person_is_retargeted_onto_itself() -> None:
    src, dst = both()
    assert np.allclose(retargeted(src.neutral, dst), seen(head(), [-20, 0, 5, 20]), atol=1e-3)


def test_each_point_finds_the_one_of_the_other_half() -> None:
    half = np.random.default_rng(7).uniform((0.05, -0.6, 0), (0.6, 0.6, 0.5), (200, 3))
    middle = np.random.default_rng(8).uniform((0, -0.6, 0), (0, 0.6, 0.5), (78, 3))
    face = np.concatenate([half, half * (-1, 1, 1), middle])
    wanted = np.concatenate([np.arange(200, 400), np.arange(200), np.arange(400, 478)])
    order = np.random.default_rng(9).permutation(478)
    found = mirrored((face @ turn(3.0).T + (0.02, 0, 0))[order])
    assert (order[found] == wanted[order]).mean() > 0.98
