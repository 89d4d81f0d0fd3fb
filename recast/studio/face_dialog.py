"""One face large, and the frame it came from."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from recast.errors import RecastError
from recast.sides import Side
from recast.studio.job_rows import picture, show_picture
from recast.studio.parts import tag
from recast.studio.view import View


class FaceDialog:
    """Opened by a double click or Enter; Escape closes it."""

    def __init__(self, view: View, side: Side) -> None:
        self._view, self._side = view, side
        say = view.say
        with ui.dialog() as self._dialog, tag("div", "r-chooser r-face-dialog") as box:
            box.labelled(say("The face's frame")).props("role=dialog")
            self._text = tag("p")
            self._picture = picture("", say("The frame it came from"), "r-preview")
            self._elsewhere = tag("p", "r-quiet", text=say("It came from another take."))
            with tag("div", "r-row"):
                self._mark = tag("a", "r-link", text=say("Mark this frame"), href="/mark")
                view.button(say("Close"), self._dialog.close)

    def show(self, face: dict[str, Any]) -> None:
        """Open it for a face, as the grid tells it."""
        frame = int(face["frame"])
        try:
            own = self._view.studio.workspace().take_path(self._side).name
        except RecastError:
            own = ""
        is_own = face["take"] == own
        self._text.text = face_text(self._view, face)
        place = f"/frames/{self._side}/{frame}?width=1280" if is_own else ""
        show_picture(self._picture, place)
        self._elsewhere.set_visibility(not is_own)
        self._mark.set_visibility(is_own)
        self._mark.props["href"] = f"/mark?side={self._side}&frame={frame}"
        self._mark.update()
        self._dialog.open()


def face_text(view: View, face: dict[str, Any]) -> str:
    """What is known of one face, in a line."""
    text = view.say(
        "{name}: frame {frame}, yaw {yaw}°, pitch {pitch}°",
        name=face["name"], frame=int(face["frame"]),
        yaw=round(face["yaw"]), pitch=round(face["pitch"]),
    )  # fmt: skip
    if face["sharpness"] is not None:
        text += view.say(", sharpness {n}", n=f"{face['sharpness']:.2f}")
    return text
