"""What an HDR take says of the light it was made for, and how encoders are told."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, cast

import av
from av.sidedata.sidedata import Type

_DISPLAY = struct.Struct("=20i2i")  # ten fractions, then whether colours and light are given
_CONTENT = struct.Struct("=2I")


@dataclass(frozen=True)
class MasteringLight:
    """SMPTE ST 2086 and CTA-861.3.

    `display`: x and y of red, green, blue and white, then the darkest and the brightest light in
    cd/m²; `content`: the brightest pixel and the brightest frame's mean, in cd/m².
    """

    display: tuple[float, ...] | None = None
    content: tuple[int, int] | None = None


def light_of(frame: av.VideoFrame) -> MasteringLight | None:
    """What a decoded frame says; None if it says nothing."""
    side_data = cast(Any, frame.side_data)  # typed as if it held motion vectors only
    parts = [side_data[at] for at in range(len(side_data))]
    found = {part.type: bytes(part) for part in parts}
    display = _display(found.get(Type.MASTERING_DISPLAY_METADATA, b""))
    data = found.get(Type.CONTENT_LIGHT_LEVEL, b"")
    content = _CONTENT.unpack_from(data) if len(data) >= _CONTENT.size else None
    if display is None and content is None:
        return None
    return MasteringLight(display, content)


def _display(data: bytes) -> tuple[float, ...] | None:
    if len(data) < _DISPLAY.size:
        return None
    *numbers, has_colours, has_light = _DISPLAY.unpack_from(data)
    pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
    if not has_colours or not has_light or any(below == 0 for _, below in pairs):
        return None
    return tuple(above / below for above, below in pairs)


def light_options(codec: str, light: MasteringLight | None) -> dict[str, str]:
    """Encoder options that write `light` into the stream; empty if the codec has no place."""
    if light is None or codec not in _OPTIONS:
        return {}
    option, display_name, content_name, whole = _OPTIONS[codec]
    parts = []
    if light.display:
        parts.append(f"{display_name}={_spelled(light.display, whole=whole)}")
    if light.content:
        parts.append(f"{content_name}={light.content[0]},{light.content[1]}")
    return {option: ":".join(parts)} if parts else {}


_OPTIONS = {
    "libx264": ("x264-params", "mastering-display", "cll", True),
    "libx265": ("x265-params", "master-display", "max-cll", True),
    "libsvtav1": ("svtav1-params", "mastering-display", "content-light", False),
}
"""Codec: its option, the names inside it, and whether values are counted in whole steps."""


def _spelled(display: tuple[float, ...], *, whole: bool) -> str:
    def number(value: float, steps: int) -> str:
        return str(round(value * steps)) if whole else f"{value:.5f}"

    red, green, blue, white = (
        ",".join(number(v, 50_000) for v in display[at : at + 2]) for at in (0, 2, 4, 6)
    )
    dark, bright = (number(v, 10_000) for v in display[8:10])
    return f"G({green})B({blue})R({red})WP({white})L({bright},{dark})"
