"""On what basis the src face may be used, asked in plain words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nicegui import ui

from recast.language import to_say
from recast.studio.actions import Action, action
from recast.studio.chooser import path_field
from recast.studio.parts import Tag, tag
from recast.studio.view import View, commanded

BASES = {
    "self": to_say("It is my own face"),
    "written-consent": to_say("The person agreed to this in writing"),
    "licence": to_say("A licence or contract allows it"),
    "synthetic": to_say("It is nobody's face: rendered or drawn"),
    "research-dataset": to_say("It is from a research data set whose terms allow it"),
}


def consent_form(view: View) -> Tag:
    """The question; whoever draws it decides whether it is shown."""
    say = view.say
    with tag("section", "r-card r-next r-consent").labelled(say("Consent")) as box:
        tag("h2", text=say("Whose face is put in, and may it be used?"))
        tag("p", text=say("A face belongs to a person. Before anything is trained, say on what "
                          "basis the face of src may be used. It is noted in the workspace and "
                          "in every result."))  # fmt: skip
        form = _Form(view)
        basis = ui.radio({k: say.of(v) for k, v in BASES.items()}, on_change=form.changed)
        basis.props["aria-label"] = say("Basis")
        form.basis = basis
        form.person = ui.input(say("Name or alias of the person"), on_change=form.changed)
        form.document = path_field(
            view, say("The signed document; its checksum is kept"), on_change=form.changed
        )
        form.adult = view.checkbox(
            say("The person is an adult, and knows what is made of the face"),
            on_change=form.changed,
        )
        form.button = view.button(say("Record this"), form.record, kind="main")
        form.changed()
    return box


class _Form:
    """The fields, and what they make."""

    basis: ui.radio
    person: ui.input
    document: ui.input
    adult: ui.checkbox
    button: ui.button

    def __init__(self, view: View) -> None:
        self._view = view

    @property
    def _fields(self) -> dict[str, Any]:
        fields = {
            "person": (self.person.value or "").strip(),
            "basis": self.basis.value,
            "adult": self.adult.value,
        }
        if self.basis.value == "written-consent" and self.document.value:
            fields["document"] = self.document.value
        return fields

    def changed(self) -> None:
        if hasattr(self, "button"):
            needs_paper = self.basis.value == "written-consent"
            self.document.set_visibility(needs_paper)
            fields = self._fields
            ready = fields["person"] and fields["basis"] and fields["adult"]
            self.button.set_enabled(bool(ready and (not needs_paper or "document" in fields)))
            commanded(self.button, self._action(fields))

    def _action(self, fields: dict[str, Any]) -> Action:
        words: list[str | Path] = ["consent", self._view.studio.root, "add"]
        for name in ("basis", "person", "document"):
            words += [f"--{name}", fields[name]] if fields.get(name) else []
        return action(*words, *(["--adult"] if fields["adult"] else []))

    def record(self) -> None:
        """Note it; the same check and the same record as `recast consent`."""
        from datetime import UTC, datetime

        from recast.provenance import consent_from_fields

        with self._view.complaining():
            record = consent_from_fields(
                self._fields, named="consent", folder=Path(), now=datetime.now(UTC)
            )
            self._view.studio.workspace().record_consent(record)
            self._view.tell(self._view.say("Recorded. It goes into every result."))
