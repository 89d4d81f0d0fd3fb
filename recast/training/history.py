"""The losses of a training, one JSON object per line."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from recast.disk import disk_trouble_named, parsed_json, write_whole

_NAME = re.compile(r"[\w .:-]{1,40}", re.ASCII)
_MOST = 1e300
"""Of a loss; beyond it are no numbers of a training."""

_LONGEST_END = 8192  # bytes; several lines


class History:
    """Appends to history.jsonl; lines of steps that were lost with a crash are dropped.

    With `kept` False nothing is written.
    """

    def __init__(self, path: Path, step: int, kept: bool = True) -> None:
        self._path, self._kept = path, kept
        self.forget_after(step)

    def add(self, step: int, seconds: float, losses: dict[str, float]) -> None:
        if not self._kept:
            return
        line = {"step": step, "seconds": round(seconds, 1), "losses": losses}
        with disk_trouble_named(self._path), self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def forget_after(self, step: int) -> None:
        """Drop what was written after `step`."""
        if not self._kept:
            return
        known = read_history(self._path)
        kept = [line for line in known if line["step"] <= step]
        if len(kept) < len(known):
            text = "".join(json.dumps(line) + "\n" for line in kept)
            write_whole(self._path, text.encode(), durable=False)


def read_history(path: Path) -> list[dict[str, Any]]:
    """All complete lines of a history; a line cut off by a crash is left out."""
    return parsed_lines(path.read_bytes()) if path.exists() else []


def newest_line(path: Path) -> dict[str, Any] | None:
    """The last complete line, found without reading the rest."""
    try:
        with path.open("rb") as file:
            length = file.seek(0, os.SEEK_END)
            file.seek(max(0, length - _LONGEST_END))
            lines = parsed_lines(file.read())
    except OSError:
        return None
    return lines[-1] if lines else None


def parsed_lines(data: bytes) -> list[dict[str, Any]]:
    """The complete lines in a part of a history."""
    lines: list[dict[str, Any]] = []
    for text in data.decode("utf-8", "replace").splitlines():
        try:
            line = parsed_json(text)
        except ValueError:
            continue
        if _is_sound(line):
            lines.append(line)
    return lines


def _is_sound(line: object) -> bool:
    """Whether a line is one that `History` wrote: models are passed on, with their history."""
    if not isinstance(line, dict) or not isinstance(line.get("losses"), dict):
        return False
    step, losses = line.get("step"), line["losses"]
    numbers = all(type(loss) in (int, float) and not abs(loss) > _MOST for loss in losses.values())
    names = all(_NAME.fullmatch(name) for name in losses)  # they are drawn into a picture
    return type(step) is int and 0 <= step < 10**15 and numbers and names
