"""Where decoded faces are kept while a model trains: in memory, or in files if they are many."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import torch

from recast.sides import Side

SHARE = 0.4
"""Of the memory that may be used: the rest is the network's."""


def room_for(memory: int | None) -> int:
    """Bytes of pictures that memory may hold; `memory` is what may be used in all."""
    return int(SHARE * (psutil.virtual_memory().available if memory is None else memory))


def fits_on(device: torch.device, pictures: int) -> bool:
    """Whether a device of its own memory can hold so many bytes of pictures beside the network."""
    if device.type == "cuda":
        return pictures <= SHARE * torch.cuda.mem_get_info(device)[0]
    return True


@contextmanager
def face_stores(folder: Path, process: int = 0) -> Iterator[dict[Side, Path]]:
    """A file for each side's pictures below a model's folder, gone when the block ends.

    Each `process` of a team has its own.

    What a killed process left there is overwritten.
    """
    place = folder / ("decoded" if process == 0 else f"decoded-{process}")
    try:
        yield {"src": place / "src.faces", "dst": place / "dst.faces"}
    finally:
        # Windows keeps a file that is still mapped somewhere; the next start overwrites it.
        shutil.rmtree(place, ignore_errors=True)
