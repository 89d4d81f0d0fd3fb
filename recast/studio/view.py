"""What a page is built with: the shared state, a language, and the few controls of the house."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from nicegui import ui
from nicegui.element import Element

from recast.errors import RecastError
from recast.language import Texts, to_say
from recast.studio.actions import Action
from recast.studio.job import Job
from recast.studio.parts import tag
from recast.studio.state import Studio

T = TypeVar("T")
Click = Callable[[], object]
"""May be a coroutine function."""

JOB_NAMES = {
    "extract": to_say("Finding faces"),
    "sort": to_say("Sorting"),
    "train": to_say("Training"),
    "timelapse": to_say("Making the time-lapse"),
    "merge": to_say("Merging"),
    "encode": to_say("Encoding"),
    "denoise": to_say("Denoising"),
    "measure": to_say("Measuring"),
    "new": to_say("Making the workspace"),
}
"""What a running command is called."""


@dataclass
class View:
    """One page in one browser."""

    studio: Studio
    say: Texts
    path: str
    query: dict[str, str]
    """Of the address, such as `side` in `/faces?side=dst`."""

    def button(
        self,
        text: str,
        click: Click,
        *,
        key: str = "",
        action: Action | None = None,
        kind: str = "",
    ) -> ui.button:
        """A button with its key beside it; `action` is shown as a command on focus and hover.

        `kind` is "main" for the one next thing to do, "danger" for what takes away, or "".
        `key` is a `KeyboardEvent.key`, "Shift+" before it where Shift is held.
        """
        made = (
            ui.button(on_click=click, color=None)
            .props("flat no-caps")
            .classes(f"r-button r-{kind or 'plain'}")
        )
        with made:
            ui.label(text)
            if key:
                tag("kbd", "r-kbd", text=key_name(key), aria_hidden="true")
        if key:
            keyed(made, key)
        if action is not None:
            commanded(made, action)
        return made

    def checkbox(
        self, text: str, *, value: bool = False, on_change: Callable[[], object] | None = None
    ) -> ui.checkbox:
        """A box to tick, with the name that screen readers say."""
        made = ui.checkbox(text, value=value, on_change=on_change)
        made.props["aria-label"] = text
        return made

    def start(self, action: Action) -> Job | None:
        """Start a job, or say why not."""
        try:
            return self.studio.jobs.start(action)
        except RecastError as error:
            self.complain(error)
            return None

    def complain(self, error: RecastError) -> None:
        """Say what went wrong and what to do, until the person has read it."""
        what, fix = self.say.of(str_of(error)), self.say.of(error.fix)
        ui.notify(f"{what}\n{fix}".strip(), type="negative", multi_line=True, timeout=0,
                  close_button=self.say("Close"), classes="r-notice")  # fmt: skip

    def tell(self, text: str) -> None:
        """Say something that is over after some seconds."""
        ui.notify(text, classes="r-notice")

    @contextmanager
    def complaining(self) -> Iterator[None]:
        """Turn errors into sentences on the page."""
        try:
            yield
        except RecastError as error:
            self.complain(error)

    def refresh_on_change(self, look: Callable[[], Any], draw: Callable[[], None]) -> None:
        """Call `draw` now, and again whenever what `look` gives has changed."""
        known: list[Any] = [look()]
        draw()

        def compare() -> None:
            found = look()
            if found != known[0]:
                known[0] = found
                draw()

        ui.timer(0.5, compare)

    async def follow(
        self, look: Callable[[], T], draw: Callable[[T], object], *, every: float = 2.0
    ) -> None:
        """Like `refresh_on_change` for a look that takes its time: it happens in a thread.

        `draw`, which may be a coroutine function, gets what was seen. A look that raises a
        RecastError is made again later.
        """
        known: list[T] = []

        async def compare() -> None:
            try:
                found = await asyncio.to_thread(look)
            except RecastError as error:
                if not known:
                    self.complain(error)
                return
            if not known or found != known[0]:
                known[:] = [found]
                drawing = draw(found)
                if inspect.isawaitable(drawing):
                    await drawing

        await compare()
        ui.timer(every, compare)

    def job_name(self, job: Job) -> str:
        """What a job is called, such as "Finding faces"."""
        return self.say.of(JOB_NAMES.get(job.command, job.command))


def keyed(element: Element, key: str) -> Element:
    """Let a key click this element; the list of keys shows it by its accessible name."""
    return element.props(f'data-key="{key}" aria-keyshortcuts="{key}"')


def commanded(element: Element, action: Action) -> Element:
    """Let the line at the bottom show this action as a command, on hover and focus."""
    element.props["data-command"] = action.text
    element.update()
    return element


def key_name(key: str) -> str:
    """A key as it is written on a button."""
    return key.partition("|")[0].replace("Shift+", "⇧").replace("Arrow", "").replace("Space", "␣")


def str_of(error: RecastError) -> str:
    """The very text an error was made with, which may be a `Sentence`."""
    first = error.args[0] if error.args else ""
    return first if isinstance(first, str) else str(error)
