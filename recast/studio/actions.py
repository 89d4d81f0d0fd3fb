"""What a person can set going here: each action is a command of the command line."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel


@dataclass(frozen=True)
class Action:
    """One command: its words without "recast", and what it needs for itself alone."""

    words: tuple[str, ...]
    holds: frozenset[str] = frozenset()
    """Two actions that hold the same thing don't run at once: a face set, a model, a result."""

    @property
    def text(self) -> str:
        """As it is typed in a terminal of this system."""
        return typed(("recast", *self.words))


def action(
    *words: str | Path, options: BaseModel | None = None, holds: Sequence[str] = ()
) -> Action:
    """A command, with flags for those options that differ from what they are by themselves."""
    flags = () if options is None else flags_of(options)
    return Action((*map(str, words), *flags), frozenset(holds))


def flags_of(options: BaseModel) -> tuple[str, ...]:
    """The flags that make these options on a command line."""
    flags: list[str] = []
    for name, field in type(options).model_fields.items():
        value, flag = getattr(options, name), f"--{name.replace('_', '-')}"
        if value == field.get_default(call_default_factory=True):
            continue
        if isinstance(value, bool):
            flags.append(flag if value else f"--no-{flag[2:]}")
        elif isinstance(value, tuple) and "..." not in str(field.annotation):
            flags += [flag, *map(str, value)]  # of a fixed length, such as three thresholds
        elif isinstance(value, tuple):
            flags += [word for one in value for word in (flag, str(one))]
        else:
            flags += [flag, str(value)]
    return tuple(flags)


def typed(words: Sequence[str]) -> str:
    """Words as one line for this system's usual shell."""
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)
