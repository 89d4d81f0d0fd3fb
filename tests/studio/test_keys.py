"""Keys pressed without a pause, in a real browser: all of them arrive, and in their order."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from recast.faces import load_marks
from recast.workspace import Workspace

from .conftest import Watched, shows, state

InTime = Callable[[Callable[[], Any]], Any]


@pytest.fixture(scope="module")
def job(trained_once: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """For all tests here; in frame 20 no face was found."""
    root = tmp_path_factory.mktemp("studio") / "job é"
    shutil.copytree(trained_once.root, root)
    workspace = Workspace.open(root)
    (workspace.faceset_folder("dst") / "000020_0.jpg").unlink()
    return workspace


def press(page: Page, keys: str) -> None:
    """Each of the keys, with nothing between them."""
    for key in keys.split():
        page.keyboard.press(key)


def marking(page: Page, base: str, frame: int, listed: str = "all") -> None:
    page.goto(f"{base}/mark?side=dst&list={listed}&frame={frame}")
    shows(page, frame)
    page.wait_for_function("window.did_handshake")


def side(page: Page) -> float:
    """Of the square around the first face."""
    return float(state(page)["faces"][0]["region"][2])


def grid_of(page: Page, base: str) -> tuple[Locator, Locator]:
    """The grid with the focus, and the line that tells of it."""
    page.goto(f"{base}/faces?side=src")
    told = page.locator(".r-faces-main").get_by_role("status")
    expect(told).to_contain_text("chosen")
    grid = page.get_by_role("listbox", name="Faces")
    grid.focus()
    return grid, told


def trash_of(job: Workspace) -> set[str]:
    folder: Path = job.faceset_folder("src") / "trash"
    return {path.name for path in folder.glob("*.jpg")}


def test_faces_are_put_aside_as_fast_as_keys_are_pressed(
    job: Workspace, base: str, page: Page, in_time: InTime
) -> None:
    grid, told = grid_of(page, base)
    press(page, "Home" + " d ArrowRight" * 10)
    expect(told).to_contain_text("14 faces · 1 chosen · 000020_0.jpg", timeout=30_000)
    wanted = {f"{number:06d}_0.jpg" for number in range(0, 20, 2)}
    in_time(lambda: trash_of(job) == wanted)
    press(page, "u " * 9)
    expect(told).to_contain_text("23 faces", timeout=30_000)
    assert trash_of(job) == {"000000_0.jpg"}  # the newest come back first
    press(page, "u a i u")
    expect(told).to_contain_text("24 faces · 0 chosen", timeout=30_000)
    assert trash_of(job) == set()
    expect(grid).to_be_focused()


def test_a_move_that_fails_is_told_and_the_faces_are_shown_again(
    job: Workspace, base: str, watched: Callable[..., Watched]
) -> None:
    session = watched()
    page = session.page()
    _, told = grid_of(page, base)
    page.route("**/trash", lambda route: route.abort())
    press(page, "Home Shift+ArrowRight d")
    notice = page.get_by_text("The studio cannot be reached; nothing was moved.")
    expect(notice).to_be_visible()
    expect(told).to_contain_text("24 faces · 0 chosen · 000002_0.jpg")
    assert trash_of(job) == set()
    session.complaints[:] = [one for one in session.complaints if "ERR_FAILED" not in one]


def test_keys_after_a_closed_dialog_arrive(base: str, page: Page) -> None:
    grid, told = grid_of(page, base)
    press(page, "Home Enter")
    expect(page.get_by_label("The face's frame")).to_be_visible()
    press(page, "Escape" + " ArrowRight" * 8)
    expect(told).to_contain_text("000008_0.jpg")
    expect(grid).to_be_focused()


def test_every_step_of_a_size_counts(base: str, page: Page, in_time: InTime) -> None:
    marking(page, base, 3)
    first = side(page)
    press(page, "= " * 20)
    in_time(lambda: side(page) == pytest.approx(first * 1.06**20, rel=1e-4))
    press(page, "Backspace")
    in_time(lambda: side(page) == pytest.approx(first, rel=1e-6))


def test_a_key_acts_on_the_frame_that_was_gone_to(
    job: Workspace, base: str, page: Page, in_time: InTime
) -> None:
    """Steps that the network has to read, and steps to other frames, mixed."""
    faces = job.faceset("dst")
    marking(page, base, 5)
    before = side(page)
    press(page, "= = = Enter " * 6)
    shows(page, 11)
    in_time(lambda: load_marks(job.marks_file("dst")).at(10).state == "done")
    marks = load_marks(job.marks_file("dst"))
    assert [marks.at(frame).state for frame in range(5, 11)] == ["done"] * 6
    assert marks.at(5).faces[0].region[2] == pytest.approx(before * 1.06**3, rel=1e-4)
    for frame in range(5, 11):
        (mark,) = marks.at(frame).faces
        found = faces.landmarks[faces.frames.tolist().index(frame)]
        # Read anew within the larger square, and not just where the search had it.
        assert 0 < abs(mark.points - found).mean() < 12
    press(page, "l , l , l . . f")
    shows(page, 11)
    in_time(lambda: load_marks(job.marks_file("dst")).at(9).faces[0].locked)
    locked = load_marks(job.marks_file("dst"))
    assert [locked.at(frame).faces[0].locked for frame in (9, 10, 11)] == [True] * 3


def test_a_carried_face_is_set_down_before_the_page_goes_on(
    job: Workspace, base: str, page: Page, in_time: InTime
) -> None:
    faces = job.faceset("dst")
    x, y = map(float, faces.landmarks[faces.frames.tolist().index(19)].mean(axis=0))
    marking(page, base, 20)
    box = page.locator("svg[data-state]").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + x / 640 * box["width"], box["y"] + y / 480 * box["height"])
    in_time(lambda: state(page)["draft"])
    press(page, "Enter Enter .")
    shows(page, 23)
    in_time(lambda: load_marks(job.marks_file("dst")).at(21).state == "done")
    (mark,) = load_marks(job.marks_file("dst")).at(20).faces
    assert abs(mark.points.mean(axis=0) - (x, y)).max() < 12


def test_settings_and_frames_of_a_merge_follow_every_key(
    job: Workspace, base: str, page: Page
) -> None:
    page.goto(f"{base}/merge?frame=0")
    expect(page.locator("img.m-after")).to_have_attribute("data-frame", "0", timeout=60_000)
    feather = float(page.locator("#o-feather").input_value())
    press(page, "e . " * 10)
    expect(page.locator("#o-feather")).to_have_value(f"{feather + 0.05:g}")
    expect(page.locator("img.m-after")).to_have_attribute("data-frame", "10", timeout=30_000)
    # Changes of one setting are one step back; so the ten above stay.
    press(page, "[ . . . ] e e , , , , e Backspace Backspace Backspace")
    expect(page.locator("#o-feather")).to_have_value(f"{feather + 0.05:g}")
    expect(page.get_by_role("group", name="Ranges of frames").locator("button")).to_have_count(0)


def test_keys_wait_until_the_page_is_connected(base: str, page: Page) -> None:
    marking(page, base, 0)
    page.evaluate("window.did_handshake = false")
    press(page, ". " * 12 + ", " * 3)
    page.wait_for_timeout(200)
    assert state(page)["frame"] == 0
    page.evaluate("window.did_handshake = true")
    shows(page, 9)
