"""Options that change along a take, from a JSON file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, ValidationError

from recast.disk import read_json
from recast.errors import OptionUnusable
from recast.language import sentence
from recast.reasons import reason, refused
from recast.stages.merge_options import LookOptions, look_of

if TYPE_CHECKING:
    from recast.merging import Look

_SHOTS_FORM = '[{"frames": "100:200", "mode": "seamless"}]'


class Shot(LookOptions, frozen=True, extra="forbid"):
    """Options for a range of frames. Those not given are as for the whole take.

    change: "cut" holds them through the range; "blend" moves there over the range's frames, from
    what holds in the frame before it.
    """

    frames: str = Field(pattern=r"^\d{0,9}:\d{0,9}$")
    change: Literal["cut", "blend"] = "cut"


@dataclass(frozen=True)
class _Placed:
    first: int
    end: int
    look: Look
    blends: bool


@dataclass(frozen=True)
class Looks:
    """The look of each frame of a take."""

    base: Look
    shots: tuple[_Placed, ...] = ()

    def at(self, frame: int) -> Look:
        """The look of a frame."""
        from recast.merging import between

        for shot in self.shots:
            if shot.first <= frame < shot.end:
                if not shot.blends:
                    return shot.look
                before = self.base if shot.first == 0 else self.at(shot.first - 1)
                return between(
                    before, shot.look, (frame - shot.first + 1) / (shot.end - shot.first)
                )
        return self.base

    @property
    def all(self) -> list[Look]:
        """Every look that occurs, but for those between two."""
        return [self.base, *(shot.look for shot in self.shots)]


def looks_of(options: LookOptions, file: Path | None, length: int) -> Looks:
    """The looks of a take of `length` frames, with the ranges of a JSON file if there is one.

    Raises:
        OptionUnusable: the file is missing or no such list; the error names the entry.
    """
    if file is None:
        return Looks(look_of(options))
    entries = loaded_json(file, list, _SHOTS_FORM)
    return looks_among(options, entries, length, where=str(file))


def looks_among(
    options: LookOptions, entries: Sequence[Any], length: int, *, where: str = "the ranges"
) -> Looks:
    """The looks of a take of `length` frames with these ranges, each as an object of the file.

    Raises:
        OptionUnusable: an entry is no range; the error names it and `where` it stands.
    """
    shots = [
        _placed(
            options,
            entry,
            sentence("entry {number} of {where}", number=number, where=where),
            length,
        )
        for number, entry in enumerate(entries, start=1)
    ]
    order = sorted(range(len(shots)), key=lambda at: shots[at].first)
    for one, next_one in pairwise(order):
        if shots[one].end > shots[next_one].first:
            raise OptionUnusable(
                f"entries {one + 1} and {next_one + 1} of {where} share frame "
                f"{shots[next_one].first}",
                "end one range where the next begins: END is not included",
            )
    return Looks(look_of(options), tuple(shots[at] for at in order))


def _placed(options: LookOptions, entry: Any, where: str, length: int) -> _Placed:
    if not isinstance(entry, dict):
        raise OptionUnusable(f"{where} is no object", f"write it so: {_SHOTS_FORM}")
    base = {name: getattr(options, name) for name in LookOptions.model_fields}
    try:
        shot = Shot.model_validate({**base, **entry})
    except ValidationError as error:
        raise OptionUnusable(f"{where}: {_troubles(error)}", _known()) from error
    start, _, stop = shot.frames.partition(":")
    first, end = int(start or 0), min(int(stop or length), length)
    if first >= end:
        raise OptionUnusable(
            f"{where}: {shot.frames} holds no frame of the take, which has {length}",
            f"choose a range within 0:{length}",
        )
    return _Placed(first, end, look_of(shot), shot.change == "blend")


def loaded_json(file: Path, kind: type[Any], form: str) -> Any:
    """What a JSON file of options holds; `form` shows how it is written.

    Raises:
        OptionUnusable: it cannot be read, or holds nothing of that kind.
    """
    try:
        found = read_json(file)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OptionUnusable(f"{file} cannot be read: {reason}", "check its name") from error
    except ValueError as error:
        raise OptionUnusable(f"{file} is no JSON: {error}", f"write it so: {form}") from error
    if not isinstance(found, kind):
        raise OptionUnusable(
            f"{file} holds no {'list' if kind is list else 'object'}", f"write it so: {form}"
        )
    return found


def _troubles(error: ValidationError) -> str:
    parts = []
    for trouble in error.errors(include_url=False):
        named = ".".join(str(part) for part in trouble["loc"])
        if trouble["type"] == "extra_forbidden":
            parts.append(sentence("{named} is no option of a range", named=named))
        elif trouble["type"] == "missing":
            parts.append(sentence("{where} is missing", where=named))
        else:
            parts.append(refused(named, trouble["input"], reason(trouble)))
    return "; ".join(parts)


def _known() -> str:
    names = ", ".join(LookOptions.model_fields)
    return sentence("give frames, change and any of: {names}", names=names)
