"""Which frames a person is asked to look at."""

import numpy as np

from recast.faces import Face, Pose, doubtful
from recast.faces.mean_face import MEAN_FACE


def face(x: float, y: float = 50, *, size: float = 100, score: float = 0.9) -> Face:
    points = (MEAN_FACE[:, :2] * size + [x, y]).astype(np.float32)
    return Face((x, y, x + size, y + size), score, points, Pose(0, 0, 0))


def test_frames_without_a_face_and_with_several() -> None:
    found = {3: [face(0)], 1: [], 2: [face(0), face(300)], 7: []}
    assert doubtful(found, "missing") == [1, 7]
    assert doubtful(found, "several") == [2]


def test_low_scores_are_those_below_the_limit() -> None:
    found = {0: [face(0, score=0.9)], 1: [face(0, score=0.65)], 2: [face(0), face(300, score=0.2)]}
    assert doubtful(found, "low-score") == [1, 2]
    assert doubtful(found, "low-score", below=0.5) == [2]


def test_a_face_that_leaps_or_flickers_jumps() -> None:
    steady = {frame: [face(4.0 * frame)] for frame in range(10)}
    assert doubtful(steady, "jumps") == []
    flicker = {**steady, 5: [face(20 + 18)]}
    assert doubtful(flicker, "jumps") == [5]
    cut = {frame: [face(0 if frame < 5 else 400)] for frame in range(10)}
    assert doubtful(cut, "jumps") == [5]


def test_two_people_side_by_side_do_not_jump() -> None:
    found = {frame: [face(frame), face(300 - frame)][:: 1 - 2 * (frame % 2)] for frame in range(8)}
    assert doubtful(found, "jumps") == []
