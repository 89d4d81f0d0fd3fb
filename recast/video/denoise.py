"""Take the noise out of a take, and leave its edges.

Non-local means (Buades, Coll, Morel, "A non-local algorithm for image denoising", CVPR 2005): a
pixel becomes the mean of pixels near it, in its own frame and in the frames before and after,
each weighted by how alike the patches around the two are. The weight is exp(-max(d - 2 s^2, 0)
/ h^2) for a mean squared difference d of the patches, as in Buades et al., "Non-Local Means
Denoising", IPOL 2011: what noise of deviation s alone would explain does not count as a
difference. The three colours share one weight. Written on OpenCV's filters because FFmpeg's
nlmeans and OpenCV's own know only 8 bits and one frame, and are slower and less exact
(docs/benchmarks.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from recast.images import FrameImage
from recast.ordered import ordered
from recast.video.take import Frame

PATCH = 2
"""Pixels from the middle of a patch to its edge."""
REACH, REACH_BESIDE = 4, 3
"""Pixels up to which alike places are looked for: in the frame, and in those beside it."""
WIDTH = 0.7
"""h, in deviations of the noise. Larger is smoother and takes more of fine texture."""
_ROWS = 96  # a strip of this height and the work on it stay near the processor

_Plane = NDArray[np.float32]


def denoised(
    frames: Iterable[Frame], strength: float, *, pool: Executor, ahead: int
) -> Iterator[Frame]:
    """The frames without their noise; they must follow each other as they do in the take.

    `strength` is the standard deviation of the noise in levels of 255, whatever the depth.
    `ahead` frames are worked on at once, in the threads of `pool`.
    """

    def work(around: tuple[Frame | None, Frame, Frame | None]) -> Frame:
        before, frame, after = around
        beside = [one.image for one in (before, after) if one is not None]
        return replace(frame, image=denoise(frame.image, beside, strength))

    yield from ordered(pool, work, _with_neighbours(frames), ahead=ahead)


def denoise(image: FrameImage, beside: Sequence[FrameImage], strength: float) -> FrameImage:
    """One frame without its noise; `beside` are the frames before and after, as far as known."""
    most = np.iinfo(image.dtype).max
    out = np.empty(image.shape, image.dtype)
    for top in range(0, len(image), _ROWS):
        rows = range(top, min(top + _ROWS, len(image)))
        planes = [_planes(one, rows, 255 / most) for one in (image, *beside)]
        strip = _strip(planes, len(rows), image.shape[1], strength)
        out[rows.start : rows.stop] = np.clip(np.rint(strip * (most / 255)), 0, most)
    return out


def _strip(
    planes: list[list[_Plane]], height: int, width: int, deviation: float
) -> NDArray[np.float32]:
    """The middle of a strip of the first picture, by all of them."""
    own = [_window(plane, 0, 0, (height, width)) for plane in planes[0]]
    total = [np.zeros((height, width), np.float32) for _ in own]
    weights = np.zeros((height, width), np.float32)
    apart, one, alike = (np.empty_like(own[0]) for _ in range(3))
    inner = (slice(PATCH, -PATCH), slice(PATCH, -PATCH))
    side = 2 * PATCH + 1
    steep = -1 / (WIDTH * deviation) ** 2
    for picture, down, right in _offsets(len(planes)):
        other = [_window(plane, down, right, (height, width)) for plane in planes[picture]]
        cv2.subtract(own[0], other[0], dst=apart)
        cv2.multiply(apart, apart, dst=apart)
        for mine, theirs in zip(own[1:], other[1:], strict=True):
            cv2.subtract(mine, theirs, dst=one)
            cv2.accumulateSquare(one, apart)
        cv2.boxFilter(apart, -1, (side, side), dst=alike, normalize=False)
        weight = alike[inner] * np.float32(steep / (side * side * len(own)))
        weight -= np.float32(2 * deviation**2 * steep)
        np.minimum(weight, 0, out=weight)
        cv2.exp(weight, dst=weight)
        cv2.accumulate(weight, weights)
        for summed, theirs in zip(total, other, strict=True):
            cv2.accumulateProduct(weight, theirs[inner], summed)
    return np.dstack([summed / weights for summed in total])


def _offsets(pictures: int) -> Iterator[tuple[int, int, int]]:
    """Where to look: number of the picture, rows down, columns right."""
    for picture in range(pictures):
        reach = range(-REACH, REACH + 1) if picture == 0 else range(-REACH_BESIDE, REACH_BESIDE + 1)
        yield from ((picture, down, right) for down in reach for right in reach)


def _window(plane: _Plane, down: int, right: int, size: tuple[int, int]) -> _Plane:
    """The strip with the edge that patches need, moved by an offset."""
    top, left = REACH + down, REACH + right
    return plane[top : top + size[0] + 2 * PATCH, left : left + size[1] + 2 * PATCH]


def _planes(image: FrameImage, rows: range, scale: float) -> list[_Plane]:
    """Some rows of a picture and `REACH + PATCH` pixels around them, one array a colour."""
    edge = REACH + PATCH
    down = _mirrored(np.arange(rows.start - edge, rows.stop + edge), len(image))
    right = _mirrored(np.arange(-edge, image.shape[1] + edge), image.shape[1])
    strip = image[down][:, right]
    planes = (np.ascontiguousarray(strip[..., colour], np.float32) for colour in range(3))
    return [plane * np.float32(scale) for plane in planes]


def _mirrored(places: NDArray[np.int_], length: int) -> NDArray[np.int_]:
    """Places outside of 0..length, folded back at the edges, however short the side is."""
    folded = places % (2 * length)
    return np.minimum(folded, 2 * length - 1 - folded)


def _with_neighbours(
    frames: Iterable[Frame],
) -> Iterator[tuple[Frame | None, Frame, Frame | None]]:
    before: Frame | None = None
    frame: Frame | None = None
    for after in frames:
        if frame is not None:
            yield before, frame, after
        before, frame = frame, after
    if frame is not None:
        yield before, frame, None
