"""A video file as a take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import cast

import av
import cv2
from av.codec.context import ThreadType
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from recast.errors import TakeUnreadable
from recast.images import FrameImage
from recast.video.color import ToRgb
from recast.video.container import open_container, video_stream
from recast.video.take import Frame, Moment, Plate, TakeInfo
from recast.video.timeline import Timeline, read_timeline

_TURNS = {
    90: cv2.ROTATE_90_COUNTERCLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_CLOCKWISE,
}
_SEEKS = 4  # further tries cost more than reading from the start


class VideoTake:
    """Reads a video file; see `Take`. Made by `open_take`."""

    def __init__(self, path: Path, info: TakeInfo, timeline: Timeline | None = None) -> None:
        self.path = path
        self.info = info
        self._known_timeline = timeline

    def __len__(self) -> int:
        return self.info.length

    def __iter__(self) -> Iterator[Frame]:
        return self.frames()

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        start, stop, _ = slice(start, stop).indices(len(self))
        to_rgb = ToRgb(self.info.color, self.info.size, self.info.depth)
        index, tick = start, None
        for picture in islice(self._pictures(start), max(stop - start, 0)):
            tick = self._tick(index, picture.pts, tick)
            moment = tick * self.info.time_base - self.info.origin
            image = self._upright(to_rgb(picture), moment)
            plate = None if self.info.rotation else Plate(image, picture)
            yield Frame(index, moment, image, plate)
            index += 1
        # A count that is short by frames that could never be decoded is no break.
        if index < stop and (tick is None or tick < max(self._timeline.ticks[-1:], default=tick)):
            raise self._broken(tick)

    def frame(self, index: int) -> Frame:
        if not 0 <= index < len(self):
            raise IndexError(f"{self.path.name} has {len(self)} frames, no frame {index}")
        for frame in self.frames(index, index + 1):
            return frame
        raise self._broken(None)

    def moments(self) -> Sequence[Moment]:
        unit, origin = self.info.time_base, self.info.origin
        return [tick * unit - origin for tick in self._timeline.ticks]

    @cached_property
    def _timeline(self) -> Timeline:
        if self._known_timeline is not None:
            return self._known_timeline
        with open_container(self.path) as container:
            step = 1 / (self.info.rate * self.info.time_base)
            return read_timeline(container, video_stream(container, self.path), step)

    def _tick(self, index: int, tick: int | None, before: int | None) -> int:
        """When a picture is shown; rises even where the file's own times are missing."""
        known = self._known_timeline
        if known is not None and not known.seekable:
            tick = known.ticks[index] if index < len(known.ticks) else None
        if before is None:
            return tick or 0
        return before + 1 if tick is None else max(tick, before + 1)

    def _pictures(self, start: int) -> Iterator[av.VideoFrame]:
        """Decoded pictures from number `start` on."""
        if start:
            with self._opened() as (container, stream):
                sought = self._sought(container, stream, start)
                if sought is not None:
                    yield from sought
                    return
        with self._opened() as (container, stream):
            yield from islice(self._decoded(container.demux(stream)), start, None)

    @contextmanager
    def _opened(self) -> Iterator[tuple[InputContainer, VideoStream]]:
        with open_container(self.path) as container:
            stream = video_stream(container, self.path)
            stream.thread_type = ThreadType.AUTO
            yield container, stream

    def _sought(
        self, container: InputContainer, stream: VideoStream, start: int
    ) -> Iterator[av.VideoFrame] | None:
        """Decoded pictures that begin with number `start`; None if seeking cannot get there."""
        timeline = self._timeline
        if not timeline.seekable or start >= len(timeline.ticks):
            return None
        target = timeline.ticks[start]
        keys = timeline.keys_before(target, _SEEKS)
        # Some containers seek by the time a packet is shown, some by the time it is decoded.
        for tick in (tick for key in keys for tick in (key.pts, key.dts) if tick is not None):
            packets = self._packets_from(container, stream, tick)
            first = next(packets, None)
            # What is shown before its key needs packets from before that key.
            if first is None or first.pts is None or first.pts > target:
                continue
            pictures = self._decoded(chain([first], packets))
            found = next((one for one in pictures if one.pts is None or one.pts >= target), None)
            if found is not None and found.pts == target:
                return chain([found], pictures)
        return None

    def _packets_from(
        self, container: InputContainer, stream: VideoStream, tick: int
    ) -> Iterator[Packet[VideoStream]]:
        """Packets after a seek, from the first key on."""
        try:
            container.seek(tick, stream=stream)
        except av.FFmpegError:
            return
        started = False
        for packet in container.demux(stream):
            started = started or packet.is_keyframe
            if started:
                yield packet

    def _decoded(self, packets: Iterator[Packet[VideoStream]]) -> Iterator[av.VideoFrame]:
        """Frames in the order they are shown; raises TakeUnreadable where the file breaks."""
        tick: int | None = None
        try:
            for packet in packets:
                if packet.is_corrupt and not self.info.complete:
                    raise self._broken(tick)
                try:
                    pictures = packet.decode()
                except av.error.InvalidDataError:
                    if tick is not None:
                        raise
                    continue  # the stream begins in the middle of a group of pictures
                for picture in pictures:
                    yield picture
                    tick = picture.pts
        except av.FFmpegError as error:
            raise self._broken(tick) from error
        if not self.info.complete:
            raise self._broken(tick)

    def _upright(self, image: FrameImage, moment: Fraction) -> FrameImage:
        turn = _TURNS.get(self.info.rotation)
        if turn is not None:
            image = cast(FrameImage, cv2.rotate(image, turn))
        if image.shape[1::-1] != self.info.size:
            raise TakeUnreadable(
                f"{self.path.name} changes its picture size at {float(moment):.3f} s",
                "cut it there and use the parts one by one",
            )
        return image

    def _broken(self, tick: int | None) -> TakeUnreadable:
        reached = Fraction(0) if tick is None else tick * self.info.time_base - self.info.origin
        return TakeUnreadable(
            f"{self.path.name} breaks off at {float(reached):.2f} s of "
            f"{float(self.info.duration):.2f} s: the file is cut off or damaged",
            "copy it again from its source, or cut the take before that time",
        )
