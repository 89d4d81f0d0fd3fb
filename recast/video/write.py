"""Write frames as a video that carries its take's times, colours and sound."""

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import av
from av.container import OutputContainer
from av.video.stream import VideoStream

from recast.errors import TakeUnwritable
from recast.images import FrameImage
from recast.video.color import ColorTags, FromRgb, written_tags
from recast.video.output import mp4_output, trouble_named, written_time_base
from recast.video.sound import SoundCopy, SoundSpan
from recast.video.take import Moment, TakeInfo


class TakeWriter:
    """Writes an H.264 mp4 that looks and sounds like the take `like` describes.

    Frames are upright RGB of `like.size`; a lower `crf` is finer and larger (12: no loss to
    be seen). `sound_from` names the take whose sound is carried over, or a part of it; without
    it the file is a silent segment for `join_segments`. The file is there when the block ends
    well, and nothing is if it does not. `notes` then says what could not be kept.
    """

    def __init__(
        self,
        path: Path,
        like: TakeInfo,
        *,
        sound_from: Path | SoundSpan | None = None,
        crf: int = 12,
        preset: str = "veryfast",
    ) -> None:
        self._path, self._like, self._sound_from = path, like, sound_from
        self._options = {"crf": str(crf), "preset": preset}
        self._time_base = written_time_base(like.time_base)
        self._tags = written_tags(like.color, like.size, is_rgb=_is_rgb(like))
        self._pixel_format = _pixel_format(like)
        self._from_rgb = FromRgb(self._tags, like.size, self._pixel_format)
        self._notes: list[str] = []
        if self._pixel_format.startswith("yuv444p"):
            self._notes.append(
                f"A picture of {like.size[0]}x{like.size[1]} has an odd side: it is written as "
                f"H.264 4:4:4, which some players, QuickTime among them, do not show."
            )
        self._durations: dict[int, int] = {}
        self._last: int | None = None
        self._open = ExitStack()

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the user on what the file holds differently from its take."""
        return tuple(self._notes)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._out = stack.enter_context(mp4_output(self._path, self._time_base))
            self._stream = self._add_stream(self._out)
            self._sound = stack.enter_context(SoundCopy(self._sound_from, self._out))
            self._notes += self._sound.notes
            self._open = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self._open.__exit__(kind, error, trace)
            return
        with self._open:
            self._finish()

    def write(self, image: FrameImage, moment: Moment) -> None:
        """Add a frame that is shown from `moment`, which must be later than the one before.

        Raises:
            TakeUnwritable: the picture has another size than the take.
            DiskTrouble: no space.
        """
        if image.shape != (*self._like.size[::-1], 3):
            raise TakeUnwritable(
                f"a frame of {self._path.name} has shape {image.shape}, but the take is "
                f"{self._like.size[0]}x{self._like.size[1]} in three channels",
                "write frames of the take's own size",
            )
        tick = round(moment / self._time_base)
        if self._last is not None and tick <= self._last:
            raise TakeUnwritable(
                f"frames of {self._path.name} do not follow each other in time: "
                f"{float(moment):.6f} s comes again or too late",
                "write frames in the order they are shown",
            )
        if self._last is not None:
            self._durations[self._last] = tick - self._last
        self._last = tick
        frame = self._from_rgb(image)
        frame.pts, frame.time_base = tick, self._time_base
        with trouble_named(self._path):
            self._encode(frame)

    def _add_stream(self, out: OutputContainer) -> VideoStream:
        if "libx264" not in av.codecs_available:
            raise TakeUnwritable("this machine cannot write H.264", "install PyAV from its wheel")
        stream = out.add_stream("libx264", rate=self._like.rate, options=self._options)
        coder = stream.codec_context
        coder.width, coder.height = self._like.size
        coder.pix_fmt = self._pixel_format
        coder.time_base = stream.time_base = self._time_base
        coder.gop_size = max(1, round(2 * self._like.rate))  # a key every 2 s: quick to scrub
        coder.sample_aspect_ratio = self._like.sample_aspect
        _tag(stream, self._tags)
        return stream

    def _encode(self, frame: av.VideoFrame | None) -> None:
        usual = max(1, round(1 / (self._like.rate * self._time_base)))
        for packet in self._stream.encode(frame):
            if packet.pts is not None:
                packet.duration = self._durations.pop(packet.pts, usual)
            if packet.dts is not None:
                self._sound.until(packet.dts * packet.time_base)
            self._out.mux(packet)

    def _finish(self) -> None:
        if self._last is None:
            raise TakeUnwritable(f"no frame was written to {self._path.name}", "write one first")
        self._encode(None)
        self._sound.finish()


def _is_rgb(like: TakeInfo) -> bool:
    return like.pixel_format.startswith(("rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "pal"))


def _pixel_format(like: TakeInfo) -> str:
    """4:2:0, which everything plays; it has no odd sizes, so those keep every pixel's colour."""
    odd = any(side % 2 for side in like.size)
    return ("yuv444p" if odd else "yuv420p") + ("10le" if like.depth > 8 else "")


def _tag(stream: VideoStream, tags: ColorTags) -> None:
    coder = stream.codec_context
    coder.color_primaries, coder.color_trc = tags.primaries, tags.transfer
    coder.colorspace, coder.color_range = tags.matrix, tags.range
