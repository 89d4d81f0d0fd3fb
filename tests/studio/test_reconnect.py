"""Connections break, browsers are closed, servers end: nothing is lost, and all is seen again."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from recast.workspace import Workspace
from tests.studio.conftest import Serve, Server, Watched
from tests.studio.test_train import fill_tiny


def test_a_page_that_lost_its_connection_catches_up(
    begin: Callable[[Path], Workspace],
    tmp_path: Path,
    serve: Serve,
    watched: Callable[..., Watched],
) -> None:
    base = serve(begin(tmp_path / "job").root).base
    lost, other = watched(), watched()
    page, elsewhere = lost.page(), other.page()
    page.goto(base)
    expect(page.get_by_label("Faces of src")).to_contain_text("None yet")
    lost.context.set_offline(True)
    elsewhere.goto(base)
    elsewhere.locator("body").press("1")
    expect(elsewhere.get_by_label("Faces of src")).to_contain_text("24 faces", timeout=60_000)
    expect(page.get_by_label("Faces of src")).to_contain_text("None yet")
    lost.context.set_offline(False)
    expect(page.get_by_label("Faces of src")).to_contain_text("24 faces", timeout=40_000)
    expect(page.locator(".r-job")).to_contain_text("Done")
    # What failed meanwhile is known to the browser, and no fault of the page.
    lost.complaints[:] = [one for one in lost.complaints if "ERR_INTERNET_DISCONNECTED" not in one]


def begin_training(page: Page, server: Server) -> None:
    """Start one on its page, and wait until it is at work."""
    page.goto(f"{server.base}/train")
    page.get_by_label("Device").wait_for()
    fill_tiny(page)
    page.get_by_role("button", name="Start training").click()
    panel = page.get_by_role("region", name="swift", exact=True)
    expect(panel).to_contain_text("steps a second", timeout=60_000)


def test_closing_the_server_saves_a_training_and_the_next_one_shows_it(
    extracted: Workspace, serve: Serve, watched: Callable[..., Watched]
) -> None:
    server, session = serve(extracted.root), watched()
    page = session.page()
    begin_training(page, server)
    assert server.close() == 0
    (newest, *_) = sorted((extracted.model_folder("swift") / "checkpoint").iterdir(), reverse=True)
    assert int(newest.name) > 0
    page.goto("about:blank")
    session.complaints.clear()  # the server was gone for a while
    page.goto(f"{serve(extracted.root).base}/train")
    panel = page.get_by_role("region", name="swift", exact=True)
    expect(panel).to_contain_text(f"step {int(newest.name)}", timeout=30_000)
    # What was set going before is still listed, with its command.
    row = page.locator(".r-job")
    expect(row).to_contain_text("Stopped; the same command goes on from there")
    row.hover()
    expect(page.locator("#command")).to_contain_text("recast train")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="another way of ending there")
def test_a_killed_server_loses_no_training(
    extracted: Workspace,
    serve: Serve,
    watched: Callable[..., Watched],
    in_time: Callable[..., object],
) -> None:
    server, session = serve(extracted.root), watched()
    page = session.page()
    begin_training(page, server)
    server.process.kill()
    folder = extracted.model_folder("swift") / "checkpoint"
    in_time(lambda: [path for path in folder.iterdir() if path.name.isdigit() and int(path.name)])
    page.goto("about:blank")
    session.complaints.clear()
