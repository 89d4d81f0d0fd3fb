"""What a network must offer to be trained and merged."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

Code = tuple[Tensor, ...]
"""What an encoder makes of B faces: tensors with B rows each."""


class SwapNetwork(nn.Module, ABC):
    """Sees a face once and draws it as any of the people it knows: 0 is src, 1 is dst.

    Some also take sketches, (B, 4, S, S): colours of a rough swap of each face, grey beside it,
    and where it is, all 0..1. Without them, or where one shows nothing, they draw unaided.
    """

    takes_sketch: bool = False

    @abstractmethod
    def encode(self, face: Tensor) -> Code:
        """Codes of faces (B, 3, S, S), RGB, 0..1."""

    @abstractmethod
    def draw(
        self, code: Code, identity: Tensor, sketch: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """Faces (B, 3, S, S) and masks (B, 1, S, S), 0..1, as the people (B,) `identity` names.

        None stands for the masks of a network that learns none.
        """

    def drawn_as(
        self, code: Code, person: int, sketch: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """As `draw`, with everyone drawn as one person."""
        first = code[0]
        identity = torch.full((first.shape[0],), person, device=first.device)
        return self.draw(code, identity, sketch)

    @abstractmethod
    def segments(self) -> list[nn.Module]:
        """The parts that do nearly all the work, each called with tensors alone."""

    def forward(
        self, face: Tensor, identity: Tensor, sketch: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """Draw the pose and expression of each face as the face of `identity`."""
        return self.draw(self.encode(face), identity, sketch)


def nothing_sketched(count: int, side: int, like: Tensor) -> Tensor:
    """(count, 4, S, S) sketches that show nothing."""
    grey = torch.full((1, 3, 1, 1), 0.5, dtype=like.dtype, device=like.device)
    return torch.cat([grey, torch.zeros_like(grey[:, :1])], 1).expand(count, 4, side, side)
