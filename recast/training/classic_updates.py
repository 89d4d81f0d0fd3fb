"""What a classic model does with a batch: forward passes, losses and whose weights they change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from torch import Tensor

from recast.models import SwapNetwork
from recast.models.classic import ClassicNetwork
from recast.sides import Side
from recast.training.checkpoint import WHOLE
from recast.training.classic_losses import (
    background_style,
    face_style,
    features_loss,
    mask_scales_loss,
    masked_dssim,
    reduced,
    scales_loss,
    softened,
)
from recast.training.lesson import DST, SRC, Update

Kind = Literal["joint", "two", "four"]
"""How many optimizers share a step: one for everything (H64, H128), one for each person (DF,
LIAEF128), or one for each person's faces and each one's masks (SAE)."""
KINDS: dict[str, Kind] = {
    "h64": "joint",
    "h128": "joint",
    "df": "two",
    "liaef128": "two",
    "sae": "four",
}
PEOPLE: dict[Side, int] = {"src": SRC, "dst": DST}
BRANCHES = ("face", "mask")


@dataclass(frozen=True)
class Shown:
    """One person in a batch, 0..1: pictures (B, 3, S, S), masks, eyes with mouth (B, 1, S, S)."""

    inputs: Tensor
    wanted: Tensor
    masks: Tensor
    features: Tensor | None


@dataclass(frozen=True)
class ClassicBatch:
    """Both people."""

    src: Shown
    dst: Shown

    def of(self, side: Side) -> Shown:
        """One of them."""
        return self.src if side == "src" else self.dst


@dataclass(frozen=True)
class Wanted:
    """What counts as near. face_style, background_style: 0..100. priority: eyes and mouth.

    pixels: squared differences instead of DSSIM (SAE).
    """

    pixels: bool = False
    face_style: float = 0.0
    background_style: float = 0.0
    priority: bool = False


Losses = Callable[[SwapNetwork, ClassicBatch], dict[str, Tensor]]


def updates(kind: Kind, wanted: Wanted, *, learn_mask: bool) -> Sequence[Update[ClassicBatch]]:
    """The updates of a step, in the seed's order."""
    if kind == "joint":
        src, dst = (_drawn_once(side, squared=False) for side in PEOPLE)
        return (Update(WHOLE, lambda network, batch: src(network, batch) | dst(network, batch)),)
    if kind == "two":
        return [Update(side, _drawn_once(side, squared=True)) for side in PEOPLE]
    faces = [Update(f"{side} face", _faces_at_scales(side, wanted)) for side in PEOPLE]
    masks = [Update(f"{side} mask", _masks_at_scales(side)) for side in PEOPLE]
    return faces + masks if learn_mask else faces


def _drawn_once(side: Side, *, squared: bool) -> Losses:
    """DSSIM inside the mask, and the mask's mean absolute or squared error."""

    def losses(network: SwapNetwork, batch: ClassicBatch) -> dict[str, Tensor]:
        classic, shown = cast(ClassicNetwork, network), batch.of(side)
        drawn, masks = classic.drawn_as(classic.encode(shown.inputs), PEOPLE[side])
        parts = {f"{side} face": masked_dssim(drawn, shown.wanted, shown.masks)}
        if masks is not None:
            away = masks - shown.masks
            parts[f"{side} mask"] = (away.square() if squared else away.abs()).mean()
        return parts | _features(side, drawn, shown)

    return losses


def _faces_at_scales(side: Side, wanted: Wanted) -> Losses:
    """SAE's faces; for src also how near the swap is to dst's style."""

    def losses(network: SwapNetwork, batch: ClassicBatch) -> dict[str, Tensor]:
        classic, shown = cast(ClassicNetwork, network), batch.of(side)
        drawn = classic.scales(classic.encode(shown.inputs), PEOPLE[side], "face")
        sides = [picture.shape[-1] for picture in drawn]
        masks = [softened(mask) for mask in reduced(shown.masks, sides)]
        targets = reduced(shown.wanted, sides)
        parts = {f"{side} face": scales_loss(drawn, targets, masks, pixels=wanted.pixels)}
        if side == "src":
            parts |= _styles(classic, batch.dst, wanted)
        return parts | _features(side, drawn[-1], shown)

    return losses


def _masks_at_scales(side: Side) -> Losses:
    def losses(network: SwapNetwork, batch: ClassicBatch) -> dict[str, Tensor]:
        classic, shown = cast(ClassicNetwork, network), batch.of(side)
        drawn = classic.scales(classic.encode(shown.inputs), PEOPLE[side], "mask")
        sides = [picture.shape[-1] for picture in drawn]
        return {f"{side} mask": mask_scales_loss(drawn, reduced(shown.masks, sides))}

    return losses


def _features(side: Side, drawn: Tensor, shown: Shown) -> dict[str, Tensor]:
    if shown.features is None:
        return {}
    return {f"{side} eyes and mouth": features_loss(drawn, shown.wanted, shown.features)}


def _styles(network: ClassicNetwork, dst: Shown, wanted: Wanted) -> dict[str, Tensor]:
    if not (wanted.face_style or wanted.background_style):
        return {}
    swap = network.scales(network.encode(dst.inputs), SRC, "face")[-1]
    mask = softened(dst.masks)
    parts = {}
    if wanted.face_style:
        parts["face style"] = face_style(swap, dst.wanted, mask, wanted.face_style)
    if wanted.background_style:
        parts["background style"] = background_style(
            swap, dst.wanted, mask, wanted.background_style, pixels=wanted.pixels
        )
    return parts
