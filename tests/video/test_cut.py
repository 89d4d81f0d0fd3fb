"""A part of a take holds just the frames that were asked for, and its sound stays in step."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from recast.errors import OptionUnusable, TakeUnreadable
from recast.images import save
from recast.video import (
    ColorTags,
    FolderTake,
    Span,
    chosen_span,
    cut_pictures,
    cut_video,
    open_take,
    parse_time,
)

Filmed = Callable[..., Path]
RATE = 48_000


@dataclass(frozen=True)
class Shown:
    """As much of a take as choosing frames needs."""

    times: Sequence[Fraction]
    rate: Fraction = Fraction(25)
    path: Path = Path("take.mp4")

    @property
    def info(self) -> Any:
        return self

    def moments(self) -> Sequence[Fraction]:
        return self.times


EVEN: Any = Shown([Fraction(index, 25) for index in range(100)])
FILM: Any = Shown([Fraction(1001 * index, 24000) for index in range(100)], Fraction(24000, 1001))


def nothing(done: int) -> None:
    pass


def span(take: Any, start: str, **until: str) -> tuple[int, int]:
    times = {name: parse_time(text) for name, text in until.items()}
    found = chosen_span(take, parse_time(start), **times)
    return found.first, found.stop


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:05:00", Fraction(300)),
        ("00:00:55.20", Fraction(276, 5)),
        ("1:02:03.5", Fraction(37235, 10)),
        ("05:00", Fraction(300)),
        ("0:59.999", Fraction(59999, 1000)),
        ("55.2", Fraction(276, 5)),
        ("90", Fraction(90)),
        ("100:00:00", Fraction(360_000)),
        (" 7 ", Fraction(7)),
    ],
)
def test_times_are_read_as_people_write_them(text: str, seconds: Fraction) -> None:
    time = parse_time(text)
    assert (time.seconds, time.frames) == (seconds, None)


def test_frames_are_read() -> None:
    assert parse_time("120f").frames == 120


@pytest.mark.parametrize(
    "text",
    ["", "x", "-1", "1:60", "1:60:00", "1:2:3:4", "1:", ":5", "5.", "1e3", "1,5", "f", "-3f", "٣"],
)
def test_what_is_no_time_is_refused_with_the_forms_there_are(text: str) -> None:
    with pytest.raises(OptionUnusable, match="is no time") as refused:
        parse_time(text)
    assert "00:00:55.20" in refused.value.fix and "120f" in refused.value.fix


@given(st.text(max_size=12))
def test_no_text_is_fatal(text: str) -> None:
    with suppress(OptionUnusable):
        assert parse_time(text).seconds >= 0


@pytest.mark.parametrize(
    ("take", "start", "until", "frames"),
    [
        (EVEN, "0", {}, (0, 100)),
        (EVEN, "1", {}, (25, 100)),
        (EVEN, "1", {"end": "2"}, (25, 50)),
        (EVEN, "1", {"length": "2"}, (25, 75)),
        (EVEN, "25f", {"length": "50f"}, (25, 75)),
        (EVEN, "25f", {"end": "2"}, (25, 50)),
        (EVEN, "1", {"end": "50f"}, (25, 50)),
        (EVEN, "25f", {"length": "1"}, (25, 50)),
        (EVEN, "0.41", {"end": "0.43"}, (10, 11)),  # the nearest place
        (EVEN, "0.42", {}, (11, 100)),  # as near to both: the later
        (EVEN, "3.96", {}, (99, 100)),
        (EVEN, "0", {"end": "4"}, (0, 100)),
        (FILM, "0.042", {"end": "0.083"}, (1, 2)),  # rounded up, rounded down
        (FILM, "0.0417", {"length": "0.0834"}, (1, 3)),
    ],
)
def test_a_time_means_the_nearest_place_between_frames(
    take: Any, start: str, until: dict[str, str], frames: tuple[int, int]
) -> None:
    assert span(take, start, **until) == frames


def test_uneven_frames_are_chosen_by_their_own_times() -> None:
    take: Any = Shown([Fraction(0), Fraction(1, 10), Fraction(2), Fraction(21, 10)], Fraction(2))
    assert span(take, "0.9", end="2.02") == (1, 2)
    assert span(take, "2", length="9") == (2, 4)


@given(
    steps=st.lists(st.integers(1, 90), min_size=1, max_size=30),
    start=st.integers(0, 3000),
    length=st.integers(0, 3000),
)
def test_chosen_frames_are_those_of_a_slow_search(
    steps: list[int], start: int, length: int
) -> None:
    times = [Fraction(int(tick), 100) for tick in np.cumsum([0, *steps])]
    take: Any = Shown(times, Fraction(10))
    places = [*times, times[-1] + Fraction(1, 10)]

    def nearest(seconds: Fraction) -> int:
        return min(range(len(places)), key=lambda at: (abs(places[at] - seconds), -at))

    begun = Fraction(start, 100)
    first, stop = nearest(begun), nearest(begun + Fraction(length, 100))
    if first == len(times) or stop <= first:
        with pytest.raises(OptionUnusable):
            span(take, f"{start / 100:.2f}", length=f"{length / 100:.2f}")
    else:
        assert span(take, f"{start / 100:.2f}", length=f"{length / 100:.2f}") == (first, stop)


@pytest.mark.parametrize("start", ["4", "9:00:00", "100f", "3.99"])
def test_a_start_after_the_end_says_where_the_end_is(start: str) -> None:
    with pytest.raises(OptionUnusable, match=r"after the end of take\.mp4.* ends at 4\.000 s"):
        span(EVEN, start)


@pytest.mark.parametrize("until", [{"end": "1"}, {"end": "0.5"}, {"length": "0"}, {"end": "25f"}])
def test_a_part_without_frames_is_refused(until: dict[str, str]) -> None:
    with pytest.raises(OptionUnusable, match="leaves no frame after a start at 1"):
        span(EVEN, "1", **until)


@pytest.mark.parametrize(
    ("until", "clipped"),
    [
        ({}, False),
        ({"end": "4"}, False),
        ({"end": "4.01"}, False),
        ({"end": "4.5"}, True),
        ({"length": "4"}, True),
        ({"length": "99f"}, False),
        ({"end": "101f"}, True),
    ],
)
def test_more_than_there_is_is_noticed(until: dict[str, str], clipped: bool) -> None:
    times = {name: parse_time(text) for name, text in until.items()}
    found = chosen_span(EVEN, parse_time("1f"), **times)
    assert (found.stop, found.clipped) == (100, clipped)


def test_a_part_is_those_frames_and_begins_at_zero(
    tmp_path: Path, filmed: Filmed, read_number: Any
) -> None:
    steps = np.random.default_rng(2).integers(900, 9000, 60)
    times = [Fraction(int(tick), 90000) for tick in np.cumsum(steps)]
    path = filmed(
        tmp_path / "a.mp4", times, time_base=Fraction(1, 90000), tags=(9, 16, 9, 1), rotation=90
    )
    take, seen = open_take(path), list[int]()
    part = Span(17, 44, times[17], times[44])
    assert cut_video(take, part, tmp_path / "b.mp4", crf=8, each=seen.append) == ()
    cut = open_take(tmp_path / "b.mp4")
    assert [frame.moment for frame in cut] == [moment - times[17] for moment in times[17:44]]
    for frame, expected in zip(cut, take.frames(17, 44), strict=True):
        assert np.abs(frame.image.astype(int) - expected.image).mean() < 3
    assert cut.info.size == take.info.size and cut.info.color == ColorTags(9, 16, 9, 1)
    assert cut.info.variable_rate and seen == list(range(1, 28))


def test_a_deep_take_stays_deep(tmp_path: Path, filmed: Filmed) -> None:
    path = filmed(tmp_path / "a.mkv", 12, pixel_format="yuv420p10le")
    take = open_take(path)
    cut_video(
        take, Span(2, 6, Fraction(2, 25), Fraction(6, 25)), tmp_path / "b.mp4", crf=8, each=nothing
    )
    assert open_take(tmp_path / "b.mp4").info.depth == 10


def tone(seconds: Fraction) -> NDArray[np.float32]:
    """A sound in which every moment is unlike all others: a rising sweep."""
    at = np.arange(int(seconds * RATE)) / RATE
    return (0.4 * np.sin(2 * np.pi * (200 * at + 150 * at**2))).astype(np.float32)


def with_sound(path: Path, pictures: Path, codec: str, seconds: Fraction, start: Fraction) -> Path:
    """The pictures of a film and a sweep that begins at a moment."""
    wave = tone(seconds)
    with av.open(str(pictures)) as source, av.open(str(path), "w") as out:
        video = out.add_stream_from_template(source.streams.video[0])
        audio = out.add_stream(codec, rate=RATE)
        assert isinstance(audio, av.AudioStream)
        audio.layout = "stereo"
        if codec in {"aac", "libmp3lame", "libopus"}:
            audio.bit_rate = 192_000
        kind = "s16" if codec in {"pcm_s16le", "flac"} else "flt"
        kind = {"aac": "fltp", "libmp3lame": "fltp"}.get(codec, kind)
        for first in range(0, len(wave), 1000):
            part = wave[first : first + 1000]
            if kind == "s16":
                samples: Any = (part * 32767).astype(np.int16).repeat(2)[None]
            else:
                samples = np.stack([part, part]) if kind == "fltp" else part.repeat(2)[None]
            frame = av.AudioFrame.from_ndarray(samples, format=kind, layout="stereo")
            frame.sample_rate, frame.time_base = RATE, Fraction(1, RATE)
            frame.pts = first + round(start * RATE)
            out.mux(audio.encode(frame))
        out.mux(audio.encode(None))
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                packet.stream = video
                out.mux(packet)
    return path


def heard(path: Path) -> tuple[Fraction, NDArray[np.float32]]:
    """When the sound begins, and the left channel."""
    parts, first = [], None
    with av.open(str(path)) as container:
        for frame in container.decode(container.streams.audio[0]):
            assert frame.pts is not None and frame.time_base is not None
            first = frame.pts * frame.time_base if first is None else first
            samples: Any = frame.to_ndarray()
            each = 1 if frame.format.is_planar else frame.layout.nb_channels
            scale = 32768 if samples.dtype == np.int16 else 1
            scale = 2**31 if samples.dtype == np.int32 else scale
            parts.append((samples[0, ::each] / scale).astype(np.float32))
    assert first is not None
    return first, np.concatenate(parts)


def offset(path: Path, begins: Fraction, wave: NDArray[np.float32]) -> Fraction:
    """By how many seconds the sound of a part comes too late, a tenth of a second in."""
    first, sound = heard(path)
    at, length, reach = int(0.1 * RATE), RATE // 4, RATE // 20
    probe = sound[at : at + length]
    expected = round((begins + first) * RATE) + at
    around = wave[expected - reach : expected + length + reach]
    matches = np.correlate(around, probe, "valid")
    return Fraction(reach - int(matches.argmax()), RATE)


@pytest.mark.parametrize(
    ("codec", "suffix", "copied"),
    [
        ("aac", ".mp4", True),
        ("aac", ".mkv", True),
        ("aac", ".ts", True),
        ("flac", ".mkv", True),
        ("pcm_s16le", ".mkv", False),
        ("pcm_s16le", ".mov", False),
    ],
)
@pytest.mark.parametrize("first", [0, 31, 77])
def test_sound_stays_in_step_as_exactly_as_the_take_says(
    tmp_path: Path, filmed: Filmed, codec: str, suffix: str, copied: bool, first: int
) -> None:
    pictures = filmed(tmp_path / "a.mp4", 100, options={"bf": "0"})
    late = Fraction(0) if suffix == ".ts" else Fraction(7, 100)
    path = with_sound(tmp_path / f"b{suffix}", pictures, codec, Fraction(4), late)
    take, out = open_take(path), tmp_path / "c.mp4"
    start, end = take.moments()[first], take.moments()[first + 20]
    notes = cut_video(take, Span(first, first + 20, start, end), out, crf=20, each=nothing)
    assert bool(notes) != copied
    begun, whole = heard(path)
    # Matroska rounds the times of its own packets to milliseconds, mp4 those of a late start.
    rounding = Fraction(1, 1000 if suffix == ".mkv" else 10_000)
    assert abs(offset(out, start - begun + take.info.origin, whole)) <= rounding
    first_heard, sound = heard(out)
    length = first_heard + Fraction(len(sound), RATE)
    assert Fraction(0) <= first_heard <= late
    assert abs(length - (end - start)) < Fraction(1, 20)


def test_a_part_of_a_part_stays_in_step(tmp_path: Path, filmed: Filmed) -> None:
    pictures = filmed(tmp_path / "a.mp4", 100, options={"bf": "0"})
    path = with_sound(tmp_path / "b.mp4", pictures, "aac", Fraction(4), Fraction(0))
    once, twice = tmp_path / "c.mp4", tmp_path / "d.mp4"
    cut_video(
        open_take(path), Span(9, 90, Fraction(9, 25), Fraction(90, 25)), once, crf=20, each=nothing
    )
    cut_video(
        open_take(once),
        Span(13, 60, Fraction(13, 25), Fraction(60, 25)),
        twice,
        crf=20,
        each=nothing,
    )
    assert offset(twice, Fraction(22, 25), heard(path)[1]) == 0


def test_a_part_up_to_the_end_keeps_the_sound_that_goes_on(tmp_path: Path, filmed: Filmed) -> None:
    pictures = filmed(tmp_path / "a.mp4", 50, options={"bf": "0"})
    path = with_sound(tmp_path / "b.mp4", pictures, "aac", Fraction(3), Fraction(0))
    cut_video(
        open_take(path),
        Span(25, 50, Fraction(1), Fraction(2)),
        tmp_path / "c.mp4",
        crf=20,
        each=nothing,
    )
    assert len(heard(tmp_path / "c.mp4")[1]) > 1.9 * RATE


def test_what_stops_a_cut_leaves_nothing(tmp_path: Path, filmed: Filmed) -> None:
    take = open_take(filmed(tmp_path / "a.mp4", 30))

    def stop(done: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cut_video(
            take, Span(0, 30, Fraction(0), Fraction(30, 25)), tmp_path / "b.mp4", crf=8, each=stop
        )
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_the_part_that_is_there_can_be_cut_out_of_a_broken_take(
    tmp_path: Path, filmed: Filmed, read_number: Any
) -> None:
    source = open_take(filmed(tmp_path / "a.mkv", 200))
    everything = Span(0, 200, Fraction(0), Fraction(200, 25))
    cut_video(source, everything, tmp_path / "a.mp4", crf=8, each=nothing)
    whole = (tmp_path / "a.mp4").read_bytes()
    (tmp_path / "b.mp4").write_bytes(whole[: len(whole) * 2 // 3])
    take = open_take(tmp_path / "b.mp4")
    assert not take.info.complete
    cut_video(
        take,
        Span(3, 40, Fraction(3, 25), Fraction(40, 25)),
        tmp_path / "c.mp4",
        crf=8,
        each=nothing,
    )
    assert [read_number(frame.image) for frame in open_take(tmp_path / "c.mp4")] == [*range(3, 40)]
    beyond = Span(40, 200, Fraction(40, 25), Fraction(200, 25))
    with pytest.raises(TakeUnreadable, match="breaks off"):
        cut_video(take, beyond, tmp_path / "d.mp4", crf=8, each=nothing)
    assert not (tmp_path / "d.mp4").exists()


class TestPictures:
    @pytest.fixture
    def take(self, tmp_path: Path, draw: Any) -> FolderTake:
        folder = tmp_path / "кадры"
        folder.mkdir()
        for index in range(12):
            save(folder / f"shot {index}.png", draw(index))
        take = open_take(folder, rate=Fraction(24))
        assert isinstance(take, FolderTake)
        return take

    def test_are_copied_as_they_are_with_their_times(
        self, take: FolderTake, tmp_path: Path
    ) -> None:
        out, seen = tmp_path / "part", list[int]()
        cut_pictures(take, Span(3, 7, take.times[3], take.times[7]), out, each=seen.append)
        cut = open_take(out)
        assert isinstance(cut, FolderTake) and cut.info.rate == 24 and seen == [1, 2, 3, 4]
        assert [path.read_bytes() for path in cut.pictures] == [
            path.read_bytes() for path in take.pictures[3:7]
        ]
        assert list(cut.times) == [Fraction(index, 24) for index in range(4)]

    def test_are_there_whole_or_not_at_all(self, take: FolderTake, tmp_path: Path) -> None:
        def stop(done: int) -> None:
            if done == 2:
                raise KeyboardInterrupt

        (tmp_path / "part.part").mkdir()
        with pytest.raises(KeyboardInterrupt):
            cut_pictures(
                take, Span(3, 7, take.times[3], take.times[7]), tmp_path / "part", each=stop
            )
        assert [path.name for path in tmp_path.iterdir()] == ["кадры"]
