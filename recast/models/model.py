"""What can be chosen by name when a training begins."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from recast.models.network import SwapNetwork

Shape = Mapping[str, int | str | bool]
"""Values of the options that decide what a network draws; `resolution`, the face's side, is one,
and `face_type`, if there is one, names the framing."""


@dataclass(frozen=True)
class Model:
    """A network by name.

    about: one line for lists. build: makes a fresh network; its keywords are the names in
    `shape` but for `face_type`. shape: the defaults. resolutions: which sides it can have.
    framing: of its crops; "" takes `face_type`, or else the face sets'.
    """

    about: str
    build: Callable[..., SwapNetwork]
    shape: Shape
    resolutions: range
    framing: str = ""

    def fresh(self, shape: Shape) -> SwapNetwork:
        """A network of some shape, its weights not trained yet."""
        return self.build(**{name: v for name, v in shape.items() if name != "face_type"})

    def framing_of(self, shape: Shape) -> str:
        """The framing of a shape's crops; "" takes the face sets'."""
        return str(shape.get("face_type", self.framing))
