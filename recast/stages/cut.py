"""Cut a part out of a take, at the very frame, its sound in step."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, Field, field_validator

from recast.disk import disk_trouble_named
from recast.errors import OptionUnusable
from recast.events import Note, Progress, Report, Started, silent
from recast.sides import VIDEO_SUFFIXES

_TIME = "00:05:00, 00:00:55.20, 55.2 (seconds) or 120f (frames)"


class CutOptions(BaseModel, frozen=True, extra="forbid"):
    """Which part of a take."""

    start: str = Field("0", description=f"Where the part begins: {_TIME}.")
    length: str = Field("", description="How long it is, written likewise.")
    end: str = Field("", description="Where it ends; the frame shown then is not included.")
    crf: int = Field(12, ge=0, le=40, description="H.264 quality; lower is finer and larger.")

    @field_validator("start", "length", "end", mode="before")
    @classmethod
    def _spelled(cls, value: object) -> object:
        return f"{value:.9f}" if isinstance(value, int | float) else value


def run(take: Path, options: CutOptions, report: Report = silent, *, out: Path) -> Path:
    """Write the part to `out`, an mp4 or, of a folder of pictures, also a new folder.

    Raises:
        TakeUnreadable: the take cannot be read, or breaks off within the part.
        OptionUnusable: a time is none or leaves no frame, or `out` cannot take the part.
    """
    from recast.video import chosen_span, cut_pictures, cut_video, open_take, parse_time
    from recast.video.folder import FolderTake

    _check_out(take, out)
    start = parse_time(options.start)
    length = parse_time(options.length) if options.length else None
    end = parse_time(options.end) if options.end else None
    if length and end:
        raise OptionUnusable("a length and an end exclude each other", "give one of them")
    opened = open_take(take)
    span = chosen_span(opened, start, length=length, end=end)
    count = span.stop - span.first
    report(Started("cut", f"frames {span.first} to {span.stop - 1} of {opened.path.name}"))
    if not opened.info.complete:
        report(
            Note(
                f"{opened.path.name} is cut off: after {float(opened.moments()[-1]):.3f} s "
                f"nothing of it is there.",
                warning=True,
            )
        )
    if span.clipped:
        report(Note(f"{opened.path.name} ends at {float(span.end):.3f} s: the part ends there."))
    report(Progress(0, count))

    def each(done: int) -> None:
        report(Progress(done, count))

    notes: tuple[str, ...] = ()
    if isinstance(opened, FolderTake) and out.suffix.lower() != ".mp4":
        cut_pictures(opened, span, out, each=each)
    else:
        notes = cut_video(opened, span, out, crf=options.crf, each=each)
    for note in notes:
        report(Note(note))
    return out


def _check_out(take: Path, out: Path) -> None:
    """Refuse a place that cannot take the part, before a frame is read."""
    if out.resolve() == take.resolve():
        raise OptionUnusable(f"{out} is the take itself", "choose another name: takes are kept")
    if out.exists():
        raise OptionUnusable(f"{out} is there already", "choose another name, or remove it first")
    if out.suffix.lower() != ".mp4" and not take.is_dir():
        raise OptionUnusable(f"{out} does not end in .mp4", "parts are mp4 files: name it so")
    if out.suffix.lower() in VIDEO_SUFFIXES and out.suffix.lower() != ".mp4":
        raise OptionUnusable(
            f"{out} is neither a folder nor an mp4",
            "of a folder of pictures, a part is a new folder or an mp4: name it so",
        )
    with disk_trouble_named(out):
        out.parent.mkdir(parents=True, exist_ok=True)


# The options stand here by name, as in the other calls of a Python user.
def cut(  # noqa: PLR0913
    take: str | Path,
    out: str | Path,
    *,
    start: str | float = "0",
    length: str | float = "",
    end: str | float = "",
    crf: int = 12,
    report: Report = silent,
) -> Path:
    """Cut a part out of a take; times as on the command line, or numbers of seconds."""
    options = CutOptions.model_validate({"start": start, "length": length, "end": end, "crf": crf})
    return run(Path(take), options, report, out=Path(out))
