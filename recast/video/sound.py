"""Sound carried from one take into another, packet by packet where the container allows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Discard

from recast.errors import TakeUnreadable
from recast.video.container import open_container, origin_of
from recast.video.pcm import PcmTrack

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
_LAYOUTS = {1: "mono", 3: "3.0", 4: "4.0", 5: "5.0", 6: "5.1"}
_AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)


class SoundCopy:
    """Copies every sound stream of `take` into `out` while its pictures are written.

    Sound keeps its times, so it stays in step with frames that keep theirs. What the players
    of a container do not know is encoded again, as AAC in an mp4 and as PCM elsewhere, and a
    note says so.
    """

    def __init__(self, take: Path | None, out: OutputContainer) -> None:
        self.notes: list[str] = []
        self._out = out
        self._take = take
        self._targets: dict[int, AudioStream] = {}
        self._encoded: set[int] = set()
        self._plain: dict[int, PcmTrack] = {}
        self._before: defaultdict[int, Fraction] = defaultdict(Fraction)
        self._origin = Fraction(0)
        self._packets: Iterator[Packet[AudioStream]] = iter(())
        self._waiting: Packet[AudioStream] | None = None
        self._open = ExitStack()

    def __enter__(self) -> Self:
        if self._take is not None and not self._take.is_dir():  # pictures are silent
            with ExitStack() as stack:
                self._begin(stack.enter_context(open_container(self._take)), self._take.name)
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

    def _begin(self, container: InputContainer, name: str) -> None:
        self._origin = origin_of(container)
        wanted = [stream for stream in container.streams.audio if stream.codec_context]
        for stream in container.streams:
            if stream.type != "audio":
                stream.discard = Discard.all
        if self._out.format.name == "wav" and len(wanted) > 1:
            self.notes.append(f"{name} has {len(wanted)} sounds; sound.wav holds the first.")
            del wanted[1:]
        for stream in wanted:
            target = self._target(stream, name)
            if stream.language:
                target.metadata["language"] = stream.language
            self._targets[stream.index] = target
        if wanted:
            self._packets = container.demux(tuple(wanted))
            self._waiting = self._next()

    def _target(self, stream: AudioStream, name: str) -> AudioStream:
        muxer = self._out.format.name
        codec = stream.codec_context.codec.canonical_name
        if codec in _PLAYED[muxer]:
            return self._out.add_stream_from_template(stream)
        if muxer == "mp4":
            self._encoded.add(stream.index)
            self.notes.append(
                f"The sound of {name} is {codec}, which mp4 players do not know: "
                f"it was encoded again as AAC."
            )
            return _aac_like(self._out, stream)
        track = self._plain[stream.index] = PcmTrack(self._out, stream, self._origin)
        if not codec.startswith("pcm_"):
            self.notes.append(
                f"The sound of {name} is {codec}, which {muxer} does not hold well: "
                f"it was written as PCM."
            )
        return track.target

    def _next(self) -> Packet[AudioStream] | None:
        try:
            for packet in self._packets:
                if packet.size and (packet.pts is not None or packet.dts is not None):
                    return packet
        except av.FFmpegError as error:
            raise TakeUnreadable(
                f"the sound of {self._take} breaks off: the file is cut off or damaged",
                "copy it again from its source",
            ) from error
        return None

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
                self._out.mux(target.encode(frame))
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
