"""H64, H128, DF, LIAEF128 and SAE: what the classic layouts are built with."""

from __future__ import annotations

from typing import Literal

from recast.models.classic import FOLD, Bottleneck, Liae, Twin, Widths, encoder

Architecture = Literal["df", "liae"]


def h64(resolution: int = 64, light: bool = False) -> Twin:
    """Half faces. `light` has two fifths of the weights.

    Raises:
        ValueError: the resolution cannot be halved four times.
    """
    r = _low(resolution, "h64")
    if light:
        seen = encoder([128, 256, 512, 768])
        bottleneck = Bottleneck(768, r, code=512, low=512, outputs=256)
        return Twin(seen, bottleneck, 256, Widths([256, 128, 64], [256, 128, 64]), False)
    seen = encoder([128, 256, 512, 1024])
    bottleneck = Bottleneck(1024, r, code=1024, low=1024, outputs=512)
    return Twin(seen, bottleneck, 512, Widths([512, 256, 128], [256, 128, 64]), False)


def h128(resolution: int = 128, light: bool = False) -> Twin:
    """H64's layout at twice the side, and its masks as wide as its faces."""
    r = _low(resolution, "h128")
    low, code = (256, 256) if light else (512, 512)
    widths = [low, low // 2, low // 4]
    bottleneck = Bottleneck(1024, r, code=code, low=low, outputs=low)
    return Twin(
        encoder([128, 256, 512, 1024]), bottleneck, low, Widths(widths, widths), signed=False
    )


def df(resolution: int = 128) -> Twin:
    """H128's network, for full faces."""
    return h128(resolution)


def liaef128(resolution: int = 128) -> Liae:
    """Full faces, one decoder, two bottlenecks."""
    r = _low(resolution, "liaef128")
    pair = tuple(Bottleneck(1024, r, code=256, low=512, outputs=512) for _ in range(2))
    widths = [512, 256, 128]
    return Liae(
        encoder([128, 256, 512, 1024]), (pair[0], pair[1]), 512, Widths(widths, widths), False
    )


# Each keyword is an option of the model.
def sae(  # noqa: PLR0913
    resolution: int = 128,
    architecture: Architecture = "liae",
    light: bool = False,
    learn_mask: bool = True,
    ae_dims: int = 0,
    e_dims: int = 42,
    d_dims: int = 42,
) -> Twin | Liae:
    """The layout is chosen; faces and masks are drawn at three scales.

    Args:
        ae_dims: length of the code; 0 takes 256 for liae and 512 for df.
        e_dims, d_dims: channels of encoder and decoder for each colour.
    """
    r = _low(resolution, "sae")
    e, d, m = 3 * e_dims, 3 * (d_dims // 2), int(d_dims / 1.5)
    masks = [8 * m, 4 * m, 2 * m] if learn_mask else []
    widths = Widths([8 * d, 4 * d, 2 * d], masks, scales=3)
    seen = [e, 2 * e, 4 * e, 8 * e]
    if architecture == "df":
        code = ae_dims or 512
        bottleneck = Bottleneck(8 * e, r, code=code, low=code, outputs=code)
        return Twin(
            encoder(seen, separable=[1, 2, 3] if light else []), bottleneck, code, widths, True
        )
    code = ae_dims or 256
    pair = tuple(Bottleneck(8 * e, r, code=code, low=2 * code, outputs=2 * code) for _ in range(2))
    seen_by = encoder(seen, separable=[1, 3] if light else [])
    return Liae(seen_by, (pair[0], pair[1]), 2 * code, widths, True)


def _low(resolution: int, model: str) -> int:
    """The side of the encoder's map."""
    if resolution % FOLD:
        raise ValueError(f"{model}'s resolution is a multiple of {FOLD}, not {resolution}")
    return resolution // FOLD
