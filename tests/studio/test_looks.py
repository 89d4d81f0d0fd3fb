"""Every page, for people who see badly and for people who read Russian; nothing left in English."""

import ast
import pkgutil
import re
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pydantic import BaseModel

import recast.stages
from recast.stages.train_options import TrainOptions
from recast.studio.pages import PAGES
from recast.workspace import Workspace
from tests.studio.conftest import Server, Watched

LOOK = (Path(__file__).parent / "look.js").read_text(encoding="utf-8")
STUDIO = Path(recast.__file__).parent / "studio"
LATIN = re.compile(r"[A-Za-z]{3,}")
SAME_EVERYWHERE = re.compile(
    r"/\S+|\S+\.(mp4|jpg|png|mkv|json)\b|recast [^\n]*|\b(src|dst|English|CRF|MTCNN|CUDA|ONNX|mps"
    r"|cpu|dlib|segmentation|cuda:?N?|trash|Delete|Backspace|Escape|Home|End|Enter|Shift"
    r"|Page(Up|Down)|nobody|job"
    r"|arrow_drop_down|keyboard_arrow_\w+)\b"
)
"""Names of files, commands and keys; icons are written as words, too."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, trained_once: Workspace) -> Iterator[Server]:
    """A studio on a workspace in which everything was made."""
    import shutil

    root = tmp_path_factory.mktemp("looks") / "job"
    shutil.copytree(trained_once.root, root)
    opened = Server(root)
    yield opened
    opened.close()


def option_words() -> set[str]:
    """Parts of the values that options take: they are typed, and called the same everywhere."""
    found: set[str] = set()
    for path in pkgutil.iter_modules(recast.stages.__path__, "recast.stages."):
        for model in vars(import_module(path.name)).values():
            if isinstance(model, type) and issubclass(model, BaseModel):
                for field in model.model_fields.values():
                    found |= set(LATIN.findall(f"{field.annotation} {field.default}"))
    return found


def opened(page: Page, server: Server, path: str) -> Page:
    page.goto(server.base + path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_timeout(1500)  # until what a page shows at last is there, whatever it is
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    return page


@pytest.mark.parametrize("name", PAGES)
def test_everything_has_a_name_and_can_be_read(
    name: str, server: Server, watched: Callable[..., Watched]
) -> None:
    page = opened(watched().page(), server, PAGES[name].path)
    assert page.evaluate(LOOK) == []


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_left_in_english(
    name: str, server: Server, watched: Callable[..., Watched]
) -> None:
    page = opened(watched(locale="ru-RU").page(), server, PAGES[name].path)
    seen = page.locator("body").inner_text()
    labels = page.evaluate(
        "[...document.querySelectorAll('[aria-label], [alt]')]"
        ".map((one) => one.getAttribute('aria-label') ?? one.alt).join('\\n')"
    )
    left = SAME_EVERYWHERE.sub(" ", f"{seen}\n{labels}")
    assert set(LATIN.findall(left)) - option_words() == set()


def test_the_check_itself_finds_what_is_wrong(watched: Callable[..., Watched]) -> None:
    page = watched().page()
    page.set_content(
        '<main id="page"><h1>One</h1><button></button><img src="data:," width=9 height=9>'
        '<p style="color:#777;background:#666">grey</p><p id="a"></p><p id="a"></p>'
        '<p style="color:#000">black</p></main>'
    )
    found = page.evaluate(LOOK)
    kinds = [trouble.partition(":")[0] for trouble in found]
    assert kinds.count("no name") == 2 and "two elements are called a" in kinds
    assert [kind for kind in kinds if kind.startswith("contrast")] == ["contrast 1.28"]


SAID_BY = {"label", "tag", "button", "checkbox", "input", "select", "number", "notify"}


def test_the_studio_says_nothing_that_is_not_translated() -> None:
    """No literal with a word in it goes to an element but through `say`."""
    wrong = []
    for path in sorted(STUDIO.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _name(node) in SAID_BY:
                texts = [
                    *node.args,
                    *(k.value for k in node.keywords if k.arg in ("text", "label")),
                ]
                first = 2 if _name(node) == "tag" else 0  # a tag's name and its classes
                wrong += [
                    f"{path.name}:{text.lineno} {text.value!r}"
                    for text in texts[first:]
                    if isinstance(text, ast.Constant) and LATIN.search(str(text.value))
                ]
    assert wrong == []


def _name(call: ast.Call) -> str:
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))


def test_options_are_all_in_the_form() -> None:
    """A new option needs a name in every language; `tests/test_language.py` asks for it."""
    from recast.studio.train import _GROUPS

    shown = {name for group in _GROUPS.values() for name in group.model_fields}
    assert shown == set(TrainOptions.model_fields)
