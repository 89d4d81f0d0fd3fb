from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from recast.errors import FaceFileUnreadable
from recast.images import (
    PICTURE_SUFFIXES,
    FrameImage,
    decode,
    encode,
    load,
    save,
    to_float,
    to_uint8,
)

LOSSLESS = [".png", ".bmp", ".tif", ".tiff"]


def soft(dtype: Any = np.uint8) -> FrameImage:
    """A gradient with three channels that cannot be taken for each other."""
    y, x = np.mgrid[0:24, 0:40] / 40
    top = np.iinfo(dtype).max
    image: FrameImage = (np.stack([0.9 - 0.2 * x, 0.3 + 0.3 * y, 0.1 * x], -1) * top).astype(dtype)
    return image


@pytest.mark.parametrize("suffix", sorted(PICTURE_SUFFIXES))
def test_every_format_keeps_channels_and_size(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"лицо 顔{suffix.upper()}"
    save(path, soft())
    image = load(path)
    assert image.shape == soft().shape
    assert np.abs(image.astype(int) - soft()).max() <= 6


@pytest.mark.parametrize("suffix", LOSSLESS)
def test_lossless_formats_keep_every_bit(suffix: str) -> None:
    assert np.array_equal(decode(encode(soft(), suffix), "a"), soft())


@pytest.mark.parametrize("suffix", [".png", ".tif", ".tiff"])
def test_16_bits_stay_16_bits(suffix: str) -> None:
    image = decode(encode(soft(np.uint16), suffix), "a")
    assert image.dtype == np.uint16
    assert np.array_equal(image, soft(np.uint16))


def test_a_grey_picture_becomes_three_equal_channels(tmp_path: Path) -> None:
    done, data = cv2.imencode(".png", soft()[..., 0])
    assert done
    assert np.array_equal(decode(data.tobytes(), "a"), soft()[..., :1].repeat(3, 2))


def test_transparency_is_left_out() -> None:
    see_through = np.dstack([soft()[..., ::-1], np.full((24, 40), 7)]).astype(np.uint8)
    done, data = cv2.imencode(".png", see_through)
    assert done
    assert np.array_equal(decode(data.tobytes(), "a"), soft())


def test_jpeg_keeps_full_colour_resolution() -> None:
    """Columns of red and blue by turns; halved colour would make them one purple."""
    stripes = np.zeros((32, 32, 3), np.uint8)
    stripes[:, ::2, 0] = stripes[:, 1::2, 2] = 200
    again = decode(encode(stripes, ".jpg"), "a").astype(int)
    assert np.abs(again - stripes).mean() < 12


def test_quality_is_a_matter_of_bytes() -> None:
    grain = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    assert len(encode(grain, ".jpg", quality=50)) < len(encode(grain, ".jpg", quality=95)) / 2


@pytest.mark.parametrize(
    "data", [b"", b"no picture", encode(soft(), ".png")[:20]], ids=["empty", "text", "cut short"]
)
def test_what_is_no_picture_is_refused_by_name(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "顔.png"
    path.write_bytes(data)
    with pytest.raises(FaceFileUnreadable, match=r"顔\.png is not a picture"):
        load(path)


def test_a_picture_of_floats_is_refused() -> None:
    done, data = cv2.imencode(".tiff", to_float(soft()))
    assert done
    with pytest.raises(FaceFileUnreadable):
        decode(data.tobytes(), "a.tiff")


def test_a_picture_is_whole_or_not_there(tmp_path: Path) -> None:
    save(tmp_path / "a.png", soft())
    with pytest.raises((ValueError, cv2.error)):
        save(tmp_path / "a.nothing", soft())
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_whole_depth_becomes_0_to_1(dtype: Any) -> None:
    top = np.iinfo(dtype).max
    ends = to_float(np.array([[[0, top, top // 2]]], dtype))
    assert ends.dtype == np.float32
    assert np.allclose(ends, [[[0, 1, 0.5]]], atol=0.003)


def test_all_256_levels_survive_the_way_to_float_and_back() -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)[..., None].repeat(3, 2)
    assert np.array_equal(to_uint8(to_float(levels)), levels)


def test_to_uint8_clips_and_rounds() -> None:
    values = np.array([-1, 0.4 / 255, 0.6 / 255, 1, 7], np.float32)
    assert to_uint8(values).tolist() == [0, 0, 1, 255, 255]
