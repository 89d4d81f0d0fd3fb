"""One control for each option, made from the option's declaration: kind, range, step and help."""

from __future__ import annotations

import math
import types
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Union, get_args, get_origin

from nicegui.events import GenericEventArguments
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from recast.studio.option_form import label_of
from recast.studio.parts import Tag, tag
from recast.studio.view import View, keyed

Change = Callable[[str, Any], Awaitable[None]]
"""Called with the option's name and the value that a person gave it."""
_SLIDES = 0.03
"""Seconds between two values of a slider that moves; the last one always comes."""


@dataclass(frozen=True)
class Declared:
    """What an option's declaration says about its control."""

    kind: Literal["choice", "switch", "number", "text"]
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    whole: bool = False
    optional: bool = False

    @property
    def step(self) -> float:
        """A hundredth of the range, or a little less: 1, 2 or 5 times a power of ten."""
        if self.low is None or self.high is None:
            return 1.0
        hundredth = (self.high - self.low) / 100
        power = 10.0 ** math.floor(math.log10(hundredth))
        step = max(digit * power for digit in (1, 2, 5) if digit * power <= hundredth * 1.0001)
        return max(step, 1.0) if self.whole else step


def declared(field: FieldInfo) -> Declared:
    """The control that fits an option."""
    kinds = _kinds(field.annotation)
    optional = type(None) in kinds
    kind = next(one for one in kinds if one is not type(None))
    if get_origin(kind) is Literal:
        return Declared("choice", tuple(map(str, get_args(kind))), optional=optional)
    if kind is bool:
        return Declared("switch", optional=optional)
    if kind in (int, float):
        low, high = _bound(field, "ge", "gt"), _bound(field, "le", "lt")
        what = Declared("number", low=low, high=high, whole=kind is int, optional=optional)
        # The ends themselves are not among the values.
        if low is not None and _bound(field, "gt") is not None:
            what = replace(what, low=low + what.step)
        if high is not None and _bound(field, "lt") is not None:
            what = replace(what, high=high - what.step)
        return what
    return Declared("text", optional=optional)


def stepped(field: FieldInfo, value: Any, steps: int) -> Any:
    """The value that many steps on: numbers within their range, choices and switches around."""
    what = declared(field)
    if what.kind == "switch":
        return not value
    if what.kind == "choice":
        return what.choices[(what.choices.index(value) + steps) % len(what.choices)]
    if what.kind != "number":
        return value
    low = -math.inf if what.low is None else what.low
    high = math.inf if what.high is None else what.high
    found = min(high, max(low, round((value or 0) + steps * what.step, 6)))
    return int(found) if what.whole else found


def _kinds(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) in (Union, types.UnionType):
        return get_args(annotation)
    return (annotation,)


def _bound(field: FieldInfo, *names: str) -> float | None:
    for one in field.metadata:
        for name in names:
            if (value := getattr(one, name, None)) is not None:
                return float(value)
    return None


class Controls:
    """Controls of some options of a model; `show` brings them to what somebody else made of them.

    keys: for an option the key that takes it a step on, and the one that takes it back, or "".
    suggestions: usual values of options that are text.
    """

    def __init__(
        self,
        view: View,
        model: type[BaseModel],
        change: Change,
        *,
        keys: Mapping[str, tuple[str, str]],
        suggestions: Mapping[str, tuple[str, ...]],
    ) -> None:
        self._view, self._model, self._change = view, model, change
        self._keys, self._suggestions = keys, suggestions
        self._shown: dict[str, Any] = {}
        self._made: dict[str, list[Tag]] = {}
        self._rows: dict[str, Tag] = {}

    def add(self, name: str) -> None:
        """Draw the control of an option here."""
        field = self._model.model_fields[name]
        what = declared(field)
        label = self._view.say.of(label_of(name))
        with tag("div", "c-row", title=self._view.say.of(field.description or "")) as row:
            self._rows[name] = row
            made = {
                "choice": self._choice,
                "switch": self._switch,
                "number": self._number,
                "text": self._text,
            }[what.kind](name, what, label)
            self._made[name] = made
            self._buttons(name, label)

    def show(self, values: Mapping[str, Any], own: frozenset[str] = frozenset()) -> None:
        """Bring all controls to these values; those named in `own` are marked."""
        for name, controls in self._made.items():
            value = values[name]
            self._rows[name].classes(
                add="c-own" if name in own else "", remove="" if name in own else "c-own"
            )
            if name in self._shown and self._shown[name] == value:
                continue
            self._shown[name] = value
            for control in controls:
                put(control, value)

    def _choice(self, name: str, what: Declared, label: str) -> list[Tag]:
        tag("label", text=label, **{"for": f"o-{name}"})
        with tag("select", id=f"o-{name}") as made:
            for choice in what.choices:
                tag("option", text=choice, value=choice)
        self._listen(made, "change", name, str)
        return [made]

    def _switch(self, name: str, what: Declared, label: str) -> list[Tag]:
        made = tag("input", "c-switch", type="checkbox", id=f"o-{name}")
        tag("label", text=label, **{"for": f"o-{name}"})
        self._listen(made, "click", name, bool)
        return [made]

    def _number(self, name: str, what: Declared, label: str) -> list[Tag]:
        tag("label", text=label, **{"for": f"o-{name}"})
        limits = {} if what.low is None else {"min": f"{what.low:g}"}
        limits |= {} if what.high is None else {"max": f"{what.high:g}"}
        made = []
        if what.low is not None and what.high is not None:
            slider = tag("input", type="range", step=f"{what.step:g}", **limits).labelled(label)
            self._listen(slider, "input", name, float)
            made.append(slider)
        entry = tag("input", "c-number", type="number", step="any", id=f"o-{name}", **limits)
        self._listen(entry, "change", name, _number_of)
        return [*made, entry]

    def _text(self, name: str, what: Declared, label: str) -> list[Tag]:
        tag("label", text=label, **{"for": f"o-{name}"})
        made = tag("input", "c-text", type="text", id=f"o-{name}", autocomplete="off")
        if usual := self._suggestions.get(name):
            made.props["list"] = f"o-{name}-usual"
            with tag("datalist", id=f"o-{name}-usual"):
                for one in usual:
                    tag("option", value=one)
        self._listen(made, "change", name, lambda text: text or (None if what.optional else ""))
        return [made]

    def _buttons(self, name: str, label: str) -> None:
        more, less = self._keys.get(name, ("", ""))
        with tag("span", "c-steps"):
            for key, steps, sign in ((less, -1, "-"), (more, 1, "+" if less else "↻")):
                if key:
                    made = tag("button", "c-step", type="button", text=sign, title=key)
                    made.labelled(f"{label} {sign}")
                    # Around a circle nobody needs to go faster.
                    keyed(made, f"{key}|Shift+{key.upper()}" if less and key.isalpha() else key)
                    self._steps(made, name, steps)

    def _steps(self, button: Tag, name: str, steps: int) -> None:
        async def step(event: GenericEventArguments) -> None:
            times = 5 if event.args else 1
            value = self._shown.get(name)
            if usual := self._suggestions.get(name):
                at = usual.index(value) if value in usual else -1
                found: Any = usual[(at + steps) % len(usual)]
            else:
                field = self._model.model_fields[name]
                numbers = declared(field).kind == "number"
                found = stepped(field, value, steps * (times if numbers else 1))
            await self._change(name, found)

        button.on(
            "click", step, js_handler="(e) => emit(e.shiftKey || window.recastShift === true)"
        )

    def _listen(self, control: Tag, event: str, name: str, read: Callable[[Any], Any]) -> None:
        listen(control, event, lambda value: self._given(name, read(value)))

    async def _given(self, name: str, value: Any) -> None:
        """Take what the control shows already, since a person put it there."""
        if declared(self._model.model_fields[name]).whole and value is not None:
            value = int(value) if float(value).is_integer() else value
        self._shown[name] = value
        await self._change(name, value)
        for control in self._made[name]:
            put(control, self._shown[name])


def listen(control: Tag, event: str, give: Callable[[Any], Awaitable[object]]) -> None:
    """Call `give` with each value that a person gives a control.

    The browser numbers them, and hears which one was taken: until it was the newest, what `put`
    says is older than what the hand did, and controls.js leaves the control alone.
    """

    async def given(told: GenericEventArguments) -> None:
        try:
            await give(told.args["value"])
        finally:
            heard = max(int(told.args["number"]), int(control.props.get("data-heard", "0")))
            control.props["data-heard"] = str(heard)

    throttle = _SLIDES if control.props.get("type") == "range" else 0.0
    control.on(event, given, throttle=throttle, js_handler="(e) => emit(recastSent(e.target))")


def put(control: Tag, value: Any) -> None:
    """Let the browser show a value, also where a person changed what it showed before.

    controls.js does it, and spares what a hand holds just then.
    """
    control.props["data-value"] = "" if value is None else _written(value)
    control.props["data-put"] = str(int(control.props.get("data-put", "0")) + 1)


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _number_of(text: Any) -> float | None:
    try:
        return float(text)
    except (TypeError, ValueError):
        return None
