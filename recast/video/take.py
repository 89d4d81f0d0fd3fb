"""What a take is, whether it is a video file or a folder of pictures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import av

from recast.images import FrameImage
from recast.video.color import ColorTags
from recast.video.light import MasteringLight

Moment = Fraction
"""A time in a take, exact, in seconds."""


@dataclass(frozen=True)
class Plate:
    """A frame as it was read: its picture, and the samples that were decoded to make it."""

    image: FrameImage
    samples: av.VideoFrame


@dataclass(frozen=True)
class Frame:
    """One picture of a take: its number from 0, its time, its pixels turned upright.

    `plate` stays what was read when `image` is replaced: with it `TakeWriter` keeps what nobody
    changed. Pictures, and videos that are stored turned, have none.
    """

    index: int
    moment: Moment
    image: FrameImage
    plate: Plate | None = field(default=None, repr=False, compare=False)

    def __reduce__(self) -> tuple[type["Frame"], tuple[int, Moment, FrameImage]]:
        """For another process: decoded samples cannot leave the one that decoded them."""
        return Frame, (self.index, self.moment, self.image)


@dataclass(frozen=True)
class SoundInfo:
    """One sound stream of a take; `rate` in samples a second."""

    codec: str
    rate: int
    channels: int


@dataclass(frozen=True)
class TakeInfo:
    """What is known of a take before its frames are read.

    `size` is (width, height) and `sample_aspect` the shape of a pixel, both upright;
    `rotation` says by how many degrees counter-clockwise the stored pictures are turned to
    get there. Moments are multiples of `time_base`. `origin` is where the container's clock
    stands at moment 0: not 0 only in broadcast streams, whose clock starts anywhere.
    `light` is what an HDR take says of the display it was made on.
    `complete` is False if the file is cut off: `length` then counts what it once held.
    """

    size: tuple[int, int]
    rate: Fraction
    duration: Fraction
    length: int
    time_base: Fraction
    pixel_format: str
    depth: int
    container: str
    codec: str
    color: ColorTags = field(default_factory=ColorTags)
    rotation: int = 0
    sample_aspect: Fraction = Fraction(1)
    sound: tuple[SoundInfo, ...] = ()
    variable_rate: bool = False
    origin: Fraction = Fraction(0)
    complete: bool = True
    light: MasteringLight | None = None


class Take(Protocol):
    """A recording that is read frame by frame, from several threads at once if need be.

    Every call reads on its own, holds a few frames at most, and may be left at any time.
    """

    @property
    def path(self) -> Path: ...

    @property
    def info(self) -> TakeInfo: ...

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Frame]: ...

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        """The frames from `start` up to, not including, `stop`, as a slice would choose them.

        Raises:
            TakeUnreadable: the file breaks off; what came before it has been delivered.
        """

    def frame(self, index: int) -> Frame:
        """One frame; for neighbours `frames` is far faster. IndexError if there is none."""

    def moments(self) -> Sequence[Moment]:
        """When each frame is shown, rising, without decoding; of a cut-off file, what is there."""
