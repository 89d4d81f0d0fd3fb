"""Persons as groups of embeddings."""

import numpy as np
import pytest
from numpy.typing import NDArray

from recast.faces.persons import group_persons


def crowd(
    sizes: list[int], *, spread: float = 0.2, width: int = 64, seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Shuffled unit vectors around some directions at random, and whose each one is."""
    rng = np.random.default_rng(seed)
    whose = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    middles = rng.normal(size=(len(sizes), width))
    middles /= np.linalg.norm(middles, axis=1, keepdims=True)
    vectors = middles[whose] + rng.normal(size=(len(whose), width)) * spread / np.sqrt(width)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), whose


@pytest.mark.parametrize("sizes", [[1], [5], [40, 7], [300, 200, 100, 1], [5000, 4000, 30]])
def test_every_person_becomes_one_group_the_largest_first(sizes: list[int]) -> None:
    embeddings, whose = crowd(sizes)
    assert group_persons(embeddings, 0.8).tolist() == whose.tolist()


def test_many_persons_are_told_apart() -> None:
    embeddings, whose = crowd([12] * 150, width=128)
    groups = group_persons(embeddings, 0.8)
    assert len(set(groups)) == 150
    pairs = set(zip(groups.tolist(), whose.tolist(), strict=True))
    assert len(pairs) == 150


def test_a_person_seen_from_all_sides_is_joined() -> None:
    """Neighbours on an arc are alike, its ends are not, but all are near its middle."""
    angles = np.linspace(-0.55, 0.55, 200)
    arc = np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1)
    other = np.stack([0 * angles, 0 * angles, 1 + 0 * angles], axis=1)[:50]
    groups = group_persons(np.concatenate([arc, other]).astype(np.float32), 0.8)
    assert groups.tolist() == [0] * 200 + [1] * 50


def test_no_faces_make_no_persons() -> None:
    assert group_persons(np.zeros((0, 128), np.float32), 0.9).shape == (0,)


def test_the_same_faces_give_the_same_groups() -> None:
    embeddings, _ = crowd([30, 20, 10], spread=0.9)
    once = group_persons(embeddings, 0.8)
    assert (once == group_persons(embeddings, 0.8)).all()


def test_noise_does_not_end_in_disorder() -> None:
    rng = np.random.default_rng(1)
    noise = rng.normal(size=(3000, 32)).astype(np.float32)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    groups = group_persons(noise, 0.9)
    counts = np.bincount(groups)
    assert (counts > 0).all()
    assert (np.diff(counts) <= 0).all()
