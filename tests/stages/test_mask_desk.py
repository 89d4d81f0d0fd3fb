"""Masks at a desk: drawn into the face file, undone, copied, and nothing else is touched."""

import numpy as np
import pytest

from recast.errors import FaceFileUnreadable, OptionUnusable, WorkspaceUnusable
from recast.faceset import load_face, load_record
from recast.stages.mask_desk import MOST_STEPS, MaskDesk, tinted
from recast.workspace import Workspace

SQUARE = [(20.0, 20.0), (80.0, 20.0), (80.0, 80.0), (20.0, 80.0)]


@pytest.fixture
def desk(extracted: Workspace) -> MaskDesk:
    """24 faces of 128 pixels."""
    return MaskDesk(extracted, "dst")


def test_what_is_drawn_is_in_the_face_file(desk: MaskDesk) -> None:
    name = desk.names[3]
    path = desk.faces.folder / name
    crop, before = load_face(path)
    assert desk.mask(name) is None
    desk.draw(name, SQUARE, adds=True)
    desk.draw(name, [(50.0, 50.0), (60.0, 50.0)], adds=False, width=10)
    again, record = load_face(path)
    assert np.array_equal(again, crop)
    assert record.model_copy(update={"polygons": (), "version": 1}) == before
    mask = desk.mask(name)
    assert mask is not None
    assert mask[30, 30] == 1 and mask[50, 55] == 0 and mask[100, 100] == 0
    assert all(desk.mask(other) is None for other in desk.names if other != name)


def test_changes_are_undone_in_reverse_whatever_face_they_were_made_on(desk: MaskDesk) -> None:
    first, second = desk.names[:2]
    content = {name: (desk.faces.folder / name).read_bytes() for name in (first, second)}
    desk.draw(first, SQUARE, adds=True)
    desk.draw(second, SQUARE, adds=False)
    desk.clear(first)
    assert [desk.undo(), desk.undo(), desk.undo(), desk.undo()] == [first, second, first, None]
    assert {name: (desk.faces.folder / name).read_bytes() for name in content} == content
    for step in range(MOST_STEPS + 3):
        desk.draw(first, [(step % 100, 9.0)], adds=True, width=3)
    assert sum(desk.undo() is not None for _ in range(MOST_STEPS + 3)) == MOST_STEPS


def test_a_change_that_changes_nothing_is_no_step(desk: MaskDesk) -> None:
    version = desk.version
    desk.clear(desk.names[0])
    assert desk.version == version and not desk.can_undo


def test_a_mask_is_copied_to_the_same_place_of_a_larger_crop(
    desk: MaskDesk, extracted: Workspace
) -> None:
    desk.draw(desk.names[0], SQUARE, adds=True)
    desk.draw(desk.names[0], [(64.0, 64.0)], adds=False, width=20)
    with pytest.raises(OptionUnusable, match="carries no mask"):
        desk.copy(desk.names[5], onto=desk.names[0])
    desk.copy(desk.names[0], onto=desk.names[1])
    same, first = desk.mask(desk.names[1]), desk.mask(desk.names[0])
    assert same is not None and first is not None and np.array_equal(same, first)
    extracted.extract("src", size=256)
    large = MaskDesk(extracted, "src")
    from recast.faceset.drawn_mask import carried_mask, copied

    record = copied(desk.record(desk.names[0]), large.record(large.names[0]))
    twice = carried_mask(record)
    assert twice.shape == (256, 256)
    halved = twice.reshape(128, 2, 128, 2).mean(axis=(1, 3))
    assert np.abs(halved - same).mean() < 0.01


def test_what_cannot_be_drawn_is_said(desk: MaskDesk, extracted: Workspace) -> None:
    with pytest.raises(OptionUnusable, match="2 points are no polygon"):
        desk.draw(desk.names[0], SQUARE[:2], adds=True)
    with pytest.raises(OptionUnusable, match="is no face of dst"):
        desk.draw("../workspace.json", SQUARE, adds=True)
    (desk.faces.folder / desk.names[0]).write_bytes(b"no picture")
    with pytest.raises(FaceFileUnreadable):
        desk.draw(desk.names[0], SQUARE, adds=True)
    (extracted.faceset_folder("src")).rename(extracted.root / "elsewhere")
    with pytest.raises(WorkspaceUnusable, match="no src faces"):
        MaskDesk(extracted, "src")


def test_faces_that_were_removed_meanwhile_are_seen(desk: MaskDesk) -> None:
    gone = desk.names[0]
    (desk.faces.folder / gone).unlink()
    desk.look_again()
    assert gone not in desk.names
    assert load_record(desk.faces.folder / desk.names[0]).source.frame == 1


def test_red_lies_where_the_new_face_is_hidden() -> None:
    mask = np.zeros((4, 4), np.float32)
    mask[:2] = 1
    tint = tinted(mask, 4)
    assert (tint[:2, :, 3] == 0).all() and (tint[2:, :, 3] > 100).all()
    assert (tinted(None, 4)[..., 3] == 0).all()
