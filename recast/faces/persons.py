"""Persons as groups of faces, by their embeddings."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from recast.faces.identity import Embeddings

_BLOCK = 4096
_MOST_PERSONS = 2000
"""Groups that are looked at as persons; what is smaller than so many others counts as strays."""
_STRETCH = 48
_SAMPLES = 6
_ROUNDS = 3
"""More rounds change hardly a face."""


def group_persons(embeddings: Embeddings, threshold: float) -> NDArray[np.int64]:
    """The number of each face's person, (N,); 0 is the person with most faces.

    A face belongs to the person whose mean embedding is the nearest, if the cosine reaches
    `threshold`; else it founds a new person. Persons whose means reach it too are joined. Time and
    memory grow with N times the number of persons. The same input gives the same groups.
    """
    if not len(embeddings):
        return np.zeros(0, np.int64)
    means, labels = _founded(embeddings, threshold)
    sizes = np.bincount(labels)
    large = np.argsort(-sizes, kind="stable")[:_MOST_PERSONS]
    # Strays are many in poor footage: they stay what they are unless a person draws them in.
    is_large = np.zeros(len(sizes), bool)
    is_large[large] = True
    stray = ~is_large[labels]
    own = np.full(len(embeddings), -2, np.float32)
    own[stray] = np.einsum("nd,nd->n", embeddings[stray], means[labels[stray]])
    persons = means[large]
    for _ in range(_ROUNDS):
        nearest, alike = _nearest(embeddings, persons)
        drawn = alike > own
        persons, counts = _means(embeddings[drawn], nearest[drawn])
        persons = _joined(persons, counts, threshold)
    nearest, alike = _nearest(embeddings, persons)
    return _by_size(np.where(alike > own, nearest, len(persons) + labels))


def faces_of_person(
    frames: NDArray[np.int64],
    tracks: NDArray[np.int64],
    embed: Callable[[NDArray[np.int64]], Embeddings],
    *,
    reference: NDArray[np.float32],
    threshold: float,
) -> tuple[NDArray[np.bool_], float]:
    """Which faces are the reference's person, (N,), and the best cosine of any stretch of them.

    A track is looked at in stretches of `_STRETCH` faces, of which a few are embedded (`embed` gets
    their indices). The mean of a stretch votes for all of its faces, so that a face in profile or
    in a blur goes with its neighbours. Where the few disagree, all are embedded and those that are
    alike vote together: then a cut was taken for a movement. What reaches `threshold` with the
    reference shows the person from more sides, and votes again against the mean of all that. In a
    frame only one face can be the person: the one with the best vote.
    """
    parts = _stretches(frames, tracks)
    means = np.zeros((0, len(reference)), np.float32)
    found: list[NDArray[np.int64]] = []
    for part in parts:
        few = part[np.linspace(0, len(part) - 1, min(_SAMPLES, len(part))).round().astype(int)]
        for faces, mean in _votes(part, few, embed, threshold=threshold):
            found.append(faces)
            means = np.concatenate([means, mean[None]])
    votes = means @ reference
    sure = votes >= threshold
    best = float(votes.max()) if len(votes) else 0.0
    if not sure.any():
        return np.zeros(len(frames), bool), best
    sizes = np.array([len(faces) for faces in found], np.float32)
    person = _unit((means[sure] * sizes[sure, None]).sum(axis=0))
    votes = np.maximum(votes, means @ person)
    each = np.full(len(frames), -1, np.float32)
    for faces, vote in zip(found, votes, strict=True):
        each[faces] = vote
    return _one_a_frame(frames, each) & (each >= threshold), best


def _stretches(frames: NDArray[np.int64], tracks: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The indices of each track's faces in the order of their frames, in pieces."""
    order = np.lexsort((frames, tracks)).astype(np.int64)
    ends = np.flatnonzero(np.diff(tracks[order])) + 1
    return [
        track[at : at + _STRETCH]
        for track in np.split(order, ends)
        for at in range(0, len(track), _STRETCH)
    ]


def _votes(
    part: NDArray[np.int64],
    few: NDArray[np.int64],
    embed: Callable[[NDArray[np.int64]], Embeddings],
    *,
    threshold: float,
) -> list[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Faces that vote together, and their mean."""
    seen = embed(few)
    mean = _unit(seen.sum(axis=0))
    if (seen @ mean >= threshold).all():
        return [(part, mean)]
    seen = embed(part)
    groups = group_persons(seen, threshold)
    counts = np.bincount(groups)
    # A few blurred faces are no person of their own; they go with most of their neighbours.
    groups[counts[groups] < max(3, len(part) // 10)] = 0
    return [
        (part[groups == group], _unit(seen[groups == group].sum(axis=0)))
        for group in np.unique(groups)
    ]


def _one_a_frame(frames: NDArray[np.int64], votes: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The best of each frame, (N,)."""
    order = np.lexsort((-votes, frames))
    first = np.ones(len(order), bool)
    first[1:] = np.diff(frames[order]) > 0
    best = np.zeros(len(order), bool)
    best[order[first]] = True
    return best


def _founded(embeddings: Embeddings, threshold: float) -> tuple[Embeddings, NDArray[np.int64]]:
    """The means of the persons that turn up in a first walk, and whose each face is."""
    sums = np.zeros((64, embeddings.shape[1]), np.float32)
    labels = np.full(len(embeddings), -1, np.int64)
    found = 0
    for start in range(0, len(embeddings), _BLOCK):
        rest = np.arange(start, min(start + _BLOCK, len(embeddings)))
        if found:
            nearest, alike = _nearest(embeddings[rest], _unit(sums[:found]))
            known = alike >= threshold
            labels[rest[known]] = nearest[known]
            for number in np.unique(nearest[known]):
                chosen = rest[known & (nearest == number)]
                sums[number] += embeddings[chosen].sum(axis=0)
            rest = rest[~known]
        while len(rest):
            # All that is like the first of the rest; then, once, like the mean of those.
            left = embeddings[rest]
            group = left @ left[0] >= threshold
            group |= left @ _unit(left[group].sum(axis=0)) >= threshold
            group[0] = True
            if found == len(sums):
                sums = np.concatenate([sums, np.zeros_like(sums)])
            sums[found] = left[group].sum(axis=0)
            labels[rest[group]] = found
            found += 1
            rest = rest[~group]
    return _unit(sums[:found]), labels


def _nearest(
    embeddings: Embeddings, means: Embeddings
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The nearest mean of each face, and the cosine."""
    nearest = np.zeros(len(embeddings), np.int64)
    alike = np.zeros(len(embeddings), np.float32)
    for at in range(0, len(embeddings), _BLOCK):
        block = embeddings[at : at + _BLOCK] @ means.T
        nearest[at : at + _BLOCK] = block.argmax(axis=1)
        alike[at : at + _BLOCK] = block.max(axis=1)
    return nearest, alike


def _means(
    embeddings: Embeddings, nearest: NDArray[np.int64]
) -> tuple[Embeddings, NDArray[np.int64]]:
    """The means of those groups that have faces, and how many these are."""
    order = np.argsort(nearest, kind="stable")
    _, first, counts = np.unique(nearest[order], return_index=True, return_counts=True)
    return _unit(np.add.reduceat(embeddings[order], first, axis=0)), counts


def _joined(means: Embeddings, sizes: NDArray[np.int64], threshold: float) -> Embeddings:
    """Join the two nearest means as long as they are one person's; larger groups weigh more."""
    sums = means * sizes[:, None].astype(np.float32)
    rows = np.arange(len(sums))
    alive = np.ones(len(sums), bool)
    alike = means @ means.T
    np.fill_diagonal(alike, -2)
    best = alike.argmax(axis=1)
    while alive.sum() > 1:
        one = int(alike[rows, best].argmax())
        other = int(best[one])
        if alike[one, other] < threshold:
            break
        sums[one] += sums[other]
        alive[other] = False
        alike[other] = alike[:, other] = -2
        row = np.where(alive, _unit(sums) @ _unit(sums[one]), -2)
        row[one] = -2
        alike[one] = alike[:, one] = row
        stale = (best == one) | (best == other) | (row > alike[rows, best])
        stale[one] = True
        best[stale] = alike[stale].argmax(axis=1)
    return _unit(sums[alive])


def _by_size(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number anew: the largest group is 0; of equals the one that comes first."""
    _, first, labels, counts = np.unique(
        labels, return_index=True, return_inverse=True, return_counts=True
    )
    rank = np.empty(len(counts), np.int64)
    rank[np.lexsort((first, -counts))] = np.arange(len(counts))
    return rank[labels]


def _unit(vectors: Embeddings) -> Embeddings:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)
