"""A small notice in a corner of the frame that says a face was replaced."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from recast.errors import OptionUnusable
from recast.images import FrameImage, Mask

NOTICES: Mapping[str, str] = {
    "bg": "Лицето е заменено с ИИ",
    "cs": "Obličej nahrazen pomocí AI",
    "da": "Ansigtet er udskiftet med AI",
    "de": "Gesicht mit KI ersetzt",
    "el": "Το πρόσωπο αντικαταστάθηκε με ΤΝ",
    "en": "Face replaced with AI",
    "es": "Rostro sustituido con IA",
    "fr": "Visage remplacé par IA",
    "it": "Volto sostituito con IA",
    "nl": "Gezicht vervangen met AI",
    "pl": "Twarz podmieniona przez AI",
    "pt": "Rosto substituído por IA",
    "ru": "Лицо заменено с помощью ИИ",
    "sv": "Ansiktet är utbytt med AI",
    "uk": "Обличчя замінено за допомогою ШІ",
}
"""What is written, by language."""

LONGEST = 80
"""Letters of a notice of one's own."""
_HEIGHT = 1 / 28
"""Of the letters' line, in parts of the frame's shorter side."""
_LEAST = 9
"""Pixels below which a line could not be read."""
_WIDEST = 0.9
"""Of the notice, in parts of the frame's width."""
_MARGIN, _PADDING = 0.8, 0.35
"""Around the box, and inside it around the line, in lines."""
_SHADE = 0.6
"""How dark the box is."""
_FINER = 4
"""Pixels are divided so often along each side while letters are filled."""
_STEPS = 6

Floats = NDArray[np.float32]
_Points = NDArray[np.float64]


@dataclass(frozen=True)
class Label:
    """A notice for frames of one size: how bright and how solid its pixels are, 0..1.

    left, top: where it goes; ink, cover: (h, w).
    """

    left: int
    top: int
    ink: Floats
    cover: Floats

    @staticmethod
    def of(notice: str, size: tuple[int, int]) -> Label:
        """The label for frames of `size` (width, height); `notice` as in `noticed`.

        Raises:
            OptionUnusable: it is empty or too long, or holds letters that cannot be drawn.
        """
        width, height = size
        text = noticed(notice)
        letters = _Letters.load()
        letters.check(text)
        line = max(float(_LEAST), min(size) * _HEIGHT)
        across = letters.width(text) + 2 * (_MARGIN + _PADDING)
        line = min(line, width * _WIDEST / across, height / (1 + 2 * (_MARGIN + _PADDING)))
        ink = letters.drawn(text, line)
        pad = max(1, round(_PADDING * line))
        ink = np.pad(ink, pad)[:height, :width]
        cover = np.maximum(ink, np.float32(_SHADE))
        margin = round(_MARGIN * line)
        left, top = max(0, margin), max(0, height - margin - ink.shape[0])
        return Label(left, top, ink, np.asarray(cover, np.float32))

    def covering(self, matte: Mask) -> Mask:
        """A matte, (H, W), that shows the notice as well: a copy."""
        done = matte.copy()
        part = done[self.top :, self.left :][: self.cover.shape[0], : self.cover.shape[1]]
        np.maximum(part, self.cover[: part.shape[0], : part.shape[1]], out=part)
        return done

    def drawn(self, frame: FrameImage) -> FrameImage:
        """The frame, (H, W, 3), with the notice: a copy, whose other pixels are the same."""
        rows = slice(self.top, self.top + self.ink.shape[0])
        columns = slice(self.left, self.left + self.ink.shape[1])
        limit = np.iinfo(frame.dtype).max
        done = frame.copy()
        part = done[rows, columns].astype(np.float32)
        cover = self.cover[: part.shape[0], : part.shape[1], None]
        light = self.ink[: part.shape[0], : part.shape[1], None] * np.float32(limit)
        part = part * (1 - cover) + light
        done[rows, columns] = np.rint(part.clip(0, limit)).astype(frame.dtype)
        return done


def noticed(notice: str) -> str:
    """What is written: the translation a language code names, or the text itself.

    Raises:
        OptionUnusable: it is too long, or looks like a language that is not known.
    """
    text = " ".join(notice.split())
    if text.lower() == "auto":
        return NOTICES["en"]
    if text.lower() in NOTICES:
        return NOTICES[text.lower()]
    known = f"choose one of: {', '.join(NOTICES)}; or write a notice of your own"
    if len(text) < 3:
        raise OptionUnusable(f"there is no label in {notice!r}", known)
    if len(text) > LONGEST:
        what = f"the label has {len(text)} letters, and not more than {LONGEST} can be read"
        raise OptionUnusable(what, known)
    return text


@dataclass(frozen=True)
class _Letters:
    """Outlines in units of the font."""

    units: int
    ascent: int
    descent: int
    outlines: Mapping[str, Any]

    @staticmethod
    def load() -> _Letters:
        text = (files("recast.provenance") / "letters" / "letters.json").read_text("ascii")
        found = json.loads(text)
        return _Letters(found["units"], found["ascent"], found["descent"], found["letters"])

    def check(self, text: str) -> None:
        missing = sorted({letter for letter in text if letter not in self.outlines})
        if missing:
            raise OptionUnusable(
                f"the label holds letters that recast cannot draw: {' '.join(missing)}",
                "Latin, Greek and Cyrillic can be drawn",
            )

    @property
    def _line(self) -> int:
        return self.ascent - self.descent

    def width(self, text: str) -> float:
        """In lines."""
        return float(sum(self.outlines[letter][0] for letter in text) / self._line)

    def drawn(self, text: str, line: float) -> Floats:
        """The text in a line `line` pixels high, 0..1, smooth at its edges."""
        zoom = line / self._line * _FINER
        height, width = (int(np.ceil(extent)) for extent in (line, self.width(text) * line))
        fine = np.zeros((height * _FINER, width * _FINER), np.uint8)
        at = 0
        for letter in text:
            advance, contours = self.outlines[letter]
            place = partial(self._placed, at=at, zoom=zoom)
            polygons = [place(_flat(np.array(row).reshape(-1, 3))) for row in contours]
            own = np.zeros_like(fine)
            # Even and odd: contours inside others are their holes.
            cv2.fillPoly(own, polygons, 255, shift=8)
            np.maximum(fine, own, out=fine)
            at += advance
        small: Any = cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.float32) / np.float32(255)

    def _placed(self, points: _Points, *, at: int, zoom: float) -> NDArray[np.int32]:
        """In fixed point: pixels times 256, y downwards."""
        x, y = (points[:, 0] + at) * zoom - 0.5, (self.ascent - points[:, 1]) * zoom - 0.5
        return np.rint(np.stack([x, y], 1) * 256).astype(np.int32)


def _flat(points: NDArray[Any]) -> _Points:
    """A closed TrueType contour, (N, 3) of x, y and whether on the curve, as a polygon."""
    full: list[tuple[float, float, bool]] = []
    for before, here in zip(np.roll(points, 1, 0), points, strict=True):
        if not before[2] and not here[2]:  # between two control points lies one on the curve
            full.append(((before[0] + here[0]) / 2, (before[1] + here[1]) / 2, True))
        full.append((float(here[0]), float(here[1]), bool(here[2])))
    begin = next(at for at, point in enumerate(full) if point[2])
    return np.array(list(_along(full[begin:] + full[: begin + 1])), np.float64)


def _along(points: Sequence[tuple[float, float, bool]]) -> Any:
    """Points along lines and quadratic curves, from the first, which is on the curve, on."""
    last = points[0]
    yield last[:2]
    for at, (x, y, on_curve) in enumerate(points[1:], start=1):
        if on_curve:
            last = points[at]
            yield x, y
            continue
        end = points[at + 1]
        for step in range(1, _STEPS):
            share = step / _STEPS
            one, two, three = (1 - share) ** 2, 2 * share * (1 - share), share**2
            yield (
                one * last[0] + two * x + three * end[0],
                one * last[1] + two * y + three * end[1],
            )
