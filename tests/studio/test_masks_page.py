"""The mask page in a real browser: brush and polygon, by mouse and keys."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import FloatRect, Page, expect

from recast.stages.mask_desk import MaskDesk
from recast.workspace import Workspace

from .conftest import Serve

InTime = Callable[[Callable[[], Any]], Any]


@pytest.fixture
def opened(extracted: Workspace, serve: Serve, page: Page) -> Page:
    page.goto(f"{serve(extracted.root).base}/masks?side=dst&name=000002_0.jpg")
    picture = page.locator("img[data-name]")
    expect(picture).to_have_attribute("data-name", "000002_0.jpg", timeout=30_000)
    return page


def stroke(page: Page, points: list[tuple[float, float]]) -> None:
    """Draw over the crop; points in parts of its side."""
    box = sheet(page)
    at = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in points]
    page.mouse.move(*at[0])
    page.mouse.down()
    for x, y in at[1:]:
        page.mouse.move(x, y)
    page.mouse.up()


def sheet(page: Page) -> FloatRect:
    box = page.locator(".m-sheet").bounding_box()
    assert box is not None and box["width"] == pytest.approx(box["height"], abs=1)
    return box


def test_a_hand_is_hidden_with_the_brush_and_shown_again(
    opened: Page, extracted: Workspace, in_time: InTime
) -> None:
    desk: Any = MaskDesk(extracted, "dst")
    stroke(opened, [(0.2, 0.3), (0.5, 0.3), (0.8, 0.3)])
    in_time(lambda: desk.mask("000002_0.jpg") is not None)
    mask = desk.mask("000002_0.jpg")
    assert mask[38, 64] == 0 and mask[100, 64] == 1
    opened.keyboard.press("s")
    expect(opened.get_by_role("button", name="Show", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    for _ in range(3):
        opened.keyboard.press("[")
    stroke(opened, [(0.5, 0.3)])
    in_time(lambda: desk.mask("000002_0.jpg")[38, 64] == 1)
    again = desk.mask("000002_0.jpg")
    assert again is not None and again[38, 40] == 0

    def holds(parts: int) -> bool:
        return len(desk.record("000002_0.jpg").polygons) == parts

    for left in (1, 0):
        opened.keyboard.press("Backspace")
        in_time(partial(holds, left))


def test_a_polygon_is_closed_by_enter_and_copied_to_the_next_face(
    opened: Page, extracted: Workspace, in_time: InTime
) -> None:
    desk: Any = MaskDesk(extracted, "dst")
    opened.keyboard.press("p")
    opened.keyboard.press("s")
    box = sheet(opened)
    for x, y in ((0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75)):
        opened.mouse.click(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
    opened.keyboard.press("Enter")
    in_time(lambda: desk.mask("000002_0.jpg") is not None)
    mask = desk.mask("000002_0.jpg")
    assert mask.mean() == pytest.approx(0.25, abs=0.02) and mask[64, 64] == 1
    opened.keyboard.press(".")
    expect(opened.locator("img[data-name]")).to_have_attribute("data-name", "000003_0.jpg")
    opened.keyboard.press("c")
    in_time(lambda: desk.mask("000003_0.jpg") is not None)
    assert np.array_equal(desk.mask("000003_0.jpg"), mask)
    opened.keyboard.press("Shift+Delete")
    in_time(lambda: desk.mask("000003_0.jpg") is None)
    opened.keyboard.press("Escape")
    expect(opened.locator("#command")).to_contain_text("learned*segmentation")


def test_without_faces_it_says_what_to_do(extracted: Workspace, serve: Serve, page: Page) -> None:
    extracted.faceset_folder("dst").rename(extracted.root / "elsewhere")
    page.goto(f"{serve(extracted.root).base}/masks")
    expect(page.get_by_role("alert")).to_contain_text("has no dst faces yet")
