"""How a command speaks: to a person in front of a terminal, or as JSON to a program."""

from __future__ import annotations

import json as json_text
import math
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Protocol

from recast.errors import RecastError
from recast.events import Event, Note, Preview, Progress, Started, TrainingProgress


class Voice(Protocol):
    """All that commands say."""

    def report(self, event: Event) -> None:
        """Show how far a stage is."""

    def tell(self, kind: str, facts: Mapping[str, Any], text: str) -> None:
        """Say one thing that was asked for: `facts` to a program, `text` to a person."""

    def failed(self, error: Exception) -> None:
        """Say what went wrong, and what to do."""

    def close(self) -> None:
        """End what is being drawn."""


def voice_for(json: bool) -> Voice:
    """The voice that `--json` chooses."""
    if json:
        return JsonLines()
    from recast.cli.terminal import Terminal

    return Terminal()


_KINDS: dict[type[Event], str] = {
    Started: "started",
    Progress: "progress",
    TrainingProgress: "training",
    Preview: "preview",
    Note: "note",
}


class Silent:
    """Says nothing: of several processes that do one job, only one speaks."""

    def report(self, event: Event) -> None:
        pass

    def tell(self, kind: str, facts: Mapping[str, Any], text: str) -> None:
        pass

    def failed(self, error: Exception) -> None:
        pass

    def close(self) -> None:
        pass


class JsonLines:
    """One JSON object a line on stdout, all in ASCII: any console or pipe can carry it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def report(self, event: Event) -> None:
        self._write({"event": _KINDS[type(event)], **asdict(event)})

    def tell(self, kind: str, facts: Mapping[str, Any], text: str) -> None:
        self._write({"event": kind, **facts})

    def failed(self, error: Exception) -> None:
        fix = error.fix if isinstance(error, RecastError) else ""
        self._write({"event": "error", "what": str(error), "fix": fix})

    def close(self) -> None:
        pass

    def _write(self, facts: Mapping[str, Any]) -> None:
        line = json_text.dumps(_plain(facts), allow_nan=False)
        with self._lock:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()


def _plain(value: Any) -> Any:
    """Only what JSON knows; a number that is none becomes null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, str | int | None) else str(value)
