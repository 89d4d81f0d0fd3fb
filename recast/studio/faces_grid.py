"""The grid of faces as an element of a page; the browser does the work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui.element import Element
from nicegui.events import GenericEventArguments

from recast.sides import Side
from recast.studio.facesets import Part
from recast.studio.view import View


class FacesGrid(Element, component="faces_grid.js"):
    """Shows a face set; what is shown, and how, are its properties.

    Events: `told` when something was chosen, `opened` with one face, `moved` after the trash.
    """

    def __init__(self, view: View, side: Side, part: Part) -> None:
        super().__init__()
        say = view.say
        self.props.update(
            side=side,
            part=part,
            version="",
            size=112,
            order="",
            reverse=False,
            group="",
            parts=5,
            filters={},
            texts={
                "grid": say("Faces"),
                "unknown": say("not grouped yet"),
                "group": say("Group {n}"),
                "identity": say("Person {n}"),
                "track": say("Track {n}"),
                "one-face": say("Faces in the frame: {name}"),
                "away": say("The studio cannot be reached; nothing was moved."),
            },
        )

    def show(self, **properties: Any) -> None:
        """Change what is shown."""
        if any(self.props.get(name) != value for name, value in properties.items()):
            self.props.update(properties)
            self.update()

    def on_told(self, heard: Callable[[str, dict[str, Any]], object]) -> None:
        """Call `heard` with an event's name and what it tells."""
        for name in ("told", "opened", "moved"):

            def hear(event: GenericEventArguments, name: str = name) -> None:
                heard(name, event.args)

            self.on(name, hear)
