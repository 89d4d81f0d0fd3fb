"""What the studio says before it serves; `tests/studio` looks at the pages."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


def test_a_port_that_is_taken_is_named_with_a_way_out(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        told = started(tmp_path, "--port", str(port), "--json")
    assert told.returncode == 1
    error = json.loads(told.stdout)
    assert f"127.0.0.1:{port}" in error["what"] and "--port" in error["fix"]


def test_an_address_of_another_machine_is_refused(tmp_path: Path) -> None:
    told = started(tmp_path, "--host", "192.0.2.1", "--port", "0")
    assert told.returncode == 1 and "192.0.2.1" in told.stderr and "--host" in told.stderr


def test_without_its_parts_it_says_what_to_install(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith(("nicegui", "recast.studio"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "nicegui", None)
    code, _, err = run("studio", tmp_path)
    assert code == 1 and 'pip install "recast[studio]"' in err


def test_a_port_that_is_none_is_a_wrong_argument(run: Run, tmp_path: Path) -> None:
    assert run("studio", tmp_path, "--port", "70000").code == 2
    assert run("studio", tmp_path, "--port", "-1").code == 2


def started(root: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "recast", "studio", str(root), *flags]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
