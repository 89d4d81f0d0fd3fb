"""Marking at a desk: what is shown, stepped, undone, kept, and written as an extraction would."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recast.errors import OptionUnusable
from recast.events import Event, Note
from recast.faces import FrameMarks, LandmarkReader, Mark, load_marks, read_region
from recast.faces.reading import region_of
from recast.faceset import load_face
from recast.stages import extract, marking
from recast.stages.marking_desk import MOST_STEPS, MarkingDesk, MarkingView
from recast.workspace import Workspace


@pytest.fixture
def desk(extracted: Workspace) -> MarkingDesk:
    """24 frames with a face each; that of frames 4 to 6 was deleted."""
    for frame in (4, 5, 6):
        (extracted.faceset_folder("dst") / f"{frame:06d}_0.jpg").unlink()
    return MarkingDesk(extracted, "dst")


def face_at(desk: MarkingDesk, frame: int) -> Mark:
    return desk.at(frame).faces[0]


def moved(mark: Mark, by: float = 40) -> Mark:
    x, y, side, angle = mark.region
    return Mark.of((x + by, y, side, angle), mark.points + np.array([by, 0], np.float32))


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.jpg")}


def test_a_frame_shows_what_was_found_until_somebody_touches_it(desk: MarkingDesk) -> None:
    faces = desk.workspace.faceset("dst")
    row = faces.frames.tolist().index(3)
    np.testing.assert_allclose(face_at(desk, 3).points, faces.landmarks[row], atol=1e-3)
    assert desk.at(4) == FrameMarks() and not desk.is_touched(3)
    first = face_at(desk, 3)
    desk.place(3, moved(first))
    assert desk.at(3).faces == (first, moved(first)) and desk.is_touched(3)
    desk.remove(3, 0)
    desk.remove(3, 0)
    assert desk.at(3) == FrameMarks()  # nobody is there, says the person


def test_a_skipped_frame_still_shows_what_was_found(desk: MarkingDesk) -> None:
    found = desk.at(8).faces
    desk.skip(8)
    desk.skip_rest([7, 9, 10], start=9)
    assert desk.at(8) == FrameMarks(faces=found, state="skipped")
    assert [desk.marks.at(f).state for f in (7, 9, 10)] == ["todo", "skipped", "skipped"]
    desk.place(8, moved(found[0]), number=0)
    assert desk.at(8) == FrameMarks(faces=(moved(found[0]),))


def test_steps_are_undone_one_by_one_and_moving_counts_once(desk: MarkingDesk) -> None:
    before = desk.at(2)
    for by in (5, 10, 15):
        desk.place(2, moved(before.faces[0], by), number=0)
    desk.accept(2)
    desk.undo()
    assert desk.at(2) == FrameMarks(faces=(moved(before.faces[0], 15),))
    desk.undo()
    assert desk.at(2) == before and not desk.can_undo
    desk.undo()
    for _ in range(MOST_STEPS + 5):
        desk.accept(2)
    steps = 0
    while desk.can_undo:
        desk.undo()
        steps += 1
    assert steps == MOST_STEPS


def test_a_moved_point_takes_the_square_along_and_is_sure(desk: MarkingDesk) -> None:
    before = face_at(desk, 2).points
    desk.move_point(2, 0, point=30, to=(11.5, 12.5))
    mark = face_at(desk, 2)
    assert mark.landmarks[30] == (11.5, 12.5) and mark.score == 1
    others = [at for at in range(68) if at != 30]
    np.testing.assert_array_equal(mark.points[others], before[others])
    assert mark.region == pytest.approx(region_of(mark.points), abs=1e-3)
    desk.lock(2, 0, locked=True)
    with pytest.raises(OptionUnusable, match="locked"):
        desk.move_point(2, 0, point=30, to=(0, 0))


def test_copying_takes_what_the_frame_before_shows(desk: MarkingDesk) -> None:
    desk.copy_previous(4)
    assert desk.at(4).faces == desk.at(3).faces and not desk.is_touched(3)
    desk.place(4, moved(face_at(desk, 4)), number=0)
    desk.copy_previous(5)
    assert desk.at(5).faces == desk.at(4).faces
    with pytest.raises(OptionUnusable, match="no frame before frame 0"):
        desk.copy_previous(0)


def test_a_gap_is_filled_from_either_side_of_it(desk: MarkingDesk) -> None:
    assert desk.interpolate(5, among=range(24)) == (3, 7)
    assert [desk.at(f).state for f in (3, 4, 5, 6, 7)] == ["todo", "done", "done", "done", "todo"]
    assert not desk.is_touched(3) and not desk.is_touched(7)
    one, other = face_at(desk, 3).points, face_at(desk, 7).points
    middle = (one + other) / 2
    assert np.abs(face_at(desk, 5).points - middle).max() < 0.2 * np.abs(one - other).max() + 0.2


def test_only_listed_frames_are_filled(desk: MarkingDesk) -> None:
    desk.place(6, face_at(desk, 7))
    assert desk.interpolate(6, among=[4, 6]) == (3, 6)
    assert [desk.is_touched(f) for f in (3, 4, 5, 6)] == [False, True, False, True]


def test_no_gap_no_filling(desk: MarkingDesk) -> None:
    for frame in range(7, 24):
        desk.remove(frame, 0)
    with pytest.raises(OptionUnusable, match="frame 5 does not lie between"):
        desk.interpolate(5, among=range(24))


def test_marks_are_kept_once_and_another_desk_sees_them(desk: MarkingDesk) -> None:
    file = desk.workspace.marks_file("dst")
    assert not desk.keep() and not file.exists()
    desk.accept(2)
    assert desk.keep() and not desk.keep()
    assert load_marks(file).at(2).state == "done"
    assert MarkingDesk(desk.workspace, "dst").at(2) == desk.at(2)


def test_what_another_program_marked_is_seen_unless_something_waits_to_be_kept(
    desk: MarkingDesk,
) -> None:
    other = MarkingDesk(desk.workspace, "dst")
    other.accept(2)
    other.keep()
    desk.look_again()
    assert desk.at(2).state == "done" and not desk.can_undo
    other.accept(3)
    other.keep()
    desk.skip(4)
    desk.look_again()
    assert desk.at(4).state == "skipped" and desk.at(3).state == "todo"


def test_a_view_walks_its_list(desk: MarkingDesk) -> None:
    desk.accept(0)
    view = MarkingView(desk)
    assert (view.frame, view.place) == (1, 1)
    view.go(-5)
    assert view.frame == 0
    view.go(100)
    assert view.frame == 23
    view.go_to(7)
    assert view.frame == 7
    desk.accept(8)
    view.next_open()
    assert view.frame == 9
    assert view.count() == {"todo": 22, "done": 2, "skipped": 0}
    view.choose_next()
    assert view.number == 0
    view.show("missing")
    assert view.frame is None and view.count()["todo"] == 0
    view.go(1)
    view.next_open()
    assert view.frame is None


def test_what_is_saved_is_what_extraction_would_have_written(desk: MarkingDesk) -> None:
    """Frame 3 is marked anew, 4 for the first time, 5 shows nobody, 7 is right, 9 shows nobody."""
    workspace, folder = desk.workspace, desk.workspace.faceset_folder("dst")
    before = content(folder)
    reader = LandmarkReader(device="cpu")
    take = workspace.take("dst")
    for frame in (3, 4):
        x, y, side, angle = face_at(desk, 3).region
        mark = read_region(reader, take.frame(frame).image, (x + 6, y - 4, side, angle))
        desk.place(frame, mark, number=0 if frame == 3 else None)
    desk.remove(9, 0)
    for frame in (3, 4, 5, 7, 9):
        desk.accept(frame)
    desk.keep()
    options = marking.marks_written(workspace, "dst")
    extract.run(workspace, "dst", options)
    after = content(folder)
    gone, new = {"000003_0.jpg", "000009_0.jpg"}, {"000003_1.jpg", "000004_0.jpg"}
    assert set(after) == set(before) - gone | new
    same = [name for name in before if after.get(name) == before[name]]
    assert "000007_0.jpg" in same and len(same) == len(before) - 2
    assert set(content(folder.with_name("aligned.old-1"))) == gone

    automatic, record = load_face(folder.with_name("aligned.old-1") / "000003_0.jpg")
    crop, by_hand = load_face(folder / "000003_1.jpg")
    assert by_hand.source == record.source and by_hand.framing == record.framing
    assert by_hand.size == record.size and by_hand.mesh is not None
    size = record.face.size
    assert np.abs(by_hand.points - record.points).max() < 0.03 * size
    assert np.abs(np.subtract(by_hand.box, record.box)).max() < 0.05 * size
    assert abs(by_hand.pose.yaw - record.pose.yaw) < 3
    assert np.abs(crop.astype(int) - automatic).mean() < 6


def test_what_is_written_is_not_written_again(desk: MarkingDesk) -> None:
    workspace = desk.workspace
    desk.interpolate(5, among=range(24))
    desk.keep()
    options = marking.marks_written(workspace, "dst")
    assert (options.detector, options.only, options.size) == ("manual", "marked", 128)
    faces = extract.run(workspace, "dst", options)
    assert sorted(faces.frames.tolist()) == list(range(24))
    before = content(workspace.faceset_folder("dst"))
    events: list[Event] = []
    extract.run(workspace, "dst", options, events.append)
    assert content(workspace.faceset_folder("dst")) == before
    assert any(isinstance(e, Note) and "no such frame" in e.text for e in events)
    desk.look_again()
    assert desk.at(5).state == "done"


def test_marks_alone_make_a_face_set(desk: MarkingDesk, tmp_path: Path) -> None:
    import shutil

    workspace = desk.workspace
    found = {frame: face_at(desk, frame) for frame in (1, 2)}
    shutil.rmtree(workspace.faceset_folder("dst"))
    workspace.extraction_file("dst").unlink()
    anew = MarkingDesk(workspace, "dst")
    assert anew.at(1) == FrameMarks()
    for frame, mark in found.items():
        anew.place(frame, mark)
        anew.accept(frame)
    anew.keep()
    options = marking.marks_written(workspace, "dst")
    assert options.only is None
    assert extract.run(workspace, "dst", options).frames.tolist() == [1, 2]


def test_only_marked_needs_the_manual_detector(extracted: Workspace) -> None:
    given: dict[str, Any] = {"only": "marked", "detector": "mesh", "size": 128}
    with pytest.raises(OptionUnusable, match="--only marked takes the faces you marked") as caught:
        extracted.extract("dst", **given)
    assert caught.value.fix == "add --detector manual"
