"""Faces: look through a set, choose, put aside, and see which poses are missing."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast, get_args

from nicegui import ui

from recast.sides import SIDES, Side
from recast.stages.curate import By, SortOptions
from recast.stages.measure import GroupedBy, MeasureOptions
from recast.studio.actions import Action, action
from recast.studio.coverage_map import CoverageMap
from recast.studio.face_dialog import FaceDialog, face_text
from recast.studio.face_filters import FaceFilters
from recast.studio.faces_grid import FacesGrid
from recast.studio.facesets import Part, folder_of
from recast.studio.job_rows import JobRows
from recast.studio.parts import tag
from recast.studio.view import View, commanded, keyed

if TYPE_CHECKING:
    from recast.stages.coverage import Coverage


async def build(view: View) -> None:
    side = cast(Side, view.query.get("side") if view.query.get("side") == "dst" else "src")
    asked = view.query.get("part", "faces")
    part = cast(Part, asked if asked in get_args(Part) else "faces")
    await _FacesPage(view, side, part).draw()


class _FacesPage:
    """One side's faces in one browser."""

    def __init__(self, view: View, side: Side, part: Part) -> None:
        self._view, self._side, self._part = view, side, part
        self._folder = folder_of(view.studio.workspace(), side, part)
        self._told: dict[str, Any] = {}
        self._covered: tuple[tuple[str, str], Coverage] | None = None

    async def draw(self) -> None:
        view, say = self._view, self._view.say
        tag("h1", text=say("Faces of {side}", side=self._side))
        self._tabs()
        with tag("div", "r-faces"):
            with tag("div", "r-faces-side"):
                self._actions()
                self._filters = FaceFilters(view, self._filtered)
                self._grouping()
                self._map = CoverageMap(view, self._side, self._pose_chosen)
                self._sorting()
                for command in ("sort", "measure", "extract"):
                    JobRows(view, command)
            with tag("div", "r-faces-main"):
                reading = say("Reading the faces …")
                self._status = tag("p", "r-quiet", role="status", text=reading)
                self._grid = FacesGrid(view, self._side, self._part)
                self._grid.on_told(self._heard)
        self._dialog = FaceDialog(view, self._side)
        self._filtered()
        await view.follow(self._look, self._show, every=1.5)

    def _tabs(self) -> None:
        say = self._view.say
        names: dict[Part, str] = {
            "faces": say("Faces"),
            "trash": say("Trash"),
            "others": say("Other people"),
        }
        with tag("nav", "r-nav").labelled(say("Which faces")):
            for side in ("src", "dst"):
                for part, name in names.items():
                    link = tag("a", "r-link", text=f"{side}: {name}",
                               href=f"/faces?side={side}&part={part}")  # fmt: skip
                    if (side, part) == (self._side, self._part):
                        link.props("aria-current=page")
                    elif part == "faces" and side != self._side:
                        keyed(link, "x")

    def _actions(self) -> None:
        say = self._view.say
        move = say("Take back") if self._part == "trash" else say("Put aside")
        with tag("div", "r-row"):
            self._move = self._grid_button(move, "move", "Delete|d")
            self._undo = self._grid_button(say("Undo"), "undo", "u")
            self._grid_button(say("Choose all"), "chooseAll", "a")
            self._grid_button(say("Invert"), "invert", "i")
        self._move.set_visibility(self._part != "others")
        self._undo.set_visibility(self._part != "others")

    def _grid_button(self, text: str, deed: str, key: str) -> ui.button:
        """What it does happens in the grid, in the browser."""
        return self._view.button(text, lambda: None, key=key).props(f"data-faces={deed}")

    def _sorting(self) -> None:
        view, say = self._view, self._view.say
        tag("h2", text=say("Sort"))
        about = say("The order is written into the files' names, so that any viewer shows it.")
        tag("p", "r-quiet r-small", text=about)
        methods = {by: by for by in get_args(By)}
        self._by = ui.select(methods, label=say("By"), value="yaw", on_change=self._sort_changed)
        self._by.props["aria-label"] = say("By")
        self._reverse = view.checkbox(say("Reverse"), on_change=self._sort_changed)
        self._keep = ui.number(
            say("Keep only so many"), min=1, step=1, on_change=self._sort_changed
        )
        with tag("div", "r-row"):
            self._sort = view.button(say("Sort"), lambda: view.start(self._sort_action()), key="o")
            undo = action("sort", self._folder, "--undo", holds=[f"faces {self._side}"])
            view.button(say("Undo the sort"), partial(view.start, undo), action=undo)
        self._sort_changed()

    def _grouping(self) -> None:
        """What is still to be measured for what is looked at."""
        view, say = self._view, self._view.say
        measure = self._measure_action(None)
        with tag("div", "r-row"):
            self._measure = view.button(
                say("Measure sharpness and light"), partial(view.start, measure), action=measure
            )
            self._regroup = view.button(
                say("Group the faces"),
                lambda: view.start(self._measure_action(self._filters.group)),
                key="Shift+G",
            )
        self._regroup.set_visibility(False)

    def _measure_action(self, by: GroupedBy | None) -> Action:
        options = MeasureOptions(by=by)
        return action("measure", self._folder, options=options, holds=[f"faces {self._side}"])

    def _sort_action(self) -> Action:
        keep = int(self._keep.value) if self._keep.value else None
        by, reverse = cast(By, self._by.value), bool(self._reverse.value)
        options = SortOptions(by=by, reverse=reverse, keep=keep)
        return action("sort", self._folder, options=options, holds=[f"faces {self._side}"])

    def _sort_changed(self) -> None:
        if hasattr(self, "_sort"):
            commanded(self._sort, self._sort_action())

    def _filtered(self) -> None:
        self._grid.show(**self._filters.wishes)
        commanded(self._regroup, self._measure_action(self._filters.group))

    def _pose_chosen(self, yaw: tuple[float, float], pitch: tuple[float, float]) -> None:
        self._filters.set_pose(yaw, pitch)
        self._filtered()

    def _look(self) -> tuple[str, Coverage]:
        from recast.stages.coverage import coverage

        studio, workspace = self._view.studio, self._view.studio.workspace()
        src, dst = (studio.facesets.get(folder_of(workspace, side, "faces")) for side in SIDES)
        versions = (src.version, dst.version)
        if self._covered is None or self._covered[0] != versions:
            poses = [(one.faces.yaw.tolist(), one.faces.pitch.tolist()) for one in (src, dst)]
            self._covered = versions, coverage(*poses)
        return studio.facesets.get(self._folder).version, self._covered[1]

    def _show(self, found: tuple[str, Coverage]) -> None:
        version, covered = found
        self._grid.show(version=version)
        self._map.draw(covered)

    def _heard(self, event: str, told: dict[str, Any]) -> None:
        if event == "opened":
            self._dialog.show(told)
        elif event == "moved":
            self._tell_moved(told)
        else:
            self._told = told
            self._draw_status()

    def _tell_moved(self, told: dict[str, Any]) -> None:
        say, count = self._view.say, int(told["moved"])
        if told["trouble"]:
            self._view.tell(str(told["trouble"]))
        elif told["restore"]:
            self._view.tell(say.plural("{n} face is back", "{n} faces are back", count))
        else:
            said = say.plural("{n} face is in the trash", "{n} faces are in the trash", count)
            self._view.tell(said)

    def _draw_status(self) -> None:
        told, say = self._told, self._view.say
        parts = [say.plural("{n} face", "{n} faces", told["total"])]
        if told["shown"] != told["total"]:
            parts.append(say("{n} of them shown", n=told["shown"]))
        if told["groups"]:
            parts.append(say.plural("{n} group", "{n} groups", told["groups"]))
        parts.append(say("{n} chosen", n=told["chosen"]))
        at = told["cursor"]
        if at is not None:
            parts.append(face_text(self._view, at))
        self._status.text = " · ".join(parts)
        self._filters.offer(measured=told["measured"], persons=told["persons"])
        self._measure.set_visibility(not told["measured"])
        lacks = self._filters.needs_measuring and told["ungrouped"] > 0
        self._regroup.set_visibility(lacks)
        names = [*told["names"], *(["…"] if told["chosen"] > len(told["names"]) else [])]
        restore = ["--restore"] if self._part == "trash" else []
        home = folder_of(self._view.studio.workspace(), self._side, "faces")
        commanded(self._move, action("trash", home, *names, *restore))
