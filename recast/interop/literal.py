"""Reads Python literals, as faceswap writes them into its pictures; never evaluates anything.

`ast.literal_eval` would do for honest texts, but deep nesting can bring the interpreter down.
"""

from __future__ import annotations

import ast
import re
from typing import Any

DEEPEST = 16
"""Containers inside each other."""

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<open>[\[({])
      | (?P<close>[\])}])
      | (?P<comma>,)
      | (?P<colon>:)
      | (?P<word>None|True|False)\b
      | (?P<number>[+-]?(?:\d{1,100}\.?\d{0,100}|\.\d{1,100})(?:[eE][+-]?\d{1,4})?)
      | (?P<text>b?(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"))
    )""",
    re.VERBOSE,
)
_WORDS = {"None": None, "True": True, "False": False}
_CLOSES = {"[": "]", "(": ")", "{": "}"}


class NoLiteral(ValueError):
    """What is wrong with the text."""


def read_literal(text: str) -> Any:
    """The value of a text made of None, booleans, numbers, texts, bytes, lists, tuples and dicts.

    Raises:
        NoLiteral: it is anything else, or nested deeper than `DEEPEST`.
    """
    reader = _Reader(text)
    value = reader.value(0)
    if text[reader.at :].strip():
        raise NoLiteral("there is something behind its end")
    return value


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self.at = 0

    def _next(self) -> tuple[str, str]:
        """Kind and text of the next token."""
        found = _TOKEN.match(self._text, self.at)
        if found is None or found.lastgroup is None:
            raise NoLiteral(f"it is no plain value at letter {self.at}")
        self.at = found.end()
        return found.lastgroup, found[found.lastgroup]

    def _comes(self, wanted: str) -> bool:
        """Whether the next token is this one, which is then passed."""
        before = self.at
        if self._next()[1] == wanted:
            return True
        self.at = before
        return False

    def value(self, depth: int) -> Any:
        kind, token = self._next()
        if kind == "open":
            if depth >= DEEPEST:
                raise NoLiteral(f"it is nested deeper than {DEEPEST}")
            return self._container(token, depth + 1)
        if kind == "word":
            return _WORDS[token]
        if kind == "number":
            return float(token) if set(token) & set(".eE") else int(token)
        if kind == "text":
            try:
                return ast.literal_eval(token)  # one text or bytes, nothing nested
            except (ValueError, SyntaxError) as error:
                raise NoLiteral(f"it holds a broken text at letter {self.at}") from error
        raise NoLiteral(f"it has {token!r} where a value should be")

    def _container(self, opened: str, depth: int) -> Any:
        items: list[Any] = []
        comma = True
        while not self._comes(_CLOSES[opened]):
            if not comma:
                raise NoLiteral(f"a comma is missing at letter {self.at}")
            items.append(self._item(depth) if opened == "{" else self.value(depth))
            comma = self._comes(",")
        if opened == "(":
            return items[0] if len(items) == 1 and not comma else tuple(items)
        return dict(items) if opened == "{" else items

    def _item(self, depth: int) -> tuple[Any, Any]:
        key = self.value(depth)
        if not isinstance(key, str | int | float | bytes | None):
            raise NoLiteral("a key is no scalar")
        if not self._comes(":"):
            raise NoLiteral(f"a colon is missing at letter {self.at}")
        return key, self.value(depth)
