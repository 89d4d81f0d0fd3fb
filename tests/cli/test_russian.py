"""The command line speaks Russian to those who wish it, and English to programs."""

import io
import json
import re
from collections.abc import Callable

import pytest
from rich.console import Console

from recast.cli.app import COMMANDS, make_app
from recast.cli.terminal import Terminal, described
from recast.errors import Stopped, WorkspaceUnusable
from recast.events import Note, Progress, Started, TrainingProgress
from recast.language import Texts
from tests.cli.conftest import Ran
from tests.test_language import helped

ENGLISH_WORDS = [text for text in helped() if " " in text]


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_help_page_is_russian(command: str) -> None:
    page = io.StringIO()
    console = Console(file=page, width=2000)
    make_app(Texts("ru")).help_print([command] if command else [], console=console)
    said = " ".join(page.getvalue().split())
    assert re.search("[\u0430-\u044f]{4}", said)
    assert [text for text in ENGLISH_WORDS if text in said] == []


def test_errors_and_progress_are_russian() -> None:
    out = io.StringIO()
    err = Console(file=out, width=200)
    terminal = Terminal(Console(file=io.StringIO()), err, lambda: 0.0, Texts("ru"))
    terminal.report(Started("train", "swift: swift at 96 px on cpu"))
    terminal.report(Progress(3, 10, "faces"))
    terminal.report(Note("The take has 2 cuts, at frame 5, 9.", warning=True))
    terminal.failed(WorkspaceUnusable("/tmp/x is no workspace", "update recast"))
    terminal.failed(Stopped("the training was stopped"))
    said = out.getvalue()
    for words in (
        "train: swift: swift, 96 точек, на cpu",
        "3/10 лиц",
        "Предупреждение: Склеек в видео: 2, на кадрах 5, 9.",
        "Ошибка: /tmp/x не рабочая папка",
        "Что делать: обновите recast",
        "Остановлено: обучение остановлено",
    ):
        assert words in said
    line = described(TrainingProgress(7, 0.5, 2.0, 61.0, {}), Texts("ru"))
    assert line == "шаг 7, 2.0 шаг/с, осталось 1:01"
    line = described(TrainingProgress(7, 0.5, 2.0, 61.0, {}, 3 << 30), Texts("ru"))
    assert line.endswith("осталось 1:01, 3.0 ГБ на GPU")


def test_programs_are_told_in_english(
    run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECAST_LANGUAGE", "ru")
    _, out, err = run("train", "/nowhere at all", "--json")
    assert "is no workspace" in json.loads(out.splitlines()[-1])["what"]
    _, out, err = run("train", "/nowhere at all")
    assert "не рабочая папка" in err
