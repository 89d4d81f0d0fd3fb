"""Sound as plain samples that begin with the pictures: for containers that know no offset."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, cast

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer
from numpy.typing import NDArray

_Samples = NDArray[Any]  # (1, samples x channels)
_LONGEST_RUN = 1 << 16  # samples of silence in one frame
_LOOSE = Fraction(1, 100)  # seconds; Matroska alone is off by half a millisecond
_CODECS = {"s16": "pcm_s16le", "s32": "pcm_s24le"}


class PcmTrack:
    """Writes a sound stream as PCM: sample 0 is heard at moment 0.

    Where sound begins later or has a gap there is silence; what comes before moment 0 is cut
    off, and so is what comes after `length` seconds. 16-bit sound stays 16-bit, everything else
    becomes 24-bit. `origin` is where the source's clock stands at moment 0.
    """

    def __init__(
        self,
        out: OutputContainer,
        source: AudioStream,
        origin: Fraction,
        length: Fraction | None = None,
    ) -> None:
        context = source.codec_context
        wide = context.format.name not in {"s16", "s16p", "u8", "u8p"}
        self._format = "s32" if wide else "s16"
        self.target = cast(AudioStream, out.add_stream(_CODECS[self._format], rate=source.rate))
        self.target.layout = context.layout
        self._layout, self._rate, self._origin = context.layout, source.rate, origin
        self._resampler = AudioResampler(self._format, context.layout, source.rate)
        self._out, self._written = out, 0
        self._end = None if length is None else round(length * source.rate)

    def write(self, frame: av.AudioFrame | None) -> None:
        """Add decoded sound; None says that no more comes."""
        place = self._written
        if frame is not None and frame.pts is not None and frame.time_base is not None:
            moment = frame.pts * frame.time_base - self._origin
            loose = _LOOSE if self._written else 0
            if abs(moment - Fraction(self._written, self._rate)) > loose:
                place = round(moment * self._rate)
        for part in self._resampler.resample(frame):
            samples = part.to_ndarray()
            channels = len(self._layout.channels)
            skipped = max(self._written - place, 0)
            for run in self._silence(place - self._written):
                self._mux(run)
            self._mux(samples[:, skipped * channels :])
            place += samples.shape[1] // channels
        if frame is None:
            self._out.mux(self.target.encode(None))

    def _silence(self, length: int) -> Iterator[_Samples]:
        dtype = np.int32 if self._format == "s32" else np.int16
        while length > 0:
            run = min(length, _LONGEST_RUN)
            yield np.zeros((1, run * len(self._layout.channels)), dtype)
            length -= run

    def _mux(self, samples: _Samples) -> None:
        if self._end is not None:
            left = max(self._end - self._written, 0)
            samples = samples[:, : left * len(self._layout.channels)]
        if not samples.size:
            return
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples), self._format, self._layout
        )
        frame.sample_rate, frame.pts = self._rate, self._written
        frame.time_base = Fraction(1, self._rate)
        self._written += samples.shape[1] // len(self._layout.channels)
        self._out.mux(self.target.encode(frame))
