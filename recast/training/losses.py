"""How far a drawn face is from the wanted one."""

from functools import cache

import torch
from torch import Tensor


@cache
def _window(side: int, taps: int, sigma: float) -> Tensor:
    """(side - taps + 1, side): row i averages pixels i..i+taps-1 with Gaussian weights."""
    offsets = torch.arange(taps) - (taps - 1) / 2
    weights = torch.softmax(-(offsets**2) / (2 * sigma**2), 0)
    band = torch.zeros(side - taps + 1, side)
    for row in range(len(band)):
        band[row, row : row + taps] = weights
    return band


def dssim_of_each(drawn: Tensor, wanted: Tensor, *, taps: int = 11, sigma: float = 1.5) -> Tensor:
    """Structural dissimilarity (1 - SSIM) / 2 of each pair, (B,); 0 for equal ones, at most 1.

    Wang et al., "Image quality assessment: from error visibility to structural
    similarity", 2004: Gaussian window, K = 0.01 and 0.03, only whole windows.

    Args:
        drawn, wanted: (B, C, S, S), 0..1, with S >= taps.
    """
    # SSIM subtracts squares from means of squares: half precision would leave nothing of them.
    with torch.autocast(drawn.device.type, enabled=False):
        return _dssim(_whole(drawn), _whole(wanted), taps, sigma)


def _whole(picture: Tensor) -> Tensor:
    """Float32, if it is half of that."""
    return picture.float() if picture.itemsize < 4 else picture


def _dssim(drawn: Tensor, wanted: Tensor, taps: int, sigma: float) -> Tensor:
    # Two matrix products blur faster than a convolution with one channel, forward and back.
    band = _window(drawn.shape[-1], taps, sigma).to(drawn)

    def blur(x: Tensor) -> Tensor:
        return band @ x @ band.T

    mean_d, mean_w = blur(drawn), blur(wanted)
    square_d, square_w, product = mean_d**2, mean_w**2, mean_d * mean_w
    spread = blur(drawn**2 + wanted**2) - square_d - square_w
    shared = blur(drawn * wanted) - product
    c1, c2 = 0.01**2, 0.03**2
    similarity = (2 * product + c1) * (2 * shared + c2)
    similarity = similarity / ((square_d + square_w + c1) * (spread + c2))
    return (1 - similarity).mean((1, 2, 3)) / 2


def dssim(drawn: Tensor, wanted: Tensor) -> Tensor:
    """The mean of `dssim_of_each`."""
    return dssim_of_each(drawn, wanted).mean()


def face_loss(drawn: Tensor, wanted: Tensor, mask: Tensor, weight: Tensor) -> Tensor:
    """DSSIM + weighted L1 where the mask shows the face.

    Args:
        drawn, wanted: (B, 3, S, S), 0..1.
        mask: (B, 1, S, S), 0..1.
        weight: (B, 1, S, S), how much each pixel counts in L1.
    """
    drawn, wanted = drawn * mask, wanted * mask
    return dssim(drawn, wanted) + ((drawn - wanted).abs() * weight).mean()


def mask_loss(drawn: Tensor, wanted: Tensor) -> Tensor:
    """L1 between masks (B, 1, S, S), 0..1."""
    return (drawn - wanted).abs().mean()
