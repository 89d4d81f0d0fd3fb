"""YUV of more than 8 bits becomes RGB by the definition, and comes back as it was."""

from itertools import product
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from recast.video.color import ColorTags, FromRgb, ToRgb, frame_of
from recast.video.yuv import YuvLayout, YuvMatrix, planes_of, scaled

LUMA = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 9: (0.2627, 0.0593)}
LAYOUTS = [f"yuv{kind}p{depth}le" for kind in (420, 422, 444) for depth in (10, 12, 16)]


def by_definition(
    y: int, cb: int, cr: int, *, matrix: int, full: bool, depth: int
) -> tuple[float, float, float]:
    """The slow reference: one sample, by the equations of ITU-T H.273 (E-1 to E-22)."""
    unit, top = 1 << (depth - 8), (1 << depth) - 1
    luma = y / top if full else (y - 16 * unit) / (219 * unit)
    blue = (cb - 128 * unit) / (top if full else 224 * unit)
    red = (cr - 128 * unit) / (top if full else 224 * unit)
    of_red, of_blue = LUMA[matrix]
    r = luma + 2 * (1 - of_red) * red
    b = luma + 2 * (1 - of_blue) * blue
    g = (luma - of_red * r - of_blue * b) / (1 - of_red - of_blue)
    return r, g, b


@pytest.mark.parametrize("matrix", LUMA)
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("depth", [10, 12, 16])
def test_samples_become_the_rgb_of_the_definition(matrix: int, full: bool, depth: int) -> None:
    unit = 1 << (depth - 8)
    levels = [
        (y * unit, cb * unit + 1, cr * unit)
        for y, cb, cr in product((16, 90, 235), *[(100, 128, 170)] * 2)
    ]
    planes = [np.array([[level[i] for level in levels]], np.uint16) for i in range(3)]
    layout = YuvLayout(alpha=False, across=1, down=1, depth=depth)
    rgb = YuvMatrix(matrix, full, depth).to_rgb(planes, layout, (len(levels), 1))
    expected = [by_definition(*level, matrix=matrix, full=full, depth=depth) for level in levels]
    wanted = np.clip(np.array([expected]), 0, 1) * 65535
    assert np.abs(rgb - wanted).max() <= 0.51


def test_white_is_white() -> None:
    white = [np.full((2, 2), 940, np.uint16), *[np.full((1, 1), 512, np.uint16)] * 2]
    frame = frame_of(white, "yuv420p10le")
    assert ToRgb(ColorTags(matrix=9, range=1), (2, 2), 10)(frame).min() == 65535


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(LAYOUTS),
    size=st.tuples(st.integers(1, 33), st.integers(1, 33)),
    matrix=st.sampled_from(sorted(LUMA)),
    full=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_rgb_and_back_is_the_very_same(
    name: str, size: tuple[int, int], matrix: int, full: bool, seed: int
) -> None:
    layout = YuvLayout.of(name)
    assert layout is not None
    (width, height), rng = size, np.random.default_rng(seed)
    few = (-(-height // layout.down), -(-width // layout.across))
    unit = 1 << (layout.depth - 8)

    def noise(low: int, high: int, shape: tuple[int, int]) -> NDArray[np.uint16]:
        return rng.integers(low * unit, high * unit, shape, np.uint16)

    # Colours that lie within RGB: no others can come back from there.
    planes = [noise(90, 150, (height, width)), noise(112, 144, few), noise(112, 144, few)]
    tags = ColorTags(matrix=matrix, range=1 + full)
    rgb = ToRgb(tags, size, layout.depth)(frame_of(planes, name))
    back = planes_of(FromRgb(tags, size, name)(rgb))
    # 16-bit RGB has no finer steps than 16-bit samples: there, one level may be lost.
    loss = 1 if layout.depth == 16 else 0
    for plane, again in zip(planes, back, strict=True):
        assert np.abs(plane.astype(int) - again).max() <= loss


def test_colour_lies_where_h264_places_it() -> None:
    ramp = np.arange(0, 64, dtype=np.uint16)[None].repeat(4, 0) * 4 + 400  # at every pixel
    tall = np.arange(0, 64, dtype=np.uint16)[:, None].repeat(4, 1) * 4 + 400
    layout = YuvLayout.of("yuv420p10le")
    assert layout is not None
    for pixels, across in ((ramp, True), (tall, False)):
        # A left sample is that of its pixel; between two rows lies their mean.
        few = pixels[0::2, 0::2] if across else (pixels[0::2, 0::2] + pixels[1::2, 0::2]) // 2
        luma = np.full(pixels.shape, 500, np.uint16)
        flat = np.full(few.shape, 512, np.uint16)
        size = pixels.shape[::-1]
        rgb = YuvMatrix(1, True, 10).to_rgb([luma, few, flat], layout, size)
        wanted = YuvMatrix(1, True, 10).to_rgb(
            [luma, pixels, np.full(pixels.shape, 512, np.uint16)],
            YuvLayout(False, 1, 1, 10),
            size,
        )
        inner = np.s_[1:-2, 1:-2]
        assert np.abs(rgb[inner].astype(int) - wanted[inner]).max() <= 2


@pytest.mark.parametrize("depth", [8, 10, 16])
def test_alpha_is_scaled_over_its_full_range(depth: int) -> None:
    alpha = np.array([[0, 1, 128, 254, 255]], np.uint8)
    expected = np.rint(alpha / 255 * (2**depth - 1))
    np.testing.assert_array_equal(scaled(alpha, depth), expected)


def test_formats_that_are_not_planar_yuv_have_no_layout() -> None:
    for name in ("rgb24", "gbrp10le", "nv12", "p010le", "yuv420p10be", "yuv440p", "gray"):
        assert YuvLayout.of(name) is None
    assert YuvLayout.of("yuvj420p") == YuvLayout(False, 2, 2, 8)
    assert YuvLayout.of("yuva444p12le") == YuvLayout(True, 1, 1, 12)


@pytest.mark.parametrize("name", ["rgb24", "rgba", "argb", "bgra", "bgr0", "rgb48be", "rgba64le"])
def test_rgb_formats_only_change_their_order(name: str) -> None:
    deep = any(part.bits > 8 for part in av.VideoFormat(name, 2, 2).components)
    channels = 4 if "a" in name else 3
    dtype: Any = np.uint16 if deep else np.uint8
    image = np.random.default_rng(0).integers(0, np.iinfo(dtype).max + 1, (9, 16, channels), dtype)
    frame = FromRgb(ColorTags(), (16, 9), name)(image)
    plain = {(3, 1): "rgb24", (4, 1): "rgba", (3, 2): "rgb48le", (4, 2): "rgba64le"}
    back = frame.reformat(format=plain[channels, dtype().itemsize])
    np.testing.assert_array_equal(back.to_ndarray(), image)
