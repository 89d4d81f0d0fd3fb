"""Where answers take their time: nothing is asked for in vain, and no control jumps back."""

import re
import shutil
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from recast.workspace import Workspace

from .conftest import Held, Watched, shows


@pytest.fixture(scope="module")
def job(trained_once: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """For all tests here."""
    root = tmp_path_factory.mktemp("studio") / "job é"
    shutil.copytree(trained_once.root, root)
    return Workspace.open(root)


def soon(page: Page, look: Callable[[], bool]) -> None:
    """Wait for something; requests and messages that are kept come in meanwhile."""
    for _ in range(600):
        if look():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not happen within 30 s")


class Slow:
    """Requests of a page that match, kept until they are let go."""

    def __init__(self, page: Page, pattern: str) -> None:
        self.asked: list[str] = []
        self.waiting: list[Route] = []
        page.route(re.compile(pattern), self._came)

    def _came(self, route: Route) -> None:
        self.asked.append(route.request.url)
        self.waiting.append(route)

    def let_go(self, **answer: Any) -> None:
        """With an answer, or as the server answers."""
        waiting, self.waiting = self.waiting, []
        for route in waiting:
            route.fulfill(**answer) if answer else route.continue_()


def merging(page: Page, base: str) -> Locator:
    """The page with its picture, settings by default; the slider of one of them."""
    page.goto(f"{base}/merge?frame=5")
    picture = page.locator("img.m-after")
    expect(picture).to_have_attribute("data-frame", "5", timeout=60_000)
    page.wait_for_function("window.did_handshake")
    before = picture.get_attribute("data-live")
    page.get_by_role("button", name="Take the defaults again").click()
    expect(picture).not_to_have_attribute("data-live", before or "", timeout=30_000)
    expect(page.locator("#o-grow")).to_have_value("0")
    return page.locator(".c-row", has=page.locator("#o-grow")).locator("[type=range]")


def test_of_many_pictures_one_is_fetched_at_a_time_and_then_the_newest(
    base: str, page: Page
) -> None:
    merging(page, base)
    page.wait_for_load_state("networkidle")
    slow = Slow(page, "/live/.*-after")
    picture = page.locator("img.m-after")
    told = []
    for key in "wwwsww":
        before = picture.get_attribute("data-live")
        page.keyboard.press(key)
        expect(picture).not_to_have_attribute("data-live", before or "", timeout=30_000)
        told.append(str(picture.get_attribute("data-live")))
    assert [url.partition("/live/")[2] for url in slow.asked] == [told[0].partition("/live/")[2]]
    slow.let_go()
    soon(page, lambda: len(slow.asked) == 2)
    assert slow.asked[1].endswith(str(told[-1]))
    slow.let_go()
    page.wait_for_timeout(300)
    assert len(slow.asked) == 2


def test_arrow_keys_on_a_slider_all_count_while_answers_are_under_way(
    base: str, page: Page
) -> None:
    held = Held(page)
    slider = merging(page, base)
    number = page.locator("#o-grow")
    slider.focus()
    held.close()
    page.keyboard.press("ArrowRight")
    soon(page, lambda: held.has('"data-value":"0.01"'))
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    assert (slider.input_value(), number.input_value()) == ("0.05", "0.05")
    held.pass_until('"data-value":"0.01"')
    page.wait_for_timeout(200)  # what came would show by now
    assert (slider.input_value(), number.input_value()) == ("0.05", "0.05")
    page.keyboard.press("ArrowRight")
    held.open()
    expect(number).to_have_attribute("data-value", "0.06")
    assert (slider.input_value(), number.input_value()) == ("0.06", "0.06")
    page.keyboard.press("Backspace")  # and it follows again what others do
    expect(slider).to_have_value("0")


def test_a_slider_stays_where_the_hand_left_it(base: str, page: Page) -> None:
    held = Held(page)
    slider = merging(page, base)
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    held.close()
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 6):
        page.mouse.move(x + step * box["width"] / 20, y)
    page.mouse.up()
    left = slider.input_value()
    assert float(left) > 0.1
    page.wait_for_timeout(600)
    assert slider.input_value() == left
    held.open()
    expect(slider).to_have_attribute("data-value", left)
    assert slider.input_value() == left


def test_what_is_being_typed_is_not_taken_away(
    base: str, page: Page, watched: Callable[..., Watched]
) -> None:
    merging(page, base)
    other = watched().page()
    other.goto(f"{base}/merge?frame=5")
    theirs, ours = other.locator("#o-feather"), page.locator("#o-feather")
    expect(theirs).to_have_value("0.06", timeout=30_000)
    ours.select_text()
    ours.press_sequentially("0.1")
    theirs.fill("0.3")
    theirs.press("Enter")
    expect(ours).to_have_attribute("data-value", "0.3")
    expect(ours).to_have_value("0.1")
    ours.press_sequentially("2")
    ours.press("Enter")
    expect(theirs).to_have_value("0.12")
    expect(ours).to_have_value("0.12")


def test_a_picture_of_another_frame_fades_until_the_right_one_is_there(
    base: str, page: Page
) -> None:
    page.goto(f"{base}/mark?side=dst&list=all&frame=3")
    shows(page, 3)
    page.wait_for_function("window.did_handshake")
    page.wait_for_load_state("networkidle")
    picture = page.locator("img[data-frame]")
    expect(picture).not_to_have_attribute("data-waits", "")
    slow = Slow(page, "/live/.*-marking")
    page.keyboard.press(".")
    shows(page, 4)
    expect(picture).to_have_attribute("data-waits", "")
    slow.let_go()
    expect(picture).not_to_have_attribute("data-waits", "")


def test_faces_in_sight_are_fetched_before_those_around_and_a_slow_link_gets_small_parts(
    base: str, page: Page
) -> None:
    page.goto(f"{base}/faces?side=src")
    slow = Slow(page, "/nowhere/thumbs")
    page.evaluate("""async () => {
      const { Pictures, partAfter } = await import('/static/faces_pictures.mjs');
      window.partAfter = partAfter;
      window.count = (from, to) => [...Array(to - from).keys()].map((at) => from + at);
      window.changes = 0;
      window.pictures = new Pictures('/nowhere', 'v', { changed: () => { window.changes += 1; } });
      window.pictures.want(window.count(0, 30), window.count(30, 99));
    }""")
    soon(page, lambda: len(slow.asked) == 3)
    asked = [list(map(int, url.partition("i=")[2].split(","))) for url in slow.asked]
    assert sorted(number for part in asked for number in part) == list(range(30))
    slow.let_go(body=bytes(4 * 30))  # files that cannot be read
    soon(page, lambda: page.evaluate("window.changes") == 3)
    assert page.evaluate("window.count(0, 30).every((at) => !window.pictures.lacks(at))")
    page.evaluate("window.pictures.want([], window.count(30, 99))")
    soon(page, lambda: len(slow.asked) == 4)
    page.wait_for_timeout(200)
    assert len(slow.asked) == 4  # one after the other: nobody looks at them yet
    slow.let_go(body=bytes(4 * 69))
    soon(page, lambda: page.evaluate("window.changes") == 4)
    sizes = page.evaluate("[[48, 2000], [7, 2000], [12, 500], [24, 100], [40, 100]]"
                          ".map(([part, took]) => window.partAfter(part, took))")  # fmt: skip
    assert sizes == [24, 6, 12, 48, 48]
