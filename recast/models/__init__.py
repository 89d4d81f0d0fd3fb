"""Networks: blocks, and one file per family."""

from collections.abc import Callable

from recast.models.network import Code, SwapNetwork
from recast.models.swift import Swift

MODELS: dict[str, Callable[[int], SwapNetwork]] = {"swift": Swift}
"""From the side of the face in pixels to a fresh network."""

__all__ = ["MODELS", "Code", "SwapNetwork", "Swift"]
