"""A sheet that shows what a model has learned so far."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from recast import images
from recast.models import SwapNetwork
from recast.training.faces import TrainingFaces
from recast.training.lesson import DST, SRC

SHOWN = 6


@torch.no_grad()
def preview_sheet(
    network: SwapNetwork, src: TrainingFaces, dst: TrainingFaces
) -> NDArray[np.uint8]:
    """Columns of faces spread over both sets.

    Rows: src, src drawn; dst, dst drawn; dst drawn as src, that swap's mask.
    """
    a, b = _spread(src), _spread(dst)
    own, _ = network(a, _identity(a, SRC))
    other, _ = network(b, _identity(b, DST))
    swap, mask = network(b, _identity(b, SRC))
    rows = [a, own, b, other, swap, mask.expand(-1, 3, -1, -1)]
    sheet = torch.cat([torch.cat(list(row), -1) for row in rows], -2)
    return images.to_uint8(sheet.permute(1, 2, 0).cpu().numpy())


def save_preview(folder: Path, step: int, sheet: NDArray[np.uint8]) -> Path:
    """Write the sheet of a step, 0-padded so that the files sort by time."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{step:08d}.jpg"
    images.save(path, sheet)
    return path


def _spread(faces: TrainingFaces) -> Tensor:
    chosen = np.linspace(0, len(faces) - 1, SHOWN).round().astype(int)
    return faces.faces[torch.from_numpy(chosen).to(faces.faces.device)].float() / 255


def _identity(faces: Tensor, identity: int) -> Tensor:
    return torch.full((len(faces),), identity, dtype=torch.int64, device=faces.device)
