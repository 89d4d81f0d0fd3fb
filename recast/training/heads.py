"""Heads without their motion: what shape a person's face has, and which way it looks.

*Meshes* are (N, V, 3): x right, y down, z away from the camera, in pixels of aligned faces.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recast.faces.mesh_points import SURFACE

Floats = NDArray[np.float64]
MIRRORINGS = 5
SHIFTS = 10


@dataclass(frozen=True)
class Poses:
    """What faces of one person do: moved (N, V, 3), how far each point is from the neutral head;
    turns (N, 3, 3), of the head."""

    moved: Floats
    turns: Floats


@dataclass(frozen=True)
class Heads:
    """Meshes with place, size and turn of the head taken out: mesh = size * turn @ x + place.

    neutral: (V, 3), where the average face spans about one unit; still: the V' points that
    expression moves least; shapes: (N, V, 3), turns: (N, 3, 3), sizes: (N,), places: (N, 3).
    """

    neutral: Floats
    still: NDArray[np.intp]
    shapes: Floats
    turns: Floats
    sizes: Floats
    places: Floats

    @property
    def poses(self) -> Poses:
        """The same heads, whoever they are of."""
        return Poses(self.shapes - self.neutral, self.turns)


def fit_turn(shape: Floats, onto: Floats) -> tuple[float, Floats, Floats]:
    """Size, turn and place that carry `shape` (V, 3) nearest to `onto` (Umeyama 1991)."""
    centre, centre_onto = shape.mean(0), onto.mean(0)
    a, b = shape - centre, onto - centre_onto
    u, d, vt = np.linalg.svd(b.T @ a)
    sign = np.array([1, 1, np.sign(np.linalg.det(u @ vt))])
    turn = u @ np.diag(sign) @ vt
    size = float((d * sign).sum() / (a**2).sum())
    return size, turn, centre_onto - size * turn @ centre


def posed(meshes: Floats, neutral: Floats, still: NDArray[np.intp]) -> Heads:
    """Take the motion of a head that is known out of its meshes."""
    fits = [fit_turn(neutral[still], mesh[still]) for mesh in meshes]
    sizes, turns, places = (np.array(part) for part in zip(*fits, strict=True))
    shapes = (meshes - places[:, None]) @ turns / sizes[:, None, None]
    return Heads(neutral, still, shapes, turns, sizes, places)


def normalised(meshes: Floats, base: Floats, rounds: int = 3) -> Heads:
    """Take the motion of the head out of one person's meshes, and find its neutral shape.

    That is the median one, mostly free of expression. `base` (V, 3) is a roughly neutral frontal
    face in units, which fixes what "unturned" means.
    """
    neutral, still = base, np.arange(SURFACE)
    for _ in range(rounds):
        shapes = posed(meshes, neutral, still).shapes
        neutral = np.asarray(np.median(shapes, axis=0))
        motion = np.linalg.norm(shapes.std(0), axis=-1)[:SURFACE]
        still = np.argsort(motion)[: SURFACE // 2]
    return posed(meshes, neutral, still)


def frontal_base(meshes: Floats, turn_away: Floats) -> Floats:
    """The mesh least turned away, centred and scaled to a unit face; `turn_away` is (N,)."""
    mesh = meshes[np.argmin(turn_away)]
    mesh = mesh - mesh[:SURFACE].mean(0)
    return np.asarray(mesh / np.ptp(mesh[:SURFACE, 0]))


def mirrored(neutral: Floats) -> NDArray[np.intp]:
    """(V,): for each point of a neutral head (V, 3), in units, the one on the other half."""
    turned = neutral * (-1, 1, 1)
    other = np.arange(len(neutral))
    for _ in range(MIRRORINGS):  # the head is only roughly unturned, and the points in no order
        apart = ((turned[:, None] - neutral) ** 2).sum(-1)
        other = apart.argmin(1)
        size, turn, place = fit_turn(turned[:SURFACE], neutral[other[:SURFACE]])
        turned = size * turned @ turn.T + place
    return other


def counterpart(src: Heads, dst: Heads) -> Floats:
    """src's head (V, 3) in the expression that dst's neutral one shows.

    Medians of two takes differ by what the persons do, too: who speaks or smiles more has another
    "neutral" mouth. So the shapes of both are laid over one another as clouds, each shape beside
    the nearest one of the other take (Besl and McKay, "A method for registration of 3-D shapes",
    1992, with one shift for each point). Either take may lack what the other does: the way round
    that finds nearer shapes counts more.
    """
    size, turn, place = fit_turn(src.neutral[:SURFACE], dst.neutral[:SURFACE])
    shapes, neutral = (size * part @ turn.T + place for part in (src.shapes, src.neutral))
    ours, theirs = shapes.reshape(len(shapes), -1), dst.shapes.reshape(len(dst.shapes), -1)
    first = (neutral - dst.neutral).ravel()
    one, other = _shift(theirs, ours, first), _shift(ours, theirs, -first)
    weights = np.array([_apart(theirs + one, ours), _apart(ours + other, theirs)]) ** -4.0
    shift = (weights[0] * one - weights[1] * other) / weights.sum()
    return np.asarray(src.neutral + (shift - first).reshape(-1, 3) @ turn / size)


def _shift(shapes: Floats, onto: Floats, first: Floats) -> Floats:
    """What is to be added to shapes (N, 3 V) so that each lies near one of the others."""
    shift = first
    for _ in range(SHIFTS):
        near = _distances(shapes + shift, onto).argmin(1)
        shift = np.median(onto[near] - shapes, axis=0)
    return shift


def _apart(shapes: Floats, onto: Floats) -> float:
    """How far shapes are from the nearest of the others, in the mean."""
    return max(float(np.sqrt(_distances(shapes, onto).min(1)).mean()), 1e-6)


def _distances(one: Floats, other: Floats) -> Floats:
    """(N, M) squared distances of (N, D) and (M, D)."""
    square = (one**2).sum(1)[:, None] + (other**2).sum(1) - 2 * one @ other.T
    return np.asarray(np.maximum(square, 0))


def retargeted(src_neutral: Floats, dst: Heads) -> Floats:
    """dst's meshes with src's proportions: (N_dst, V, 3) in dst's pixels."""
    # The points that move least are few and lie close together: they leave open how far src's
    # head nods.
    size, turn, place = fit_turn(src_neutral[:SURFACE], dst.neutral[:SURFACE])
    proportions = size * src_neutral @ turn.T + place - dst.neutral
    shapes = dst.shapes + proportions
    turned: Floats = shapes @ dst.turns.transpose(0, 2, 1)
    return turned * dst.sizes[:, None, None] + dst.places[:, None]


def furthest_turn(src_turns: Floats, dst_turns: Floats) -> Floats:
    """(N_dst,): degrees to the src head that looks most nearly the same way.

    Args:
        src_turns, dst_turns: (N, 3, 3).
    """
    cosines = (dst_turns[:, :, 2] @ src_turns[:, :, 2].T).clip(-1, 1)
    return np.asarray(np.degrees(np.arccos(cosines)).min(1))
