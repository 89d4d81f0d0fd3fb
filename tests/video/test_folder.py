"""Folders of pictures."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recast.errors import TakeUnreadable
from recast.images import save
from recast.video import open_take


def test_numbers_are_sorted_by_value(tmp_path: Path, draw: Any, read_number: Any) -> None:
    names = ["shot1_2.png", "shot1_10.png", "Shot2_1.png", "shot10_0.png"]
    for index, name in enumerate(names):
        save(tmp_path / name, draw(index))
    assert [read_number(frame.image) for frame in open_take(tmp_path)] == [0, 1, 2, 3]


def test_only_pictures_at_the_root_count(tmp_path: Path, draw: Any) -> None:
    save(tmp_path / "1.png", draw(1))
    (tmp_path / "aligned").mkdir()
    save(tmp_path / "aligned" / "2.png", draw(2))
    (tmp_path / "._1.png").write_bytes(b"left by macOS")
    (tmp_path / "notes.txt").touch()
    assert len(open_take(tmp_path)) == 1


def test_the_rate_is_given(tmp_path: Path, draw: Any) -> None:
    for index in range(3):
        save(tmp_path / f"{index}.png", draw(index))
    take = open_take(tmp_path, rate=Fraction(24000, 1001))
    assert [frame.moment for frame in take] == [Fraction(1001 * i, 24000) for i in range(3)]
    assert take.info.duration == Fraction(3003, 24000)


def test_deep_pictures_stay_deep(tmp_path: Path) -> None:
    deep = np.full((6, 8, 3), 40000, np.uint16)
    save(tmp_path / "1.png", deep)
    take = open_take(tmp_path)
    assert take.info.depth == 16
    assert np.array_equal(take.frame(0).image, deep)


@pytest.mark.parametrize("other", [np.zeros((5, 8, 3), np.uint8), np.zeros((6, 8, 3), np.uint16)])
def test_pictures_unlike_the_first_are_named(tmp_path: Path, other: Any) -> None:
    save(tmp_path / "1.png", np.zeros((6, 8, 3), np.uint8))
    save(tmp_path / "2.png", other)
    with pytest.raises(TakeUnreadable, match=r"2\.png is 8x. at"):
        list(open_take(tmp_path))


def test_a_broken_picture_is_named(tmp_path: Path) -> None:
    save(tmp_path / "1.png", np.zeros((6, 8, 3), np.uint8))
    (tmp_path / "2.png").write_bytes(b"\x89PNG")
    with pytest.raises(TakeUnreadable, match=r"2\.png cannot be read"):
        list(open_take(tmp_path))
