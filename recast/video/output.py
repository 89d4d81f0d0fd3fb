"""A video file that appears whole or not at all."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from fractions import Fraction
from pathlib import Path

import av
from av.container import OutputContainer

from recast.disk import clear_draft, disk_trouble_named, flush_to_disk
from recast.errors import DiskTrouble, TakeUnwritable

_FINEST = 1_000_000  # ticks a second; far beyond any camera


def written_time_base(time_base: Fraction) -> Fraction:
    """The take's own, unless it is finer than an mp4 can well count."""
    return time_base if time_base.denominator <= _FINEST else Fraction(1, 90_000)


def _timescale(time_base: Fraction) -> int:
    """Ticks a second of an mp4 that hits every multiple of `time_base`, as FFmpeg chooses it."""
    ticks = written_time_base(time_base).denominator
    while ticks < 10_000:
        ticks *= 2
    return ticks


def mp4_output(path: Path, time_base: Fraction) -> AbstractContextManager[OutputContainer]:
    """An mp4 written beside `path`; see `video_output`."""
    return video_output(path, time_base, "mp4")


@contextmanager
def video_output(path: Path, time_base: Fraction, muxer: str) -> Iterator[OutputContainer]:
    """A container written beside `path`, which takes its place when the block ends well.

    Raises:
        DiskTrouble: no space, or no permission.
        TakeUnwritable: the container or codec cannot hold what it was given.
    """
    if not path.parent.is_dir():
        raise DiskTrouble(f"the folder {path.parent} is not there", "make it first")
    if path.is_dir():
        raise DiskTrouble(f"{path} is a folder", "give the name of a file in it")
    draft = path.with_name(path.name + ".part")
    options = {}
    if muxer in {"mp4", "mov"}:
        # Start times are rounded to the movie's time scale, whose default is a millisecond.
        options = {"movflags": "+faststart", "movie_timescale": str(_timescale(time_base))}
    with trouble_named(path):
        try:
            clear_draft(draft)
            draft.open("xb").close()
            with av.open(
                str(draft.absolute()), "w", format=muxer, container_options=options
            ) as container:
                yield container
            flush_to_disk(draft)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)


@contextmanager
def trouble_named(path: Path) -> Iterator[None]:
    """Turn what FFmpeg and the system say about writing into errors that name `path`."""
    try:
        with disk_trouble_named(path):
            yield
    except av.FFmpegError as error:
        raise TakeUnwritable(
            f"{path.name} cannot be written: {error.strerror}", "choose another format"
        ) from error
