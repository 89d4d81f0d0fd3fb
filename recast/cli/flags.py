"""What several commands share about their arguments."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import CycloptsError, Parameter
from pydantic import BaseModel

FLAGS = Parameter(name="*", negative_iterable=())
"""Every field of an option model becomes a flag of its own."""

SWITCH = Parameter(negative=(), show_default=False)
"""A flag that can only be switched on."""

Json = Annotated[
    bool, SWITCH, Parameter(name="--json", help="Print one JSON object a line on stdout.")
]


def exclusive(**given: object) -> None:
    """Refuse flags that exclude each other; a flag counts as given unless None or False.

    Raises:
        CycloptsError: more than one was given.
    """
    named = [f"--{name.replace('_', '-')}" for name, value in given.items() if value]
    if len(named) > 1:
        raise CycloptsError(msg=f"{', '.join(named)} exclude each other: give one of them.")


def subset(flags: BaseModel, fields: type[BaseModel]) -> dict[str, object]:
    """The values of `flags` that are fields of another option model."""
    return flags.model_dump(include=set(fields.model_fields))


def counted(number: int, thing: str) -> str:
    """A number and what it counts: "1 face", "2 faces"."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def quoted(path: Path) -> str:
    """A path as it is typed in a command."""
    return f'"{path}"' if " " in str(path) else str(path)
