"""What a stage tells whoever started it: the doors draw it, nobody else needs to know how."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Started:
    """A stage begins: its name and one sentence on what it works on."""

    stage: str
    about: str


@dataclass(frozen=True)
class Progress:
    """`done` of `total` units of a stage; `total` is 0 while nobody knows it."""

    done: int
    total: int
    unit: str = "frames"


@dataclass(frozen=True)
class TrainingProgress:
    """One report of the training loop. `share` is the finished part of the budget, 0..1.

    `device_memory` is what the training holds of a GPU's memory, in bytes; 0 on a CPU.
    """

    step: int
    share: float
    steps_per_second: float
    seconds_left: float
    losses: dict[str, float]
    device_memory: int = 0


@dataclass(frozen=True)
class Preview:
    """A picture on disk that shows how far the work is."""

    path: Path


@dataclass(frozen=True)
class Note:
    """A sentence the user should read; `warning` marks trouble that was survived."""

    text: str
    warning: bool = False


Event = Started | Progress | TrainingProgress | Preview | Note
Report = Callable[[Event], None]


def silent(event: Event) -> None:
    """Report to nobody."""
