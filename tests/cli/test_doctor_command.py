import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECAST_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("RECAST_SIGNING_CERT", raising=False)
    monkeypatch.delenv("RECAST_SIGNING_KEY", raising=False)


def test_a_machine_that_runs_these_tests_is_well(run: Run) -> None:
    code, out, err = run("doctor")
    assert (code, err) == (0, "")
    for looked_at in ("torch", "memory", "disk", "libx264", "CPUExecutionProvider", "pair1_dst"):
        assert looked_at in out
    assert "MISSING" not in out


def test_programs_get_one_object_a_check(run: Run) -> None:
    *checks, last = map(json.loads, run("doctor", "--json").out.splitlines())
    assert last == {"event": "done", "ok": True}
    assert all(check["event"] == "check" and check["ok"] for check in checks)
    assert {"recast", "Python", "CPU", "GPU", "reads", "writes"} <= {c["name"] for c in checks}


def test_what_is_missing_is_said_with_what_to_do(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").write_text("a file where a folder should be", encoding="utf-8")
    code, out, err = run("doctor")
    assert code == 1
    assert "MISSING settings" in out
    assert "set RECAST_HOME" in out
    assert "one thing is missing" in err


def test_a_bad_studio_certificate_is_said(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECAST_SIGNING_CERT", "nowhere.pem")
    code, out, _ = run("doctor", "--json")
    check = next(c for c in map(json.loads, out.splitlines()) if c.get("name") == "signing")
    assert (code, check["ok"]) == (1, False)
    assert "RECAST_SIGNING_KEY" in check["found"]


@pytest.mark.parametrize(
    ("torch", "why"),
    [
        ("raise OSError('libtorch.so: not found')", "libtorch.so: not found"),
        ("import os; os._exit(3)", "its process ended with 3"),
    ],
    ids=["raises", "crashes"],
)
def test_a_torch_that_cannot_be_loaded_is_told_like_any_other_trouble(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, torch: str, why: str
) -> None:
    (tmp_path / "torch.py").write_text(torch, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    code, out, _ = run("doctor", "--json")
    *checks, _ = map(json.loads, out.splitlines())
    assert code == 1
    assert [c["name"] for c in checks if not c["ok"]] == ["GPU"]
    assert checks[-1]["found"] == f"torch cannot be loaded: {why}"
