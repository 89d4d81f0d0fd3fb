"""The losses of some trainings as curves: linear or logarithmic, smoothed, all or the end."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, cast

from nicegui import ui

from recast.studio.histories import Curve, History, Span, curves
from recast.studio.parts import tag
from recast.studio.view import View

COLOURS = ("#e9b872", "#8fb8de", "#8fc796", "#f2958d", "#c7a6e0", "#7fd1c7", "#d9d27a", "#b9b4ad")
_QUIET, _LINE = "#a3a9ae", "#34393e"


class LossChart:
    """Draws the curves of the trainings that are shown; `refresh` reads what is new."""

    def __init__(self, view: View) -> None:
        say = view.say
        self._view = view
        self._seen: Any = None
        spans: dict[Span, str] = {
            "all": say("the whole training"),
            "half": say("the last half"),
            "tenth": say("the last tenth"),
        }
        tag("h2", text=say("Losses"))
        with tag("div", "r-row r-chart-controls"):
            self._log = view.checkbox(say("Logarithmic"), value=True, on_change=self._again)
            self._span = ui.select(spans, label=say("Range"), value="all", on_change=self._again)
            self._span.props["aria-label"] = say("Range")
            tag("span", "r-quiet", text=say("Smoothing"))
            self._smooth = ui.slider(min=0, max=20, step=1, value=2, on_change=self._again)
            self._smooth.classes("r-slider").props["aria-label"] = say("Smoothing, percent")
        self._chart = ui.echart({}).classes("r-chart")
        self._chart.props["role"] = "img"
        self._chart.props["aria-label"] = say("Losses over the steps")
        self._histories: Mapping[str, History] = {}

    async def refresh(self, histories: Mapping[str, History]) -> None:
        """Show these trainings, by name, as far as they are now."""
        self._histories = histories
        await asyncio.to_thread(lambda: [one.refresh() for one in histories.values()])
        seen = (
            [(name, one.steps[-1:], len(one.steps)) for name, one in histories.items()],
            self._log.value, self._span.value, self._smooth.value,
        )  # fmt: skip
        if seen != self._seen:
            self._seen = seen
            self._draw()

    async def _again(self) -> None:
        await self.refresh(self._histories)

    def _draw(self) -> None:
        span, smooth = cast(Span, self._span.value), float(self._smooth.value or 0) / 100
        lines: dict[str, Curve] = {}
        for training, history in self._histories.items():
            for name, curve in curves(history, span=span, smooth=smooth).items():
                lines[f"{training} · {name}"] = curve
        self._chart.options.clear()
        self._chart.options.update(options_of(lines, logarithmic=bool(self._log.value)))
        self._chart.update()


def options_of(lines: Mapping[str, Curve], *, logarithmic: bool) -> dict[str, Any]:
    """What ECharts draws."""
    axis = {
        "axisLabel": {"color": _QUIET},
        "axisLine": {"lineStyle": {"color": _LINE}},
        "splitLine": {"lineStyle": {"color": _LINE}},
    }
    return {
        "animation": False,
        "color": list(COLOURS),
        "backgroundColor": "transparent",
        "grid": {"left": 60, "right": 20, "top": 40, "bottom": 60},
        "legend": {"top": 0, "type": "scroll", "textStyle": {"color": _QUIET}},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "value", "min": "dataMin", "max": "dataMax", **axis},
        "yAxis": {"type": "log" if logarithmic else "value", "scale": True, **axis},
        "dataZoom": [{"type": "slider", "height": 18, "bottom": 8}, {"type": "inside"}],
        "series": [
            {"type": "line", "name": name, "showSymbol": False, "data": [list(p) for p in curve]}
            for name, curve in lines.items()
        ],
    }
