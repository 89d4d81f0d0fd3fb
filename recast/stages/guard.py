"""Look at the dst take before a face is put into it: explicit exposure is refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recast.disk import read_json, write_json
from recast.errors import ContentRefused, TakeUnreadable
from recast.events import Note, Progress, Report, Started, silent
from recast.stages.takes import cuts_of, known, noted_cuts
from recast.workspace import Workspace

if TYPE_CHECKING:
    from recast.video import Frame, Take

VERSION = 1
_WORDS = {
    "FEMALE_GENITALIA_EXPOSED": "bare genitals",
    "MALE_GENITALIA_EXPOSED": "bare genitals",
    "ANUS_EXPOSED": "a bare anus",
    "FEMALE_BREAST_EXPOSED": "a bare breast",
    "BUTTOCKS_EXPOSED": "bare buttocks",
}


def run(workspace: Workspace, report: Report = silent) -> None:
    """Look at a frame a second of dst, at its first and last, and at both sides of each cut.

    What was found is noted beside dst's faces, so a take is looked at once.

    Raises:
        ContentRefused: a frame shows explicit exposure; the error says when.
        TakeUnreadable: dst is missing, cut off or damaged.
    """
    from recast.provenance.guard import REFUSED

    take = workspace.take("dst")
    made_of = {"version": VERSION, "take": known(take), "refused_from": dict(REFUSED)}
    noted = _noted(workspace.guard_file, made_of)
    if noted is None:
        report(Started("guard", f"{take.path.name}: a frame a second, and around cuts"))
        noted = {**made_of, **_looked_at(workspace, take, report)}
        write_json(workspace.guard_file, noted)
    if noted["seen"]:
        _refuse(take, noted["seen"])


def run_if_there(workspace: Workspace, report: Report = silent) -> None:
    """The same, but a job that only has dst's faces may train: the merge looks at its take."""
    try:
        run(workspace, report)
    except TakeUnreadable as error:
        report(Note(f"The dst take was not looked at: {error}", warning=True))


def sampled(moments: Sequence[Fraction], cuts: Iterable[int]) -> list[int]:
    """The frames to look at: first, last, the first of every second, and around each cut."""
    chosen = {0, len(moments) - 1}
    second = None
    for index, moment in enumerate(moments):
        if moment // 1 != second:
            chosen.add(index)
            second = moment // 1
    chosen.update(index for cut in cuts for index in (cut - 1, cut))
    return sorted(index for index in chosen if 0 <= index < len(moments))


def _looked_at(workspace: Workspace, take: Take, report: Report) -> dict[str, Any]:
    """How many frames were looked at, and what is refused of them."""
    from recast.provenance.guard import Guard

    guard, moments = Guard(), take.moments()
    looked: set[int] = set()
    seen: list[dict[str, Any]] = []
    # Cuts are looked for in one pass with the frames of every second: decoding is what costs.
    first = set() if noted_cuts(workspace, take) is not None else set(sampled(moments, ()))

    def watch(frame: Frame) -> None:
        report(Progress(frame.index + 1, len(take)))
        if frame.index in first:
            look(frame)

    def look(frame: Frame) -> None:
        looked.add(frame.index)
        found = guard.refuses(frame.image)
        if found is not None:
            seen.append(_entry(frame, found.name, found.score))

    cuts = cuts_of(workspace, take, report, watch=watch)
    for index in sampled(moments, cuts):
        if index not in looked:
            look(take.frame(index))
    report(Progress(len(take), len(take)))
    return {"looked_at": len(looked), "seen": sorted(seen, key=lambda one: int(one["frame"]))}


def _entry(frame: Frame, name: str, score: float) -> dict[str, Any]:
    return {
        "frame": frame.index,
        "seconds": round(float(frame.moment), 3),
        "what": name,
        "score": round(score, 3),
    }


def _noted(file: Path, made_of: dict[str, Any]) -> dict[str, Any] | None:
    """What was found before, if it was in this take and by these thresholds."""
    try:
        noted = read_json(file)
        fits = {name: noted[name] for name in made_of} == made_of
        whole = all({"seconds", "what", "score"} <= one.keys() for one in noted["seen"])
        return noted if fits and whole else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _refuse(take: Take, seen: Sequence[dict[str, Any]]) -> None:
    first = seen[0]
    minutes, seconds = divmod(round(float(first["seconds"]), 1), 60)
    others = len(seen) - 1
    more = f", and so on in {others} other frame{'s' if others > 1 else ''}" if others else ""
    raise ContentRefused(
        f"{take.path.name} shows {_WORDS[first['what']]} at {int(minutes)}:{seconds:04.1f} "
        f"(score {first['score']:.2f}){more}: recast puts no face into sexual pictures",
        "use another take, or the part of this one that does not show it: recast cut",
    )
