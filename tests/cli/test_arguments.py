"""Wrong arguments are answered in the house's words, in every language."""

import re
from collections.abc import Callable, Iterator, Sequence

import cyclopts
import pytest
from cyclopts import App, CycloptsError

from recast.cli.app import COMMANDS, app
from recast.cli.arguments import EXPLAINED, arguments_explained
from recast.cli.help import PANELS, USAGE
from recast.errors import OptionUnusable
from recast.language import Texts
from tests.cli.conftest import Ran

CANNOT_HAPPEN = {
    cyclopts.TokenizationError: "arguments come as a list, never as one text",
    cyclopts.RequiresEqualsError: "no option asks for an equals sign",
    cyclopts.MixedArgumentError: "no option is a dictionary",
    cyclopts.ConsumeMultipleError: "no option bounds how many values it takes",
    cyclopts.ValidationError: "only pydantic validates, and it is its error that is explained",
}
"""Errors that nothing in recast asks for, and why."""

WRONG: list[tuple[str, str, str]] = [
    ("trian", "there is no command trian", "нет команды trian"),
    ("train", "WORKSPACE is not given", "не указано: WORKSPACE"),
    ("train a b c", "too much is given: b c", "указано лишнее: b c"),
    ("train a --resolutio 5", "there is no option --resolutio", "нет параметра --resolutio"),
    ("train a --resolutio=5", "there is no option --resolutio", "нет параметра --resolutio"),
    ("train a --model", "--model needs a value", "для --model нужно значение"),
    ("train a --seed 1 --seed 2", "--seed is given more than once", "--seed указан больше"),
    (
        "train a --resolution 100",
        "--resolution cannot be 100: it must be a multiple of 16",
        "--resolution: значение 100 не подходит: нужно число, кратное 16",
    ),
    (
        "train a --steps 0 --warp 9",
        "--steps cannot be 0: it must be at least 1; --warp cannot be 9: it must be at most 2",
        "--steps: значение 0 не подходит: нужно число не меньше 1; --warp: значение 9 не",
    ),
    (
        "train a --face-type none",
        "--face-type cannot be none: it must be one of half, full",
        "--face-type: значение none не подходит: возможные значения: half, full",
    ),
    (
        "train a --light=maybe",
        "--light cannot be maybe: it must be true or false",
        "--light: значение maybe не подходит: нужно true или false",
    ),
    (
        "frames a up",
        "SIDE cannot be up: it must be one of src, dst",
        "SIDE: значение up не подходит: возможные значения: src, dst",
    ),
    (
        "frames a src --fps z",
        "--fps cannot be z: it is no rate: give a number such as 5 or 24000/1001, or full",
        "--fps: значение z не подходит: это не частота кадров",
    ),
    ("sort a", "Give --by METHOD, or --undo", "--by"),
]


@pytest.mark.parametrize(("line", "english", "russian"), WRONG)
def test_wrong_arguments_are_answered_in_both_languages(
    line: str,
    english: str,
    russian: str,
    run: Callable[..., Ran],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for language, said in (("en", english), ("ru", russian)):
        monkeypatch.setenv("RECAST_LANGUAGE", language)
        ran = run(*line.split())
        assert ran.code == 2
        assert said in ran.err
        assert "--help" in ran.err
    found = re.sub(r"--?[\w-]+|\b(METHOD|SIDE|WORKSPACE|recast)\b", "", ran.err)
    assert not re.search(r"\b(is|the|must|cannot|there|given|what)\b", found)


def test_what_was_probably_meant_is_said(run: Callable[..., Ran]) -> None:
    assert "did you mean train? recast --help shows" in run("trian").err
    assert "did you mean --resolution? recast train --help" in run("train", "a", "--resolutio").err
    assert "did you mean" not in run("train", "a", "--quite-another").err


def kinds_below(kind: type[CycloptsError]) -> Iterator[type[CycloptsError]]:
    for one in kind.__subclasses__():
        yield one
        yield from kinds_below(one)


def test_every_error_of_cyclopts_is_explained_or_cannot_happen() -> None:
    kinds = {one for one in kinds_below(CycloptsError) if one.__module__.startswith("cyclopts.")}
    assert kinds == EXPLAINED.keys() | CANNOT_HAPPEN.keys()
    assert not EXPLAINED.keys() & CANNOT_HAPPEN.keys()


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_asks_for_what_cannot_happen(command: str) -> None:
    for argument in app[command].assemble_argument_collection():
        asked = argument.parameter
        assert not asked.requires_equals
        assert not asked.validator
        assert asked.consume_multiple in (None, False, True)
        assert argument.hint is not dict
    assert not app[command].validator


def explained(of: Callable[..., object], tokens: Sequence[str]) -> OptionUnusable:
    small = App(name="small", result_action="return_value")
    small.default(of)
    with pytest.raises(CycloptsError) as raised:
        small.parse_args(list(tokens), exit_on_error=False, print_error=False)
    return arguments_explained(raised.value, tokens)


def test_what_no_command_of_today_can_be_told_wrong_is_explained_too() -> None:
    """Commands whose arguments have names, and short flags."""

    def named(first: int, second: int) -> None: ...

    found = explained(named, ["--first", "1", "2", "3"])
    assert "cannot follow --first" in str(found) or "too much" in str(found)
    assert str(explained(named, ["1", "x"])) == "--second cannot be x: it must be a whole number"

    def of_complex(one: complex) -> None: ...

    found = explained(of_complex, ["x"])
    assert str(found) == "--one cannot be x: it is not of the kind that is needed"
    assert re.search("[\u0430-\u044f]", Texts("ru").of(str(found)))


@pytest.mark.parametrize("text", [*PANELS.values(), *USAGE.values(), "Usage:"])
def test_the_words_of_help_pages_are_russian(text: str) -> None:
    assert re.search("[\u0410-\u044f]", Texts("ru")(text))


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_no_word_of_cyclopts_is_on_a_russian_page(
    command: str, run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    from recast.cli.app import make_app

    monkeypatch.setattr("recast.cli.app.app", make_app(Texts("ru")))
    page = run(*([command] if command else []), "--help").out
    words = r"Usage|Parameters|Commands|Arguments|\[default|\[required|\[choices|Display"
    assert not re.search(words, page)
    assert "Вызов: recast" in page
