"""A folder of pictures remembers which frame each one is, and when it is shown."""

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recast.images import load, save
from recast.video import (
    NOTE_NAME,
    ColorTags,
    Frame,
    PictureNote,
    open_take,
    picture_name,
    read_note,
    write_pictures,
)

MADE_OF = {"take": {"name": "съёмка.mp4", "length": 4}, "fps": "full"}
TIMES = [Fraction(0), Fraction(1001, 24000), Fraction(1, 5), Fraction(3, 2)]


@pytest.fixture
def frames(draw: Callable[..., Any]) -> list[Frame]:
    return [Frame(index, moment, draw(index)) for index, moment in enumerate(TIMES)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    note = PictureNote(
        Fraction(24000, 1001), Fraction(1, 24000), MADE_OF, ColorTags(9, 16, 9, 1), Fraction(4, 3)
    )
    note.save(tmp_path)
    return tmp_path


def write(folder: Path, frames: list[Frame], suffix: str = ".png") -> list[Frame]:
    return list(write_pictures(folder, frames, length=len(TIMES), suffix=suffix))


def test_a_note_comes_back_as_it_was(folder: Path, frames: list[Frame]) -> None:
    assert [frame.index for frame in write(folder, frames)] == [0, 1, 2, 3]
    note = read_note(folder)
    assert note is not None and note.made_of == MADE_OF
    assert (note.rate, note.time_base) == (Fraction(24000, 1001), Fraction(1, 24000))
    assert (note.color, note.sample_aspect) == (ColorTags(9, 16, 9, 1), Fraction(4, 3))
    assert sorted(note.pictures) == [f"00000{number}.png" for number in range(4)]
    for frame in frames:
        noted = note.pictures[f"00000{frame.index}.png"]
        assert (noted.frame, noted.moment) == (frame.index, frame.moment)
        assert noted.written.fits(folder / f"00000{frame.index}.png")


def test_the_folder_is_a_take_with_the_times_of_the_frames(
    folder: Path, frames: list[Frame], read_number: Callable[..., int]
) -> None:
    write(folder, frames)
    take = open_take(folder)
    assert [frame.moment for frame in take] == list(take.moments()) == TIMES
    assert [read_number(frame.image) for frame in take] == [0, 1, 2, 3]
    info = take.info
    assert (info.rate, info.time_base) == (Fraction(24000, 1001), Fraction(1, 24000))
    assert info.variable_rate and info.duration == TIMES[-1] + Fraction(1001, 24000)
    assert (info.color, info.sample_aspect) == (ColorTags(9, 16, 2, 0), Fraction(4, 3))


def test_frames_that_were_removed_leave_the_others_where_they_are(
    folder: Path, frames: list[Frame]
) -> None:
    write(folder, frames)
    (folder / "000001.png").unlink()
    assert list(open_take(folder).moments()) == [TIMES[0], *TIMES[2:]]


def test_a_picture_that_is_not_in_the_note_leaves_only_the_rate(
    folder: Path, frames: list[Frame]
) -> None:
    write(folder, frames)
    save(folder / "000009.png", load(folder / "000000.png"))
    rate = Fraction(24000, 1001)
    assert list(open_take(folder).moments()) == [index / rate for index in range(5)]


def test_a_rate_that_is_given_goes_before_the_note(folder: Path, frames: list[Frame]) -> None:
    write(folder, frames)
    take = open_take(folder, rate=Fraction(10))
    assert list(take.moments()) == [Fraction(index, 10) for index in range(4)]
    assert take.info.rate == 10 and not take.info.variable_rate


def test_deep_frames_stay_deep_in_png_and_are_rounded_in_jpeg(folder: Path) -> None:
    deep = np.full((8, 8, 3), 40_000, np.uint16)
    deep[:, 4:] = 65_535
    write(folder, [Frame(0, TIMES[0], deep)])
    np.testing.assert_array_equal(load(folder / "000000.png"), deep)
    write(folder, [Frame(0, TIMES[0], deep)], ".jpg")
    flat = load(folder / "000000.jpg")
    assert flat.dtype == np.uint8
    assert abs(int(flat[4, 1, 0]) - 156) <= 2 and flat[4, 6].min() >= 253


def test_a_line_that_was_cut_off_is_not_joined_with_the_next(
    folder: Path, frames: list[Frame]
) -> None:
    write(folder, frames[:2])
    whole = (folder / NOTE_NAME).read_bytes()
    lost = json.loads(whole.splitlines()[-1])["name"]  # threads add lines in any order
    (folder / NOTE_NAME).write_bytes(whole[:-20])
    write(folder, frames[2:])
    note = read_note(folder)
    assert note is not None
    assert note.pictures.keys() == {f"00000{n}.png" for n in range(4)} - {lost}
    lines = (folder / NOTE_NAME).read_text(encoding="utf-8").splitlines()
    assert all(json.loads(line) for line in lines)


@pytest.mark.parametrize(
    ("length", "name"),
    [(1, "000007.jpg"), (10**6, "000007.jpg"), (10**6 + 1, "0000007.jpg")],
)
def test_names_have_digits_enough(length: int, name: str) -> None:
    assert picture_name(7, length, ".jpg") == name


HEAD = {
    "version": 1,
    "made_of": {},
    "rate": "25/1",
    "time_base": "1/25",
    "color": {"primaries": 1, "transfer": 1, "matrix": 1, "range": 1},
    "sample_aspect": "1/1",
}


def test_the_head_that_is_damaged_below_is_a_good_one(tmp_path: Path) -> None:
    (tmp_path / NOTE_NAME).write_text(json.dumps(HEAD), encoding="utf-8")
    assert read_note(tmp_path) is not None


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"rate": "0/1"},
        {"rate": "-1/1"},
        {"rate": "1/0"},
        {"rate": None},
        {"time_base": "0"},
        {"color": {"primaries": 999}},
        {"color": {"secondaries": 1}},
        {"color": 7},
        {"sample_aspect": "nan"},
        {"made_of": 3},
    ],
)
def test_a_damaged_head_counts_as_no_note(tmp_path: Path, change: dict[str, Any]) -> None:
    (tmp_path / NOTE_NAME).write_text(json.dumps({**HEAD, **change}), encoding="utf-8")
    assert read_note(tmp_path) is None


@given(data=st.binary(max_size=200), after_head=st.booleans())
def test_no_content_is_fatal(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, after_head: bool
) -> None:
    folder = tmp_path_factory.mktemp("note")
    head = json.dumps(HEAD).encode() + b"\n" if after_head else b""
    (folder / NOTE_NAME).write_bytes(head + data)
    assert (read_note(folder) is not None) or not after_head


@pytest.mark.parametrize(
    "row",
    [[], None, 5, {}, {"name": "a.png"}, {"name": 1, "frame": "x"}, {"frame": 0, "moment": "1/0"}],
)
def test_a_damaged_line_is_left_out(tmp_path: Path, row: Any) -> None:
    good = {"name": "1.png", "frame": 0, "moment": "0/1", "size": 3, "digest": "ab"}
    lines = [HEAD, row, good]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (tmp_path / NOTE_NAME).write_text(text, encoding="utf-8")
    note = read_note(tmp_path)
    assert note is not None and list(note.pictures) == ["1.png"]
