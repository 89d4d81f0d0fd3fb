"""Bring a drawn face to the colours of the frame it goes into.

All of it happens in CIE L*a*b* (D65) and looks at the masked pixels only. `face` and
`target` are aligned crops (S, S, 3), RGB, 0..1: the drawn face and dst's own at that place.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from recast.images import Image, Mask

Floats = NDArray[np.float32]
LIGHT_REACH = 0.1  # sigma, parts of the side: wider than a feature, narrower than a face


def _to_lab(image: Image) -> Floats:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2LAB), np.float32)


def _to_rgb(lab: Floats) -> Image:
    lab = lab.astype(np.float32)
    lab[..., 0] = lab[..., 0].clip(0, 100)
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), np.float32).clip(0, 1)


def _solid(mask: Mask) -> NDArray[np.bool_]:
    """Pixels that surely belong to the face, a little inside its edge."""
    reach = max(1, mask.shape[0] // 48)
    inside = cv2.erode((mask > 0.5).astype(np.uint8), np.ones((2 * reach + 1,) * 2, np.uint8))
    return inside.astype(bool)


def unchanged(face: Image, target: Image, mask: Mask, tone: float) -> Image:
    """The face as the model drew it."""
    return face


def reinhard(face: Image, target: Image, mask: Mask, tone: float) -> Image:
    """Move mean and spread of each channel towards the target's, by the share `tone`, 0..1.

    Reinhard et al., "Color transfer between images", 2001.
    """
    inside = _solid(mask)
    if not inside.any():
        return face
    own, wanted = _to_lab(face), _to_lab(target)
    mean, mean_wanted = own[inside].mean(0), wanted[inside].mean(0)
    ratio = wanted[inside].std(0) / np.maximum(own[inside].std(0), 1e-3)
    gain = 1 + tone * (np.clip(ratio, 0.25, 4) - 1)
    return _to_rgb((own - mean) * gain + mean + tone * (mean_wanted - mean))


def relit(face: Image, target: Image, mask: Mask, tone: float) -> Image:
    """Let the target's light fall on the face, and move its mean colour by the share `tone`.

    Light varies slowly over a face and features do not, so what is left of each after a wide
    blur, less its mean, is taken for its light; the face's is replaced by the target's. The
    skin's own colour, which the mean holds, stays src's unless `tone` asks for dst's.
    """
    inside = _solid(mask)
    if not inside.any():
        return face
    own, wanted = _to_lab(face), _to_lab(target)
    mean, mean_wanted = own[inside].mean(0), wanted[inside].mean(0)
    weight = inside.astype(np.float32)
    difference = (wanted - mean_wanted) - (own - mean)
    sigma = LIGHT_REACH * mask.shape[0]
    blurred = cv2.GaussianBlur(difference * weight[..., None], (0, 0), sigma)
    known = cv2.GaussianBlur(weight, (0, 0), sigma)[..., None]
    light = blurred / np.maximum(known, 1e-3)
    light -= light[inside].mean(0)  # the blur moved it; the mean is `tone`'s alone
    return _to_rgb(own + light + tone * (mean_wanted - mean))


ColorMatch = Callable[[Image, Image, Mask, float], Image]

COLOR_MATCHES: dict[str, ColorMatch] = {"none": unchanged, "rct": reinhard, "light": relit}
