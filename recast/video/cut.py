"""A part of a take: times as people write them, the frames they mean, and the cut itself."""

from __future__ import annotations

import re
import shutil
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from recast.disk import Fingerprint, clear_draft, disk_trouble_named
from recast.errors import OptionUnusable
from recast.video.folder import FolderTake
from recast.video.picture_note import NotedPicture, PictureNote
from recast.video.sound import SoundSpan
from recast.video.take import Moment, Take
from recast.video.write import TakeWriter

_CLOCK = re.compile(r"(?:(?:(\d{1,6}):)?([0-5]?\d):)?(\d{1,9}(?:\.\d{1,9})?)", re.ASCII)
_FRAMES = re.compile(r"(\d{1,12})f", re.ASCII)
TIME_FORMS = "00:05:00, 00:00:55.20, 55.2 (seconds) or 120f (frames)"


@dataclass(frozen=True)
class WrittenTime:
    """A time as it was given: in seconds, or as a number of frames."""

    text: str
    seconds: Fraction = Fraction(0)
    frames: int | None = None


def parse_time(text: str) -> WrittenTime:
    """Read `00:05:00`, `05:00`, `00:00:55.20`, `55.2` or `120f`.

    Raises:
        OptionUnusable: it is none of these.
    """
    if found := _FRAMES.fullmatch(text.strip()):
        return WrittenTime(text, frames=int(found[1]))
    found = _CLOCK.fullmatch(text.strip())
    if found is None or (found[2] is not None and Fraction(found[3]) >= 60):
        raise OptionUnusable(f"{text} is no time", f"write it as {TIME_FORMS}")
    hours, minutes, seconds = (Fraction(part or 0) for part in found.groups())
    return WrittenTime(text, hours * 3600 + minutes * 60 + seconds)


@dataclass(frozen=True)
class Span:
    """Frames `first` up to, not including, `stop`; shown from `start` until `end`.

    `clipped` says that more was asked for than the take holds.
    """

    first: int
    stop: int
    start: Moment
    end: Moment
    clipped: bool = False


def chosen_span(
    take: Take,
    start: WrittenTime,
    *,
    length: WrittenTime | None = None,
    end: WrittenTime | None = None,
) -> Span:
    """The frames between two times; without `length` and `end`, up to the take's end.

    A time means the nearest place between two frames (of two as near, the later), so that a
    rounded one does not lose or win a frame. Frames count from 0.

    Raises:
        OptionUnusable: nothing of the take lies between the times.
    """
    places = [*take.moments()]
    places.append(places[-1] + 1 / take.info.rate)
    last = len(places) - 1
    first, begun = start.frames, start.seconds
    if first is None:
        first = _nearest(places, begun)
    if first >= last:
        raise OptionUnusable(
            f"{start.text} is after the end of {take.path.name}, which has {last} frames and "
            f"ends at {float(places[-1]):.3f} s",
            "start earlier",
        )
    begun = begun if start.frames is None else places[first]
    stop, asked, clipped = last, "", False
    if length is not None:
        asked = f"a length of {length.text}"
        wanted = length if length.frames is None else replace(length, frames=first + length.frames)
        stop, clipped = _stop(places, replace(wanted, seconds=begun + length.seconds))
    elif end is not None:
        asked = f"an end at {end.text}"
        stop, clipped = _stop(places, end)
    if stop <= first:
        raise OptionUnusable(
            f"{asked} leaves no frame after a start at {start.text}",
            "give an end after the start, or a length of a frame or more",
        )
    return Span(first, stop, places[first], places[stop], clipped)


def cut_video(
    take: Take, span: Span, out: Path, *, crf: int, each: Callable[[int], None]
) -> tuple[str, ...]:
    """Write the frames of a span as an mp4 that begins at 0; returns notes for the user.

    Times, colours, depth and sound are carried as `TakeWriter` does. `each` is told how many
    frames are done; `out` is there whole or, if `each` or anything else raises, not at all.

    Raises:
        TakeUnreadable: the take breaks off within the span.
    """
    sound = SoundSpan(take.path, span.start, None if span.stop == len(take) else span.end)
    with TakeWriter(out, take.info, sound_from=sound, crf=crf) as writer:
        for done, frame in enumerate(take.frames(span.first, span.stop), 1):
            writer.write(frame.image, frame.moment - span.start)
            each(done)
    return writer.notes


def cut_pictures(take: FolderTake, span: Span, out: Path, *, each: Callable[[int], None]) -> None:
    """Copy the pictures of a span, byte by byte, into the new folder `out`.

    The folder gets its name when all are there, with a note on when each is shown.
    """
    draft = out.with_name(out.name + ".part")
    pictures: dict[str, NotedPicture] = {}
    with disk_trouble_named(out):
        clear_draft(draft)  # left over by a process that was killed
        try:
            draft.mkdir()
            for done, index in enumerate(range(span.first, span.stop), 1):
                copy = draft / take.pictures[index].name
                shutil.copyfile(take.pictures[index], copy)
                written = Fingerprint.of_file(copy)
                pictures[copy.name] = NotedPicture(
                    done - 1, take.times[index] - span.start, written
                )
                each(done)
            made_of = {"cut_from": take.path.name, "first": span.first, "stop": span.stop}
            replace(PictureNote.like(take.info, made_of), pictures=pictures).save(draft)
            draft.rename(out)
        finally:
            shutil.rmtree(draft, ignore_errors=True)


def _stop(places: Sequence[Moment], end: WrittenTime) -> tuple[int, bool]:
    """The place where a part ends, and whether the take ended before that."""
    last = len(places) - 1
    if end.frames is not None:
        return min(end.frames, last), end.frames > last
    beyond = end.seconds - places[-1] > (places[-1] - places[-2]) / 2
    return _nearest(places, end.seconds), beyond


def _nearest(places: Sequence[Moment], seconds: Fraction) -> int:
    after = bisect_left(places, seconds)
    if after in (0, len(places)):
        return min(after, len(places) - 1)
    return after if places[after] - seconds <= seconds - places[after - 1] else after - 1
