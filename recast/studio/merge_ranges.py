"""The bar of ranges below the picture: begin and end one, choose it, let it go again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recast.studio.controls import listen, put
from recast.studio.parts import tag

if TYPE_CHECKING:
    from recast.studio.merge import MergeBench


class RangeBar:
    """Ranges of frames with settings of their own, drawn along the take."""

    def __init__(self, bench: MergeBench) -> None:
        self._bench = bench
        self._begun = 0
        self._drawn: Any = None
        view, say = bench.view, bench.view.say
        with tag("div", "m-scrub"):
            tag("span", "r-quiet", text=say("Ranges"))
            self._line = tag("div", "m-line", role="group").labelled(say("Ranges of frames"))
        with tag("div", "r-row m-tools"):
            view.button(say("Begin a range here"), self._begin, key="[")
            view.button(say("End it here"), self._end, key="]")
            view.button(say("Let the range go"), self._remove, key="Delete", kind="danger")
            with tag("span", "m-pair"):
                self._blend = tag("input", id="blends", type="checkbox")
                listen(self._blend, "click", self._blended)
                tag("label", text=say("comes gradually"), **{"for": "blends"})
            with tag("span", "m-pair"):
                whole = tag("input", id="whole", type="checkbox")
                whole.on("click", self._make_whole, js_handler="(e) => emit(e.target.checked)")
                tag("label", text=say("set the whole take, not the range"), **{"for": "whole"})
            self._begun_text = tag("span", "r-quiet", role="status")

    def draw(self) -> None:
        """Draw the ranges as they are now."""
        desk, number = self._bench.desk, self._bench.desk.settings.range_at(self._bench.frame)
        wanted = (desk.settings.ranges, number)
        if wanted == self._drawn:
            return
        self._drawn = wanted
        self._line.clear()
        with self._line:
            for at, one in enumerate(desk.settings.ranges):
                left, width = one.first / desk.length, (one.end - one.first) / desk.length
                text = f"{one.first}-{one.end - 1}"
                made = tag("button", "m-range", text=text, type="button")
                made.style(f"left: {left:.4%}; width: {width:.4%}")
                made.labelled(
                    self._bench.view.say(
                        "Frames {first} to {last}", first=one.first, last=one.end - 1
                    )
                )
                if at == number:
                    made.props["aria-current"] = "true"
                made.on("click", self._going_to(one.first))
        put(self._blend, number is not None and desk.settings.ranges[number].blends)
        self._blend.props.set_bool("disabled", number is None)

    def _going_to(self, frame: int) -> Any:
        async def go() -> None:
            await self._bench.go_to(frame)

        return go

    def _begin(self) -> None:
        self._begun = self._bench.frame
        self._begun_text.text = self._bench.view.say(
            "A range begins at frame {frame}", frame=self._begun
        )

    async def _end(self) -> None:
        first, last = sorted((self._begun, self._bench.frame))
        with self._bench.view.complaining():
            self._bench.desk.add_range(first, last + 1)
            self._begun_text.text = ""
        await self._bench.changed()

    async def _remove(self) -> None:
        number = self._bench.desk.settings.range_at(self._bench.frame)
        if number is not None:
            self._bench.desk.remove_range(number)
            await self._bench.changed()

    async def _blended(self, blends: bool) -> None:
        number = self._bench.desk.settings.range_at(self._bench.frame)
        if number is not None:
            self._bench.desk.blend(number, blends=blends)
            await self._bench.changed()

    async def _make_whole(self, event: Any) -> None:
        self._bench.is_whole = bool(event.args)
        await self._bench.changed()
