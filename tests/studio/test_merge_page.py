"""The merge page in a real browser: live settings, ranges, and what comes of a merge."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from recast.images import decode
from recast.stages.merge_desk import MergeDesk
from recast.stages.merge_options import MergeOptions
from recast.studio.controls import declared, stepped
from recast.studio.merge_words import GROUPS, KEYS, SUGGESTIONS
from recast.workspace import Workspace

from .conftest import Serve, Server, Watched

InTime = Callable[[Callable[[], Any]], Any]


@pytest.fixture(scope="module")
def job(trained_once: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A job with a model, for all tests here; its takes lie outside of it."""
    root = tmp_path_factory.mktemp("studio") / "job é"
    shutil.copytree(trained_once.root, root)
    return Workspace.open(root)


@pytest.fixture(scope="module")
def server(job: Workspace) -> Iterator[Server]:
    served = Server(job.root)
    yield served
    served.close()


@pytest.fixture
def opened(server: Server, page: Page) -> Page:
    """The page at frame 5, its picture drawn; settings are plain, whatever another test made."""
    page.goto(f"{server.base}/merge?frame=5")
    shown(page, 5)
    changes(page, page.get_by_role("button", name="Take the defaults again").click)
    return page


def shown(page: Page, frame: int) -> Locator:
    """The merged picture, once it is there."""
    picture = page.locator("img.m-after")
    expect(picture).to_have_attribute("data-frame", str(frame), timeout=60_000)
    return picture


def pixels(page: Page, name: str = "after") -> Any:
    """What the picture shows now."""
    address = page.locator(f"img.m-{name}").get_attribute("src")
    answer = page.request.get(page.url.partition("/merge")[0] + (address or ""))
    return decode(answer.body(), "the picture").astype(int)


def changes(page: Page, act: Callable[[], Any]) -> None:
    """Do something that draws another picture, and wait for it."""
    before = page.locator("img.m-after").get_attribute("src")
    act()
    expect(page.locator("img.m-after")).not_to_have_attribute("src", before or "", timeout=30_000)


def test_every_option_has_a_control_and_steps_stay_in_range() -> None:
    fields = MergeOptions.model_fields
    placed = [name for names in GROUPS.values() for name in names]
    assert sorted([*placed, "shots"]) == sorted(fields)
    keys = [key for pair in KEYS.values() for key in pair if key]
    assert len(keys) == len(set(keys)) and not {*"gv[],.<>`=-?"} & set(keys)
    for mask in SUGGESTIONS["mask"]:
        MergeOptions.model_validate({"mask": mask})
    for name, field in fields.items():
        what, value = declared(field), getattr(MergeOptions(), name)
        if what.kind == "text":
            continue
        for _ in range(250):
            value = stepped(field, value, 1)
            MergeOptions.model_validate({name: value})
        for _ in range(600):
            value = stepped(field, value, -1)
            MergeOptions.model_validate({name: value})


def test_keys_change_settings_and_the_picture_follows(opened: Page, job: Workspace) -> None:
    before = pixels(opened)
    changes(opened, lambda: opened.keyboard.press("9"))
    expect(opened.get_by_label("Mode", exact=True)).to_have_value("raw-mask")
    expect(opened.locator("#command")).to_contain_text("--mode raw-mask")
    assert (pixels(opened) < 8).mean() > 0.5
    changes(opened, lambda: opened.keyboard.press("1"))
    changes(opened, lambda: opened.keyboard.press("Shift+E"))
    expect(opened.locator("#o-feather")).to_have_value("0.085")
    changes(opened, lambda: opened.keyboard.press("x"))
    expect(opened.get_by_label("Mask", exact=True)).to_have_value("dst")
    assert MergeDesk(job).settings.options == MergeOptions(mask="dst", feather=0.085)
    for _ in range(3):
        changes(opened, lambda: opened.keyboard.press("Backspace"))
    expect(opened.get_by_label("Mask", exact=True)).to_have_value("learned")
    changes(opened, lambda: opened.keyboard.press("Backspace"))
    assert np.array_equal(pixels(opened), before)
    changes(opened, lambda: opened.keyboard.press("v"))
    assert (pixels(opened) < 8).mean() > 0.5
    cyrillic = "{key: 'м', code: 'KeyV', bubbles: true}"
    pressed = f"document.body.dispatchEvent(new KeyboardEvent('keydown', {cyrillic}))"
    changes(opened, lambda: opened.evaluate(pressed))
    assert np.array_equal(pixels(opened), before)
    opened.keyboard.press("?")
    help_page = opened.get_by_role("dialog", name="Keys")
    for text in ("Feather +", "Mode raw-rgb", "Merge the take", "Begin a range here"):
        expect(help_page).to_contain_text(text)


def test_the_mouse_moves_sliders_wipes_and_scrubs(opened: Page, in_time: InTime) -> None:
    slider = opened.locator(".c-row", has=opened.locator("#o-grow")).locator("[type=range]")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None
    opened.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    opened.mouse.down()
    for step in range(1, 9):
        opened.mouse.move(box["x"] + box["width"] * (0.5 + step / 20), box["y"] + 5)
    opened.mouse.up()
    entry = opened.locator("#o-grow")
    in_time(lambda: float(entry.input_value()) > 0.3)
    in_time(lambda: slider.input_value() == entry.input_value())
    viewer = opened.locator("[data-viewer]")
    sheet = opened.locator(".m-sheet").bounding_box()
    assert sheet is not None
    opened.mouse.move(sheet["x"] + sheet["width"] * 0.5, sheet["y"] + 50)
    opened.mouse.down()
    opened.mouse.move(sheet["x"] + sheet["width"] * 0.75, sheet["y"] + 60)
    opened.mouse.up()
    wiped = (
        "Number(getComputedStyle(document.querySelector('[data-viewer]'))"
        ".getPropertyValue('--wipe'))"
    )
    assert opened.evaluate(wiped) == pytest.approx(75, abs=1)
    opened.keyboard.press("`")
    assert opened.evaluate(wiped) == 100
    opened.keyboard.press("`")
    assert opened.evaluate(wiped) == pytest.approx(75, abs=1)
    opened.keyboard.press("=")
    assert "--zoom: 1.5" in (viewer.get_attribute("style") or "")
    opened.get_by_label("Frame of the take").fill("17")
    shown(opened, 17)
    expect(opened.get_by_role("status").filter(has_text="Frame 17 of 24")).to_be_visible()
    opened.keyboard.press(",")
    shown(opened, 16)
    opened.keyboard.press(">")
    shown(opened, 23)


def test_before_is_the_frame_of_dst(opened: Page, job: Workspace) -> None:
    frame = job.take("dst").frame(5).image
    assert np.abs(pixels(opened, "before") - frame).mean() < 4


def test_a_range_has_settings_of_its_own_and_two_browsers_agree(
    opened: Page, job: Workspace, watched: Callable[..., Watched], in_time: InTime
) -> None:
    opened.keyboard.press("[")
    for frame in (6, 7):
        opened.keyboard.press(".")
        shown(opened, frame)
    opened.keyboard.press("]")
    expect(opened.get_by_text("Settings of frames 5 to 7")).to_be_visible()
    expect(opened.locator("#o-crf")).not_to_be_visible()
    opened.get_by_label("Mode", exact=True).select_option("pyramid")
    expect(opened.locator("#command")).to_contain_text("shots.json")
    opened.get_by_label("comes gradually").check()
    other = watched().page()
    other.goto(opened.url)
    expect(other.get_by_label("Mode", exact=True)).to_have_value("pyramid", timeout=30_000)
    changes(other, lambda: opened.get_by_label("comes gradually").uncheck())
    opened.get_by_label("comes gradually").check()
    opened.keyboard.press(".")
    shown(opened, 8)
    expect(opened.get_by_label("Mode", exact=True)).to_have_value("overlay")
    wanted = [{"frames": "5:8", "change": "blend", "mode": "pyramid"}]
    # Written by another thread, which the next frame does not wait for.
    in_time(lambda: json.loads(job.shots_file.read_text("utf-8")) == wanted)
    other.get_by_role("button", name="Frames 5 to 7").click()
    changes(other, lambda: other.keyboard.press("Delete"))
    expect(opened.get_by_role("button", name="Frames 5 to 7")).to_have_count(0)
    assert MergeDesk(job).settings.ranges == ()


def test_a_wrong_value_is_said_and_taken_back(opened: Page) -> None:
    entry = opened.locator("#o-feather")
    entry.fill("7")
    entry.press("Enter")
    expect(opened.get_by_text("feather cannot be 7.0: it must be at most")).to_be_visible()
    expect(entry).to_have_value("0.06")


def test_what_cannot_be_merged_says_why(extracted: Workspace, serve: Serve, page: Page) -> None:
    page.goto(f"{serve(extracted.root).base}/merge")
    expect(page.locator(".m-status")).to_contain_text("recast train", timeout=60_000)
    assert page.locator("img.m-before").get_attribute("src")
    extracted.merge_settings_file.write_text("{", encoding="utf-8")
    page.goto(f"{serve(extracted.root).base}/merge")
    expect(page.get_by_role("alert")).to_contain_text("merge.json")


def test_a_merge_runs_and_plays_beside_dst_with_its_credentials(
    opened: Page, job: Workspace, in_time: InTime, tmp_path: Path
) -> None:
    opened.keyboard.press("Shift+Enter")
    opened.locator("video").first.wait_for(timeout=90_000)
    assert job.result.is_file()
    state = "[...document.querySelectorAll('video')].map((v) => [v.videoWidth, v.currentTime])"
    in_time(lambda: all(width == 640 for width, _ in opened.evaluate(state)))
    opened.locator("h1").click()
    opened.keyboard.press("Space")
    in_time(lambda: all(now > 0.2 for _, now in opened.evaluate(state)))
    expect(opened.locator(".m-credentials")).to_contain_text("intact")
    expect(opened.locator(".m-credentials")).to_contain_text("synthetic")
    base = opened.url.partition("/merge")[0]
    for address in ("/files/result.mp4", "/take/dst"):
        part = opened.request.get(base + address, headers={"range": "bytes=10-19"})
        assert part.status == 206 and len(part.body()) == 10
    opened.keyboard.press("Shift+M")
    picture = opened.get_by_role("img", name="Some frames in every mode")
    picture.wait_for(timeout=90_000)
    opened.screenshot(path=tmp_path / "merge.png", full_page=True)
