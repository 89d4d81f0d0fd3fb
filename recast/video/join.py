"""Join segments of one take into its result, without encoding anything again."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container import OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from recast.errors import TakeUnreadable, TakeUnwritable
from recast.video.container import open_container, video_stream
from recast.video.formats import CONTAINERS
from recast.video.output import video_output, written_time_base
from recast.video.sequence import join_sequences
from recast.video.sound import SoundCopy
from recast.video.take import TakeInfo
from recast.video.timeline import rising

_AGAIN = "delete the segments and write them again"


def join_segments(
    segments: Sequence[Path], out: Path, *, like: TakeInfo, sound_from: Path | None = None
) -> tuple[str, ...]:
    """Make one result of silent segments that were written with the same `like` and format.

    Folders of pictures become one folder. Of video files the suffix of `out` chooses the
    container; an avi shows frames at its constant rate. Every frame keeps its moment and its
    coded pictures; sound is copied from `sound_from`.
    `out` is there whole or not at all. Returns notes for the user on the sound.

    Raises:
        TakeUnreadable: a segment is damaged.
        TakeUnwritable: the segments do not fit together.
        DiskTrouble: no space, or no permission.
    """
    if segments and segments[0].is_dir():
        return join_sequences(segments, out, like=like, sound_from=sound_from)
    if not segments:
        raise TakeUnwritable(f"there are no segments to make {out.name} of", "write some first")
    muxer = CONTAINERS.get(out.suffix.lower(), "mp4")
    fixed = muxer == "avi"
    time_base = 1 / like.rate if fixed else written_time_base(like.time_base)
    schedule = _schedule(segments, time_base, fixed=fixed)
    with video_output(out, time_base, muxer) as container:
        stream = _stream_like(segments[0], container, like, time_base)
        with SoundCopy(sound_from, container) as sound:
            for packet, times in zip(_packets(segments), schedule.times(), strict=True):
                packet.time_base = time_base
                packet.pts, packet.dts, packet.duration = times
                packet.stream = stream
                sound.until(times[1] * time_base)
                container.mux(packet)
            sound.finish()
            return tuple(sound.notes)


@dataclass(frozen=True)
class _Schedule:
    """When packets are shown: `coded` in the order of the file, `shown` in rising order."""

    coded: array[int]
    shown: array[int]
    last: int

    def times(self) -> Iterator[tuple[int, int, int]]:
        """pts, dts and duration of each packet, in the order of the file.

        Decoding times are laid anew over the whole take, as the segments' own overlap at the
        seams: a packet is decoded when the frame `depth` places earlier is shown.
        """
        ranks = [bisect_left(self.shown, tick) for tick in self.coded]
        depth = max(place - rank for place, rank in enumerate(ranks))
        lead = self.shown[depth] - self.shown[0]
        for place, (tick, rank) in enumerate(zip(self.coded, ranks, strict=True)):
            dts = self.shown[place - depth] if place >= depth else self.shown[place] - lead
            follows = rank + 1 < len(self.shown)
            yield tick, dts, self.shown[rank + 1] - tick if follows else self.last


def _schedule(segments: Sequence[Path], time_base: Fraction, *, fixed: bool) -> _Schedule:
    coded, last, end, head = array("q"), 0, None, None
    for segment in segments:
        first = len(coded)
        with open_container(segment) as container:
            stream = video_stream(container, segment)
            settings = stream.codec_context.extradata
            head = settings if head is None else head
            if settings != head:
                raise TakeUnwritable(f"{segment.name} was written in another way", _AGAIN)
            latest = None
            for packet in _of(container.demux(stream), segment):
                coded.append(round((packet.pts or 0) * packet.time_base / time_base))
                if latest is None or coded[-1] > latest:
                    latest = coded[-1]
                    last = round((packet.duration or 0) * packet.time_base / time_base)
        if latest is None:
            raise TakeUnreadable(f"{segment.name} holds no frame", _AGAIN)
        # At a constant rate, two frames of a variable one may share a place at the seam.
        if end is not None and min(coded[first:]) <= end - fixed:
            raise TakeUnwritable(f"{segment.name} begins before the one before it ends", _AGAIN)
        end = latest
    if fixed:  # pictures that are each coded alone, in the order they are shown
        coded = array("q", rising(coded))
    return _Schedule(coded, array("q", sorted(coded)), max(last, 1))


def _packets(segments: Sequence[Path]) -> Iterator[Packet[VideoStream]]:
    for segment in segments:
        with open_container(segment) as container:
            yield from _of(container.demux(video_stream(container, segment)), segment)


def _of(packets: Iterator[Packet[VideoStream]], segment: Path) -> Iterator[Packet[VideoStream]]:
    try:
        for packet in packets:
            if packet.is_corrupt:
                raise TakeUnreadable(f"{segment} is cut off or damaged", _AGAIN)
            if packet.size:
                yield packet
    except av.FFmpegError as error:
        raise TakeUnreadable(f"{segment} is cut off or damaged", _AGAIN) from error


def _stream_like(
    segment: Path, out: OutputContainer, like: TakeInfo, time_base: Fraction
) -> VideoStream:
    with open_container(segment) as container:
        written = video_stream(container, segment)
        # The codec is named by its decoder, as AV1's has another name than its encoder.
        stream = out.add_stream_from_template(written, opaque=True)
        # Of two tags for a codec players want the one that was chosen; other containers have
        # tags of their own.
        if "mp4" in container.format.name and out.format.name in {"mp4", "mov"}:
            stream.codec_context.codec_tag = written.codec_context.codec_tag
    stream.time_base = time_base
    return stream
