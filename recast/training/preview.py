"""A sheet that shows what a model has learned so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from recast import images
from recast.disk import write_whole
from recast.models import SwapNetwork
from recast.training.faces import TrainingFaces
from recast.training.lesson import DST, SRC
from recast.training.order import evenly

SHOWN = 6
MOST_SAMPLES = 12


Sketch = Callable[[Tensor, torch.device], Tensor | None]
"""As a lesson's `sketch`."""


@torch.no_grad()
def preview_sheet(
    network: SwapNetwork, sides: Sequence[TrainingFaces], sketch: Sketch, *, turn: int = 0
) -> NDArray[np.uint8]:
    """Columns of faces spread over both sets; another `turn` shows others.

    Rows: src, src drawn; dst, dst drawn; dst drawn as src, and, if the network learns masks,
    that swap's.
    """
    device = next(network.parameters()).device
    chosen = [_spread(faces, turn) for faces in sides]
    a, b = (faces.pictures(rows, device) for faces, rows in zip(sides, chosen, strict=True))
    own, _ = network(a, _identity(a, SRC))
    other, _ = network(b, _identity(b, DST))
    swap, mask = network(b, _identity(b, SRC), sketch(chosen[DST], device))
    rows = [a, own, b, other, swap]
    if mask is not None:
        rows.append(mask.expand(-1, 3, -1, -1))
    sheet = torch.cat([torch.cat(list(row.float()), -1) for row in rows], -2)
    return images.to_uint8(sheet.permute(1, 2, 0).cpu().numpy())


def samples_sheet(rows: Sequence[Tensor]) -> NDArray[np.uint8]:
    """Rows of pictures (B, 1 or 3, S, S), 0..1, as a model is shown them."""
    lines = [torch.cat(list(row[:MOST_SAMPLES].float().expand(-1, 3, -1, -1)), -1) for row in rows]
    widest = max(line.shape[-1] for line in lines)
    padded = [torch.nn.functional.pad(line, (0, widest - line.shape[-1])) for line in lines]
    return images.to_uint8(torch.cat(padded, -2).permute(1, 2, 0).cpu().numpy())


def save_preview(folder: Path, step: int, sheet: bytes, *, keep: bool = True) -> Path:
    """Write the sheet of a step, a JPEG file, 0-padded so that the files sort by time.

    Without `keep` the ones before are removed: there is only the newest.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{step:08d}.jpg"
    write_whole(path, sheet, durable=False)
    if not keep:
        for old in previews(folder):
            if old != path:
                old.unlink(missing_ok=True)
    return path


def previews(folder: Path) -> list[Path]:
    """The sheets in a folder, oldest first."""
    return sorted(path for path in folder.glob("*.jpg") if path.stem.isdigit())


def _spread(faces: TrainingFaces, turn: int) -> Tensor:
    places = evenly(len(faces), SHOWN)
    return torch.from_numpy((places + turn * max(1, len(faces) // (3 * SHOWN))) % len(faces))


def _identity(faces: Tensor, identity: int) -> Tensor:
    return torch.full((len(faces),), identity, dtype=torch.int64, device=faces.device)
