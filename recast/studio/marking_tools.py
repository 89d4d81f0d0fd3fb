"""The buttons of the marking page, each with its key."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from recast.studio.parts import tag

if TYPE_CHECKING:
    from recast.studio.marking import MarkingBench

TURN = math.radians(3)
LARGER = 1.06


def draw_tools(bench: MarkingBench) -> None:
    """What can be done with a frame and with a face; all of it can be undone."""
    say, button = bench.view.say, bench.view.button
    at, desk, hand = bench.at, bench.desk, bench.hand
    how = say(
        "Move over the picture and turn the wheel to place a face; with Shift the wheel turns the "
        "square. Drag single points."
    )
    tag("p", "r-quiet", text=how)
    with tag("div", "k-actions"):
        button(say("Accept"), bench.accept, key="Enter", kind="main")
        button(say("Skip"), bench.stepping(desk.skip, onward=True), key="Space")
        button(say("Back"), bench.going(lambda: at.go(-1)), key=",|ArrowLeft")
        button(say("Forward"), bench.going(lambda: at.go(1)), key=".|ArrowRight")
        button(say("Undo"), undoing(bench), key="Backspace")
        button(say("Skip the rest"), skipping_rest(bench), key="Shift+S")
    with tag("div", "k-actions"):
        button(say("New face"), bench.taking(lambda: hand.take_up(new=True)), key="n")
        button(say("Take up the face"), bench.taking(lambda: hand.take_up(new=False)), key="m")
        button(say("Let go"), bench.taking(hand.drop), key="Escape")
        button(say("Next face"), choosing(bench), key="f")
        button(say("Lock or unlock"), bench.stepping(locking(bench)), key="l")
        button(say("Remove the face"), bench.stepping(removing(bench)), key="Delete|x")
        button(say("Read anew"), hand.read_again, key="r")
        button(say("Copy from before"), bench.stepping(desk.copy_previous), key="c")
        button(say("Fill the gap"), bench.stepping(filling(bench)), key="i")
    with tag("div", "k-actions"):
        button(say("Turn left"), adjusting(bench, turn=-TURN), key="[")
        button(say("Turn right"), adjusting(bench, turn=TURN), key="]")
        button(say("Smaller"), adjusting(bench, larger=1 / LARGER), key="-")
        button(say("Larger"), adjusting(bench, larger=LARGER), key="=")


def adjusting(bench: MarkingBench, *, larger: float = 1.0, turn: float = 0.0) -> Any:
    """What a button does that changes the square."""

    async def adjust() -> None:
        await bench.hand.adjust(larger=larger, turn=turn)

    return adjust


def undoing(bench: MarkingBench) -> Any:
    return bench.stepping(lambda _: bench.desk.undo())


def skipping_rest(bench: MarkingBench) -> Any:
    return bench.stepping(
        lambda frame: bench.desk.skip_rest(bench.at.frames, start=frame), onward=True
    )


def choosing(bench: MarkingBench) -> Any:
    def choose() -> None:
        bench.at.choose_next()
        bench.draw()

    return bench.taking(choose)


def locking(bench: MarkingBench) -> Any:
    def lock(frame: int) -> None:
        mark = bench.chosen
        if mark is not None:
            bench.desk.lock(frame, bench.at.number, locked=not mark.locked)

    return lock


def removing(bench: MarkingBench) -> Any:
    def remove(frame: int) -> None:
        if bench.chosen is not None:
            bench.desk.remove(frame, bench.at.number)
            bench.at.number = 0

    return remove


def filling(bench: MarkingBench) -> Any:
    def fill(frame: int) -> None:
        first, last = bench.desk.interpolate(frame, bench.at.frames)
        bench.view.tell(
            bench.view.say("Filled between frames {first} and {last}", first=first, last=last)
        )

    return fill
