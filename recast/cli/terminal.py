"""Progress and results for a person: bars in a terminal, a line now and then in a log."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from rich.console import Console
from rich.text import Text

from recast.errors import RecastError, Stopped
from recast.events import Event, Note, Preview, Progress, Started, TrainingProgress
from recast.language import ENGLISH, Texts, machine_language

SECONDS_BETWEEN_LINES = 10.0


class Gauge(Protocol):
    """Shows how far one stage is: `share` is 0..1, None while the end is unknown."""

    def show(self, share: float | None, text: str) -> None: ...

    def close(self) -> None: ...


class Terminal:
    """Progress goes to stderr, what was asked for to stdout."""

    def __init__(
        self,
        out: Console | None = None,
        err: Console | None = None,
        clock: Callable[[], float] = time.monotonic,
        say: Texts | None = None,
    ) -> None:
        self.say = say or Texts(machine_language())
        self._out = out or Console(highlight=False, emoji=False)
        self._err = err or Console(stderr=True, highlight=False, emoji=False)
        self._clock = clock
        self._gauge: Gauge | None = None
        self._pace: Pace | None = None
        self._stage = ""
        self._previews: set[str] = set()

    def report(self, event: Event) -> None:
        match event:
            case Started(stage, about):
                self.close()
                self._stage = stage
                self._say(f"{stage}: {self.say.of(about)}", "bold")
            case Progress():
                self._pace = self._pace or Pace(event.done, self._clock())
                share = event.done / event.total if event.total else None
                self._show(share, self._pace.described(event, self._clock(), self.say))
            case TrainingProgress():
                self._show(event.share, described(event, self.say))
            case Preview(path):
                if str(path) not in self._previews:
                    self._previews.add(str(path))
                    self._say(self.say("See how far it is: {path}", path=path))
            case Note(text, warning):
                said = self.say.of(text)
                said = self.say("Warning: {text}", text=said) if warning else said
                self._say(said, "yellow" if warning else "")

    def tell(self, kind: str, facts: Mapping[str, Any], text: str) -> None:
        self.close()
        self._out.print(Text(text), soft_wrap=True)

    def failed(self, error: Exception) -> None:
        self.close()
        # Not str(error), which would forget what a `Sentence` was made of.
        first = error.args[0] if error.args else ""
        what = self.say.of(first if isinstance(first, str) else str(error))
        if isinstance(error, Stopped):
            self._say(self.say("Stopped: {what}", what=what), "bold yellow")
        else:
            self._say(self.say("Error: {what}", what=what), "bold red")
        if isinstance(error, RecastError) and error.fix:
            self._say(self.say("What to do: {fix}", fix=self.say.of(error.fix)))

    def close(self) -> None:
        if self._gauge:
            self._gauge.close()
        self._gauge = self._pace = None

    def _say(self, text: str, style: str = "") -> None:
        self._err.print(Text(text, style), soft_wrap=True)

    def _show(self, share: float | None, text: str) -> None:
        if self._gauge is None:
            drawn = self._err.is_terminal and not self._err.is_dumb_terminal
            self._gauge = (
                Bar(self._err, self._stage) if drawn else Lines(self._err, self._stage, self._clock)
            )
        self._gauge.show(share, text)


class Bar:
    """A bar that moves."""

    def __init__(self, console: Console, stage: str) -> None:
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Drawing

        label = TextColumn("{task.description}", markup=False)
        text = TextColumn("{task.fields[text]}", markup=False)
        bar = BarColumn(bar_width=30 if console.width >= 110 else 8)
        self._drawing = Drawing(label, bar, text, console=console)
        self._task = self._drawing.add_task(stage, total=None, text="")
        self._drawing.start()

    def show(self, share: float | None, text: str) -> None:
        total = None if share is None else 1.0
        self._drawing.update(self._task, completed=share or 0.0, total=total, text=text)

    def close(self) -> None:
        self._drawing.stop()


class Lines:
    """A line at the beginning, at the end, and every few seconds between."""

    def __init__(self, console: Console, stage: str, clock: Callable[[], float]) -> None:
        self._console = console
        self._stage = stage
        self._clock = clock
        self._due = clock()
        self._unsaid = ""

    def show(self, share: float | None, text: str) -> None:
        percent = "" if share is None else f" {share:.0%}"
        self._unsaid = f"{self._stage}{percent}: {text}"
        if self._clock() >= self._due:
            self._due = self._clock() + SECONDS_BETWEEN_LINES
            self.close()

    def close(self) -> None:
        if self._unsaid:
            self._console.print(Text(self._unsaid), soft_wrap=True)
        self._unsaid = ""


class Pace:
    """How fast a stage is, from where it began (or went on) to now."""

    def __init__(self, done: int, now: float) -> None:
        self._done = done
        self._began = now

    def described(self, event: Progress, now: float, say: Texts = ENGLISH) -> str:
        counted = f"{event.done}/{event.total}" if event.total else f"{event.done}"
        unit = say.of(event.unit)
        parts = [f"{counted} {unit}"]
        seconds, done = now - self._began, event.done - self._done
        if seconds > 0 and done > 0:
            rate = done / seconds
            parts.append(
                say(
                    "{rate} {unit}/s",
                    rate=f"{rate:.3g}" if rate < 100 else f"{rate:.0f}",
                    unit=unit,
                )
            )
            if event.total > event.done:
                left = duration((event.total - event.done) / rate, say)
                parts.append(say("{time} left", time=left))
        return ", ".join(parts)


def described(event: TrainingProgress, say: Texts = ENGLISH) -> str:
    """A report of the training loop as one line."""
    losses = [f"{name} {value:.3f}" for name, value in event.losses.items()]
    left = say("{time} left", time=duration(event.seconds_left, say))
    rate = say("{rate} steps/s", rate=f"{event.steps_per_second:.1f}")
    held = event.device_memory
    memory = [say("{n} GB on the GPU", n=f"{held / 2**30:.1f}")] if held else []
    # Losses and memory last: a narrow terminal cuts off the end.
    return ", ".join([say("step {step}", step=event.step), rate, left, *losses, *memory])


def duration(seconds: float, say: Texts = ENGLISH) -> str:
    """Hours, minutes and seconds, as 1:02:03 or 2:03."""
    if not 0 <= seconds < 1e9:
        return say("unknown time")
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
