"""Segments joined into one take are that take."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from recast.errors import TakeUnreadable, TakeUnwritable
from recast.video import Take, TakeWriter, join_segments, open_take


def segments_of(take: Take, folder: Path, cuts: Sequence[int]) -> list[Path]:
    paths = []
    for start, stop in pairwise(cuts):
        paths.append(folder / f"segment {start}.mp4")
        with TakeWriter(paths[-1], take.info) as writer:
            for frame in take.frames(start, stop):
                writer.write(frame.image, frame.moment)
    return paths


def packets(path: Path, kind: str) -> list[tuple[Fraction, bytes]]:
    with av.open(str(path)) as container:
        (stream,) = (s for s in container.streams if s.type == kind)
        return [
            (packet.pts * packet.time_base, bytes(packet))
            for packet in container.demux(stream)
            if packet.size and packet.pts is not None
        ]


@pytest.mark.parametrize("cuts", [(0, 60), (0, 20, 40, 60), (0, 1, 3, 4, 17, 58, 59, 60)])
@pytest.mark.parametrize("even", [True, False])
def test_frames_times_and_sound_are_those_of_the_take(
    tmp_path: Path, filmed: Any, read_number: Any, cuts: tuple[int, ...], even: bool
) -> None:
    steps = np.full(60, 3600) if even else np.random.default_rng(2).integers(500, 20000, 60)
    times = [Fraction(int(tick), 90000) for tick in np.cumsum(steps)]
    path = filmed(tmp_path / "a.mp4", times, time_base=Fraction(1, 90000), sound="aac")
    take, out = open_take(path), tmp_path / "joined.mp4"
    notes = join_segments(segments_of(take, tmp_path, cuts), out, like=take.info, sound_from=path)
    joined = open_take(out)
    assert [frame.moment for frame in joined] == times
    assert [read_number(frame.image) for frame in joined] == list(range(60))
    assert packets(out, "audio") == packets(path, "audio")
    assert joined.info.color == take.info.color
    assert abs(joined.info.duration - take.info.duration) <= Fraction(1, 2)
    assert read_number(joined.frame(41).image) == 41
    assert notes == ()


def test_nothing_is_encoded_again(tmp_path: Path, filmed: Any) -> None:
    take = open_take(filmed(tmp_path / "a.mp4", 40))
    parts = segments_of(take, tmp_path, (0, 25, 40))
    join_segments(parts, tmp_path / "joined.mp4", like=take.info)
    before = [packet for part in parts for packet in packets(part, "video")]
    assert packets(tmp_path / "joined.mp4", "video") == before


def test_a_joined_take_equals_one_written_at_once(tmp_path: Path, filmed: Any) -> None:
    take = open_take(filmed(tmp_path / "a.mp4", 20, aspect=Fraction(4, 3), tags=(1, 1, 1, 1)))
    join_segments(segments_of(take, tmp_path, (0, 20)), tmp_path / "b.mp4", like=take.info)
    (segment,) = segments_of(take, tmp_path, (0, 20))
    assert open_take(tmp_path / "b.mp4").info == open_take(segment).info


def test_segments_that_do_not_fit_are_refused(tmp_path: Path, filmed: Any) -> None:
    take = open_take(filmed(tmp_path / "a.mp4", 20))
    one, two = segments_of(take, tmp_path, (0, 10, 20))
    other = open_take(filmed(tmp_path / "c.mp4", 5, size=(32, 32)))
    (strange,) = segments_of(other, tmp_path / "..", (0, 5))
    out = tmp_path / "joined.mp4"
    for wrong, what in (([two, one], "begins before"), ([one, strange], "another way"), ([], "no")):
        with pytest.raises(TakeUnwritable, match=what):
            join_segments(wrong, out, like=take.info)
    two.write_bytes(two.read_bytes()[:-200])
    with pytest.raises(TakeUnreadable, match="segment 10"):
        join_segments([one, two], out, like=take.info)
    assert not out.exists()
    assert not list(tmp_path.glob("*.part"))
