"""Between the colours of a video file and RGB, by the file's own matrix and range.

Numbers are those of ITU-T H.273. Transfer and primaries are carried, never applied: a model
that learns faces and a merge that pastes them want the take's own values.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from recast.errors import TakeUnwritable
from recast.images import FrameImage
from recast.video.yuv import Plane, YuvLayout, YuvMatrix, planes_of, scaled

LIMITED, FULL = 1, 2
UNSAID = 2
_BT709, _JPEG, _BT601, _BT2020_CONSTANT = 1, 5, 6, 10
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


def carried(tags: ColorTags, pixel_format: str) -> ColorTags:
    """The same tags for a copy of this pixel format: RGB and JPEG have ranges of their own."""
    if pixel_format.startswith("yuvj"):
        return replace(tags, matrix=_JPEG, range=FULL)
    if YuvLayout.of(pixel_format) is None:
        return replace(tags, matrix=0, range=FULL)
    return tags


class ToRgb:
    """Makes (H, W, 3) RGB pixels of decoded frames, uint8, or uint16 for a depth above 8."""

    def __init__(self, tags: ColorTags, size: tuple[int, int], depth: int) -> None:
        self._matrix = matrix_in_use(tags, size)
        self._range = tags.range or LIMITED
        self._format = _RGB[8 if depth <= 8 else 16]
        self._reformatter = VideoReformatter()

    def __call__(self, frame: av.VideoFrame) -> FrameImage:
        layout = YuvLayout.of(frame.format.name)
        if layout is not None and layout.depth > 8 and self._format == _RGB[16]:
            exact = YuvMatrix(_SWSCALE_NAMES[self._matrix], self._range == FULL, layout.depth)
            return exact.to_rgb(planes_of(frame), layout, (frame.width, frame.height))
        full = frame.format.is_rgb or frame.format.name.startswith("yuvj")
        rgb = self._reformatter.reformat(
            frame,
            format=self._format,
            src_colorspace=_SWSCALE_NAMES[self._matrix],
            dst_colorspace=_SWSCALE_NAMES[self._matrix],
            interpolation=Interpolation.BILINEAR | _EXACT,
            src_color_range=FULL if full else self._range,
            dst_color_range=FULL,
            threads=1,
        )
        return cast(FrameImage, np.ascontiguousarray(rgb.to_ndarray()))


class FromRgb:
    """Makes frames of the given pixel format, matrix and range of RGB(A) pixels.

    Without a fourth channel, a format with alpha is opaque; alpha is written as it is given.
    """

    def __init__(self, tags: ColorTags, size: tuple[int, int], pixel_format: str) -> None:
        self._matrix = _SWSCALE_NAMES[matrix_in_use(tags, size)]
        self._range = tags.range or LIMITED
        self._format = pixel_format
        self._layout = YuvLayout.of(pixel_format)
        self._reformatter = VideoReformatter()

    def __call__(self, image: FrameImage) -> av.VideoFrame:
        if image.dtype not in (np.uint8, np.uint16):
            raise TakeUnwritable(f"a frame is of uint8 or uint16, not {image.dtype}")
        layout = self._layout
        if layout is None:
            return self._as_rgb(image)
        if layout.depth > 8 or layout.alpha or image.dtype == np.uint16:
            exact = YuvMatrix(self._matrix, self._range == FULL, layout.depth)
            planes = exact.from_rgb(image, layout)
            if layout.alpha:
                planes.append(scaled(_alpha_of(image), layout.depth))
            return frame_of(planes, self._format)
        return self._reformatter.reformat(
            _frame_like(image[..., :3]),
            format=self._format,
            interpolation=Interpolation.BICUBIC | _EXACT,
            src_color_range=FULL,
            dst_colorspace=self._matrix,
            dst_color_range=self._range,
            threads=1,
        )

    def _as_rgb(self, image: FrameImage) -> av.VideoFrame:
        """Only the order of bytes and channels changes, and the depth if it has to."""
        wanted = av.VideoFormat(self._format, 2, 2)
        has_alpha = any(part.is_alpha for part in wanted.components)
        image = image if has_alpha else image[..., :3]
        if has_alpha and image.shape[2] == 3:
            image = cast(FrameImage, np.dstack([image, _alpha_of(image)]))
        depth = max(part.bits for part in wanted.components)
        wide = np.uint16 if depth > 8 else np.uint8
        if image.dtype != wide:
            image = recoded(image, wide)
        return self._reformatter.reformat(_frame_like(image), format=self._format, threads=1)


def recoded(image: FrameImage, dtype: type[np.uint8] | type[np.uint16]) -> FrameImage:
    """The same picture over the full range of another depth, rounded."""
    if image.dtype == dtype:
        return image
    if dtype == np.uint16:
        return cast(FrameImage, image.astype(np.uint16) * np.uint16(257))
    return cast(FrameImage, ((image.astype(np.uint32) + 128) // 257).astype(np.uint8))


def frame_of(planes: Sequence[Plane], pixel_format: str) -> av.VideoFrame:
    """A frame of planar samples."""
    height, width = planes[0].shape
    frame = av.VideoFrame(width, height, pixel_format)
    for place, samples in zip(planes_of(frame), planes, strict=True):
        place[:] = samples
    return frame


def _alpha_of(image: FrameImage) -> Plane:
    if image.shape[2] == 4:
        return image[..., 3]
    return np.full(image.shape[:2], np.iinfo(image.dtype).max, image.dtype)


def _frame_like(image: FrameImage) -> av.VideoFrame:
    layout = _RGB[image.itemsize * 8]
    name = layout if image.shape[2] == 3 else layout.replace("rgb24", "rgba").replace("48", "a64")
    return av.VideoFrame.from_ndarray(cast(FrameImage, np.ascontiguousarray(image)), name)
