"""What recast needs is named with its lowest version, and what is installed is no older."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))[
    "project"
]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
NEEDED: list[str] = PROJECT["dependencies"]
NAMED = sorted({*NEEDED, *(one for extra in EXTRAS.values() for one in extra)})


def numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text.split("+")[0])[:3])


@pytest.mark.parametrize("named", NAMED)
def test_each_has_a_lowest_version_that_is_met(named: str) -> None:
    found = re.fullmatch(r"([\w-]+)(\[\w+\])?>=([\d.]+)", named)
    assert found, "name the lowest version, and no highest"
    try:
        installed = version(found[1])
    except PackageNotFoundError:
        assert named not in NEEDED
        pytest.skip("an extra that is not installed")
    assert numbers(installed) >= numbers(found[3])


def test_an_extra_asks_for_no_other_version_than_the_tests() -> None:
    lowest: dict[str, str] = {}
    for named in NAMED:
        name, _, least = named.partition(">=")
        assert lowest.setdefault(name, least) == least, name
