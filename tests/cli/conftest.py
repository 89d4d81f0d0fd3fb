"""A job on the bundled takes, and a way to run a command and hear what it says."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

import recast
from recast.cli import main

SAMPLES = Path(recast.__file__).parent / "samples"


class Ran(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    def run(*tokens: object) -> Ran:
        code = main([str(token) for token in tokens])
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return run


@pytest.fixture
def src() -> Path:
    return SAMPLES / "pair1_src.mp4"


@pytest.fixture
def dst() -> Path:
    return SAMPLES / "pair1_dst.mp4"


@pytest.fixture
def job(tmp_path: Path, src: Path, dst: Path) -> Path:
    """A new workspace whose name has a space and letters from far away."""
    return recast.Workspace.create(tmp_path / "Å job ж", src=src, dst=dst).root
