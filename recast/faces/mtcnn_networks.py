"""The three networks of MTCNN in torch, with the weights of the `mtcnn` package.

Zhang et al., "Joint face detection and alignment using multi-task cascaded convolutional
networks", 2016.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from recast.errors import ForeignFileUnreadable
from recast.plain_pickle import load_plain

Arrays = list[NDArray[np.float32]]


class _Turned(nn.Module):
    """The fully connected layers count the cells of their input column by column."""

    def forward(self, cells: Tensor) -> Tensor:
        return cells.permute(0, 3, 2, 1).flatten(1)


def _pool(side: int, *, valid: bool = False) -> nn.Module:
    return nn.MaxPool2d(side, 2, ceil_mode=not valid)


def _body(
    channels: Sequence[int], sides: Sequence[int], pools: Sequence[nn.Module]
) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for at, side in enumerate(sides):
        layers += [nn.Conv2d(channels[at], channels[at + 1], side), nn.PReLU(channels[at + 1])]
        layers += pools[at : at + 1]
    return layers


class Stage(nn.Module):
    """A body and its heads: the last head says how surely there is a face.

    Takes (N, 3, H, W), RGB, (value - 127.5) / 128.
    """

    def __init__(self, body: Sequence[nn.Module], heads: Sequence[nn.Module]) -> None:
        super().__init__()
        self.body = nn.Sequential(*body)
        self.heads = nn.ModuleList(heads)

    def forward(self, seen: Tensor) -> list[Tensor]:
        features = self.body(seen)
        outputs = [head(features) for head in self.heads]
        return [*outputs[:-1], outputs[-1].softmax(dim=1)[:, 1]]


def proposal_network() -> Stage:
    """Any size, a cell every 2 pixels that sees 12: (N, 4, h, w) corrections, (N, h, w) scores."""
    body = _body((3, 10, 16, 32), (3, 3, 3), [_pool(2)])
    return Stage(body, [nn.Conv2d(32, 4, 1), nn.Conv2d(32, 2, 1)])


def refining_network() -> Stage:
    """24 x 24 pixels: (N, 4) corrections, (N,) scores."""
    body = _body((3, 28, 48, 64), (3, 3, 2), [_pool(3), _pool(3, valid=True)])
    body += [_Turned(), nn.Linear(576, 128), nn.PReLU(128)]
    return Stage(body, [nn.Linear(128, 4), nn.Linear(128, 2)])


def output_network() -> Stage:
    """48 x 48 pixels: (N, 4) corrections, (N, 10) five points as x..., y..., (N,) scores."""
    pools = [_pool(3), _pool(3, valid=True), _pool(2)]
    body = _body((3, 32, 64, 64, 128), (3, 3, 3, 2), pools)
    body += [_Turned(), nn.Linear(1152, 256), nn.PReLU(256)]
    return Stage(body, [nn.Linear(256, 4), nn.Linear(256, 10), nn.Linear(256, 2)])


def load_stage(stage: Stage, path: Path, device: str) -> Stage:
    """Fill a network with the arrays of an .lz4 file of the `mtcnn` package.

    Raises:
        ForeignFileUnreadable: the file is broken, or holds other arrays.
    """
    from lz4 import frame

    library: Any = frame  # it has annotations, but exports no name to type checkers
    try:
        stream = library.decompress(path.read_bytes())
    except (OSError, RuntimeError) as error:
        raise _unusable(path, str(error)) from error
    arrays = load_plain(stream, str(path), most_values=2_000_000)
    wanted = list(stage.parameters())
    if not isinstance(arrays, list) or len(arrays) != len(wanted):
        raise _unusable(path, f"it does not hold {len(wanted)} arrays")
    with torch.no_grad():
        for parameter, array in zip(wanted, arrays, strict=True):
            laid_out = _laid_out(np.asarray(array, np.float32), parameter.dim())
            if laid_out.shape != tuple(parameter.shape):
                raise _unusable(path, f"an array is {laid_out.shape}, not {parameter.shape}")
            parameter.copy_(torch.from_numpy(np.ascontiguousarray(laid_out)))
    return stage.to(device).eval().requires_grad_(False)


def _laid_out(array: NDArray[np.float32], dimensions: int) -> NDArray[np.float32]:
    """From (height, width, in, out) and (in, out) to torch's order; slopes lose their ones."""
    if dimensions == 4 and array.ndim == 4:
        return array.transpose(3, 2, 0, 1)
    if dimensions == 2 and array.ndim == 2:
        return array.T
    return array.reshape(-1)


def _unusable(path: Path, why: str) -> ForeignFileUnreadable:
    return ForeignFileUnreadable(
        f"{path} holds no weights of MTCNN: {why}",
        'install them again: pip install "recast[mtcnn]"',
    )


def torch_device(device: str) -> str:
    """torch's name of a device; auto is a GPU if there is one."""
    return ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device


def outputs_of(stage: Stage, seen: NDArray[np.float32], device: str) -> Arrays:
    """What a network says about (N, 3, H, W)."""
    with torch.inference_mode():
        found = stage(torch.from_numpy(np.ascontiguousarray(seen)).to(device))
        return [output.cpu().numpy() for output in found]
