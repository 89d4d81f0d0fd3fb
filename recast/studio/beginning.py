"""Where there is no workspace yet: make one by choosing two takes."""

from __future__ import annotations

from pathlib import Path

from nicegui import ui

from recast.studio.actions import Action, action
from recast.studio.chooser import path_field
from recast.studio.job_rows import JobRows
from recast.studio.parts import tag
from recast.studio.view import View, commanded


def beginning(view: View) -> None:
    say = view.say
    tag("h1", text=say("A new workspace"))
    about = say("A workspace is the folder of one job. Choose two takes, video files or folders "
                "of pictures, on the disk of the machine that the studio runs on.")  # fmt: skip
    tag("p", text=about)
    form = _Form(view)
    with tag("section", "r-card"):
        form.src = path_field(
            view, say("src: the face that is put in"), on_change=form.changed, takes=True
        )
        form.dst = path_field(
            view, say("dst: the take that is changed"), on_change=form.changed, takes=True
        )
        form.root = ui.input(
            say("Folder of the workspace"), value=str(free_folder(view.studio.root)),
            on_change=form.changed,
        ).classes("r-path-field")  # fmt: skip
        form.copy = view.checkbox(
            say("Copy the takes in, instead of noting where they are"), on_change=form.changed
        )
        form.button = view.button(say("Make the workspace"), form.make, kind="main")
        form.changed()
    JobRows(view, "new")
    view.refresh_on_change(lambda: view.studio.exists, lambda: _leave(view))


def _leave(view: View) -> None:
    if view.studio.exists:
        ui.navigate.to("/")


def free_folder(root: Path) -> Path:
    """The folder itself if a workspace can be made in it, else a new one inside."""
    try:
        is_free = not root.exists() or (root.is_dir() and not any(root.iterdir()))
    except OSError:
        is_free = False
    return root if is_free else root / "job"


class _Form:
    """The fields, and the command they make."""

    src: ui.input
    dst: ui.input
    root: ui.input
    copy: ui.checkbox
    button: ui.button

    def __init__(self, view: View) -> None:
        self._view = view

    @property
    def _action(self) -> Action:
        words = ["new", self.root.value or ""]
        words += ["--src", self.src.value or "", "--dst", self.dst.value or ""]
        return action(*words, *(["--copy"] if self.copy.value else []), holds=["workspace"])

    def changed(self) -> None:
        if hasattr(self, "button"):
            self.button.set_enabled(all((self.src.value, self.dst.value, self.root.value)))
            commanded(self.button, self._action)

    def make(self) -> None:
        """Start it; when it is done, every browser goes to the overview."""
        self._view.start(self._action)
