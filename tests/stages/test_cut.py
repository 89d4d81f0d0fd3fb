"""Cutting from the outside: names that are refused, notes, progress, both kinds of takes."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import recast
from recast.errors import OptionUnusable, Stopped, TakeUnreadable
from recast.events import Event, Note, Progress, Report, Started
from recast.images import save
from recast.video import open_take

StopAt = Callable[..., Report]


@pytest.fixture
def take(short_takes: dict[str, Path]) -> Path:
    return short_takes["dst"]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "кадры"
    folder.mkdir()
    for index in range(10):
        save(folder / f"{index}.png", np.full((32, 48, 3), 20 * index, np.uint8))
    return folder


def test_a_part_of_a_video(take: Path, tmp_path: Path) -> None:
    events: list[Event] = []
    out = recast.cut(
        take, tmp_path / "new" / "часть.mp4", start="0:00.2", length="10f", report=events.append
    )
    assert out == tmp_path / "new" / "часть.mp4"
    part, whole = open_take(out), open_take(take)
    assert len(part) == 10 and part.info.sound == whole.info.sound
    for frame, expected in zip(part, whole.frames(5, 15), strict=True):
        assert np.abs(frame.image.astype(int) - expected.image).mean() < 2
    assert isinstance(events[0], Started) and "frames 5 to 14" in events[0].about
    assert [e.done for e in events if isinstance(e, Progress)] == list(range(11))


def test_times_may_be_numbers_of_seconds(take: Path, tmp_path: Path) -> None:
    out = recast.cut(str(take), str(tmp_path / "a.mp4"), start=0.2, end=0.6)
    assert len(open_take(out)) == 10


def test_pictures_become_pictures_or_a_video(pictures: Path, tmp_path: Path) -> None:
    folder = recast.cut(pictures, tmp_path / "part v1.2", start="2f", end="5f")
    video = recast.cut(pictures, tmp_path / "part.mp4", start="2f", end="5f")
    assert [path.name for path in sorted(folder.glob("*.png"))] == ["2.png", "3.png", "4.png"]
    for one, other in zip(open_take(folder), open_take(video), strict=True):
        assert one.moment == other.moment
        assert np.abs(one.image.astype(int) - other.image).mean() < 3


def test_an_end_beyond_the_take_is_said(take: Path, tmp_path: Path) -> None:
    events: list[Event] = []
    recast.cut(take, tmp_path / "a.mp4", start="20f", end="9", report=events.append)
    notes = [event.text for event in events if isinstance(event, Note)]
    assert len(notes) == 1 and "ends at 0.960 s: the part ends there" in notes[0]
    assert len(open_take(tmp_path / "a.mp4")) == 4


def test_what_is_left_of_a_broken_take_is_said(take: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(take.read_bytes()[: take.stat().st_size * 2 // 3])
    events: list[Event] = []
    recast.cut(broken, tmp_path / "a.mp4", end="5f", report=events.append)
    notes = [event for event in events if isinstance(event, Note)]
    assert len(notes) == 1 and notes[0].warning and "broken.mp4 is cut off" in notes[0].text
    assert len(open_take(tmp_path / "a.mp4")) == 5
    recast.cut(broken, tmp_path / "b.mp4")
    rest, whole = open_take(tmp_path / "b.mp4"), open_take(take)
    assert 5 < len(rest) < len(whole)
    expected = {frame.moment: frame.image for frame in whole}
    for frame in rest:  # the last ones have gaps where what they were coded before is missing
        assert np.abs(frame.image.astype(int) - expected[frame.moment]).mean() < 2


def test_the_take_itself_is_never_written_over(take: Path, pictures: Path) -> None:
    before = take.read_bytes()
    with pytest.raises(OptionUnusable, match="is the take itself"):
        recast.cut(take, take)
    with pytest.raises(OptionUnusable, match="is the take itself"):
        recast.cut(pictures, pictures)
    assert take.read_bytes() == before


def test_what_is_there_already_is_kept(take: Path, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"mine")
    with pytest.raises(OptionUnusable, match="is there already"):
        recast.cut(take, tmp_path / "a.mp4")
    assert (tmp_path / "a.mp4").read_bytes() == b"mine"


@pytest.mark.parametrize("name", ["a.avi", "a.mov", "a"])
def test_a_part_of_a_video_is_an_mp4(take: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(OptionUnusable, match=r"does not end in \.mp4"):
        recast.cut(take, tmp_path / name)


def test_a_part_of_pictures_is_no_other_video(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionUnusable, match="neither a folder nor an mp4"):
        recast.cut(pictures, tmp_path / "a.avi")


def test_a_length_and_an_end_exclude_each_other(take: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionUnusable, match="exclude each other"):
        recast.cut(take, tmp_path / "a.mp4", end="1", length="1")


@pytest.mark.parametrize("made", ["a.mp4", "part"])
def test_stopping_leaves_nothing(
    take: Path, pictures: Path, tmp_path: Path, stop_at: StopAt, made: str
) -> None:
    source = take if made.endswith("mp4") else pictures
    before = sorted(tmp_path.iterdir())
    with pytest.raises(Stopped):
        recast.cut(source, tmp_path / made, report=stop_at(Progress, 4))
    assert sorted(tmp_path.iterdir()) == before


def test_a_take_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(TakeUnreadable, match=r"gone\.mp4 is not there"):
        recast.cut(tmp_path / "gone.mp4", tmp_path / "a.mp4")
