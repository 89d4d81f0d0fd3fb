"""swift: a small network that learns a swap on a CPU in minutes.

    face ─▶ fold 4x4 ─▶ 1/4 ──▶ 1/8 ──▶ 1/16   encoder: the code is all three maps
                         │       │       │
    face ◀─ unfold ◀─── 1/4 ◀── 1/8 ◀── 1/16   decoder, told whose face to draw

Nothing is computed at the full side: the face is folded into channels on the way in and
unfolded on the way out, so nearly all work is 3x3 convolutions over small maps with many
channels, which processors do well forward and backward. The code keeps its places in the
picture, so the decoder needs not find again where an eye is; that would let dst's identity
through if it were not for rough swaps (`recast.training.rough_swap`), which show the
decoder what src looks like in that very place.

Such a rough swap may also be given to the decoder, as a sketch: then it begins with sharp
pictures of src that are nearly where they belong, and has to learn only what is wrong with them.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from recast.models.blocks import Down, Identity, Residual, Up, conv
from recast.models.network import Code, SwapNetwork, nothing_sketched

FOLD = 4
NEARLY_BLACK = 0.02
"""Sketched colours keep so far from 0 and 1, where a logit has no end."""


class Encoder(nn.Module):
    """(B, 3, S, S) -> maps of sides S/4, S/8, S/16 and 1, 2, 4 times `width` channels."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.stem = conv(3 * FOLD**2, width)
        self.fine = Residual(width)
        self.middle = nn.Sequential(Down(width, 2 * width), Residual(2 * width))
        self.coarse = nn.Sequential(
            Down(2 * width, 4 * width), Residual(4 * width), Residual(4 * width)
        )

    def forward(self, face: Tensor) -> Code:
        fine = self.fine(self.stem(F.pixel_unshuffle(face * 2 - 1, FOLD)))
        middle = self.middle(fine)
        return fine, middle, self.coarse(middle)


class Meet(nn.Module):
    """Join what comes from below with the encoder's map of the same side."""

    def __init__(self, channels: int, identities: int) -> None:
        super().__init__()
        self.below, self.beside = Identity(identities, channels), Identity(identities, channels)
        self.mix = conv(2 * channels, channels, kernel=1)

    def forward(self, below: Tensor, beside: Tensor, identity: Tensor) -> Tensor:
        pair = [self.below(below, identity), self.beside(beside, identity)]
        mixed: Tensor = self.mix(torch.cat(pair, 1))
        return mixed


class Decoder(nn.Module):
    """The three maps and (B,) identity -> (B, 4, S, S) logits of colour and mask."""

    def __init__(self, width: int, identities: int) -> None:
        super().__init__()
        self.own = nn.ModuleList(
            Identity(identities, w) for w in (4 * width, 4 * width, 2 * width, width, width)
        )
        self.coarse = Residual(4 * width)
        self.to_middle = Up(4 * width, 2 * width)
        self.meet_middle = Meet(2 * width, identities)
        self.middle = Residual(2 * width)
        self.to_fine = Up(2 * width, width)
        self.meet_fine = Meet(width, identities)
        self.fine = nn.ModuleList([Residual(width), Residual(width)])
        self.head = conv(width, 4 * FOLD**2)

    def forward(self, code: Code, identity: Tensor) -> Tensor:
        fine, middle, coarse = code
        x = self.own[1](self.coarse(self.own[0](coarse, identity)), identity)
        x = self.meet_middle(self.to_middle(x), middle, identity)
        x = self.own[2](self.middle(x), identity)
        x = self.meet_fine(self.to_fine(x), fine, identity)
        for own, residual in zip(self.own[3:], self.fine, strict=True):
            x = own(residual(x), identity)
        return F.pixel_shuffle(self.head(F.leaky_relu(x, 0.1)), FOLD)


class SketchEncoder(nn.Module):
    """(B, 4, S, S) -> what a sketch adds to each of the code's maps."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(conv(4 * FOLD**2, width), Residual(width))
        self.to_middle = Down(width, 2 * width)
        self.to_coarse = Down(2 * width, 4 * width)

    def forward(self, sketch: Tensor) -> Code:
        centred = torch.cat([sketch[:, :3] * 2 - 1, sketch[:, 3:]], 1)
        fine = self.stem(F.pixel_unshuffle(centred, FOLD))
        middle = self.to_middle(fine)
        return fine, middle, self.to_coarse(middle)


class Swift(SwapNetwork):
    """One encoder, one decoder that is told whose face to draw.

    Args:
        resolution: Side of the face in pixels, a multiple of 16; the weights do not depend on it.
        width: Channels of the finest maps; the others have 2 and 4 times as many.
        identities: How many people; 0 is src, 1 is dst.
        sketch: Whether it takes sketches; then it begins by repeating them.
    """

    def __init__(
        self, resolution: int = 128, width: int = 48, identities: int = 2, *, sketch: bool = False
    ) -> None:
        super().__init__()
        if resolution % 16:
            raise ValueError(f"swift's resolution is a multiple of 16, not {resolution}")
        self.encoder = Encoder(width)
        self.decoder = Decoder(width, identities)
        self.takes_sketch = sketch
        self.sketched = SketchEncoder(width) if sketch else None
        if sketch:
            nn.init.zeros_(self.decoder.head.weight)
            nn.init.zeros_(cast(Tensor, self.decoder.head.bias))

    def encode(self, face: Tensor) -> Code:
        maps: Code = self.encoder(face)
        return maps

    def segments(self) -> list[nn.Module]:
        return [part for part in (self.encoder, self.sketched, self.decoder) if part is not None]

    def draw(
        self, code: Code, identity: Tensor, sketch: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        if self.sketched is None:
            sketch = None
        else:
            fine, *_ = code
            seen = nothing_sketched(1, FOLD * fine.shape[-1], fine) if sketch is None else sketch
            code = tuple(map(torch.add, code, self.sketched(seen)))
        # In full precision from here: 8 bits of bf16 would show as steps of brightness.
        logits = self.decoder(code, identity).float()
        colours, mask = logits[:, :3], logits[:, 3:]
        if sketch is not None:
            known = sketch.float()
            colours = colours + torch.logit(known[:, :3], NEARLY_BLACK) * known[:, 3:]
        return torch.sigmoid(colours), torch.sigmoid(mask)
