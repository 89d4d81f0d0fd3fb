"""Open the writer of any format: a video file, or a folder of pictures."""

from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from recast.errors import OptionUnusable, TakeUnwritable
from recast.images import FrameImage
from recast.video.exr import require_exr
from recast.video.formats import format_named
from recast.video.sequence import SequenceWriter
from recast.video.take import Moment, Plate, TakeInfo
from recast.video.write import TakeWriter


class ResultWriter(Protocol):
    """What `TakeWriter` and `SequenceWriter` share."""

    @property
    def notes(self) -> tuple[str, ...]: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def write(self, image: FrameImage, moment: Moment, plate: Plate | None = None) -> None: ...


# What a result is made of, one by one, as in TakeWriter.
def open_writer(  # noqa: PLR0913
    path: Path,
    like: TakeInfo,
    *,
    format: str,
    alpha: bool = False,
    sound_from: Path | None = None,
    crf: int = 12,
    bitrate: float | None = None,
    first: int = 0,
) -> ResultWriter:
    """A writer for `path`, a file or, for pictures, a folder whose first one is number `first`.

    Raises:
        OptionUnusable, TakeUnwritable: as `check_writable`.
    """
    check_writable(format, like, alpha=alpha, bitrate=bitrate)
    if format_named(format).picture:
        return SequenceWriter(
            path, like, format=format, alpha=alpha, sound_from=sound_from, first=first
        )
    return TakeWriter(
        path, like, format=format, alpha=alpha, sound_from=sound_from, crf=crf, bitrate=bitrate
    )


def check_writable(
    format: str, like: TakeInfo, *, alpha: bool = False, bitrate: float | None = None
) -> None:
    """Find out whether frames of a take can be written, before hours of work are spent on them.

    Raises:
        OptionUnusable: there is no such format, it has no bitrate, or needs what is not installed.
        TakeUnwritable: it holds no alpha or no pictures of this size, or this machine has no
            encoder for it.
    """
    chosen = format_named(format)
    if bitrate is not None and not chosen.bitrate:
        raise OptionUnusable(
            f"{format} has a quality of its own, no bitrate", "leave the bitrate out, or choose mp4"
        )
    if not chosen.picture:
        chosen.samples(like, alpha=alpha)
    elif like.depth > 16:
        raise TakeUnwritable(f"{format} holds 16 bits, the take has {like.depth}", "choose ffv1")
    elif format == "exr":
        require_exr()
