"""Trainings that differ from face to face, by a JSON file of tracks and of pictures of people."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from recast.errors import OptionUnusable
from recast.events import Note, Report
from recast.stages.merge_shots import loaded_json

if TYPE_CHECKING:
    from recast.faceset import FaceSet
    from recast.stages.keep_person import Person

EVERYONE_ELSE = "*"
_FORM = '{"0": "anna", "1": null} or {"anna.jpg": "anna", "*": null}'


@dataclass(frozen=True)
class People:
    """Which training a face gets; None leaves it as it is.

    faces: by the face's place in the face set; tracks: by the number of its track; else: of all
    others.
    """

    other: str | None
    tracks: Mapping[int, str | None] = field(default_factory=dict)
    faces: Mapping[int, str | None] = field(default_factory=dict)

    def training(self, number: int, track: int) -> str | None:
        """Of one face."""
        return self.faces.get(number, self.tracks.get(track, self.other))


def people_of(file: Path | None, names: Sequence[str]) -> dict[str | Path, str | None]:
    """Which training each track gets, by its number as text, or each person, by a picture.

    Pictures are looked for beside the file.

    Raises:
        OptionUnusable: the file is missing, not such an object, or names no training.
    """
    if file is None:
        return {}
    found: dict[str | Path, str | None] = {}
    for who, name in loaded_json(file, dict, _FORM).items():
        is_number = re.fullmatch(r"\d{1,9}", who)
        picture = file.parent / who
        if not (is_number or who == EVERYONE_ELSE or _is_file(picture)):
            raise OptionUnusable(
                f"{file} speaks of {who!r}, which is no track and no picture beside it",
                f'give numbers of tracks, pictures, or "{EVERYONE_ELSE}" for all others: {_FORM}',
            )
        if name is not None and name not in names:
            raise OptionUnusable(
                f"{file} gives {who} the training {name!r}, which is not in this workspace",
                f"choose one of: {', '.join(names)}; or null, to leave the face as it is",
            )
        found[str(int(who)) if is_number else who if who == EVERYONE_ELSE else picture] = name
    return found


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that the file system cannot hold
        return False


def people_in(
    faces: FaceSet,
    named: Mapping[str | Path, str | None],
    persons: Mapping[Path, Person],
    other: str | None,
    report: Report,
) -> People:
    """Find whose each face is; a face that two pictures claim is the first one's."""
    from recast.stages.keep_person import faces_like

    tracks = {int(who): name for who, name in named.items() if isinstance(who, str) and who != "*"}
    whose: dict[int, str | None] = {}
    for picture, person in persons.items():
        alike, best = faces_like(faces, person, report)
        for number in alike.nonzero()[0]:
            whose.setdefault(int(number), named[picture])
        if not alike.any():
            report(
                Note(
                    f"Nobody in dst looks like {person.name}: the nearest has {best:.2f}, "
                    f"wanted is {person.threshold:.2f}.",
                    warning=True,
                )
            )
    return People(other, tracks, whose)
