"""Opening files that may be anything, and naming what is wrong with them."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.format import Flags
from av.stream import Disposition
from av.video.stream import VideoStream

from recast.errors import TakeUnreadable

# Only containers of moving pictures and sound. FFmpeg would also draw a text file as a
# picture, and follow a playlist to other files and hosts.
_CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,asf,mxf,ogg,gxf,nut,rm,"
    "dv,ivf,h264,hevc,obu,m4v,vc1,mjpeg,yuv4mpegpipe,gif,apng,wav,w64,aiff,mp3,aac,ac3,flac"
)
_NOT_A_TAKE = Disposition.attached_pic | Disposition.timed_thumbnails
_EXPORT = "export it again, for example as H.264 mp4"


@contextmanager
def open_container(path: Path) -> Iterator[InputContainer]:
    """Open a file for reading; trouble in opening it is TakeUnreadable."""
    # An absolute path is never taken for a protocol, as "05:00.mp4" would be.
    name = str(path.absolute())
    if not path.is_file():
        raise TakeUnreadable(f"{path} is not there", "check the path")
    try:
        options = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}
        container = av.open(name, "r", options=options, metadata_errors="replace")
    except (av.FFmpegError, OSError, ValueError) as error:
        raise _unopened(path) from error
    with container:
        yield container


def _unopened(path: Path) -> TakeUnreadable:
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError as error:
        return TakeUnreadable(f"{path} cannot be read: {error.strerror}", "check its permissions")
    if not head:
        return TakeUnreadable(f"{path.name} is empty", "copy or record it again")
    if head[4:8] == b"ftyp":
        return TakeUnreadable(
            f"{path.name} is cut off or damaged: its table of frames is missing",
            "copy it again from the camera, or record again",
        )
    return TakeUnreadable(f"{path.name} is not a video recast can read", _EXPORT)


def video_stream(container: InputContainer, path: Path) -> VideoStream:
    """The stream of pictures: not a cover, and in a codec that can be decoded."""
    for stream in container.streams.video:
        if Disposition(stream.disposition) & _NOT_A_TAKE:
            continue
        if stream.codec_context is None:
            raise TakeUnreadable(f"{path.name} is in a codec this machine cannot read", _EXPORT)
        return stream
    what = "only sound, no pictures" if container.streams.audio else "no pictures"
    raise TakeUnreadable(f"{path.name} holds {what}", "give a video file or a folder of pictures")


def origin_of(container: InputContainer) -> Fraction:
    """Where the container's clock stands at moment 0."""
    any_start = Flags(container.format.flags) & Flags.ts_discont
    if any_start and container.start_time is not None:
        # In the ticks of MPEG's clock, so that moments stay whole ticks.
        return Fraction(round(Fraction(container.start_time * 90_000, av.time_base)), 90_000)
    return Fraction(0)
