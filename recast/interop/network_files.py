"""A trained network as a file for other programs: ONNX or TorchScript.

Both take `face`, (B, 3, S, S), RGB, 0..1: aligned faces of dst. They give `swapped`, alike, with
src's face in their place, and `mask`, (B, 1, S, S), 1 where the new face shows, unless the network
learned none. B may be any number. What was written is read back and compared before it counts.
"""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from recast.errors import OptionUnusable

NetworkFormat = Literal["onnx", "torchscript"]
SUFFIXES: dict[NetworkFormat, str] = {"onnx": ".onnx", "torchscript": ".pt"}
METADATA = "recast.json"
"""The file inside a TorchScript that says where it comes from; ONNX has properties for that."""

_MOST_ONNX = 2**31 - 2**24
"""Bytes of weights; the format ends at 2 GiB."""
_NEAR = 1e-3
"""How far another program's picture may be off, of 0..1."""


def write_network(
    path: Path, network: nn.Module, side: int, *, format: NetworkFormat, about: Mapping[str, str]
) -> float:
    """Write a network and its metadata; returns how far its pictures are from the network's own.

    `network` is called with faces (B, 3, `side`, `side`) alone and gives one or two tensors.

    Raises:
        OptionUnusable: ONNX's tools are not installed, the network is too large for the format, or
            what was written draws something else.
    """
    network = network.eval().cpu().requires_grad_(False)
    face = torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    with _quiet(), torch.no_grad():
        if format == "onnx":
            _write_onnx(path, network, face, about)
        else:
            # Frozen, it holds what draws src alone: dst's decoder is not given away with it.
            traced = torch.jit.freeze(torch.jit.trace(network, (face,)))  # type: ignore[no-untyped-call]
            extra = {METADATA: json.dumps(dict(about))}
            # TorchScript's own writer knows no letters beyond ASCII in names: it gets a file.
            with path.open("wb") as file:
                torch.jit.save(traced, file, _extra_files=extra)
        wanted = [one.numpy() for one in network(face[:1])]
        drawn = _drawn_by_onnx if format == "onnx" else _drawn_by_torchscript
        off = max(_apart(a, b) for a, b in zip(wanted, drawn(path, face[:1]), strict=True))
    if not off < _NEAR:
        raise OptionUnusable(
            f"as {format} the network draws pictures that are off by {off:.3g}",
            "choose the other format, and tell the makers of recast",
        )
    return off


def _write_onnx(path: Path, network: nn.Module, face: Tensor, about: Mapping[str, str]) -> None:
    try:
        import onnxscript  # noqa: F401 - what torch exports with
    except ImportError as error:
        raise OptionUnusable(
            "onnx needs onnxscript, which is not installed",
            'install it with pip install "recast[onnx]", or choose torchscript',
        ) from error
    size = sum(weight.nbytes for weight in network.state_dict().values())
    if size > _MOST_ONNX:
        raise OptionUnusable(
            f"the weights are {size / 2**30:.1f} GiB, an ONNX file holds 2", "choose torchscript"
        )
    names = ["swapped", "mask"][: len(network(face))]
    batch = torch.export.Dim("batch", min=1, max=1024)
    program = torch.onnx.export(
        network,
        (face,),
        dynamo=True,
        verbose=False,
        external_data=False,
        input_names=["face"],
        output_names=names,
        dynamic_shapes=({0: batch},),
    )
    assert program is not None
    program.model.metadata_props.update(about)
    program.save(str(path), external_data=False)


def _drawn_by_onnx(path: Path, face: Tensor) -> list[NDArray[Any]]:
    import onnxruntime

    runtime: Any = onnxruntime  # it has annotations, but exports no name to type checkers
    session = runtime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    drawn: list[NDArray[Any]] = session.run(None, {"face": face.numpy()})
    return drawn


def _drawn_by_torchscript(path: Path, face: Tensor) -> list[NDArray[Any]]:
    with path.open("rb") as file:
        # Only ever the file that was written a moment ago: such a file is a program.
        loaded = torch.jit.load(file)  # type: ignore[no-untyped-call]
    return [one.numpy() for one in loaded(face)]


def _apart(one: NDArray[Any], other: NDArray[Any]) -> float:
    return float(np.abs(one - other).max()) if one.shape == other.shape else float("inf")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep to itself what torch says about its own future, and about torchvision."""
    told = logging.getLogger("torch.onnx._internal.exporter._registration")
    before = told.level
    told.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        told.setLevel(before)
