from collections.abc import Callable
from typing import Any

import pytest
from cyclopts import App

from recast.cli.app import app
from recast.cli.help import limits

Run = Callable[..., Any]


def limits_of(command: App) -> dict[str, str]:
    return {one.name: limits(one) for one in command.assemble_argument_collection()}


def test_ranges_are_read_from_the_option_models() -> None:
    found = limits_of(app["train"])
    assert found["--resolution"] == "64 to 512, a multiple of 16"
    assert found["--steps"] == "1 or more"
    assert found["--learning-rate"] == "more than 0 and at most 0.1"
    assert found["--seed"] == "0 or more"
    assert found["--model"] == ""


@pytest.mark.parametrize(("command", "limit"), [("extract", "64 to 2048"), ("merge", "0 to 40")])
def test_help_shows_the_range(command: str, limit: str, run: Run) -> None:
    assert f"[{limit}]" in " ".join(run(command, "--help").out.replace("│", " ").split())


def test_help_shows_the_whole_explanation(run: Run) -> None:
    assert "Ctrl-C" in run("train", "--help").out
