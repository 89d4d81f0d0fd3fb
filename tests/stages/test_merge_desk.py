"""Settings at a desk: for the take and for ranges, undone, kept, and as a merge reads them."""

import json

import pytest

from recast.errors import OptionUnusable, WorkspaceUnusable
from recast.stages.merge_desk import MOST_STEPS, MergeDesk
from recast.stages.merge_options import MergeOptions
from recast.stages.merge_shots import looks_of
from recast.workspace import Workspace


@pytest.fixture
def desk(extracted: Workspace) -> MergeDesk:
    """24 frames."""
    return MergeDesk(extracted)


def test_a_value_holds_for_the_take_or_for_a_range(desk: MergeDesk) -> None:
    desk.set("mode", "seamless")
    number = desk.add_range(4, 8)
    desk.set("feather", 0.2, number=number)
    assert desk.settings.at(None) == MergeOptions(mode="seamless")
    inside = desk.settings.at(desk.settings.range_at(7))
    assert (inside.mode, inside.feather) == ("seamless", 0.2)
    assert desk.settings.range_at(8) is None
    desk.free("feather", number)
    assert desk.settings.at(number).feather == MergeOptions().feather


@pytest.mark.parametrize(
    ("name", "value", "number", "what"),
    [
        ("feather", 3, None, "feather cannot be 3: it must be at most 0.5"),
        ("feather", 3, 0, "feather cannot be 3: it must be at most 0.5"),
        ("mode", "magic", None, "mode cannot be magic: it must be one of original"),
        ("crf", 20, 0, "crf holds for the whole take"),
        ("surprise", 1, None, "surprise cannot be 1: there is no such option"),
    ],
)
def test_a_wrong_value_is_refused_and_changes_nothing(
    desk: MergeDesk, name: str, value: object, number: int | None, what: str
) -> None:
    desk.add_range(4, 8)
    before = desk.settings
    with pytest.raises(OptionUnusable, match=what):
        desk.set(name, value, number=number)
    assert desk.settings is before


def test_ranges_stand_in_order_and_share_no_frame(desk: MergeDesk) -> None:
    assert desk.add_range(10, 100) == 0
    assert desk.add_range(2, 6) == 0
    assert [(one.first, one.end) for one in desk.settings.ranges] == [(2, 6), (10, 24)]
    for first, end in ((5, 8), (0, 24), (23, 24)):
        with pytest.raises(OptionUnusable, match="share some"):
            desk.add_range(first, end)
    with pytest.raises(OptionUnusable, match="no frame"):
        desk.add_range(8, 8)
    assert desk.move_range(0, 3, 10) == 0
    desk.remove_range(1)
    assert desk.move_range(0, 12, 20) == 0
    assert [(one.first, one.end) for one in desk.settings.ranges] == [(12, 20)]


def test_changes_are_undone_and_a_slider_counts_once(desk: MergeDesk) -> None:
    plain = desk.settings
    for value in (0.1, 0.2, 0.3):
        desk.set("grow", value)
    desk.set("mode", "pyramid")
    desk.undo()
    assert desk.settings.options == MergeOptions(grow=0.3)
    desk.undo()
    assert desk.settings == plain and not desk.can_undo
    desk.undo()
    for step in range(MOST_STEPS + 9):
        desk.set(("grow", "feather")[step % 2], 0.1)
    count = 0
    while desk.can_undo:
        desk.undo()
        count += 1
    assert count == MOST_STEPS


def test_what_is_kept_is_there_again_and_a_merge_reads_the_ranges(desk: MergeDesk) -> None:
    assert not desk.keep()
    desk.set("mode", "pyramid")
    assert desk.keep() and not desk.keep()
    assert desk.options.shots is None and not desk.workspace.shots_file.exists()
    number = desk.add_range(4, 8)
    desk.set("sharpen", 30, number=number)
    desk.blend(number, blends=True)
    assert desk.keep()
    assert MergeDesk(desk.workspace).settings == desk.settings
    file = desk.options.shots
    assert file == desk.workspace.shots_file
    assert json.loads(file.read_text("utf-8")) == [
        {"frames": "4:8", "change": "blend", "sharpen": 30}
    ]
    looks = looks_of(desk.options, file, desk.length)
    assert looks.at(3).sharpen == 0 and looks.at(5).sharpen == 15 and looks.at(7).sharpen == 30
    file.unlink()
    assert desk.keep() and file.exists()


def test_all_can_be_reset(desk: MergeDesk) -> None:
    desk.set("name", "swift")
    desk.set("grow", 0.1)
    number = desk.add_range(4, 8)
    desk.set("grow", 0.2, number=number)
    desk.reset(number)
    assert desk.settings.at(number).grow == 0.1
    desk.reset()
    assert desk.settings.options == MergeOptions(name="swift")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"version": 2}',
        '{"options": {"feather": 9}}',
        '{"ranges": [{"first": 0, "end": 3, "own": {"feather": 9}}]}',
        '{"ranges": [{"first": -1, "end": 3}]}',
    ],
)
def test_damaged_settings_are_named(extracted: Workspace, text: str) -> None:
    extracted.merge_settings_file.write_text(text, encoding="utf-8")
    with pytest.raises(WorkspaceUnusable, match=r"merge\.json") as caught:
        MergeDesk(extracted)
    assert "delete it" in caught.value.fix
