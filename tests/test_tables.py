"""Tables of the benchmarks, and the sections of the documentation that they are written into."""

import re

import pytest

from benchmarks.__main__ import BENCHMARKS
from benchmarks.tables import (
    PAGE,
    Table,
    begin_mark,
    end_mark,
    section,
    sections_of,
    with_section,
)

BEFORE = f"# Page\n\nBy hand.\n\n{begin_mark('one')}\nold\n{end_mark('one')}\n\nMore by hand.\n"


def test_rows_are_printed_as_they_come_and_kept_for_the_page(
    capsys: pytest.CaptureFixture[str],
) -> None:
    table = Table("way", "frames/s", "share", about="What it is:")
    table.add("one | other", 1234.5, None)
    shown = capsys.readouterr().out.splitlines()
    assert shown[1] == "What it is:"
    assert shown[3].split() == ["one", "|", "other", "1,234", "-"]
    table.add("third", 0.123456, "12 %")
    assert table.markdown() == (
        "What it is:\n\n| way | frames/s | share |\n|---|---|---|\n"
        "| one \\| other | 1,234 | - |\n| third | 0.1235 | 12 % |"
    )


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="1 cells under 2 titles"):
        Table("a", "b").add("only")


def test_only_what_is_between_the_marks_changes() -> None:
    table = Table("a", "b")
    table.add("x", 1)
    body = section([table], "2026-11-25, 2 cores", "python -m benchmarks one")
    page = with_section(BEFORE, "one", body)
    assert page == with_section(page, "one", body)
    assert page == BEFORE.replace("old", body)
    assert "`python -m benchmarks one`, 2026-11-25, 2 cores:\n\n| a | b |" in page


@pytest.mark.parametrize(
    "page",
    [
        "no marks",
        f"{end_mark('one')} {begin_mark('one')}",
        BEFORE + BEFORE,
    ],
    ids=["none", "upside down", "twice"],
)
def test_a_page_without_its_marks_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="needs one line"):
        with_section(page, "one", "new")


def test_every_section_of_the_page_belongs_to_a_benchmark_and_is_closed() -> None:
    page = PAGE.read_text(encoding="utf-8")
    names = sections_of(page)
    assert names and set(names) <= BENCHMARKS.keys()
    marks = re.findall(r"<!-- .* -->", page)
    assert marks == [mark for name in names for mark in (begin_mark(name), end_mark(name))]
