"""Train: the options as a form, any number of trainings side by side, their losses."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from nicegui import ui
from pydantic import BaseModel

from recast.errors import RecastError
from recast.language import to_say
from recast.stages.train_options import (
    LearningOptions,
    RunOptions,
    SampleOptions,
    ShapeOptions,
    TrainOptions,
    options_for,
)
from recast.studio.actions import Action, action
from recast.studio.histories import History
from recast.studio.job_rows import JobRows
from recast.studio.loss_chart import LossChart
from recast.studio.option_form import OptionForm
from recast.studio.parts import tag
from recast.studio.train_panel import Seen, TrainPanel, look, running
from recast.studio.view import View, commanded

MOST_SHOWN = 3  # trainings side by side, unless more are chosen

_GROUPS: dict[str, type[BaseModel]] = {
    to_say("Model and budget"): RunOptions,
    to_say("Shape, fixed when a model is begun"): ShapeOptions,
    to_say("Samples and what counts as near"): SampleOptions,
    to_say("How the weights are changed"): LearningOptions,
}


async def build(view: View) -> None:
    page = _TrainPage(view)
    known = await asyncio.to_thread(_options_by_model)
    await page.draw(known)


def _options_by_model() -> dict[str, frozenset[str]]:
    """Which options each model knows; loads torch, the first time."""
    from typing import get_args

    names = get_args(TrainOptions.model_fields["model"].annotation)
    return {name: options_for(name) for name in names}


class _TrainPage:
    """What one browser shows of the trainings."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._panels: dict[str, TrainPanel] = {}
        self._boxes: dict[str, ui.checkbox] = {}
        self._hidden: set[str] = set()
        self._begun = ""
        """What this browser began, until its panel has the keys."""
        self._keyed = ""
        """Whose panel has the keys."""
        self._histories: dict[str, History] = {}
        tag("h1", text=view.say("Train"))
        with tag("div", "r-train"):
            self._left = tag("div", "r-train-form")
            self._right = tag("div", "r-train-runs")

    async def draw(self, known: dict[str, frozenset[str]]) -> None:
        self._known = known
        view, say = self._view, self._view.say
        with self._left:
            self._start = view.button(say("Start training"), self._begin, key="b", kind="main")
            groups = {say.of(title): model.model_fields for title, model in _GROUPS.items()}
            self._form = OptionForm(view, TrainOptions, groups, self._changed)
        with self._right:
            JobRows(view, "train")
            JobRows(view, "timelapse")
            self._chosen = tag("div", "r-row").labelled(say("Trainings"))
            self._grid = tag("div", "r-runs")
            self._none = tag("p", "r-quiet", text=say("Nothing was trained here yet."))
            self._chart = LossChart(view)
        self._changed()
        await view.follow(self._look, self._show, every=1.0)

    def _look(self) -> tuple[tuple[Seen, ...], int]:
        from recast.stages.standing import trainings

        found = tuple(look(self._view, one) for one in trainings(self._view.studio.workspace()))
        return found, self._view.studio.jobs.version

    async def _show(self, found: tuple[tuple[Seen, ...], int]) -> None:
        seen = {one.standing.name: one for one in found[0]}
        self._none.set_visibility(not seen)
        if set(seen) != set(self._panels):
            self._change_panels(seen)
        self._share_keys()
        for name, panel in self._panels.items():
            panel.box.set_visibility(name not in self._hidden)
            panel.draw(seen[name])
        root = self._view.studio.workspace()
        for name in seen:
            path = root.model_folder(name) / "history.jsonl"
            self._histories.setdefault(name, History(path))
        shown = {n: h for n, h in self._histories.items() if n in seen and n not in self._hidden}
        await self._chart.refresh(shown)

    def _change_panels(self, seen: dict[str, Seen]) -> None:
        """A training was added or removed; the others' panels stay."""
        if not self._panels and len(seen) > MOST_SHOWN:
            busy = [name for name in seen if running(self._view, name)]
            newest = sorted(seen, key=lambda name: _touched(seen[name]), reverse=True)
            self._hidden = set(seen) - set([*busy, *newest][:MOST_SHOWN])
        for name in self._panels.keys() - seen.keys():
            self._panels.pop(name).box.delete()
            self._boxes.pop(name).delete()
            self._hidden.discard(name)
        for place, name in enumerate(seen):
            if name not in self._panels:
                self._add_panel(name, place)
        self._chosen.set_visibility(len(seen) > 1)

    def _add_panel(self, name: str, place: int) -> None:
        with self._grid:
            self._panels[name] = TrainPanel(self._view, name, go_on=self._go_on)
        self._panels[name].box.move(target_index=place)
        with self._chosen:
            box = self._boxes[name] = self._view.checkbox(name, value=name not in self._hidden)
        box.move(target_index=place)
        box.on_value_change(lambda event: self._choose(name, event.value))

    def _choose(self, name: str, shown: bool) -> None:
        (self._hidden.discard if shown else self._hidden.add)(name)
        self._panels[name].box.set_visibility(shown)
        self._share_keys()

    def _share_keys(self) -> None:
        """Let the keys steer one training: see `keyed_one`."""
        shown = [name for name in self._panels if name not in self._hidden]
        busy = [name for name in shown if running(self._view, name)]
        self._keyed = keyed_one(shown, busy, begun=self._begun, before=self._keyed)
        if self._keyed == self._begun or not running(self._view, self._begun):
            self._begun = ""
        for name, panel in self._panels.items():
            panel.hold_keys(name == self._keyed)

    def _changed(self) -> None:
        if not hasattr(self, "_form"):
            return
        model = self._form.value_of("model") or "swift"
        self._form.show_only(self._known[model])
        options = self._form.options
        self._start.set_enabled(options is not None)
        if options is not None:
            commanded(self._start, self._action(options))

    def _action(self, options: Any) -> Action:
        name = options.name or options.model
        return action("train", self._view.studio.root, options=options, holds=[f"model {name}"])

    def _begin(self) -> None:
        options = self._form.options
        if options is not None:
            self._start_training(options)

    def _go_on(self, name: str) -> None:
        """As it was last trained, until it is stopped: what a budget counted is used up."""
        with self._view.complaining():
            self._start_training(last_options(self._view, name))

    def _start_training(self, options: Any) -> None:
        name = options.name or options.model
        if self._view.start(self._action(options)) is None:
            return
        self._begun = name
        if name in self._panels:
            self._boxes[name].value = True
            # At once: the next key may be on its way to a button that is shown only now.
            self._panels[name].draw_controls()
            self._share_keys()


def keyed_one(shown: Sequence[str], busy: Sequence[str], *, begun: str, before: str) -> str:
    """Which of the trainings that are shown has the keys; "" if none is shown.

    What this browser has just `begun` gets them. Else they stay with the one that had them
    `before` as long as it is among the `busy`: nobody else's start may turn a key that is about
    to be pressed against another training.
    """
    if begun in busy:
        return begun
    if before in busy:
        return before
    stays = [before] if before in shown else []
    return next(iter([*busy, *stays, *shown]), "")


def last_options(view: View, name: str) -> TrainOptions:
    """The options of a training's last start, without a budget.

    Raises:
        RecastError: its description cannot be read.
    """
    from pydantic import ValidationError

    from recast.training.description import Description

    described = Description.load(view.studio.workspace().model_folder(name))
    kept = {k: v for k, v in described.options.items() if k not in ("minutes", "steps")}
    try:
        return TrainOptions.model_validate({"model": described.model, **kept, "name": name})
    except ValidationError as error:
        raise RecastError(
            f"{name} was trained with options that this recast does not know",
            "choose them in the form, with this name",
        ) from error


def _touched(seen: Seen) -> float:
    return seen.previews[-1].stat().st_mtime if seen.previews else 0.0
