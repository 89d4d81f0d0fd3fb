"""Where nobody changed a picture, the encoder gets the take's own samples."""

from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from recast.images import FrameImage
from recast.video.color import ColorTags, FromRgb, ToRgb, frame_of
from recast.video.take import Plate
from recast.video.untouched import Untouched
from recast.video.yuv import YuvLayout, planes_of

FORMATS = ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p12le"]
SIZES = [(64, 48), (33, 21)]
TAGS = ColorTags(matrix=1, range=1)


def a_plate(pixel_format: str, size: tuple[int, int], rng: np.random.Generator) -> Plate:
    layout = YuvLayout.of(pixel_format)
    assert layout is not None
    (width, height), unit = size, 1 << (layout.depth - 8)
    few = (-(-height // layout.down), -(-width // layout.across))
    planes = [
        rng.integers(60 * unit, 180 * unit, shape).astype(layout.dtype)
        for shape in ((height, width), few, few)
    ]
    samples: av.VideoFrame = frame_of(planes, pixel_format)
    return Plate(ToRgb(TAGS, size, layout.depth)(samples), samples)


def expected(plate: Plate, image: FrameImage, converted: av.VideoFrame) -> list[NDArray[Any]]:
    """Sample by sample: the new one if any pixel it stands for is another."""
    layout = YuvLayout.of(plate.samples.format.name)
    assert layout is not None
    changed = (image != plate.image).any(axis=2)
    planes = []
    for number, (old, new) in enumerate(
        zip(planes_of(plate.samples), planes_of(converted), strict=True)
    ):
        across, down = (layout.across, layout.down) if number else (1, 1)
        plane = old.copy()
        for y, x in np.ndindex(plane.shape):
            if changed[y * down : (y + 1) * down, x * across : (x + 1) * across].any():
                plane[y, x] = new[y, x]
        planes.append(plane)
    return planes


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("pixel_format", FORMATS)
def test_samples_change_only_where_a_pixel_of_theirs_does(
    pixel_format: str, size: tuple[int, int]
) -> None:
    rng, layout = np.random.default_rng(1), YuvLayout.of(pixel_format)
    assert layout is not None
    plate = a_plate(pixel_format, size, rng)
    from_rgb = FromRgb(TAGS, size, pixel_format)
    width, height = size
    for _ in range(8):
        image = plate.image.copy()
        top, left = int(rng.integers(0, height)), int(rng.integers(0, width))
        part = image[top : top + int(rng.integers(1, 30)), left : left + int(rng.integers(1, 30))]
        part[rng.random(part.shape[:2]) < 0.4] += 3
        image[-1, -1, 0] += 1  # the corner where groups are cut off
        kept = Untouched(pixel_format, layout).kept(image, plate, from_rgb)
        for plane, wanted in zip(
            planes_of(kept), expected(plate, image, from_rgb(image)), strict=True
        ):
            assert np.array_equal(plane, wanted)


def test_a_picture_that_equals_the_plate_is_not_converted() -> None:
    plate = a_plate("yuv420p", (64, 48), np.random.default_rng(2))
    layout = YuvLayout.of("yuv420p")
    assert layout is not None
    for image in (plate.image, plate.image.copy()):
        kept = Untouched("yuv420p", layout).kept(image, plate, _never)
        for plane, own in zip(planes_of(kept), planes_of(plate.samples), strict=True):
            assert np.array_equal(plane, own)


def _never(image: FrameImage) -> av.VideoFrame:
    raise AssertionError("converted")
