import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import recast
from recast import errors, events


def test_public_names_are_sorted_and_complete() -> None:
    homes = set(recast._HOMES) | {"__version__"}
    assert recast.__all__ == sorted(recast.__all__)
    assert set(recast.__all__) == homes
    assert dir(recast) == recast.__all__


@pytest.mark.parametrize("name", recast.__all__)
def test_every_public_name_can_be_used(name: str) -> None:
    assert getattr(recast, name) is not None


def test_every_error_and_event_is_public() -> None:
    kinds = {name for name, kind in vars(errors).items() if isinstance(kind, type)}
    kinds |= {
        name
        for name, kind in vars(events).items()
        if isinstance(kind, type) and kind.__module__ == events.__name__
    }
    assert kinds <= set(recast.__all__)


def test_every_error_says_what_to_do() -> None:
    for name, kind in vars(errors).items():
        if isinstance(kind, type):
            error = kind("the take broke", "mend it")
            assert (str(error), error.fix) == ("the take broke", "mend it"), name
            assert isinstance(error, recast.RecastError)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'rescast'"):
        recast.rescast  # noqa: B018


def test_the_version_is_the_project_s() -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert recast.__version__ == project["version"]


def test_importing_recast_loads_nothing_else() -> None:
    code = "import sys, recast; print([m for m in sys.modules if m.startswith('recast.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
