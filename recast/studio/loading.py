"""Fill a part of a page with what takes a while to open."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from nicegui import run, ui

from recast.errors import RecastError
from recast.studio.parts import tag
from recast.studio.view import View, str_of

Opened = TypeVar("Opened")


def loaded(view: View, make: Callable[[], Opened], fill: Callable[[Opened], object]) -> None:
    """Call `make` in a thread, and then `fill` with what it gave, here on the page.

    An error stays on the page: what is wrong, and what to do.
    """
    with tag("div") as place:
        waiting = tag("p", "r-quiet", text=view.say("Opening…"), role="status")

    async def load() -> None:
        try:
            made = await run.io_bound(make)
        except RecastError as error:
            place.clear()
            with place:
                tag("p", "r-bad", text=view.say.of(str_of(error)), role="alert")
                tag("p", text=view.say.of(error.fix))
            return
        if made is None:  # the server closes
            return
        waiting.delete()
        with place:
            fill(made)

    ui.timer(0, load, once=True)
