"""The guard refuses by the network's scores, and the network is the one it expects.

There is no sexual picture among the tests, so that the network sees what it should see is not
tested here; what it must not see is.
"""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recast.provenance.guard import REFUSED, Guard, exposure, lesser
from recast.video import open_take
from tests.conftest import SAMPLES

SCORES = st.dictionaries(
    st.sampled_from([*REFUSED, "FACE_FEMALE", "MALE_BREAST_EXPOSED", "BELLY_EXPOSED"]),
    st.floats(0, 1),
)


@pytest.fixture(scope="module")
def guard() -> Guard:
    return Guard()


@given(SCORES)
def test_the_surest_exposure_from_its_threshold_on_is_refused(scores: dict[str, float]) -> None:
    over = {name: scores[name] for name in REFUSED if scores.get(name, 0) >= REFUSED[name]}
    found = exposure(scores)
    assert (found is None) == (not over)
    if found is not None:
        assert found.score == scores[found.name] == max(over.values())


@pytest.mark.parametrize("name", REFUSED)
def test_each_class_counts_from_its_own_threshold_on(name: str) -> None:
    assert exposure({name: REFUSED[name] - 0.01}) is None
    found = exposure({name: REFUSED[name]})
    assert found is not None and found.name == name


def test_two_looks_must_agree() -> None:
    one = {"ANUS_EXPOSED": 0.9, "BUTTOCKS_EXPOSED": 0.8}
    other = {"ANUS_EXPOSED": 0.2, "BUTTOCKS_EXPOSED": 0.9}
    assert lesser(one, other) == {"ANUS_EXPOSED": 0.2, "BUTTOCKS_EXPOSED": 0.8}
    assert exposure(lesser(one, {})) is None


def test_the_network_knows_all_that_is_refused_and_sees_a_face(guard: Guard) -> None:
    frame = open_take(SAMPLES / "pair1_dst.mp4").frame(0).image
    scores = guard.scores(frame)
    assert REFUSED.keys() <= scores.keys()
    assert scores["FACE_FEMALE"] > 0.6  # it sees, in this order of channels
    assert max(scores[name] for name in REFUSED) < 0.2
    assert guard.refuses(frame) is None


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 700, 3), (900, 2, 3), (720, 1280, 3)])
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_frames_of_any_size_and_depth_are_looked_at(
    guard: Guard, shape: tuple[int, ...], depth: Any
) -> None:
    image: Any = np.random.default_rng(0).integers(0, np.iinfo(depth).max, shape).astype(depth)
    assert guard.refuses(image) is None


def test_a_deeper_frame_has_the_scores_of_the_plain_one(guard: Guard) -> None:
    frame = open_take(SAMPLES / "pair1_dst.mp4").frame(3).image
    plain, deep = guard.scores(frame), guard.scores(frame.astype(np.uint16) * 257)
    assert plain == pytest.approx(deep, abs=1e-3)
