"""Results as pictures: every value, alpha, colours, and a list that names each file."""

import hashlib
import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recast.errors import DiskTrouble, OptionUnusable, TakeUnreadable, TakeUnwritable
from recast.images import FrameImage
from recast.video import FORMATS, ColorTags, TakeInfo, join_segments, open_take, open_writer
from recast.video.exr import linear
from recast.video.sequence import LIST, read_list
from recast.video.tiff import encode_tiff

oiio = pytest.importorskip("OpenImageIO")
PICTURES = [name for name, format in FORMATS.items() if format.picture]
SIZE = (40, 24)


def info(depth: int = 8, tags: ColorTags | None = None) -> TakeInfo:
    return TakeInfo(
        size=SIZE,
        rate=Fraction(30000, 1001),
        duration=Fraction(1001, 5000),
        length=6,
        time_base=Fraction(1, 30000),
        pixel_format="yuv420p" if depth == 8 else "yuv420p10le",
        depth=depth,
        container="mp4",
        codec="h264",
        color=tags or ColorTags(1, 1, 1, 1),
    )


def noise(depth: int, channels: int, seed: int = 0) -> FrameImage:
    dtype = np.uint8 if depth == 8 else np.uint16
    rng = np.random.default_rng(seed)
    return rng.integers(0, np.iinfo(dtype).max + 1, (*SIZE[::-1], channels), dtype)


def moment(index: int) -> Fraction:
    return index * Fraction(1001, 30000)


def write(path: Path, name: str, images: list[FrameImage], like: TakeInfo, first: int = 0) -> None:
    alpha = images[0].shape[2] == 4
    with open_writer(path, like, format=name, alpha=alpha, first=first) as writer:
        for index, image in enumerate(images):
            writer.write(image, moment(first + index))


def read(path: Path) -> tuple[Any, np.ndarray[Any, Any]]:
    """OpenImageIO's view of a picture: what it says of itself, and its values."""
    picture = oiio.ImageInput.open(str(path))
    try:
        return picture.spec(), np.asarray(picture.read_image(picture.spec().format))
    finally:
        picture.close()


@pytest.mark.parametrize("name", ["png", "tiff"])
@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("depth", [8, 10])
def test_pictures_hold_the_very_values(
    tmp_path: Path, name: str, channels: int, depth: int
) -> None:
    image = noise(depth, channels)
    write(tmp_path / "кадры", name, [image], info(depth))
    path = tmp_path / "кадры" / f"000000{FORMATS[name].picture}"
    picture = oiio.ImageInput.open(str(path), _unchanged())
    found = np.asarray(picture.read_image(picture.spec().format))
    wide = name == "tiff" or depth > 8
    assert found.dtype == (np.uint16 if wide else np.uint8)
    expected = image.astype(np.uint16) * 257 if wide and depth == 8 else image
    np.testing.assert_array_equal(found, expected)
    assert picture.spec().alpha_channel == (3 if channels == 4 else -1)
    if channels == 4:
        assert picture.spec().getattribute("oiio:UnassociatedAlpha") == 1


def _unchanged() -> Any:
    """Let OpenImageIO hand out what is stored, without premultiplying."""
    wish = oiio.ImageSpec()
    wish.attribute("oiio:UnassociatedAlpha", 1)
    return wish


@pytest.mark.parametrize("name", PICTURES)
def test_another_reader_sees_pictures_of_the_same_kind(
    tmp_path: Path, other_reader: Any, name: str
) -> None:
    images = [noise(10, 4, seed) for seed in range(3)]
    write(tmp_path / "out", name, images, info(10))
    pattern = tmp_path / "out" / f"%06d{FORMATS[name].picture}"
    found = other_reader.video(pattern)
    assert (found["width"], found["height"]) == SIZE
    assert int(found["nb_read_frames"]) == 3
    assert found["pix_fmt"] == {"png": "rgba64be", "tiff": "rgba64le", "exr": "gbrapf32le"}[name]
    if name != "exr":
        np.testing.assert_array_equal(other_reader.pixels(pattern, "rgba64le"), np.stack(images))


def by_definition(value: float, transfer: int) -> float:
    """The slow reference: one value, by the inverse of H.273's transfer characteristics."""
    if transfer == 13:
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
    if transfer == 16:
        root = value ** (1 / 78.84375)
        share = max(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)
        return float(10000 * share ** (1 / 0.1593017578125) / 100)
    if transfer == 18:
        return (
            value**2 / 3
            if value <= 0.5
            else (np.exp((value - 0.55991073) / 0.17883277) + 0.28466892) / 12
        )
    return value / 4.5 if value < 0.08124 else ((value + 0.099297) / 1.099297) ** (1 / 0.45)


@pytest.mark.parametrize("transfer", [1, 2, 13, 16, 18])
@pytest.mark.parametrize("depth", [8, 10])
def test_exr_holds_scene_linear_light(tmp_path: Path, transfer: int, depth: int) -> None:
    image = noise(depth, 3)
    write(tmp_path / "out", "exr", [image], info(depth, ColorTags(9, transfer, 9, 1)))
    spec, found = read(tmp_path / "out" / "000000.exr")
    assert str(spec.format) == "half" and spec.nchannels == 3
    assert spec.getattribute("chromaticities")[0] == pytest.approx(0.708)
    top = np.iinfo(image.dtype).max
    for place in [(0, 0), (5, 9), (23, 39), (11, 20)]:
        for channel in range(3):
            expected = by_definition(float(image[place][channel]) / top, transfer)
            assert found[place][channel] == pytest.approx(expected, rel=2e-3, abs=2e-4)


def test_black_and_white_of_every_curve() -> None:
    ends = np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8)
    for transfer in range(1, 19):
        light = linear(ends, transfer)
        assert light[0, 0].max() == 0
        white = 100 if transfer == 16 else 52.37 / 48 if transfer == 17 else 1
        assert light[0, 1] == pytest.approx([white] * 3, rel=1e-4)
        rising = linear(np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, 2), transfer)
        assert (np.diff(rising[0, :, 0]) >= 0).all()


def test_alpha_of_exr_is_premultiplied(tmp_path: Path) -> None:
    image = noise(8, 4)
    image[0] = (200, 100, 50, 0)
    write(tmp_path / "out", "exr", [image], info(8, ColorTags(1, 8, 1, 1)))
    spec, found = read(tmp_path / "out" / "000000.exr")
    assert spec.alpha_channel == 3
    assert not found[0].any(), "where alpha is 0, nothing shines"
    alpha = image[..., 3:] / 255
    np.testing.assert_allclose(found[..., :3], image[..., :3] / 255 * alpha, atol=1e-3)
    np.testing.assert_allclose(found[..., 3:], alpha, atol=1e-3)
    assert read_list(tmp_path / "out")["premultiplied"] is True


def test_png_names_its_colours(tmp_path: Path) -> None:
    write(tmp_path / "hdr", "png", [noise(10, 3)], info(10, ColorTags(9, 16, 9, 1)))
    write(tmp_path / "unsaid", "png", [noise(10, 3)], info(10, ColorTags()))
    assert b"cICP\x09\x10\x00\x01" in (tmp_path / "hdr" / "000000.png").read_bytes()
    assert b"cICP" not in (tmp_path / "unsaid" / "000000.png").read_bytes()
    assert open_take(tmp_path / "hdr").frame(0).image.shape == (*SIZE[::-1], 3)


@pytest.mark.parametrize("name", PICTURES)
def test_the_list_names_every_file_and_time(tmp_path: Path, name: str) -> None:
    write(tmp_path / "out", name, [noise(8, 3, seed) for seed in range(4)], info(), first=117)
    listed = read_list(tmp_path / "out")
    files = sorted(p for p in (tmp_path / "out").iterdir() if p.name != LIST)
    assert [path.name for path in files] == list(listed["files"])
    assert files[0].stem == "000117"
    for index, path in enumerate(files):
        about = listed["files"][path.name]
        assert about["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert Fraction(about["moment"]) == moment(117 + index)
    assert (listed["version"], Fraction(listed["rate"])) == (1, Fraction(30000, 1001))
    assert listed["color"]["primaries"] == 1


@pytest.mark.parametrize("name", PICTURES)
def test_segments_become_one_folder_with_the_sound(
    tmp_path: Path, filmed: Any, other_reader: Any, name: str
) -> None:
    path = filmed(tmp_path / "a.mp4", 8, size=SIZE, sound="aac", sound_start=Fraction(1, 4))
    take, parts = open_take(path), []
    for start, stop in ((0, 5), (5, 8)):
        parts.append(tmp_path / f"{start}{FORMATS[name].segment}")
        with open_writer(parts[-1], take.info, format=name, first=start) as writer:
            for frame in take.frames(start, stop):
                writer.write(frame.image, frame.moment, frame.plate)
    join_segments(parts, tmp_path / "out", like=take.info, sound_from=path)
    listed = read_list(tmp_path / "out")
    assert list(listed["files"]) == [f"{i:06d}{FORMATS[name].picture}" for i in range(8)]
    for one, about in listed["files"].items():
        data = (tmp_path / "out" / one).read_bytes()
        assert about["sha256"] == hashlib.sha256(data).hexdigest()
    heard, before = other_reader.sound(tmp_path / "out" / "sound.wav"), other_reader.sound(path)
    first, first_before = ((np.abs(one.astype(int)) > 3000).argmax() for one in (heard, before))
    assert abs(int(first) - int(first_before)) <= 2
    assert (parts[0] / f"000000{FORMATS[name].picture}").exists(), "segments stay"
    with pytest.raises(TakeUnwritable, match="do not follow"):
        join_segments([parts[0], parts[0]], tmp_path / "twice", like=take.info)
    (parts[1] / LIST).write_text("{}")
    with pytest.raises(TakeUnreadable, match=r"sequence\.json"):
        join_segments(parts, tmp_path / "broken", like=take.info)
    assert not (tmp_path / "broken").exists() and not list(tmp_path.glob("*.part"))


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(RuntimeError), open_writer(out, info(), format="png") as writer:
        writer.write(noise(8, 3), Fraction(0))
        raise RuntimeError
    assert not list(tmp_path.iterdir())
    write(out, "png", [noise(8, 3)], info())
    with pytest.raises(TakeUnwritable, match="shape"), open_writer(out, info(), format="png") as w:
        w.write(noise(8, 4), Fraction(0))
    with pytest.raises(TakeUnwritable, match="no frame"), open_writer(out, info(), format="png"):
        pass
    assert [path.name for path in sorted(out.iterdir())] == ["000000.png", LIST]
    write(out, "png", [noise(8, 3, seed) for seed in range(2)], info())
    assert len(list(out.iterdir())) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_files_of_others_are_never_buried(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(out, "png", [noise(8, 3)], info())
    (out / "retouch.psd").write_bytes(b"days of work")
    with pytest.raises(DiskTrouble, match="other files"):
        write(out, "png", [noise(8, 3)], info())
    assert (out / "retouch.psd").read_bytes() == b"days of work"
    (tmp_path / "file").touch()
    with pytest.raises(DiskTrouble, match="is a file"):
        write(tmp_path / "file", "png", [noise(8, 3)], info())
    with pytest.raises(DiskTrouble, match="not there"):
        write(tmp_path / "no" / "out", "png", [noise(8, 3)], info())


def test_without_openimageio_exr_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "OpenImageIO", None)
    with pytest.raises(OptionUnusable, match="needs OpenImageIO") as caught:
        write(tmp_path / "out", "exr", [noise(8, 3)], info())
    assert "recast[exr]" in caught.value.fix
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (24, 40)])
def test_tiff_of_any_size(tmp_path: Path, shape: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 65536, (*shape, 4), np.uint16)
    (tmp_path / "a.tif").write_bytes(encode_tiff(image))
    picture = oiio.ImageInput.open(str(tmp_path / "a.tif"), _unchanged())
    np.testing.assert_array_equal(picture.read_image("uint16"), image)


def test_a_list_of_a_newer_recast_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "out", "png", [noise(8, 3)], replace(info(), length=1))
    listed = json.loads((tmp_path / "out" / LIST).read_text())
    (tmp_path / "out" / LIST).write_text(json.dumps({**listed, "version": 99}))
    with pytest.raises(TakeUnreadable):
        read_list(tmp_path / "out")
