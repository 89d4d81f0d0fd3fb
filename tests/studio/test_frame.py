"""What is around every page, in a real browser."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from recast.workspace import Workspace
from tests.studio.conftest import Serve, Watched


def test_keys_lead_from_page_to_page_and_are_listed(
    extracted: Workspace, serve: Serve, page: Page
) -> None:
    page.goto(serve(extracted.root).base)
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Overview")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).not_to_be_visible()


def test_the_language_is_the_browsers_until_another_is_chosen(
    extracted: Workspace, serve: Serve, watched: Callable[..., Watched]
) -> None:
    page = watched(locale="ru-RU").page()
    page.goto(serve(extracted.root).base)
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    expect(page.get_by_role("heading", level=1)).to_have_text("Обзор")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")


def test_a_folder_that_is_no_workspace_opens_too(tmp_path: Path, serve: Serve, page: Page) -> None:
    page.goto(serve(tmp_path / "new").base)
    expect(page.get_by_role("heading", level=1)).to_have_text("A new workspace")
