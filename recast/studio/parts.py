"""Plain HTML elements, where NiceGUI's own are more than is needed."""

from __future__ import annotations

from nicegui.elements.mixins.text_element import TextElement


class Tag(TextElement):
    """An HTML element; `text` is what it says, unless it holds other elements."""

    def __init__(self, name: str, text: str = "") -> None:
        super().__init__(tag=name, text=text)

    def labelled(self, name: str) -> Tag:
        """Give it the name that screen readers say."""
        self.props["aria-label"] = name
        return self


def tag(name: str, classes: str = "", *, text: str = "", **attributes: str) -> Tag:
    """An HTML element with classes and attributes; `_` in an attribute's name stands for `-`."""
    made = Tag(name, text)
    made.classes(classes)
    for attribute, value in attributes.items():
        made.props[attribute.replace("_", "-")] = value
    return made
