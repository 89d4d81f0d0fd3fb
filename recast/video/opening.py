"""Find out what a path holds, and open it as a take."""

from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from recast.errors import TakeUnreadable
from recast.picture_size import is_too_large
from recast.video.color import ColorTags
from recast.video.container import open_container, origin_of, video_stream
from recast.video.file import VideoTake
from recast.video.folder import USUAL_RATE, FolderTake
from recast.video.light import light_of
from recast.video.take import SoundInfo, Take, TakeInfo
from recast.video.timeline import Timeline, read_timeline, uneven


def open_take(path: Path, *, rate: Fraction | None = None) -> Take:
    """The take at `path`: a video file, or a folder with pictures at its root.

    `rate` is for folders only: it goes before what the folder's note says (25 without one).

    Raises:
        TakeUnreadable: there is nothing at `path` that can be read as moving pictures.
    """
    try:
        is_folder = path.is_dir()
    except OSError as error:  # such as a name longer than the file system's
        reason = (error.strerror or str(error)).lower()
        raise TakeUnreadable(f"{path} cannot be read: {reason}", "check the path") from error
    if is_folder:
        return FolderTake.open(path, rate)
    info, timeline = _examine(path)
    return VideoTake(path, info, timeline)


def probe(path: Path) -> TakeInfo:
    """What the take at `path` is; `length` is exact.

    An mp4 or mov answers from its index; other containers are read through once (not decoded).

    Raises:
        TakeUnreadable: as `open_take`.
    """
    return open_take(path).info


def _examine(path: Path) -> tuple[TakeInfo, Timeline | None]:
    with open_container(path) as container:
        try:
            return _describe(container, video_stream(container, path), path)
        except (av.FFmpegError, ValueError, OverflowError) as error:
            if isinstance(error, TakeUnreadable):
                raise
            raise TakeUnreadable(
                f"{path.name} cannot be decoded: it is damaged", "copy or export it again"
            ) from error


def _describe(
    container: InputContainer, stream: VideoStream, path: Path
) -> tuple[TakeInfo, Timeline | None]:
    first = _first_frame(container, stream, path)
    time_base = stream.time_base or Fraction(1, 90000)
    rate = _rate(stream)
    length, variable, complete = _from_index(stream, path)
    if first.pts != stream.start_time:
        length = 0  # frames at the beginning cannot be decoded; the index does not say how many
    duration = Fraction(stream.duration or 0) * time_base
    timeline = None
    if not length:
        with open_container(path) as again:
            timeline = read_timeline(again, video_stream(again, path), 1 / (rate * time_base))
        if first.pts is not None:
            timeline = timeline.starting_at(first.pts)
        length, variable = len(timeline.ticks), timeline.variable
        complete = complete and not _ends_early(container, timeline)
        duration = _shown(timeline, time_base) or length / rate
    rotation = round(first.rotation / 90) * 90 % 360
    sideways = rotation % 180 != 0
    aspect = stream.sample_aspect_ratio or Fraction(1)
    width, height = first.width, first.height
    return TakeInfo(
        size=(height, width) if sideways else (width, height),
        rate=rate,
        duration=duration or length / rate,
        length=length,
        time_base=time_base,
        pixel_format=first.format.name,
        depth=max(part.bits for part in first.format.components),
        container=container.format.name,
        codec=stream.codec_context.codec.canonical_name,
        color=ColorTags(
            first.color_primaries, first.color_trc, first.colorspace, first.color_range
        ),
        rotation=rotation,
        sample_aspect=1 / aspect if sideways else aspect,
        sound=tuple(_sound(container)),
        variable_rate=variable,
        origin=origin_of(container),
        complete=complete,
        light=light_of(first),
    ), timeline


def _first_frame(container: InputContainer, stream: VideoStream, path: Path) -> av.VideoFrame:
    """The first frame that can be decoded: tells the rotation, and that the codec works."""
    if is_too_large((stream.codec_context.width, stream.codec_context.height)):
        raise TakeUnreadable(
            f"{path.name} claims pictures of {stream.width}x{stream.height} pixels",
            "if it is not damaged, scale it down first",
        )
    stream.codec_context.thread_count = 1
    for packet in container.demux(stream):
        try:
            for frame in packet.decode():
                return frame
        except av.error.InvalidDataError:
            continue  # a stream may begin in the middle of a group of pictures
    raise TakeUnreadable(f"{path.name} holds no frame that can be decoded", "record it again")


def _rate(stream: VideoStream) -> Fraction:
    """Frames a second: as the container says it, or the average if there are gaps."""
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate is not None and 0 < rate <= 10000:
            return rate
    return USUAL_RATE


def _from_index(stream: VideoStream, path: Path) -> tuple[int, bool, bool]:
    """Length, whether the rate varies, whether all is there; length 0 if the index is partial."""
    if not stream.frames or "mp4" not in stream.container.format.name:
        return 0, False, True
    size = path.stat().st_size
    ticks, complete = [], True
    for entry in stream.index_entries:
        if not entry.is_discard:
            ticks.append(entry.timestamp)
            complete = complete and entry.pos + entry.size <= size
    if len(stream.index_entries) != stream.frames:
        return 0, False, True
    return len(ticks), uneven(ticks), complete


def _ends_early(container: InputContainer, timeline: Timeline) -> bool:
    """Whether the header promises more than a second beyond what the file holds."""
    if container.format.name not in {"matroska,webm", "avi"} or container.duration is None:
        return False
    return Fraction(container.duration, av.time_base) - timeline.container_end > 1


def _shown(timeline: Timeline, time_base: Fraction) -> Fraction:
    return (timeline.end - timeline.ticks[0]) * time_base if timeline.ticks else Fraction(0)


def _sound(container: InputContainer) -> list[SoundInfo]:
    return [
        SoundInfo(stream.codec_context.codec.canonical_name, stream.rate, stream.channels)
        for stream in container.streams.audio
        if stream.codec_context is not None
    ]
