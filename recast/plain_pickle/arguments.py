"""Opcodes that only push a value, made of their argument."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from recast.plain_pickle.objects import Refused

_LARGEST_INTEGER = 2**512


def _text(value: str) -> str:
    if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise Refused("it holds a text that is no Unicode")
    return value


def _integer(value: int) -> int:
    if abs(value) >= _LARGEST_INTEGER:
        raise Refused("it holds an integer of more than 512 bits")
    return value


def _as_it_is(value: Any) -> Any:
    return value


ARGUMENTS: dict[str, Callable[[Any], Any]] = {
    "NONE": lambda _: None,
    "NEWTRUE": lambda _: True,
    "NEWFALSE": lambda _: False,
    **dict.fromkeys(("BININT", "BININT1", "BININT2", "FLOAT", "BINFLOAT"), _as_it_is),
    **dict.fromkeys(("INT", "LONG", "LONG1", "LONG4"), _integer),
    **dict.fromkeys(("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"), _text),
    **dict.fromkeys(("SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BYTEARRAY8"), _as_it_is),
    "EMPTY_LIST": lambda _: [],
    "EMPTY_TUPLE": lambda _: (),
    "EMPTY_DICT": lambda _: {},
    "EMPTY_SET": lambda _: set(),
}
"""Opcodes that push one value, made of their argument."""
