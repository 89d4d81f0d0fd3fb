"""Make a drawn face as sharp, as soft and as coarse as its plate. Pictures are RGB, 0..1."""

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from recast.images import Image

Floats = NDArray[np.float32]
Sharpen = Literal["box", "gaussian"]
REFERENCE = 128
"""Side of the crop, in pixels, at which a sharpening filter spans 3 pixels."""
PALETTE = 256
LONGEST_STREAK = 0.25
"""Of motion blur, as a part of the picture's shorter side."""
_CELLS = 32
"""Along each axis of RGB, in which the nearest colour of a palette is looked up."""


def sharpened(face: Image, amount: float, kind: Sharpen = "gaussian") -> Image:
    """Sharper (0..100) or softer (-100..0) by a filter in parts of the face's size.

    With a = amount / 10, "box" gives face + a (face - box mean), "gaussian" gives
    (1 + a / 2) face - (a / 2) Gaussian mean. Below 0 it is `denoised`.
    """
    if amount <= 0:
        return denoised(face, -amount)
    reach = max(1, round(face.shape[0] / REFERENCE))
    edge = cv2.BORDER_REPLICATE
    if kind == "box":
        mean = cv2.blur(face, (2 * reach + 1,) * 2, borderType=edge)
        power = amount / 10
    else:
        mean = cv2.GaussianBlur(face, (0, 0), reach, borderType=edge)
        power = amount / 20
    return np.asarray((face + power * (face - mean)).clip(0, 1), np.float32)


def denoised(image: Image, amount: float) -> Image:
    """A median over 5 by 5 pixels, once for every 10 of 0..100; in between, a mixture."""
    passes, rest = divmod(amount / 10, 1)
    done = image
    for _ in range(int(passes)):
        done = _median(done)
    return _mixed(done, _median(done), rest) if rest > 0 else done


def motion_blurred(image: Image, motion: tuple[float, float], power: float) -> Image:
    """Streaked along `motion`, (x, y) pixels from frame to frame, by `power` percent of it."""
    across, down = (part * power / 100 for part in motion)
    length = float(np.hypot(across, down))
    most = LONGEST_STREAK * min(image.shape[:2])
    if length > most:
        across, down, length = across * most / length, down * most / length, most
    if length < 0.5:  # no more than a resampling would do
        return image
    kernel = streak(across, down)
    return np.asarray(cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REPLICATE), np.float32)


def streak(across: float, down: float) -> Floats:
    """The kernel of a straight, even movement by this many pixels, its sum 1."""
    reach = int(np.ceil(max(abs(across), abs(down)) / 2)) + 1
    count = 8 * reach + 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1))
    for at in (np.arange(count) + 0.5) / count - 0.5:
        x, y = at * across + reach, at * down + reach
        left, top = int(x), int(y)
        for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
            share = (1 - abs(x - left - column)) * (1 - abs(y - top - row))
            if top + row < len(kernel) and left + column < len(kernel):
                kernel[top + row, left + column] += share
    return np.asarray(kernel / kernel.sum(), np.float32)


def coarsened(image: Image, power: float) -> Image:
    """Made smaller by the factor 1 - power / 101 (0..100), and enlarged again, bicubic."""
    if power <= 0:
        return image
    height, width = image.shape[:2]
    factor = 1 - power / 101
    small = (max(1, round(width * factor)), max(1, round(height * factor)))
    less = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
    return np.asarray(
        cv2.resize(less, (width, height), interpolation=cv2.INTER_CUBIC).clip(0, 1), np.float32
    )


def recoloured(image: Image, plate: Image, power: float) -> Image:
    """Reduced to 256 colours taken from the plate, mixed in by `power` percent."""
    if power <= 0:
        return image
    colours = palette(plate)
    cells = (np.stack(np.meshgrid(*[np.arange(_CELLS)] * 3, indexing="ij"), -1) + 0.5) / _CELLS
    flat = cells.reshape(-1, 3).astype(np.float32)
    apart = (colours**2).sum(1) - 2 * flat @ colours.T
    nearest = colours[apart.argmin(1)].reshape(_CELLS, _CELLS, _CELLS, 3)
    at = np.minimum((image.clip(0, 1) * _CELLS).astype(np.int32), _CELLS - 1)
    return _mixed(image, nearest[at[..., 0], at[..., 1], at[..., 2]], power / 100)


def palette(plate: Image) -> Floats:
    """At most 256 colours, (N, 3): the widest box of colours is halved at its median again.

    Heckbert, "Color image quantization for frame buffer display", 1982.
    """
    flat = plate.reshape(-1, 3)
    flat = flat[:: max(1, len(flat) // 8192)]
    boxes = [flat]
    spans = [np.ptp(flat, axis=0)]
    while len(boxes) < PALETTE:
        widest = int(np.argmax([span.max() for span in spans]))
        if spans[widest].max() < 1e-3:
            break
        box, axis = boxes[widest], int(spans[widest].argmax())
        middle = float(np.median(box[:, axis]))
        low = box[:, axis] < middle if (box[:, axis] < middle).any() else box[:, axis] <= middle
        boxes[widest : widest + 1] = [box[low], box[~low]]
        spans[widest : widest + 1] = [np.ptp(part, axis=0) for part in boxes[widest : widest + 2]]
    return np.stack([box.mean(0) for box in boxes]).astype(np.float32)


def _median(image: Image) -> Image:
    if min(image.shape[:2]) < 2:
        return image
    return np.asarray(cv2.medianBlur(image, 5), np.float32)


def _mixed(one: Image, other: Image, share: float) -> Image:
    return np.asarray(one + np.float32(share) * (other - one), np.float32)
