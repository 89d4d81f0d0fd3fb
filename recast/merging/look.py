"""All that can be chosen about a merged face, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, get_args

from recast.merging.blend import BLENDS, Blend
from recast.merging.color import (
    Area,
    ColorMatch,
    histogram,
    linear,
    monge_kantorovich,
    reinhard,
    relit,
    unchanged,
)
from recast.merging.finish import Sharpen
from recast.merging.masks import EDGE
from recast.merging.transport import distribution, mixed, sliced

Mode = Literal[
    "original",
    "overlay",
    "hist-match",
    "hist-match-bw",
    "seamless",
    "seamless-hist-match",
    "pyramid",
    "raw-rgb",
    "raw-rgb-mask",
    "raw-mask",
    "raw-predict",
]
MODES: tuple[Mode, ...] = get_args(Mode)
ON_BLACK: tuple[Mode, ...] = ("raw-mask", "raw-predict")
"""Modes that show nothing of the frame."""

ColorMatchName = Literal["none", "light", "rct", "lct", "mkl", "idt", "sot", "mix", "hist"]
COLOR_MATCHES: dict[ColorMatchName, ColorMatch] = {
    "none": unchanged,
    "light": relit,
    "rct": reinhard,
    "lct": linear,
    "mkl": monge_kantorovich,
    "idt": distribution,
    "sot": sliced,
    "mix": mixed,
    "hist": histogram,
}
LIGHT_TONE = 0.2
"""How far `light` moves the skin's own colour if nothing is said; the others go all the way."""


@dataclass(frozen=True)
class Look:
    """How a drawn face is matched, finished and joined; lengths are parts of the crop's side.

    mode, mask, color_match: names in `MODES`, of `masks.EXPRESSION` and `COLOR_MATCHES`.
    tone: share 0..1 by which the skin's own colour moves to dst's; None takes the match's own.
    color_area: which pixels colours are measured on.
    hist_threshold: 0..255, level of the drawn face's histogram that meets dst's brightest.
    grow, feather, border: of the mask's edge; seamless_grow moves the line on which `seamless`
    meets the frame against the mask's.
    sharpen: -100..100; motion_blur: percent of the face's motion; denoise, bicubic, palette:
    degrade the face, 0..100; face_scale: percent, -50..50.
    grain: share of the plate's grain given to the face.
    """

    mode: Mode = "overlay"
    mask: str = "learned"
    color_match: ColorMatchName = "light"
    tone: float | None = None
    color_area: Area = "mask"
    masked_hist_match: bool = True
    hist_threshold: float = 238
    grow: float = 0.0
    feather: float = 0.06
    border: float = EDGE
    seamless_grow: float = 0.0
    sharpen: float = 0.0
    sharpen_mode: Sharpen = "gaussian"
    motion_blur: float = 0.0
    denoise: float = 0.0
    bicubic: float = 0.0
    palette: float = 0.0
    face_scale: float = 0.0
    grain: float = 1.0

    @property
    def blend(self) -> Blend:
        """How face and frame are joined in this mode."""
        if self.mode.startswith("seamless"):
            return BLENDS["seamless"]
        return BLENDS.get(self.mode, BLENDS["overlay"])

    @property
    def share(self) -> float:
        """The tone in use."""
        if self.tone is not None:
            return self.tone
        return LIGHT_TONE if self.color_match == "light" else 1.0


def between(one: Look, other: Look, share: float) -> Look:
    """The look on the way to another, 0..1: numbers move evenly, all else is the other's."""
    mixed = {}
    for field in fields(Look):
        before, after = getattr(one, field.name), getattr(other, field.name)
        if field.name == "tone":
            before, after = one.share, other.share
        if isinstance(after, float | int) and not isinstance(after, bool):
            mixed[field.name] = before + (after - before) * share
        else:
            mixed[field.name] = after
    return Look(**mixed)
