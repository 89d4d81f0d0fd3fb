"""An invisible mark in the luma of merged frames, around each face.

A square of 64 by 64 cells, each a little brighter or darker than its surroundings, repeats over
the frame. A third of its cells are always the same: they tell that the mark is there, and where
and how large a square is. The others carry a number, each of its coded bits in many cells that
are spread over the square. All of it turns dark for bright twice a second, so that whoever reads
it can take a still background away. Only cells near a face are drawn, more strongly where the
picture has texture that hides them.

Cells measure 1/160 of the frame's shorter side, so they survive a smaller copy. Spread-spectrum
watermarks: Cox et al., "Secure spread spectrum watermarking for multimedia", 1997; a repeated
square that is found again at any place: Kalker et al., "A video watermarking system for
broadcast monitoring" (JAWS), 1999.

The pattern is no secret. It tells honest people where a picture comes from; whoever reads this
can remove it, or draw it into another picture.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from recast.images import FrameImage, Image
from recast.provenance.watermark_code import CODED_BITS, coded

VERSION = 1
CELLS = 160
"""Along the shorter side of a frame."""
TILE = 64
"""Cells along a side of the square that repeats."""
FIXED_SHARE = 3
"""One cell of so many says that the mark is there."""
FLIPS = 2
"""A second: how often bright and dark change places."""
REACH = 1.0
"""How far from a face's centre the mark goes, in sizes of its landmarks' box."""

_SEED = b"recast watermark 1"
_SOFT_CELL = 0.35
"""Sigma of a cell's soft edge, in cells."""
_SOFT_EDGE = 0.12
"""Of the region around a face, in parts of its sides."""
_FLAT, _TEXTURE, _MOST = 0.85, 0.2, 2.5
"""Root mean square in levels of 255: where nothing hides it, for each level of texture, at most."""
_LOOKED_AT = 1.5
"""Pixels a cell at which texture is measured."""

Floats = NDArray[np.float32]
Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels; right and bottom are not included."""


@dataclass(frozen=True)
class Layout:
    """What each cell of the square is for.

    chips: (TILE, TILE), +1 or -1; role: the number of the coded bit it carries, -1 for the cells
    that are always the same.
    """

    chips: Floats
    role: NDArray[np.int64]

    @property
    def fixed(self) -> Floats:
        """The chips that are always there, 0 elsewhere."""
        return np.where(self.role < 0, self.chips, np.float32(0))

    def square(self, identity: int) -> Floats:
        """The whole square that carries a number, (TILE, TILE), +1 or -1."""
        signs = np.append(coded(identity), 1).astype(np.float32)
        return self.chips * signs[self.role]

    def soft_bits(self, cells: Floats) -> NDArray[np.float64]:
        """How much of each coded bit is in cells that were read."""
        carries = self.role >= 0
        weights = (cells * self.chips)[carries]
        counts = np.bincount(self.role[carries], weights=weights, minlength=CODED_BITS)
        return np.asarray(counts, np.float64)


def layout(seed: bytes = _SEED) -> Layout:
    """The layout of version 1; another seed gives one that is of no kin to it."""
    # Bytes of a hash, not of NumPy's generators: those may change, a watermark must not.
    count = TILE * TILE
    drawn = hashlib.shake_256(seed).digest(9 * count)
    chips = 1 - 2 * (np.frombuffer(drawn[:count], np.uint8) & 1).astype(np.float32)
    order = np.argsort(np.frombuffer(drawn[count:], "<u8"), kind="stable")
    role = np.full(count, -1, np.int64)
    carriers = order[count // FIXED_SHARE :]
    role[carriers] = np.arange(len(carriers)) % CODED_BITS
    return Layout(chips.reshape(TILE, TILE), role.reshape(TILE, TILE))


@dataclass(frozen=True)
class Watermark:
    """Draws one number into the frames of a take; deterministic, and safe in threads.

    pattern: (H, W), root mean square 1.
    """

    identity: int
    pattern: Floats

    @staticmethod
    def of(identity: int, size: tuple[int, int]) -> Watermark:
        """The watermark of frames of `size` (width, height)."""
        width, height = size
        cell = min(size) / CELLS
        across, down = (
            ((np.arange(length) + 0.5) / cell).astype(np.int64) % TILE for length in (width, height)
        )
        hard = layout().square(identity)[np.ix_(down, across)]
        soft = cv2.GaussianBlur(hard, (0, 0), max(0.01, _SOFT_CELL * cell))
        return Watermark(identity, np.asarray(soft / np.sqrt(np.mean(soft**2)), np.float32))

    @property
    def name(self) -> str:
        """The number in eight hexadecimal digits, as credentials and records have it."""
        return named(self.identity)

    @property
    def cell(self) -> float:
        """Pixels along a cell."""
        return float(min(self.pattern.shape) / CELLS)

    def drawn(self, frame: FrameImage, faces: Sequence[Floats], moment: Fraction) -> FrameImage:
        """The frame with the mark around each face; a copy, whose other pixels are the same.

        `faces` are landmarks in frame pixels, (N, 2); `moment` is the frame's, in seconds.
        """
        found = self._strength_near(frame, faces)
        if found is None:
            return frame
        (left, top, right, bottom), strength = found
        unit, depth = (1, cv2.CV_8U) if frame.dtype == np.uint8 else (257, cv2.CV_16U)
        pattern = self.pattern[top:bottom, left:right]
        levels = cv2.multiply(strength, pattern, scale=unit * _turn(moment), dtype=cv2.CV_16S)
        done = frame.copy()
        part = done[top:bottom, left:right]
        done[top:bottom, left:right] = cv2.add(part, cv2.merge([levels] * 3), dtype=depth)
        return done

    def drawn_on_layer(
        self, layer: Image, frame: FrameImage, faces: Sequence[Floats], moment: Fraction
    ) -> Image:
        """The same on a layer of faces, 0..1, that lies over this frame."""
        found = self._strength_near(frame, faces)
        if found is None:
            return layer
        (left, top, right, bottom), strength = found
        change = strength * self.pattern[top:bottom, left:right] * np.float32(_turn(moment) / 255)
        done = layer.copy()
        part = done[top:bottom, left:right]
        done[top:bottom, left:right] = np.clip(part + change[..., None], 0, 1)
        return done

    def _strength_near(
        self, frame: FrameImage, faces: Sequence[Floats]
    ) -> tuple[Box, Floats] | None:
        """A box of the frame, and the mark's root mean square at each of its pixels."""
        height, width = frame.shape[:2]
        boxes = [box for face in faces if (box := region(face, (width, height))) is not None]
        if not boxes:
            return None
        ends = np.array(boxes)
        left, top = (int(edge) for edge in ends[:, :2].min(0))
        right, bottom = (int(edge) for edge in ends[:, 2:].max(0))
        strength = _strength(frame[top:bottom, left:right], min(1.0, _LOOKED_AT / self.cell))
        strength *= _windows(boxes, (left, top, right, bottom), strength.shape)
        whole = cv2.resize(strength, (right - left, bottom - top))
        return (left, top, right, bottom), np.asarray(whole, np.float32)


def _turn(moment: Fraction) -> int:
    """Whether the bright cells are bright or dark."""
    return -1 if int(moment * FLIPS) % 2 else 1


def _strength(part: FrameImage, zoom: float) -> Floats:
    """Little on skin, more in hair and cloth; of the picture made smaller by `zoom`."""
    height, width = part.shape[:2]
    size = (max(1, round(width * zoom)), max(1, round(height * zoom)))
    # Floats before it is made smaller: texture is fractions of a level.
    levels = np.asarray(cv2.cvtColor(part, cv2.COLOR_RGB2GRAY), np.float32)
    small = cv2.resize(levels, size, interpolation=cv2.INTER_AREA)
    luma = small * np.float32(255 / np.iinfo(part.dtype).max)
    rough = cv2.blur(np.abs(luma - cv2.blur(luma, (5, 5))), (5, 5))
    # The least of what is near: an edge hides nothing in the flat beside it.
    hidden = cv2.erode(rough, np.ones((5, 5), np.uint8))
    strength = np.minimum(_FLAT + _TEXTURE * hidden, _MOST).astype(np.float32)
    strength[(luma < 0.5) | (luma > 254.5)] = 0  # black stays black, and white has no headroom
    return np.asarray(strength, np.float32)


def named(identity: int) -> str:
    """A watermark's number as it is written down."""
    return f"{identity:08x}"


def region(face: Floats, size: tuple[int, int]) -> Box | None:
    """Where the mark of a face goes in a frame of `size` (width, height)."""
    low, high = face.min(0), face.max(0)
    middle, reach = (low + high) / 2, float((high - low).max()) * REACH
    if not np.isfinite(middle).all() or not np.isfinite(reach):
        return None
    left, top = np.floor(middle - reach).clip(0, size).astype(int)
    right, bottom = np.ceil(middle + reach).clip(0, size).astype(int)
    box = (int(left), int(top), int(right), int(bottom))
    return box if left < right and top < bottom else None


def _windows(boxes: Sequence[Box], around: Box, shape: tuple[int, ...]) -> Floats:
    """How much of the mark shows in `around`, made `shape` large: softly less at a box's edges."""
    left, top, right, bottom = around
    down = _middles(shape[0], top, bottom)
    across = _middles(shape[1], left, right)
    shown = np.zeros(shape, np.float32)
    for box in boxes:
        np.maximum(
            shown, _ramp(down, box[1], box[3])[:, None] * _ramp(across, box[0], box[2]), out=shown
        )
    return shown


def _middles(count: int, first: int, end: int) -> Floats:
    """Where the middles of `count` equal parts lie."""
    return ((np.arange(count) + 0.5) * ((end - first) / count) + first).astype(np.float32)


def _ramp(at: Floats, first: int, end: int) -> Floats:
    near = np.minimum(at - first, end - at) / max(1.0, _SOFT_EDGE * (end - first))
    return near.clip(0, 1).astype(np.float32)
