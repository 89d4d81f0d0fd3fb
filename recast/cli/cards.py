"""The GPUs that torch sees, looked up by a process of its own.

Loading torch takes longer than all else that `recast doctor` does: it looks at the rest meanwhile.
And a torch that takes its process down is told of like any other trouble.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_SECONDS = 120.0  # from a cold disk, and the first look at a GPU


@dataclass(frozen=True)
class Card:
    """A device for training; memory in bytes, 0 if it is the computer's own."""

    name: str
    memory: int


class TorchUnusable(Exception):
    """Why torch cannot be loaded."""


@dataclass(frozen=True)
class Lookup:
    """A process that is asked for the cards."""

    process: subprocess.Popen[str]

    def cards(self) -> list[Card]:
        """Waits for the answer.

        Raises:
            TorchUnusable: there is none.
        """
        try:
            answer, _ = self.process.communicate(timeout=_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise TorchUnusable(f"it is not ready after {_SECONDS:.0f} s") from error
        if self.process.returncode:
            raise TorchUnusable(f"its process ended with {self.process.returncode}")
        found = json.loads(answer.splitlines()[-1])
        if trouble := found["trouble"]:
            raise TorchUnusable(trouble)
        return [Card(name, memory) for name, memory in found["cards"]]


@contextmanager
def lookup() -> Iterator[Lookup]:
    """Begin to look; the process is gone when the block ends."""
    # This file alone, and nothing from the folder one happens to stand in.
    command = [sys.executable, "-P", __file__]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
    )
    with process:
        try:
            yield Lookup(process)
        finally:
            process.kill()


def _tell() -> None:
    cards, trouble = list[tuple[str, int]](), ""
    try:
        import torch
    except (ImportError, OSError) as error:
        trouble = str(error)
    else:
        for number in range(torch.cuda.device_count()):
            card = torch.cuda.get_device_properties(number)
            cards.append((f"cuda:{number} {card.name}", card.total_memory))
        if torch.backends.mps.is_available():
            cards.append(("mps", 0))
    sys.stdout.write(json.dumps({"cards": cards, "trouble": trouble}) + "\n")


if __name__ == "__main__":
    _tell()
