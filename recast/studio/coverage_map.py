"""The map of poses: where src has faces, where dst has, and where dst needs what src lacks."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nicegui import ui
from nicegui.events import EChartPointClickEventArguments

from recast.sides import Side
from recast.studio.parts import tag
from recast.studio.view import View

if TYPE_CHECKING:
    from recast.stages.coverage import Cell, Coverage

_QUIET, _LINE = "#a3a9ae", "#34393e"
_LACKING, _SHARED, _SPARE = "#f2958d", "#8fc796", "#5d7f9c"
Pose = tuple[float, float]


class CoverageMap:
    """A dot for each part of the map; a click shows the faces that look this way."""

    def __init__(self, view: View, side: Side, chosen: Callable[[Pose, Pose], None]) -> None:
        say = view.say
        self._view, self._chosen = view, chosen
        tag("h2", text=say("Poses"))
        self._told = tag("p", "r-small")
        self._chart = ui.echart({}, on_point_click=self._clicked).classes("r-map")
        self._chart.props["role"] = "img"
        self._chart.props["aria-label"] = say("Yaw and pitch of src and dst")

    def draw(self, found: Coverage) -> None:
        say = self._view.say
        self._told.text = (
            say("src lacks {share} of dst's poses: the red dots", share=f"{found.lacking:.0%}")
            if found.lacking
            else say("src has every pose that dst needs")
            if any(cell.dst for cell in found.cells)
            else ""
        )
        names = (say("dst needs, src lacks"), say("both have"), say("only src has"))
        self._chart.options.clear()
        self._chart.options.update(map_options(found.cells, names, (say("yaw"), say("pitch"))))
        self._chart.update()

    def _clicked(self, event: EChartPointClickEventArguments) -> None:
        from recast.stages.coverage import STEP

        dot = event.data
        if not isinstance(dot, list):
            return
        yaw, pitch = float(dot[0]), float(dot[1])
        half = STEP / 2
        self._chosen((yaw - half, yaw + half), (pitch - half, pitch + half))


def map_options(
    cells: tuple[Cell, ...], names: tuple[str, str, str], axes: tuple[str, str]
) -> dict[str, Any]:
    """What ECharts draws: dots at yaw and pitch, the larger the more faces."""
    kinds: dict[str, list[list[float]]] = {name: [] for name in names}
    for cell in cells:
        kind = names[0] if cell.lacking else names[1] if cell.dst else names[2]
        count = cell.dst if cell.dst else cell.src
        kinds[kind].append([cell.yaw, cell.pitch, cell.src, cell.dst, 4 + 3 * math.log2(1 + count)])
    axis = {
        "min": -90, "max": 90, "axisLabel": {"color": _QUIET}, "nameTextStyle": {"color": _QUIET},
        "splitLine": {"lineStyle": {"color": _LINE}}, "nameLocation": "middle",
    }  # fmt: skip
    return {
        "animation": False,
        "grid": {"left": 44, "right": 10, "top": 62, "bottom": 40},
        "legend": {"top": 0, "left": 0, "textStyle": {"color": _QUIET}, "itemWidth": 10},
        "tooltip": {"formatter": "src {@[2]}, dst {@[3]}"},
        "xAxis": {"type": "value", "name": axes[0], "nameGap": 24, **axis},
        "yAxis": {"type": "value", "name": axes[1], "nameGap": 28, **axis},
        "series": [
            {"type": "scatter", "name": name, "data": dots, ":symbolSize": "(dot) => dot[4]",
             "itemStyle": {"color": colour}}
            for (name, dots), colour in zip(kinds.items(), (_LACKING, _SHARED, _SPARE), strict=True)
        ],
    }  # fmt: skip
