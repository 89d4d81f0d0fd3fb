"""What a hand does on the marking page: a square is carried, set down, sized and turned."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from nicegui.events import GenericEventArguments

from recast.errors import RecastError

if TYPE_CHECKING:
    from recast.faces import Mark, Region
    from recast.studio.marking import MarkingBench


class Hand:
    """One person's hand: the square it carries, and the landmarks that are read there."""

    def __init__(self, bench: MarkingBench, side: float) -> None:
        """`side` is that of the first square, in frame pixels."""
        self._bench, self._desk, self._at = bench, bench.desk, bench.at
        self.carried: int | None = None
        """Which face is carried: its number, -1 for a new one, None for none."""
        self.draft: Mark | None = None
        """What was read last where the hand is."""
        self._square: tuple[float, float] = (side, 0.0)
        """Side and angle of a square that is taken up."""
        self._put = 0
        self._at_hand: Region | None = None
        """Where the carried square was last."""
        self._coming: Region | None = None
        """Where the chosen face will be once it is read: further steps build on that."""
        self._settled = asyncio.Event()
        """Nothing is coming."""
        self._settled.set()

    @property
    def state(self) -> dict[str, Any] | None:
        """What marking.js is told about the square; None if none is carried."""
        if self.carried is None:
            return None
        side, angle = self._square
        number = None if self.carried == -1 else self.carried
        return {"number": number, "side": side, "angle": angle, "put": self._put}

    def empty(self, *, offers: bool = False) -> None:
        """Let go without a word; with `offers` a square for a new face is in the hand then."""
        self.carried = -1 if offers else None
        self.draft = self._at_hand = None
        self._put += 1

    def take_up(self, *, new: bool) -> None:
        """Let a square follow the hand: that of the chosen face, or one for a new face."""
        mark = self._bench.chosen
        if mark is not None:
            self._square = (mark.region[2], mark.region[3])
        self.carried = -1 if new or mark is None else self._at.number
        self.draft = self._at_hand = None
        self._put += 1
        self._bench.draw()

    def drop(self) -> None:
        """Let go of what is carried; the frame stays as it was."""
        self.empty()
        self._bench.draw()

    async def settled(self) -> None:
        """Wait until every face that is being read is in its place."""
        await self._settled.wait()

    async def set_down_draft(self) -> bool:
        """Put what is carried where it is, if it is anywhere; False if it cannot be read there."""
        if self._at_hand is None or self.carried is None:
            return True
        return await self._set_down(self._at_hand)

    async def adjust(self, *, larger: float = 1.0, turn: float = 0.0) -> None:
        """Make the square that is worked at larger, or turn it (radians), and read anew.

        Of steps that come faster than faces are read, the last one's place is read.
        """
        placing: Awaitable[bool] | None = None
        async with self._bench.in_turn(settled=False):
            if self.carried is not None:
                side, angle = self._square
                self._square = (max(8.0, side * larger), angle + turn)
                self._put += 1
                self._bench.draw()
            elif self._bench.chosen is not None:
                x, y, side, angle = self._coming or self._bench.chosen.region
                region = (x, y, max(8.0, side * larger), angle + turn)
                placing = self._placing(region, self._at.number)
        if placing is not None:
            await placing

    async def happened(self, event: GenericEventArguments) -> None:
        """What a hand did on the picture; see marking.js."""
        told = event.args
        if told["frame"] != self._at.frame:
            return  # it was on its way while the page went on
        what, number = told["what"], told.get("number")
        if what == "move":
            await self._follow(_region(told), number)
        elif what == "set":
            await self._set(told["frame"], _region(told), number)
        elif what == "point":
            x, y = (float(value) for value in told["at"])
            point = int(told["point"])
            await self._bench.stepping(
                lambda frame: self._desk.move_point(frame, number, point=point, to=(x, y))
            )()
        elif what == "choose":
            await self._choose(told["frame"], int(number))
        elif what == "adjust":
            await self.adjust(larger=float(told["larger"]), turn=float(told["turn"]))

    async def _follow(self, region: Region, number: int | None) -> None:
        if number is None and self.carried is None:
            return  # it was set down meanwhile
        self._square, self._at_hand = region[2:], region
        mark = await self._read(region, asker=f"{self._bench.client} live")
        if mark is not None and self._at_hand is not None:
            self.draft = mark
            self._bench.draw()

    async def _set(self, frame: int, region: Region, number: int | None) -> None:
        async with self._bench.in_turn():
            if frame != self._at.frame:
                return  # a key that came before went on
            self.carried = -1 if number is None else number
            await self._set_down(region)

    async def _choose(self, frame: int, number: int) -> None:
        async with self._bench.in_turn():
            if frame == self._at.frame:
                self._at.number = number
                self._bench.draw()

    async def _set_down(self, region: Region) -> bool:
        number = None if self.carried in (None, -1) else self.carried
        self.empty()
        self._square = region[2:]
        return await self._placing(region, number)

    def _placing(self, region: Region, number: int | None) -> Awaitable[bool]:
        """Begin to put a face somewhere; what is awaited says whether it is there.

        Not so if it could not be read there, or a newer place came before it was read.
        """
        self._coming = region
        self._settled.clear()
        return self._place(region, number)

    async def _place(self, region: Region, number: int | None) -> bool:
        frame = self._at.frame
        try:
            mark = await self._read(region, asker=f"{self._bench.client} place")
            if mark is None or frame is None:
                return False
            with self._bench.view.complaining():
                self._desk.place(frame, mark, number=number)
                if number is None:
                    self._at.number = len(self._desk.at(frame).faces) - 1
        finally:
            if self._coming is region:  # else a newer one is still to come
                self._coming = None
                self._settled.set()
        self._bench.draw()
        await self._bench.keep()
        return True

    async def read_again(self) -> None:
        """Let the network place the landmarks of the chosen face once more."""
        async with self._bench.in_turn():
            if self._bench.chosen is not None:
                await self._placing(self._bench.chosen.region, self._at.number)

    async def _read(self, region: Region, *, asker: str) -> Mark | None:
        from recast.faces import Mark

        question = {"side": self._desk.side, "frame": self._at.frame, "region": region}
        try:
            answer = await self._bench.view.studio.desks.ask("marking", question, asker=asker)
        except RecastError as error:
            self._bench.view.complain(error)
            return None
        return None if answer is None else Mark.model_validate(answer.facts["mark"])


def _region(told: dict[str, Any]) -> Region:
    x, y, side, angle = (float(value) for value in told["region"])
    return x, y, min(max(side, 8.0), 1e5), math.remainder(angle, math.tau)
