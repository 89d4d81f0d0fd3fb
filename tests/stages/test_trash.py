"""Faces put aside and taken back; nothing is lost on the way."""

from pathlib import Path

import pytest

from recast.errors import OptionUnusable, WorkspaceUnusable
from recast.faceset.order_file import locked
from recast.stages.trash import put_aside, take_back
from recast.workspace import Workspace


@pytest.fixture
def folder(extracted: Workspace) -> Path:
    return extracted.faceset_folder("src")


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.jpg"))


def test_faces_go_to_the_trash_and_come_back(folder: Path) -> None:
    before = names_in(folder)
    assert put_aside(folder, before[:3]) == 3
    assert names_in(folder) == before[3:] and names_in(folder / "trash") == before[:3]
    assert take_back(folder, before[1:3]) == 2
    assert names_in(folder) == before[1:] and names_in(folder / "trash") == before[:1]


def test_a_face_that_is_gone_is_passed_over(folder: Path) -> None:
    assert put_aside(folder, ["000999_0.jpg"]) == 0


def test_nothing_is_written_over(folder: Path) -> None:
    name = names_in(folder)[0]
    put_aside(folder, [name])
    (folder / name).write_bytes(b"another")
    assert put_aside(folder, [name]) == 1
    assert len(names_in(folder / "trash")) == 2
    assert (folder / "trash" / f"{Path(name).stem}_2.jpg").read_bytes() == b"another"


@pytest.mark.parametrize("name", ["../x.jpg", "trash/x.jpg", "x", "", "C:x.jpg", "a\\b.jpg"])
def test_no_name_leads_out_of_the_folder(folder: Path, name: str) -> None:
    with pytest.raises(OptionUnusable, match="no name of a face file"):
        put_aside(folder, [name])
    with pytest.raises(OptionUnusable, match="no name of a face file"):
        take_back(folder, [name])


def test_a_set_that_is_being_sorted_is_left_alone(folder: Path) -> None:
    with locked(folder), pytest.raises(WorkspaceUnusable, match="being sorted"):
        put_aside(folder, names_in(folder))


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceUnusable, match="nowhere"):
        put_aside(tmp_path / "nowhere", ["a.jpg"])


def test_undoing_a_sort_does_not_bring_faces_back(extracted: Workspace, folder: Path) -> None:
    before = names_in(folder)
    extracted.sort("src", "yaw")
    first = names_in(folder)[0]
    put_aside(folder, [first])
    extracted.undo_sort("src")
    assert len(names_in(folder)) == len(before) - 1 and set(names_in(folder)) < set(before)
    assert names_in(folder / "trash") == [first]
    assert take_back(folder, [first]) == 1
