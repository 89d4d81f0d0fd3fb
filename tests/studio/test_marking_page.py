"""The marking page in a real browser: faces placed, moved and accepted by mouse and keys."""

import shutil
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from recast.faces import load_marks
from recast.workspace import Workspace

from .conftest import shows, state

InTime = Callable[[Callable[[], Any]], Any]
WIDTH, HEIGHT = 640, 480


GAP = (17, 18, 19)


@pytest.fixture(scope="module")
def job(extracted_once: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """24 frames; faces of some are gone, as if they had not been found. For all tests here."""
    root = tmp_path_factory.mktemp("studio") / "job é"
    shutil.copytree(extracted_once.root, root)
    workspace = Workspace.open(root)
    for frame in (5, *GAP):
        (workspace.faceset_folder("dst") / f"{frame:06d}_0.jpg").unlink()
    return workspace


def opened(page: Page, base: str, frame: int, **query: str) -> None:
    more = "".join(f"&{name}={value}" for name, value in query.items())
    page.goto(f"{base}/mark?side=dst&frame={frame}{more}")
    shows(page, frame)
    # What is done before the page is connected is lost.
    page.wait_for_function("window.socket && window.socket.connected")


def is_wide(page: Page, side: float) -> bool:
    return bool(abs(state(page)["faces"][0]["region"][2] / side - 1) < 1e-3)


def at(page: Page, point: Any) -> tuple[float, float]:
    """Where a point of the frame is on the screen."""
    box = page.locator("svg[data-state]").bounding_box()
    assert box is not None
    x, y = (float(value) + 0.5 for value in point)
    return box["x"] + x / WIDTH * box["width"], box["y"] + y / HEIGHT * box["height"]


def test_a_square_is_placed_and_the_landmarks_follow(
    job: Workspace, base: str, page: Page, in_time: InTime
) -> None:
    faces = job.faceset("dst")
    truth = faces.landmarks[faces.frames.tolist().index(3)]
    x, y = (truth.min(axis=0) + truth.max(axis=0)) / 2
    opened(page, base, 5, list="all")
    page.mouse.move(*at(page, (x + 30, y)))
    in_time(lambda: state(page)["draft"])
    page.mouse.move(*at(page, (x, y)))
    for _ in range(3):
        page.mouse.wheel(0, -100)

    def follows() -> bool:
        draft = np.array(state(page)["draft"])
        return bool(np.abs(draft - truth).mean() < 6)

    in_time(follows)
    page.mouse.down()
    page.mouse.up()
    in_time(lambda: len(state(page)["faces"]) == 1)
    assert state(page)["carry"] is None
    page.keyboard.press("Enter")
    shows(page, 6)
    in_time(lambda: load_marks(job.marks_file("dst")).at(5).state == "done")
    marks = load_marks(job.marks_file("dst"))
    assert np.abs(marks.at(5).faces[0].points - truth).mean() < 6


def test_the_wheel_sizes_and_turns_what_is_set_down(base: str, page: Page, in_time: InTime) -> None:
    opened(page, base, 8)
    (x, y, side, angle) = state(page)["faces"][0]["region"]
    page.mouse.move(*at(page, (x, y)))
    page.mouse.wheel(0, -100)
    in_time(lambda: state(page)["faces"][0]["region"][2] == pytest.approx(side * 1.06, abs=0.01))
    page.keyboard.down("Shift")
    page.mouse.wheel(0, 100)
    page.keyboard.up("Shift")
    in_time(lambda: state(page)["faces"][0]["region"][3] < angle - 0.04)
    page.keyboard.press("]")
    in_time(lambda: state(page)["faces"][0]["region"][3] == pytest.approx(angle, abs=0.01))
    for wanted in (side * 1.06**step for step in range(2, 6)):
        page.keyboard.press("=")
        in_time(partial(is_wide, page, wanted))
    page.keyboard.press("Backspace")
    in_time(lambda: state(page)["faces"][0]["region"] == [x, y, side, angle])


def test_a_point_and_a_face_are_dragged_and_locked(base: str, page: Page, in_time: InTime) -> None:
    opened(page, base, 10)
    before = state(page)["faces"][0]
    nose = before["points"][30]
    page.mouse.move(*at(page, nose))
    page.mouse.down()
    page.mouse.move(*at(page, (nose[0] + 9, nose[1] - 4)), steps=3)
    page.mouse.up()
    in_time(lambda: state(page)["faces"][0]["points"][30] != nose)
    moved = state(page)["faces"][0]["points"]
    assert moved[30] == pytest.approx([nose[0] + 9, nose[1] - 4], abs=1)
    assert moved[:30] == before["points"][:30]
    x, y, side, _ = before["region"]
    corner = (x - side * 0.4, y + side * 0.4)
    page.mouse.move(*at(page, corner))
    page.mouse.down()
    page.mouse.move(*at(page, (corner[0] + 25, corner[1])), steps=4)
    page.mouse.up()
    in_time(lambda: abs(state(page)["faces"][0]["region"][0] - x - 25) < 8)
    page.keyboard.press("l")
    in_time(lambda: state(page)["faces"][0]["locked"])
    region = state(page)["faces"][0]["region"]
    page.keyboard.press("=")
    expect(page.get_by_text("face 0 of frame 10 is locked")).to_be_visible()
    assert state(page)["faces"][0]["region"] == region


def test_new_faces_are_let_go_and_removed(base: str, page: Page, in_time: InTime) -> None:
    opened(page, base, 12)
    page.keyboard.press("n")
    in_time(lambda: state(page)["carry"])
    page.mouse.move(*at(page, (100, 380)))
    in_time(lambda: state(page)["draft"])
    page.keyboard.press("Escape")
    in_time(lambda: state(page)["carry"] is None and len(state(page)["faces"]) == 1)
    page.keyboard.press("n")
    page.mouse.move(*at(page, (120, 380)))
    page.mouse.down()
    page.mouse.up()
    in_time(lambda: len(state(page)["faces"]) == 2)
    page.keyboard.press("f")
    in_time(lambda: state(page)["faces"][0]["chosen"])
    page.keyboard.press("f")
    page.keyboard.press("x")
    in_time(lambda: len(state(page)["faces"]) == 1)


def test_frames_are_walked_copied_filled_skipped_and_written(
    job: Workspace, base: str, page: Page, in_time: InTime
) -> None:
    opened(page, base, 17)
    page.keyboard.press("c")
    in_time(lambda: len(state(page)["faces"]) == 1)
    page.keyboard.press("Backspace")
    in_time(lambda: not state(page)["faces"])
    page.keyboard.press("i")
    in_time(lambda: len(state(page)["faces"]) == 1)
    expect(page.get_by_text("Filled between frames 16 and 20")).to_be_visible()
    page.keyboard.press(".")
    shows(page, 18)
    page.keyboard.press(",")
    shows(page, 17)
    page.get_by_role("button", name="22", exact=True).click()
    shows(page, 22)
    page.keyboard.press("Delete")
    in_time(lambda: not state(page)["faces"])
    page.keyboard.press("Space")
    shows(page, 23)
    page.keyboard.press("Shift+S")
    in_time(lambda: load_marks(job.marks_file("dst")).at(23).state == "skipped")
    assert load_marks(job.marks_file("dst")).at(22).state == "skipped"
    expect(page.locator("#command")).to_contain_text("--only marked")
    page.keyboard.press("Shift+Enter")
    folder = job.faceset_folder("dst")
    in_time(lambda: all((folder / f"{frame:06d}_0.jpg").exists() for frame in GAP))
    expect(page.locator(".r-running")).to_be_empty(timeout=30_000)
    faces = job.faceset("dst")
    assert {*range(24)} - {5} <= set(faces.frames.tolist())
    marks = load_marks(job.marks_file("dst"))
    for frame in GAP:
        row = faces.frames.tolist().index(frame)
        assert np.abs(faces.landmarks[row] - marks.at(frame).faces[0].points).max() < 0.01


def test_lists_before_any_search_say_what_to_do(job: Workspace, base: str, page: Page) -> None:
    job.extraction_file("dst").unlink()
    base = base
    page.goto(f"{base}/mark?side=dst&list=missing")
    expect(page.get_by_role("alert")).to_contain_text("was not searched for faces before")
    page.goto(f"{base}/mark?side=dst")
    shows(page, 0)
