"""The merge page: one frame under settings that change, for the take and for ranges of it."""

from __future__ import annotations

import asyncio
from typing import Any

from nicegui import run, ui

from recast.errors import RecastError
from recast.stages.merge_desk import MergeDesk
from recast.stages.merge_options import LookOptions, MergeOptions
from recast.studio.actions import Action, action
from recast.studio.controls import Controls, declared, listen, put
from recast.studio.job_rows import JobRows
from recast.studio.live import show_newest
from recast.studio.loading import loaded
from recast.studio.merge_ranges import RangeBar
from recast.studio.merge_result import result_section
from recast.studio.merge_words import GROUPS, KEYS, SUGGESTIONS, WHOLE_TAKE
from recast.studio.parts import Tag, tag
from recast.studio.view import View, commanded, keyed, str_of

VIEWER = "merge"


def build(view: View) -> None:
    tag("h1", text=view.say("Merge"))
    loaded(view, view.studio.desks.merge, lambda desk: MergeBench(view, desk))


class MergeBench:
    """The page in one browser: where it stands in the take, and how it looks at it."""

    def __init__(self, view: View, desk: MergeDesk) -> None:
        self.view, self.desk = view, desk
        asked = view.query.get("frame", "")
        self.frame = min(int(asked) if asked.isdecimal() else 0, desk.length - 1)
        self.is_whole = False
        """Whether settings are made for the whole take even inside a range."""
        self._client = ui.context.client.id
        self._shows_mask = False
        self._draw()
        self._asked = desk.settings
        """What the picture was asked for with."""
        view.refresh_on_change(lambda: desk.settings, self._others_changed)
        ui.timer(0, self.go_to_start, once=True)

    @property
    def number(self) -> int | None:
        """The range whose settings are made, None for the whole take."""
        return None if self.is_whole else self.desk.settings.range_at(self.frame)

    @property
    def merge(self) -> Action:
        """What the main button does."""
        root = self.view.studio.root
        return action("merge", root, options=self.desk.options, holds=["result"])

    @property
    def compare(self) -> Action:
        root = self.view.studio.root
        return action("merge", root, "--compare", options=self.desk.options, holds=["compare"])

    async def go_to_start(self) -> None:
        await self.go_to(self.frame)

    async def go_to(self, frame: int) -> None:
        """Show another frame."""
        self.frame = max(0, min(self.desk.length - 1, frame))
        put(self._scrub, self.frame)
        put(self._entry, self.frame)
        self._settings_changed()
        await asyncio.gather(self._show_before(), self.show())

    async def change(self, name: str, value: Any) -> None:
        """Give an option a value where settings are made now, and show what comes of it."""
        number = self.number if name in LookOptions.model_fields else None
        with self.view.complaining():
            self.desk.set(name, value, number=number)
        await self.changed()

    async def changed(self) -> None:
        """Show and keep what somebody did to the settings."""
        self._settings_changed()
        await self.show()
        with self.view.complaining():
            await run.io_bound(self.desk.keep)

    async def show(self) -> None:
        """Ask for the merged frame, and put it onto the page unless a newer one is asked for."""
        self._asked = settings = self.desk.settings
        options, ranges = settings.options, settings.entries
        if self._shows_mask:
            options = options.model_copy(update={"mode": "raw-mask"})
            ranges = [{**entry, "mode": "raw-mask"} for entry in ranges]
        question = {
            "frame": self.frame,
            "options": options.model_dump(mode="json"),
            "ranges": ranges,
        }
        try:
            answer = await self.view.studio.desks.ask("merge", question, asker=self._client)
        except RecastError as error:
            self._say(error)
            return
        if answer is not None:
            place = f"{self._client}-after"
            address = self.view.studio.pictures.put(place, answer.data)
            show_newest(self._after, address, frame=str(question["frame"]))
            self._say(None)

    async def _show_before(self) -> None:
        question = {"side": "dst", "frame": self.frame}
        try:
            answer = await self.view.studio.desks.ask("marking", question, asker=self._client)
        except RecastError as error:
            self._say(error)
            return
        if answer is not None:
            place = f"{self._client}-before"
            address = self.view.studio.pictures.put(place, answer.data)
            show_newest(self._before, address, before=str(question["frame"]))

    def _say(self, error: RecastError | None) -> None:
        say = self.view.say
        if error is None:
            seconds = self.frame / self.desk.rate
            self._status.text = say(
                "Frame {frame} of {length}, at {seconds} s",
                frame=self.frame,
                length=self.desk.length,
                seconds=f"{float(seconds):.2f}",
            )
        else:
            self._status.text = f"{say.of(str_of(error))}\n{say.of(error.fix)}".strip()
        self._status.classes(add="m-bad" if error else "", remove="" if error else "m-bad")

    def _others_changed(self) -> None:
        """Follow what somebody did in another browser."""
        self._settings_changed()
        if self.desk.settings is not self._asked:
            ui.timer(0, self.show, once=True)

    def _settings_changed(self) -> None:
        settings, number = self.desk.settings, self.number
        values = {**settings.options.model_dump(), **settings.at(number).model_dump()}
        own = frozenset() if number is None else frozenset(settings.ranges[number].own)
        self._controls.show(values, own)
        self._bar.draw()
        commanded(self._merge_button, self.merge)
        commanded(self._compare_button, self.compare)
        self._scope.text = self._scope_text()
        for group in self._whole_only:
            group.set_visibility(number is None)

    def _scope_text(self) -> str:
        number = self.number
        if number is None:
            return self.view.say("Settings of the whole take")
        one = self.desk.settings.ranges[number]
        return self.view.say(
            "Settings of frames {first} to {last}", first=one.first, last=one.end - 1
        )

    def _draw(self) -> None:
        with tag("div", "m-bench"):
            with tag("div"):
                self._draw_tools()
                self._draw_picture()
                self._bar = RangeBar(self)
                self._status = tag("p", "m-status", role="status")
                JobRows(self.view, "merge")
            with tag("section", "m-side").labelled(self.view.say("Settings")):
                self._draw_settings()
        result_section(self.view)

    def _draw_tools(self) -> None:
        say = self.view.say
        with tag("div", "r-row m-tools"):
            self._merge_button = self.view.button(
                say("Merge the take"), self._start_merge, key="Shift+Enter", kind="main"
            )
            self._compare_button = self.view.button(
                say("Compare the modes"), self._start_compare, key="Shift+M"
            )
            self.view.button(say("Undo"), self._undo, key="Backspace")
            self.view.button(say("Original"), lambda: None, key="`").props("data-original")
            self.view.button(say("Show the mask"), self._toggle_mask, key="v")
            self.view.button(say("Larger"), lambda: None, key="=").props("data-zoom=1.5")
            self.view.button(say("Smaller"), lambda: None, key="-").props("data-zoom=0.667")

    def _draw_picture(self) -> None:
        say = self.view.say
        width, height = self.desk.size
        self._viewer = tag("div", "m-viewer", data_viewer="wipe", data_size=f"{width} {height}")
        with self._viewer, tag("div", "m-sheet"):
            self._after = tag("img", "m-after", alt=say("The merged frame"))
            self._before = tag("img", "m-before", alt=say("The frame of dst"))
            tag("div", "m-divider")
        with tag("div", "m-scrub"):
            tag("label", text=say("Wipe to the original"), **{"for": "wipe"})
            tag("input", id="wipe", type="range", min="0", max="100", step="any",
                data_wipe="")  # fmt: skip
        with tag("div", "m-scrub m-tools"):
            self._draw_moves()

    def _draw_moves(self) -> None:
        say, last = self.view.say, str(self.desk.length - 1)

        def move(text: str, key: str, to: Any) -> None:
            async def go() -> None:
                await self.go_to(to())

            self.view.button(text, go, key=key)

        async def scrubbed(value: str) -> None:
            await self.go_to(int(float(value or 0)))

        move(say("First"), "<", lambda: 0)
        move(say("Back"), ",", lambda: self.frame - 1)
        self._scrub = tag("input", type="range", min="0", max=last, step="1")
        self._scrub.labelled(say("Frame of the take"))
        listen(self._scrub, "input", scrubbed)
        self._entry = tag("input", "m-frame", type="number", min="0", max=last)
        self._entry.labelled(say("Frame"))
        listen(self._entry, "change", scrubbed)
        move(say("Forward"), ".", lambda: self.frame + 1)
        move(say("Last"), ">", lambda: self.desk.length - 1)

    def _draw_settings(self) -> None:
        say = self.view.say
        self._scope = tag("strong", role="status")
        names = tuple(["", *self.view.studio.workspace().model_names()])
        self._controls = Controls(
            self.view,
            MergeOptions,
            self.change,
            keys=KEYS,
            suggestions={**SUGGESTIONS, "name": names},
        )
        self._whole_only: list[Tag] = []
        for group, options in GROUPS.items():
            with tag("div", "m-group") as box:
                tag("h2", text=say.of(group))
                for name in options:
                    self._controls.add(name)
            if group in WHOLE_TAKE:
                self._whole_only.append(box)
        self._draw_mode_keys()
        self.view.button(say("Take the defaults again"), self._reset)

    def _draw_mode_keys(self) -> None:
        """The digits choose a mode; they need no buttons of their own to be seen."""
        modes = declared(MergeOptions.model_fields["mode"]).choices

        def choose(mode: str) -> Any:
            async def chosen() -> None:
                await self.change("mode", mode)

            return chosen

        for digit, mode in zip("1234567890", modes[1:], strict=False):
            made = tag("button", type="button", hidden="", data_hidden_key="")
            made.labelled(self.view.say("Mode {name}", name=mode))
            keyed(made, digit).on("click", choose(mode))

    async def _toggle_mask(self) -> None:
        self._shows_mask = not self._shows_mask
        await self.show()

    async def _undo(self) -> None:
        self.desk.undo()
        await self.changed()

    async def _reset(self) -> None:
        self.desk.reset(self.number)
        await self.changed()

    async def _start_merge(self) -> None:
        await self._start(self.merge)

    async def _start_compare(self) -> None:
        await self._start(self.compare)

    async def _start(self, wanted: Action) -> None:
        """Begin what was wanted when the key was pressed, whatever is changed meanwhile."""
        with self.view.complaining():
            await run.io_bound(self.desk.keep)
            self.view.start(wanted)
