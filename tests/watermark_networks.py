"""Two small networks with TrustMark's interface: one draws a pattern, the other finds it.

Each bit has some 20 pairs of neighbouring cells, scattered over a square of 64 by 64; of each pair
one cell gets brighter and the other darker, the other way round for 0.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

CELLS, SIDE, BITS = 64, 256, 100
STRENGTH = 0.06
OPSET = 17


def pattern() -> NDArray[np.float32]:
    """(BITS, CELLS * CELLS), +1, -1 or 0."""
    pairs = np.random.default_rng(7).permutation(CELLS * CELLS // 2)
    found = np.zeros((BITS, CELLS * CELLS), np.float32)
    for place, pair in enumerate(pairs):
        found[place % BITS, 2 * pair] = 1
        found[place % BITS, 2 * pair + 1] = -1
    return found


def write_encoder(path: Path, *, bits: int = BITS, side: int = SIDE, colours: int = 3) -> Path:
    """A network that draws; with other numbers one that does not fit."""
    from onnx import TensorProto, helper

    picture, number = [1, colours, side, side], [1, bits]
    nodes = [
        helper.make_node("Mul", ["onnx::Gemm_1", "two"], ["doubled"]),
        helper.make_node("Sub", ["doubled", "one"], ["signs"]),
        helper.make_node("MatMul", ["signs", "pattern"], ["flat"]),
        helper.make_node("Reshape", ["flat", "square"], ["cells"]),
        helper.make_node("Resize", ["cells", "", "zoom"], ["large"], mode="nearest"),
        helper.make_node("Mul", ["large", "strength"], ["residual"]),
        helper.make_node("Add", ["onnx::Concat_0", "residual"], ["image"]),
    ]
    constants = {
        "two": np.array(2, np.float32),
        "one": np.array(1, np.float32),
        "pattern": pattern()[:bits],
        "square": np.array([1, 1, CELLS, CELLS], np.int64),
        "zoom": np.array([1, 1, side / CELLS, side / CELLS], np.float32),
        "strength": np.array(STRENGTH, np.float32),
    }
    inputs = [
        helper.make_tensor_value_info("onnx::Concat_0", TensorProto.FLOAT, picture),
        helper.make_tensor_value_info("onnx::Gemm_1", TensorProto.FLOAT, number),
    ]
    outputs = [helper.make_tensor_value_info("image", TensorProto.FLOAT, picture)]
    return _written(path, nodes, constants, inputs, outputs)


def write_decoder(path: Path, *, bits: int = BITS) -> Path:
    """A network that reads what the other draws."""
    from onnx import TensorProto, helper

    zoom = SIDE // CELLS
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["grey"], axes=[1], keepdims=1),
        helper.make_node(
            "AveragePool", ["grey"], ["cells"], kernel_shape=[zoom, zoom], strides=[zoom, zoom]
        ),
        helper.make_node("Reshape", ["cells", "flat"], ["row"]),
        helper.make_node("MatMul", ["row", "pattern"], ["output"]),
    ]
    constants = {
        "flat": np.array([1, CELLS * CELLS], np.int64),
        "pattern": np.ascontiguousarray(pattern()[:bits].T),
    }
    inputs = [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, SIDE, SIDE])]
    outputs = [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, bits])]
    return _written(path, nodes, constants, inputs, outputs)


def _written(
    path: Path, nodes: list[Any], constants: dict[str, Any], inputs: list[Any], outputs: list[Any]
) -> Path:
    import onnx
    from onnx import helper, numpy_helper

    kept = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "watermark", inputs, outputs, kept)
    opsets = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path
