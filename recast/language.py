"""The words recast speaks. English is what the code says; gettext catalogues know the others.

A text is written where it is needed and marked for the catalogues by the name of the function
that takes it: `say("…")`, `say.plural("…", "…", n)`, `to_say("…")` for constants and
`sentence("…")` for what is raised or reported. `python tests/test_language.py` gathers them.
"""

from __future__ import annotations

import gettext
import locale
import os
import re
from collections.abc import Iterable
from pathlib import Path

LANGUAGES = {"en": "English", "ru": "Русский"}
"""Code: its name in itself. The first is what the code says."""

CATALOGUES = Path(__file__).parent / "locale"
DOMAIN = "recast"


class Sentence(str):
    """English for everybody, and for a door that translates it what it was made of."""

    template: str
    values: dict[str, object]

    def __new__(cls, template: str, values: dict[str, object]) -> Sentence:
        made = super().__new__(cls, template.format(**values) if values else template)
        made.template, made.values = template, values
        return made


def sentence(template: str, /, **values: object) -> Sentence:
    """A text to raise or to report: `template` with `{name}`s, and what stands in their place."""
    return Sentence(template, values)


def to_say(text: str) -> str:
    """The text itself; marks a constant that is said later, by `say.of`."""
    return text


class Texts:
    """Says everything in one language."""

    def __init__(self, code: str) -> None:
        self.code = code if code in LANGUAGES else next(iter(LANGUAGES))
        self._catalogue = gettext.translation(
            DOMAIN, CATALOGUES, [self.code], fallback=self.code == next(iter(LANGUAGES))
        )

    def __call__(self, text: str, /, **values: object) -> str:
        """The text in this language, with `values` in the places of its `{name}`s."""
        return _filled(self._catalogue.gettext(text) if text else "", values)

    def plural(self, one: str, many: str, number: int, /, **values: object) -> str:
        """The form that goes with `number`, which stands for `{n}`."""
        found = self._catalogue.ngettext(one, many, number)
        return _filled(found, {"n": number, **values})

    def of(self, text: str) -> str:
        """What was said elsewhere: a `Sentence`, or a constant; others stay as they are."""
        if isinstance(text, Sentence):
            return self(text.template, **text.values)
        return self(text)


def preferred(codes: Iterable[str]) -> str:
    """The first language that is known, such as "ru" for "ru-RU" or "ru_RU.UTF-8"."""
    for code in codes:
        known = re.split(r"[-_.@]", code.strip().lower())[0]
        if known in LANGUAGES:
            return known
    return next(iter(LANGUAGES))


def browser_language(accept: str) -> str:
    """What a browser's Accept-Language header wishes most."""
    wishes = []
    for place, wish in enumerate(accept.split(",")):
        code, _, weight = wish.partition(";")
        found = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d*)?)\s*", weight)
        weighted = float(found[1]) if found else 0.0 if weight else 1.0
        if weighted > 0:
            wishes.append((-weighted, place, code))
    return preferred(code for _, _, code in sorted(wishes))


def machine_language() -> str:
    """What the environment wishes: RECAST_LANGUAGE, then the usual variables, then the system."""
    named = ("RECAST_LANGUAGE", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
    given = [code for name in named for code in os.environ.get(name, "").split(":") if code]
    return preferred(given or [locale.getlocale()[0] or ""])


def _filled(text: str, values: dict[str, object]) -> str:
    return text.format(**values) if values else text
