"""What the classic models of January 2019 minimise.

Pictures are 0..1 here. SAE computed on 0..2 (its -1..1, shifted), where squares are four times
as large; `SPAN` keeps its weights what they were. SSIM is the same on both.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional as F

from recast.training.losses import dssim_of_each

SPAN = 2.0


@cache
def _bell(sigma: float) -> Tensor:
    """2 * sigma + 1 weights of a Gaussian around the middle one, adding up to 1."""
    taps = 2 * int(sigma) + 1
    offsets = torch.arange(taps) - (taps - 1) / 2
    return torch.softmax(-(offsets**2) / (2 * sigma**2), 0)


def blurred(pictures: Tensor, sigma: float) -> Tensor:
    """Gaussian blur over 2 sigma + 1 pixels, black beyond the edge; (B, C, S, S)."""
    bell = _bell(float(sigma)).to(pictures)
    channels, reach = pictures.shape[1], len(bell) // 2
    across = bell.view(1, 1, 1, -1).expand(channels, 1, 1, -1)
    down = bell.view(1, 1, -1, 1).expand(channels, 1, -1, 1)
    half = F.conv2d(pictures, across, padding=(0, reach), groups=channels)
    return F.conv2d(half, down, padding=(reach, 0), groups=channels)


def softened(masks: Tensor) -> Tensor:
    """Masks (B, 1, S, S) with a soft edge: sigma is 1/32 of the side, at least 1."""
    return blurred(masks, max(1.0, masks.shape[-1] // 32))


def reduced(pictures: Tensor, sides: Sequence[int]) -> list[Tensor]:
    """Pictures at other sides, bicubic; values stay 0..1."""
    return [
        pictures
        if side == pictures.shape[-1]
        else F.interpolate(pictures, (side, side), mode="bicubic", antialias=True).clamp(0, 1)
        for side in sides
    ]


def masked_dssim(drawn: Tensor, wanted: Tensor, mask: Tensor) -> Tensor:
    """Mean DSSIM of two pictures, black outside the mask."""
    return dssim_of_each(drawn * mask, wanted * mask).mean()


def scales_loss(
    drawn: Sequence[Tensor], wanted: Sequence[Tensor], masks: Sequence[Tensor], *, pixels: bool
) -> Tensor:
    """Over all scales: 100 times the mean of squared DSSIM, or of squared differences (SPAN)."""
    parts = []
    for face, target, mask in zip(drawn, wanted, masks, strict=True):
        if pixels:
            parts.append(((face - target) * mask * SPAN).square().mean())
        else:
            parts.append(dssim_of_each(face * mask, target * mask).square().mean())
    return 100 * torch.stack(parts).sum()


def mask_scales_loss(drawn: Sequence[Tensor], wanted: Sequence[Tensor]) -> Tensor:
    """Over all scales the mean squared difference of masks (SPAN)."""
    parts = [((a - b) * SPAN).square().mean() for a, b in zip(drawn, wanted, strict=True)]
    return torch.stack(parts).sum()


def face_style(swap: Tensor, dst: Tensor, mask: Tensor, power: float) -> Tensor:
    """How far the swap's colours are from dst's, each inside the mask and widely blurred.

    The squared differences of the channels' means and spreads, added up over channels and
    batch; `power` is 0..100.
    """
    sigma = swap.shape[-1] / 8
    a, b = (blurred(picture * mask * SPAN, sigma) for picture in (swap, dst))
    means = a.mean((2, 3)) - b.mean((2, 3))
    spreads = _spread(a) - _spread(b)
    return 0.2 * power / 100 * (means.square() + spreads.square()).sum()


def _spread(pictures: Tensor) -> Tensor:
    # Not torch's std: its slope is infinite where a channel is flat.
    return (pictures.var((2, 3), unbiased=False) + 1e-5).sqrt()


def background_style(
    swap: Tensor, dst: Tensor, mask: Tensor, power: float, *, pixels: bool
) -> Tensor:
    """How far the swap is from dst outside the mask; `power` is 0..100."""
    outside = 1 - mask
    return power / 100 * scales_loss([swap], [dst], [outside], pixels=pixels)


def features_loss(drawn: Tensor, wanted: Tensor, features: Tensor) -> Tensor:
    """300 times the mean absolute difference on eyes and mouth."""
    return 300 * ((drawn - wanted).abs() * features).mean()
