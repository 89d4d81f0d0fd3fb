"""What is wrong with the arguments of a command, in the house's words instead of cyclopts'."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from cyclopts import (
    ArgumentOrderError,
    CoercionError,
    CombinedShortOptionError,
    CycloptsError,
    MissingArgumentError,
    RepeatArgumentError,
    UnknownCommandError,
    UnknownOptionError,
    UnusedCliTokensError,
)
from pydantic import ValidationError

from recast.errors import OptionUnusable
from recast.language import Sentence, sentence
from recast.reasons import WRONG_VALUES, reason, refused, shown

_LIKE = 0.7
"""How much a name must be like another, 0..1, to be what was probably meant."""


def arguments_explained(error: CycloptsError, tokens: Sequence[str]) -> OptionUnusable:
    """A parser's error in the house's form: what is wrong, and where to read what is right."""
    from recast.cli.app import COMMANDS

    command = next((f" {token}" for token in tokens[:1] if token in COMMANDS), "")
    fix = sentence("recast{command} --help shows what it takes", command=command)
    if near := _nearest(error, COMMANDS):
        fix = sentence("did you mean {near}? {rest}", near=near, rest=fix)
    return OptionUnusable(_what(error), fix)


def _what(error: CycloptsError) -> str:
    if isinstance(error.__cause__, ValidationError):
        return troubles(error.__cause__)
    if error.msg is not None and type(error) is CycloptsError:
        return str(error).rstrip(".")
    for kind in type(error).__mro__:
        if kind in EXPLAINED:
            return EXPLAINED[kind](error)
    return str(error).rstrip(".")


def _unknown_option(error: Any) -> str:
    return sentence("there is no option {option}", option=_option(error))


def _unknown_command(error: Any) -> str:
    return sentence("there is no command {command}", command=shown(error.unused_tokens[0]))


def _too_many(error: Any) -> str:
    return sentence("too much is given: {words}", words=shown(" ".join(error.unused_tokens)))


def _missing(error: Any) -> str:
    keyword = error.keyword or next((one.keyword for one in error.argument.tokens), None)
    if keyword:
        return sentence("{name} needs a value", name=keyword)
    return sentence("{name} is not given", name=error.argument.name)


def _repeated(error: Any) -> str:
    return sentence("{name} is given more than once", name=error.token.keyword)


def _out_of_order(error: Any) -> str:
    before = error.prior_positional_or_keyword_supplied_as_keyword_arguments
    names = ", ".join(one.tokens[0].keyword for one in before)
    return sentence(
        "{word} cannot follow {names} without the name of its option",
        word=shown(error.token),
        names=names,
    )


def _short_flags(error: Any) -> str:
    return sentence("short options are written one by one")


def _of_wrong_kind(error: Any) -> str:
    token, kind = error.token, error.target_type
    name = token.keyword if token and token.keyword else None
    name = name or (error.argument.name if error.argument else "")
    value = token.value if token else ""
    if get_origin(kind) is Literal:
        expected = ", ".join(str(one) for one in get_args(kind))
        why: str = Sentence(WRONG_VALUES["literal_error"], {"expected": expected})
    elif kinds := [one for one in _kinds(kind) if one in _NAMED]:
        why = Sentence(WRONG_VALUES[_NAMED[kinds[0]]], {})
    else:
        why = sentence("it is not of the kind that is needed")
    return refused(name, value, why)


_NAMED = {
    int: "int_parsing",
    float: "float_parsing",
    bool: "bool_parsing",
    date: "date_parsing",
    Path: "path_type",
}


def _kinds(kind: Any) -> tuple[Any, ...]:
    return tuple(chain.from_iterable(map(_kinds, get_args(kind)))) or (kind,)


EXPLAINED: dict[type[CycloptsError], Callable[[Any], str]] = {
    UnknownOptionError: _unknown_option,
    UnknownCommandError: _unknown_command,
    UnusedCliTokensError: _too_many,
    MissingArgumentError: _missing,
    RepeatArgumentError: _repeated,
    ArgumentOrderError: _out_of_order,
    CombinedShortOptionError: _short_flags,
    CoercionError: _of_wrong_kind,
}
"""What cyclopts finds wrong, and who says it. What is not here cannot happen, for nothing in
recast asks for it; `tests/cli/test_arguments.py` says why of each."""


def _option(error: UnknownOptionError) -> str:
    return (error.token.keyword or error.token.value).split("=", 1)[0]


def _nearest(error: CycloptsError, commands: Iterable[str]) -> str:
    """What was probably meant; "" if nothing is like it."""
    if isinstance(error, UnknownOptionError):
        given = _option(error)
        known: list[str] = [
            name for one in error.argument_collection if one.parse for name in one.names
        ]
    elif isinstance(error, UnknownCommandError) and error.unused_tokens:
        given, known = error.unused_tokens[0], list(commands)
    else:
        return ""
    return next(iter(difflib.get_close_matches(given, known, n=1, cutoff=_LIKE)), "")


def troubles(error: ValidationError) -> str:
    """All that is wrong with the flags of an option model."""
    return "; ".join(map(_trouble, error.errors(include_url=False)))


def _trouble(trouble: Any) -> str:
    why = reason(trouble)
    if not trouble["loc"]:
        return why
    flag = f"--{str(trouble['loc'][0]).replace('_', '-')}"
    return refused(flag, trouble["input"], why)
