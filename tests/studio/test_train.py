"""Trainings in a browser: begun from the form, steered by keys, seen by whoever comes back."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from recast.language import ENGLISH, Texts
from recast.studio.loss_chart import options_of
from recast.studio.train import keyed_one
from recast.studio.train_panel import memory_texts
from recast.workspace import Workspace
from tests.studio.conftest import Held, Serve, Watched


def open_group(page: Page, name: str) -> None:
    page.get_by_text(name, exact=True).click()


def fill_tiny(page: Page) -> None:
    """Options with which a step takes no time."""
    open_group(page, "Shape, fixed when a model is begun")
    page.get_by_label("Resolution").fill("64")
    open_group(page, "How the weights are changed")
    page.get_by_label("Batch size").fill("3")
    page.get_by_label("Device").fill("cpu")


def test_a_training_is_begun_steered_left_and_found_again(
    extracted: Workspace, serve: Serve, watched: Callable[..., Watched]
) -> None:
    base = serve(extracted.root).base
    page = watched().page()
    page.goto(f"{base}/train")
    expect(page.get_by_text("Nothing was trained here yet.")).to_be_visible()
    page.get_by_label("Resolution").wait_for(state="attached")
    fill_tiny(page)
    page.get_by_label("Batch size").press("Escape")
    expect(page.locator("#command")).to_contain_text("--resolution 64 --batch-size 3")
    page.keyboard.press("b")
    panel = page.get_by_role("region", name="swift", exact=True)
    expect(panel.get_by_role("status")).to_contain_text("step", timeout=60_000)
    expect(panel).to_contain_text("steps a second", timeout=60_000)
    expect(panel).to_contain_text("GB of memory")

    # The browser goes; the training does not, and another browser finds it.
    page.close()
    later = watched(locale="ru").page()
    later.goto(f"{base}/train")
    panel = later.get_by_role("region", name="swift", exact=True)
    expect(panel).to_contain_text("шагов в секунду", timeout=60_000)
    later.keyboard.press("r")
    expect(panel.get_by_role("img")).to_be_visible(timeout=60_000)
    shown = panel.get_by_role("img").get_attribute("src")
    later.keyboard.press("n")
    expect(panel.get_by_role("img")).not_to_have_attribute("src", str(shown), timeout=60_000)
    later.keyboard.press("x")
    expect(panel.get_by_role("button", name="Продолжить")).to_be_visible(timeout=60_000)
    assert list((extracted.model_folder("swift") / "checkpoint").iterdir())


def test_trainings_stand_side_by_side_with_their_losses_and_history(
    trained: Workspace, serve: Serve, page: Page
) -> None:
    trained.train(steps=30, resolution=64, batch_size=3, device="cpu")
    trained.train(name="a second", steps=10, resolution=64, batch_size=3, device="cpu")
    page.goto(f"{serve(trained.root).base}/train")
    for name in ("swift", "a second"):
        expect(page.get_by_role("region", name=name, exact=True)).to_contain_text("step")
    expect(page.get_by_role("img", name="Losses over the steps").locator("canvas")).to_be_visible()
    page.get_by_role("checkbox", name="a second").click()
    expect(page.get_by_role("region", name="a second", exact=True)).not_to_be_visible()
    panel = page.get_by_role("region", name="swift", exact=True)
    newest = panel.get_by_role("img").get_attribute("src")
    panel.get_by_role("button", name="Earlier preview").click()
    expect(panel.get_by_role("img")).not_to_have_attribute("src", str(newest))
    panel.get_by_role("button", name="Make a time-lapse").click()
    expect(panel.get_by_label("Time-lapse", exact=True)).to_be_visible(timeout=60_000)
    assert (trained.model_folder("swift") / "timelapse.mp4").is_file()


def test_a_key_is_heard_while_another_training_appears(
    extracted: Workspace, serve: Serve, watched: Callable[..., Watched]
) -> None:
    """The page shows what was there before; the server knows of the other one already."""
    base = serve(extracted.root).base
    page, other = watched().page(), watched().page()
    held = Held(page)
    page.goto(f"{base}/train")
    fill_tiny(page)
    page.get_by_role("button", name="Start training").click()
    panel = page.get_by_role("region", name="swift", exact=True)
    expect(panel).to_contain_text("steps a second", timeout=60_000)
    other.goto(f"{base}/train")
    held.close()
    extracted.train(name="a second", steps=1, resolution=64, batch_size=3, device="cpu")
    expect(other.get_by_role("region", name="a second", exact=True)).to_be_visible(timeout=30_000)
    page.wait_for_timeout(3000)  # by then this page was told of it too, which is kept back
    page.keyboard.press("x")
    held.open()
    expect(panel.get_by_role("button", name="Go on")).to_be_visible(timeout=60_000)


def test_keys_go_to_the_training_that_runs(trained: Workspace, serve: Serve, page: Page) -> None:
    trained.train(name="a second", steps=1, resolution=64, batch_size=3, device="cpu")
    page.goto(f"{serve(trained.root).base}/train")
    for name in ("swift", "a second", "swift"):
        panel = page.get_by_role("region", name=name, exact=True)
        go_on = panel.get_by_role("button", name="Go on")
        go_on.click()
        expect(panel).to_contain_text("steps a second", timeout=60_000)
        page.keyboard.press("x")
        expect(go_on).to_be_visible(timeout=60_000)


def test_a_wrong_number_is_told_beside_its_field_and_nothing_can_begin(
    extracted: Workspace, serve: Serve, page: Page
) -> None:
    page.goto(f"{serve(extracted.root).base}/train")
    page.get_by_label("Save minutes").fill("-1")
    expect(page.get_by_role("alert").filter(has_text="more than 0")).to_be_visible()
    expect(page.get_by_role("button", name="Start training")).to_be_disabled()


def test_the_form_asks_only_what_the_model_knows(
    extracted: Workspace, serve: Serve, page: Page
) -> None:
    page.goto(f"{serve(extracted.root).base}/train")
    open_group(page, "Shape, fixed when a model is begun")
    mask = page.get_by_role("combobox", name="Learn mask")
    expect(mask).not_to_be_visible()
    page.get_by_role("combobox", name="Model", exact=True).click()
    page.get_by_role("option", name="sae").click()
    expect(mask).to_be_visible()


def test_without_faces_a_training_says_what_to_do(
    begin: Callable[[Path], Workspace], tmp_path: Path, serve: Serve, page: Page
) -> None:
    page.goto(f"{serve(begin(tmp_path / 'job').root).base}/train")
    page.get_by_role("button", name="Start training").click()
    expect(page.locator(".r-job .r-bad")).to_contain_text("recast extract", timeout=60_000)


def test_a_chart_has_a_line_for_each_loss() -> None:
    made = options_of({"swift · src": [(1, 0.5), (2, 0.25)]}, logarithmic=True)
    assert made["yAxis"]["type"] == "log"
    assert made["series"][0]["data"] == [[1, 0.5], [2, 0.25]]
    assert options_of({}, logarithmic=False)["yAxis"]["type"] == "value"


def test_keys_stay_with_a_training_as_long_as_it_runs() -> None:
    def keyed(shown: str, busy: str, begun: str, before: str) -> str:
        return keyed_one(shown.split(), busy.split(), begun=begun, before=before)

    assert keyed("", "", "", "") == ""
    assert keyed("a b", "", "", "") == "a"
    assert keyed("a b", "b", "", "a") == "b"
    assert keyed("a b c", "a b c", "", "b") == "b"
    assert keyed("a b c", "a b c", "c", "b") == "c"
    assert keyed("a b", "a b", "c", "b") == "b"  # its panel is not there yet
    assert keyed("a b", "", "", "b") == "b"
    assert keyed("a", "", "", "b") == "a"  # hidden, or gone


def test_memory_is_told_of_the_computer_and_of_the_gpu() -> None:
    assert memory_texts(ENGLISH, 3 << 29, 0) == ["1.5 GB of memory"]
    assert memory_texts(ENGLISH, 3 << 29, 5 << 30) == ["1.5 GB of memory", "5.0 GB on the GPU"]
    assert memory_texts(Texts("ru"), 0, 5 << 30) == ["5.0 ГБ на GPU"]
    assert memory_texts(ENGLISH, 0, 0) == []
