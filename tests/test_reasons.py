"""Whatever pydantic can find wrong with an option is said in our words, in every language."""

import errno
import os
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, ValidationError

from recast.language import Texts
from recast.reasons import OF_THE_SYSTEM, WRONG_VALUES, reason, refused, shown

BOUNDS = {
    "gt": {"greater_than"},
    "ge": {"greater_than_equal"},
    "lt": {"less_than"},
    "le": {"less_than_equal"},
    "multiple_of": {"multiple_of"},
    "pattern": {"string_pattern_mismatch"},
    "allow_inf_nan": {"finite_number"},
    "min_length": {"string_too_short", "too_short"},
    "max_length": {"string_too_long", "too_long"},
}
"""What a part of a schema can refuse by each of these."""
KINDS = {
    "int": {"int_type", "int_parsing", "int_from_float", "int_parsing_size", "finite_number"},
    "float": {"float_type", "float_parsing"},
    "bool": {"bool_type", "bool_parsing"},
    "str": {"string_type", "string_unicode"},
    "literal": {"literal_error"},
    "none": {"none_required"},
    "tuple": {"tuple_type", "missing", "too_long"},
    "dict": {"dict_type"},
    "model": {"model_type"},
    "model-fields": {"missing", "extra_forbidden", "model_type"},
    "is-instance": {"is_instance_of"},
    "date": {"date_type", "date_parsing", "date_from_datetime_parsing"},
    "datetime": {"datetime_type", "datetime_parsing", "datetime_from_date_parsing"},
    "union": set(),
    # A validator of ours: it says its reason itself.
    "function-after": set(),
    "function-before": set(),
    "function-plain": set(),
}
"""What each kind of schema can refuse a value for."""
HARMLESS = {
    "any", "default", "model-field", "nullable", "no-info", "json-or-python", "lax-or-strict",
    "definitions", "definition-ref",
}  # fmt: skip
"""Kinds of a schema that only hold others."""
DOORS = ("recast.stages", "recast.cli")
"""Whose models are filled by people."""


def option_models() -> list[type[BaseModel]]:
    for package in DOORS:
        for module in walk_packages(import_module(package).__path__, package + "."):
            import_module(module.name)
    found = {one for one in models_below(BaseModel) if one.__module__.startswith(DOORS)}
    return sorted(found, key=lambda one: one.__qualname__)


def models_below(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for one in model.__subclasses__():
        yield one
        yield from models_below(one)


def schemas_in(schema: Any) -> Iterator[dict[str, Any]]:
    """Every part of a schema that has a kind."""
    if isinstance(schema, dict):
        if isinstance(schema.get("type"), str):
            yield schema
        for one in schema.values():
            yield from schemas_in(one)
    elif isinstance(schema, list | tuple):
        for one in schema:
            yield from schemas_in(one)


@pytest.mark.parametrize("model", option_models(), ids=lambda one: one.__qualname__)
def test_everything_that_an_option_can_be_refused_for_has_a_reason(model: type[BaseModel]) -> None:
    possible = set[str]()
    for schema in schemas_in(model.__pydantic_core_schema__):
        kind = schema["type"]
        assert kind in KINDS.keys() | HARMLESS, f"{model}: what can {kind} refuse?"
        possible |= KINDS.get(kind, set())
        possible.update(*(BOUNDS[name] for name in BOUNDS if name in schema))
    assert possible <= WRONG_VALUES.keys()


class Sample(BaseModel, frozen=True, extra="forbid"):
    more: float = Field(1, gt=0)
    least: int = Field(1, ge=1)
    less: float = Field(1, lt=2.5)
    most: float = Field(1, le=2)
    step: int = Field(16, multiple_of=16)
    switch: bool = False
    word: str = Field("a", pattern="^a$")
    path: Path = Path()


@pytest.mark.parametrize(
    ("name", "value", "english", "russian"),
    [
        ("more", 0, "it must be more than 0", "нужно число больше 0"),
        ("least", 0, "it must be at least 1", "нужно число не меньше 1"),
        ("less", 3, "it must be less than 2.5", "нужно число меньше 2.5"),
        ("most", 3, "it must be at most 2", "нужно число не больше 2"),
        ("step", 17, "it must be a multiple of 16", "нужно число, кратное 16"),
        ("step", "x", "it must be a whole number", "нужно целое число"),
        ("step", 1.5, "it must be a whole number", "нужно целое число"),
        ("more", "x", "it must be a number", "нужно число"),
        ("switch", "x", "it must be true or false", "нужно true или false"),
        ("word", 3, "it must be text", "нужен текст"),
        ("path", 3, "it must be a path", "нужен путь"),
        ("other", 3, "there is no such option", "такого параметра нет"),
    ],
)
def test_a_reason_says_what_is_needed(name: str, value: object, english: str, russian: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        Sample.model_validate({name: value})
    found = reason(refusal.value.errors()[0])
    assert found == english
    assert Texts("ru").of(found) == russian
    whole = refused("--x", value, found)
    assert whole == f"--x cannot be {value}: {english}"
    # Also as a program heard it, which does not know what the sentence was made of.
    for said in (whole, str(whole), f"{whole}; {whole}", f"/tmp/entry: {whole}"):
        assert Texts("ru").of(said).endswith(f"--x: значение {value} не подходит: {russian}")


def test_what_is_not_known_is_said_as_pydantic_says_it() -> None:
    trouble = {
        "type": "url_parsing",
        "ctx": {"error": "empty host"},
        "msg": "Input should be a URL",
    }
    assert reason(trouble) == "Input should be a URL"
    assert reason({"type": "value_error", "ctx": {"error": ValueError("is odd")}}) == "is odd"


@given(st.text())
def test_a_wrong_value_is_never_long(value: str) -> None:
    assert 0 < len(shown(value)) <= 60


@pytest.mark.parametrize("text", [*WRONG_VALUES.values(), *OF_THE_SYSTEM])
def test_every_reason_has_its_russian(text: str) -> None:
    assert re.search("[\u0430-\u044f]", Texts("ru")(text))


@pytest.mark.skipif(os.name == "nt", reason="Windows has words of its own")
@pytest.mark.parametrize("number", [errno.ENOENT, errno.EACCES, errno.ENOSPC, errno.EISDIR])
def test_the_system_is_understood(number: int) -> None:
    said = Texts("ru").of(f"/tmp/a b: {os.strerror(number)}")
    assert said.startswith("/tmp/a b: ") and re.search("[\u0430-\u044f]", said)
