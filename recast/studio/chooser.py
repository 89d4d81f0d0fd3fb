"""Choose a file or a folder of the machine that the studio runs on, by its name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from nicegui import ui

from recast.sides import VIDEO_SUFFIXES
from recast.studio.parts import tag
from recast.studio.view import View

MOST = 500  # of each kind that are listed


@dataclass(frozen=True)
class Listing:
    """What a folder holds, by name; contents are never shown."""

    folder: Path
    folders: tuple[str, ...]
    files: tuple[str, ...]
    pictures: int
    """Pictures in it: with them the folder itself may be a take."""


def listing(folder: Path, suffixes: tuple[str, ...] | None) -> Listing:
    """List a folder, or the nearest one above that is there; files only of these suffixes."""
    from recast.images import PICTURE_SUFFIXES

    folder = folder.absolute()
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    folders, files, pictures = [], [], 0
    try:
        for path in folder.iterdir():
            if path.name.startswith("."):
                continue
            suffix = path.suffix.lower()
            pictures += suffix in PICTURE_SUFFIXES
            if path.is_dir():
                folders.append(path.name)
            elif suffixes is None or suffix in suffixes:
                files.append(path.name)
    except OSError:
        return Listing(folder, (), (), 0)
    return Listing(folder, tuple(sorted(folders)[:MOST]), tuple(sorted(files)[:MOST]), pictures)


def path_field(
    view: View, label: str, *, value: str = "", on_change: Callable[[], None], takes: bool = False
) -> ui.input:
    """A field for a path, with a button to look for it; `takes` offers videos and pictures."""
    field = ui.input(label, value=value, on_change=on_change).classes("r-path-field")

    async def browse() -> None:
        chosen = await _Chooser(view, label, takes=takes).ask(Path(field.value or view.studio.root))
        if chosen is not None:
            field.value = str(chosen)

    with field.add_slot("append"):
        view.button(view.say("Browse …"), browse)
    return field


class _Chooser:
    """A dialog that walks through folders."""

    def __init__(self, view: View, title: str, *, takes: bool) -> None:
        self._view = view
        self._suffixes = VIDEO_SUFFIXES if takes else None
        self._takes = takes
        self._here = Path()
        with ui.dialog() as self._dialog, tag("div", "r-chooser"):
            tag("h2", text=title)
            self._where = tag("p", "r-quiet")
            self._list = tag("div", "r-chooser-list")
            with tag("div", "r-row"):
                self._folder = view.button(
                    view.say("Take this folder of pictures"),
                    lambda: self._dialog.submit(self._here),
                )
                view.button(view.say("Cancel"), partial(self._dialog.submit, None))
        self._folder.set_visibility(False)

    async def ask(self, start: Path) -> Path | None:
        await self._show(start if start.is_dir() else start.parent)
        answer = await self._dialog
        self._dialog.delete()
        return answer if isinstance(answer, Path) else None

    async def _show(self, folder: Path) -> None:
        found = await asyncio.to_thread(listing, folder, self._suffixes)
        self._here = found.folder
        self._where.text = str(found.folder)
        self._folder.set_visibility(self._takes and found.pictures > 0)
        self._list.clear()
        with self._list:
            if found.folder.parent != found.folder:
                self._view.button("..", partial(self._show, found.folder.parent))
            for name in found.folders:
                self._view.button(f"{name}/", partial(self._show, found.folder / name))
            for name in found.files:
                self._view.button(name, partial(self._dialog.submit, found.folder / name))
