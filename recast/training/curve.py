"""The losses of a training as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from recast import images

WIDTH, HEIGHT = 900, 480
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 20, 40, 40
_INK, _GRID = (40, 40, 40), (222, 222, 222)
_COLOURS = (
    (31, 119, 180),
    (214, 39, 40),
    (44, 160, 44),
    (148, 103, 189),
    (255, 127, 14),
    (23, 190, 207),
    (140, 86, 75),
    (127, 127, 127),
)


def save_curve(path: Path, history: Sequence[dict[str, Any]]) -> None:
    """Draw a history (see `read_history`) and write it as PNG."""
    images.save(path, loss_curve(history))


def loss_curve(history: Sequence[dict[str, Any]]) -> NDArray[np.uint8]:
    """Every loss over the steps, logarithmic, (HEIGHT, WIDTH, 3).

    Each loss has a pale line of its values and a full one of their running mean, over a
    fiftieth of the training.
    """
    canvas = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    series = _series(history)
    if not series:
        return canvas
    steps = np.array([line["step"] for line in history], np.float64)
    values = np.concatenate([v[np.isfinite(v) & (v > 0)] for v in series.values()])
    if not len(values):
        return canvas
    low, high = np.log10(values.min()) - 0.02, np.log10(values.max()) + 0.02

    def place(step: NDArray[np.float64], value: NDArray[np.float64]) -> NDArray[np.int32]:
        x = _LEFT + (step - steps[0]) / max(steps[-1] - steps[0], 1) * (WIDTH - _LEFT - _RIGHT)
        y = HEIGHT - _BOTTOM
        y = y - (np.log10(value) - low) / (high - low) * (HEIGHT - _TOP - _BOTTOM)
        return np.asarray(np.rint(np.stack([x, y], 1)), np.int32)

    _scales(canvas, steps, low, high, place)
    for at, (name, value) in enumerate(series.items()):
        colour = _COLOURS[at % len(_COLOURS)]
        good = np.isfinite(value) & (value > 0)
        pale = tuple(int(170 + channel / 3) for channel in colour)
        cv2.polylines(canvas, [place(steps[good], value[good])], False, pale, 1, cv2.LINE_AA)
        # Of the logarithms: values may be any number of powers of ten apart.
        calm = _running_mean(np.log10(value[good]), max(1, len(steps) // 50))
        calm = 10 ** np.minimum(calm, 308)  # the largest number is a little above that
        cv2.polylines(canvas, [place(steps[good], calm)], False, colour, 2, cv2.LINE_AA)
        text = f"{name} {calm[-1]:.4g}" if good.any() else name
        _write(canvas, text, (_LEFT + at % 4 * 205, 16 + at // 4 * 16), colour)
    return canvas


def _series(history: Sequence[dict[str, Any]]) -> dict[str, NDArray[np.float64]]:
    names = dict.fromkeys(name for line in history for name in line["losses"])
    return {
        name: np.array([line["losses"].get(name, np.nan) for line in history], np.float64)
        for name in names
    }


def _running_mean(values: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """The mean over the last `reach` values, fewer at the start."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - reach, 0)
    return np.asarray((sums[ends] - sums[starts]) / (ends - starts))


def _scales(canvas: Any, steps: NDArray[np.float64], low: float, high: float, place: Any) -> None:
    marks = [m * 10.0**e for e in range(-9, 9) for m in (1, 2, 5)]
    for mark in marks:
        if low <= np.log10(mark) <= high:
            y = int(place(steps[:1], np.array([mark]))[0, 1])
            cv2.line(canvas, (_LEFT, y), (WIDTH - _RIGHT, y), _GRID, 1)
            _write(canvas, f"{mark:g}", (8, y + 4), _INK)
    for share in (0, 0.25, 0.5, 0.75, 1):
        step = steps[0] + share * (steps[-1] - steps[0])
        x = int(_LEFT + share * (WIDTH - _LEFT - _RIGHT))
        cv2.line(canvas, (x, _TOP), (x, HEIGHT - _BOTTOM), _GRID, 1)
        _write(canvas, f"{step:.0f}", (min(x - 12, WIDTH - 60), HEIGHT - 16), _INK)


def _write(canvas: Any, text: str, place: tuple[int, int], colour: tuple[int, int, int]) -> None:
    cv2.putText(canvas, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.42, colour, 1, cv2.LINE_AA)
