"""Tracks and smoothing: calmer, not slower, and never across a cut."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from recast.faces import Face, Seen, Smoothed, Tracker, pose_of, smooth_landmarks, smooth_stream
from recast.faces.mean_face import MEAN_FACE
from recast.faces.mesh_points import IBUG68

STILL = (MEAN_FACE[:, :2] * 100 + [300, 200]).astype(np.float32)


def face(landmarks: NDArray[np.floating[Any]], *, mesh: bool = False) -> Face:
    points = landmarks.astype(np.float32)
    dense = None
    if mesh:
        dense = np.full((478, 3), 300, np.float32)
        dense[list(IBUG68), :2] = points
        dense[list(IBUG68), 2] = MEAN_FACE[:, 2] * 100
    left, top = points.min(axis=0)
    right, bottom = points.max(axis=0)
    box = (float(left), float(top), float(right), float(bottom))
    return Face(box, 0.9, points, pose_of(points, dense), dense)


def trembling(count: int = 60) -> NDArray[np.float32]:
    """A swaying head with a network's trembling: mostly of the whole, a little of each point."""
    rng = np.random.default_rng(0)
    sway = np.sin(np.arange(count) / 9)[:, None, None] * [20, 5]
    noise = rng.normal(0, 0.8, (count, 1, 2)) + rng.normal(0, 0.3, (count, 68, 2))
    return np.asarray(STILL + sway + noise, np.float32)


def calm(count: int = 60) -> NDArray[np.float64]:
    return np.asarray(STILL + np.sin(np.arange(count) / 9)[:, None, None] * [20, 5])


def jitter(landmarks: NDArray[np.floating[Any]]) -> float:
    return float(np.linalg.norm(np.diff(landmarks, 2, axis=0), axis=2).mean())


def smoothed(
    runs: Sequence[Sequence[Face]], cuts: Sequence[int] = (), strength: float = 1.0
) -> list[Smoothed[int]]:
    frames = [Seen(at, faces, at in cuts) for at, faces in enumerate(runs)]
    return list(smooth_stream(frames, strength=strength))


def test_trembling_falls_and_the_error_with_it() -> None:
    raw, truth = trembling(), calm()
    smooth = smooth_landmarks(raw)
    assert jitter(smooth - truth) < jitter(raw - truth) / 2
    assert np.abs(smooth - truth).mean() < np.abs(raw - truth).mean() * 0.8


def test_nothing_lags() -> None:
    """Played backwards, the same comes out backwards."""
    raw = trembling()
    assert np.allclose(smooth_landmarks(raw)[::-1], smooth_landmarks(raw[::-1]), atol=1e-3)


def test_a_steady_motion_stays_as_it_is() -> None:
    moving = (STILL + np.arange(30)[:, None, None] * [4, -2]).astype(np.float32)
    assert np.allclose(smooth_landmarks(moving), moving, atol=1e-2)


def test_fast_speech_is_not_flattened() -> None:
    """A mouth that opens and closes four times a second at 25 frames a second."""
    speaking = np.repeat(STILL[None], 50, axis=0)
    opening = 10 + 10 * np.sin(np.arange(50) * 2 * np.pi * 4 / 25)
    speaking[:, 65:68, 1] += opening[:, None]
    smooth = smooth_landmarks(speaking)
    gap = smooth[:, 66, 1] - smooth[:, 62, 1]
    assert np.std(gap[5:-5]) > 0.85 * np.std(opening[5:-5])


def test_a_single_glitch_is_repaired() -> None:
    raw = calm().astype(np.float32)
    raw[30] += 60
    assert np.abs(smooth_landmarks(raw) - calm()).max() < 3


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_short_tracks_are_no_trouble(count: int) -> None:
    raw = trembling(count)
    assert np.isfinite(smooth_landmarks(raw)).all()
    assert np.abs(smooth_landmarks(raw) - raw).max() < 5


@pytest.mark.parametrize("strength", [0.6, 1.0, 2.5])
def test_the_stream_gives_the_same_as_the_whole(strength: float) -> None:
    raw = trembling()
    results = smoothed([[face(points)] for points in raw], strength=strength)
    assert [result.payload for result in results] == list(range(60))
    stream = np.stack([result.faces[0].landmarks for result in results])
    assert np.allclose(stream, smooth_landmarks(raw, strength=strength), atol=1e-3)


def test_the_stream_holds_back_only_a_few_frames() -> None:
    taken = []

    def frames() -> Iterator[Seen[int]]:
        for at in range(100):
            taken.append(at)
            yield Seen(at, [face(STILL)])

    stream = smooth_stream(frames())
    assert next(stream).payload == 0
    assert len(taken) <= 6


def test_strength_0_only_numbers() -> None:
    raw = trembling(10)
    results = smoothed([[face(points)] for points in raw], strength=0)
    assert all((r.faces[0].landmarks == p).all() for r, p in zip(results, raw, strict=True))
    assert [r.tracks for r in results] == [[0]] * 10


def test_mesh_box_and_pose_follow() -> None:
    raw = trembling()
    results = smoothed([[face(points, mesh=True)] for points in raw])
    for result in results[10:50]:
        found = result.faces[0]
        assert found.mesh is not None
        assert np.abs(found.mesh[list(IBUG68), :2] - found.landmarks).max() < 3
        assert found.pose == pose_of(found.landmarks, found.mesh)
        assert abs(found.box[0] - found.landmarks[:, 0].min()) < 3


def test_a_cut_is_not_smoothed_over() -> None:
    before, after = STILL, STILL + 12
    runs = [[face(before)]] * 8 + [[face(after)]] * 8
    results = smoothed(runs, cuts=[8])
    assert [r.tracks[0] for r in results] == [0] * 8 + [1] * 8
    assert np.allclose(results[7].faces[0].landmarks, before, atol=1e-3)
    assert np.allclose(results[8].faces[0].landmarks, after, atol=1e-3)


def test_frames_without_faces_pass_through() -> None:
    results = smoothed([[], [face(STILL)], [], []])
    assert [len(r.faces) for r in results] == [0, 1, 0, 0]
    assert smoothed([]) == []


def test_two_people_keep_their_numbers_in_any_order() -> None:
    tracker, other = Tracker(), STILL + np.array([150, 0])
    assert tracker([face(STILL), face(other)]) == [0, 1]
    assert tracker([face(other + 5), face(STILL + 5)]) == [1, 0]


def test_a_short_gap_does_not_end_a_track() -> None:
    tracker = Tracker(max_gap=3)
    numbers = [tracker(faces) for faces in ([face(STILL)], [], [], [], [face(STILL)])]
    assert numbers[-1] == [0]
    for _ in range(4):
        tracker([])
    assert tracker([face(STILL)]) == [1]


def test_a_far_jump_or_another_size_is_another_face() -> None:
    tracker = Tracker()
    tracker([face(STILL)])
    assert tracker([face(STILL + 200)]) == [1]
    assert tracker([face((STILL - 400) * 2 + 400)]) == [2]
