"""Literals are read as Python reads them, and nothing else is."""

import ast
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recast.interop.literal import DEEPEST, NoLiteral, read_literal

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**200), 2**200)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.binary()
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=4) | st.integers() | st.binary(max_size=3), inner)
    ),
    max_leaves=20,
)


@given(values)
def test_what_python_writes_is_read(value: Any) -> None:
    assert read_literal(repr(value)) == value


@given(st.text(alphabet="[](){},:'\"b\\nN one1.5e-+ _\n", max_size=30))
def test_what_python_does_not_read_is_not_read(text: str) -> None:
    try:
        found = read_literal(text)
    except NoLiteral:
        return
    assert found == ast.literal_eval(text.strip())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "__import__('os')",
        "os.system('true')",
        "[1, eval('2')]",
        "1 + 1",
        "'a' 'b'",
        "f'{1}'",
        "{1, 2}",
        "[1 2]",
        "[1,, 2]",
        "[1",
        "{'a' 1}",
        "{[1]: 2}",
        "(1)]",
        "1 2",
        "nan",
        "lambda: 0",
        "1" * 1000,
        "'\\x'",
        "'\\N{no such letter}'",
        "b'é'",
        "Nonesuch",
    ],
)
def test_what_is_no_plain_literal_is_refused(text: str) -> None:
    with pytest.raises(NoLiteral):
        read_literal(text)


def test_deep_nesting_is_refused() -> None:
    assert read_literal("[" * DEEPEST + "]" * DEEPEST) is not None
    for depth in (DEEPEST + 1, 1_000_000):
        with pytest.raises(NoLiteral, match="nested deeper"):
            read_literal("[" * depth + "]" * depth)
