"""Which faces are shown, how large, in what order and groups. All of it happens in the browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from nicegui import ui

from recast.language import to_say
from recast.stages.measure import GroupedBy
from recast.studio.parts import tag
from recast.studio.view import View

POSE = 90  # degrees to either side
PARTS = 5
GROUP_NAMES: dict[GroupedBy, str] = {
    "yaw": to_say("yaw, 10° each"),
    "pitch": to_say("pitch, 10° each"),
    "size": to_say("size in the frame, in parts"),
    "blur": to_say("sharpness, in parts"),
    "motion-blur": to_say("motion blur, in parts"),
    "brightness": to_say("brightness, in parts"),
    "hue": to_say("hue, in parts"),
    "black": to_say("black share, in parts"),
    "histogram": to_say("like colours"),
    "histogram-blur": to_say("like colours, 50 each"),
    "histogram-dissimilar": to_say("unusual colours, in parts"),
    "landmarks": to_say("like poses and expressions"),
    "landmarks-dissimilar": to_say("unusual poses and expressions, in parts"),
    "identity": to_say("person"),
    "identity-dissimilar": to_say("unusual looks, in parts"),
    "original": to_say("take"),
    "track": to_say("track"),
    "one-face": to_say("faces in the frame"),
    "time": to_say("time, 10 s each"),
}


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
        named: dict[str, str] = {"": say("no groups")}
        named.update((by, say.of(name)) for by, name in GROUP_NAMES.items())
        self._group = ui.select(named, label=say("Groups"), value="", on_change=self._regrouped)
        self._group.props["aria-label"] = say("Groups")
        self._parts = self._number(say("Parts"), PARTS)
        self._parts.props.update(min=1, max=100, step=1)
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
        self._parts.set_visibility(False)
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

    def _number(self, name: str, value: float | None = None) -> ui.number:
        made = ui.number(name, value=value, on_change=self._changed).classes("r-number")
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
            "group": self.group or "",
            "parts": self.parts,
            "filters": filters,
        }

    @property
    def group(self) -> GroupedBy | None:
        """What faces are grouped by."""
        return cast(GroupedBy, self._group.value) if self._group.value else None

    @property
    def needs_measuring(self) -> bool:
        """Whether these groups rest on more than what face files say."""
        from recast.faceset.groups import RECORDED

        return self.group is not None and self.group not in RECORDED

    @property
    def parts(self) -> int:
        """Into how many parts a number is divided."""
        return min(100, max(1, int(self._parts.value or PARTS)))

    def _regrouped(self) -> None:
        from recast.faceset.groups import PARTED

        self._parts.set_visibility(self.group in PARTED)
        self._changed()

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
