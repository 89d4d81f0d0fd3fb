"""Networks: blocks, one file per family, and the models that can be chosen by name."""

from recast.models.model import Model, Shape
from recast.models.network import Code, SwapNetwork
from recast.models.swift import Swift

MODELS: dict[str, Model] = {
    "swift": Model(
        about="small and quick on a CPU; learns from rough swaps; needs the dense mesh",
        build=Swift,
        shape={"resolution": 96},
    ),
}

__all__ = ["MODELS", "Code", "Model", "Shape", "SwapNetwork", "Swift"]
