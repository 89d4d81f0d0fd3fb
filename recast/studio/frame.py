"""What every page has around it: navigation above, the running work and a command below."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from nicegui import ui

from recast.language import LANGUAGES
from recast.studio.parts import tag
from recast.studio.view import View, keyed


class Build(Protocol):
    """Fills a page, inside its frame."""

    def __call__(self, view: View) -> Awaitable[None] | None: ...


@dataclass(frozen=True)
class Page:
    """One place of the studio."""

    path: str
    name: str
    """English, marked with `to_say`."""
    key: str
    """G and then this letter leads there."""
    build: Build
    needs_workspace: bool = True


@contextmanager
def frame(view: View, pages: Mapping[str, Page]) -> Iterator[None]:
    """Draw the frame; what is drawn inside the `with` is the page."""
    ui.colors(primary="#e9b872", dark="#1c1f22", dark_page="#141618")
    tag("a", "r-skip", text=view.say("To the page"), href="#page")
    with tag("header", "r-header"):
        _navigation(view, pages)
        tag("div", "r-space")
        _running(view)
        _languages(view)
        view.button(view.say("Keys"), lambda: None, key="?").props("data-help")
    inside = tag("main", "r-page", id="page", tabindex="-1")
    with tag("footer", "r-footer"):
        _command_line(view)
    _help(view)
    # Last: while a page waits for what it shows, the rest may already be sent.
    with inside:
        yield


def _navigation(view: View, pages: Mapping[str, Page]) -> None:
    with tag("nav", "r-nav").labelled(view.say("Pages")):
        for page in pages.values():
            link = tag("a", "r-link", text=view.say.of(page.name), href=page.path)
            keyed(link, f"g {page.key}")
            if page.path == view.path:
                link.props("aria-current=page")


def _running(view: View) -> None:
    """What runs, on every page; a link to where it is shown."""
    link = tag("a", "r-running", href="/", role="status")

    def draw() -> None:
        link.text = ", ".join(
            view.job_name(job) + ("" if job.share is None else f" {job.share:.0%}")
            for job in view.studio.jobs.running()
        )

    view.refresh_on_change(lambda: view.studio.jobs.version, draw)


def _languages(view: View) -> None:
    with tag("nav", "r-languages").labelled(view.say("Language")):
        for code, name in LANGUAGES.items():
            place = f"/language/{code}?back={view.path}"
            link = tag("a", "r-link", text=name, href=place, lang=code, hreflang=code)
            if code == view.say.code:
                link.props("aria-current=true")


def _command_line(view: View) -> None:
    tag("span", "r-quiet", text=view.say("This action as a command"))
    tag("code", "r-command", id="command")
    view.button(view.say("Copy"), lambda: None, key="Shift+C").props("data-copy-command")


def _help(view: View) -> None:
    """Filled by studio.js from the keys that the page has."""
    with tag("dialog", "r-help", id="help").labelled(view.say("Keys")):
        tag("h2", text=view.say("Keys"))
        tag("dl", id="keys")
        quiet = view.say("Keys do nothing while you type into a field; Escape leaves it.")
        tag("p", "r-quiet", text=quiet)
