"""The overview in a browser: from two takes to found faces, by mouse and by keyboard."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from recast.studio.beginning import free_folder
from recast.studio.chooser import listing
from recast.workspace import Workspace
from tests.studio.conftest import Serve, Watched


def test_a_workspace_is_made_by_choosing_takes_and_consent_is_asked(
    tmp_path: Path, short_takes: dict[str, Path], serve: Serve, page: Page
) -> None:
    root = tmp_path / "new job"
    page.goto(serve(root).base)
    make = page.get_by_role("button", name="Make the workspace")
    expect(make).to_be_disabled()
    page.get_by_label("src: the face that is put in").fill(str(short_takes["src"].parent))
    page.get_by_role("button", name="Browse …").first.click()
    page.get_by_role("button", name=short_takes["src"].name).click()
    expect(page.get_by_label("src: the face that is put in")).to_have_value(str(short_takes["src"]))
    page.get_by_label("dst: the take that is changed").fill(str(short_takes["dst"]))
    make.hover()
    expect(page.locator("#command")).to_contain_text("recast new")
    make.click()
    expect(page.get_by_role("heading", name="Whose face is put in")).to_be_visible(timeout=30_000)
    assert Workspace.open(root).take_path("src") == short_takes["src"]

    record = page.get_by_role("button", name="Record this")
    expect(record).to_be_disabled()
    page.get_by_text("It is nobody's face").click()
    page.get_by_label("Name or alias").fill("Ann")
    page.get_by_role("checkbox", name="The person is an adult").click()
    expect(page.locator("#command")).to_contain_text("--basis synthetic --person Ann --adult")
    record.click()
    expect(page.get_by_role("heading", name="Whose face is put in")).not_to_be_visible()
    assert Workspace.open(root).consent[0].person == "Ann"


def test_faces_are_found_by_a_key_and_two_browsers_see_it(
    begin: Callable[[Path], Workspace],
    tmp_path: Path,
    serve: Serve,
    watched: Callable[..., Watched],
) -> None:
    workspace = begin(tmp_path / "job ж")
    base = serve(workspace.root).base
    one, other = watched().page(), watched(locale="ru").page()
    one.goto(base)
    other.goto(base)
    expect(one.get_by_label("Faces of src")).to_contain_text("None yet")
    one.locator("body").press("1")
    expect(other.locator(".r-job")).to_contain_text("Поиск лиц")
    expect(one.get_by_label("Faces of src")).to_contain_text("24 faces", timeout=60_000)
    expect(other.get_by_label("Лица src")).to_contain_text("24 лица")
    expect(other.locator(".r-job")).to_contain_text("Готово")
    assert len(workspace.faceset("src")) == 24


def test_a_take_that_is_none_is_refused_in_a_sentence(
    tmp_path: Path, serve: Serve, page: Page
) -> None:
    (tmp_path / "odd.mp4").write_bytes(b"no video")
    page.goto(serve(tmp_path / "job").base)
    for label in ("src: the face", "dst: the take"):
        page.get_by_label(label).fill(str(tmp_path / "odd.mp4"))
    page.get_by_role("button", name="Make the workspace").click()
    expect(page.locator(".r-job .r-bad")).to_contain_text("odd.mp4", timeout=30_000)
    assert not (tmp_path / "job" / "workspace.json").exists()


def test_a_folder_is_listed_by_names_of_takes_and_folders(tmp_path: Path) -> None:
    for name in ("b.mp4", "a.MOV", "note.txt", ".hidden.mp4", "frame.png"):
        (tmp_path / name).touch()
    (tmp_path / "sub").mkdir()
    found = listing(tmp_path, (".mp4", ".mov"))
    assert (found.folders, found.files, found.pictures) == (("sub",), ("a.MOV", "b.mp4"), 1)
    assert listing(tmp_path / "sub" / "gone", None).folder == tmp_path / "sub"
    assert listing(tmp_path, None).files == ("a.MOV", "b.mp4", "frame.png", "note.txt")


@pytest.mark.parametrize(("holds", "free"), [(None, ""), ([], ""), (["x"], "job")])
def test_a_workspace_goes_where_nothing_is_buried(
    tmp_path: Path, holds: list[str] | None, free: str
) -> None:
    root = tmp_path / "there"
    if holds is not None:
        root.mkdir()
        for name in holds:
            (root / name).touch()
    assert free_folder(root) == (root / free if free else root)
