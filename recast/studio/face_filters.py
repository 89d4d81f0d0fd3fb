"""Which faces are shown, how large, in what order and groups. All of it happens in the browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui import ui

from recast.studio.parts import tag
from recast.studio.view import View

POSE = 90  # degrees to either side


class FaceFilters:
    """The controls beside the grid; `wishes` are the grid's properties."""

    def __init__(self, view: View, on_change: Callable[[], None]) -> None:
        self._view, self._changed = view, on_change
        say = view.say
        tag("h2", text=say("Look"))
        self._size = self._slider(say("Size"), 40, 256, 112)
        orders = {
            "": say("as the files are named"),
            "yaw": say("yaw"),
            "pitch": say("pitch"),
            "sharpness": say("sharpness"),
            "brightness": say("brightness"),
            "size": say("size in the frame"),
            "time": say("time in the take"),
        }
        self._order = ui.select(orders, label=say("Order"), value="", on_change=on_change)
        self._order.props["aria-label"] = say("Order")
        self._reverse = view.checkbox(say("Backwards"), on_change=on_change)
        groups = {
            "": say("no groups"),
            "yaw": say("yaw, 10° each"),
            "pitch": say("pitch, 10° each"),
            "sharpness": say("sharpness, five parts"),
            "brightness": say("brightness, five parts"),
            "black": say("black share, five parts"),
            "size": say("size, five parts"),
            "time": say("time, 10 s each"),
            "person": say("person"),
        }
        self._group = ui.select(groups, label=say("Groups"), value="", on_change=on_change)
        self._group.props["aria-label"] = say("Groups")
        with tag("div", "r-row"):
            tag("h2", text=say("Show only"))
            view.button(say("Show all"), self.clear, key="Shift+A")
        self._yaw = self._range(say("Yaw, degrees"), -POSE, POSE)
        self._pitch = self._range(say("Pitch, degrees"), -POSE, POSE)
        self._sharpness = self._number(say("Sharpness from"))
        self._person = self._number(say("Person number"))
        with tag("div", "r-row"):
            self._since = self._number(say("From second"))
            self._until = self._number(say("To second"))
        self.offer(measured=False, persons=0)

    def _slider(self, name: str, low: int, high: int, value: int) -> ui.slider:
        with tag("div", "r-labelled"):
            tag("span", "r-quiet r-small", text=name)
            made = ui.slider(min=low, max=high, step=1, value=value, on_change=self._changed)
            made.props["aria-label"] = name
        return made

    def _range(self, name: str, low: int, high: int) -> ui.range:
        with tag("div", "r-labelled"):
            said = tag("span", "r-quiet r-small")
            made = ui.range(
                min=low, max=high, step=1, value={"min": low, "max": high}, on_change=self._changed
            )
            made.props["aria-label"] = name

        def say_range() -> None:
            said.text = f"{name}: {made.value['min']} … {made.value['max']}"

        made.on_value_change(say_range)
        say_range()
        return made

    def _number(self, name: str) -> ui.number:
        made = ui.number(name, on_change=self._changed).classes("r-number")
        made.props["aria-label"] = name
        return made

    @property
    def wishes(self) -> dict[str, Any]:
        """The grid's properties, as the controls stand."""
        since, until, person = self._since.value, self._until.value, self._person.value
        filters: dict[str, list[float]] = {}
        for name, pose in (("yaw", self._yaw), ("pitch", self._pitch)):
            if (pose.value["min"], pose.value["max"]) != (-POSE, POSE):
                filters[name] = [pose.value["min"], pose.value["max"]]
        if self._sharpness.value is not None:
            filters["sharpness"] = [self._sharpness.value, 1e9]
        if person is not None:
            filters["person"] = [person - 1, person - 1]
        if since is not None or until is not None:
            filters["time"] = [since or 0, 1e9 if until is None else until]
        return {
            "size": int(self._size.value),
            "order": self._order.value or "",
            "reverse": bool(self._reverse.value),
            "group": group_of(self._group.value or ""),
            "filters": filters,
        }

    def set_pose(self, yaw: tuple[float, float], pitch: tuple[float, float]) -> None:
        """Show only faces that look this way."""
        self._yaw.value = {"min": yaw[0], "max": yaw[1]}
        self._pitch.value = {"min": pitch[0], "max": pitch[1]}

    def clear(self) -> None:
        """Show all faces."""
        for pose in (self._yaw, self._pitch):
            pose.value = {"min": -POSE, "max": POSE}
        for number in (self._sharpness, self._person, self._since, self._until):
            number.value = None
        self._changed()

    def offer(self, *, measured: bool, persons: int) -> None:
        """Let only be asked for what was measured."""
        self._sharpness.set_visibility(measured)
        self._person.set_visibility(persons > 1)
        self._person.props["max"] = persons


def group_of(name: str) -> dict[str, Any]:
    """How the grid makes groups: of a column, in steps or in parts of as many faces each."""
    if not name:
        return {}
    steps = {"yaw": 10, "pitch": 10, "time": 10, "person": 1}
    return {"column": name, **({"step": steps[name]} if name in steps else {"parts": 5})}
