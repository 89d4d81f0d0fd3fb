"""Hand the take's own samples to the encoder wherever nobody changed the picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

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
        for number, (place, new) in enumerate(
            zip(planes_of(frame), planes_of(from_rgb(image)), strict=True)
        ):
            np.copyto(place, new, where=self._covered(changed, place.shape, number in (1, 2)))
        return frame

    def _covered(
        self, changed: NDArray[np.bool_], shape: tuple[int, ...], is_colour: bool
    ) -> NDArray[np.bool_]:
        """Samples of a plane that stand for any changed pixel."""
        across, down = (self.layout.across, self.layout.down) if is_colour else (1, 1)
        if across == down == 1:
            return changed
        padded = np.zeros((shape[0] * down, shape[1] * across), np.bool_)
        padded[: changed.shape[0], : changed.shape[1]] = changed
        groups: Any = padded.reshape(shape[0], down, shape[1], across)
        return np.asarray(groups.any(axis=(1, 3)))


def _changed(image: FrameImage, before: FrameImage) -> NDArray[np.bool_]:
    difference = cv2.absdiff(image[..., :3], before)
    one, two, three = cv2.split(difference)
    return np.asarray(cv2.bitwise_or(cv2.bitwise_or(one, two), three) != 0)
