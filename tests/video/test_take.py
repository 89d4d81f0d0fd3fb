"""The contract of every take, and what only files can do."""

import copy
import gc
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recast.errors import TakeUnreadable
from recast.images import save
from recast.video import Take, open_take

LENGTH = 30


@pytest.fixture(params=["mp4", "folder"])
def take(request: pytest.FixtureRequest, tmp_path: Path, filmed: Any, draw: Any) -> Take:
    if request.param == "mp4":
        return open_take(filmed(tmp_path / "take.mp4", LENGTH))
    for index in range(LENGTH):
        save(tmp_path / f"frame {index}.png", draw(index))
    return open_take(tmp_path)


class TestEveryTake:
    def test_counts_its_frames(self, take: Take) -> None:
        assert len(take) == take.info.length == len(list(take)) == LENGTH

    def test_delivers_them_in_order_with_their_times(self, take: Take, read_number: Any) -> None:
        for index, frame in enumerate(take):
            assert frame.index == index == read_number(frame.image)
            assert frame.moment == Fraction(index, 25)

    def test_gives_frames_that_can_go_to_another_process(self, take: Take) -> None:
        frame = take.frame(3)
        sent = copy.deepcopy(frame)
        assert (sent.index, sent.moment, sent.plate) == (3, frame.moment, None)
        np.testing.assert_array_equal(sent.image, frame.image)

    def test_gives_rgb_of_its_size(self, take: Take) -> None:
        frame = take.frame(0)
        assert frame.image.shape == (48, 64, 3)
        assert frame.image.dtype == np.uint8
        assert frame.image.flags.c_contiguous
        assert take.info.size == (64, 48)

    def test_random_access_equals_reading_on(self, take: Take) -> None:
        every = list(take)
        for index in (29, 0, 7, 8, 15, 16, 17, 23):
            frame = take.frame(index)
            assert (frame.index, frame.moment) == (index, every[index].moment)
            assert np.array_equal(frame.image, every[index].image)

    @pytest.mark.parametrize(("start", "stop"), [(0, 3), (5, 21), (28, 99), (9, 9), (40, 50)])
    def test_a_range_is_a_slice(self, take: Take, start: int, stop: int) -> None:
        assert [f.index for f in take.frames(start, stop)] == list(range(LENGTH))[start:stop]

    def test_no_frame_beyond_the_ends(self, take: Take) -> None:
        for index in (-1, LENGTH):
            with pytest.raises(IndexError, match="30 frames"):
                take.frame(index)

    def test_knows_rate_and_duration(self, take: Take) -> None:
        assert take.info.rate == 25
        assert take.info.duration == Fraction(LENGTH, 25)
        assert not take.info.variable_rate
        assert take.info.complete

    def test_may_be_left_and_read_twice_at_once(self, take: Take) -> None:
        first, second = iter(take), iter(take)
        assert [next(first).index, next(first).index, next(second).index] == [0, 1, 0]

    def test_may_be_read_by_threads(self, take: Take, read_number: Any) -> None:
        with ThreadPoolExecutor(4) as pool:
            found = pool.map(lambda index: read_number(take.frame(index).image), range(LENGTH))
        assert list(found) == list(range(LENGTH))


def uneven(count: int, time_base: Fraction) -> list[Fraction]:
    steps = np.random.default_rng(5).integers(300, 9000, count)
    return [time_base * int(tick) for tick in np.cumsum(steps)]


def test_variable_rate_keeps_every_time(tmp_path: Path, filmed: Any) -> None:
    moments = uneven(40, Fraction(1, 90000))
    path = filmed(tmp_path / "phone.mp4", moments, time_base=Fraction(1, 90000))
    take = open_take(path)
    assert [frame.moment for frame in take] == moments
    assert [take.frame(index).moment for index in (33, 2, 17)] == [moments[i] for i in (33, 2, 17)]
    assert take.info.variable_rate


@pytest.mark.parametrize("suffix", ["mov", "mkv", "ts", "avi", "webm"])
def test_containers_agree(tmp_path: Path, filmed: Any, read_number: Any, suffix: str) -> None:
    codec = {"webm": "libvpx", "avi": "mpeg4"}.get(suffix, "libx264")
    path = filmed(
        tmp_path / f"take.{suffix}", 30, codec=codec, options={} if codec != "libx264" else None
    )
    take = open_take(path)
    every = list(take)
    assert len(take) == len(every) == 30
    assert [f.moment - every[0].moment for f in every] == [Fraction(i, 25) for i in range(30)]
    assert every[0].moment < Fraction(1, 5)
    for index in (29, 3, 8, 16, 21):
        frame = take.frame(index)
        assert read_number(frame.image) == index
        assert frame.moment == every[index].moment
        assert np.array_equal(frame.image, every[index].image)


def test_avi_with_b_frames_is_in_order(tmp_path: Path, filmed: Any, read_number: Any) -> None:
    take = open_take(filmed(tmp_path / "old.avi", 30))
    assert [read_number(frame.image) for frame in take] == list(range(30))
    assert [frame.moment for frame in take] == [Fraction(index, 25) for index in range(30)]
    assert read_number(take.frame(13).image) == 13


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_open_groups_of_pictures_are_sought_exactly(
    tmp_path: Path, filmed: Any, suffix: str
) -> None:
    options = {"preset": "ultrafast", "bf": "3", "x264-params": "open-gop=1:keyint=8:min-keyint=8"}
    take = open_take(filmed(tmp_path / f"open.{suffix}", 60, options=options))
    every = list(take)
    assert len(every) == 60
    for index in range(0, 60, 3):
        assert np.array_equal(take.frame(index).image, every[index].image)


def test_all_keys_and_groups_shorter_than_the_delay(tmp_path: Path, filmed: Any) -> None:
    options = {"preset": "ultrafast", "bf": "3", "x264-params": "keyint=3:min-keyint=3"}
    take = open_take(filmed(tmp_path / "short.mp4", 20, options=options))
    every = list(take)
    assert all(np.array_equal(take.frame(i).image, every[i].image) for i in range(20))


def test_memory_stays_the_same_however_long_the_take(tmp_path: Path, filmed: Any) -> None:
    def peak(count: int) -> int:
        take = open_take(filmed(tmp_path / f"{count}.mp4", count, size=(320, 240)))
        gc.collect()
        tracemalloc.start()
        for frame in take:
            del frame
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    assert peak(240) < peak(24) + 320 * 240 * 3


def test_a_single_frame_and_odd_sizes(tmp_path: Path, filmed: Any) -> None:
    path = filmed(tmp_path / "one.mp4", 1, size=(63, 47), pixel_format="yuv444p")
    take = open_take(path)
    (frame,) = take
    assert (frame.index, frame.moment) == (0, Fraction(0))
    assert frame.image.shape == (47, 63, 3)
    assert take.info.duration > 0


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_phone_video_comes_upright(tmp_path: Path, filmed: Any, degrees: int) -> None:
    corner = np.full((48, 64, 3), 40, np.uint8)
    corner[:12, :16] = 220
    path = filmed(
        tmp_path / "phone.mp4", 3, rotation=degrees, images=[corner] * 3, aspect=Fraction(4, 3)
    )
    take = open_take(path)
    expected = np.rot90(corner, degrees // 90)
    assert take.info.size == expected.shape[1::-1]
    assert take.info.rotation == degrees
    assert take.info.sample_aspect == (Fraction(4, 3) if degrees == 180 else Fraction(3, 4))
    for frame in take:
        assert np.abs(frame.image.astype(int) - expected).mean() < 3


def test_ten_bits_stay(tmp_path: Path, filmed: Any) -> None:
    take = open_take(filmed(tmp_path / "deep.mp4", 2, pixel_format="yuv420p10le"))
    assert take.info.depth == 10
    assert take.frame(1).image.dtype == np.uint16
    assert take.frame(1).image.max() > 40000


def test_paths_of_any_letters(tmp_path: Path, filmed: Any) -> None:
    folder = tmp_path / "съёмка 日本 ü"
    folder.mkdir()
    assert len(open_take(filmed(folder / "дубль 1 часть.mp4", 3))) == 3


def test_a_cut_file_delivers_what_is_there_then_says_where_it_broke(
    tmp_path: Path, filmed: Callable[..., Path]
) -> None:
    path = _cut(filmed(tmp_path / "take.mp4", 120), tmp_path / "cut.mp4")
    take = open_take(path)
    assert not take.info.complete
    assert len(take) == 120
    frames = []
    with pytest.raises(TakeUnreadable, match=r"breaks off at \d\.\d\d s of 4\.80 s"):
        for frame in take:
            frames.append(frame.index)
    assert frames == list(range(len(frames)))
    assert 10 < len(frames) < 110
    with pytest.raises(TakeUnreadable, match="breaks off"):
        take.frame(119)


@pytest.mark.parametrize("suffix", ["mkv", "ts"])
def test_other_cut_containers_do_not_crash(tmp_path: Path, filmed: Any, suffix: str) -> None:
    take = open_take(_cut(filmed(tmp_path / f"a.{suffix}", 120), tmp_path / f"cut.{suffix}"))
    seen = 0
    try:
        for _ in take:
            seen += 1
    except TakeUnreadable:
        assert suffix == "mkv"
    assert 10 < seen < 110


def _cut(whole: Path, cut: Path) -> Path:
    """The first two thirds of the pictures, with the table of frames, which is at the front."""
    import av

    with (
        av.open(str(whole)) as source,
        av.open(
            str(cut),
            "w",
            container_options={"movflags": "+faststart"} if cut.suffix == ".mp4" else {},
        ) as out,
    ):
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size * 2 // 3])
    return cut
