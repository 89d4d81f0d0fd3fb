import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recast.workspace import Workspace

Run = Callable[..., Any]


@pytest.fixture
def faceset(extracted_once: Workspace, tmp_path: Path) -> Path:
    folder = tmp_path / "faces ж"
    shutil.copytree(extracted_once.faceset_folder("src"), folder)
    return folder


def test_sort_says_what_it_did_and_how_to_undo_it(run: Run, faceset: Path) -> None:
    code, out, _ = run("sort", faceset, "--by", "yaw", "--keep", 10)
    assert code == 0
    assert f"10 faces in {faceset} are sorted by yaw, 14 went to {faceset / 'trash'}" in out
    assert f'Back: recast sort "{faceset}" --undo' in out
    code, out, _ = run("sort", faceset, "--undo")
    assert (code, out) == (0, f"24 faces in {faceset} have their first names again\n")


def test_sort_speaks_json(run: Run, faceset: Path) -> None:
    code, out, _ = run("sort", faceset, "--by", "best", "--keep", 3, "--json")
    assert code == 0
    last = json.loads(out.splitlines()[-1])
    assert last == {"event": "done", "folder": str(faceset), "faces": 3, "left_out": 21}


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ([], "Give --by METHOD, or --undo"),
        (["--by", "yaw", "--undo"], "exclude each other"),
        (["--by", "beauty"], "histogram-dissimilar"),
        (["--by", "yaw", "--keep", "0"], "--keep cannot be 0"),
    ],
)
def test_wrong_flags_are_explained(run: Run, faceset: Path, flags: list[str], said: str) -> None:
    code, _, err = run("sort", faceset, *flags)
    assert code == 2
    assert said in err


def test_a_folder_that_was_never_sorted_cannot_be_undone(run: Run, faceset: Path) -> None:
    code, _, err = run("sort", faceset, "--undo")
    assert code == 1
    assert "remembers no sort" in err


def test_measure_counts_and_speaks_json(run: Run, faceset: Path) -> None:
    code, out, _ = run("measure", faceset, "--json")
    assert code == 0
    last = json.loads(out.splitlines()[-1])
    assert last == {"event": "done", "folder": str(faceset), "faces": 24}
    assert run("measure", faceset.parent / "nowhere").code == 1


def test_measure_tells_groups(run: Run, faceset: Path) -> None:
    code, out, _ = run("measure", faceset, "--by", "blur", "--parts", 2, "--json")
    (first, second) = json.loads(out.splitlines()[-1])["groups"]
    assert code == 0 and first["faces"] == second["faces"] == 12 and " … " in first["name"]
    code, out, _ = run("measure", faceset, "--by", "original")
    assert (code, out) == (0, f"24 faces in {faceset} are measured\n    1  src ж.mp4: 24\n")
    _, out, _ = run("measure", faceset, "--by", "track")  # of one face a frame none is needed
    assert out == f"24 faces in {faceset} are measured\n24 are in no group\n"
    assert run("measure", faceset, "--by", "best").code == 2


def test_trash_puts_aside_and_takes_back(run: Run, faceset: Path) -> None:
    names = ["000001_0.jpg", "000002_0.jpg"]
    code, out, _ = run("trash", faceset, *names)
    assert (code, out) == (0, f"2 of 2 faces are in {faceset / 'trash'}\n")
    code, out, _ = run("trash", faceset, names[0], "--restore")
    assert (code, out) == (0, f"1 of 1 faces are back in {faceset}\n")
    assert (faceset / names[0]).exists() and not (faceset / names[1]).exists()


def test_trash_wants_names_without_folders(run: Run, faceset: Path) -> None:
    assert run("trash", faceset).code == 2
    code, _, err = run("trash", faceset, "../000001_0.jpg")
    assert code == 1 and "no name of a face file" in err
