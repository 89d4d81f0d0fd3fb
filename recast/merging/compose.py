"""Put drawn faces into a frame, touching nothing but the place where they go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from recast.faces.align import align
from recast.geometry import Similarity
from recast.images import FrameImage, Image, Mask, to_float
from recast.merging.blend import overlay
from recast.merging.color import Area, Measured, by_histograms, matched, measure
from recast.merging.finish import coarsened, denoised, motion_blurred, recoloured, sharpened
from recast.merging.grain import Grain, Region, grain, measured_grain
from recast.merging.look import COLOR_MATCHES, ON_BLACK, Look
from recast.merging.masks import resized, shaped

_GREY = np.array([0.299, 0.587, 0.114], np.float32)  # BT.601's weights, as every grey picture here


@dataclass(frozen=True)
class DrawnFace:
    """What a model drew for a face of the frame.

    face: (S, S, 3), RGB, 0..1; mask: square, of any size; placed: from frame to the face's
    crop pixels. measured and noise: of the frames around, measured here if None. motion: of the
    face, pixels from frame to frame; seed: makes the grain.
    """

    face: Image
    mask: Mask
    placed: Similarity
    measured: Measured | None = None
    noise: Grain | None = None
    motion: tuple[float, float] = (0.0, 0.0)
    seed: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class Part:
    """A merged region (left, top, right, bottom) of a frame: picture and matte, 0..1."""

    region: Region
    joined: Image
    alpha: Mask


@dataclass(frozen=True)
class Composed:
    """A merged frame.

    alpha: (H, W), how much of the faces shows; layer: (H, W, 3), 0..1, what laid over the plate
    by `alpha` gives the merge; of a pyramid's outermost edge, the nearest colour. Both only if
    they were asked for.
    """

    image: FrameImage
    alpha: Mask | None = None
    layer: Image | None = None


def compose(
    frame: FrameImage, faces: Sequence[DrawnFace], look: Look, *, layers: bool = False
) -> Composed:
    """The frame with its faces in it, in their order; outside their regions every bit stays."""
    height, width = frame.shape[:2]
    merged: FrameImage = frame
    if look.mode in ON_BLACK:
        merged = np.zeros_like(frame)
    alpha = np.zeros((height, width), np.float32) if layers else None
    layer = np.zeros((height, width, 3), np.float32) if layers else None
    for drawn in faces:
        part = part_of(merged, drawn, look)
        if part is None:
            continue
        left, top, right, bottom = part.region
        if alpha is not None and layer is not None:
            _add_layer(alpha[top:bottom, left:right], layer[top:bottom, left:right], merged, part)
        merged = _pasted(merged, part, whole=look.mode == "raw-rgb-mask")
    return Composed(merged, alpha, layer)


def part_of(frame: FrameImage, drawn: DrawnFace, look: Look) -> Part | None:
    """The region a face changes; None if it shows nowhere."""
    if look.mode == "original":
        return None
    placed = _scaled(drawn.placed, drawn.face.shape[0], look.face_scale)
    mask = shaped(drawn.mask, grow=look.grow, feather=look.feather, border=look.border)
    square = look.mode in ("raw-rgb", "raw-rgb-mask", "raw-predict")
    shown = np.ones_like(mask) if square else mask
    onto_mask = _onto(placed, drawn.face.shape[0], mask.shape[0])
    region = shown_region(shown, onto_mask, (frame.shape[1], frame.shape[0]))
    if region is None:
        return None
    left, top, right, bottom = region
    size = (right - left, bottom - top)
    shift = Similarity(np.array([[1, 0, -left], [0, 1, -top]], np.float64))
    alpha = unaligned(mask, onto_mask.inverse().then(shift), size).clip(0, 1)
    if look.mode == "raw-mask":
        return Part(region, np.repeat(alpha[..., None], 3, 2), alpha)
    back = placed.inverse().then(shift)
    plain = to_float(frame[top:bottom, left:right])
    if square:
        face = unaligned(drawn.face, back, size)
        edge = unaligned(np.ones_like(mask), onto_mask.inverse().then(shift), size).clip(0, 1)
        return Part(region, overlay(face, plain, edge), alpha if "mask" in look.mode else edge)
    face = _in_colour(frame, drawn, look)
    face = _finished(unaligned(face, back, size), plain, drawn, look)
    solid = None
    if look.seamless_grow and look.mode.startswith("seamless"):
        moved = shaped(drawn.mask, grow=look.grow + look.seamless_grow, border=look.border)
        solid = unaligned(moved, onto_mask.inverse().then(shift), size)
    joined = look.blend(face, plain, alpha, solid)
    if look.mode == "seamless-hist-match":
        joined = _matched_again(frame, Part(region, joined, alpha), drawn, look)
    noise = _noise(frame, region, drawn, look)
    if noise is not None:
        joined = joined + noise * alpha[..., None]
    return Part(region, joined, alpha)


def _in_colour(frame: FrameImage, drawn: DrawnFace, look: Look) -> Image:
    """The face in the frame's colours, sharpened."""
    side = drawn.face.shape[0]
    target = to_float(align(frame, drawn.placed, side)) if drawn.measured is None else None
    measured = drawn.measured
    if measured is None:
        assert target is not None
        mask = resized(drawn.mask, side)
        measured = measure(drawn.face, target, mask, area=look.color_area)
    match, share = COLOR_MATCHES[look.color_match], look.share
    face = matched(drawn.face, measured, match, share)
    if look.mode in ("hist-match", "hist-match-bw"):
        if look.mode == "hist-match-bw":
            face = _grey(face)
        if not look.masked_hist_match:
            whole = to_float(align(frame, drawn.placed, side)) if target is None else target
            measured = measure(face, whole, drawn.mask, area="crop")
        face = _hist_matched(face, face, measured, drawn.mask, look)
    return sharpened(face, look.sharpen, look.sharpen_mode)


def _finished(face: Image, plain: Image, drawn: DrawnFace, look: Look) -> Image:
    if look.motion_blur:
        face = motion_blurred(face, drawn.motion, look.motion_blur)
    face = denoised(face, look.denoise)
    face = coarsened(face, look.bicubic)
    return recoloured(face, plain, look.palette)


def _noise(frame: FrameImage, region: Region, drawn: DrawnFace, look: Look) -> Image | None:
    if not look.grain:
        return None
    like = measured_grain(frame, region) if drawn.noise is None else drawn.noise
    if not like.covariance.any():
        return None
    left, top, right, bottom = region
    wanted = replace(like, covariance=like.covariance * look.grain**2)
    return grain((bottom - top, right - left), wanted, drawn.seed)


def _matched_again(frame: FrameImage, part: Part, drawn: DrawnFace, look: Look) -> Image:
    """What was joined, its histogram matched to dst's face."""
    side = drawn.face.shape[0]
    plain = to_float(align(frame, drawn.placed, side))
    seen = to_float(align(_pasted(frame, part), drawn.placed, side))
    area: Area = "mask" if look.masked_hist_match else "crop"
    measured = measure(seen, plain, resized(drawn.mask, side), area=area)
    left, top, right, bottom = part.region
    joined = _hist_matched(part.joined, seen, measured, drawn.mask, look)
    return overlay(joined, to_float(frame[top:bottom, left:right]), part.alpha)


def _hist_matched(face: Image, seen: Image, measured: Measured, mask: Mask, look: Look) -> Image:
    """A face matched by the histograms of `seen`, an aligned crop, and of dst's own face."""
    area: Area = "mask" if look.masked_hist_match else "crop"
    own = measure(seen, seen, resized(mask, seen.shape[0]), area=area)
    if not len(own.own) or not len(measured.wanted):
        return face
    transfer = by_histograms(
        (own.own, own.weights),
        (measured.wanted, measured.weights),
        1.0,
        ceiling=look.hist_threshold / 255,
    )
    return np.asarray(transfer(face).clip(0, 1), np.float32)


def _grey(image: Image) -> Image:
    return np.repeat((image @ _GREY)[..., None], 3, axis=-1)


def _pasted(frame: FrameImage, part: Part, *, whole: bool = False) -> FrameImage:
    left, top, right, bottom = part.region
    limit = np.iinfo(frame.dtype).max
    merged = frame.copy()
    changed = np.rint(part.joined.clip(0, 1) * limit).astype(frame.dtype)
    if not whole:
        before = frame[top:bottom, left:right]
        changed = np.where(part.alpha[..., None] > 0, changed, before)
    merged[top:bottom, left:right] = changed
    return merged


def _add_layer(alpha: Mask, layer: Image, frame: FrameImage, part: Part) -> None:
    """Lay a face over what a region of the layer holds already; both are changed in place."""
    left, top, right, bottom = part.region
    plain = to_float(frame[top:bottom, left:right])
    own = part.alpha[..., None]
    # Solved for the face, as a blend may have changed more than its opacity.
    face = (plain + (part.joined - plain) / np.maximum(own, 1 / 255)).clip(0, 1)
    under = alpha[..., None] * (1 - own)
    total = own + under
    layer[:] = np.where(total > 0, (face * own + layer * under) / np.maximum(total, 1e-6), face)
    alpha[:] = total[..., 0]


def _scaled(placed: Similarity, side: int, percent: float) -> Similarity:
    """The same place with the face that much larger in the frame, about the crop's centre."""
    if not percent:
        return placed
    zoom, middle = 1 / (1 + percent / 100), (side - 1) / 2
    shift = middle * (1 - zoom)
    return placed.then(Similarity(np.array([[zoom, 0, shift], [0, zoom, shift]])))


def _onto(placed: Similarity, side: int, finer: int) -> Similarity:
    """From frame pixels to those of the crop at another size."""
    zoom = finer / side
    shift = (zoom - 1) / 2
    return placed.then(Similarity(np.array([[zoom, 0, shift], [0, zoom, shift]])))


def shown_region(
    mask: Mask, placed: Similarity, size: tuple[int, int]
) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom of the pixels the mask can reach; None if it shows nowhere."""
    rows, columns = np.flatnonzero(mask.max(1) > 0), np.flatnonzero(mask.max(0) > 0)
    if not len(rows):
        return None
    x, y = (columns[0] - 1, columns[-1] + 1), (rows[0] - 1, rows[-1] + 1)
    corners = np.array([(i, j) for i in x for j in y], np.float32)
    reach = placed.inverse().apply(corners)
    left, top = np.floor(reach.min(0)).astype(int).clip(0)
    right, bottom = np.ceil(reach.max(0)).astype(int) + 1
    right, bottom = min(right, size[0]), min(bottom, size[1])
    return (int(left), int(top), int(right), int(bottom)) if left < right and top < bottom else None


def unaligned(crop: Image | Mask, back: Similarity, size: tuple[int, int]) -> Image:
    """Carry a crop (S, S, ...) into an empty picture of `size` (width, height).

    `back` is from crop to picture pixels. Outside it a mask is 0, a face repeats its edge.
    """
    border = cv2.BORDER_CONSTANT if crop.ndim == 2 else cv2.BORDER_REPLICATE
    if back.scale < 1:
        # Averaged to about the size it is shown at, or a small face would sparkle.
        smaller = max(1, round(crop.shape[0] * back.scale))
        zoom = crop.shape[0] / smaller
        crop = np.asarray(
            cv2.resize(crop, (smaller, smaller), interpolation=cv2.INTER_AREA), np.float32
        )
        widen = np.array([[zoom, 0, (zoom - 1) / 2], [0, zoom, (zoom - 1) / 2]])
        back = Similarity(widen).then(back)
    return np.asarray(
        cv2.warpAffine(crop, back.matrix, size, flags=cv2.INTER_CUBIC, borderMode=border),
        np.float32,
    )
