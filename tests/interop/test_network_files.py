"""Exported networks draw what the network draws, in a program that knows nothing of recast."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from recast.errors import OptionUnusable
from recast.interop.network_files import METADATA, SUFFIXES, NetworkFormat, write_network
from recast.models import MODELS
from recast.training.trained import swapping

ABOUT = {"model": "swift", "consent_basis": "self", "note": "Ж é"}
SMALL: dict[str, tuple[str, dict[str, Any]]] = {
    "swift": ("swift", {"resolution": 64, "width": 8}),
    "df": ("h64", {"resolution": 64, "light": True}),
    "liae without mask": (
        "sae",
        {
            "resolution": 64,
            "architecture": "liae",
            "light": False,
            "learn_mask": False,
            "ae_dims": 32,
            "e_dims": 21,
            "d_dims": 10,
        },
    ),
}


def network(name: str) -> nn.Module:
    torch.manual_seed(0)
    model, shape = SMALL[name]
    return swapping(MODELS[model].fresh(shape))


def drawn(path: Path, format: str, faces: torch.Tensor) -> list[np.ndarray[Any, Any]]:
    if format == "onnx":
        runtime: Any = onnxruntime
        session = runtime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
        assert session.get_modelmeta().custom_metadata_map == ABOUT
        assert [one.name for one in session.get_inputs()] == ["face"]
        return [np.asarray(one) for one in session.run(None, {"face": faces.numpy()})]
    with path.open("rb") as file:
        loaded: Any = torch.jit.load(file)  # type: ignore[no-untyped-call]
    return [one.numpy() for one in loaded(faces)]


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
@pytest.mark.parametrize(
    ("name", "format"),
    [*((name, "torchscript") for name in SMALL), ("swift", "onnx"), ("liae without mask", "onnx")],
)
def test_any_number_of_faces_is_drawn_alike(
    name: str, format: NetworkFormat, tmp_path: Path
) -> None:
    if format == "onnx":
        pytest.importorskip("onnxscript", reason="the extra onnx is not installed")
    own, path = network(name), tmp_path / f"модель é{SUFFIXES[format]}"
    off = write_network(path, own, 64, format=format, about=ABOUT)
    assert off < 1e-4
    for count in (1, 3):
        faces = torch.rand(count, 3, 64, 64, generator=torch.Generator().manual_seed(count))
        with torch.inference_mode():
            wanted = [one.numpy() for one in own(faces)]
        found = drawn(path, format, faces)
        assert len(found) == len(wanted) == (1 if name == "liae without mask" else 2)
        for one, other in zip(found, wanted, strict=True):
            assert one.shape == other.shape and np.abs(one - other).max() < 1e-4


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
def test_a_torchscript_file_says_where_it_comes_from(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    write_network(path, network("swift"), 64, format="torchscript", about=ABOUT)
    extra: dict[str, Any] = {METADATA: ""}
    with path.open("rb") as file:
        torch.jit.load(file, _extra_files=extra)  # type: ignore[no-untyped-call]
    assert json.loads(extra[METADATA]) == ABOUT


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
def test_what_draws_dst_is_not_given_away(tmp_path: Path) -> None:
    own = network("df")
    write_network(tmp_path / "a.pt", own, 64, format="torchscript", about={})
    whole = sum(weight.nbytes for weight in own.state_dict().values())
    assert (tmp_path / "a.pt").stat().st_size < 0.85 * whole


class Fickle(nn.Module):
    """Draws something else every time: no file can be like it."""

    def forward(self, face: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return (torch.rand_like(face),)


def test_a_file_that_draws_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionUnusable, match="draws pictures that are off by"):
        write_network(tmp_path / "a.pt", Fickle(), 64, format="torchscript", about={})
