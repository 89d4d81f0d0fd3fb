"""Sound carried from one take into another, packet by packet where the container allows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Discard

from recast.errors import TakeUnreadable
from recast.video.container import open_container, origin_of
from recast.video.pcm import PcmTrack
from recast.video.take import Moment

_PLAYED: dict[str, frozenset[str]] = {
    # Raw PCM and Vorbis could be stored in an mp4 too, but hardly any player would sound them.
    "mp4": frozenset({"aac", "mp3", "ac3", "eac3", "alac", "flac", "opus"}),
    "mov": frozenset({"aac", "mp3", "ac3", "eac3", "alac"}),
    "matroska": frozenset(
        {"aac", "mp2", "mp3", "ac3", "eac3", "alac", "flac", "opus", "vorbis", "dts", "truehd"}
        | {"pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_u8"}
    ),
    # An avi says neither when sound begins nor how long a packet of it lasts.
    "avi": frozenset(),
    "wav": frozenset(),
}
"""What is copied into each container, as its players know it."""
_NEEDED_BEFORE = {
    "aac": Fraction(1, 20),  # overlaps the packet before
    "mp3": Fraction(1, 4),  # borrows bits from several packets before
    "opus": Fraction(2, 25),  # RFC 7845, section 4.6
}
"""Seconds that a decoder must have heard before what it gives is right."""
_LONGEST = Fraction(1, 5)
_LAYOUTS = {1: "mono", 3: "3.0", 4: "4.0", 5: "5.0", 6: "5.1"}
_AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)


@dataclass(frozen=True)
class SoundSpan:
    """The sound of a part of a take: from a moment, which becomes 0, up to another one."""

    path: Path
    start: Moment = Fraction(0)
    end: Moment | None = None


class SoundCopy:
    """Copies every sound stream of `take` into `out` while its pictures are written.

    Sound keeps its times, so it stays in step with frames that keep theirs. What the players
    of a container do not know is encoded again, as AAC in an mp4 and as PCM elsewhere, and a
    note says so.

    Of a `SoundSpan`, the packets that touch it are copied and those that their decoder needs
    before them; the file then says to begin within them, at the very sample. What is encoded
    again is cut at the sample.
    """

    def __init__(self, take: Path | SoundSpan | None, out: OutputContainer) -> None:
        self.notes: list[str] = []
        self._out = out
        self._span = SoundSpan(take) if isinstance(take, Path) else take
        self._name = self._span.path.name if self._span else ""
        self._targets: dict[int, AudioStream] = {}
        self._encoded: set[int] = set()
        self._plain: dict[int, PcmTrack] = {}
        self._before: defaultdict[int, Fraction] = defaultdict(Fraction)
        self._origin = Fraction(0)
        self._length: Fraction | None = None
        self._needed: dict[int, Fraction] = {}
        self._packets: Iterator[Packet[AudioStream]] = iter(())
        self._waiting: Packet[AudioStream] | None = None
        self._open = ExitStack()

    def __enter__(self) -> Self:
        span = self._span
        if span is not None and not span.path.is_dir():  # pictures are silent
            with ExitStack() as stack:
                self._begin(stack.enter_context(open_container(span.path)), span)
                self._open = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def until(self, moment: Fraction) -> None:
        """Write the sound that is heard before `moment`."""
        while self._waiting is not None and _time(self._waiting) - self._origin <= moment:
            self._write(self._waiting)
            self._waiting = self._next()

    def finish(self) -> None:
        """Write all that is left."""
        while self._waiting is not None:
            self._write(self._waiting)
            self._waiting = self._next()
        for index in self._encoded:
            self._out.mux(self._targets[index].encode(None))
        for track in self._plain.values():
            track.write(None)

    def _begin(self, container: InputContainer, span: SoundSpan) -> None:
        self._origin = origin_of(container) + span.start
        self._length = None if span.end is None else span.end - span.start
        wanted = [stream for stream in container.streams.audio if stream.codec_context]
        for stream in container.streams:
            if stream.type != "audio":
                stream.discard = Discard.all
        if self._out.format.name == "wav" and len(wanted) > 1:
            self.notes.append(f"{self._name} has {len(wanted)} sounds; sound.wav holds the first.")
            del wanted[1:]
        for stream in wanted:
            target = self._target(stream)
            codec = stream.codec_context.codec.canonical_name
            copied = codec in _PLAYED[self._out.format.name]
            if stream.language:
                target.metadata["language"] = stream.language
            self._targets[stream.index] = target
            before = _NEEDED_BEFORE.get(codec, Fraction(0) if copied else _LONGEST)
            self._needed[stream.index] = self._origin - before
        if wanted:
            _seek(container, wanted[0], min(self._needed.values()), span)
            self._packets = container.demux(tuple(wanted))
            self._waiting = self._next()

    def _target(self, stream: AudioStream) -> AudioStream:
        muxer = self._out.format.name
        codec = stream.codec_context.codec.canonical_name
        if codec in _PLAYED[muxer]:
            return self._out.add_stream_from_template(stream)
        if muxer == "mp4":
            self._encoded.add(stream.index)
            self.notes.append(
                f"The sound of {self._name} is {codec}, which mp4 players do not know: "
                f"it was encoded again as AAC."
            )
            return _aac_like(self._out, stream)
        track = self._plain[stream.index] = PcmTrack(self._out, stream, self._origin, self._length)
        if not codec.startswith("pcm_"):
            self.notes.append(
                f"The sound of {self._name} is {codec}, which {muxer} does not hold well: "
                f"it was written as PCM."
            )
        return track.target

    def _next(self) -> Packet[AudioStream] | None:
        ended: set[int] = set()
        try:
            for packet in self._packets:
                if not packet.size or (packet.pts is None and packet.dts is None):
                    continue
                if self._is_over(packet):
                    ended.add(packet.stream_index)
                    if ended == self._targets.keys():
                        return None
                elif self._is_needed(packet):
                    return packet
        except av.FFmpegError as error:
            raise TakeUnreadable(
                f"the sound of {self._name} breaks off: the file is cut off or damaged",
                "copy it again from its source",
            ) from error
        return None

    def _is_over(self, packet: Packet[AudioStream]) -> bool:
        return self._length is not None and _time(packet) - self._origin >= self._length

    def _is_needed(self, packet: Packet[AudioStream]) -> bool:
        if self._span is None or not self._span.start:
            return True
        # Without a duration it may reach as far as any packet does.
        length = (packet.duration or 0) * packet.time_base or _LONGEST
        return _time(packet) + length > self._needed[packet.stream_index]

    def _write(self, packet: Packet[AudioStream]) -> None:
        source, target = packet.stream_index, self._targets[packet.stream_index]
        unit = packet.time_base
        shift = round(self._origin / unit)
        if source in self._plain:
            for frame in packet.decode():
                self._plain[source].write(frame)
            return
        if source in self._encoded:
            for frame in packet.decode():
                if frame.pts is not None and frame.time_base:
                    frame.pts -= round(self._origin / frame.time_base)
                whole = self._span is None or not (self._span.start or self._length)
                within = frame if whole else trimmed(frame, self._length)
                if within is not None:
                    self._out.mux(target.encode(within))
            return
        if not packet.duration:  # a last packet without one would count as silence
            packet.duration = max(0, round((_time(packet) - self._before[source]) / unit))
        self._before[source] = _time(packet)
        packet.pts = None if packet.pts is None else packet.pts - shift
        packet.dts = None if packet.dts is None else packet.dts - shift
        packet.stream = target
        self._out.mux(packet)


def _time(packet: Packet[AudioStream]) -> Fraction:
    tick = packet.dts if packet.dts is not None else packet.pts
    return (tick or 0) * packet.time_base


def _aac_like(out: OutputContainer, stream: AudioStream) -> AudioStream:
    rate = stream.rate if stream.rate in _AAC_RATES else 48000
    target = out.add_stream("aac", rate=rate)
    target.layout = _LAYOUTS.get(stream.channels, "stereo")
    target.bit_rate = 128_000 * target.layout.nb_channels
    return target


def _seek(
    container: InputContainer, stream: AudioStream, needed: Fraction, span: SoundSpan
) -> None:
    """Go near the first packet that is needed, where the container can do that exactly."""
    exact = {"mov", "matroska"} & set(container.format.name.split(","))
    if not exact or span.start < 2 or stream.time_base is None:
        return
    # A second too early costs nothing; what is not needed is left out.
    with suppress(av.FFmpegError):
        container.seek(int((needed - 1) / stream.time_base), stream=stream)


def trimmed(frame: AudioFrame, length: Fraction | None) -> AudioFrame | None:
    """What of a frame of sound lies between 0 and `length`; None if nothing does."""
    if frame.pts is None or not frame.time_base:
        return frame
    first = frame.pts * frame.time_base * frame.sample_rate
    start = max(0, round(-first))
    stop = frame.samples
    if length is not None:
        stop = min(stop, round(length * frame.sample_rate - first))
    if start >= stop:
        return None
    if (start, stop) == (0, frame.samples):
        return frame
    samples: Any = frame.to_ndarray()
    channels = frame.layout.nb_channels
    each = 1 if frame.format.is_planar else channels
    part = np.ascontiguousarray(samples[:, start * each : stop * each])
    cut = AudioFrame.from_ndarray(part, format=frame.format.name, layout=frame.layout.name)
    cut.sample_rate, cut.time_base = frame.sample_rate, frame.time_base
    cut.pts = frame.pts + round(Fraction(start, frame.sample_rate) / frame.time_base)
    return cut
