"""One training: its newest preview, how far it is, its controls and its time-lapse."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nicegui import ui

from recast.language import Texts
from recast.studio.actions import action
from recast.studio.job import Job
from recast.studio.job_rows import duration, picture, show_picture, state_text
from recast.studio.parts import Tag, tag
from recast.studio.view import View, key_name, keyed

if TYPE_CHECKING:
    from recast.stages.standing import TrainingStanding


@dataclass(frozen=True)
class Seen:
    """What a panel shows of a training."""

    standing: TrainingStanding
    previews: tuple[Path, ...]
    timelapse: Path | None
    memory: int
    """Bytes that its process holds; 0 if none runs."""


def look(view: View, standing: TrainingStanding) -> Seen:
    """Gather what is on disk, and what its process takes."""
    folder = view.studio.workspace().model_folder(standing.name)
    shown = sorted(path for path in (folder / "preview").glob("*.jpg") if path.stem.isdigit())
    video = folder / "timelapse.mp4"
    job = running(view, standing.name)
    return Seen(
        standing,
        tuple(shown),
        video if video.is_file() else None,
        memory_of(job.pid) if job else 0,
    )


def running(view: View, name: str) -> Job | None:
    """The job that trains it."""
    return view.studio.jobs.holding(f"model {name}")


def memory_of(process: int) -> int:
    """Bytes in memory of a process and those it started."""
    import psutil

    total = 0
    try:
        whole = psutil.Process(process)
        for one in (whole, *whole.children(recursive=True)):
            total += one.memory_info().rss
    except psutil.Error:
        pass  # it has just ended
    return total


class TrainPanel:
    """Changed in place: what was pressed before a change is on its way to the same buttons."""

    def __init__(self, view: View, name: str, *, go_on: Callable[[str], None]) -> None:
        say = view.say
        self._view, self._name = view, name
        self._seen: Seen | None = None
        self._follows = True
        self._has_keys = False
        self._keys: list[tuple[ui.button, str]] = []
        self._hints: list[Tag] = []
        with tag("section", "r-card r-training").labelled(name) as self.box:
            tag("h2", text=name)
            self._state = tag("p", role="status")
            self._facts = tag("p", "r-quiet")
            with tag("div", "r-row"):
                self._steer = [
                    self._button(say("Save"), "save", "s"),
                    self._button(say("Refresh"), "refresh", "r"),
                    self._button(say("Next faces"), "next", "n"),
                    self._button(say("Stop"), "stop", "x"),
                ]
                self._go_on = view.button(say("Go on"), partial(go_on, name))
            self._picture = picture("", say("Newest preview"), "r-preview")
            self._legend = tag(
                "p", "r-quiet r-small",
                text=say("Rows: src, src drawn; dst, dst drawn; the swap, and its mask"),
            )  # fmt: skip
            self._draw_history(say("Previews over time"))

    def _draw_history(self, name: str) -> None:
        say = self._view.say
        with tag("div", "r-row r-history") as self._history:
            self._place = ui.slider(min=0, max=1, value=1, step=1, on_change=self._moved)
            self._place.classes("r-slider").props["aria-label"] = name
            self._step = tag("span", "r-quiet")
            back, forward = (partial(self._walk, by) for by in (-1, 1))
            for text, walk, key in (("←", back, "ArrowLeft"), ("→", forward, "ArrowRight")):
                made = self._view.button(text, walk)
                made.props["aria-label"] = say("Earlier preview") if key == "ArrowLeft" else say(
                    "Later preview"
                )  # fmt: skip
                self._keys.append((made, key))
            lapse = action(
                "timelapse", self._view.studio.root, "--name", self._name,
                holds=[f"timelapse {self._name}"],
            )  # fmt: skip
            self._view.button(
                say("Make a time-lapse"), partial(self._view.start, lapse), action=lapse
            )
        self._video = tag("video", "r-preview", controls="true", preload="none")
        self._video.labelled(say("Time-lapse"))

    def _button(self, text: str, word: str, key: str) -> ui.button:
        def tell() -> None:
            if job := running(self._view, self._name):
                self._view.studio.jobs.tell(job, word)  # type: ignore[arg-type]

        made = self._view.button(text, tell)
        with made:
            hint = tag("kbd", "r-kbd", text=key_name(key), aria_hidden="true")
        hint.set_visibility(False)
        self._hints.append(hint)
        self._keys.append((made, key))
        return made

    def hold_keys(self, held: bool) -> None:
        """Give its buttons their keys, or take them away: one panel of a page has them."""
        if held == self._has_keys:
            return
        self._has_keys = held
        for button, key in self._keys:
            if held:
                # The server knows better than the page whether there is anything to steer.
                keyed(button, key).props("data-hidden-key" if button in self._steer else "")
            else:
                button.props(remove="data-key aria-keyshortcuts data-hidden-key")
        for hint in self._hints:
            hint.set_visibility(held)

    def draw_controls(self) -> Job | None:
        """Show what can be done to it now, and give the job that trains it."""
        job = running(self._view, self._name)
        for button in self._steer:
            button.set_visibility(job is not None)
        self._go_on.set_visibility(job is None)
        return job

    def draw(self, seen: Seen) -> None:
        """Show how far it is."""
        self._seen = seen
        job = self.draw_controls()
        one, say = seen.standing, self._view.say
        self._state.text = state_text(self._view, job) if job else say("step {n}", n=one.step)
        self._facts.text = self._fact_text(seen, job)
        count = len(seen.previews)
        self._history.set_visibility(count > 0)
        self._legend.set_visibility(count > 0)
        # Not without need: it would take the slider back from a hand that moves it.
        if self._place.props["max"] != max(count - 1, 1):
            self._place.props["max"] = max(count - 1, 1)
            self._place.update()
        if self._follows and count:
            self._place.value = count - 1
        self._show()
        self._video.set_visibility(seen.timelapse is not None)
        if seen.timelapse is not None:
            address = self._view.studio.address(seen.timelapse)
            if self._video.props.get("src") != address:
                self._video.props["src"] = address
                self._video.update()

    def _fact_text(self, seen: Seen, job: Job | None) -> str:
        one, say = seen.standing, self._view.say
        parts = [say("{model} at {side} px", model=one.model, side=one.resolution)]
        if job and "steps_per_second" in job.training:  # not of another server's
            rate = float(job.training["steps_per_second"])
            parts.append(say("{n} steps a second", n=_short(rate)))
            losses = job.training.get("losses") or {}
            parts += [f"{name} {_short(value)}" for name, value in losses.items() if value]
        parts.append(say("{time} trained", time=duration(self._view, one.seconds)))
        on_gpu = int(job.training.get("device_memory") or 0) if job else 0
        return ", ".join([*parts, *memory_texts(say, seen.memory, on_gpu)])

    def _moved(self) -> None:
        if self._seen is not None:
            self._follows = self._at == len(self._seen.previews) - 1
            self._show()

    def _walk(self, by: int) -> None:
        if self._seen is not None and self._seen.previews:
            self._place.value = min(max(self._at + by, 0), len(self._seen.previews) - 1)

    @property
    def _at(self) -> int:
        return int(self._place.value or 0)

    def _show(self) -> None:
        previews = self._seen.previews if self._seen else ()
        chosen = previews[min(self._at, len(previews) - 1)] if previews else None
        show_picture(self._picture, self._view.studio.address(chosen) if chosen else "")
        self._step.text = self._view.say("step {n}", n=int(chosen.stem)) if chosen else ""


def memory_texts(say: Texts, held: int, on_gpu: int) -> list[str]:
    """What a training takes, in bytes, of the computer's memory and of a GPU's, if it takes any."""
    texts = []
    if held:
        texts.append(say("{n} GB of memory", n=f"{held / 2**30:.1f}"))
    if on_gpu:
        texts.append(say("{n} GB on the GPU", n=f"{on_gpu / 2**30:.1f}"))
    return texts


def _short(value: float) -> str:
    return f"{value:.3g}" if math.isfinite(value) else "∞"
