"""Colours of faces in a batch, moved towards those of other faces."""

import torch
from torch import Tensor

# sRGB primaries under D65 (IEC 61966-2-1), and the white they add up to.
_TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_WHITE = (0.95047, 1.0, 1.08883)
_BEND = (6 / 29) ** 3


def to_lab(faces: Tensor) -> Tensor:
    """CIE L*a*b* (L 0..100) of sRGB faces (B, 3, S, S), 0..1."""
    linear = torch.where(
        faces > 0.04045, ((faces.clamp(min=0.04045) + 0.055) / 1.055) ** 2.4, faces / 12.92
    )
    xyz = torch.einsum("ij,bjhw->bihw", linear.new_tensor(_TO_XYZ), linear)
    ratio = xyz / xyz.new_tensor(_WHITE).view(3, 1, 1)
    bent = torch.where(ratio > _BEND, ratio.clamp(min=_BEND) ** (1 / 3), ratio * 841 / 108 + 4 / 29)
    x, y, z = bent.unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)


def to_rgb(lab: Tensor) -> Tensor:
    """sRGB, cut to 0..1."""
    lightness, a, b = lab.unbind(1)
    y = (lightness + 16) / 116
    bent = torch.stack([y + a / 500, y, y - b / 200], 1)
    ratio = torch.where(bent > 6 / 29, bent**3, (bent - 4 / 29) * 108 / 841)
    xyz = ratio * ratio.new_tensor(_WHITE).view(3, 1, 1)
    linear = torch.einsum("ij,bjhw->bihw", torch.linalg.inv(xyz.new_tensor(_TO_XYZ)), xyz)
    linear = linear.clamp(0, 1)
    return torch.where(
        linear > 0.0031308, 1.055 * linear.clamp(min=0.0031308) ** (1 / 2.4) - 0.055, linear * 12.92
    ).clamp(0, 1)


def moved_colors(faces: Tensor, targets: Tensor) -> Tensor:
    """Faces with the mean and the spread of each channel of L*a*b* that `targets` have.

    Reinhard et al., "Color transfer between images", 2001; over whole crops, as both show much
    the same part of a head.

    Args:
        faces, targets: (B, 3, S, S), 0..1, pair by pair.
    """
    own, wanted = to_lab(faces), to_lab(targets)
    mean, goal = (one.mean((2, 3), keepdim=True) for one in (own, wanted))
    spread, aim = (one.std((2, 3), keepdim=True) for one in (own, wanted))
    gain = (aim / spread.clamp(min=1e-3)).clamp(0.25, 4)
    return to_rgb((own - mean) * gain + goal)
