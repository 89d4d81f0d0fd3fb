"""The marking page: place faces by hand, and look through those that were found."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from nicegui import run, ui
from nicegui.events import GenericEventArguments

from recast.errors import RecastError
from recast.language import to_say
from recast.sides import SIDES, Side
from recast.stages.marking import Listed, marks_written
from recast.stages.marking_desk import MarkingDesk, MarkingView
from recast.studio.actions import Action, action
from recast.studio.job_rows import JobRows
from recast.studio.loading import loaded
from recast.studio.marking_tools import draw_tools
from recast.studio.parts import tag
from recast.studio.view import View, commanded

if TYPE_CHECKING:
    from recast.faces import Mark, Region

LISTS: dict[Listed, str] = {
    "missing": to_say("No face was found"),
    "several": to_say("Several faces"),
    "low-score": to_say("Low score"),
    "jumps": to_say("Jumps"),
    "deleted-debug": to_say("Debug picture deleted"),
    "all": to_say("All frames"),
}
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
        if not frame.isdigit():
            try:
                missing = MarkingView(desk, "missing")
                at = missing if missing.frames else at
            except RecastError:
                pass  # nobody has searched yet: all frames are to be looked through
    if frame.isdigit():
        at.go_to(int(frame))
    return at


class MarkingBench:
    """The page in one browser."""

    def __init__(self, view: View, at: MarkingView) -> None:
        self.view, self.at, self.desk = view, at, at.desk
        self.carried: int | None = None
        """Which face is carried: its number, -1 for a new one, None for none."""
        self._square: tuple[float, float] = (min(self.desk.size) / 2, 0.0)
        """Side and angle of a square that is taken up."""
        self._put = 0
        self._draft: Mark | None = None
        self._shown: int | None = None
        self._client = ui.context.client.id
        self._draw()
        view.refresh_on_change(lambda: self.desk.version, self.draw)
        view.refresh_on_change(self._written_states, self._written)
        ui.timer(0, self.arrived, once=True)

    # Moving about

    async def arrived(self) -> None:
        """Show the frame that the view stands at, and take up a square if it has no face."""
        frame = self.at.frame
        self.carried = self._draft = None
        if frame is not None and not self.desk.at(frame).faces:
            self.carried = -1
        self._put += 1
        self.draw()
        if frame is not None:
            await self._show_frame(frame)

    def going(self, move: Callable[[], None]) -> Callable[[], Any]:
        """What a button does that moves to another frame."""

        async def go() -> None:
            move()
            await self.arrived()

        return go

    def stepping(self, step: Callable[[int], object], *, onward: bool = False) -> Any:
        """What a button does to the frame; `onward` goes on to the next that is to do."""

        async def act() -> None:
            frame = self.at.frame
            if frame is None:
                return
            try:
                step(frame)
            except RecastError as error:
                self.view.complain(error)
                return
            self.carried = self._draft = None
            if onward:
                self.at.next_open()
                await self.arrived()
            self.draw()
            await self._keep()

        return act

    async def accept(self) -> None:
        """Enter: what is carried is set down, and the frame is done."""
        if self._draft is not None and self.carried is not None:
            await self._set_down(self._draft.region)
        await self.stepping(self.desk.accept, onward=True)()

    async def show_list(self, listed: Listed) -> None:
        """Take another list."""
        try:
            await run.io_bound(self.at.show, listed)
        except RecastError as error:
            self.view.complain(error)
        await self.arrived()

    # Faces

    @property
    def chosen(self) -> Mark | None:
        """The face that is chosen."""
        faces = () if self.at.frame is None else self.desk.at(self.at.frame).faces
        return faces[self.at.number] if self.at.number < len(faces) else None

    def take_up(self, *, new: bool) -> None:
        """Let a square follow the hand: that of the chosen face, or one for a new face."""
        mark = self.chosen
        if mark is not None:
            self._square = (mark.region[2], mark.region[3])
        self.carried = -1 if new or mark is None else self.at.number
        self._draft = None
        self._put += 1
        self.draw()

    def drop(self) -> None:
        """Let go of what is carried; the frame stays as it was."""
        self.carried = self._draft = None
        self.draw()

    async def adjust(self, *, larger: float = 1.0, turn: float = 0.0) -> None:
        """Make the square that is worked at larger, or turn it (radians), and read anew."""
        if self.carried is not None:
            side, angle = self._square
            self._square = (max(8.0, side * larger), angle + turn)
            self._put += 1
            self.draw()
        elif self.chosen is not None:
            x, y, side, angle = self.chosen.region
            await self._place((x, y, max(8.0, side * larger), angle + turn), self.at.number)

    async def happened(self, event: GenericEventArguments) -> None:
        """What a hand did on the picture; see marking.js."""
        told = event.args
        if told["frame"] != self.at.frame:
            return  # it was on its way while the page went on
        what, number = told["what"], told.get("number")
        if what == "move":
            await self._follow(_region(told), number)
        elif what == "set":
            self.carried = -1 if number is None else number
            await self._set_down(_region(told))
        elif what == "point":
            x, y = (float(value) for value in told["at"])
            point = int(told["point"])
            await self.stepping(
                lambda frame: self.desk.move_point(frame, number, point=point, to=(x, y))
            )()
        elif what == "choose":
            self.at.number = int(number)
            self.draw()
        elif what == "adjust":
            await self.adjust(larger=float(told["larger"]), turn=float(told["turn"]))

    async def _follow(self, region: Region, number: int | None) -> None:
        self._square = region[2:]
        mark = await self._read(region, asker=f"{self._client} live")
        is_held = number is not None or self.carried is not None
        if mark is not None and is_held:
            self._draft = mark
            self.draw()

    async def _set_down(self, region: Region) -> None:
        number = None if self.carried in (None, -1) else self.carried
        self.carried = self._draft = None
        self._square = region[2:]
        await self._place(region, number)

    async def _place(self, region: Region, number: int | None) -> None:
        frame = self.at.frame
        mark = await self._read(region, asker=f"{self._client} place")
        if mark is None or frame is None or frame != self.at.frame:
            return
        with self.view.complaining():
            self.desk.place(frame, mark, number=number)
            if number is None:
                self.at.number = len(self.desk.at(frame).faces) - 1
        self.draw()
        await self._keep()

    async def read_again(self) -> None:
        """Let the network place the landmarks of the chosen face once more."""
        if self.chosen is not None:
            await self._place(self.chosen.region, self.at.number)

    async def _read(self, region: Region, *, asker: str) -> Mark | None:
        from recast.faces import Mark

        question = {"side": self.desk.side, "frame": self.at.frame, "region": region}
        try:
            answer = await self.view.studio.desks.ask("marking", question, asker=asker)
        except RecastError as error:
            self.view.complain(error)
            return None
        return None if answer is None else Mark.model_validate(answer.facts["mark"])

    # Showing

    async def _show_frame(self, frame: int) -> None:
        question = {"side": self.desk.side, "frame": frame}
        try:
            answer = await self.view.studio.desks.ask("marking", question, asker=self._client)
        except RecastError as error:
            self.view.complain(error)
            return
        if answer is not None:
            place = f"{self._client}-marking"
            self._picture.props["src"] = self.view.studio.pictures.put(place, answer.data)
            self._picture.props["data-frame"] = str(frame)

    def draw(self) -> None:
        """Bring the page to what the desk holds."""
        frame, say = self.at.frame, self.view.say
        here = None if frame is None else self.desk.at(frame)
        faces = (
            []
            if here is None
            else [
                {
                    "region": mark.region,
                    "points": mark.landmarks,
                    "locked": mark.locked,
                    "chosen": number == self.at.number and self.carried is None,
                }
                for number, mark in enumerate(here.faces)
            ]
        )
        carry = None
        if self.carried is not None:
            side, angle = self._square
            number = None if self.carried == -1 else self.carried
            carry = {"number": number, "side": side, "angle": angle, "put": self._put}
        self._overlay.props["data-state"] = json.dumps(
            {
                "frame": frame,
                "size": self.desk.size,
                "faces": faces,
                "carry": carry,
                "draft": None if self._draft is None else self._draft.landmarks,
            }
        )
        self._about.text = self._told()
        counts = self.at.count()
        self._counts.text = say("{todo} to do, {done} done, {skipped} skipped", **counts)
        self._draw_list()
        self._draw_command()

    def _told(self) -> str:
        say, frame = self.view.say, self.at.frame
        if frame is None:
            return say("There is no such frame.")
        here = self.desk.at(frame)
        mark = self._draft or self.chosen
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

    def _draw_command(self) -> None:
        commanded(self._write_button, self.write)

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
                    self._overlay.on("mark", self.happened, js_handler="(e) => emit(e.detail)")
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

    # Writing

    @property
    def write(self) -> Action:
        """What turns marks into face files."""
        workspace, side = self.view.studio.workspace(), self.desk.side
        options = marks_written(workspace, side)
        holds = [f"faces {side}"]
        return action("extract", workspace.root, side, options=options, holds=holds)

    async def _write(self) -> None:
        await self._keep()
        self.view.start(self.write)

    def _written_states(self) -> tuple[tuple[int, str], ...]:
        jobs = self.view.studio.jobs.all()
        return tuple((job.number, job.state) for job in jobs if job.command == "extract")

    def _written(self) -> None:
        if not self.view.studio.jobs.running("extract"):
            ui.timer(0, lambda: run.io_bound(self.desk.look_again), once=True)

    async def _keep(self) -> None:
        try:
            await run.io_bound(self.desk.keep)
        except RecastError as error:
            self.view.complain(error)


STATES = {"todo": to_say("to do"), "done": to_say("done"), "skipped": to_say("skipped")}


def _region(told: dict[str, Any]) -> Region:
    x, y, side, angle = (float(value) for value in told["region"])
    return x, y, min(max(side, 8.0), 1e5), math.remainder(angle, math.tau)
