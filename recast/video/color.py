"""Between the colours of a video file and RGB, by the file's own matrix and range.

Numbers are those of ITU-T H.273. Transfer and primaries are carried, never applied: a model
that learns faces and a merge that pastes them want the take's own values.
"""

import sys
from dataclasses import dataclass, replace
from typing import cast

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from recast.errors import TakeUnwritable
from recast.images import FrameImage

LIMITED, FULL = 1, 2
UNSAID = 2
_BT709, _BT601, _BT2020_CONSTANT = 1, 6, 10
_SWSCALE_NAMES = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9, _BT2020_CONSTANT: 9}
"""From H.273 to what swscale calls the same matrix."""

# swscale's short cuts darken by one level and more (measured); these two flags prevent it.
_EXACT = Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
_RGB = {
    8: "rgb24",
    16: "rgb48le" if sys.byteorder == "little" else "rgb48be",
}


@dataclass(frozen=True)
class ColorTags:
    """What a file says of its colours; 2 is "unsaid", `range` is 0 unsaid, 1 limited, 2 full."""

    primaries: int = UNSAID
    transfer: int = UNSAID
    matrix: int = UNSAID
    range: int = 0


def matrix_in_use(tags: ColorTags, size: tuple[int, int]) -> int:
    """The matrix to convert by: the one named, else BT.709 for HD and BT.601 below."""
    if tags.matrix in _SWSCALE_NAMES:
        return tags.matrix
    width, height = size
    return _BT709 if width > 1024 or height > 576 else _BT601


def written_tags(tags: ColorTags, size: tuple[int, int], *, is_rgb: bool) -> ColorTags:
    """The tags for a YUV copy: those of the take, or BT.709 in place of untagged RGB."""
    if is_rgb:
        primaries = _BT709 if tags.primaries == UNSAID else tags.primaries
        transfer = _BT709 if tags.transfer == UNSAID else tags.transfer
        return ColorTags(primaries, transfer, _BT709, LIMITED)
    if tags.matrix in {UNSAID, *_SWSCALE_NAMES} - {_BT2020_CONSTANT}:
        return tags
    named = replace(tags, matrix=9 if tags.matrix == _BT2020_CONSTANT else UNSAID)
    return replace(named, matrix=matrix_in_use(named, size))


class ToRgb:
    """Makes (H, W, 3) RGB pixels of decoded frames, uint8, or uint16 for a depth above 8."""

    def __init__(self, tags: ColorTags, size: tuple[int, int], depth: int) -> None:
        self._matrix = _SWSCALE_NAMES[matrix_in_use(tags, size)]
        self._range = tags.range or LIMITED
        self._format = _RGB[8 if depth <= 8 else 16]
        self._reformatter = VideoReformatter()

    def __call__(self, frame: av.VideoFrame) -> FrameImage:
        full = frame.format.is_rgb or frame.format.name.startswith("yuvj")
        rgb = self._reformatter.reformat(
            frame,
            format=self._format,
            src_colorspace=self._matrix,
            dst_colorspace=self._matrix,
            interpolation=Interpolation.BILINEAR | _EXACT,
            src_color_range=FULL if full else self._range,
            dst_color_range=FULL,
            threads=1,
        )
        return cast(FrameImage, np.ascontiguousarray(rgb.to_ndarray()))


class FromRgb:
    """Makes frames of the given pixel format, matrix and range of RGB pixels."""

    def __init__(self, tags: ColorTags, size: tuple[int, int], pixel_format: str) -> None:
        self._matrix = _SWSCALE_NAMES[matrix_in_use(tags, size)]
        self._range = tags.range or LIMITED
        self._format = pixel_format
        self._reformatter = VideoReformatter()

    def __call__(self, image: FrameImage) -> av.VideoFrame:
        layout = _RGB.get(image.dtype.itemsize * 8)
        if layout is None or image.dtype.kind != "u":
            raise TakeUnwritable(f"a frame is of uint8 or uint16, not {image.dtype}")
        return self._reformatter.reformat(
            av.VideoFrame.from_ndarray(cast(FrameImage, np.ascontiguousarray(image)), layout),
            format=self._format,
            interpolation=Interpolation.BICUBIC | _EXACT,
            src_color_range=FULL,
            dst_colorspace=self._matrix,
            dst_color_range=self._range,
            threads=1,
        )
