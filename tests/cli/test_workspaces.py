import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recast import Workspace

Run = Callable[..., Any]


def test_new_notes_where_the_takes_are(run: Run, tmp_path: Path, src: Path, dst: Path) -> None:
    code, out, _ = run("new", tmp_path / "job", "--src", src, "--dst", dst)
    assert code == 0
    assert f"src, the face that is put in: {src}" in out
    assert Workspace.open(tmp_path / "job").take_path("dst") == dst
    assert [path.name for path in (tmp_path / "job").iterdir()] == ["workspace.json"]


def test_new_copies_on_request(run: Run, tmp_path: Path, src: Path, dst: Path) -> None:
    assert run("new", tmp_path / "job", "--src", src, "--dst", dst, "--copy").code == 0
    assert (tmp_path / "job" / "data_src.mp4").read_bytes() == src.read_bytes()


def test_new_speaks_json(run: Run, tmp_path: Path, src: Path, dst: Path) -> None:
    _, out, _ = run("new", tmp_path / "ж", "--src", src, "--dst", dst, "--json")
    assert json.loads(out) == {
        "event": "done",
        "workspace": str(tmp_path / "ж"),
        "src": str(src),
        "dst": str(dst),
    }
    assert out.isascii()


@pytest.mark.parametrize("content", [None, b"", b"this is no video"])
def test_new_refuses_what_is_no_take(
    content: bytes | None, run: Run, tmp_path: Path, dst: Path
) -> None:
    take = tmp_path / "a take ж.mp4"
    if content is not None:
        take.write_bytes(content)
    code, _, err = run("new", tmp_path / "job", "--src", take, "--dst", dst)
    assert code == 1
    assert "src: " in err and take.name in err
    assert "What to do: " in err
    assert not (tmp_path / "job").exists()


def test_new_leaves_a_foreign_folder_alone(run: Run, tmp_path: Path, src: Path, dst: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    assert run("new", tmp_path, "--src", src, "--dst", dst).code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere"
)
def test_new_says_where_it_may_not_write(run: Run, tmp_path: Path, src: Path, dst: Path) -> None:
    tmp_path.chmod(0o500)
    code, _, err = run("new", tmp_path / "job", "--src", src, "--dst", dst)
    tmp_path.chmod(0o700)
    assert code == 1
    assert "cannot be written" in err


def test_clear_only_lists_without_yes(run: Run, job: Path) -> None:
    folder = Workspace.open(job).frames("src", fps=1, format="jpg")
    before = sorted(folder.iterdir())
    code, out, err = run("clear", job)
    assert code == 1
    assert out.splitlines() == [f"would remove {path}" for path in before]
    assert f'recast clear "{job}" --yes' in err
    assert sorted(folder.iterdir()) == before


def test_clear_names_many_files_in_one_line(run: Run, job: Path) -> None:
    folder = Workspace.open(job).frames("src", format="jpg")
    told = f"would remove 49 of what is in {folder}, such as 000000.jpg\n"
    assert run("clear", job).out == told
    _, out, _ = run("clear", job, "--json")
    assert json.loads(out.splitlines()[0])["paths"] == [
        str(path) for path in sorted(folder.iterdir())
    ]


def test_clear_removes_what_recast_made_and_no_more(run: Run, job: Path) -> None:
    folder = Workspace.open(job).frames("src", fps=1, format="jpg")
    made = [str(path) for path in sorted(folder.iterdir())]
    for mine in ("model/swift", "data_dst/aligned", "my own notes"):
        (job / mine).mkdir(parents=True)
        (job / mine / "mine.jpg").write_bytes(b"mine")
    code, out, _ = run("clear", job, "--yes", "--json")
    assert code == 0
    assert json.loads(out)["removed"] == made
    left = {"workspace.json", "data_dst", "model", "my own notes"}
    assert {path.name for path in job.iterdir()} == left
    assert len(list(job.rglob("mine.jpg"))) == 3


def test_clear_of_a_clean_workspace_is_no_error(run: Run, job: Path) -> None:
    assert run("clear", job).code == 0
