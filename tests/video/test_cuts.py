"""Cuts are found where two takes meet, and nowhere else."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import recast
from recast.images import FrameImage
from recast.video import find_cuts, open_take

SAMPLES = Path(recast.__file__).parent / "samples"
SIZE = (240, 320)


def shot(seed: int, count: int, *, pan: int = 0, level: float = 1.0) -> list[FrameImage]:
    """A drawn scene under a moving camera."""
    rng = np.random.default_rng(seed)
    rough = rng.uniform(0, 255, (8, 40, 3)).repeat(40, 0).repeat(40, 1)
    return [
        (rough[: SIZE[0], at * pan : at * pan + SIZE[1]] * level).astype(np.uint8)
        for at in range(count)
    ]


def joined(first: str, second: str, count: int) -> Iterator[FrameImage]:
    for name in (first, second):
        for frame in open_take(SAMPLES / name).frames(0, count):
            yield frame.image[:480, :512]


def test_the_place_where_two_takes_meet_is_found() -> None:
    assert find_cuts(joined("pair1_src.mp4", "pair1_dst.mp4", 20)) == [20]


@pytest.mark.parametrize("name", ["pair1_src.mp4", "pair1_dst.mp4"])
def test_a_take_of_one_shot_has_none(name: str) -> None:
    assert find_cuts(frame.image for frame in open_take(SAMPLES / name).frames(0, 60)) == []


def test_short_shots_and_the_ends() -> None:
    images = [*shot(1, 1), *shot(2, 6), *shot(3, 5), *shot(4, 1)]
    assert find_cuts(images) == [1, 7, 12]


def test_a_pan_is_no_cut() -> None:
    assert find_cuts(shot(1, 20, pan=18)) == []


def test_a_flash_is_no_cut() -> None:
    images = shot(1, 12)
    images[6] = np.full_like(images[6], 255)
    assert find_cuts(images) == []


def test_a_fade_is_no_cut() -> None:
    rows = [shot(1, 1, level=1 - at / 20)[0] for at in range(20)]
    assert find_cuts(rows) == []


def test_16_bits_are_read_likewise() -> None:
    images = [image.astype(np.uint16) * 257 for image in [*shot(1, 5), *shot(2, 5)]]
    assert find_cuts(images) == [5]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_takes_of_no_length(count: int) -> None:
    assert find_cuts(shot(1, count)) == []
