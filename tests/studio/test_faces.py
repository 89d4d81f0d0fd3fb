"""The grid of faces in a browser: looked through, chosen, put aside, by mouse and by keys."""

import json
import struct
from pathlib import Path
from typing import get_args
from urllib.request import urlopen

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, Position, expect

from recast.faceset import load_faceset
from recast.stages.coverage import coverage
from recast.stages.measure import GroupedBy, MeasureOptions, run
from recast.studio.coverage_map import map_options
from recast.studio.face_filters import GROUP_NAMES
from recast.studio.facesets import FaceSets, columns_of, folder_of, joined, packed
from recast.workspace import Workspace
from tests.studio.conftest import Serve
from tests.studio.test_guard import ask

CELL = 116  # of a face at the first size, with its gap


def status(page: Page) -> Locator:
    return page.locator(".r-faces-main").get_by_role("status")


def open_faces(page: Page, base: str, query: str = "?side=src") -> Locator:
    page.goto(f"{base}/faces{query}")
    grid = page.get_by_role("listbox", name="Faces")
    expect(status(page)).to_contain_text("chosen")
    return grid


def at(number: int) -> Position:
    """Where a face of the first row lies."""
    return {"x": number * CELL + CELL / 2, "y": CELL / 2}


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*.jpg")}


def test_faces_are_chosen_put_aside_and_taken_back(
    extracted: Workspace, serve: Serve, page: Page
) -> None:
    folder = extracted.faceset_folder("src")
    before = names_in(folder)
    grid = open_faces(page, serve(extracted.root).base)
    expect(status(page)).to_contain_text("24 faces · 0 chosen")
    grid.click(position=at(1))
    expect(status(page)).to_contain_text("1 chosen · 000001_0.jpg: frame 1")
    grid.click(position=at(4), modifiers=["Shift"])
    expect(status(page)).to_contain_text("4 chosen")
    grid.click(position=at(2), modifiers=["Control"])
    expect(status(page)).to_contain_text("3 chosen")
    expect(page.locator("#command")).to_contain_text("recast trash")
    page.keyboard.press("Delete")
    expect(status(page)).to_contain_text("21 faces · 0 chosen")
    gone = {f"{number:06d}_0.jpg" for number in (1, 3, 4)}
    assert names_in(folder) == before - gone and names_in(folder / "trash") == gone
    page.keyboard.press("u")
    expect(status(page)).to_contain_text("24 faces")
    assert names_in(folder) == before


def test_a_band_chooses_what_it_touches(extracted: Workspace, serve: Serve, page: Page) -> None:
    grid = open_faces(page, serve(extracted.root).base)
    box = grid.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + CELL * 0.5, box["y"] + CELL * 0.5)
    page.mouse.down()
    page.mouse.move(box["x"] + CELL * 2.5, box["y"] + CELL * 1.5, steps=4)
    page.mouse.up()
    expect(status(page)).to_contain_text("6 chosen")
    page.get_by_role("button", name="Invert").click()
    expect(status(page)).to_contain_text("18 chosen")


def test_everything_can_be_done_by_keys(extracted: Workspace, serve: Serve, page: Page) -> None:
    grid = open_faces(page, serve(extracted.root).base)
    grid.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    expect(status(page)).not_to_contain_text(" 2 chosen")
    page.keyboard.press("Escape")
    expect(status(page)).to_contain_text("0 chosen")
    page.keyboard.press("End")
    expect(status(page)).to_contain_text("frame 23")
    page.keyboard.press("Control+a")
    expect(status(page)).to_contain_text("24 chosen")
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    dialog = page.get_by_label("The face's frame")
    expect(dialog).to_contain_text("000000_0.jpg: frame 0")
    expect(dialog.get_by_role("img")).to_be_visible()
    address = str(dialog.get_by_role("img").get_attribute("src"))
    assert address.startswith("/frames/src/0")


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=option, exact=True).click()


def test_what_needs_all_faces_is_grouped_by_a_command_once(
    extracted: Workspace, serve: Serve, page: Page
) -> None:
    folder = extracted.faceset_folder("src")
    grid = open_faces(page, serve(extracted.root).base)
    choose(page, "Groups", "like colours, 50 each")
    group = page.get_by_role("button", name="Group the faces")
    group.hover()
    expect(page.locator("#command")).to_contain_text("measure")
    expect(page.locator("#command")).to_contain_text("--by histogram-blur")
    page.keyboard.press("Escape")
    grid.focus()
    page.keyboard.press("Shift+G")
    expect(page.locator(".r-job")).to_contain_text("Done", timeout=60_000)
    expect(group).not_to_be_visible(timeout=20_000)
    expect(status(page)).to_contain_text("24 faces · 1 group ·")
    assert sorted(names_in(folder)) == [f"{number:06d}_0.jpg" for number in range(24)]


def test_groups_of_every_method_come_by_name(extracted: Workspace, serve: Serve) -> None:
    server = serve(extracted.root)
    version = ask(server, "/faceset/src/faces/columns").headers["x-version"]
    for by in GROUP_NAMES:
        place = f"/faceset/src/faces/groups?v={version}&by={by}&parts=3"
        with urlopen(server.base + place) as answer:
            data = answer.read()
        (length,) = struct.unpack("<I", data[:4])
        numbers = np.frombuffer(data, "<i4", 24, 4 + length)
        names = json.loads(data[4 : 4 + length])["names"]
        assert set(numbers.tolist()) - {-1} == set(range(len(names)))
        assert len(data) == 4 + length + 4 * 24
    for wrong in ("by=best&parts=3", "by=yaw&parts=0", "by=yaw&parts=x"):
        assert ask(server, f"/faceset/src/faces/groups?v={version}&{wrong}").status == 422
    assert ask(server, "/faceset/src/faces/groups?v=old&by=yaw&parts=3").status == 204


def test_every_grouping_can_be_chosen() -> None:
    assert set(GROUP_NAMES) == set(get_args(GroupedBy))


def test_filters_orders_groups_and_the_map_of_poses(
    extracted: Workspace, serve: Serve, page: Page
) -> None:
    run(extracted.faceset_folder("src"), MeasureOptions())
    open_faces(page, serve(extracted.root).base)
    expect(page.get_by_role("button", name="Measure sharpness")).not_to_be_visible()
    page.get_by_label("From second").fill("0.5")
    expect(status(page)).to_contain_text("24 faces · 11 of them shown")
    page.get_by_role("button", name="Show all").click()
    expect(status(page)).not_to_contain_text("of them shown")
    choose(page, "Order", "sharpness")
    choose(page, "Groups", "sharpness, in parts")
    expect(status(page)).to_contain_text("24 faces · 5 groups")
    expect(status(page)).to_contain_text("sharpness")
    page.get_by_label("Parts").fill("12")
    expect(status(page)).to_contain_text("12 groups")
    expect(page.get_by_role("button", name="Group the faces")).not_to_be_visible()
    expect(page.get_by_role("img", name="Yaw and pitch").locator("canvas")).to_be_visible()
    expect(page.locator(".r-faces-side")).to_contain_text("every pose that dst needs")


def test_a_sort_is_a_command_and_the_grid_follows_it(
    extracted: Workspace, serve: Serve, page: Page
) -> None:
    open_faces(page, serve(extracted.root).base)
    page.get_by_role("button", name="Sort", exact=True).hover()
    expect(page.locator("#command")).to_contain_text("--by yaw")
    page.get_by_role("button", name="Sort", exact=True).click()
    expect(page.locator(".r-job")).to_contain_text("Done", timeout=60_000)
    expect(status(page)).to_contain_text("00000-", timeout=20_000)
    assert any(name.startswith("00000-") for name in names_in(extracted.faceset_folder("src")))


def test_the_trash_is_a_set_of_its_own(extracted: Workspace, serve: Serve, page: Page) -> None:
    folder = extracted.faceset_folder("src")
    (folder / "trash").mkdir()
    (folder / "000003_0.jpg").rename(folder / "trash" / "000003_0.jpg")
    grid = open_faces(page, serve(extracted.root).base, "?side=src&part=trash")
    expect(status(page)).to_contain_text("1 face ·")
    grid.click(position=at(0))
    page.get_by_role("button", name="Take back").click()
    expect(status(page)).to_contain_text("0 faces")
    assert "000003_0.jpg" in names_in(folder)


def test_a_set_goes_to_the_browser_as_columns(extracted: Workspace) -> None:
    faces = load_faceset(extracted.faceset_folder("src"))
    data = packed(faces)
    (length,) = struct.unpack("<I", data[:4])
    columns = columns_of(faces)
    assert length % 4 == 0 and len(data) == 4 + length + 4 * len(faces) * len(columns)
    first = np.frombuffer(data, "<f4", len(faces), 4 + length)
    assert np.array_equal(first, faces.yaw)
    assert np.isnan(columns["person"]).all() and np.isnan(columns["sharpness"]).all()
    assert np.allclose(columns["time"], columns["frame"] / 25)


def test_a_set_is_loaded_again_when_it_changed(extracted: Workspace) -> None:
    known, folder = FaceSets(), folder_of(extracted, "src", "faces")
    first = known.get(folder)
    assert known.get(folder) is first
    (folder / "000000_0.jpg").unlink()
    known.forget(folder)
    assert known.get(folder).version != first.version
    assert len(known.get(folder_of(extracted, "src", "others")).faces) == 0


def test_thumbnails_are_asked_for_by_place_and_version(extracted: Workspace, serve: Serve) -> None:
    server = serve(extracted.root)
    version = ask(server, "/faceset/src/faces/columns").headers["x-version"]
    place = "/faceset/src/faces/thumbs"
    assert ask(server, f"{place}?v={version}&i=0,3").status == 200
    assert ask(server, f"{place}?v=old&i=0").status == 204
    for wrong in ("24", "-1", "a", "", ",".join("0" * 300)):
        assert ask(server, f"{place}?v={version}&i={wrong}").status == 422
    assert extracted.thumbs_file.is_file()


@pytest.mark.parametrize("pictures", [[], [b""], [b"abc", b"", b"d"]])
def test_joined_pictures_can_be_taken_apart(pictures: list[bytes]) -> None:
    data, found = joined(pictures), []
    while data:
        (length,) = struct.unpack("<I", data[:4])
        found.append(data[4 : 4 + length])
        data = data[4 + length :]
    assert found == pictures


def test_the_map_has_a_dot_for_every_cell() -> None:
    found = coverage(([0.0] * 5, [0.0] * 5), ([1.0, 60.0], [1.0, 5.0]))
    made = map_options(found.cells, ("lacks", "both", "spare"), ("yaw", "pitch"))
    assert [len(one["data"]) for one in made["series"]] == [1, 1, 0]
