"""Write frames as a video that carries its take's times, colours and sound."""

import os
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import av
from av.container import OutputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from recast.errors import OptionUnusable, TakeUnwritable
from recast.images import FrameImage
from recast.video.color import ColorTags, FromRgb, carried, written_tags
from recast.video.formats import CONTAINERS, Format, Samples, format_named
from recast.video.light import light_options
from recast.video.output import trouble_named, video_output, written_time_base
from recast.video.priority import usual_priority
from recast.video.sound import SoundCopy, SoundSpan
from recast.video.take import Moment, Plate, TakeInfo
from recast.video.untouched import Untouched

_PRESETS = {"libsvtav1": "8"}  # about what "veryfast" is for x264 and x265
X265_DELAY = 2
"""Frames by which x265 decodes ahead of what is shown; it knows once there are more."""


class TakeWriter:
    """Writes a video that looks and sounds like the take `like` describes.

    Frames are upright RGB of `like.size`, or RGBA with `alpha`, not premultiplied. Codec and
    depth come from `format`, one of `FORMATS`; the container from the suffix, which for the
    segments of a merge is `Format.segment`. A lower `crf` is finer and larger (12: no loss to be
    seen); `bitrate`, in Mbit/s, takes its place. `sound_from` names the take whose sound is
    carried over, or a part of it; without it the file is a silent segment for `join_segments`.
    The file is there when the block ends well, and nothing is if it does not. `notes` then says
    what could not be kept.

    Raises:
        OptionUnusable: there is no such format, or it has no bitrate to choose.
        TakeUnwritable: the format cannot hold this take, or alpha.
    """

    # What a result is made of, one by one: each has a default that is right for most.
    def __init__(  # noqa: PLR0913
        self,
        path: Path,
        like: TakeInfo,
        *,
        format: str = "mp4",
        alpha: bool = False,
        sound_from: Path | SoundSpan | None = None,
        crf: int = 12,
        preset: str = "veryfast",
        bitrate: float | None = None,
    ) -> None:
        self._path, self._like, self._sound_from = path, like, sound_from
        self._format = format_named(format)
        self._samples = self._format.samples(like, alpha=alpha)
        self._channels = 4 if alpha else 3
        self._options = _options(self._format, self._samples, crf, preset, bitrate)
        self._bits = None if bitrate is None else round(bitrate * 1_000_000)
        fixed = not self._format.variable_rate
        self._time_base = 1 / like.rate if fixed else written_time_base(like.time_base)
        self._tags = _tags(like, self._format, self._samples)
        self._from_rgb = FromRgb(self._tags, like.size, self._samples.pixel_format)
        self._untouched = Untouched.of(like, self._samples.pixel_format, self._tags)
        self._notes = list(_notes(self._format, self._samples, like))
        self._durations: dict[int, int] = {}
        self._last: int | None = None
        self._count = 0
        self._open = ExitStack()

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the user on what the file holds differently from its take."""
        return tuple(self._notes)

    def __enter__(self) -> Self:
        muxer = CONTAINERS.get(self._path.suffix.lower(), CONTAINERS[self._format.suffix])
        with ExitStack() as stack:
            self._out = stack.enter_context(video_output(self._path, self._time_base, muxer))
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

    def write(self, image: FrameImage, moment: Moment, plate: Plate | None = None) -> None:
        """Add a frame that is shown from `moment`, which must be later than the one before.

        `plate` is the frame as it was read: where `image` equals it, the very samples of the take
        are handed to the encoder, if the format has the take's kind of samples. Whoever gives it
        draws on a copy, not on the picture that was read, or nothing would differ.

        Raises:
            TakeUnwritable: the picture has another size than the take.
            DiskTrouble: no space.
        """
        if image.shape != (*self._like.size[::-1], self._channels):
            raise TakeUnwritable(
                f"a frame of {self._path.name} has shape {image.shape}, but must be "
                f"{self._like.size[0]}x{self._like.size[1]} in {self._channels} channels",
                "write frames of the take's own size",
            )
        tick = self._tick(moment)
        if self._last is not None:
            self._durations[self._last] = tick - self._last
        self._last, self._count = tick, self._count + 1
        frame = self._coded(image, plate)
        frame.pts, frame.time_base = tick, self._time_base
        _tag(frame, self._tags)  # ProRes looks here, other encoders at the stream
        with trouble_named(self._path):
            self._encode(frame)

    def _tick(self, moment: Moment) -> int:
        tick = round(moment / self._time_base)
        if self._last is None or tick > self._last:
            return tick
        if not self._format.variable_rate and moment / self._time_base > self._last - 1:
            return self._last + 1  # two frames of a variable rate that share one place
        raise TakeUnwritable(
            f"frames of {self._path.name} do not follow each other in time: "
            f"{float(moment):.6f} s comes again or too late",
            "write frames in the order they are shown",
        )

    def _coded(self, image: FrameImage, plate: Plate | None) -> av.VideoFrame:
        if plate is None or self._untouched is None:
            return self._from_rgb(image)
        return self._untouched.kept(image, plate, self._from_rgb)

    def _add_stream(self, out: OutputContainer) -> VideoStream:
        options = dict(self._options)
        for name, value in light_options(self._samples.codec, self._like.light).items():
            options[name] = ":".join(filter(None, [options.get(name), value]))
        stream = out.add_stream(self._samples.codec, rate=self._like.rate, options=options)
        assert isinstance(stream, VideoStream)
        coder = stream.codec_context
        coder.width, coder.height = self._like.size
        coder.pix_fmt = self._samples.pixel_format
        coder.time_base = stream.time_base = self._time_base
        coder.gop_size = max(1, round(2 * self._like.rate))  # a key every 2 s: quick to scrub
        coder.sample_aspect_ratio = self._like.sample_aspect
        if self._bits is not None:
            coder.bit_rate = self._bits
        if self._samples.codec == "libsvtav1":
            # The library talks to the terminal by itself; only the environment can hush it.
            os.environ.setdefault("SVT_LOG", "1")
        if self._samples.codec == "libx265":
            coder.codec_tag = "hvc1"  # the only tag that Apple's players accept
        _tag(coder, self._tags)
        if self._samples.codec == "libsvtav1":
            with usual_priority():
                coder.open()
        return stream

    def _encode(self, frame: av.VideoFrame | None) -> None:
        usual = max(1, round(1 / (self._like.rate * self._time_base)))
        # Of so few frames x265 tells a time of decoding that was never set.
        untimed = self._samples.codec == "libx265" and self._count <= X265_DELAY
        for packet in self._stream.encode(frame):
            if untimed:
                packet.dts = packet.pts
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


def _options(
    format: Format, samples: Samples, crf: int, preset: str, bitrate: float | None
) -> dict[str, str]:
    options = dict(samples.options)
    if bitrate is not None and not format.bitrate:
        raise OptionUnusable(
            f"{format.name} has a fixed quality, no bitrate", "leave the bitrate out, or choose mp4"
        )
    if format.crf_scale is not None and bitrate is None:
        options["crf"] = str(round(crf * format.crf_scale))
    if samples.codec in {"libx264", "libx265", "libsvtav1"}:
        options["preset"] = _PRESETS.get(samples.codec, preset)
    return options


def _notes(format: Format, samples: Samples, like: TakeInfo) -> list[str]:
    notes = []
    size = f"{like.size[0]}x{like.size[1]}"
    if samples.pixel_format in format.odd.values() and samples.pixel_format not in format.kept:
        codec = "HEVC" if samples.codec == "libx265" else "H.264"
        notes.append(
            f"A picture of {size} has an odd side: it is written as "
            f"{codec} 4:4:4, which some players, QuickTime among them, do not show."
        )
    if format.name == "mp4-lossless":
        notes.append(
            "H.264 without loss is read by ffmpeg, VLC, mpv, Resolve and Blender, not by QuickTime "
            "and browsers; it holds no transparency: mov-alpha does."
        )
    depth = max(part.bits for part in av.VideoFormat(samples.pixel_format, 2, 2).components)
    if depth < min(like.depth, 16) and (like.depth <= 10 or depth < 10):
        notes.append(f"{format.name} holds {depth} bits of the take's {like.depth}.")
    if like.variable_rate and not format.variable_rate:
        notes.append(
            f"{format.name} has one constant rate, the take has not: each frame is shown at the "
            f"nearest of {float(like.rate):.6g} moments a second."
        )
    if like.light and not light_options(samples.codec, like.light):
        notes.append(f"{format.name} does not carry the HDR light levels of the take.")
    return notes


def _tags(like: TakeInfo, format: Format, samples: Samples) -> ColorTags:
    name = like.pixel_format
    is_rgb = name.startswith(("rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "pal"))
    tags = written_tags(like.color, like.size, is_rgb=is_rgb)
    if format.matrix is not None:
        tags = replace(tags, matrix=format.matrix)
    return carried(tags, samples.pixel_format)


def _tag(coded: VideoCodecContext | av.VideoFrame, tags: ColorTags) -> None:
    coded.color_primaries, coded.color_trc = tags.primaries, tags.transfer
    coded.colorspace, coded.color_range = tags.matrix, tags.range
