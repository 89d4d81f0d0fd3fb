"""What can be chosen by name when a training begins."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from recast.models.network import SwapNetwork

Shape = Mapping[str, int | str | bool]
"""Values of the options that decide a network's shape; `resolution`, the face's side, is one."""


@dataclass(frozen=True)
class Model:
    """A network by name.

    about: one line for lists. build: makes a fresh network; its keywords are the names in
    `shape`, which holds their defaults. framing: of its crops; "" takes the face sets'.
    """

    about: str
    build: Callable[..., SwapNetwork]
    shape: Shape
    framing: str = ""
