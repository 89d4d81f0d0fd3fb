"""Colours come out of a file as they went in, by the file's own matrix and range."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from recast.video import ColorTags, TakeInfo, TakeWriter, open_take
from recast.video.color import FromRgb, ToRgb, matrix_in_use, written_tags

LUMA = {1: (0.2126, 0.0722), 4: (0.30, 0.11), 5: (0.299, 0.114), 6: (0.299, 0.114)}
LUMA |= {7: (0.212, 0.087), 9: (0.2627, 0.0593)}
"""How much red and blue count towards brightness, by matrix (ITU-T H.273, table 4)."""


def patches(size: tuple[int, int] = (128, 128)) -> NDArray[np.uint8]:
    width, height = size
    colors = np.random.default_rng(0).integers(0, 256, (height // 16, width // 16, 3))
    return np.repeat(np.repeat(colors, 16, 0), 16, 1).astype(np.uint8)


def encoded(rgb: NDArray[np.uint8], matrix: int, *, full: bool) -> NDArray[np.uint8]:
    """The slow reference: planes (3, H, W) by the definition of the matrix."""
    red, green, blue = (rgb[..., i] / 255 for i in range(3))
    of_red, of_blue = LUMA[matrix]
    y = of_red * red + (1 - of_red - of_blue) * green + of_blue * blue
    u, v = (blue - y) / (2 - 2 * of_blue), (red - y) / (2 - 2 * of_red)
    steps = (255, 255, 0) if full else (219, 224, 16)
    planes = [steps[0] * y + steps[2], steps[1] * u + 128, steps[1] * v + 128]
    return np.rint(np.clip(np.stack(planes), 0, 255)).astype(np.uint8)


@pytest.mark.parametrize("matrix", LUMA)
@pytest.mark.parametrize("full", [False, True])
def test_every_matrix_is_undone_exactly(matrix: int, full: bool) -> None:
    rgb = patches()
    frame = av.VideoFrame.from_ndarray(encoded(rgb, matrix, full=full), format="yuv444p")
    back = ToRgb(ColorTags(matrix=matrix, range=1 + full), (128, 128), 8)(frame)
    assert np.abs(back.astype(int) - rgb).max() <= 2
    assert abs(np.mean(back.astype(int) - rgb)) < 0.2


@pytest.mark.parametrize("matrix", LUMA)
@pytest.mark.parametrize("full", [False, True])
def test_every_matrix_is_applied_exactly(matrix: int, full: bool) -> None:
    rgb = patches()
    frame = FromRgb(ColorTags(matrix=matrix, range=1 + full), (128, 128), "yuv444p")(rgb)
    assert np.abs(frame.to_ndarray().astype(int) - encoded(rgb, matrix, full=full)).max() <= 1


def test_ordinary_video_is_not_darkened() -> None:
    grey = np.full((96, 128), 126, np.uint8)
    planes = np.concatenate([grey, np.full((48, 128), 128, np.uint8)])
    frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
    back = ToRgb(ColorTags(matrix=1, range=1), (128, 96), 8)(frame)
    assert np.abs(back.astype(float) - (126 - 16) / 219 * 255).max() < 1


def test_untagged_video_is_guessed_by_its_size() -> None:
    assert matrix_in_use(ColorTags(), (640, 480)) == 6
    assert matrix_in_use(ColorTags(), (720, 576)) == 6
    assert matrix_in_use(ColorTags(), (1920, 1080)) == 1
    assert matrix_in_use(ColorTags(matrix=9), (640, 480)) == 9


def test_a_matrix_that_cannot_be_applied_is_not_claimed() -> None:
    assert written_tags(ColorTags(9, 16, 10, 1), (64, 64), is_rgb=False).matrix == 9
    assert written_tags(ColorTags(1, 1, 8, 1), (64, 64), is_rgb=False).matrix == 6
    assert written_tags(ColorTags(9, 16, 9, 1), (64, 64), is_rgb=False) == ColorTags(9, 16, 9, 1)
    assert written_tags(ColorTags(matrix=0), (64, 64), is_rgb=True) == ColorTags(1, 1, 1, 1)


@pytest.mark.parametrize(
    "tags",
    [
        ColorTags(1, 1, 1, 1),
        ColorTags(5, 6, 5, 1),
        ColorTags(6, 6, 6, 2),
        ColorTags(9, 16, 9, 1),
        ColorTags(),
    ],
)
def test_a_round_trip_keeps_tags_and_colors(tmp_path: Path, tags: ColorTags) -> None:
    picture = patches()
    with TakeWriter(tmp_path / "a.mp4", _info(tags), crf=4) as writer:
        for index in range(3):
            writer.write(picture, Fraction(index, 25))
    take = open_take(tmp_path / "a.mp4")
    assert take.info.color == tags
    inner = np.s_[5::16], np.s_[5::16]
    difference = take.frame(1).image[inner].astype(int) - picture[inner]
    assert np.abs(difference).max() <= 5
    assert np.abs(difference).mean() <= 1.5


def test_a_file_of_other_makers_keeps_its_colors(tmp_path: Path, filmed: Any) -> None:
    orange = np.full((48, 64, 3), (230, 120, 30), np.uint8)
    for name, tags in {"sd": (6, 6, 6, 1), "hd": (1, 1, 1, 1)}.items():
        planes = encoded(orange, tags[2], full=False)
        frame = av.VideoFrame.from_ndarray(planes, format="yuv444p")
        path = tmp_path / f"{name}.mp4"
        with av.open(str(path), "w") as out:
            stream = out.add_stream("libx264", rate=25, options={"crf": "1"})
            coder = stream.codec_context
            coder.width, coder.height, coder.pix_fmt = 64, 48, "yuv444p"
            coder.color_primaries, coder.color_trc, coder.colorspace, coder.color_range = tags
            frame.pts = 0
            out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
        image = open_take(path).frame(0).image
        assert np.abs(image.astype(int) - orange).max() <= 3


def _info(tags: ColorTags) -> TakeInfo:
    return TakeInfo(
        size=(128, 128),
        rate=Fraction(25),
        duration=Fraction(3, 25),
        length=3,
        time_base=Fraction(1, 25),
        pixel_format="yuv420p",
        depth=8,
        container="mp4",
        codec="h264",
        color=tags,
    )
