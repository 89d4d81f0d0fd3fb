"""Every text is in every catalogue. `python tests/test_language.py` gathers the texts of the code
into `recast/locale/*/LC_MESSAGES/recast.po`, where they wait to be translated, and compiles it."""

import ast
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from string import Formatter

import pytest
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from hypothesis import given
from hypothesis import strategies as st

import recast
from recast.language import (
    CATALOGUES,
    DOMAIN,
    LANGUAGES,
    Texts,
    browser_language,
    preferred,
    sentence,
)
from recast.studio.option_form import label_of

PACKAGE = Path(recast.__file__).parent
KEYWORDS = {"say": 1, "to_say": 1, "sentence": 1, "plural": 2}
"""Functions that take texts, and how many; see `recast.language`."""
OPTIONS = {
    "recast.stages.train_options": "TrainOptions",
    "recast.stages.timelapse": "TimelapseOptions",
    "recast.stages.extract": "ExtractOptions",
    "recast.stages.curate": "SortOptions",
    "recast.stages.merge_options": "MergeOptions",
}
"""Option models whose descriptions are shown in forms."""
OTHERS = [code for code in LANGUAGES if code != "en"]


def gathered() -> Catalog:
    """All texts of the code, and the descriptions of options."""
    catalogue = Catalog(domain=DOMAIN, fuzzy=False)
    for path in sorted(PACKAGE.rglob("*.py")):
        for text in texts_in(ast.parse(path.read_text(encoding="utf-8"))):
            catalogue.add(text, locations=[(path.relative_to(PACKAGE.parent).as_posix(), 0)])
    for module, model in OPTIONS.items():
        for label, field in getattr(import_module(module), model).model_fields.items():
            name = module.replace(".", "/") + ".py"
            catalogue.add(field.description, locations=[(name, 0)])
            catalogue.add(label_of(label), locations=[(name, 0)])
    return catalogue


def texts_in(tree: ast.AST) -> Iterator[str | tuple[str, ...]]:
    """What is said in a module; a tuple has both forms of a plural."""
    for call in calls_in(tree):
        count = KEYWORDS[name_of(call)]
        constants = [one for one in call.args[:count] if isinstance(one, ast.Constant)]
        texts = [one.value for one in constants if isinstance(one.value, str)]
        if len(texts) == count and texts[0]:
            yield texts[0] if count == 1 else tuple(texts)


def calls_in(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and name_of(node) in KEYWORDS:
            yield node


def name_of(call: ast.Call) -> str:
    """ "plural" of `view.say.plural(...)`."""
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def po_file(code: str) -> Path:
    return CATALOGUES / code / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(code: str) -> Catalog:
    with po_file(code).open("rb") as file:
        return read_po(file, locale=code, domain=DOMAIN)


def compiled(catalogue: Catalog) -> bytes:
    file = io.BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def update() -> None:
    """Bring the catalogues up to date; what was translated stays."""
    for code in OTHERS:
        known = read(code) if po_file(code).exists() else Catalog(locale=code, domain=DOMAIN)
        known.update(gathered(), no_fuzzy_matching=True, update_header_comment=False)
        known.obsolete.clear()
        known.project, known.header_comment, known.fuzzy = "recast", f"# recast in {code}.", False
        # The same texts give the same file, whenever it is written.
        known.revision_date = known.creation_date = datetime(2026, 11, 25, tzinfo=UTC)
        po_file(code).parent.mkdir(parents=True, exist_ok=True)
        with po_file(code).open("wb") as file:
            write_po(file, known, sort_output=True, include_lineno=False, width=99,
                     omit_header=False)  # fmt: skip
        po_file(code).with_suffix(".mo").write_bytes(compiled(known))


def forms(text: object) -> tuple[str, ...]:
    return tuple(text) if isinstance(text, tuple | list) else (str(text),)


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("code", OTHERS)
def test_every_text_is_translated(code: str) -> None:
    known = read(code)
    missing = [
        message.id
        for message in gathered()
        if message.id and not all(forms(getattr(known.get(message.id), "string", "")))
    ]
    assert missing == [], f"python tests/test_language.py adds them to {po_file(code)}"


@pytest.mark.parametrize("code", OTHERS)
def test_a_translation_has_the_places_of_its_text(code: str) -> None:
    wrong = []
    for message in read(code):
        wanted = set[str]().union(*map(places, forms(message.id)))
        for form in forms(message.string):
            # A plural form may leave the number out: "one face".
            if message.id and not (wanted - {"n"} <= places(form) <= wanted):
                wrong.append(message.id)
    assert wrong == []


@pytest.mark.parametrize("code", OTHERS)
def test_nothing_waits_in_a_catalogue_that_nobody_says(code: str) -> None:
    said = {message.id for message in gathered()}
    assert [message.id for message in read(code) if message.id not in said] == []


@pytest.mark.parametrize("code", OTHERS)
def test_what_is_compiled_is_what_is_written(code: str) -> None:
    written = po_file(code).with_suffix(".mo").read_bytes()
    assert written == compiled(read(code)), "python tests/test_language.py compiles it again"


def test_texts_are_written_where_they_are_said() -> None:
    """What is put together or looked up while running cannot be gathered; `say.of` is for that."""
    wrong = [
        f"{path.name}:{call.lineno}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.name != "language.py"
        for call in calls_in(ast.parse(path.read_text(encoding="utf-8")))
        for text in call.args[: KEYWORDS[name_of(call)]]
        if not (isinstance(text, ast.Constant) and isinstance(text.value, str))
    ]
    assert wrong == []


def test_a_sentence_is_english_and_can_be_said_in_another_language() -> None:
    told = sentence("{command} is at work on this already", command="sort")
    assert told == "sort is at work on this already"
    assert Texts("en").of(told) == told
    said = Texts("ru").of(told)
    assert said != told and "sort" in said


def test_what_is_unknown_is_said_as_it_is() -> None:
    assert Texts("ru").of("/tmp/{odd} name") == "/tmp/{odd} name"
    assert Texts("xx").code == "en"


@pytest.mark.parametrize(
    ("accept", "code"),
    [
        ("ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        ("en-US,en;q=0.9,ru;q=0.8", "en"),
        ("de, ru;q=0.5, en;q=0.4", "ru"),
        ("ru;q=0, en", "en"),
        ("ru;q=none", "en"),
        ("", "en"),
        ("*", "en"),
    ],
)
def test_a_browser_gets_what_it_wishes_most(accept: str, code: str) -> None:
    assert browser_language(accept) == code


@given(st.text())
def test_no_header_breaks_the_choice_of_a_language(accept: str) -> None:
    assert browser_language(accept) in LANGUAGES


def test_names_of_locales_are_understood() -> None:
    assert [preferred([code]) for code in ("ru_RU.UTF-8", "RU", "C", "")] == ["ru"] * 2 + ["en"] * 2


if __name__ == "__main__":
    update()
