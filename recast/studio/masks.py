"""The mask page: show and hide parts of a face with polygons and a brush."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, cast

from nicegui import run, ui
from nicegui.events import GenericEventArguments

from recast.errors import RecastError
from recast.sides import SIDES, Side
from recast.stages.mask_desk import MaskDesk, tinted
from recast.studio.actions import action
from recast.studio.controls import listen, put
from recast.studio.live import promise, show_newest
from recast.studio.loading import loaded
from recast.studio.parts import tag
from recast.studio.view import View, commanded

LARGER = 1.25


def build(view: View) -> None:
    tag("h1", text=view.say("Masks"))
    side = cast(Side, view.query.get("side") if view.query.get("side") in SIDES else "dst")

    def opened() -> MaskDesk:
        desk = view.studio.desks.masks(side)
        desk.look_again()
        return desk

    loaded(view, opened, lambda desk: MaskBench(view, desk))


class MaskBench:
    """The page in one browser: which face, and what is in the hand."""

    def __init__(self, view: View, desk: MaskDesk) -> None:
        self.view, self.desk = view, desk
        named = view.query.get("name", "")
        self.at = desk.names.index(named) if named in desk.names else 0
        self.tool = "brush"
        self.adds = False
        self.part = 0.08
        """Width of the brush, in parts of the crop's side."""
        self._client = ui.context.client.id
        self._turn = asyncio.Lock()
        """Changes are made in the order in which they are asked for."""
        self._draw()
        view.refresh_on_change(lambda: desk.version, self._changed)

    @property
    def name(self) -> str | None:
        """The face file that is shown; None if there are no faces."""
        return self.desk.names[self.at] if self.desk.names else None

    @property
    def size(self) -> int:
        """Side of its crop, pixels."""
        return int(self.desk.faces.sizes[self.at]) if self.desk.names else 256

    async def go_to(self, at: int) -> None:
        """Show another face."""
        self.at = max(0, min(len(self.desk.names) - 1, at))
        await self.show()

    async def show(self) -> None:
        """Fetch the face and its mask, and bring the page to them."""
        self._draw_state()
        name, size = self.name, self.size
        if name is None:
            return
        try:
            made = await run.io_bound(_pictures, self.desk, name, size)
        except RecastError as error:
            self.view.complain(error)
            return
        if made is None or name != self.name:  # the server closes, or the page went on
            return
        crop, mask = made
        pictures = self.view.studio.pictures
        show_newest(self._crop, pictures.put(f"{self._client}-crop", crop), crop=name)
        show_newest(self._mask, pictures.put(f"{self._client}-mask", mask), name=name)

    async def drawn(self, event: GenericEventArguments) -> None:
        """A hand drew something; see masks.js."""
        told = event.args
        points = [(float(x), float(y)) for x, y in told["points"]]
        width = self.part * self.size if told["tool"] == "brush" else None
        adds, name = self.adds, str(told["name"])
        await self._do(lambda: self.desk.draw(name, points, adds=adds, width=width))

    def _changed(self) -> None:
        self.at = max(0, min(len(self.desk.names) - 1, self.at))
        ui.timer(0, self.show, once=True)

    async def _do(self, change: Callable[[], object]) -> None:
        async with self._turn:
            with self.view.complaining():
                await run.io_bound(change)
        await self.show()

    def _draw(self) -> None:
        say = self.view.say
        with tag("nav", "r-nav").labelled(say("Side")):
            for side in SIDES:
                link = tag("a", "r-link", text=side, href=f"/masks?side={side}")
                if side == self.desk.side:
                    link.props["aria-current"] = "page"
        with tag("div", "m-bench"):
            with tag("div"):
                with (
                    tag("div", "m-viewer", data_viewer="masks", data_size="1 1"),
                    tag("div", "m-sheet"),
                ):
                    self._crop = tag("img", alt=say("The face"))
                    self._mask = tag("img", alt=say("Red is where the new face is hidden"))
                    self._canvas = tag("canvas")
                    self._canvas.on("drawn", self.drawn, js_handler="(e) => emit(e.detail)")
                self._draw_moves()
                self._about = tag("p", "m-status", role="status")
            with tag("section", "m-side").labelled(say("What can be done")):
                self._draw_tools()

    def _draw_moves(self) -> None:
        say = self.view.say

        async def scrubbed(value: str) -> None:
            await self.go_to(int(float(value or 0)))

        last = str(max(0, len(self.desk.names) - 1))
        with tag("div", "m-scrub"):
            self.view.button(say("Back"), lambda: self.go_to(self.at - 1), key=",|ArrowLeft")
            self._scrub = tag("input", type="range", min="0", max=last, step="1")
            self._scrub.labelled(say("Face of the set"))
            listen(self._scrub, "input", scrubbed)
            self.view.button(say("Forward"), lambda: self.go_to(self.at + 1), key=".|ArrowRight")

    def _draw_tools(self) -> None:
        say, button = self.view.say, self.view.button
        how = say(
            "Red is where the new face is hidden. Hide with the brush what lies before the face, "
            "such as a hand, or show what belongs to it."
        )
        tag("p", "r-quiet", text=how)
        with tag("div", "k-actions"):
            self._brush = button(say("Brush"), self._taking("brush"), key="b")
            self._polygon = button(say("Polygon"), self._taking("polygon"), key="p")
            self._hides = button(say("Hide"), self._setting(adds=False), key="h")
            self._shows = button(say("Show"), self._setting(adds=True), key="s")
            button(say("Smaller brush"), self._sizing(1 / LARGER), key="[")
            button(say("Larger brush"), self._sizing(LARGER), key="]")
            button(say("Close the polygon"), lambda: None, key="Enter").props("data-close-polygon")
            button(say("Let go"), lambda: None, key="Escape").props("data-drop-polygon")
            button(say("Undo"), self._undo, key="Backspace")
            button(say("Copy from before"), self._copy, key="c")
            button(say("No mask"), self._clear, key="Shift+Delete", kind="danger")
        merging = action(
            "merge", self.view.studio.root, "--mask", "learned*segmentation", holds=["result"]
        )
        used = tag("p", "r-quiet", text=say(
            "Training takes these masks in place of the face's outline; merging where its mask "
            "names segmentation."
        ))  # fmt: skip
        commanded(used, merging)

    def _draw_state(self) -> None:
        say, name = self.view.say, self.name
        for button, on in (
            (self._brush, self.tool == "brush"),
            (self._polygon, self.tool == "polygon"),
            (self._hides, not self.adds),
            (self._shows, self.adds),
        ):
            button.props["aria-pressed"] = "true" if on else "false"
        self._canvas.props["data-state"] = json.dumps(
            {
                "name": name,
                "size": self.size,
                "tool": self.tool,
                "adds": self.adds,
                "width": self.part * self.size,
            }
        )
        promise(self._crop, crop=name or "")
        put(self._scrub, self.at)
        self._about.text = (
            say("{name}, {number} of {count}", name=name, number=self.at + 1,
                count=len(self.desk.names))
            if name is not None
            else say("There are no faces.")
        )  # fmt: skip

    def _taking(self, tool: str) -> Any:
        def take() -> None:
            self.tool = tool
            self._draw_state()

        return take

    def _setting(self, *, adds: bool) -> Any:
        def choose() -> None:
            self.adds = adds
            self._draw_state()

        return choose

    def _sizing(self, factor: float) -> Any:
        def size() -> None:
            self.part = min(0.6, max(0.005, self.part * factor))
            self._draw_state()

        return size

    async def _undo(self) -> None:
        name = None
        async with self._turn:
            with self.view.complaining():
                name = await run.io_bound(self.desk.undo)
        if name in self.desk.names:
            await self.go_to(self.desk.names.index(name))

    async def _copy(self) -> None:
        if self.at > 0 and self.name is not None:
            before, name = self.desk.names[self.at - 1], self.name
            await self._do(lambda: self.desk.copy(before, onto=name))

    async def _clear(self) -> None:
        if self.name is not None:
            name = self.name
            await self._do(lambda: self.desk.clear(name))


def _pictures(desk: MaskDesk, name: str, size: int) -> tuple[bytes, bytes]:
    """The crop as JPEG, and what is laid over it as PNG."""
    from recast.images import encode, upper_8_bits

    crop = upper_8_bits(desk.crop(name))
    return encode(crop, ".jpg"), encode(tinted(desk.mask(name), size), ".png")
