"""No content of a file makes a parser crash, hang, or speak in anything but recast's own errors.

`python -m fuzz` runs the same targets under atheris, which steers by the code that is reached.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.targets import TARGETS, fed

EXAMPLES = 60
READS_NOTHING_BACK = {"checkpoint"}
"""Targets whose seed alone is refused: its hashes are those of other files."""

# Values that ended in a crash or a hang somewhere, or would in a careless parser.
NASTY: list[Any] = [
    None,
    True,
    -1,
    0,
    1 << 62,
    1 << 70,
    1e308,
    float("nan"),
    float("inf"),
    "",
    "1e999999999",
    "1/0",
    "9" * 5000,
    "\ud800",
    "a\0b",
    "..",
    "../../x",
    "/etc/passwd",
    "C:\\x",
    "x" * 3000,
    [],
    {},
    [[]],
    {"": {}},
    [None] * 3,
]


@st.composite
def damaged(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """A seed with bytes changed, taken out, doubled or cut off; or nothing of the kind."""
    content = bytearray(draw(st.sampled_from([*seeds, b""])))
    for _ in range(draw(st.integers(0, 5))):
        at = draw(st.integers(0, max(len(content) - 1, 0)))
        how = draw(st.sampled_from(["set", "take", "put", "cut", "double"]))
        if how == "set" and content:
            content[at] = draw(st.integers(0, 255))
        elif how == "take":
            del content[at : at + draw(st.integers(1, 40))]
        elif how == "put":
            content[at:at] = draw(st.binary(max_size=12))
        elif how == "cut":
            del content[at:]
        elif how == "double" and len(content) < 100_000:
            content[at:at] = content[at : at + 200]
    return bytes(content)


@st.composite
def twisted(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """A JSON seed, or one of JSON lines, in which some value became another."""
    lines = [json.loads(line) for line in draw(st.sampled_from(seeds)).splitlines()]
    for _ in range(draw(st.integers(1, 2))):
        at = draw(st.integers(0, len(lines) - 1))
        lines[at] = _with_value(draw, lines[at], draw(st.sampled_from(NASTY)))
    return b"\n".join(json.dumps(line).encode() for line in lines)


def _with_value(draw: st.DrawFn, value: Any, new: Any) -> Any:
    if isinstance(value, dict) and value and draw(st.integers(0, 5)):
        key = draw(st.sampled_from(sorted(value)))
        if draw(st.integers(0, 4)) == 0:
            less = {other: one for other, one in value.items() if other != key}
            return less | draw(st.sampled_from([{}, {str(new): 0}]))
        return value | {key: _with_value(draw, value[key], new)}
    if isinstance(value, list) and value and draw(st.integers(0, 3)):
        at = draw(st.integers(0, len(value) - 1))
        return [*value[:at], _with_value(draw, value[at], new), *value[at + 1 :]]
    return new


def _is_json(content: bytes) -> bool:
    try:
        return bool([json.loads(line) for line in content.splitlines()])
    except ValueError:
        return False


def _feed(name: str, content: bytes) -> bool:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "inside"
        folder.mkdir()
        return fed(TARGETS[name], content, folder)


@pytest.mark.parametrize("name", TARGETS)
def test_what_recast_wrote_is_read(name: str) -> None:
    read = [_feed(name, seed) for seed in TARGETS[name].seeds()]
    assert read and (any(read) or name in READS_NOTHING_BACK)


@pytest.mark.parametrize("name", TARGETS)
def test_damage_is_read_or_refused_in_words(name: str) -> None:
    _explore(name, damaged(list(TARGETS[name].seeds())))


@pytest.mark.parametrize("name", TARGETS)
def test_other_values_are_read_or_refused_in_words(name: str) -> None:
    seeds = [seed for seed in TARGETS[name].seeds() if _is_json(seed)]
    if seeds:
        _explore(name, twisted(seeds))


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize(
    "content", [b"[" * 100_000, b'{"a":' * 100_000, b"(" * 100_000, b"\x80\x04" + b"]" * 100_000]
)
def test_nesting_without_end_is_refused_in_words(name: str, content: bytes) -> None:
    _feed(name, content)


def _explore(name: str, contents: st.SearchStrategy[bytes]) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(content=contents)
    def explore(content: bytes) -> None:
        _feed(name, content)

    explore()
