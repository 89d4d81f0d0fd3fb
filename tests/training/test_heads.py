"""Heads whose shape and turn are known."""

import numpy as np
import pytest

from recast.training.heads import (
    Floats,
    Heads,
    counterpart,
    fit_turn,
    frontal_base,
    mirrored,
    normalised,
    retargeted,
)
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


def acting(shape: Floats, moves: Floats, amounts: Floats) -> Heads:
    """A head that does one of `moves` (3, 478, 3) at a time, the first most often."""
    rng = np.random.default_rng(len(amounts))
    doing = rng.choice(3, len(amounts), p=[0.6, 0.2, 0.2])
    wiggle = rng.normal(0, 0.002, (len(amounts), *shape.shape))
    shapes = shape + amounts[:, None, None] * moves[doing] + wiggle
    alike = np.ones(len(amounts))
    return Heads(
        np.median(shapes, 0),
        np.arange(400),
        shapes,
        np.stack([np.eye(3)] * len(amounts)),
        alike,
        np.zeros((len(amounts), 3)),
    )


@pytest.mark.parametrize("richer", ["src", "dst"])
def test_who_smiles_more_has_no_other_head_for_that(richer: str) -> None:
    rng = np.random.default_rng(4)
    shape, own = head(0), head(0, width=1.1)
    moves = np.zeros((3, 478, 3))
    moves[:, :60] = rng.normal(0, 0.05, (3, 60, 3))
    often, seldom = rng.uniform(0, 1, 240) ** 0.5, rng.uniform(0, 1, 150) ** 3
    src, dst = acting(own, moves, often), acting(shape, moves, seldom)
    if richer == "dst":
        src, dst = acting(own, moves, seldom), acting(shape, moves, often)
    wanted = own - shape

    def off(neutral: Floats) -> float:
        return float(np.abs(neutral - dst.neutral - wanted)[:60].mean())

    assert off(src.neutral) > 0.015
    assert off(counterpart(src, dst)) < 0.5 * off(src.neutral)


def test_of_two_takes_of_one_head_the_counterpart_is_its_neutral() -> None:
    src, dst = both()
    found = counterpart(dst, dst)
    assert np.allclose(found, dst.neutral, atol=1e-3)
    assert np.allclose(counterpart(src, dst), src.neutral, atol=1e-2)
