"""Persons as groups of embeddings."""

import numpy as np
import pytest
from numpy.typing import NDArray

from recast.faces.persons import faces_of_person, group_persons


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


def judged(
    embeddings: NDArray[np.float32],
    tracks: list[int],
    frames: list[int],
    reference: NDArray[np.float32],
    threshold: float = 0.8,
) -> tuple[list[bool], float, int]:
    """Which are the person's, the best cosine, and how many faces were embedded."""
    asked = 0

    def embed(indices: NDArray[np.int64]) -> NDArray[np.float32]:
        nonlocal asked
        asked += len(indices)
        return embeddings[indices]

    kept, best = faces_of_person(
        np.array(frames), np.array(tracks), embed, reference=reference, threshold=threshold
    )
    return kept.tolist(), best, asked


ANNA, BERTA = np.eye(16, dtype=np.float32)[:2]


def seen(person: NDArray[np.float32], count: int, spread: float = 0.1) -> NDArray[np.float32]:
    found = person + np.random.default_rng(count).normal(size=(count, 16)) * spread / 4
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


def test_a_track_is_judged_as_a_whole_by_a_few_of_its_faces() -> None:
    faces = np.concatenate([seen(ANNA, 200), seen(BERTA, 200)])
    faces[17], faces[60:63] = BERTA, -ANNA  # a profile, a blur
    tracks, frames = [0] * 200 + [1] * 200, [*range(200)] * 2
    kept, best, asked = judged(faces, tracks, frames, ANNA)
    assert kept == [True] * 200 + [False] * 200
    assert best > 0.95
    assert asked < 150


def test_a_cut_inside_a_track_is_noticed() -> None:
    """Two persons in turn at the same place look like one track."""
    faces = np.concatenate([seen(ANNA, 20), seen(BERTA, 20), seen(ANNA, 30)])
    kept, _, _ = judged(faces, [0] * 70, [*range(70)], ANNA)
    assert kept == [True] * 20 + [False] * 20 + [True] * 30


def test_in_a_frame_only_one_face_is_the_person() -> None:
    """A double on a poster is less like her."""
    double = (ANNA + 0.4 * BERTA) / np.float32(np.hypot(1, 0.4))
    faces = np.concatenate([seen(double, 10, 0.01), seen(ANNA, 10, 0.01)])
    kept, _, _ = judged(faces, [0] * 10 + [1] * 10, [*range(10)] * 2, ANNA)
    assert kept == [False] * 10 + [True] * 10


def test_another_side_of_the_person_is_found_by_what_was_found() -> None:
    """The far side is unlike the picture, but like the mean of all that is like the picture."""
    turned = [np.cos(a) * ANNA + np.sin(a) * BERTA for a in (0.0, 0.5, 0.8)]
    faces = np.repeat(np.array(turned, np.float32), 10, axis=0)
    assert turned[2] @ ANNA < 0.8
    kept, _, _ = judged(faces, [0] * 10 + [1] * 10 + [2] * 10, [*range(30)], ANNA)
    assert kept == [True] * 30


def test_where_nobody_is_like_the_person_none_is_kept() -> None:
    kept, best, _ = judged(seen(BERTA, 30), [0] * 30, [*range(30)], ANNA)
    assert not any(kept)
    assert best < 0.3
    assert judged(np.zeros((0, 16), np.float32), [], [], ANNA)[0] == []
