"""The marking page: place faces by hand, and look through those that were found."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from nicegui import run, ui

from recast.errors import RecastError
from recast.language import to_say
from recast.sides import SIDES, Side
from recast.stages.marking import Listed, marks_written
from recast.stages.marking_desk import MarkingDesk, MarkingView
from recast.studio.actions import Action, action
from recast.studio.job_rows import JobRows
from recast.studio.live import promise, show_newest
from recast.studio.loading import loaded
from recast.studio.marking_hand import Hand
from recast.studio.marking_tools import draw_tools
from recast.studio.parts import tag
from recast.studio.view import View, commanded

if TYPE_CHECKING:
    from recast.faces import Mark

LISTS: dict[Listed, str] = {
    "missing": to_say("No face was found"),
    "several": to_say("Several faces"),
    "low-score": to_say("Low score"),
    "jumps": to_say("Jumps"),
    "deleted-debug": to_say("Debug picture deleted"),
    "all": to_say("All frames"),
}
STATES = {"todo": to_say("to do"), "done": to_say("done"), "skipped": to_say("skipped")}
SHOWN = 21
"""Frames of the list that are shown at once, around the one that is worked on."""


def build(view: View) -> None:
    tag("h1", text=view.say("Marking"))
    side = cast(Side, view.query.get("side") if view.query.get("side") in SIDES else "dst")

    def opened() -> MarkingView:
        desk = view.studio.desks.marking(side)
        desk.look_again()
        return _begun(desk, view.query.get("list", ""), view.query.get("frame", ""))

    loaded(view, opened, lambda at: MarkingBench(view, at))


def _begun(desk: MarkingDesk, listed: str, frame: str) -> MarkingView:
    """The list that the address names, else the missing frames, if there are any, else all."""
    if listed in LISTS:
        at = MarkingView(desk, listed)
    else:
        at = MarkingView(desk)
        if not frame.isdecimal():
            try:
                missing = MarkingView(desk, "missing")
                at = missing if missing.frames else at
            except RecastError:
                pass  # nobody has searched yet: all frames are to be looked through
    if frame.isdecimal():
        at.go_to(int(frame))
    return at


class MarkingBench:
    """The page in one browser."""

    def __init__(self, view: View, at: MarkingView) -> None:
        self.view, self.at, self.desk = view, at, at.desk
        self.hand = Hand(self, min(self.desk.size) / 2)
        self._around: tuple[object, ...] = ()
        self._turn = asyncio.Lock()
        self.client = ui.context.client.id
        self._draw()
        view.refresh_on_change(lambda: self.desk.version, self.draw)
        self._written_before = self._written_states()
        view.refresh_on_change(self._written_states, self._written)
        ui.timer(0, self.arrived, once=True)

    @asynccontextmanager
    async def in_turn(self, *, settled: bool = True) -> AsyncIterator[None]:
        """What is asked for here happens in the order in which it is asked for.

        With `settled` a face that is still being read is in its place first.
        """
        async with self._turn:
            if settled:
                await self.hand.settled()
            yield

    async def arrived(self) -> None:
        """Show the frame that the view stands at, and take up a square if it has no face."""
        self._arrive()
        await self._show_frame()

    def _arrive(self) -> None:
        frame = self.at.frame
        self.hand.empty(offers=frame is not None and not self.desk.at(frame).faces)
        self.draw()

    def going(self, move: Callable[[], None]) -> Callable[[], Any]:
        """What a button does that moves to another frame."""

        async def go() -> None:
            async with self.in_turn():
                move()
                self._arrive()
            await self._show_frame()

        return go

    def taking(self, take: Callable[[], object]) -> Callable[[], Any]:
        """What a button does to the hand, or to what is chosen."""

        async def act() -> None:
            async with self.in_turn():
                take()

        return act

    def stepping(self, step: Callable[[int], object], *, onward: bool = False) -> Any:
        """What a button does to the frame; `onward` goes on to the next that is to do."""

        async def act() -> None:
            async with self.in_turn():
                self._step(step, onward=onward)
            await self._stepped(onward=onward)

        return act

    async def accept(self) -> None:
        """Enter: what is carried is set down, and the frame is done."""
        async with self.in_turn():
            if not await self.hand.set_down_draft():
                return  # it could not be read there, which was said
            self._step(self.desk.accept, onward=True)
        await self._stepped(onward=True)

    def _step(self, step: Callable[[int], object], *, onward: bool) -> None:
        frame = self.at.frame
        if frame is None:
            return
        try:
            step(frame)
        except RecastError as error:
            self.view.complain(error)
            return
        self.hand.empty()
        if onward:
            self.at.next_open()
            self._arrive()
        self.draw()

    async def _stepped(self, *, onward: bool) -> None:
        if onward:
            await self._show_frame()
        await self.keep()

    @property
    def chosen(self) -> Mark | None:
        """The face that is chosen."""
        faces = () if self.at.frame is None else self.desk.at(self.at.frame).faces
        return faces[self.at.number] if self.at.number < len(faces) else None

    async def _show_frame(self) -> None:
        frame = self.at.frame
        if frame is None:
            return
        question = {"side": self.desk.side, "frame": frame}
        try:
            answer = await self.view.studio.desks.ask("marking", question, asker=self.client)
        except RecastError as error:
            self.view.complain(error)
            return
        if answer is not None and frame == self.at.frame:
            place = f"{self.client}-marking"
            address = self.view.studio.pictures.put(place, answer.data)
            show_newest(self._picture, address, frame=str(frame))

    def draw(self) -> None:
        """Bring the page to what the desk holds."""
        frame = self.at.frame
        here = None if frame is None else self.desk.at(frame)
        faces = (
            []
            if here is None
            else [
                {
                    "region": mark.region,
                    "points": mark.landmarks,
                    "locked": mark.locked,
                    "chosen": number == self.at.number and self.hand.carried is None,
                }
                for number, mark in enumerate(here.faces)
            ]
        )
        promise(self._picture, frame=str(frame))
        self._overlay.props["data-state"] = json.dumps(
            {
                "frame": frame,
                "size": self.desk.size,
                "faces": faces,
                "carry": self.hand.state,
                "draft": None if self.hand.draft is None else self.hand.draft.landmarks,
            }
        )
        self._about.text = self._told()
        self._draw_around()

    def _draw_around(self) -> None:
        """What does not follow the hand: counts, the list and the command."""
        wanted = (self.desk.version, self.at.place, self.at.listed)
        if wanted != self._around:
            self._around = wanted
            self._counts.text = self.view.say(
                "{todo} to do, {done} done, {skipped} skipped", **self.at.count()
            )
            self._draw_list()
            commanded(self._write_button, self.write)

    def _told(self) -> str:
        say, frame = self.view.say, self.at.frame
        if frame is None:
            return say("There is no such frame.")
        here = self.desk.at(frame)
        mark = self.hand.draft or self.chosen
        parts = [say("Frame {frame}", frame=frame), say.of(STATES[here.state])]
        parts.append(say.plural("{n} face", "{n} faces", len(here.faces)))
        if mark is not None:
            parts.append(say("score {score}", score=f"{mark.score:.2f}"))
            if mark.locked:
                parts.append(say("locked"))
        return " · ".join(parts)

    def _draw_list(self) -> None:
        first = max(0, min(self.at.place - SHOWN // 2, len(self.at.frames) - SHOWN))
        frames = self.at.frames[first : first + SHOWN]
        wanted = [(frame, self.desk.marks.at(frame).state) for frame in frames]
        self._list.clear()
        with self._list:
            for frame, state in wanted:
                made = tag("button", text=str(frame), type="button", data_is=state)
                if frame == self.at.frame:
                    made.props["aria-current"] = "true"
                made.on("click", self.going(partial(self.at.go_to, frame)))

    def _draw(self) -> None:
        say = self.view.say
        self._draw_choices()
        with tag("div", "m-bench"):
            with tag("div"):
                width, height = self.desk.size
                viewer = tag(
                    "div", "m-viewer", data_viewer="marking", data_size=f"{width} {height}"
                )
                with viewer, tag("div", "m-sheet"):
                    self._picture = tag("img", alt=say("The frame"))
                    self._overlay = tag("svg", preserveAspectRatio="none")
                    self._overlay.on("mark", self.hand.happened, js_handler="(e) => emit(e.detail)")
                self._about = tag("p", "m-status", role="status")
                self._list = tag("div", "k-list", role="group").labelled(say("Frames of the list"))
                JobRows(self.view, "extract")
            with tag("section", "m-side").labelled(say("What can be done")):
                self._counts = tag("p", "k-counts", role="status")
                draw_tools(self)
                self._write_button = self.view.button(
                    say("Write the faces that were accepted"), self._write, key="Shift+Enter",
                    kind="main",
                )  # fmt: skip

    def _draw_choices(self) -> None:
        say = self.view.say
        with tag("div", "r-row"):
            with tag("nav", "r-nav").labelled(say("Side")):
                for side in SIDES:
                    link = tag("a", "r-link", text=side, href=f"/mark?side={side}")
                    if side == self.desk.side:
                        link.props["aria-current"] = "page"
            with tag("nav", "r-nav").labelled(say("Lists of frames")):
                for listed, name in LISTS.items():
                    address = f"/mark?side={self.desk.side}&list={listed}"
                    link = tag("a", "r-link", text=say.of(name), href=address)
                    if listed == self.at.listed:
                        link.props["aria-current"] = "page"

    @property
    def write(self) -> Action:
        """What turns marks into face files."""
        workspace, side = self.view.studio.workspace(), self.desk.side
        options = marks_written(workspace, side)
        holds = [f"faces {side}"]
        return action("extract", workspace.root, side, options=options, holds=holds)

    async def _write(self) -> None:
        await self.keep()
        self.view.start(self.write)

    def _written_states(self) -> tuple[tuple[int, str], ...]:
        jobs = self.view.studio.jobs.all()
        return tuple((job.number, job.state) for job in jobs if job.command == "extract")

    def _written(self) -> None:
        states, before = self._written_states(), self._written_before
        self._written_before = states
        if states != before and not self.view.studio.jobs.running("extract"):
            ui.timer(0, lambda: run.io_bound(self.desk.look_again), once=True)

    async def keep(self) -> None:
        """Write the marks, away from the server's loop."""
        try:
            await run.io_bound(self.desk.keep)
        except RecastError as error:
            self.view.complain(error)
