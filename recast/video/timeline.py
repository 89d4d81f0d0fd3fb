"""When each frame of a file is shown, found by reading its packets without decoding them."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

# Here packets carry their place in the file, not the time their frame is shown.
_WITHOUT_TIMES = frozenset({"avi", "h264", "hevc", "m4v", "vc1", "mpegvideo", "obu"})


@dataclass(frozen=True)
class Key:
    """A packet from which decoding can begin: when it is shown, and when it is decoded."""

    pts: int
    dts: int | None


@dataclass(frozen=True)
class Timeline:
    """Times in ticks of the stream's time base.

    `ticks` has one entry a frame, rising; `keys` is sorted by pts. `end` is where the last
    frame stops being shown, `container_end` the same in seconds over all streams. Without
    `seekable` only reading from the start tells which frame is which.
    """

    ticks: Sequence[int]
    keys: tuple[Key, ...]
    end: int
    container_end: Fraction
    seekable: bool

    def keys_before(self, tick: int, count: int) -> tuple[Key, ...]:
        """Up to `count` keys from which the frame at `tick` can be reached, the nearest first."""
        after = bisect_right(self.keys, tick, key=lambda key: key.pts)
        return self.keys[max(after - count, 0) : after][::-1]

    def starting_at(self, tick: int) -> Timeline:
        """Without what lies before the first frame that can be decoded."""
        first = bisect_left(self.ticks, tick)
        if not self.seekable or first == 0:
            return self
        keys = tuple(key for key in self.keys if key.pts >= tick)
        return Timeline(self.ticks[first:], keys, self.end, self.container_end, self.seekable)

    @property
    def variable(self) -> bool:
        """Whether frames stand for differing times, beyond the rounding of the time base."""
        return uneven(self.ticks)


def uneven(ticks: Sequence[int]) -> bool:
    """Whether the steps between times differ by more than a tick."""
    if len(ticks) < 3:
        return False
    low = high = ticks[1] - ticks[0]
    for before, after in pairwise(ticks):
        step = after - before
        low, high = min(low, step), max(high, step)
    return high - low > 1


def read_timeline(container: InputContainer, stream: VideoStream, step: Fraction) -> Timeline:
    """Read every packet of the file once; needs the file at its beginning.

    `step` is a frame's duration in ticks, for files whose packets carry no times at all.
    """
    in_display_order = container.format.name not in _WITHOUT_TIMES
    ticks, keys = array("q"), []
    end, container_end, timed = 0, Fraction(0), True
    for packet in _packets(container):
        tick = packet.pts if in_display_order else packet.dts
        if tick is not None:
            stop = tick + (packet.duration or 0)
            container_end = max(container_end, stop * packet.time_base)
        if packet.stream_index != stream.index:
            continue
        timed = timed and tick is not None
        ticks.append(round(len(ticks) * step) if tick is None else tick)
        end = max(end, ticks[-1] + (packet.duration or 0))
        if packet.is_keyframe:
            keys.append(Key(ticks[-1], packet.dts))
    if not timed:
        ticks = array("q", (round(index * step) for index in range(len(ticks))))
    shown = array("q", rising(sorted(ticks)))
    repeated = len(set(ticks)) < len(ticks)
    keys.sort(key=lambda key: key.pts)
    seekable = in_display_order and timed and not repeated
    return Timeline(shown, tuple(keys), end, container_end, seekable)


def _packets(container: InputContainer) -> Iterator[Packet[Stream]]:
    with suppress(av.FFmpegError):  # a file that is cut off ends here
        for packet in container.demux():
            if packet.size and not packet.is_discard:
                yield packet


def rising(ticks: Iterable[int | None]) -> Iterator[int]:
    """Times that rise: one that is missing or steps back becomes a tick after the one before."""
    last: int | None = None
    for tick in ticks:
        if tick is None or (last is not None and tick <= last):
            tick = 0 if last is None else last + 1
        last = tick
        yield tick
