"""Sorting as a stage: files, names, notes, and the way back."""

import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from recast.errors import NoFaceFound, OptionUnusable, Stopped, WorkspaceUnusable
from recast.events import Event, Note, Progress, Report
from recast.faceset import load_faceset
from recast.faceset.index import INDEX_NAME
from recast.faceset.order_file import LOCK_NAME, ORDER_NAME
from recast.faceset.orders import METHODS, identity_methods
from recast.stages.curate import By, Curated, SortOptions, run, undo
from recast.workspace import Workspace

OWN = {INDEX_NAME, ORDER_NAME, LOCK_NAME}


@pytest.fixture
def folder(extracted: Workspace) -> Path:
    return extracted.faceset_folder("src")


def pictures(folder: Path) -> dict[bytes, str]:
    """Where each file is, by its content."""
    return {
        path.read_bytes(): path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in OWN
    }


def sort(folder: Path, by: By, report: Report = lambda event: None, **options: object) -> Curated:
    return run(folder, SortOptions.model_validate({"by": by, **options}), report)


def notes(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Note)]


def test_every_method_can_be_asked_for() -> None:
    made = identity_methods(lambda faces, report: np.zeros((0, 2), np.float32), 0.5)
    assert set(get_args(By)) == {*METHODS, *made}


@pytest.mark.parametrize("by", METHODS)
def test_every_sort_of_real_faces_can_be_undone(folder: Path, by: By) -> None:
    before = pictures(folder)
    done = sort(folder, by, keep=9)
    after = pictures(folder)
    assert (done.faces, done.left_out) == (9, len(before) - 9)
    assert after.keys() == before.keys()
    assert len([place for place in after.values() if place.startswith("trash/")]) == done.left_out
    undone = undo(folder)
    assert (undone.faces, pictures(folder)) == (len(before), before)


def test_names_show_the_order_that_was_asked_for(extracted: Workspace) -> None:
    extracted.sort("src", "yaw")
    faces = extracted.faceset("src")
    assert (np.diff(faces.yaw) <= 0).all()
    assert [name[:6] for name in faces.names[:2].tolist()] == ["00000-", "00001-"]
    extracted.sort("src", "yaw", reverse=True)
    assert (np.diff(extracted.faceset("src").yaw) >= 0).all()
    extracted.undo_sort("src")
    faces = extracted.faceset("src")
    assert faces.frames.tolist() == sorted(faces.frames.tolist())


def test_what_is_kept_is_the_beginning_of_the_order(extracted: Workspace) -> None:
    yaw = np.sort(extracted.faceset("src").yaw)
    extracted.sort("src", "yaw", keep=5, reverse=True)
    assert extracted.faceset("src").yaw.tolist() == yaw[:5].tolist()


def test_pictures_are_read_once_for_all_sorts(extracted: Workspace) -> None:
    def readings(by: By) -> int:
        events: list[Event] = []
        extracted.sort("src", by, report=events.append)
        read = [e for e in events if isinstance(e, Progress) and e.unit == "faces"]
        return read[-1].done if read else 0

    count = len(extracted.faceset("src"))
    assert [readings(by) for by in ("blur", "histogram", "hue")] == [count, 0, 0]


def test_an_extraction_goes_on_after_a_sort_without_doubling_faces(extracted: Workspace) -> None:
    count = len(extracted.faceset("src"))
    extracted.sort("src", "yaw")
    assert len(extracted.extract("src", size=128)) == count
    assert Fraction(0) in extracted.faceset("src").moments.tolist()


def test_an_extraction_cut_short_goes_on_after_a_sort(
    begin: Callable[..., Workspace], tmp_path: Path, stop_at: Callable[..., Report]
) -> None:
    workspace = begin(tmp_path / "job")
    with pytest.raises(Stopped):
        workspace.extract("src", size=128, report=stop_at(Progress, 2))
    workspace.sort("src", "yaw")
    faces = workspace.extract("src", size=128)
    # Frames that were searched but not yet noted come again; such copies are passed over.
    assert sorted(faces.frames.tolist()) == list(range(24))
    workspace.undo_sort("src")
    assert sorted(workspace.faceset("src").frames.tolist()) == list(range(24))


def test_broken_empty_foreign_and_copied_files_are_named_and_left_alone(folder: Path) -> None:
    count = len(load_faceset(folder))
    first = min(folder.glob("*.jpg"))
    shutil.copy(first, folder / "zz copy.jpg")
    (folder / "empty.png").write_bytes(b"")
    (folder / "half.jpg").write_bytes(first.read_bytes()[:200])
    (folder / "notes.txt").write_text("remember")
    events: list[Event] = []
    assert sort(folder, "blur", events.append).faces == count
    said = "\n".join(notes(events))
    assert all(name in said for name in ("zz copy.jpg", "empty.png", "half.jpg"))
    assert {"zz copy.jpg", "empty.png", "half.jpg", "notes.txt"} <= {
        path.name for path in folder.iterdir()
    }


def test_many_broken_files_are_not_all_named(folder: Path) -> None:
    for number in range(50):
        (folder / f"broken {number}.jpg").write_bytes(b"")
    events: list[Event] = []
    sort(folder, "yaw", events.append)
    assert len(notes(events)) == 21
    assert "30 more" in notes(events)[-1]


def test_files_that_a_viewer_deletes_or_renames_meanwhile_are_survived(folder: Path) -> None:
    names = sorted(path.name for path in folder.glob("*.jpg"))

    def viewer(event: Event) -> None:
        if isinstance(event, Progress) and event.done == 0 and event.unit == "faces":
            (folder / names[0]).unlink()
            (folder / names[1]).rename(folder / "my favourite.jpg")
            (folder / INDEX_NAME).unlink()

    done = sort(folder, "histogram", viewer)
    left = load_faceset(folder)
    assert len(left) == len(names) - 1
    assert "my favourite.jpg" in left.names
    assert done.faces <= len(names)
    undo(folder)
    assert set(load_faceset(folder).names) == {*names[2:], "my favourite.jpg"}


def test_a_sort_that_was_stopped_while_renaming_is_finished(folder: Path) -> None:
    before = pictures(folder)

    def stop(event: Event) -> None:
        if isinstance(event, Progress) and event.unit == "renames":
            raise Stopped("stopped by a test")

    sort(folder, "yaw")
    with pytest.raises(Stopped):
        sort(folder, "pitch", stop)
    assert pictures(folder).keys() == before.keys()
    events: list[Event] = []
    sort(folder, "pitch", events.append)
    assert (np.diff(load_faceset(folder).pitch) <= 0).all()
    undo(folder)
    assert pictures(folder) == before


def test_odd_names_are_left_alone(folder: Path) -> None:
    first = min(folder.glob("*.jpg"))
    try:
        first.rename(folder / "a:b.jpg")
    except OSError:
        pytest.skip("this system allows no such name")
    events: list[Event] = []
    sort(folder, "yaw", events.append)
    assert "a:b.jpg" in notes(events)[0]
    assert (folder / "a:b.jpg").exists()


def test_wrong_folders_are_named(tmp_path: Path, extracted: Workspace) -> None:
    with pytest.raises(WorkspaceUnusable, match="is no folder"):
        sort(tmp_path / "nowhere", "yaw")
    with pytest.raises(WorkspaceUnusable, match="not a face set"):
        undo(extracted.root)
    with pytest.raises(NoFaceFound, match="holds no face files"):
        sort(tmp_path, "yaw")


def test_a_sort_needs_a_method(folder: Path) -> None:
    with pytest.raises(OptionUnusable, match="what to sort by") as caught:
        run(folder, SortOptions())
    assert "histogram" in caught.value.fix


def test_an_unknown_embedder_is_refused_before_anything_happens(folder: Path) -> None:
    before = pictures(folder)
    with pytest.raises(OptionUnusable, match="no embedder 'retina'"):
        sort(folder, "identity", embedder="retina")
    assert pictures(folder) == before


@pytest.fixture
def two_persons(extracted: Workspace, tmp_path: Path) -> Path:
    """src's and dst's faces in one folder."""
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    for side in ("src", "dst"):
        for path in (extracted.root / f"data_{side}" / "aligned").glob("*.jpg"):
            shutil.copy(path, mixed / f"{path.stem}{side}.jpg")
    return mixed


def test_identity_parts_the_persons(two_persons: Path) -> None:
    pytest.importorskip("dlib", reason="the extra dlib is not installed")
    sort(two_persons, "identity")
    persons = np.array([name.endswith("src.jpg") for name in load_faceset(two_persons).names])
    assert np.count_nonzero(np.diff(persons)) == 1
