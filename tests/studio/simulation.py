"""A person who reads the studio's pages without a browser: NiceGUI's own simulation of users."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from nicegui import Client, ui
from nicegui.functions.download import download
from nicegui.functions.navigate import Navigate
from nicegui.functions.notify import notify
from nicegui.slot import Slot
from nicegui.testing import User
from nicegui.testing.general import nicegui_reset_globals

from recast.studio.serve import application
from recast.studio.state import Studio

Visit = Callable[["Reader"], Awaitable[None]]
PATIENCE = 15.0  # seconds that a page may take to show what it is about


class Reader:
    """One browser that speaks a language."""

    def __init__(self, user: User, studio: Studio) -> None:
        self.user, self.studio = user, studio

    async def opens(self, path: str) -> None:
        """Open a page; it may lead to another one."""
        # In a task of its own: NiceGUI keeps for each task what is being built.
        await asyncio.create_task(_opened(self.user, path))
        await self.until(lambda: bool(self.headings))

    @property
    def client(self) -> Client:
        assert self.user.client is not None
        return self.user.client

    @property
    def shown(self) -> list[ui.element]:
        """The elements of the page that are not hidden, nor inside of hidden ones."""
        return [one for one in self.client.elements.values() if _is_shown(one)]

    @property
    def headings(self) -> list[str]:
        return [str(_text_of(one)) for one in self.shown if one.tag == "h1"]

    @property
    def texts(self) -> list[str]:
        """All that can be read on the page, or is said by screen readers."""
        found = []
        for one in self.shown:
            said = (_text_of(one), one.props.get("aria-label"), one.props.get("label"))
            found += [str(text) for text in said if text]
        return found

    def reads(self, text: str) -> bool:
        return any(text in one for one in (*self.texts, *self.user.notify.messages))

    def named(self, name: str) -> Any:
        """The element with an accessible name, or a button that holds these words."""
        for one in self.shown:
            if one.props.get("aria-label") == name:
                return one
            if isinstance(one, ui.button) and any(_text_of(part) == name for part in one):
                return one
        raise AssertionError(f"{name!r} is not among {self.texts}")

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for something that happens on the page."""
        for _ in range(round(PATIENCE / 0.05)):
            if is_so():
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"it did not happen; the page says {self.texts}")

    async def until_read(self, text: str) -> None:
        await self.until(lambda: self.reads(text))


def visit(root: Path, what: Visit, *, language: str = "en") -> None:
    """Let a person go through the studio of a folder."""

    async def visiting() -> None:
        async with _simulated(root, language) as reader:
            await what(reader)

    # In a thread of its own: in this one Playwright's loop may run, for tests in the browser.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(visiting())).result()


@asynccontextmanager
async def _simulated(root: Path, language: str) -> AsyncIterator[Reader]:
    # The reset forgets modules whose pages it removes; other tests hold on to their classes.
    ours = {name: one for name, one in sys.modules.items() if name.partition(".")[0] == "recast"}
    try:
        with nicegui_reset_globals():
            studio = Studio(root)
            app = application(studio)
            speaks = {"accept-language": language}
            async with (
                app.router.lifespan_context(app),
                httpx.AsyncClient(
                    transport=httpx.ASGITransport(app), base_url="http://test", headers=speaks
                ) as client,
            ):
                yield Reader(User(client), studio)
            Slot.stacks.clear()
    finally:
        sys.modules.update(ours)
        ui.navigate, ui.notify, ui.download = Navigate(), notify, download


async def _opened(user: User, path: str) -> None:
    await user.open(path)


def _text_of(element: ui.element) -> str | None:
    text = getattr(element, "text", None)
    return text if isinstance(text, str) else None


def _is_shown(element: ui.element | None) -> bool:
    while element is not None:
        if not element.visible:
            return False
        slot = element.parent_slot
        element = slot.parent if slot is not None else None
    return True
