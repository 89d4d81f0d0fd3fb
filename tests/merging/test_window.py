"""Calming along a track: against the whole take at once, and never over an end of the track."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from recast.geometry import Similarity
from recast.merging.color import Measured
from recast.merging.compose import DrawnFace
from recast.merging.grain import Grain
from recast.merging.window import Calm, Faces, calmed

COUNT = 14


def face(at: int, *, level: float) -> DrawnFace:
    rng = np.random.default_rng(at)
    colours = np.full((4, 3), level, np.float32)
    light = np.full((2, 2, 3), level, np.float32)
    measured = Measured(colours, colours * 2, np.ones(4, np.float32), light)
    mask = rng.uniform(0, 1, (6, 6)).astype(np.float32)
    noise = Grain(np.eye(3) * level)
    placed = Similarity(np.eye(2, 3))
    return DrawnFace(np.zeros((6, 6, 3), np.float32), mask, placed, measured, noise)


def take() -> list[Faces[int]]:
    """Track 0 throughout, missing in frame 5; track 1 up to frame 7, track 2 from frame 8 on."""
    frames = []
    for at in range(COUNT):
        drawn, tracks = [face(at + 100, level=9.0)], [1 if at < 8 else 2]
        if at != 5:
            drawn, tracks = [face(at, level=float(at)), *drawn], [0, *tracks]
        frames.append(Faces(at, drawn, tracks))
    return frames


def slow_mask(frames: list[Faces[int]], at: int, track: int, sigma: float) -> np.ndarray:
    total, weights = np.zeros((6, 6)), 0.0
    for other in frames:
        away = abs(other.payload - at)
        if away <= np.ceil(2 * sigma) and track in other.tracks:
            weight = np.exp(-0.5 * (away / sigma) ** 2)
            total += weight * other.drawn[list(other.tracks).index(track)].mask
            weights += weight
    return total / weights


@pytest.mark.parametrize("sigma", [0.5, 1.0, 2.0])
def test_masks_are_weighted_means_along_their_track(sigma: float) -> None:
    frames = take()
    for done in calmed(frames, Calm(mask=sigma)):
        for drawn, track in zip(done.drawn, done.tracks, strict=True):
            assert np.allclose(drawn.mask, slow_mask(frames, done.payload, track, sigma), atol=1e-5)


def test_colours_light_and_grain_are_pooled() -> None:
    frames = take()
    done = list(calmed(frames, Calm(color=1.0)))[2].drawn[0]
    weights = np.exp(-0.5 * np.arange(-2, 3) ** 2)
    wanted = float((weights * np.arange(5)).sum() / weights.sum())
    assert done.measured is not None and done.noise is not None
    mean = np.average(done.measured.own[:, 0], weights=done.measured.weights)
    assert mean == pytest.approx(wanted, abs=1e-5)
    assert done.measured.light[0, 0, 0] == pytest.approx(wanted, abs=1e-5)
    assert done.noise.covariance[1, 1] == pytest.approx(wanted, abs=1e-5)


def test_wherever_the_work_begins_a_frame_comes_out_the_same() -> None:
    frames, calm = take(), Calm(color=1.5, mask=1.0)
    whole = list(calmed(frames, calm))
    for first in (1, 4, 6):
        begin = max(0, first - calm.reach)
        part = [one for one in calmed(frames[begin:], calm) if one.payload >= first]
        for one, other in zip(part, whole[first:], strict=True):
            for ours, theirs in zip(one.drawn, other.drawn, strict=True):
                assert np.array_equal(ours.mask, theirs.mask)
                assert ours.measured is not None and theirs.measured is not None
                assert np.array_equal(ours.measured.own, theirs.measured.own)


def test_no_more_frames_are_held_than_needed() -> None:
    read: list[int] = []

    def frames() -> Iterator[Faces[int]]:
        for one in take():
            read.append(one.payload)
            yield one

    calm = Calm(mask=1.0)
    for done in calmed(frames(), calm):
        assert read[-1] <= done.payload + calm.reach


def test_without_calming_a_frame_stays_itself() -> None:
    frames = take()
    assert all(a is b for a, b in zip(calmed(frames, Calm()), frames, strict=True))


def test_a_face_that_was_not_measured_stays_so() -> None:
    frames = [Faces(0, [replace(face(0, level=1.0), measured=None, noise=None)], [0])]
    (done,) = calmed(frames, Calm(color=1.0))
    assert done.drawn[0].measured is None and done.drawn[0].noise is None
