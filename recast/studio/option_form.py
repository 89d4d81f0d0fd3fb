"""A form made of an option model: fields, ranges and help come from its declaration."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, Union, get_args, get_origin

from nicegui import ui
from nicegui.element import Element
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from recast.language import Texts
from recast.reasons import reason
from recast.studio.parts import Tag, tag
from recast.studio.view import View

_OWN = ""
"""Stands for None in a list of choices: the model's own."""


class OptionForm:
    """The fields of an option model in groups; `options` is what they say, if it is valid."""

    def __init__(
        self,
        view: View,
        model: type[BaseModel],
        groups: Mapping[str, Iterable[str]],
        on_change: Callable[[], None],
    ) -> None:
        self._view, self._model, self._changed = view, model, on_change
        self._fields: dict[str, _Field] = {}
        self.trouble = ""
        for at, (title, names) in enumerate(groups.items()):
            with tag("details", "r-group", **({"open": "true"} if at == 0 else {})):
                tag("summary", text=title)
                with tag("div", "r-fields"):
                    for name in names:
                        info = model.model_fields[name]
                        self._fields[name] = _Field(view, name, info, self._on_change)

    @property
    def options(self) -> BaseModel | None:
        """What the fields say; None while one of them is wrong."""
        given = {
            name: field.value
            for name, field in self._fields.items()
            if field.is_shown and field.is_set
        }
        troubles: dict[str, str] = {}
        try:
            return self._model.model_validate(given)
        except ValidationError as error:
            for trouble in error.errors(include_url=False):
                name = str(trouble["loc"][0]) if trouble["loc"] else ""
                troubles[name] = sentence_of(self._view.say.of(reason(trouble)))
            return None
        finally:
            for name, field in self._fields.items():
                field.complain(troubles.get(name, ""))

    def value_of(self, name: str) -> Any:
        """What one field says now, right or wrong."""
        return self._fields[name].value

    def show_only(self, names: Iterable[str]) -> None:
        """Hide the fields that mean nothing; they count as not given."""
        shown = set(names)
        for name, field in self._fields.items():
            field.show(name in shown)

    def fill(self, values: Mapping[str, Any]) -> None:
        """Set fields to these values; those without one go back to what they are by themselves."""
        for name, field in self._fields.items():
            default = self._model.model_fields[name].get_default(call_default_factory=True)
            field.set(values.get(name, default))

    def _on_change(self) -> None:
        self._changed()


class _Field:
    """One option."""

    def __init__(
        self, view: View, name: str, info: FieldInfo, on_change: Callable[[], None]
    ) -> None:
        say = view.say
        self._kind, self._optional = kind_of(info.annotation)
        default = info.get_default(call_default_factory=True)
        label = say.of(label_of(name))
        help_text = " ".join(filter(None, (say.of(info.description or ""), range_text(say, info))))
        with tag("div", "r-field") as self.box:
            if self._kind is bool and not self._optional:
                self._input: Element = view.checkbox(
                    label, value=bool(default), on_change=on_change
                )
            elif self._kind is bool or get_origin(self._kind) is Literal:
                self._input = ui.select(
                    choices(say, self._kind, self._optional),
                    label=label,
                    value=_OWN if default is None else default,
                    on_change=on_change,
                )
            elif self._kind in (int, float):
                self._input = ui.number(label, value=default, step=None, on_change=on_change)
                self._input.props["step"] = "any" if self._kind is float else "1"
            else:
                self._input = ui.input(label, value=default or "", on_change=on_change)
            if self._optional and self._kind is not bool and get_origin(self._kind) is not Literal:
                self._input.props["placeholder"] = say("by itself")
            self._input.props["aria-label"] = label
            self._help: Tag = tag("p", "r-quiet r-small", text=help_text)
            self._trouble: Tag = tag("p", "r-bad r-small", role="alert")
        self._trouble.set_visibility(False)
        self.is_shown = True

    @property
    def is_set(self) -> bool:
        """Whether it says anything: an empty optional field does not."""
        return self._raw not in (None, "") or not self._optional

    @property
    def value(self) -> Any:
        """As the option model takes it."""
        raw = self._raw
        if self._kind is int and isinstance(raw, float) and raw.is_integer():
            return int(raw)
        return raw

    @property
    def _raw(self) -> Any:
        return self._input.value  # type: ignore[attr-defined]

    def set(self, value: Any) -> None:
        """Show a value."""
        listed = self._kind is bool or get_origin(self._kind) is Literal
        empty = _OWN if listed or self._kind is str else None
        self._input.value = empty if value is None else value  # type: ignore[attr-defined]

    def show(self, shown: bool) -> None:
        self.is_shown = shown
        self.box.set_visibility(shown)

    def complain(self, text: str) -> None:
        """Say what is wrong with it; nothing is."""
        self._trouble.text = text
        self._trouble.set_visibility(bool(text))


def kind_of(annotation: Any) -> tuple[Any, bool]:
    """The type of an option without None, and whether it may be None."""
    if get_origin(annotation) in (Union, types.UnionType):
        rest = [one for one in get_args(annotation) if one is not type(None)]
        return rest[0], len(rest) < len(get_args(annotation))
    return annotation, False


def sentence_of(text: str) -> str:
    """It begins with a capital letter and ends with a full stop."""
    return f"{text[:1].upper()}{text[1:]}."


def label_of(name: str) -> str:
    """A field's name as a person reads it: "batch_size" is "Batch size"."""
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def choices(say: Texts, kind: Any, optional: bool) -> dict[Any, str]:
    """What can be chosen, and what it is called."""
    own = {_OWN: say("by itself")} if optional else {}
    if kind is bool:
        return {**own, True: say("yes"), False: say("no")}
    return {**own, **{one: str(one) for one in get_args(kind)}}


def range_text(say: Texts, info: FieldInfo) -> str:
    """The range of a number in words; "" if it has none."""
    bounds: dict[str, Any] = {}
    for one in info.metadata:
        for bound in ("ge", "gt", "le", "lt", "multiple_of"):
            if getattr(one, bound, None) is not None:
                bounds[bound] = getattr(one, bound)
    parts = []
    if "ge" in bounds and "le" in bounds:
        parts.append(say("{low} to {high}", low=bounds["ge"], high=bounds["le"]))
    elif "ge" in bounds:
        parts.append(say("{low} or more", low=bounds["ge"]))
    elif "gt" in bounds:
        parts.append(say("more than {low}", low=bounds["gt"]))
    if "le" in bounds and "ge" not in bounds:
        parts.append(say("at most {high}", high=bounds["le"]))
    if "lt" in bounds and bounds["lt"] < 2**31:  # more is a limit of machines, not of sense
        parts.append(say("less than {high}", high=bounds["lt"]))
    if "multiple_of" in bounds:
        parts.append(say("a multiple of {n}", n=bounds["multiple_of"]))
    return f"({', '.join(parts)})" if parts else ""
