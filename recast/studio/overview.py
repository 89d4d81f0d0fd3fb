"""The workspace as the path of a frame: each stage with its state and one next action."""

from __future__ import annotations

from recast.studio.parts import tag
from recast.studio.view import View


def build(view: View) -> None:
    tag("h1", text=view.say("Overview"))
    tag("p", "r-quiet", text=str(view.studio.root))
