"""Find the faces of a take and cut each into an aligned face file."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, ValidationError, field_validator

from recast.errors import NoFaceFound, OptionUnusable
from recast.events import Note, Report, Started, silent
from recast.language import to_say
from recast.stages.extraction import (
    Extraction,
    read_extraction,
    take_note,
    write_extraction,
)
from recast.stages.keep_person import LikenessOptions
from recast.stages.redo import aside_folder, draw_all, frames_again, search_again
from recast.stages.searching import Crew, FaceWriter, Subject, chosen_frames, search_all
from recast.workspace import Side, Workspace

if TYPE_CHECKING:
    from recast.faces import Marks
    from recast.faceset import FaceSet
    from recast.stages.keep_person import Person

_NOT_MADE_OF = {"device", "debug", "only", "person", "embedder", "same_person"}
"""Options that make no other faces: where they are found, which frames are searched again, and
who is kept of those that were found."""


class ExtractOptions(LikenessOptions, frozen=True, extra="forbid"):
    """How faces are found and cropped."""

    detector: Literal["mesh", "mtcnn", "dlib", "manual"] = Field(
        "mesh", description="What finds faces and landmarks; manual takes the faces you marked."
    )
    framing: Literal["half", "mid-full", "full", "whole-face", "head"] = Field(
        "full", description="How much of the head a crop shows."
    )
    size: int = Field(256, ge=64, le=2048, description="Side of an aligned face in pixels.")
    min_score: float = Field(0.5, ge=0, le=1, description="Least score of a face that is kept.")
    min_size: int = Field(
        32, ge=12, le=8192, description="Least longer side of a face's box in pixels."
    )
    max_faces: int = Field(
        16, ge=1, le=256, description="Of each frame only so many faces, the largest."
    )
    every: int = Field(1, ge=1, le=10**6, description="Only every so many frames.")
    frames: str = Field(
        "",
        pattern=r"^(\d*:\d*)?$",
        description="Only these frames, as FIRST:END, counted from 0; END is not included.",
    )
    mtcnn_factor: float | None = Field(
        None,
        ge=0.5,
        le=0.98,
        description="Of --detector mtcnn: how much smaller each level of its pyramid is (0.709).",
    )
    mtcnn_thresholds: tuple[float, float, float] | None = Field(
        None,
        description="Of --detector mtcnn: least scores of its three networks (0.6 0.7 0.7).",
    )
    device: str = Field(
        "best",
        description="Where faces are found: best, cpu, cuda:N, or all for one worker per GPU.",
    )
    debug: bool = Field(
        False, description="Draw what was found on every frame; of dst this is always done."
    )
    only: Literal["missing", "deleted-debug", "marked"] | None = Field(
        None,
        description="Search again only frames without a face, whose debug picture you deleted, or "
        "whose faces you marked otherwise (with --detector manual).",
    )
    person: tuple[Path, ...] | None = Field(
        None, description="Picture of the one person to keep; give it again for more pictures."
    )

    @field_validator("device")
    @classmethod
    def _is_a_device(cls, device: str) -> str:
        if not re.fullmatch(r"best|all|cpu|cuda|cuda:\d{1,3}", device):
            raise ValueError("it is none of best, all, cpu, cuda and cuda:N")
        return device


def run(
    workspace: Workspace, side: Side, options: ExtractOptions, report: Report = silent
) -> FaceSet:
    """Fill the side's face set; goes on where an earlier run stopped.

    A finished extraction with the same options is left as it is, so that faces someone
    removed stay removed. With other options the old face set is kept as `aligned.old-N`.
    With `only`, some frames are searched again, as these options say, and all else stays.

    Raises:
        NoFaceFound: not one frame shows a face, or none is the person's.
        OptionUnusable: an extra is not installed, a device is not there, options do not fit.
        TakeUnreadable: the take is cut off, or broken; the faces before the break are kept.
    """
    from recast.stages.keep_person import keep_person
    from recast.stages.takes import whole_take

    own = _own_options(options)
    subject = Subject(workspace, side, whole_take(workspace, side))
    person = _person(options)
    if options.only:
        _again(subject, options, own, report)
    else:
        _search(subject, options, own, report)
    if person is not None:
        keep_person(subject.faces_folder, workspace.others_folder(side), person, report)
    faces = subject.faceset()
    for problem in faces.unreadable:
        report(Note(f"Skipped: {problem}", warning=True))
    if not len(faces):
        raise NoFaceFound(f"no face was found in {subject.take.path} ({side})", _fix(options))
    return faces


def _own_options(options: ExtractOptions) -> dict[str, Any]:
    """What only one detector takes.

    Raises:
        OptionUnusable: it was given to another one, or holds no scores.
    """
    given = {"factor": options.mtcnn_factor, "thresholds": options.mtcnn_thresholds}
    own = {name: value for name, value in given.items() if value is not None}
    if own and options.detector != "mtcnn":
        flags = " and ".join(f"--mtcnn-{name}" for name in own)
        raise OptionUnusable(
            f"{flags} means nothing to the detector {options.detector}",
            "leave it out, or choose --detector mtcnn",
        )
    if not all(0 <= least <= 1 for least in options.mtcnn_thresholds or ()):
        raise OptionUnusable(
            "--mtcnn-thresholds holds a number that is no score", "give three numbers from 0 to 1"
        )
    return own


def _person(options: ExtractOptions) -> Person | None:
    from recast.stages.keep_person import open_person

    if not options.person:
        return None
    return open_person(options.person, embedder=options.embedder, threshold=options.same_person)


def _search(
    subject: Subject,
    options: ExtractOptions,
    own: dict[str, Any],
    report: Report,
) -> None:
    """Search all chosen frames that are not searched yet."""
    chosen = chosen_frames(options.frames, options.every, len(subject.take))
    wanted = _wanted(subject, options)
    known = _done_before(subject, wanted)
    if known is None or known.frames_done < len(chosen):
        # First, since a missing extra or mark must not put a face set aside.
        crew = _crew(subject, options, own)
    if known is None:
        for folder in (
            subject.faces_folder,
            subject.workspace.others_folder(subject.side),
            subject.debug_folder,
        ):
            _put_aside(folder, report)
        known = wanted
        write_extraction(subject.note, known)
    if wanted.debug and not known.debug and subject.faces_folder.is_dir():
        known = draw_all(subject, known, report)
    if known.frames_done < len(chosen):
        side, take = subject.side, subject.take
        about = "the face that is put in" if side == "src" else "the performance"
        of_all = f" of {len(take)}" if len(chosen) < len(take) else ""
        what = f"{take.path.name}, {len(chosen)}{of_all} frames"
        report(Started("extract", f"{side} ({about}): {what}"))
        write = _writer(subject, options, debug=known.debug)
        search_all(subject, chosen, known, crew, write, report)
    else:
        report(Note(f"{subject.side}: all {len(chosen)} frames were searched before."))


def _again(subject: Subject, options: ExtractOptions, own: dict[str, Any], report: Report) -> None:
    """Search some frames again; by hand only those that a person is through with."""
    if options.only is None:
        return
    if options.only == "marked" and options.detector != "manual":
        raise OptionUnusable(
            f"--only marked takes the faces you marked, and --detector {options.detector} others",
            "add --detector manual",
        )
    frames = frames_again(subject, options.only)
    if options.detector == "manual":
        marks = _marks(subject)
        frames = [frame for frame in frames if marks.at(frame).state != "todo"]
    asked = chosen_frames(options.frames, options.every, len(subject.take))
    frames = [frame for frame in frames if frame in asked]
    if not frames:
        report(Note(f"{subject.side}: there is no such frame to search again."))
        return
    known = read_extraction(subject.note)
    debug = _draws(subject, options) or (known is not None and known.debug)
    search_again(
        subject,
        frames=frames,
        crew=_crew(subject, options, own),
        write=replace(_writer(subject, options, debug=debug), beside=True),
        report=report,
    )


def _crew(subject: Subject, options: ExtractOptions, own: dict[str, Any]) -> Crew:
    """The detectors, one a device.

    Raises:
        OptionUnusable: an extra is not installed, or the device is not there.
    """
    from recast.faces import DETECTORS, devices_for

    if options.detector == "manual":
        own = {"marks": _marks(subject)}
    devices = devices_for(options.detector, options.device)
    made = [
        DETECTORS[options.detector](
            device=device,
            min_score=options.min_score,
            min_size=options.min_size,
            max_faces=options.max_faces,
            **own,
        )
        for device in devices
    ]
    return Crew(made, devices)


def _marks(subject: Subject) -> Marks:
    from recast.stages.marking import marks_of

    return marks_of(subject.workspace, subject.side, subject.take)


def _writer(subject: Subject, options: ExtractOptions, *, debug: bool) -> FaceWriter:
    """What writes the faces; its folders are there."""
    from recast.disk import disk_trouble_named

    folder, pictures = subject.faces_folder, subject.debug_folder
    for needed in [folder, pictures] if debug else [folder]:
        with disk_trouble_named(needed):
            needed.mkdir(parents=True, exist_ok=True)
    return FaceWriter(
        folder, subject.take.path.name, options.framing, options.size, pictures if debug else None
    )


def _draws(subject: Subject, options: ExtractOptions) -> bool:
    return options.debug or subject.side == "dst"


def _wanted(subject: Subject, options: ExtractOptions) -> Extraction:
    """The note on the search that the options ask for, not begun."""
    marks = _marks(subject).digest() if options.detector == "manual" else ""
    return Extraction(
        take_note(subject.take), _made_of(options), marks=marks, debug=_draws(subject, options)
    )


def _made_of(options: ExtractOptions) -> dict[str, Any]:
    return options.model_dump(mode="json", exclude=_NOT_MADE_OF)


def _done_before(subject: Subject, wanted: Extraction) -> Extraction | None:
    """The note on a search that made the same faces; None if there was no such search."""
    known = read_extraction(subject.note)
    if known is None or not subject.faces_folder.is_dir():
        return None
    try:
        # An older recast noted fewer options; what it did is what their defaults do.
        same = _made_of(ExtractOptions.model_validate(known.options)) == wanted.options
    except ValidationError:
        return None
    same = same and known.take == wanted.take and known.marks == wanted.marks
    return known if same else None


def _put_aside(folder: Path, report: Report) -> None:
    """Keep what was made otherwise, under another name."""
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    old = aside_folder(folder)
    folder.rename(old)
    report(Note(f"{folder.name} made before is kept as {old}."))


def _fix(options: ExtractOptions) -> str:
    if options.detector == "manual":
        return to_say("mark faces and accept them first, or choose another --detector")
    return to_say(
        "check that it shows a face of at least 40 pixels, "
        "or lower --min-score, or --min-size, or try another --detector"
    )
