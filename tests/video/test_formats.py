"""Every format holds what it promises: read back by a reader that did not write it."""

from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from recast.errors import OptionUnusable, TakeUnwritable
from recast.images import FrameImage
from recast.video import (
    FORMATS,
    Take,
    TakeInfo,
    TakeWriter,
    check_writable,
    join_segments,
    open_take,
    open_writer,
)

SIZE = (256, 128)
STEP = Fraction(1001, 30000)
LENGTH = 16
VIDEOS = [name for name, format in FORMATS.items() if not format.picture]
WITH_ALPHA = [name for name in VIDEOS if FORMATS[name].alpha]
LOSSLESS = [name for name in VIDEOS if FORMATS[name].lossless]
CODECS = {
    "mp4": ("h264", "yuv420p", "yuv420p10le", "avc1"),
    "avi": ("mjpeg", "yuvj422p", "yuvj422p", "MJPG"),
    "mp4-lossless": ("h264", "yuv420p", "yuv420p10le", "avc1"),
    "mov-alpha": ("qtrle", "rgb24", "rgb48be", "rle "),
    "prores4444": ("prores", "yuv444p12le", "yuv444p12le", "ap4h"),
    "prores422hq": ("prores", "yuv422p10le", "yuv422p10le", "apch"),
    "dnxhr": ("dnxhd", "yuv422p10le", "yuv422p10le", "AVdh"),
    "ffv1": ("ffv1", "yuv420p", "yuv420p10le", "[0][0][0][0]"),
    "hevc10": ("hevc", "yuv420p10le", "yuv420p10le", "hvc1"),
    "av1": ("av1", "yuv420p", "yuv420p10le", "av01"),
}
"""What other programs must find: codec, samples of an 8-bit and of a 10-bit take, tag."""
NAMES = {"color_primaries": {1: "bt709", 9: "bt2020"}, "color_space": {1: "bt709", 9: "bt2020nc"}}
NAMES |= {"color_transfer": {1: "bt709", 16: "smpte2084", 18: "arib-std-b67"}}


def scene(index: int, size: tuple[int, int] = SIZE) -> NDArray[np.uint8]:
    """Soft colours that move, and a light that tells the frame's number."""
    x, y = np.meshgrid(np.arange(size[0]) / size[0], np.arange(size[1]) / size[1])
    waves = [0.5 + 0.4 * np.sin(6 * x + shift + index / 9) * np.cos(5 * y) for shift in (0, 2, 4)]
    return np.rint(np.stack(waves, 2) * 255).astype(np.uint8)


@dataclass(frozen=True)
class Sources:
    """The same scene in 8 bits, and in 10 bits with the tags of HDR."""

    plain: Take
    deep: Take


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory, filmed_once: Any) -> Sources:
    folder = tmp_path_factory.mktemp("sources")
    images = [scene(index) for index in range(LENGTH)]
    times = [index * STEP for index in range(LENGTH)]
    about = {"size": SIZE, "images": images, "time_base": Fraction(1, 30000), "sound": "aac"}
    about |= {"sound_start": Fraction(1, 4), "rate": 1 / STEP}
    plain = filmed_once(folder / "plain.mp4", times, tags=(1, 1, 1, 1), **about)
    kind = {"tags": (9, 16, 9, 1), "pixel_format": "yuv420p10le"}
    deep = filmed_once(folder / "deep.mp4", times, **about, **kind)
    return Sources(open_take(plain), open_take(deep))


def with_alpha(image: FrameImage, index: int) -> FrameImage:
    """Transparency that falls from left to right; every third frame shows nothing at all."""
    top = np.iinfo(image.dtype).max
    row = np.linspace(0, top, image.shape[1]).astype(image.dtype) * (index % 3 != 0)
    alpha = np.broadcast_to(row, image.shape[:2])
    made: FrameImage = np.dstack([image, alpha])
    return made


def written(
    take: Take, folder: Path, name: str, *, alpha: bool = False, cuts: tuple[int, ...] = (0, 7, 16)
) -> Path:
    """As merge does it: segments, joined with the sound."""
    format, parts = FORMATS[name], []
    for start, stop in pairwise(cuts):
        parts.append(folder / f"{start}{format.segment}")
        with open_writer(parts[-1], take.info, format=name, alpha=alpha, crf=6) as writer:
            for frame in take.frames(start, stop):
                image = with_alpha(frame.image, frame.index) if alpha else frame.image
                writer.write(image, frame.moment, frame.plate)
    out = folder / f"результат{format.suffix}"
    join_segments(parts, out, like=take.info, sound_from=take.path)
    return out


@pytest.mark.parametrize("depth", [8, 10])
@pytest.mark.parametrize("name", VIDEOS)
def test_a_result_is_what_its_take_was(
    tmp_path: Path, sources: Sources, other_reader: Any, name: str, depth: int
) -> None:
    take = sources.plain if depth == 8 else sources.deep
    out = written(take, tmp_path, name)
    streams = other_reader.streams(out)
    assert [one["codec_type"] for one in streams] == ["video", "audio"]
    found = streams[0]
    codec, of_8_bits, of_10_bits, tag = CODECS[name]
    samples = of_8_bits if depth == 8 else of_10_bits
    expected_codec = "png" if (name, depth) == ("mov-alpha", 10) else codec
    expected_tag = "png " if expected_codec == "png" else tag
    assert (found["codec_name"], found["codec_tag_string"]) == (expected_codec, expected_tag)
    assert found["pix_fmt"] == samples
    assert (found["width"], found["height"]) == SIZE
    assert int(found["nb_read_frames"]) == LENGTH
    assert Fraction(found["avg_frame_rate"]) == 1 / STEP
    shown = [float(frame["pts_time"]) for frame in other_reader.frames(out)]
    exact = 0.0006 if out.suffix == ".mkv" else 0.00001  # Matroska counts milliseconds
    assert np.abs(np.array(shown) - [float(index * STEP) for index in range(LENGTH)]).max() < exact
    if "duration" in found:
        assert float(found["duration"]) == pytest.approx(float(LENGTH * STEP), abs=0.0001)
    _assert_tags(found, take.info, name)
    _assert_near(other_reader, out, take, name)
    _assert_in_step(other_reader, out, take.path)


def _assert_tags(found: dict[str, Any], info: TakeInfo, name: str) -> None:
    if name == "avi":  # it has no place for tags; JPEG means BT.601 of full range
        assert (found["color_range"], found["color_space"]) == ("pc", "bt470bg")
        return
    for key, value in (
        ("color_primaries", info.color.primaries),
        ("color_transfer", info.color.transfer),
    ):
        assert found[key] == NAMES[key][value]
    if found["pix_fmt"].startswith("rgb"):
        assert found["color_space"] == "gbr"
    else:
        matrix = FORMATS[name].matrix or info.color.matrix
        assert found["color_space"] == NAMES["color_space"][matrix]
        assert found["color_range"] == "tv"


def _assert_near(reader: Any, out: Path, take: Take, name: str) -> None:
    """Pictures as FFmpeg shows them, both converted by it."""
    deep = take.info.depth > 8 and name != "avi"
    kind = "rgb48le" if deep else "rgb24"
    if name == "avi":  # read what the tags of the take cannot say: compare with our own frames
        frames = np.stack([(f.image >> 8 if f.image.itemsize == 2 else f.image) for f in take])
        difference = reader.pixels(out, "rgb24").astype(int) - frames
        assert np.abs(difference).mean() < 2
        return
    difference = reader.pixels(out, kind).astype(int) - reader.pixels(take.path, kind)
    unit = 257 if deep else 1
    assert np.abs(difference).mean() < 1.6 * unit
    assert abs(difference.mean()) < 0.6 * unit


def _assert_in_step(reader: Any, out: Path, source: Path) -> None:
    heard, before = reader.sound(out).astype(float), reader.sound(source).astype(float)
    first, first_before = ((np.abs(one) > 3000).argmax() for one in (heard, before))
    assert abs(int(first) - int(first_before)) <= 72  # 1.5 ms: Matroska rounds to one
    length = min(len(heard), len(before)) - 200
    assert length > 24000
    aligned = heard[first : first + 20000] - before[first_before : first_before + 20000]
    assert np.abs(aligned).mean() < 400


@pytest.mark.parametrize("cuts", [(0, 1), (0, 2), (0, 3), (0, 4, 5), (0, 1, 3, 6)], ids=str)
@pytest.mark.parametrize("name", VIDEOS)
def test_few_frames_and_short_last_segments_are_whole(
    tmp_path: Path, sources: Sources, other_reader: Any, name: str, cuts: tuple[int, ...]
) -> None:
    take, count = sources.plain, cuts[-1]
    out = written(take, tmp_path, name, cuts=cuts)
    result = open_take(out)
    assert len(result) == len(list(result)) == count
    assert int(other_reader.streams(out)[0]["nb_read_frames"]) == count
    shown = [float(frame["pts_time"]) for frame in other_reader.frames(out)]
    exact = 0.0006 if out.suffix == ".mkv" else 0.00001
    assert np.abs(np.array(shown) - [float(index * STEP) for index in range(count)]).max() < exact
    if name != "avi":  # its colours are others, see above
        difference = other_reader.pixels(out, "rgb24").astype(int)
        difference -= other_reader.pixels(take.path, "rgb24")[:count]
        assert np.abs(difference).mean() < 1.6


@pytest.mark.parametrize("name", LOSSLESS)
@pytest.mark.parametrize("depth", [8, 10])
def test_what_is_lossless_keeps_every_sample(
    tmp_path: Path, sources: Sources, other_reader: Any, name: str, depth: int
) -> None:
    take = sources.plain if depth == 8 else sources.deep
    out = written(take, tmp_path, name)
    if name == "mov-alpha":
        kind = "rgb24" if depth == 8 else "rgb48le"
        frames = np.stack([frame.image for frame in take])
        np.testing.assert_array_equal(other_reader.pixels(out, kind), frames)
        return
    kind = take.info.pixel_format
    before, after = other_reader.samples(take.path, kind), other_reader.samples(out, kind)
    np.testing.assert_array_equal(after, before)


@pytest.mark.parametrize("name", WITH_ALPHA)
@pytest.mark.parametrize("depth", [8, 10])
def test_alpha_is_kept_and_colours_are_not_premultiplied(
    tmp_path: Path, sources: Sources, other_reader: Any, name: str, depth: int
) -> None:
    take = sources.plain if depth == 8 else sources.deep
    out = written(take, tmp_path, name, alpha=True)
    kind, unit = ("rgba", 1) if depth == 8 else ("rgba64le", 257)
    expected = np.stack([with_alpha(frame.image, frame.index) for frame in take])
    found = other_reader.pixels(out, kind)
    assert found.shape == expected.shape
    assert not found[::3, ..., 3].any(), "frames without a face must be fully transparent"
    if FORMATS[name].lossless:
        np.testing.assert_array_equal(found, expected)
        return
    alpha = np.abs(found[..., 3].astype(int) - expected[..., 3])
    assert alpha.max() <= unit  # 10 bits of alpha
    # swscale, which ffmpeg shows YUV by, is a level off in white.
    assert np.abs(found[..., :3].astype(int) - expected[..., :3]).mean() < 1.6 * unit


@pytest.mark.parametrize("name", [name for name in VIDEOS if FORMATS[name].variable_rate])
def test_a_variable_rate_stays(tmp_path: Path, filmed: Any, other_reader: Any, name: str) -> None:
    steps = np.random.default_rng(3).integers(1200, 6000, 12)
    times = [Fraction(int(tick), 90000) for tick in np.cumsum(steps) - steps[0]]
    images = [scene(index) for index in range(12)]
    path = filmed(tmp_path / "a.mp4", times, time_base=Fraction(1, 90000), size=SIZE, images=images)
    out = written(open_take(path), tmp_path, name, cuts=(0, 5, 12))
    shown = [float(frame["pts_time"]) for frame in other_reader.frames(out)]
    exact = 0.0006 if out.suffix == ".mkv" else 0.00002
    assert np.abs(np.array(shown) - [float(time) for time in times]).max() < exact


def test_a_constant_rate_takes_frames_to_the_nearest_place(
    tmp_path: Path, filmed: Any, other_reader: Any
) -> None:
    times = [Fraction(0), Fraction(1, 50), Fraction(3, 50), Fraction(10, 50), Fraction(11, 50)]
    path = filmed(tmp_path / "a.mp4", times, time_base=Fraction(1, 50), size=SIZE)
    take = open_take(path)
    with TakeWriter(tmp_path / "b.avi", take.info, format="avi") as writer:
        for frame in take:
            writer.write(frame.image, frame.moment)
    assert "one constant rate" in writer.notes[0]
    joined = written(take, tmp_path, "avi", cuts=(0, 1, 2, 4, 5))
    for path in (tmp_path / "b.avi", joined):
        shown = [float(frame["pts_time"]) for frame in other_reader.frames(path)]
        assert len(shown) == 5
        late = np.abs(np.array(shown) - [float(time) for time in times])
        assert late.max() <= 1 / take.info.rate


@pytest.mark.parametrize("name", VIDEOS)
def test_odd_sizes_are_kept_or_refused(tmp_path: Path, filmed: Any, name: str) -> None:
    size = (321, 241)
    path = filmed(tmp_path / "a.mp4", 3, size=size, pixel_format="yuv444p")
    take, format = open_take(path), FORMATS[name]
    out = tmp_path / f"b{format.suffix}"
    with TakeWriter(out, take.info, format=name) as writer:
        for frame in take:
            writer.write(frame.image, frame.moment, frame.plate)
    result = open_take(out)
    assert (result.info.size, len(result)) == (size, 3)
    difference = result.frame(1).image.astype(float) / np.iinfo(result.frame(1).image.dtype).max
    assert np.abs(difference - take.frame(1).image / 255).mean() < 0.012


@pytest.mark.parametrize("name", ["mp4", "hevc10", "av1"])
def test_a_bitrate_is_met(tmp_path: Path, filmed: Any, name: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (60, 128, 256, 3), np.uint8)
    take = open_take(filmed(tmp_path / "a.mp4", 60, size=SIZE, images=list(noise)))
    out = tmp_path / "b.mp4"
    with TakeWriter(out, take.info, format=name, bitrate=2) as writer:
        for frame in take:
            writer.write(frame.image, frame.moment)
    assert 1 < out.stat().st_size * 8 / 2.4 / 1e6 < 5  # pure noise, at 2


def test_light_levels_of_hdr_are_carried(
    tmp_path: Path, sources: Sources, other_reader: Any
) -> None:
    from recast.video.light import MasteringLight

    display = (0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.3127, 0.329, 0.005, 1000.0)
    light = MasteringLight(display, (1000, 400))
    info = replace(sources.deep.info, light=light)
    for name in ("mp4", "hevc10", "av1"):
        out = tmp_path / f"{name}.mp4"
        with TakeWriter(out, info, format=name) as writer:
            for frame in sources.deep.frames(0, 3):
                writer.write(frame.image, frame.moment)
        sides = {
            side["side_data_type"]: side
            for frame in other_reader.frames(out)
            for side in frame.get("side_data_list", ())
        }
        if name != "mp4":  # FFmpeg reads these messages of H.264 only since version 6.1
            mastering = sides["Mastering display metadata"]
            assert Fraction(mastering["max_luminance"]) == 1000
            assert float(Fraction(mastering["red_x"])) == pytest.approx(0.68, abs=1e-4)
            assert sides["Content light level metadata"]["max_content"] == 1000
        read = open_take(out).info.light
        assert read is not None and read.content == (1000, 400)
        assert read.display == pytest.approx(display, abs=1e-3)
    with TakeWriter(tmp_path / "a.mov", info, format="prores422hq") as writer:
        writer.write(sources.deep.frame(0).image, Fraction(0))
    assert "does not carry the HDR light" in writer.notes[0]


def test_what_a_format_cannot_hold_is_said_at_once(sources: Sources) -> None:
    info = sources.plain.info
    with pytest.raises(OptionUnusable, match="no format gif") as unknown:
        check_writable("gif", info)
    assert "prores4444" in unknown.value.fix
    with pytest.raises(TakeUnwritable, match="mp4 holds no transparency") as opaque:
        check_writable("mp4", info, alpha=True)
    assert "prores4444" in opaque.value.fix
    with pytest.raises(TakeUnwritable, match="dnxhr begins at 256x120"):
        check_writable("dnxhr", replace(info, size=(64, 48)))
    with pytest.raises(OptionUnusable, match="no bitrate"):
        check_writable("prores422hq", info, bitrate=16)
    for name in FORMATS:
        check_writable(name, info, alpha=FORMATS[name].alpha)


@pytest.mark.parametrize("name", FORMATS)
def test_names_must_fit_the_format(name: str) -> None:
    format = FORMATS[name]
    assert format.name == name
    format.check_name(Path(f"a b/result{format.suffix}"))
    with pytest.raises(OptionUnusable):
        format.check_name(Path("result.mp4" if format.suffix != ".mp4" else "result.mov"))


def test_unchanged_samples_stay_and_changed_ones_do_not(
    tmp_path: Path, sources: Sources, other_reader: Any
) -> None:
    for take, kind in ((sources.plain, "yuv420p"), (sources.deep, "yuv420p10le")):
        out = tmp_path / f"{kind}.mkv"
        with TakeWriter(out, take.info, format="ffv1") as writer:
            for frame in take:
                image = frame.image.copy()
                image[40:80, 80:161] //= 2  # 81 columns: the last one shares its colour
                writer.write(image, frame.moment, frame.plate)
        before = other_reader.samples(take.path, kind).reshape(LENGTH, -1)
        after = other_reader.samples(out, kind).reshape(LENGTH, -1)
        luma = (before != after)[:, : SIZE[0] * SIZE[1]].reshape(LENGTH, SIZE[1], SIZE[0])
        blue = (before != after)[:, SIZE[0] * SIZE[1] :].reshape(LENGTH, 2, SIZE[1] // 2, -1)[:, 0]
        assert luma[:, 40:80, 80:161].mean() > 0.95
        luma[:, 40:80, 80:161] = False
        blue[:, 20:40, 40:81] = False
        assert not luma.any()
        assert not blue.any()


def test_a_turned_take_is_converted_upright(tmp_path: Path, filmed: Any, other_reader: Any) -> None:
    images = [scene(index) for index in range(3)]
    path = filmed(tmp_path / "a.mp4", 3, size=SIZE, images=images, rotation=90)
    take = open_take(path)
    assert take.frame(0).plate is None
    out = written(take, tmp_path, "ffv1", cuts=(0, 2, 3))
    found = other_reader.video(out)
    assert (found["width"], found["height"]) == SIZE[::-1]
    difference = other_reader.pixels(out, "rgb24")[1].astype(int) - take.frame(1).image
    assert np.abs(difference).mean() < 2


def test_a_picture_of_another_depth_is_converted(tmp_path: Path, sources: Sources) -> None:
    """An 8-bit retouch of a 10-bit take: nothing is taken for untouched."""
    take = sources.deep
    with TakeWriter(tmp_path / "a.mkv", take.info, format="ffv1") as writer:
        for frame in take.frames(0, 2):
            writer.write(np.full((*SIZE[::-1], 3), 128, np.uint8), frame.moment, frame.plate)
    found = open_take(tmp_path / "a.mkv").frame(1).image
    assert np.abs(found.astype(int) - 128 * 257).max() < 64
