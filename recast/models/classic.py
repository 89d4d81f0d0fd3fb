"""The models of DeepFaceLab's release of January 2019, of one family of blocks.

Two layouts:

    df      face ─▶ encoder ─▶ bottleneck ─▶ decoder of src, or of dst
    liae    face ─▶ encoder ─▶ bottleneck both ─┬▶ one decoder: src is (both, both),
                          └──▶ bottleneck dst ──┘              dst is (dst, both)

A bottleneck squeezes the whole face through one short vector, so no place in the picture survives
it; what comes out is a low map that the decoder draws from. Networks here work on -1..1 or 0..1
inside as their originals did; outside, pictures are always 0..1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from recast.models.network import Code, SwapNetwork

FOLD = 16
"""How many times smaller every encoder's map is: four halvings."""
SRC = 0


class Halve(nn.Module):
    """5x5 convolution at every second pixel, leaky.

    The padding is TensorFlow's "same": one pixel before and two behind, so that weights trained
    there would see the same pixels. `separable` convolves each channel for itself and then mixes.
    """

    def __init__(self, inputs: int, outputs: int, *, separable: bool = False) -> None:
        super().__init__()
        if separable:
            self.convolution: nn.Module = nn.Sequential(
                nn.Conv2d(inputs, inputs, 5, 2, groups=inputs, bias=False),
                nn.Conv2d(inputs, outputs, 1),
            )
        else:
            self.convolution = nn.Conv2d(inputs, outputs, 5, 2)

    def forward(self, x: Tensor) -> Tensor:
        return F.leaky_relu(self.convolution(F.pad(x, (1, 2, 1, 2))), 0.1)


class Double(nn.Module):
    """3x3 convolution to four times the channels, leaky, unfolded into 2x2 pixels."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.widen = nn.Conv2d(inputs, 4 * outputs, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return F.pixel_shuffle(F.leaky_relu(self.widen(x), 0.1), 2)


def encoder(widths: Sequence[int], *, separable: Sequence[int] = ()) -> nn.Sequential:
    """(B, 3, S, S) -> (B, widths[-1], S/16, S/16); `separable` numbers layers from 0."""
    inputs = [3, *widths[:-1]]
    layers = [
        Halve(a, b, separable=at in separable)
        for at, (a, b) in enumerate(zip(inputs, widths, strict=True))
    ]
    return nn.Sequential(*layers)


class Bottleneck(nn.Module):
    """(B, C, r, r) -> (B, `outputs`, 2r, 2r) by way of a vector of `code` numbers.

    Args:
        low: channels of the map that the vector is unfolded to.
    """

    def __init__(self, inputs: int, r: int, *, code: int, low: int, outputs: int) -> None:
        super().__init__()
        self.squeeze = nn.Linear(inputs * r * r, code)
        self.unfold = nn.Linear(code, low * r * r)
        self.grow = Double(low, outputs)
        self.low, self.r = low, r

    def forward(self, x: Tensor) -> Tensor:
        vector = self.unfold(self.squeeze(x.flatten(1)))
        grown: Tensor = self.grow(vector.view(-1, self.low, self.r, self.r))
        return grown


class Branch(nn.Module):
    """Doubles a map once for each width and draws pictures of `channels` from it.

    scales: how many of the last maps are drawn; 1 is only the largest.
    """

    def __init__(
        self, inputs: int, widths: Sequence[int], channels: int, *, scales: int = 1
    ) -> None:
        super().__init__()
        before = [inputs, *widths[:-1]]
        self.doubles = nn.ModuleList(Double(a, b) for a, b in zip(before, widths, strict=True))
        self.draws = nn.ModuleList(nn.Conv2d(w, channels, 5, padding=2) for w in widths[-scales:])

    def forward(self, x: Tensor) -> list[Tensor]:
        """Logits (B, channels, side, side), the smallest first."""
        maps = []
        for double in self.doubles:
            x = double(x)
            maps.append(x)
        return [draw(one) for draw, one in zip(self.draws, maps[-len(self.draws) :], strict=True)]


@dataclass(frozen=True)
class Widths:
    """Channels of the branches of a decoder; `mask` is empty if no mask is learned."""

    face: Sequence[int]
    mask: Sequence[int]
    scales: int = 1

    def decoder(self, inputs: int) -> nn.ModuleDict:
        """A decoder for maps of `inputs` channels."""
        branches = {"face": Branch(inputs, self.face, 3, scales=self.scales)}
        if self.mask:
            branches["mask"] = Branch(inputs, self.mask, 1, scales=self.scales)
        return nn.ModuleDict(branches)


class ClassicNetwork(SwapNetwork):
    """What both layouts share: drawing, and which weights draw whom.

    signed: whether pictures are -1..1 inside (tanh) instead of 0..1 (sigmoid).
    """

    encoder: nn.Module

    def __init__(self, *, signed: bool, has_mask: bool) -> None:
        super().__init__()
        self.signed, self.has_mask = signed, has_mask

    def begin(self) -> None:
        """Fresh weights as Keras makes them: Glorot and Bengio, 2010, uniform; no offsets."""
        for part in self.modules():
            if isinstance(part, nn.Conv2d | nn.Linear):
                nn.init.xavier_uniform_(part.weight)
                if part.bias is not None:
                    nn.init.zeros_(part.bias)

    def map_of(self, code: Code, person: int) -> Tensor:
        """What the decoder of `person` draws from: the bottlenecks' maps of a code."""
        raise NotImplementedError

    def decoder_of(self, person: int) -> nn.ModuleDict:
        """The decoder that draws `person`."""
        raise NotImplementedError

    def before_decoder(self, person: int) -> list[nn.Module]:
        """The parts that a drawing of `person` passes before the decoder."""
        raise NotImplementedError

    def weights(self, person: int, *branches: str) -> list[nn.Parameter]:
        """All weights that some branches ("face", "mask") of `person` depend on, each once."""
        decoder = self.decoder_of(person)
        parts = [*self.before_decoder(person), *(decoder[branch] for branch in branches)]
        return list(dict.fromkeys(weight for part in parts for weight in part.parameters()))

    def scales(self, code: Code, person: int, branch: str) -> list[Tensor]:
        """Pictures of one branch, 0..1, (B, C, side, side), the smallest first."""
        logits = self.decoder_of(person)[branch](self.map_of(code, person))
        # (tanh(x) + 1) / 2 is sigmoid(2x): the same picture, seen from outside.
        # And in full precision: the 8 bits of bf16 would show as steps of brightness.
        return [torch.sigmoid((2 * one if self.signed else one).float()) for one in logits]

    def encode(self, face: Tensor) -> Code:
        """The encoder's map; the bottlenecks, which depend on whom to draw, come with `draw`."""
        return (self.encoder(face * 2 - 1 if self.signed else face),)

    def draw(
        self, code: Code, identity: Tensor, sketch: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        people = identity.tolist()
        if len(set(people)) == 1:
            return self.drawn_as(code, people[0])
        faces, masks = [], []
        for row, person in enumerate(people):
            face, mask = self.drawn_as(tuple(part[row : row + 1] for part in code), person)
            faces.append(face)
            masks.append(mask)
        known = [mask for mask in masks if mask is not None]
        return torch.cat(faces), torch.cat(known) if known else None

    def drawn_as(
        self, code: Code, person: int, sketch: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """As `draw`, with everyone drawn as one person."""
        mask = self.scales(code, person, "mask")[-1] if self.has_mask else None
        return self.scales(code, person, "face")[-1], mask


class Twin(ClassicNetwork):
    """The df layout: one encoder and bottleneck, a decoder for each person."""

    def __init__(
        self, encoder: nn.Module, bottleneck: Bottleneck, inputs: int, widths: Widths, signed: bool
    ) -> None:
        super().__init__(signed=signed, has_mask=bool(widths.mask))
        self.encoder, self.bottleneck = encoder, bottleneck
        self.decoders = nn.ModuleList(widths.decoder(inputs) for _ in range(2))
        self.begin()

    def map_of(self, code: Code, person: int) -> Tensor:
        found: Tensor = self.bottleneck(code[0])
        return found

    def decoder_of(self, person: int) -> nn.ModuleDict:
        found = self.decoders[person]
        assert isinstance(found, nn.ModuleDict)
        return found

    def before_decoder(self, person: int) -> list[nn.Module]:
        return [self.encoder, self.bottleneck]

    def segments(self) -> list[nn.Module]:
        branches = [branch for person in (0, 1) for branch in self.decoder_of(person).values()]
        return [self.encoder, self.bottleneck, *branches]


class Liae(ClassicNetwork):
    """The liae layout: one decoder, a bottleneck for both people and one for dst alone."""

    def __init__(
        self,
        encoder: nn.Module,
        bottlenecks: tuple[Bottleneck, Bottleneck],
        inputs: int,
        widths: Widths,
        signed: bool,
    ) -> None:
        super().__init__(signed=signed, has_mask=bool(widths.mask))
        self.encoder = encoder
        self.both, self.dst = bottlenecks
        self.decoder = widths.decoder(2 * inputs)
        self.begin()

    def map_of(self, code: Code, person: int) -> Tensor:
        both: Tensor = self.both(code[0])
        return torch.cat([both if person == SRC else self.dst(code[0]), both], 1)

    def decoder_of(self, person: int) -> nn.ModuleDict:
        return self.decoder

    def before_decoder(self, person: int) -> list[nn.Module]:
        return [self.encoder, self.both] + ([] if person == SRC else [self.dst])

    def segments(self) -> list[nn.Module]:
        return [self.encoder, self.both, self.dst, *self.decoder.values()]
