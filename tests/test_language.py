"""Every text is in every catalogue. `python tests/test_language.py` gathers the texts of the code
into `recast/locale/*/LC_MESSAGES/recast.po`, where they wait to be translated, and compiles it."""

import ast
import inspect
import io
import json
import re
from collections.abc import Container, Iterator, Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from hypothesis import given
from hypothesis import strategies as st

import recast
from recast import errors
from recast.cli.app import COMMANDS, app
from recast.cli.help import explanation
from recast.events import Progress
from recast.language import (
    CATALOGUES,
    DOMAIN,
    LANGUAGES,
    LEAST_LETTERS,
    TEMPLATES,
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
SAID = {"Note": (0, 1), "Started": (1, 2), "Progress": (2, 3), "CycloptsError": (0, 0)} | {
    name: (0, 2) for name, one in vars(errors).items() if isinstance(one, type)
}
"""What errors and events are made with: the first text among their arguments, and the last."""
REASONS = {
    "ValueError": (0, 1),
    "Unusable": (0, 1),
    "BookDamaged": (0, 1),
    "_unreadable": (1, 2),
    "_broken": (1, 2),
    "_unusable": (1, 2),
    "warn": (0, 1),
    "notes.append": (0, 1),
    "said.append": (0, 1),
}
"""What is made with a reason that an error then says behind a colon, or with a text that a note
then says. What they are given from elsewhere is not counted: it is an error's or the system's."""
AT_HAND = {
    "recast/cli/arguments.py": 2,  # sentences, chosen by what is wrong
    "recast/cli/job.py": 1,  # the words of an error, with another thing to do
    "recast/disk.py": 1,  # what to do, from a table
    "recast/faces/devices.py": 1,  # what to do, from a table
    "recast/provenance/consent.py": 1,  # what to do, one of two constants
    "recast/stages/extract.py": 1,  # what to do, one of two
    "recast/stages/merge_desk.py": 3,  # sentences
    "recast/stages/merge_shots.py": 1,  # a sentence
    "recast/studio/beside.py": 1,  # the sentences of another process
    "recast/video/folder.py": 1,  # what an error says to do, or a constant
    "recast/video/formats.py": 1,  # a sentence
}
"""How many texts of a module do not stand where they are said, and what they are instead. All of
them are gathered where they are written."""
HANDED_ON = {"note", "text"}
"""Names of what `warn` and `notes` hand on to a `Note`."""
OTHERS = [code for code in LANGUAGES if code != "en"]


def gathered() -> Catalog:
    """All texts of the code, and the descriptions of options."""
    catalogue = Catalog(domain=DOMAIN, fuzzy=False)
    for path in sorted(PACKAGE.rglob("*.py")):
        for text in texts_in(ast.parse(path.read_text(encoding="utf-8"))):
            catalogue.add(text, locations=[(path.relative_to(PACKAGE.parent).as_posix(), 0)])
    for path in sorted(PACKAGE.rglob("*.py")):
        for text in raised_in(ast.parse(path.read_text(encoding="utf-8")))[0]:
            catalogue.add(text, locations=[(path.relative_to(PACKAGE.parent).as_posix(), 0)])
    for text in helped():
        catalogue.add(text, locations=[("recast/cli/app.py", 0)])
    for module, model in OPTIONS.items():
        for label, field in getattr(import_module(module), model).model_fields.items():
            name = module.replace(".", "/") + ".py"
            catalogue.add(field.description, locations=[(name, 0)])
            catalogue.add(label_of(label), locations=[(name, 0)])
    return catalogue


def helped() -> Iterator[str]:
    """What the help pages of the commands say."""
    for name, (_, about) in COMMANDS.items():
        yield about
        yield from filter(None, explanation(app[name]).split("\n\n"))
        yield from described_in(inspect.getdoc(app[name].default_command) or "")
        for argument in app[name].assemble_argument_collection():
            if argument.parameter.help:
                yield " ".join(argument.parameter.help.split())
    yield Progress.unit


def described_in(docstring: str) -> Iterator[str]:
    """What a docstring says about each parameter."""
    section = docstring.partition("\n\nParameters\n")[2].partition("\n")[2]
    for described in re.findall(r"(?m)^\S.*\n((?:[ ]+.*\n?)+)", section):
        yield " ".join(described.split())


def raised_in(tree: ast.Module) -> tuple[list[str], int]:
    """The templates of a module's errors and notes, and how many texts come from elsewhere."""
    texts, elsewhere = dict[str, None](), 0
    for part, constants in parts_of(tree):
        for call in part:
            first, last = (SAID | REASONS)[whole_name(call)]
            said = [*call.args[first:last], *(k.value for k in call.keywords if k.arg in KEYS)]
            for one in said:
                for branch in branches(one):
                    if isinstance(branch, ast.Call) and name_of(branch) in KEYWORDS:
                        continue
                    text = template_of(branch, constants)
                    elsewhere += text is None and name_of(call) in SAID
                    if text and any(map(str.isalpha, text)):
                        texts[text] = None
    return list(texts), elsewhere


def branches(node: ast.expr) -> list[ast.expr]:
    """What a text is chosen from."""
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    return node.values if isinstance(node, ast.BoolOp) else [node]


KEYS = {"msg", "fix", "unit"}


def parts_of(tree: ast.Module) -> Iterator[tuple[list[ast.Call], dict[str, ast.expr]]]:
    """The calls that say something in each outermost function or class, and texts with names."""
    known = named_texts(tree.body)
    for node in tree.body:
        calls = [
            one
            for one in ast.walk(node)
            if isinstance(one, ast.Call) and whole_name(one) in SAID | REASONS
        ]
        yield calls, known | named_texts(list(ast.walk(node)))


def named_texts(nodes: Sequence[ast.AST]) -> dict[str, ast.expr]:
    return {
        node.targets[0].id: node.value
        for node in nodes
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant | ast.JoinedStr)
    }


def template_of(node: ast.expr, constants: dict[str, ast.expr]) -> str | None:
    """A text with `{name}`s for what is put in; None if it is no text that stands there."""
    if isinstance(node, ast.Name):
        node = constants.get(node.id, node)
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.Name) and node.id in HANDED_ON:
        return ""
    if not isinstance(node, ast.JoinedStr):
        return None
    text, used = "", dict[str, int]()
    for part in node.values:
        if isinstance(part, ast.Constant):
            text += str(part.value).replace("{", "{{").replace("}", "}}")
        elif isinstance(part, ast.FormattedValue):
            name = getattr(part.value, "attr", getattr(part.value, "id", "x"))
            name = name.strip("_").lower() or "x"
            used[name] = used.get(name, 0) + 1
            text += "{" + name + (str(used[name]) if used[name] > 1 else "") + "}"
    return text


def templates() -> list[str]:
    """All of them that put something in, in order."""
    found = set[str]()
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found.update(raised_in(tree)[0])
        found.update(
            text for text in texts_in(tree, {"sentence", "to_say"}) if isinstance(text, str)
        )
    return sorted(filter(places, found))


def texts_in(
    tree: ast.AST, functions: Container[str] = KEYWORDS
) -> Iterator[str | tuple[str, ...]]:
    """What is said in a module by these functions; a tuple has both forms of a plural."""
    for call in calls_in(tree):
        if name_of(call) not in functions:
            continue
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


def whole_name(call: ast.Call) -> str:
    """The same, and "notes.append" of `self.notes.append(...)`."""
    if name_of(call) == "append" and isinstance(call.func, ast.Attribute):
        place = getattr(call.func.value, "attr", getattr(call.func.value, "id", ""))
        return f"{place}.append"
    return name_of(call)


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
    TEMPLATES.write_text(listed(), encoding="utf-8")
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


def listed() -> str:
    return json.dumps(templates(), ensure_ascii=False, indent=0) + "\n"


def forms(text: object) -> tuple[str, ...]:
    return tuple(text) if isinstance(text, tuple | list) else (str(text),)


def places(text: str) -> set[str]:
    """The names in braces; what else stands in braces is part of the text."""
    return {name for name in re.findall(r"(?<!\{)\{(\w*)\}", text)}


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


def test_the_templates_are_those_of_the_code() -> None:
    assert TEMPLATES.read_text(encoding="utf-8") == listed(), "python tests/test_language.py"


def test_errors_say_their_text_where_they_are_raised() -> None:
    """What comes from elsewhere is not gathered: it needs a reason, and a line in `AT_HAND`."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        elsewhere = raised_in(ast.parse(path.read_text(encoding="utf-8")))[1]
        if elsewhere:
            found[path.relative_to(PACKAGE.parent).as_posix()] = elsewhere
    assert found == AT_HAND


@pytest.mark.parametrize("template", templates())
def test_every_template_is_known_again(template: str) -> None:
    """Whatever it put in, even words of other templates."""
    values = {name: f"/tmp/é {name} 3" for name in places(template)}
    text = template.format(**values)
    said = Texts("ru").of(text)
    if sum(map(str.isalpha, re.sub(r"\{\w*\}", "", template))) >= LEAST_LETTERS:
        assert re.search("[\u0430-\u044f]", said) or template in SAME
    for value in values.values():
        assert value in said


SAME = {'pip install "recast[{extra}]"', "{model} ({step})"}
"""What is the same in every language."""


def test_what_was_put_in_is_said_too() -> None:
    said = Texts("ru").of("src: /tmp/a.mp4 is empty")
    assert said == "src: /tmp/a.mp4 is empty" or "пуст" in said
    error = errors.WorkspaceUnusable("/tmp/x is no workspace", "update recast")
    assert Texts("ru").of(str(error)) == "/tmp/x не рабочая папка"
    assert Texts("en").of(str(error)) == str(error)


def test_what_is_in_a_sentence_is_said_too() -> None:
    inner = sentence("it must be at most {le}", le=2)
    told = sentence("{name} cannot be {value}: {why}", name="--warp", value=9, why=inner)
    said = "--warp: значение 9 не подходит: нужно число не больше 2"
    assert Texts("ru").of(told) == Texts("ru").of(str(told)) == said
    assert Texts("en").of(told) == "--warp cannot be 9: it must be at most 2"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a.png: it is no PNG", "a.png: это не PNG"),
        ("a.png: Permission denied", "a.png: доступ запрещён"),
        ("it is no PNG; it is cut off", "это не PNG; он обрывается"),
        ("a: b; c", "a: b; c"),
    ],
)
def test_what_colons_and_semicolons_join_is_said_part_by_part(text: str, said: str) -> None:
    assert Texts("ru").of(text) == said


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
