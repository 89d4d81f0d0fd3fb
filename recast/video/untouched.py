"""Hand the take's own samples to the encoder wherever nobody changed the picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from recast.images import FrameImage
from recast.video.color import ColorTags, frame_of, matrix_in_use
from recast.video.take import Plate, TakeInfo
from recast.video.yuv import YuvLayout, planes_of


@dataclass(frozen=True)
class Untouched:
    """Keeps samples of a take in results that have the same kind of samples."""

    pixel_format: str
    layout: YuvLayout

    @staticmethod
    def of(like: TakeInfo, pixel_format: str, tags: ColorTags) -> Untouched | None:
        """None if the result has other samples than the take: then all are converted."""
        layout = YuvLayout.of(pixel_format)
        same_matrix = matrix_in_use(tags, like.size) == matrix_in_use(like.color, like.size)
        same_range = (tags.range or 1) == (like.color.range or 1)
        if layout is None or YuvLayout.of(like.pixel_format) != layout or like.rotation:
            return None
        return Untouched(pixel_format, layout) if same_matrix and same_range else None

    def kept(
        self, image: FrameImage, plate: Plate, from_rgb: Callable[[FrameImage], av.VideoFrame]
    ) -> av.VideoFrame:
        """The frame to encode: the plate's samples, and those of `image` where it differs."""
        same_kind = YuvLayout.of(plate.samples.format.name) == self.layout
        if not same_kind or image.dtype != plate.image.dtype:
            return from_rgb(image)
        # A new frame: the decoded one remembers how it was coded, and encoders would obey.
        frame = frame_of(planes_of(plate.samples), self.pixel_format)
        changed = None if image is plate.image else _changed(image, plate.image)
        if changed is None or not changed.any():
            return frame
        left, top, wide, high = cv2.boundingRect(changed.view(np.uint8))
        for number, (place, new) in enumerate(
            zip(planes_of(frame), planes_of(from_rgb(image)), strict=True)
        ):
            across, down = (self.layout.across, self.layout.down) if number in (1, 2) else (1, 1)
            rows = slice(top // down, -(-(top + high) // down))
            columns = slice(left // across, -(-(left + wide) // across))
            part = changed[rows.start * down : rows.stop * down]
            covered = _any(part[:, columns.start * across : columns.stop * across], across, down)
            # Choosing by OpenCV: NumPy's copy under a mask takes longer than encoding the frame.
            cv2.copyTo(new[rows, columns], covered.view(np.uint8), place[rows, columns])
        return frame


def _any(changed: NDArray[np.bool_], across: int, down: int) -> NDArray[np.bool_]:
    """Whether anything changed in each group of `down` rows and `across` columns.

    At the right and the lower edge of a picture a group may be cut off.
    """
    groups = changed[::down].copy()
    for row in range(1, down):
        rest = changed[row::down]
        groups[: len(rest)] |= rest
    few = groups[:, ::across].copy()
    for column in range(1, across):
        rest = groups[:, column::across]
        few[:, : rest.shape[1]] |= rest
    return few


def _changed(image: FrameImage, before: FrameImage) -> NDArray[np.bool_]:
    difference = cv2.absdiff(image[..., :3], before)
    one, two, three = cv2.split(difference)
    return np.asarray(cv2.bitwise_or(cv2.bitwise_or(one, two), three) != 0)
