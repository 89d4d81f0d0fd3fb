"""The words recast speaks. English is what the code says; gettext catalogues know the others.

A text is written where it is needed and marked for the catalogues by the name of the function
that takes it: `say("…")`, `say.plural("…", "…", n)`, `to_say("…")` for constants and
`sentence("…")` for what is raised or reported. Errors and notes are plain f-strings: what they
were made of is in a list of templates, by which `say.of` knows them again when it hears one.
`python tests/test_language.py` gathers all of it.
"""

from __future__ import annotations

import gettext
import json
import locale
import os
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from string import Formatter

LANGUAGES = {"en": "English", "ru": "Русский"}
"""Code: its name in itself. The first is what the code says."""

CATALOGUES = Path(__file__).parent / "locale"
DOMAIN = "recast"
TEMPLATES = CATALOGUES / "sentences.json"
"""What errors and notes are made of: texts with `{name}`s where they put something in."""
LEAST_LETTERS = 6
"""A template with fewer letters of its own would be found in texts that it did not make."""


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
        """What was said elsewhere: a `Sentence`, a constant, or what a template made.

        Others stay as they are. What a template put in is said in this language too if it is
        itself known, and so are the parts of what colons and semicolons join.
        """
        if isinstance(text, Sentence):
            said = {k: self.of(v) if isinstance(v, str) else v for k, v in text.values.items()}
            return self(text.template, **said)
        if self.code == next(iter(LANGUAGES)):
            return text
        # A system's reason begins with a capital here and with a small letter there.
        for one in (text, text.lower()) if " " in text else (text,):
            if (known := self(one)) != one:
                return known
        if "; " in text:
            parts = {part: self.of(part) for part in text.split("; ")}
            # Some templates have a semicolon of their own; their halves are not known.
            if all(part != said for part, said in parts.items()):
                return "; ".join(parts[part] for part in text.split("; "))
        for pattern, template in _patterns():
            if found := pattern.fullmatch(text):
                values = {name: self.of(value) for name, value in found.groupdict().items()}
                return self(template, **values)
        head, *rest = _JOINT.split(text, maxsplit=1)
        return self.of(head) + rest[0] + self.of(rest[1]) if rest else text


_JOINT = re.compile("(: |; )")
"""What stands between a place and the reason, and between two reasons."""

ENGLISH = Texts("en")


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """How to know a template's texts again, those that say most first."""
    templates: list[str] = json.loads(TEMPLATES.read_text(encoding="utf-8"))
    found = []
    for template in templates:
        parts = list(Formatter().parse(template))
        letters = sum(map(str.isalpha, "".join(literal for literal, *_ in parts)))
        if letters >= LEAST_LETTERS:
            whole = "".join(
                re.escape(literal) + (f"(?P<{name}>.+?)" if name else "")
                for literal, name, *_ in parts
            )
            found.append((letters, re.compile(whole, re.DOTALL), template))
    found.sort(key=lambda one: -one[0])
    return [(pattern, template) for _, pattern, template in found]


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
