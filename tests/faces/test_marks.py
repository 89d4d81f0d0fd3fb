"""Marking by hand: steps give new marks, the file is whole or refused, faces come out as marked."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recast.errors import OptionUnusable, WorkspaceUnusable
from recast.faces import (
    FrameMarks,
    LandmarkReader,
    ManualDetector,
    Mark,
    Marks,
    Region,
    load_marks,
    read_region,
    save_marks,
)
from recast.faces.mark_steps import (
    accepted,
    copied_from_previous,
    interpolated,
    placed,
    removed,
    rest_skipped,
    skipped,
    with_lock,
)
from recast.faces.mean_face import MEAN_FACE
from recast.faces.reading import region_of
from recast.geometry import Points

from .conftest import Sample, error


@pytest.fixture(scope="module")
def reader() -> LandmarkReader:
    return LandmarkReader(device="cpu")


def drawn(region: Region) -> Points:
    """The mean face in a region, turned and scaled with it."""
    x, y, side, angle = region
    cos, sin = math.cos(angle) * side, math.sin(angle) * side
    points = MEAN_FACE[:, :2] - np.array([0.5, 0.5])
    turned = points @ np.array([[cos, sin], [-sin, cos]]) + np.array([x, y])
    return np.asarray(turned, np.float32)


def mark(x: float = 100, y: float = 80, side: float = 60, angle: float = 0.0) -> Mark:
    return Mark.of((x, y, side, angle), drawn((x, y, side, angle)))


def test_a_placed_square_gives_the_landmarks_in_it(reader: LandmarkReader, dst: Sample) -> None:
    for image, truth in zip(dst.images[:4], dst.landmarks[:4], strict=True):
        low, high = truth.min(axis=0), truth.max(axis=0)
        x, y = (low + high) / 2 + 12  # as roughly as a hand places it
        found = read_region(reader, image, (float(x), float(y), float((high - low).max() * 1.7), 0))
        assert error(found.points, truth) < 0.1
        assert found.score > 0.8


def test_where_no_face_is_the_score_is_low_and_the_points_stay(
    reader: LandmarkReader, dst: Sample
) -> None:
    found = read_region(reader, dst.images[0], (60.0, 400.0, 90.0, 0.0))
    assert found.score < 0.5
    assert (np.abs(found.points - [60, 400]) < 90).all()


def test_a_square_can_be_turned(reader: LandmarkReader, dst: Sample) -> None:
    x, y, side, angle = region_of(dst.landmarks[0].astype(np.float32))
    image = np.ascontiguousarray(np.rot90(dst.images[0], 2))
    height, width = image.shape[:2]
    turned = read_region(reader, image, (width - 1 - x, height - 1 - y, side, angle + math.pi))
    truth = np.array([width - 1, height - 1]) - dst.landmarks[0]
    assert error(turned.points, truth) < 0.1


def test_accepting_skipping_and_taking_up_again() -> None:
    marks = placed(Marks(), 7, mark())
    assert marks.at(7).state == "todo" and marks.at(8) == FrameMarks()
    assert accepted(marks, 7).at(7) == FrameMarks(faces=(mark(),), state="done")
    assert skipped(marks, 7).at(7) == FrameMarks(faces=(mark(),), state="skipped")
    again = placed(accepted(marks, 7), 7, mark(200))
    assert again.at(7) == FrameMarks(faces=(mark(), mark(200)), state="todo")
    assert marks.count("todo") == 1 and marks.count("done") == 0


def test_no_step_changes_what_it_was_given() -> None:
    before = accepted(placed(Marks(), 3, mark()), 3)
    text = before.model_dump_json()
    for after in (
        placed(before, 4, mark()),
        removed(before, 3, 0),
        skipped(before, 3),
        with_lock(before, 3, 0, locked=True),
        copied_from_previous(before, 5),
        rest_skipped(before, [4, 5], start=0),
    ):
        assert after != before
    assert before.model_dump_json() == text


def test_the_rest_is_skipped_but_not_what_is_done() -> None:
    marks = accepted(placed(Marks(), 5, mark()), 5)
    marks = rest_skipped(marks, [1, 3, 5, 7, 9], start=3)
    states = [marks.at(frame).state for frame in (1, 3, 5, 7, 9)]
    assert states == ["todo", "skipped", "done", "skipped", "skipped"]


def test_a_locked_face_stays_until_it_is_unlocked() -> None:
    marks = with_lock(placed(Marks(), 2, mark()), 2, 0, locked=True)
    with pytest.raises(OptionUnusable, match="face 0 of frame 2 is locked"):
        placed(marks, 2, mark(300), number=0)
    with pytest.raises(OptionUnusable, match="face 0 of frame 2 is locked"):
        removed(marks, 2, 0)
    free = with_lock(marks, 2, 0, locked=False)
    assert placed(free, 2, mark(300), number=0).at(2).faces == (mark(300),)


def test_a_face_that_is_not_there_is_named() -> None:
    with pytest.raises(OptionUnusable, match="frame 2 has 1 marked faces, number 1"):
        removed(placed(Marks(), 2, mark()), 2, 1)


def test_copying_takes_the_nearest_frame_before_and_keeps_what_is_locked() -> None:
    marks = placed(placed(Marks(), 1, mark(10)), 4, mark(100))
    marks = with_lock(placed(marks, 4, mark(300)), 4, 0, locked=True)
    copied = copied_from_previous(marks, 6)
    assert copied.at(6) == FrameMarks(faces=(mark(100), mark(300)))
    held = with_lock(placed(marks, 6, mark(104)), 6, 0, locked=True)
    kept = copied_from_previous(held, 6).at(6).faces
    assert [face.region[0] for face in kept] == [104, 300] and kept[0].locked


def test_copying_from_nowhere_is_refused() -> None:
    with pytest.raises(OptionUnusable, match="no frame before frame 3"):
        copied_from_previous(placed(Marks(), 3, mark()), 3)


def test_between_two_marked_frames_a_face_moves_turns_and_grows_evenly() -> None:
    marks = placed(placed(Marks(), 10, mark(100, 80, 40, 3.0)), 14, mark(180, 120, 160, -3.0))
    between = interpolated(marks, 10, 14)
    middle = between.at(12)
    turn = 3.0 + (2 * math.pi - 6.0) / 2  # through pi, the shorter way
    assert middle.state == "done"
    assert middle.faces[0].region == pytest.approx((140, 100, 80, turn), abs=1e-3)
    np.testing.assert_allclose(middle.faces[0].points, drawn((140, 100, 80, turn)), atol=0.05)
    assert [between.at(frame).state for frame in (10, 11, 13, 14)] == [
        "todo",
        "done",
        "done",
        "todo",
    ]


def test_faces_are_paired_by_their_distance_and_locked_frames_stay() -> None:
    marks = placed(placed(Marks(), 0, mark(100)), 0, mark(300))
    marks = placed(placed(marks, 4, mark(310)), 4, mark(110))
    marks = with_lock(placed(marks, 1, mark(5)), 1, 0, locked=True)
    marks = skipped(marks, 2)
    between = interpolated(marks, 0, 4)
    assert between.at(1) == marks.at(1) and between.at(2) == marks.at(2)
    assert [face.region[0] for face in between.at(3).faces] == pytest.approx([107.5, 307.5])


def test_unlike_frames_are_not_interpolated() -> None:
    marks = placed(Marks(), 0, mark())
    with pytest.raises(OptionUnusable, match="1 and 0 marked faces"):
        interpolated(marks, 0, 5)


number = st.floats(-1e5, 1e5, width=32)
points = st.lists(st.tuples(number, number), min_size=68, max_size=68)
marked = st.builds(
    Mark.of,
    st.tuples(number, number, st.floats(0.5, 1e4), st.floats(-6, 6)),
    points.map(lambda rows: np.array(rows, np.float32)),
    score=st.floats(0, 1),
)
frames = st.builds(
    FrameMarks,
    faces=st.lists(marked, max_size=2).map(tuple),
    state=st.sampled_from(["todo", "done", "skipped"]),
)


@given(st.dictionaries(st.integers(0, 10**9 - 1), frames, max_size=3))
def test_marks_survive_their_file(tmp_path_factory: pytest.TempPathFactory, given_: object) -> None:
    marks = Marks.model_validate({"frames": given_})
    path = tmp_path_factory.mktemp("marks") / "data_dst" / "marks.json"
    save_marks(path, marks)
    assert load_marks(path) == marks
    assert load_marks(path).digest() == marks.digest()


def test_without_a_file_nothing_is_marked(tmp_path: Path) -> None:
    assert load_marks(tmp_path / "marks.json") == Marks()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "\xff",
        '{"version": 2}',
        '{"frames": {"-1": {}}}',
        '{"frames": {"0": {"state": "maybe"}}}',
        '{"frames": {"0": {"faces": [{"region": [0, 0, 0, 0], "landmarks": []}]}}}',
        '{"frames": {"0": {"faces": [{"region": [0, 0, 1, NaN], "landmarks": []}]}}}',
        '{"frames": {"0": {"surprise": 1}}}',
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "marks.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(WorkspaceUnusable, match=r"marks\.json") as caught:
        load_marks(path)
    assert "delete it to mark anew" in caught.value.fix


def test_only_accepted_faces_are_given_and_as_they_were_marked(
    reader: LandmarkReader, dst: Sample
) -> None:
    region = region_of(dst.landmarks[0].astype(np.float32))
    found = read_region(reader, dst.images[0], region)
    marks = placed(placed(placed(Marks(), 0, found), 1, found), 2, found)
    marks = skipped(accepted(marks, 0), 2)
    detector = ManualDetector(marks=marks, device="cpu")
    first, second, third = detector(dst.images[:1] * 3, [0, 1, 2])
    assert second == third == []
    np.testing.assert_array_equal(first[0].landmarks, found.points)
    assert first[0].mesh is not None
    assert detector(dst.images[:1]) == [[]]


def test_landmarks_set_by_hand_are_kept_and_get_no_mesh_that_contradicts_them(dst: Sample) -> None:
    off = dst.landmarks[0].astype(np.float32) + np.float32(60)
    by_hand = Mark.of(region_of(off), off)
    detector = ManualDetector(marks=accepted(placed(Marks(), 0, by_hand), 0), device="cpu")
    face = detector(dst.images[:1], [0])[0][0]
    np.testing.assert_allclose(face.landmarks, off, atol=1e-3)
    assert face.mesh is None
