"""Take the noise out of the dst take; the stages after this one then work on what is left."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field

from recast.disk import Fingerprint, disk_trouble_named, read_json, write_json
from recast.events import Note, Progress, Report, Started, silent
from recast.workspace import Workspace

if TYPE_CHECKING:
    from recast.video import Frame, Take

VERSION = 1
SEGMENT = 100  # frames; what is lost at most when the work is cut off


class DenoiseOptions(BaseModel, frozen=True, extra="forbid"):
    """How much is taken for noise."""

    strength: float = Field(
        5,
        ge=1,
        le=20,
        description="Standard deviation of the noise, in levels of 255. Higher is smoother.",
    )
    crf: int = Field(8, ge=0, le=40, description="H.264 quality; lower is finer and larger.")


def run(workspace: Workspace, options: DenoiseOptions, report: Report = silent) -> Path:
    """Make a denoised copy of the dst take and let it stand in for it; goes on where it stopped.

    The take itself stays as it is, and `Workspace.use_original` goes back to it. A video becomes
    a video with the same times, colours and sound, a folder of pictures a folder of PNGs.

    Raises:
        TakeUnreadable: the take is cut off or broken.
        DiskTrouble: no space, or no permission.
    """
    from recast.stages.takes import whole
    from recast.video import FolderTake, join_segments

    take = whole(workspace.original_take("dst"), "dst")
    wanted = _made_of(take, options)
    is_folder = isinstance(take, FolderTake)
    out = workspace.denoised_path("" if is_folder else ".mp4")
    if _finished(workspace, out) == wanted:
        report(Note(f"{out} was made of just this before."))
    else:
        report(Started("denoise", f"{take.path.name}, {len(take)} frames"))
        key = hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()[:16]
        parts = workspace.denoising_folder / key
        with disk_trouble_named(parts):
            parts.mkdir(parents=True, exist_ok=True)
        if is_folder:
            _write_pictures(parts, take, options, report)
            _put_aside(workspace, out, report)
            with disk_trouble_named(out):
                parts.rename(out)
        else:
            segments = _write_segments(parts, take, options, report)
            _put_aside(workspace, out, report)
            for note in join_segments(segments, out, like=take.info, sound_from=take.path):
                report(Note(note))
        finished: dict[str, Any] = {"version": VERSION, "made_of": wanted, "name": out.name}
        if not is_folder:
            finished["written"] = asdict(Fingerprint.of_file(out))
        write_json(workspace.denoising_file, finished)
        shutil.rmtree(workspace.denoising_folder, ignore_errors=True)
    workspace.use_denoised(out)
    return out


def _write_segments(parts: Path, take: Take, options: DenoiseOptions, report: Report) -> list[Path]:
    """Silent parts of the copy; those that are there already are not made again."""
    from recast.video import TakeWriter

    segments, notes = [], dict[str, None]()
    for first in range(0, len(take), SEGMENT):
        stop = min(first + SEGMENT, len(take))
        path = parts / f"{first:08d}-{stop:08d}.mp4"
        segments.append(path)
        report(Progress(first, len(take)))
        if path.exists():
            continue
        with TakeWriter(path, take.info, crf=options.crf) as writer:
            for frame in _cleaned(take, first, stop, options.strength):
                writer.write(frame.image, frame.moment)
                report(Progress(frame.index + 1, len(take)))
        notes |= dict.fromkeys(writer.notes)
    for note in notes:
        report(Note(note))
    return segments


def _write_pictures(parts: Path, take: Take, options: DenoiseOptions, report: Report) -> None:
    """The copy of a folder of pictures; those that are there already are not made again."""
    from recast.video import PictureNote, picture_name, read_note, write_pictures

    if read_note(parts) is None:
        PictureNote.like(take.info, _made_of(take, options)).save(parts)
    names = [picture_name(index, len(take), ".png") for index in range(len(take))]
    first = next((at for at, name in enumerate(names) if not (parts / name).exists()), len(take))
    report(Progress(first, len(take)))
    cleaned = _cleaned(take, first, len(take), options.strength)
    for frame in write_pictures(parts, cleaned, length=len(take), suffix=".png"):
        report(Progress(frame.index + 1, len(take)))


def _cleaned(take: Take, first: int, stop: int, strength: float) -> Iterator[Frame]:
    """The frames of a part, each seen with its neighbours, also those outside of the part."""
    from concurrent.futures import ThreadPoolExecutor

    from recast.video import denoised

    workers = os.cpu_count() or 1
    around = take.frames(max(first - 1, 0), stop + 1)
    with ThreadPoolExecutor(workers) as pool:
        for frame in denoised(around, strength, pool=pool, ahead=workers + 1):
            if first <= frame.index < stop:
                yield frame


def _made_of(take: Take, options: DenoiseOptions) -> dict[str, Any]:
    """What decides how the copy looks: with any of it changed it is made anew."""
    from recast.stages.takes import known

    made_of = {"take": known(take), "strength": options.strength}
    return made_of | {"crf": options.crf} if take.path.is_file() else made_of


def _finished(workspace: Workspace, out: Path) -> Any:
    """What the finished copy was made of; None if there is none, or it was changed since."""
    from recast.video import pictures_of, read_note

    try:
        found = read_json(workspace.denoising_file)
        made_of, same = found["made_of"], found["version"] == VERSION and found["name"] == out.name
        if not same:
            return None
        if out.is_dir():
            note = read_note(out)
            there = {picture.name for picture in pictures_of(out)}
            return made_of if note and there == note.pictures.keys() else None
        return made_of if Fingerprint(**found["written"]).fits(out) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _put_aside(workspace: Workspace, out: Path, report: Report) -> None:
    """Make room for the new copy: an older one goes, anything else is kept under another name."""
    from recast.stages.clear import is_denoised_copy

    if not out.exists():
        return
    proven = is_denoised_copy(workspace, out)
    if proven and out.is_file():
        return  # it is replaced in one step
    number = 1
    while (old := out.with_name(f"{out.stem}.old-{number}{out.suffix}")).exists():
        number += 1
    with disk_trouble_named(out):
        # What is in the folder of parts is removed with it.
        out.rename(workspace.denoising_folder / old.name if proven else old)
    if not proven:
        report(Note(f"{out} is not as recast wrote it: it is kept as {old}."))
