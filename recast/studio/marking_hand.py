"""What a hand does on the marking page: a square is carried, set down, sized and turned."""

from __future__ import annotations

import math
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
        self.draft = self._at_hand = self._coming = None
        self._put += 1

    def take_up(self, *, new: bool) -> None:
        """Let a square follow the hand: that of the chosen face, or one for a new face."""
        mark = self._bench.chosen
        if mark is not None:
            self._square = (mark.region[2], mark.region[3])
        self.carried = -1 if new or mark is None else self._at.number
        self.draft = self._at_hand = self._coming = None
        self._put += 1
        self._bench.draw()

    def drop(self) -> None:
        """Let go of what is carried; the frame stays as it was."""
        self.empty()
        self._bench.draw()

    async def set_down_draft(self) -> None:
        """Put what is carried where it is, if it is anywhere."""
        if self._at_hand is not None and self.carried is not None:
            await self._set_down(self._at_hand)

    async def adjust(self, *, larger: float = 1.0, turn: float = 0.0) -> None:
        """Make the square that is worked at larger, or turn it (radians), and read anew."""
        if self.carried is not None:
            side, angle = self._square
            self._square = (max(8.0, side * larger), angle + turn)
            self._put += 1
            self._bench.draw()
        elif self._bench.chosen is not None:
            x, y, side, angle = self._coming or self._bench.chosen.region
            await self._place((x, y, max(8.0, side * larger), angle + turn), self._at.number)

    async def happened(self, event: GenericEventArguments) -> None:
        """What a hand did on the picture; see marking.js."""
        told = event.args
        if told["frame"] != self._at.frame:
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
            await self._bench.stepping(
                lambda frame: self._desk.move_point(frame, number, point=point, to=(x, y))
            )()
        elif what == "choose":
            self._at.number, self._coming = int(number), None
            self._bench.draw()
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

    async def _set_down(self, region: Region) -> None:
        number = None if self.carried in (None, -1) else self.carried
        self.empty()
        self._square = region[2:]
        await self._place(region, number)

    async def _place(self, region: Region, number: int | None) -> None:
        frame, self._coming = self._at.frame, region
        mark = await self._read(region, asker=f"{self._bench.client} place")
        if mark is None or frame is None or frame != self._at.frame:
            return
        self._coming = None
        with self._bench.view.complaining():
            self._desk.place(frame, mark, number=number)
            if number is None:
                self._at.number = len(self._desk.at(frame).faces) - 1
        self._bench.draw()
        await self._bench.keep()

    async def read_again(self) -> None:
        """Let the network place the landmarks of the chosen face once more."""
        if self._bench.chosen is not None:
            await self._place(self._bench.chosen.region, self._at.number)

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
