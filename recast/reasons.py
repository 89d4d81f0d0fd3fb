"""Why a value or a file is refused, where others found it: pydantic's and the system's reasons in
the house's words.

A reason stands behind a colon: "--resolution cannot be 100: it must be a multiple of 16". All of
them are texts that `recast.language` knows again, so that a door can say them in its language.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recast.language import Sentence, sentence, to_say

WRONG_VALUES = {
    "greater_than": to_say("it must be more than {gt}"),
    "greater_than_equal": to_say("it must be at least {ge}"),
    "less_than": to_say("it must be less than {lt}"),
    "less_than_equal": to_say("it must be at most {le}"),
    "multiple_of": to_say("it must be a multiple of {multiple_of}"),
    "finite_number": to_say("it must be a finite number"),
    "int_type": to_say("it must be a whole number"),
    "int_parsing": to_say("it must be a whole number"),
    "int_from_float": to_say("it must be a whole number"),
    "int_parsing_size": to_say("it has too many digits"),
    "float_type": to_say("it must be a number"),
    "float_parsing": to_say("it must be a number"),
    "bool_type": to_say("it must be true or false"),
    "bool_parsing": to_say("it must be true or false"),
    "string_type": to_say("it must be text"),
    "string_unicode": to_say("it must be text"),
    "string_pattern_mismatch": to_say("it is not written in the form that its description names"),
    "string_too_short": to_say("it must have at least {min_length} characters"),
    "string_too_long": to_say("it must have at most {max_length} characters"),
    "literal_error": to_say("it must be one of {expected}"),
    "enum": to_say("it must be one of {expected}"),
    "path_type": to_say("it must be a path"),
    "is_instance_of": to_say("it must be a path"),
    "none_required": to_say("it must be left out"),
    "missing": to_say("it is missing"),
    "extra_forbidden": to_say("there is no such option"),
    "tuple_type": to_say("it must be a list"),
    "list_type": to_say("it must be a list"),
    "too_short": to_say("it must have at least {min_length} entries"),
    "too_long": to_say("it must have at most {max_length} entries"),
    "dict_type": to_say("it must be an object of names and values"),
    "model_type": to_say("it must be an object of names and values"),
    "date_type": to_say("it must be a date such as 2026-12-31"),
    "date_parsing": to_say("it must be a date such as 2026-12-31"),
    "date_from_datetime_parsing": to_say("it must be a date such as 2026-12-31"),
    "date_from_datetime_inexact": to_say("it must be a date such as 2026-12-31"),
    "datetime_type": to_say("it must be a time such as 2026-12-31T12:00:00Z"),
    "datetime_parsing": to_say("it must be a time such as 2026-12-31T12:00:00Z"),
    "datetime_from_date_parsing": to_say("it must be a time such as 2026-12-31T12:00:00Z"),
    "timezone_aware": to_say("it must name its time zone"),
    "json_invalid": to_say("it is no JSON"),
    "json_type": to_say("it is no JSON"),
}
"""Kind of a pydantic error: the reason, with the names of its context."""

OF_THE_SYSTEM = (
    to_say("no such file or directory"),
    to_say("permission denied"),
    to_say("operation not permitted"),
    to_say("is a directory"),
    to_say("not a directory"),
    to_say("directory not empty"),
    to_say("file exists"),
    to_say("file name too long"),
    to_say("no space left on device"),
    to_say("disk quota exceeded"),
    to_say("read-only file system"),
    to_say("input/output error"),
    to_say("too many open files"),
    to_say("invalid argument"),
)
"""What a system says about a file most often, in small letters."""

LONGEST_SHOWN = 60
"""Letters of a wrong value that are shown."""


def reason(trouble: Mapping[str, Any]) -> str:
    """Why a value is refused.

    Args:
        trouble: One entry of what `errors()` of a pydantic `ValidationError` lists.

    Returns:
        A `Sentence`; what a validator of ours said as it is; of a kind that is not known here
        pydantic's own English.
    """
    kind, context = trouble["type"], trouble.get("ctx", {})
    if kind in ("value_error", "assertion_error"):
        return str(context["error"])
    if kind not in WRONG_VALUES:
        return str(trouble["msg"])
    return Sentence(WRONG_VALUES[kind], {name: _plain(value) for name, value in context.items()})


def _plain(value: object) -> object:
    """A bound as a person writes it, and pydantic's list of choices without English and quotes."""
    if isinstance(value, float):
        return f"{value:g}"
    return value.replace(" or ", ", ").replace("'", "") if isinstance(value, str) else value


def shown(value: object) -> str:
    """A wrong value, short enough for a sentence."""
    text = str(value) or '""'
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"


def refused(name: str, value: object, why: str) -> Sentence:
    """The name of an option, its wrong value and the reason as one sentence."""
    return sentence("{name} cannot be {value}: {why}", name=name, value=shown(value), why=why)
