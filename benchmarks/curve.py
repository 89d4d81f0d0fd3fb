"""Scores over time: when a score is reached, and a plot of it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from xml.sax.saxutils import escape

Curve = Sequence[tuple[float, float]]
"""(minutes, score), in order of time."""

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM, _RIGHT = 640, 360, 50, 14, 40, 110
_COLOURS = ("#3d7ea6", "#d08c2c", "#7a9a3a", "#a0527f", "#6b6b8f", "#b0573c", "#3f8f86", "#888888")


@dataclass(frozen=True)
class Reached:
    """The minutes after which a curve reaches a score; `at_most` if its first point is beyond."""

    minutes: float
    at_most: bool = False


def reached(curve: Curve, score: float) -> Reached | None:
    """When a curve first reaches a score, between two points by the logarithm of time.

    None if it never does.
    """
    if not curve:
        return None
    if curve[0][1] >= score:
        return Reached(curve[0][0], at_most=True)
    for (before, low), (after, high) in pairwise(curve):
        if low < score <= high:
            share = (score - low) / (high - low)
            return Reached(before * (after / before) ** share)
    return None


def times_faster(curve: Curve, minutes: float, score: float) -> str:
    """By how much sooner a curve has the score that another one has after some minutes."""
    found = reached(curve, score)
    if found is None:
        return "not reached"
    return f"{'at least ' if found.at_most else ''}{minutes / found.minutes:.1f}"


def plot(curves: Mapping[str, Curve], *, title: str) -> str:
    """Scores over the logarithm of minutes, as SVG; its colours suit a light and a dark page."""
    points = [point for curve in curves.values() for point in curve]
    if not points:
        raise ValueError("a plot needs at least one point")
    times = [minutes for minutes, _ in points]
    low, high = math.log(min(times)), math.log(max(times))
    bottom, top = min(0.0, *(value for _, value in points)), max(value for _, value in points)
    top = max(top, bottom + 0.1)

    def x(minutes: float) -> float:
        share = (math.log(minutes) - low) / (high - low) if high > low else 0.5
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return _TOP + (top - value) / (top - bottom) * (_HEIGHT - _TOP - _BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        'font-family="sans-serif" font-size="12" fill="#888">',
        f"<title>{escape(title)}</title>",
    ]
    step = 0.1 if top - bottom < 1 else 0.2
    for at in range(math.ceil(bottom / step), math.floor(top / step) + 1):
        line = y(at * step)
        parts.append(_line(_LEFT, line, _WIDTH - _RIGHT, line, "#8884"))
        parts.append(_text(_LEFT - 6, line + 4, f"{at * step:.1f}", "end"))
    for minutes in sorted({float(f"{time:.2g}") for time in times}):
        inside = min(max(minutes, min(times)), max(times))
        parts.append(_text(x(inside), _HEIGHT - 24, f"{minutes:g}"))
    parts.append(_text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 6, "minutes of training"))
    for number, (name, curve) in enumerate(curves.items()):
        parts += _drawn(name, [(x(a), y(b)) for a, b in curve], _COLOURS[number % len(_COLOURS)])
    return "\n".join([*parts, "</svg>", ""])


def _drawn(name: str, places: Sequence[tuple[float, float]], colour: str) -> list[str]:
    if not places:
        return []
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    parts = [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>']
    parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in places]
    x, y = places[-1]
    return [*parts, f'<text x="{x + 8:.1f}" y="{y + 4:.1f}" fill="{colour}">{escape(name)}</text>']


def _text(x: float, y: float, words: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _line(x: float, y: float, to_x: float, to_y: float, colour: str) -> str:
    return f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}" stroke="{colour}"/>'
