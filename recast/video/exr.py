"""OpenEXR pictures: scene-linear half floats with premultiplied alpha, as compositors want them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from recast.disk import clear_draft, disk_trouble_named, flush_to_disk
from recast.errors import OptionUnusable, TakeUnwritable
from recast.images import FrameImage
from recast.video.color import ColorTags

Light = NDArray[np.float32]
"""(H, W, 3) or (H, W, 4): linear light; with alpha, premultiplied."""

_CHROMATICITIES = {
    1: (0.640, 0.330, 0.300, 0.600, 0.150, 0.060, 0.3127, 0.3290),
    5: (0.640, 0.330, 0.290, 0.600, 0.150, 0.060, 0.3127, 0.3290),
    6: (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, 0.3127, 0.3290),
    7: (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, 0.3127, 0.3290),
    9: (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, 0.3127, 0.3290),
    11: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.3140, 0.3510),
    12: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.3127, 0.3290),
}
"""x and y of red, green, blue and white, by primaries (H.273, table 2)."""


def require_exr() -> Any:
    """OpenImageIO; OptionUnusable if it is not installed."""
    try:
        import OpenImageIO
    except ImportError as error:
        raise OptionUnusable(
            "exr needs OpenImageIO, which is not installed",
            'install it with pip install "recast[exr]", or write tiff',
        ) from error
    return OpenImageIO


def save_exr(path: Path, image: FrameImage, tags: ColorTags) -> None:
    """Write RGB(A) pixels in the take's own transfer, whole or not at all."""
    oiio = require_exr()
    light = linear(image, tags.transfer)
    height, width, channels = light.shape
    spec = oiio.ImageSpec(width, height, channels, "half")
    spec.attribute("compression", "zip")
    if tags.primaries in _CHROMATICITIES:
        spec.attribute("chromaticities", "float[8]", _CHROMATICITIES[tags.primaries])
    draft = path.with_name(path.name + ".part")
    with disk_trouble_named(path):
        try:
            clear_draft(draft)
            out = oiio.ImageOutput.create("exr")
            done = out.open(str(draft), spec) and out.write_image(light) and out.close()
            if not done:
                raise TakeUnwritable(
                    f"{path} cannot be written: {out.geterror()}", "look whether the disk is full"
                )
            flush_to_disk(draft)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)


def linear(image: FrameImage, transfer: int) -> Light:
    """Light in the scene by the inverse of the transfer curve of H.273, table 3.

    1.0 is the white of ordinary takes and the peak of HLG; PQ gives 1.0 for 100 cd/m². What is
    untagged or has a curve of its own counts as BT.709.
    """
    values = np.arange(np.iinfo(image.dtype).max + 1) / np.iinfo(image.dtype).max
    curve = _INVERSES.get(transfer, _bt709)(values).astype(np.float32)
    light = curve[image[..., :3]]
    if image.shape[2] == 3:
        return light
    alpha = image[..., 3:].astype(np.float32) / np.float32(np.iinfo(image.dtype).max)
    return cast(Light, np.concatenate([light * alpha, alpha], axis=2))


Curve = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def _bt709(v: NDArray[np.float64]) -> NDArray[np.float64]:
    a, b = 1.099296826809442, 0.018053968510807
    return np.where(v < 4.5 * b, v / 4.5, ((v + a - 1) / a) ** (1 / 0.45))


def _smpte240(v: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(v < 4 * 0.0228, v / 4, ((v + 0.1115) / 1.1115) ** (1 / 0.45))


def _srgb(v: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def _pq(v: NDArray[np.float64]) -> NDArray[np.float64]:
    m1, m2 = 2610 / 16384, 2523 / 32
    c1, c2, c3 = 3424 / 4096, 2413 / 128, 2392 / 128
    root = v ** (1 / m2)
    return 100 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)


def _hlg(v: NDArray[np.float64]) -> NDArray[np.float64]:
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(v <= 0.5, v**2 / 3, (np.exp((v - c) / a) + b) / 12)


_INVERSES: dict[int, Curve] = {
    4: lambda v: v**2.2,
    5: lambda v: v**2.8,
    7: _smpte240,
    8: lambda v: v,
    13: _srgb,
    16: _pq,
    17: lambda v: 52.37 / 48 * v**2.6,
    18: _hlg,
}
"""By number of the transfer curve; all others share BT.709's."""
