"""Groups by every method: one contract over all, and an answer for each kind."""

import math
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from numpy.typing import NDArray

from recast.events import Report, silent
from recast.faceset import FaceSet, Source, load_faceset, save_face
from recast.faceset.groups import (
    GROUPINGS,
    NOTES,
    PARTED,
    RECORDED,
    cut_path,
    groups,
    note,
    parts_of,
)
from recast.faceset.orders import METHODS, VALUES, scalar
from recast.faceset.record import Angles
from recast.stages.curate import By
from recast.stages.measure import GroupedBy

from .conftest import drawn_crop, record_of


def embeddings(faces: FaceSet, report: Report) -> NDArray[np.float32]:
    """Two persons: every third face is the second one's."""
    turn = 0.01 * faces.frames + 1.5 * (faces.frames % 3 == 0)
    return np.stack([np.cos(turn), np.sin(turn)], axis=1).astype(np.float32)


def made(folder: Path, count: int = 30) -> FaceSet:
    """Faces in three kinds of light, from two takes, two a frame in the second."""
    rng = np.random.default_rng(3)
    folder.mkdir(exist_ok=True)
    for number in range(count):
        light = (1.0, 0.55, 0.25)[number * 3 // count]
        crop = drawn_crop() * light + rng.normal(0, 4, drawn_crop().shape)
        second = number >= count // 2
        record = record_of(
            size=crop.shape[0],
            source=Source(
                take="second.mp4" if second else "first.mp4",
                frame=number // 2 if second else number,
                moment=Fraction(number),
            ),
            pose=Angles(yaw=5.0 + 3 * number - 40, pitch=2.0, roll=0.0),
            track=number // 10 if number < 20 else None,
        )
        save_face(folder / f"face {number:03d}.png", np.clip(crop, 0, 255).astype(np.uint8), record)
    return load_faceset(folder)


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> FaceSet:
    """All is noted that can be; nothing here changes it."""
    found = made(tmp_path_factory.mktemp("faces") / "set é")
    for by in GROUPINGS:
        note(found, by, silent, embed=embeddings, same_person=0.9)
    return found


@pytest.fixture
def bare(tmp_path: Path) -> FaceSet:
    """Nobody measured anything."""
    return made(tmp_path / "bare", 4)


def test_every_method_that_does_not_choose_groups() -> None:
    assert set(GROUPINGS) == (set(get_args(By)) - {"best"}) | {"track", "time"}
    assert set(GROUPINGS) == set(get_args(GroupedBy)) and set(NOTES) < set(GROUPINGS)
    assert set(VALUES) < set(METHODS)
    unlike = {by for by in METHODS if by.endswith("-dissimilar")} | {"identity-dissimilar"}
    assert (set(VALUES) - {"yaw", "pitch"}) | unlike == PARTED


@pytest.mark.parametrize("by", GROUPINGS)
def test_groups_are_numbered_without_gaps_and_named(by: str, faces: FaceSet) -> None:
    found = groups(faces, by)
    assert found.numbers.shape == (len(faces),) and found.numbers.min() >= (by == "track") * -1
    assert set(found.numbers.tolist()) - {-1} == set(range(len(found.names)))
    assert min(found.sizes) >= 1 and sum(found.sizes) == np.count_nonzero(found.numbers >= 0)


@pytest.mark.parametrize("by", GROUPINGS)
def test_what_is_not_measured_is_in_no_group(by: str, bare: FaceSet) -> None:
    found = groups(bare, by)
    is_measured = by not in RECORDED
    assert (found.numbers == -1).all() == is_measured
    assert (found.names == ()) == is_measured and (found.sizes == []) == is_measured


@pytest.mark.parametrize("by", sorted({"blur", "motion-blur", "brightness", "hue", "size"}))
def test_parts_of_a_number_are_those_of_its_sort(by: str, faces: FaceSet) -> None:
    """The slow way: sort by the method and cut the list."""
    order = METHODS[by](faces, None, silent).order
    values = VALUES[by](faces, lambda name: scalar(faces, name, silent))
    for parts in (1, 3, 30):
        numbers = groups(faces, by, parts=parts).numbers[order]
        assert (np.diff(numbers) >= 0).all()
        if len(set(values.tolist())) == len(faces):
            assert numbers.tolist() == [n * parts // len(faces) for n in range(len(faces))]
        else:  # equal ones are in one group
            assert all(len(set(numbers[values[order] == one])) == 1 for one in values)


def test_like_light_makes_a_group_up_to_each_leap(faces: FaceSet) -> None:
    numbers = groups(faces, "histogram").numbers
    light = np.arange(30) // 10
    assert len(set(numbers.tolist())) == 3
    assert len({(a, b) for a, b in zip(numbers.tolist(), light.tolist(), strict=True)}) == 3


def test_persons_takes_tracks_frames_degrees_and_seconds(faces: FaceSet) -> None:
    frames = faces.frames
    assert groups(faces, "identity").numbers.tolist() == (frames % 3 == 0).astype(int).tolist()
    takes = groups(faces, "original")
    assert takes.names == ("first.mp4", "second.mp4") and takes.sizes == [15, 15]
    assert groups(faces, "track").sizes == [10, 5, 5]  # numbers of tracks are a take's own
    alone = groups(faces, "one-face")
    # Frames 8 to 14 of the second take have two faces, frame 7 has its second one only.
    assert alone.names == ("1", "2") and alone.sizes == [16, 14]
    yaw = groups(faces, "yaw")
    assert yaw.names[0] == "50° … 60°" and yaw.names[-1] == "-40° … -30°"
    for number, name in enumerate(yaw.names):
        low, high = (int(one.strip("°")) for one in name.split(" … "))
        inside = faces.yaw[yaw.numbers == number]
        assert low <= inside.min() and inside.max() < high
    seconds = groups(faces, "time")
    assert seconds.names == ("0 s … 10 s", "10 s … 20 s", "20 s … 30 s")
    assert seconds.numbers.tolist() == [math.floor(moment / 10) for moment in faces.moments]


def test_the_most_unusual_come_first(faces: FaceSet) -> None:
    order = METHODS["histogram-dissimilar"](faces, None, silent).order
    numbers = groups(faces, "histogram-dissimilar", parts=3).numbers[order]
    assert (np.diff(numbers) >= 0).all() and set(numbers.tolist()) == {0, 1, 2}


def test_equal_values_stay_together_and_unknown_ones_outside() -> None:
    nan = math.nan
    values = np.array([1.0, nan, 1.0, 1.0, 1.0, 2.0, 3.0])
    numbers = parts_of(values, 3)
    assert numbers[1] == -1 and len(set(numbers[[0, 2, 3, 4]].tolist())) == 1
    assert (np.diff(numbers[[0, 5, 6]]) >= 0).all() and numbers[6] > numbers[0]
    assert parts_of(np.full(3, nan), 5).tolist() == [-1] * 3
    assert parts_of(np.zeros(0), 5).tolist() == []


def rows(*groups: Any) -> NDArray[np.float32]:
    return np.concatenate(groups).astype(np.float32)


def test_a_path_is_cut_where_it_leaps_and_nowhere_else() -> None:
    rng = np.random.default_rng(0)
    line = np.stack([np.arange(40) * 0.1, rng.normal(0, 0.01, 40)], axis=1)
    assert len(set(cut_path(rows(line)).tolist())) == 1
    found = cut_path(
        rows(line, line + np.array([0, 30]), line + np.array([50, 0]))[rng.permutation(120)]
    )
    assert sorted(np.bincount(found.astype(int)).tolist()) == [40, 40, 40]


def test_paths_of_nothing_one_and_equal_faces() -> None:
    assert cut_path(rows(np.zeros((0, 3)))).tolist() == []
    assert cut_path(rows(np.zeros((1, 3)))).tolist() == [0]
    assert cut_path(rows(np.ones((5, 3)))).tolist() == [0] * 5
    broken = rows(np.ones((2, 3)), np.full((1, 3), np.nan))
    assert np.isnan(cut_path(broken)).tolist() == [False, False, True]
    assert np.isnan(cut_path(np.zeros((3, 0), np.float32))).all()
