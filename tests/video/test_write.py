"""Results that look and sound like their take, whole or not at all."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from recast.errors import DiskTrouble, TakeUnwritable
from recast.video import Take, TakeWriter, open_take

Heard = list[tuple[Fraction, bytes]]


def copied(
    take: Take, path: Path, *, sound_from: Path | None = None
) -> tuple[Take, tuple[str, ...]]:
    with TakeWriter(path, take.info, sound_from=sound_from) as writer:
        for frame in take:
            writer.write(frame.image, frame.moment)
    return open_take(path), writer.notes


def heard(path: Path, *, shift: Fraction = Fraction(0)) -> Heard:
    """Every packet of sound with its exact time."""
    with av.open(str(path)) as container:
        (stream,) = container.streams.audio
        return [
            (packet.pts * packet.time_base - shift, bytes(packet))
            for packet in container.demux(stream)
            if packet.size and packet.pts is not None
        ]


def moments(take: Take) -> list[Fraction]:
    return [frame.moment for frame in take]


def test_pictures_times_and_description_are_kept(
    tmp_path: Path, filmed: Any, read_number: Any
) -> None:
    source = open_take(filmed(tmp_path / "a.mp4", 40, tags=(1, 1, 1, 1), aspect=Fraction(4, 3)))
    result, notes = copied(source, tmp_path / "b.mp4")
    assert moments(result) == moments(source)
    assert [read_number(frame.image) for frame in result] == list(range(40))
    for name in ("size", "rate", "duration", "length", "color", "sample_aspect", "depth"):
        assert getattr(result.info, name) == getattr(source.info, name)
    assert notes == ()
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["a.mp4", "b.mp4"]


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_variable_rate_keeps_every_time(tmp_path: Path, filmed: Any, suffix: str) -> None:
    base = Fraction(1, 1000) if suffix == "mkv" else Fraction(1, 90000)
    steps = np.random.default_rng(1).integers(20, 90, 50) * round(Fraction(1, 1000) / base)
    times = [Fraction(3, 2) + base * int(tick) for tick in np.cumsum(steps)]
    source = open_take(filmed(tmp_path / f"a.{suffix}", times, time_base=base))
    result, _ = copied(source, tmp_path / "b.mp4")
    assert moments(result) == moments(source)
    assert result.info.variable_rate
    if suffix != "ts":
        assert moments(result) == times
        assert result.info.duration > times[-1] - times[0]


def test_ntsc_rates_do_not_drift(tmp_path: Path, filmed: Any) -> None:
    step = Fraction(1001, 30000)
    source = open_take(filmed(tmp_path / "a.mp4", [step * i for i in range(60)], time_base=step))
    result, _ = copied(source, tmp_path / "b.mp4")
    assert moments(result) == [step * i for i in range(60)]
    assert result.info.duration == 60 * step


@pytest.mark.parametrize("start", [Fraction(0), Fraction(1, 2)])
@pytest.mark.parametrize("codec", ["aac", "libmp3lame", "ac3", "flac", "libopus", "alac"])
def test_sound_is_copied_untouched(
    tmp_path: Path, filmed: Any, codec: str, start: Fraction
) -> None:
    path = filmed(tmp_path / "a.mkv", 50, sound=codec, sound_start=start)
    _, notes = copied(open_take(path), tmp_path / "b.mp4", sound_from=path)
    before, after = heard(path), heard(tmp_path / "b.mp4")
    assert [data for _, data in before] == [data for _, data in after]
    # Matroska rounds to milliseconds, mp4 to samples.
    late = [float(b - a) for (a, _), (b, _) in zip(before, after, strict=True)]
    assert max(map(abs, late)) < 0.002
    assert notes == ()


def test_sound_of_the_sample_keeps_bytes_and_times(tmp_path: Path) -> None:
    path = Path(__file__).parents[2] / "recast" / "samples" / "pair1_dst.mp4"
    source = open_take(path)
    with TakeWriter(tmp_path / "b.mp4", source.info, sound_from=path) as writer:
        for frame in source.frames(0, 20):
            writer.write(frame.image, frame.moment)
    assert heard(tmp_path / "b.mp4") == heard(path)


def test_broadcast_sound_stays_in_step(tmp_path: Path, filmed: Any) -> None:
    times = [100 + Fraction(index, 25) for index in range(50)]
    path = filmed(tmp_path / "a.ts", times, sound="aac", sound_start=Fraction(1001, 10))
    source = open_take(path)
    result, notes = copied(source, tmp_path / "b.mp4", sound_from=path)
    before, after = heard(path, shift=source.info.origin), heard(tmp_path / "b.mp4")
    assert moments(result) == moments(source)
    assert len(before) == len(after)
    assert max(abs(a - b) for (a, _), (b, _) in zip(before, after, strict=True)) < Fraction(1, 1000)
    assert notes == ()


@pytest.mark.parametrize("codec", ["pcm_s16le", "mp2"])
def test_sound_that_mp4_players_do_not_know_becomes_aac(
    tmp_path: Path, filmed: Any, codec: str
) -> None:
    path = filmed(tmp_path / "a.mkv", 50, sound=codec, sound_start=Fraction(1, 2))
    result, notes = copied(open_take(path), tmp_path / "b.mp4", sound_from=path)
    assert [sound.codec for sound in result.info.sound] == ["aac"]
    assert len(notes) == 1
    assert "encoded again as AAC" in notes[0]
    assert abs(_first_sound(tmp_path / "b.mp4") - _first_sound(path)) < 0.01


def _first_sound(path: Path) -> float:
    """Seconds until something can be heard."""
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            loud = np.abs(frame.to_ndarray().astype(float))
            loud = (loud / (32768 if frame.format.name.startswith("s16") else 1)).reshape(-1)
            if (loud > 0.1).any() and frame.pts is not None and frame.time_base:
                return float(frame.pts * frame.time_base) + int((loud > 0.1).argmax()) / 48000
    raise AssertionError("silent")


def test_several_sound_streams_and_languages(tmp_path: Path, filmed: Any) -> None:
    one, two = filmed(tmp_path / "one.mp4", 20, sound="aac"), tmp_path / "two.mp4"
    with av.open(str(one)) as source, av.open(str(two), "w") as out:
        video = out.add_stream_from_template(source.streams.video[0])
        sounds = [out.add_stream_from_template(source.streams.audio[0]) for _ in range(2)]
        for stream, language in zip(sounds, ("eng", "fra"), strict=True):
            stream.metadata["language"] = language
        for packet in source.demux():
            is_sound = packet.stream.type == "audio"
            for target in sounds if is_sound else [video]:
                if packet.size:
                    packet.stream = target
                    out.mux(packet)
    result, _ = copied(open_take(two), tmp_path / "b.mp4", sound_from=two)
    assert len(result.info.sound) == 2
    with av.open(str(tmp_path / "b.mp4")) as container:
        assert [stream.language for stream in container.streams.audio] == ["eng", "fra"]


@pytest.mark.parametrize("size", [(63, 48), (64, 47), (63, 47)])
def test_odd_sizes_keep_their_size(tmp_path: Path, filmed: Any, size: tuple[int, int]) -> None:
    source = open_take(filmed(tmp_path / "a.mp4", 5, size=size, pixel_format="yuv444p"))
    result, notes = copied(source, tmp_path / "b.mp4")
    assert result.info.size == size
    assert result.info.pixel_format == "yuv444p"
    assert "odd side" in notes[0]
    difference = result.frame(3).image.astype(int) - source.frame(3).image
    assert np.abs(difference).mean() < 2


def test_a_turned_take_is_written_upright(tmp_path: Path, filmed: Any) -> None:
    source = open_take(filmed(tmp_path / "a.mp4", 5, rotation=90))
    result, _ = copied(source, tmp_path / "b.mp4")
    assert (result.info.size, result.info.rotation) == ((48, 64), 0)
    difference = result.frame(3).image.astype(int) - source.frame(3).image
    assert np.abs(difference).mean() < 2


def test_ten_bits_stay(tmp_path: Path, filmed: Any) -> None:
    path = filmed(tmp_path / "a.mp4", 5, pixel_format="yuv420p10le", tags=(9, 16, 9, 1))
    source = open_take(path)
    result, _ = copied(source, tmp_path / "b.mp4")
    assert (result.info.depth, result.info.color) == (10, source.info.color)
    difference = result.frame(3).image.astype(int) - source.frame(3).image
    assert np.abs(difference).mean() < 2 * 257


def test_a_folder_of_pictures_becomes_a_video(tmp_path: Path, draw: Any) -> None:
    from recast.images import save

    folder = tmp_path / "pictures"
    folder.mkdir()
    for index in range(3):
        save(folder / f"{index}.png", draw(index))
    source = open_take(folder)
    result, _ = copied(source, tmp_path / "日本 ü.mp4", sound_from=folder)
    assert moments(result) == moments(source)
    assert result.info.color.matrix == 1


def test_the_table_of_frames_comes_first(tmp_path: Path, filmed: Any) -> None:
    copied(open_take(filmed(tmp_path / "a.mp4", 5)), tmp_path / "b.mp4")
    data = (tmp_path / "b.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_a_single_frame(tmp_path: Path, filmed: Any) -> None:
    result, _ = copied(open_take(filmed(tmp_path / "a.mp4", 1)), tmp_path / "b.mp4")
    assert (result.info.length, result.info.duration) == (1, Fraction(1, 25))


def test_an_interrupted_write_leaves_what_was_there(tmp_path: Path, filmed: Any) -> None:
    source = open_take(filmed(tmp_path / "a.mp4", 5))
    (tmp_path / "b.mp4").write_bytes(b"old")
    with pytest.raises(RuntimeError), TakeWriter(tmp_path / "b.mp4", source.info) as writer:
        writer.write(source.frame(0).image, Fraction(0))
        raise RuntimeError
    assert (tmp_path / "b.mp4").read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 2


def test_what_cannot_be_written_is_named(tmp_path: Path, filmed: Any) -> None:
    source = open_take(filmed(tmp_path / "a.mp4", 5))
    image = source.frame(0).image
    with (
        pytest.raises(TakeUnwritable, match="no frame"),
        TakeWriter(tmp_path / "b.mp4", source.info),
    ):
        pass
    with (
        pytest.raises(TakeUnwritable, match="shape"),
        TakeWriter(tmp_path / "b.mp4", source.info) as w,
    ):
        w.write(image[1:], Fraction(0))
    with (
        pytest.raises(TakeUnwritable, match="follow"),
        TakeWriter(tmp_path / "b.mp4", source.info) as w,
    ):
        w.write(image, Fraction(1))
        w.write(image, Fraction(1))
    with (
        pytest.raises(TakeUnwritable, match="float"),
        TakeWriter(tmp_path / "b.mp4", source.info) as w,
    ):
        w.write(image.astype(np.float32), Fraction(0))  # type: ignore[arg-type]
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_places_that_cannot_be_written_are_named(tmp_path: Path, filmed: Any) -> None:
    info = open_take(filmed(tmp_path / "a.mp4", 5)).info
    for path, what in ((tmp_path / "no" / "b.mp4", "is not there"), (tmp_path, "is a folder")):
        with pytest.raises(DiskTrouble, match=what), TakeWriter(path, info):
            pass


@contextmanager
def _largest_file(size: int) -> Iterator[None]:
    """As a full disk would, refuse to let any file grow beyond `size`."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.skipif(sys.platform == "win32", reason="needs file size limits")
def test_a_full_disk_is_named_and_nothing_stays(tmp_path: Path, filmed: Any) -> None:
    info = open_take(filmed(tmp_path / "a.mp4", 5)).info
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    with (
        _largest_file(20_000),
        pytest.raises(DiskTrouble, match=r"b\.mp4 cannot be written"),
        TakeWriter(tmp_path / "b.mp4", info) as writer,
    ):
        for index in range(200):
            writer.write(noise, Fraction(index, 25))
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]
