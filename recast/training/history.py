"""The losses of a training, one JSON object per line."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from recast.disk import disk_trouble_named, write_whole

_LONGEST_END = 8192  # bytes; several lines


class History:
    """Appends to history.jsonl; lines of steps that were lost with a crash are dropped."""

    def __init__(self, path: Path, step: int) -> None:
        self._path = path
        self.forget_after(step)

    def add(self, step: int, seconds: float, losses: dict[str, float]) -> None:
        line = {"step": step, "seconds": round(seconds, 1), "losses": losses}
        with disk_trouble_named(self._path), self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def forget_after(self, step: int) -> None:
        """Drop what was written after `step`."""
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
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict) and isinstance(line.get("step"), int):
            lines.append(line)
    return lines
