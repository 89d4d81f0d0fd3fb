import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recast.cli.app import COMMANDS, app
from recast.cli.help import explanation

Run = Callable[..., Any]


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")


def test_the_program_answers_as_a_module() -> None:
    done = python("-m", "recast", "--version")
    assert (done.returncode, done.stdout.strip()) == (0, "0.1.0")


def loaded_by(*tokens: str) -> set[str]:
    """The top names of all modules that a command loads, and recast's own in full."""
    code = f"import sys; from recast.cli import main; main({tokens}); print(*sys.modules)"
    names = python("-c", code).stdout.splitlines()[-1].split()
    return {name if name.startswith("recast.") else name.partition(".")[0] for name in names}


@pytest.mark.parametrize("tokens", [["--help"], ["--version"], ["swap", "--help"]])
def test_help_loads_nothing_heavy(tokens: list[str]) -> None:
    loaded = loaded_by(*tokens)
    assert "recast.cli.app" in loaded
    assert not loaded & {"torch", "cv2", "av", "onnxruntime", "numpy", "c2pa"}


def test_the_front_page_loads_no_command() -> None:
    loaded = loaded_by("--help")
    assert not loaded & {"pydantic", "recast.stages", "recast.workspace", "recast.cli.stages"}


def test_no_command_shows_the_commands(run: Run) -> None:
    code, out, _ = run()
    assert code == 0
    assert all(name in out for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, run: Run) -> None:
    code, out, _ = run(name, "--help")
    assert code == 0
    assert "--json" in out


@pytest.mark.parametrize("name", COMMANDS)
def test_list_and_page_of_a_command_begin_alike(name: str) -> None:
    assert explanation(app[name]).startswith(COMMANDS[name][1])


@pytest.mark.parametrize(
    "tokens",
    [
        ["no-such-command"],
        ["new"],
        ["new", "job", "--src", "a.mp4"],
        ["extract", "job", "left"],
        ["extract", "job", "src", "--size", "17"],
        ["train", "job", "--batch-size", "many"],
        ["train", "job", "--resolution", "100"],
        ["train", "job", "--steps", "5", "--minutes", "1"],
        ["train", "job", "--model", "none-such"],
        ["merge", "job", "--frames", "some"],
        ["merge", "job", "--colour", "blue"],
        ["encode", "job", "--format", "cassette"],
        ["swap", "a.mp4", "b.mp4"],
        ["swap", "a", "b", "--out", "c.mp4", "--steps", "5", "--minutes", "1"],
        ["swap", "a", "b", "--out", "c.mp4", "--consent", "x.json", "--synthetic"],
        ["demo", "--minutes", "0"],
        ["demo", "--seed", "-1"],
        ["clear", "job", "--maybe"],
        ["consent", "job", "forget"],
        ["consent", "job", "add"],
        ["consent", "job", "add", "--file", "x.json", "--person", "Anna"],
        ["consent", "job", "show", "--person", "Anna"],
        ["verify"],
        ["doctor", "now"],
    ],
)
def test_wrong_arguments_exit_with_2_and_do_nothing(
    tokens: list[str], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*tokens)
    assert code == 2
    assert not out
    assert err.startswith("Error: ")
    assert "--help shows what it takes" in err
    assert not list(tmp_path.iterdir())


def test_wrong_arguments_are_told_to_programs_too(run: Run) -> None:
    code, out, err = run("train", "job", "--batch-size", "0", "--json")
    told = json.loads(out)
    assert (code, err, told["event"]) == (2, "", "error")
    assert told["what"].startswith("--batch-size cannot be 0: ")
    assert told["fix"] == "recast train --help shows what it takes"


def test_a_misspelt_command_is_guessed(run: Run) -> None:
    assert "swap" in run("swpa", "a", "b").err


@pytest.mark.parametrize(
    "tokens",
    [
        ["extract", "src"],
        ["train"],
        ["merge"],
        ["encode"],
        ["clear"],
        ["consent", "check"],
    ],
)
def test_a_folder_that_is_no_workspace_is_said(tokens: list[str], run: Run, tmp_path: Path) -> None:
    code, _, err = run(tokens[0], tmp_path, *tokens[1:])
    assert code == 1
    assert f"{tmp_path} is no workspace" in err
    assert "recast new" in err


def test_trouble_of_the_system_is_one_sentence(run: Run, tmp_path: Path) -> None:
    code, _, err = run("verify", tmp_path)
    assert code == 1
    assert err.startswith("Error: ")
    assert "Traceback" not in err
