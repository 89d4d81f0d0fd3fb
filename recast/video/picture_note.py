"""Beside frames that were written as pictures: which frame each one is, and when it is shown.

    {"version": 1, "made_of": {…}, "rate": "25/1", "time_base": "1/12800", …}
    {"name": "000000.png", "frame": 0, "moment": "0/1", "size": 48213, "digest": "…"}
    …

One JSON object a line in `frames.jsonl`. A line is written before its picture, so that every
picture recast made is in the note, and one that was changed since is known by its digest.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, astuple, dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from recast.disk import Fingerprint, disk_trouble_named, parsed_json, write_whole
from recast.video.color import ColorTags
from recast.video.take import Moment, TakeInfo

NOTE_NAME = "frames.jsonl"
VERSION = 1
_FRACTION = re.compile(r"-?[0-9]{1,40}/[0-9]{1,40}")


@dataclass(frozen=True)
class NotedPicture:
    """One picture: the frame it shows, and what its file held when it was written."""

    frame: int
    moment: Moment
    written: Fingerprint


@dataclass(frozen=True)
class PictureNote:
    """What a folder's note says. `made_of` is whatever decides what the pictures look like.

    The colours are only named, never applied: pictures hold the take's own values.
    """

    rate: Fraction
    time_base: Fraction
    made_of: Mapping[str, Any]
    color: ColorTags = field(default_factory=ColorTags)
    sample_aspect: Fraction = Fraction(1)
    pictures: Mapping[str, NotedPicture] = field(default_factory=dict)

    @classmethod
    def like(
        cls, info: TakeInfo, made_of: Mapping[str, Any], *, rate: Fraction | None = None
    ) -> PictureNote:
        """The note of a folder without pictures yet, for frames of the take `info` describes."""
        return cls(rate or info.rate, info.time_base, made_of, info.color, info.sample_aspect)

    def save(self, folder: Path) -> None:
        """Put this note, whole or not at all, in the place of the one that is there."""
        head = {
            "version": VERSION,
            "made_of": dict(self.made_of),
            "rate": _spelled(self.rate),
            "time_base": _spelled(self.time_base),
            "color": asdict(self.color),
            "sample_aspect": _spelled(self.sample_aspect),
        }
        rows = [_row(name, picture) for name, picture in self.pictures.items()]
        write_whole(folder / NOTE_NAME, "".join(map(_line, [head, *rows])).encode())


def read_note(folder: Path) -> PictureNote | None:
    """The note of a folder; None if there is none that can be read.

    A line that was cut off is left out: its picture was not written yet.
    """
    try:
        text = (folder / NOTE_NAME).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    head, _, rest = text.partition("\n")
    try:
        found = parsed_json(head)
        if found["version"] != VERSION:
            return None
        note = PictureNote(
            _read_fraction(found["rate"]),
            _read_fraction(found["time_base"]),
            dict(found["made_of"]),
            ColorTags(**{name: int(value) for name, value in found["color"].items()}),
            _read_fraction(found["sample_aspect"]),
            dict(_pictures(rest.split("\n"))),
        )
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError):
        return None
    positive = 0 < note.rate <= 100_000 and note.time_base > 0 and note.sample_aspect > 0
    return note if positive and all(0 <= tag < 256 for tag in astuple(note.color)) else None


class NoteWriter:
    """Adds lines to a folder's note, from several threads."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NOTE_NAME
        self._lock = threading.Lock()
        note = read_note(folder)
        if note is not None:  # a line that was cut off would swallow the next one
            note.save(folder)

    def add(self, name: str, frame: int, moment: Moment, data: bytes) -> None:
        """Say that `data` is going to be written as the picture `name`."""
        line = _line(_row(name, NotedPicture(frame, moment, Fingerprint.of(data))))
        with self._lock, disk_trouble_named(self._path), self._path.open("ab") as file:
            file.write(line.encode())


def _pictures(lines: Iterable[str]) -> Iterable[tuple[str, NotedPicture]]:
    for line in lines:
        try:
            row = parsed_json(line)
            written = Fingerprint(int(row["size"]), str(row["digest"]))
            picture = NotedPicture(int(row["frame"]), _read_fraction(row["moment"]), written)
            yield str(row["name"]), picture
        except (ValueError, KeyError, TypeError, ArithmeticError):
            continue


def _row(name: str, picture: NotedPicture) -> dict[str, Any]:
    return {
        "name": name,
        "frame": picture.frame,
        "moment": _spelled(picture.moment),
        "size": picture.written.size,
        "digest": picture.written.digest,
    }


def _line(value: Mapping[str, Any]) -> str:
    return json.dumps(value, allow_nan=False) + "\n"


def _read_fraction(text: object) -> Fraction:
    # Nothing but what is written here: Fraction itself would spend hours on "1e999999999".
    if isinstance(text, str) and _FRACTION.fullmatch(text):
        return Fraction(text)
    raise ValueError(f"{text!r} is no fraction")


def _spelled(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"
