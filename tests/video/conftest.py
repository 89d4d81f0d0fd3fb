"""Small videos, drawn and written by the tests themselves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Filmed = Callable[..., Path]


def numbered(index: int, size: tuple[int, int] = (64, 48)) -> Pixels:
    """A picture that tells its number: eight bars, bright where the number has a bit."""
    width, height = size
    image = np.full((height, width, 3), 40, np.uint8)
    for bit in range(8):
        if index >> bit & 1:
            image[:, bit * width // 8 : (bit + 1) * width // 8] = 210
    return image


def number_of(image: NDArray[np.uint8] | NDArray[np.uint16]) -> int:
    """What `numbered` drew, read off the middle of each bar."""
    height, width = image.shape[:2]
    middle = image[height // 2, width // 16 :: width // 8, 1].astype(float)
    return sum(
        1 << bit for bit, bright in enumerate(middle[:8] > np.iinfo(image.dtype).max / 2) if bright
    )


@dataclass(frozen=True)
class Film:
    """A video of numbered pictures; every container and codec of FFmpeg may be named."""

    time_base: Fraction = Fraction(1, 25)
    size: tuple[int, int] = (64, 48)
    codec: str = "libx264"
    pixel_format: str = "yuv420p"
    options: dict[str, str] | None = None
    rotation: int = 0
    tags: tuple[int, int, int, int] = (2, 2, 2, 0)
    aspect: Fraction | None = None
    sound: str | None = None
    sound_start: Fraction = Fraction(0)
    images: Sequence[Pixels] | None = None
    rate: Fraction = Fraction(25)

    def write(self, path: Path, moments: Sequence[Fraction]) -> None:
        exact = {"movie_timescale": "90000"} if path.suffix in {".mp4", ".mov"} else {}
        with av.open(str(path), "w", container_options=exact) as out:
            stream = self._stream(out)
            if self.sound:
                # Interleaving is the muxer's work: a few seconds are buffered whole.
                self._beep(out, self.sound, moments[-1] - moments[0] + Fraction(1, 2))
            for index, moment in enumerate(moments):
                image = numbered(index, self.size) if self.images is None else self.images[index]
                frame = av.VideoFrame.from_ndarray(image, format="rgb24")
                frame = frame.reformat(format=self.pixel_format)
                frame.pts, frame.time_base = round(moment / self.time_base), self.time_base
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))

    def _stream(self, out: OutputContainer) -> VideoStream:
        usual = {"crf": "8", "preset": "ultrafast", "bf": "3", "b-pyramid": "none"}
        options = self.options or (usual if self.codec == "libx264" else {})
        stream = cast(VideoStream, out.add_stream(self.codec, rate=self.rate, options=options))
        coder = stream.codec_context
        coder.width, coder.height = self.size
        coder.pix_fmt, coder.time_base, coder.gop_size = self.pixel_format, self.time_base, 8
        coder.color_primaries, coder.color_trc, coder.colorspace, coder.color_range = self.tags
        if self.aspect:
            coder.sample_aspect_ratio = self.aspect
        if self.rotation:
            stream.set_display_rotation(self.rotation)
        return stream

    def _beep(self, out: OutputContainer, codec: str, length: Fraction) -> None:
        stream = cast(AudioStream, out.add_stream(codec, rate=48000))
        stream.layout = "mono"
        step, first = 1024, round(self.sound_start * 48000)
        for number in range(int(length * 48000) // step):
            wave = np.sin(np.arange(step) * 0.05).astype(np.float32)[None] * np.float32(0.3)
            frame = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 48000, first + number * step
            frame.time_base = Fraction(1, 48000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def film(path: Path, moments: Sequence[Fraction] | int = 30, **how: Any) -> Path:
    """Write a `Film`; a number of frames stands for as many at 25 a second."""
    if isinstance(moments, int):
        moments = [Fraction(index, 25) for index in range(moments)]
    Film(**how).write(path, moments)
    return path


@pytest.fixture
def filmed() -> Filmed:
    return film


@pytest.fixture(scope="session")
def filmed_once() -> Filmed:
    """The same, for takes that several tests share."""
    return film


@pytest.fixture
def draw() -> Callable[..., Pixels]:
    return numbered


@pytest.fixture
def read_number() -> Callable[..., int]:
    return number_of
