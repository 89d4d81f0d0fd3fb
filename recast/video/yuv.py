"""YUV and RGB by the definition of ITU-T H.273, in floats: for depths swscale does not keep.

swscale takes 65280 for the white of 16-bit RGB and loses levels of full-range video; it stays in
use for 8 bits, where it is exact to a level and fast.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from recast.images import FrameImage

Plane = NDArray[Any]
"""Samples of one component as they lie in a frame: (height, width), uint8 or uint16."""

_LUMA = {
    1: (0.2126, 0.0722),
    4: (0.30, 0.11),
    5: (0.299, 0.114),
    6: (0.299, 0.114),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
}
"""How much red and blue count towards brightness, by matrix (H.273, table 4)."""
_BAND = 64  # rows
_NAME = re.compile(r"yuv(a?)(j?)(420|422|444)p(\d*)(le|be)?")


@dataclass(frozen=True)
class YuvLayout:
    """How a planar YUV format lays its samples: `across` and `down` share one colour sample."""

    alpha: bool
    across: int
    down: int
    depth: int

    @staticmethod
    def of(pixel_format: str) -> YuvLayout | None:
        """The layout FFmpeg calls `pixel_format`; None if it is not 4:2:0, 4:2:2 or 4:4:4 YUV."""
        found = _NAME.fullmatch(pixel_format)
        if found is None or found[5] == "be":
            return None
        across, down = {"420": (2, 2), "422": (2, 1), "444": (1, 1)}[found[3]]
        return YuvLayout(bool(found[1]), across, down, int(found[4] or 8))

    @property
    def dtype(self) -> type[np.uint8] | type[np.uint16]:
        return np.uint8 if self.depth <= 8 else np.uint16


def planes_of(frame: av.VideoFrame) -> list[Plane]:
    """The samples of a planar frame; writing to them changes the frame."""
    layout = YuvLayout.of(frame.format.name)
    dtype = np.dtype(np.uint8 if layout is None else layout.dtype)
    planes = []
    for plane in frame.planes:
        rows = np.frombuffer(
            memoryview(plane), dtype, plane.height * plane.line_size // dtype.itemsize
        )
        planes.append(rows.reshape(plane.height, -1)[:, : plane.width])
    return planes


@dataclass(frozen=True)
class YuvMatrix:
    """Turns samples of a matrix (H.273), range and depth into RGB and back.

    4:2:0 and 4:2:2 colour lies as MPEG-2 and H.264 place it: on the left of two pixels and
    between two rows. Upsampling is linear; downsampling is its exact inverse on what it made.
    """

    matrix: int
    full: bool
    depth: int

    def to_rgb(self, planes: list[Plane], layout: YuvLayout, size: tuple[int, int]) -> FrameImage:
        """(H, W, 3) uint16 over its full range; what lies outside RGB is clipped."""
        width, height = size
        parts = [planes[0], *(_widened(p, layout, width, height) for p in planes[1:3])]
        image = np.empty((height, width, 3), np.uint16)
        for rows in _bands(height):
            yuv = cv2.merge([part[rows].astype(np.float32) for part in parts])
            rgb = np.asarray(cv2.transform(yuv, 65535 * self._decoding))
            image[rows] = _rounded(rgb, 16)
        return image

    def from_rgb(self, image: FrameImage, layout: YuvLayout) -> list[Plane]:
        """Y, Cb and Cr samples of an RGB picture of 8 or 16 bits; a fourth channel is left out."""
        top = float(np.iinfo(image.dtype).max)
        scaled_down = self._encoding / np.array([top, top, top, 1])
        luma = np.empty(image.shape[:2], layout.dtype)
        colour = np.empty((2, *image.shape[:2]), np.float32)
        for rows in _bands(len(image)):
            yuv = cv2.transform(image[rows, :, :3].astype(np.float32), scaled_down)
            parts = [np.asarray(part) for part in cv2.split(yuv)]
            luma[rows] = _rounded(parts[0], self.depth)
            colour[:, rows] = parts[1:]
        return [luma, *(_rounded(_narrowed(part, layout), self.depth) for part in colour)]

    @cached_property
    def _encoding(self) -> NDArray[np.float64]:
        """(3, 4): samples from RGB of 0..1."""
        of_red, of_blue = _LUMA[self.matrix]
        y = np.array([of_red, 1 - of_red - of_blue, of_blue])
        rows = np.stack(
            [
                y,
                (np.array([0, 0, 1]) - y) / (2 - 2 * of_blue),
                (np.array([1, 0, 0]) - y) / (2 - 2 * of_red),
            ]
        )
        unit, top = 2.0 ** (self.depth - 8), 2.0**self.depth - 1
        steps = np.array([top] * 3 if self.full else [219 * unit, 224 * unit, 224 * unit])
        zero = np.array([0 if self.full else 16 * unit, 128 * unit, 128 * unit])
        return np.column_stack([rows * steps[:, None], zero])

    @cached_property
    def _decoding(self) -> NDArray[np.float64]:
        """(3, 4): RGB of 0..1 from samples."""
        back = np.linalg.inv(self._encoding[:, :3])
        return np.column_stack([back, -back @ self._encoding[:, 3]])


def scaled(plane: Plane, depth: int) -> Plane:
    """Samples over the full range of their type as samples over 0..2^depth - 1, rounded."""
    top = np.iinfo(plane.dtype).max
    if top == 2**depth - 1:
        return plane
    return cast(Plane, _rounded(plane.astype(np.float32) * np.float32((2**depth - 1) / top), depth))


def _bands(height: int) -> Iterator[slice]:
    """Rows to work on at a time: floats of a whole picture of 8K would take a gigabyte."""
    return (slice(top, top + _BAND) for top in range(0, height, _BAND))


def _rounded(values: Any, depth: int) -> Any:
    """Floats, which are overwritten, as whole numbers of 0..2^depth - 1."""
    values += np.float32(0.5)
    np.clip(values, 0, 2.0**depth - 0.5, out=values)
    return values.astype(np.uint8 if depth <= 8 else np.uint16)


def _widened(plane: Plane, layout: YuvLayout, width: int, height: int) -> NDArray[np.float32]:
    """Colour samples at every pixel."""
    part = plane.astype(np.float32)
    if layout.down == 2:
        edged = cv2.copyMakeBorder(part, 1, 1, 0, 0, cv2.BORDER_REPLICATE)
        tall = np.empty((2 * len(part), part.shape[1]), np.float32)
        tall[0::2] = 0.75 * part + 0.25 * edged[:-2]
        tall[1::2] = 0.75 * part + 0.25 * edged[2:]
        part = tall[:height]
    if layout.across == 2:
        edged = cv2.copyMakeBorder(part, 0, 0, 0, 1, cv2.BORDER_REPLICATE)
        wide = np.empty((len(part), 2 * part.shape[1]), np.float32)
        wide[:, 0::2] = part
        wide[:, 1::2] = 0.5 * (part + edged[:, 1:])
        part = wide[:, :width]
    return part


def _narrowed(plane: Any, layout: YuvLayout) -> NDArray[np.float32]:
    """One colour sample for each group of pixels: undoes `_widened`.

    Across, these are the analysis filters of LeGall's 5/3 wavelet, down those of the
    biorthogonal spline 3.1: Cohen, Daubechies, Feauveau, "Biorthogonal bases of compactly
    supported wavelets" (1992). Plain averages would blur untouched colour a little each time.
    """
    part = np.asarray(plane, np.float32)
    if layout.across == 2:
        even, odd = part[:, 0::2], part[:, 1::2]
        edged = cv2.copyMakeBorder(even, 0, 0, 0, 1, cv2.BORDER_REPLICATE)[:, 1:]
        if odd.shape[1] < even.shape[1]:
            odd = np.hstack([odd, even[:, -1:]])
        detail = odd - 0.5 * (even + edged)
        before = cv2.copyMakeBorder(detail, 0, 0, 1, 0, cv2.BORDER_REPLICATE)[:, :-1]
        part = even + 0.25 * (before + detail)
    if layout.down == 2:
        odd_height = len(part) % 2
        if odd_height:
            part = np.vstack([part, part[-1:]])
        edged = cv2.copyMakeBorder(part, 1, 1, 0, 0, cv2.BORDER_REPLICATE)
        middle = part[0::2] + part[1::2]
        few = 0.75 * middle - 0.25 * (edged[0:-2:2] + edged[3::2])
        if odd_height and len(few) > 1:  # the last row stands alone
            few[-1] = (part[-1] - 0.25 * few[-2]) / 0.75
        part = few
    return part
