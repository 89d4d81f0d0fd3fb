"""Write the frames of a take as pictures, for whoever wants to see or change them."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, Field, field_validator

from recast.disk import disk_trouble_named
from recast.errors import OptionUnusable, WorkspaceUnusable
from recast.events import Note, Progress, Report, Started, silent
from recast.workspace import Side, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recast.video import PictureNote, Take

SRC_RATE = "5"  # a face changes little within a fifth of a second
FULL = "full"
_FPS = rf"({FULL}|\d{{1,4}}(\.\d{{1,9}})?|\d{{1,9}}/[1-9]\d{{0,8}})?"


class FramesOptions(BaseModel, frozen=True, extra="forbid"):
    """Which frames become pictures, and of what kind."""

    fps: str = Field(
        "",
        description="Pictures a second: a number such as 1, 5, 10 or 24000/1001, or full for "
        f"every frame. Without it: full for dst, {SRC_RATE} for src.",
    )
    format: Literal["png", "jpg"] = Field(
        "png", description="png keeps every pixel and the take's depth; jpg is smaller."
    )
    quality: int = Field(95, ge=1, le=100, description="Of a jpg; higher is finer and larger.")

    @field_validator("fps", mode="before")
    @classmethod
    def _spelled(cls, value: object) -> object:
        if isinstance(value, float) and math.isfinite(value):
            value = Fraction(value).limit_denominator(10**6)
        spelled = str(value) if isinstance(value, int | Fraction) else value
        if isinstance(spelled, str) and not re.fullmatch(_FPS, spelled, re.ASCII):
            raise ValueError(f"it is no rate: give a number such as 5 or 24000/1001, or {FULL}")
        return spelled


def run(workspace: Workspace, side: Side, options: FramesOptions, report: Report = silent) -> Path:
    """Fill data_src or data_dst with pictures named by frame; goes on where an earlier run stopped.

    Pictures that an earlier run with other options wrote are replaced. Sub-folders, other files
    and pictures that someone changed since are never touched.

    Raises:
        OptionUnusable: the rate is 0, or the take is that very folder.
        WorkspaceUnusable: the folder holds pictures that recast did not write.
        TakeUnreadable: the take is cut off, or broken; the pictures before the break are kept.
    """
    from recast.stages.takes import whole_take
    from recast.video import picture_name, write_pictures

    take, folder = whole_take(workspace, side), workspace.frames_folder(side)
    if take.path.resolve() == folder.resolve():
        raise OptionUnusable(
            f"{folder} is the {side} take itself: its frames are pictures already",
            "use them as they are",
        )
    rate = _rate(options.fps or (SRC_RATE if side == "src" else FULL))
    suffix = f".{options.format}"
    wanted = {picture_name(index, len(take), suffix): index for index in _chosen(take, rate)}
    there = _prepared(folder, _note(take, rate, options), report)
    missing = [index for name, index in wanted.items() if name not in there]
    still = set(missing)
    if not missing:
        report(Note(f"{side}: all {len(wanted)} pictures were written before."))
        return folder
    report(Started("frames", f"{len(wanted)} pictures of {take.path.name} into {folder}"))
    frames = take.frames(missing[0], missing[-1] + 1)
    only = (frame for frame in frames if frame.index in still)
    done = len(wanted) - len(missing)
    report(Progress(done, len(wanted)))
    for _ in write_pictures(folder, only, length=len(take), suffix=suffix, quality=options.quality):
        done += 1
        report(Progress(done, len(wanted)))
    return folder


def _rate(fps: str) -> Fraction | None:
    """Pictures a second; None is every frame."""
    if fps == FULL:
        return None
    if not Fraction(fps):
        raise OptionUnusable("--fps 0 would write no picture", "give 1, 5, 10, … or full")
    return Fraction(fps)


def _chosen(take: Take, rate: Fraction | None) -> Iterable[int]:
    """The first frame in each stretch of 1/rate seconds; no frame comes twice."""
    if rate is None or (rate >= take.info.rate and not take.info.variable_rate):
        return range(len(take))
    # Times may be rounded, also those that came through a Matroska file with its milliseconds.
    slack = min(max(take.info.time_base / 2, Fraction(1, 1000)), 1 / (4 * rate))
    stretches = [(moment + slack) * rate // 1 for moment in take.moments()]
    return [
        index
        for index, stretch in enumerate(stretches)
        if index == 0 or stretch != stretches[index - 1]
    ]


def _note(take: Take, rate: Fraction | None, options: FramesOptions) -> PictureNote:
    """The note of a folder that holds none of these pictures yet."""
    from recast.stages.takes import known
    from recast.video import PictureNote

    quality = {"quality": options.quality} if options.format == "jpg" else {}
    kind = {"fps": str(rate or FULL), "format": options.format, **quality}
    shown = take.info.rate if rate is None else min(rate, take.info.rate)
    return PictureNote.like(take.info, {"take": known(take), **kind}, rate=shown)


def _prepared(folder: Path, note: PictureNote, report: Report) -> set[str]:
    """Make room for the pictures of `note`; the names of those that are there already.

    Raises:
        WorkspaceUnusable: pictures would be mixed with, or written over, those of somebody else.
    """
    from recast.video import pictures_of, read_note

    with disk_trouble_named(folder):
        folder.mkdir(parents=True, exist_ok=True)
        old, found = read_note(folder), pictures_of(folder)
        if old is not None and old.made_of == note.made_of:
            _refuse(folder, [picture for picture in found if picture.name not in old.pictures])
            return _kept(found, old, report)
        noted = old.pictures if old else {}
        foreign = [p for p in found if p.name not in noted or not noted[p.name].written.fits(p)]
        _refuse(folder, foreign)
        for picture in found:
            picture.unlink()
        for draft in folder.glob("*.part"):  # left over by a process that was killed
            if draft.stem in noted:
                draft.unlink()
        note.save(folder)
        return set()


def _refuse(folder: Path, foreign: list[Path]) -> None:
    if foreign:
        named = ", ".join(picture.name for picture in foreign[:3])
        more = f" and {len(foreign) - 3} more" if len(foreign) > 3 else ""
        raise WorkspaceUnusable(
            f"{folder} holds pictures that recast did not write, or that were changed since: "
            f"{named}{more}",
            "move them into another folder, then start again",
        )


def _kept(found: Iterable[Path], note: PictureNote, report: Report) -> set[str]:
    """The pictures that need not be written again; those that somebody changed are among them."""
    from recast import images
    from recast.errors import FaceFileUnreadable

    kept, changed = set(), []
    for picture in found:
        if picture.stat().st_size != note.pictures[picture.name].written.size:
            try:
                images.load(picture)
            except (FaceFileUnreadable, OSError):
                continue  # cut off by a crash of the machine
            changed.append(picture.name)
        kept.add(picture.name)
    if changed:
        report(
            Note(
                f"Changed since they were written, and left so: {len(changed)} of the pictures, "
                f"such as {changed[0]}. Delete those you want anew."
            )
        )
    return kept
