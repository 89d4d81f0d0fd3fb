"""The documentation says what the program does. `python tests/test_docs.py` writes docs/cli.md."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from cyclopts import App
from cyclopts.argument import Argument

import recast
from recast import errors
from recast.cli.app import COMMANDS, make_app
from recast.cli.help import explanation, limits
from recast.language import ENGLISH

app = make_app(ENGLISH)
ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
FRONT = [ROOT / f"{name}.md" for name in ("README", "ARCHITECTURE", "CONTRIBUTING", "CHANGELOG")]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
NAMED_FILE = re.compile(r"`((?:recast|tests|docs|examples)/[\w./-]+|[\w-]+\.(?:toml|yml|md))`")
FENCE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)

HEAD = """# Command line

<!-- Written from the commands themselves by `python tests/test_docs.py`. -->

Every command exits with 0, with 1 for an error that says what to do, with 2 for wrong arguments
and with 130 when it was stopped by Ctrl-C. None ever waits for a key. `recast COMMAND --help` shows
the same as this page, and `recast --version` the version. `python -m recast` is the same program.
"""


def cli_page() -> str:
    """The page that lists every command and option."""
    return "\n".join([HEAD, *(section(name, app[name]) for name in COMMANDS)])


def section(name: str, command: App) -> str:
    arguments = arguments_of(command)
    shown = [one for one in arguments if one.show]
    places = [one for one in shown if is_place(one)]
    flags = [one for one in shown if not is_place(one)]
    usage = " ".join(["recast", name, *(one.name for one in places), *needed(flags)])
    rows = [f"| `{one.name}` | | {cell(one)} |" for one in places]
    rows += [f"| {spelled(one)} | {default(one)} | {cell(one)} |" for one in flags]
    table = ["| option | default | |", "|---|---|---|", *rows]
    return "\n".join(
        [f"## recast {name}", "", f"```\n{usage} …\n```", "", explanation(command), "", *table, ""]
    )


def arguments_of(command: App) -> list[Argument]:
    return list(command.assemble_argument_collection(parse_docstring=True))


def is_place(argument: Argument) -> bool:
    return not argument.name.startswith("-")


def needed(flags: list[Argument]) -> Iterator[str]:
    return (f"{one.name} {one.name[2:].upper()}" for one in flags if one.required)


def spelled(argument: Argument) -> str:
    return ", ".join(f"`{name}`" for name in argument.names)


def default(argument: Argument) -> str:
    value = argument.field_info.default
    if argument.required:
        return "required"
    switch = argument.hint is bool and len(argument.names) == 1
    if switch or value in (None, "", ()) or value is argument.field_info.empty:
        return ""
    return f"`{value}`" if not isinstance(value, bool) else "yes" if value else "no"


def cell(argument: Argument) -> str:
    choices = argument.get_choices() or ()
    notes = [", ".join(f"`{choice}`" for choice in choices), limits(argument)]
    return " ".join([argument.parameter.help or "", *(f"({note})" for note in notes if note)])


def test_the_page_of_commands_is_current() -> None:
    written = (DOCS / "cli.md").read_text(encoding="utf-8")
    assert written == cli_page(), "python tests/test_docs.py writes it again"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_on_the_page(name: str) -> None:
    page = (DOCS / "cli.md").read_text(encoding="utf-8")
    _, _, rest = page.partition(f"## recast {name}\n")
    own = rest.partition("\n## ")[0]
    for argument in arguments_of(app[name]):
        if argument.show:
            assert argument.parameter.help, f"{name} {argument.name} has no help"
            assert all(f"`{flag}`" in own for flag in argument.names)


def test_every_error_is_on_a_page() -> None:
    page = (DOCS / "errors.md").read_text(encoding="utf-8")
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    for kind in kinds:
        assert f"| `{kind.__name__}` |" in page
        drawn = errors.__doc__ or ""
        assert kind.__name__ in drawn, f"{kind.__name__} is missing in the tree of errors.py"


@pytest.mark.parametrize("page", [*PAGES, *FRONT], ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = [link.partition("#")[0] for link in LINK.findall(text) if "://" not in link]
    assert [target for target in targets if target and not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", [*PAGES, *FRONT], ids=lambda page: page.name)
def test_files_that_a_page_names_exist(page: Path) -> None:
    named = NAMED_FILE.findall(page.read_text(encoding="utf-8"))
    places = (ROOT, page.parent, DOCS)
    assert [name for name in named if not any((place / name).exists() for place in places)] == []


@pytest.mark.parametrize("page", [*PAGES, *FRONT], ids=lambda page: page.name)
def test_python_on_a_page_is_python_and_uses_public_names(page: Path) -> None:
    for code in FENCE.findall(page.read_text(encoding="utf-8")):
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "recast":
                assert node.attr in recast.__all__, f"recast.{node.attr} is not public"


def test_every_page_is_in_the_menu() -> None:
    menu = set(re.findall(r"[\w./-]+\.md", (ROOT / "mkdocs.yml").read_text(encoding="utf-8")))
    assert menu == {page.relative_to(DOCS).as_posix() for page in PAGES}


def test_the_newest_entry_of_the_changelog_is_this_version() -> None:
    entries = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert entries[0] == project["version"]


def test_the_licence_is_the_one_that_is_named() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "GNU GENERAL PUBLIC LICENSE" in text and "Version 3, 29 June 2007" in text


if __name__ == "__main__":
    (DOCS / "cli.md").write_text(cli_page(), encoding="utf-8", newline="\n")
