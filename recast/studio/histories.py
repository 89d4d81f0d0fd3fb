"""The losses of trainings as they grow, read once and then only where they grew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

MOST_POINTS = 600
_TAIL = 128
Span = Literal["all", "half", "tenth"]
SPANS: dict[Span, float] = {"all": 1.0, "half": 0.5, "tenth": 0.1}
"""The last part of a training that is shown."""


@dataclass
class History:
    """One history.jsonl, followed."""

    path: Path
    steps: list[int] = field(default_factory=list)
    losses: dict[str, list[float]] = field(default_factory=dict)
    """By name; not a number where a line has none."""
    _read: int = 0
    """Bytes that were understood; `_tail` are the last of them, by which they are known again."""
    _tail: bytes = b""

    def refresh(self) -> int:
        """Read what was added; how many lines there are now.

        A training that went back to an earlier step writes its file anew: then all is read again.
        """
        from recast.training.history import parsed_lines

        try:
            with self.path.open("rb") as file:
                file.seek(self._read - len(self._tail))
                data = file.read()
                if not data.startswith(self._tail):
                    self._forget()
                    file.seek(0)
                    data = file.read()
        except OSError:
            self._forget()
            return 0
        fresh = data[len(self._tail) :]
        whole = fresh[: fresh.rfind(b"\n") + 1]
        self._read += len(whole)
        self._tail = (self._tail + whole)[-_TAIL:]
        for line in parsed_lines(whole):
            self._add(line["step"], line.get("losses", {}))
        return len(self.steps)

    def _add(self, step: int, losses: dict[str, float]) -> None:
        for name in [name for name in losses if name not in self.losses]:
            self.losses[name] = [float("nan")] * len(self.steps)
        self.steps.append(step)
        for name, values in self.losses.items():
            value = losses.get(name)
            values.append(float("nan") if value is None else float(value))

    def _forget(self) -> None:
        self.steps, self.losses, self._read, self._tail = [], {}, 0, b""


Curve = list[tuple[int, float]]


def curves(history: History, *, span: Span, smooth: float) -> dict[str, Curve]:
    """Each loss as (step, value) points, at most `MOST_POINTS`, of the last part of a training.

    `smooth`, 0..1, is the share of that part whose running mean a point shows; means are of the
    logarithms, since values may be powers of ten apart. Points stand for stretches of equal length.
    """
    import numpy as np

    steps = np.asarray(history.steps, np.float64)
    if not len(steps):
        return {}
    first = steps[-1] - (steps[-1] - steps[0]) * SPANS[span]
    found: dict[str, Curve] = {}
    for name, listed in history.losses.items():
        values = np.asarray(listed, np.float64)
        good = np.isfinite(values) & (values > 0) & (steps >= first)
        at, value = steps[good], np.log(values[good])
        value = _running_mean(value, max(1, round(smooth * len(value))))
        found[name] = _thinned(at, value)
    return found


def _running_mean(values: Sequence[float], reach: int) -> list[float]:
    import numpy as np

    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(sums))
    starts = np.maximum(ends - reach, 0)
    return list((sums[ends] - sums[starts]) / (ends - starts))


def _thinned(steps: Sequence[float], logs: Sequence[float]) -> Curve:
    import numpy as np

    parts = np.array_split(np.arange(len(steps)), max(1, min(len(steps), MOST_POINTS)))
    at, value = np.asarray(steps), np.asarray(logs)
    return [(round(at[part[-1]]), float(np.exp(value[part].mean()))) for part in parts if len(part)]
