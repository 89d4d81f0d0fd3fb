"""Renaming to an order: nothing is lost, whenever the program dies, and all can be undone."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recast.errors import WorkspaceUnusable
from recast.faceset.order_file import LOCK_NAME, ORDER_NAME, load_order, locked
from recast.faceset.rename import _targets, finish, undo_order, write_order

NAMES = ["000003_0.jpg", "000001_0.jpg", "000002_0.png", "000002_1.jpg"]
WORLD = [*NAMES, "holiday.jpg"]


def no_step(done: int, total: int) -> None:
    """Let every change happen."""


def fill(folder: Path, names: list[str] = WORLD) -> Path:
    """Files whose content is their first name."""
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_text(name)
    return folder


def contents(folder: Path) -> dict[str, str]:
    """Where each file is by what it holds; recast's own files aside."""
    found = {
        path.read_text(): path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in {ORDER_NAME, LOCK_NAME}
    }
    return found


def test_names_show_the_order_and_the_original(tmp_path: Path) -> None:
    folder = fill(tmp_path / "set")
    assert write_order(folder, NAMES[:3], NAMES[3:], no_step) == []
    assert contents(folder) == {
        "000003_0.jpg": "00000-000003_0.jpg",
        "000001_0.jpg": "00001-000001_0.jpg",
        "000002_0.png": "00002-000002_0.png",
        "000002_1.jpg": "trash/000002_1.jpg",
        "holiday.jpg": "holiday.jpg",
    }


def test_undo_gives_the_first_names_back_after_any_number_of_sorts(tmp_path: Path) -> None:
    folder = fill(tmp_path / "set")
    write_order(folder, NAMES, [], no_step)
    for _ in range(3):  # each sort turns the order around, and leaves one out
        names = sorted(path.name for path in folder.glob("0*"))
        write_order(folder, names[:0:-1], names[:1], no_step)
    assert len(list((folder / "trash").iterdir())) == 3
    assert undo_order(folder, no_step) == []
    assert contents(folder) == {name: name for name in WORLD}
    assert not (folder / "trash").exists()
    with pytest.raises(WorkspaceUnusable, match="remembers no sort"):
        undo_order(folder, no_step)


def test_enough_digits_for_any_number_of_files(tmp_path: Path) -> None:
    names = [f"{number}.jpg" for number in range(100_001)]
    targets = _targets(tmp_path, names, len(names), moving=names)
    assert (targets[2], targets[-1]) == ("000002-2.jpg", "100000-100000.jpg")
    assert targets == sorted(targets)


def test_a_second_sort_does_not_grow_the_names(tmp_path: Path) -> None:
    folder = fill(tmp_path / "set", ["a.jpg"])
    write_order(folder, ["a.jpg"], [], no_step)
    (folder / ORDER_NAME).unlink()  # as if the faces were copied to another folder
    write_order(folder, ["00000-a.jpg"], [], no_step)
    assert contents(folder) == {"a.jpg": "00000-a.jpg"}


def test_names_that_others_have_are_left_to_them(tmp_path: Path) -> None:
    folder = fill(tmp_path / "set", ["É.jpg", "b.jpg"])
    (folder / "00000-E\u0301.JPG").write_text("foreign")  # the same on many systems
    fill(folder / "trash", ["B.jpg"])
    write_order(folder, ["É.jpg"], ["b.jpg"], no_step)
    assert contents(folder) == {
        "É.jpg": "00000-É_2.jpg",
        "foreign": "00000-E\u0301.JPG",
        "b.jpg": "trash/b_2.jpg",
        "B.jpg": "trash/B.jpg",
    }


def test_undo_leaves_files_alone_that_took_an_original_name(tmp_path: Path) -> None:
    folder = fill(tmp_path / "set", ["a.jpg"])
    write_order(folder, ["a.jpg"], [], no_step)
    (folder / "A.JPG").write_text("new")
    undo_order(folder, no_step)
    assert contents(folder) == {"a.jpg": "a_2.jpg", "new": "A.JPG"}


def test_a_name_too_long_with_its_place_is_shortened_and_restored(tmp_path: Path) -> None:
    name = "x" * 245 + ".jpg"
    folder = fill(tmp_path / "set", [name])
    write_order(folder, [name], [], no_step)
    assert contents(folder) == {name: "00000.jpg"}
    undo_order(folder, no_step)
    assert contents(folder) == {name: name}


def test_files_that_vanish_or_appear_on_the_way_are_survived(tmp_path: Path) -> None:
    folder = fill(tmp_path / "set")

    def viewer(done: int, total: int) -> None:
        if done == 1:
            (folder / NAMES[1]).unlink()
        if done == total - 2:
            (folder / "00003-000002_1.jpg").write_text("new")

    assert len(write_order(folder, NAMES, [], viewer)) == 1
    found = contents(folder)
    assert found.pop("new") == "00003-000002_1.jpg"
    assert found.pop("000002_1.jpg").startswith("sorting-")
    assert set(found) == set(WORLD) - {NAMES[1], "000002_1.jpg"}
    undo_order(folder, no_step)
    assert contents(folder)["000002_1.jpg"] == "000002_1.jpg"


def test_two_sorts_at_a_time_are_refused(tmp_path: Path) -> None:
    folder = fill(tmp_path / "set")
    with locked(folder), pytest.raises(WorkspaceUnusable, match="by another program"):
        write_order(folder, NAMES, [], no_step)
    assert contents(folder) == {name: name for name in WORLD}
    assert write_order(folder, NAMES, [], no_step) == []


def test_a_finished_folder_needs_no_finishing(tmp_path: Path) -> None:
    folder = fill(tmp_path / "set")
    assert not finish(folder, no_step)
    write_order(folder, NAMES, [], no_step)
    assert not finish(folder, no_step)


KILLED = """
import os, sys
from pathlib import Path
from recast.faceset.rename import undo_order, write_order

def step(done, total):
    if done == int(sys.argv[2]):
        os._exit(9)  # as kill -9: nothing is cleaned up

folder, names = Path(sys.argv[1]), sys.argv[4:]
if sys.argv[3] == "undo":
    undo_order(folder, step)
else:
    write_order(folder, names[1:], names[:1], step)
"""


def killed(folder: Path, at: int, what: str, names: list[str]) -> bool:
    """Whether a program of its own died at its change number `at`."""
    command = [sys.executable, "-c", KILLED, str(folder), str(at), what, *names]
    code = subprocess.run(command, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert code.returncode in {0, 9}
    return code.returncode == 9


def deaths(folder: Path, what: str, names: list[str]) -> Iterator[Path]:
    """A copy of the folder for each change at which a program can die, where one did."""
    at = 0
    while True:
        copy = folder.with_name(f"{folder.name} {what} {at}")
        shutil.copytree(folder, copy)
        if not killed(copy, at, what, names):
            return
        yield copy
        at += 1


def test_a_sort_killed_at_any_step_is_finished_by_the_next(tmp_path: Path) -> None:
    once = fill(tmp_path / "set", WORLD[:3])
    write_order(once, WORLD[:3], [], no_step)
    names = sorted(path.name for path in once.glob("0*"))[::-1]
    count = 0
    for folder in deaths(once, "sort", names):
        count += 1
        assert set(contents(folder)) == set(WORLD[:3])
        begun = load_order(folder)
        assert begun is not None
        assert finish(folder, no_step) == (begun.phase != "done")
        # Killed before the journal was written, the folder is as it was; else it is sorted.
        want = names[::-1] if begun.phase == "done" else [f"trash/{names[0].partition('-')[2]}"]
        assert set(want) <= set(contents(folder).values())
        assert undo_order(folder, no_step) == []
        assert contents(folder) == {name: name for name in WORLD[:3]}
    assert count == 2 * 3 + 3


def test_an_undo_killed_at_any_step_is_finished_by_the_next(tmp_path: Path) -> None:
    once = fill(tmp_path / "set", WORLD[:3])
    write_order(once, WORLD[:2], WORLD[2:3], no_step)
    count = 0
    for folder in deaths(once, "undo", []):
        count += 1
        assert set(contents(folder)) == set(WORLD[:3])
        assert undo_order(folder, no_step) == []
        assert contents(folder) == {name: name for name in WORLD[:3]}
    assert count == 2 * 3 + 3


class Died(BaseException):
    """As if the program ended here."""


@settings(max_examples=40, deadline=None)
@given(
    order=st.permutations(range(4)),
    staying=st.integers(0, 4),
    deaths=st.lists(st.integers(0, 12), max_size=4),
)
def test_no_sequence_of_deaths_loses_a_file(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], staying: int, deaths: list[int]
) -> None:
    folder = fill(tmp_path_factory.mktemp("set"))
    write_order(folder, NAMES, [], no_step)
    for death in deaths:

        def step(done: int, total: int, death: int = death) -> None:
            if done == death:
                raise Died

        present = sorted(path.name for path in folder.glob("*-*"))
        chosen = [present[place] for place in order if place < len(present)]
        try:
            write_order(folder, chosen[:staying], chosen[staying:], step)
        except Died:
            assert set(contents(folder)) == set(WORLD)
    assert undo_order(folder, no_step) == []
    assert contents(folder) == {name: name for name in WORLD}


@pytest.mark.parametrize(
    "text",
    [
        "{",
        '{"version": 2, "phase": "done", "token": "00000000", "files": []}',
        '{"version": 1, "phase": "later", "token": "00000000", "files": []}',
        '{"version": 1, "phase": "done", "token": "../../x", "files": []}',
        '{"version": 1, "phase": "done", "token": "00000000", "files": [["a.jpg", "b.jpg"]]}',
    ],
)
def test_a_damaged_journal_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / ORDER_NAME).write_text(text)
    with pytest.raises(WorkspaceUnusable, match=ORDER_NAME) as caught:
        write_order(tmp_path, [], [], no_step)
    assert "delete it" in caught.value.fix


@pytest.mark.parametrize(
    "name",
    ["../a.jpg", "/a.jpg", "a/b.jpg", "trash/../a.jpg", "c:a.jpg", "b\\\\a.jpg", "..", "a.exe", ""],
)
def test_a_foreign_journal_cannot_reach_out_of_its_folder(tmp_path: Path, name: str) -> None:
    folder = fill(tmp_path / "set", ["a.jpg"])
    (folder / ORDER_NAME).write_text(
        '{"version": 1, "phase": "aside", "token": "00000000",'
        f' "files": [["a.jpg", "a.jpg", "{name}"]]}}'
    )
    with pytest.raises(WorkspaceUnusable, match="no name of a face file"):
        undo_order(folder, no_step)
    assert contents(tmp_path) == {"a.jpg": "set/a.jpg"}
