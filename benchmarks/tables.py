"""Tables that are printed row by row, and can be written into docs/benchmarks.md.

A benchmark's `main` gives back its tables by the name of their section. With --docs behind its
name they go between the marks of that section, with the machine, the commit and the date; all
else on the page is written by hand.
"""

import re
from collections.abc import Mapping, Sequence

from benchmarks.machine import ROOT

PAGE = ROOT / "docs" / "benchmarks.md"
WIDTH = 10

Cell = str | float | None
Sections = Mapping[str, Sequence["Table"]]


class Table:
    """Prints each row as soon as it is there. The first column takes what is left of the line."""

    def __init__(self, *titles: str, about: str = "", first: int = 34) -> None:
        """`about` is a sentence before it; `first` the width of the first column, in letters."""
        self.titles, self.about, self._first = titles, about, first
        self.rows: list[list[str]] = []
        if about:
            print(f"\n{about}")
        self._print(titles)

    def add(self, *cells: Cell) -> None:
        """A row, one cell for each title.

        Raises:
            ValueError: there are more or fewer.
        """
        if len(cells) != len(self.titles):
            raise ValueError(f"{len(cells)} cells under {len(self.titles)} titles")
        self.rows.append([spelled(cell) for cell in cells])
        self._print(self.rows[-1])

    def markdown(self) -> str:
        """The same for the documentation."""
        lines = [self.titles, *self.rows]
        drawn = [
            "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
        ]
        drawn.insert(1, "|" + "---|" * len(self.titles))
        return "\n".join([self.about, "", *drawn] if self.about else drawn)

    def _print(self, cells: Sequence[str]) -> None:
        widths = [max(WIDTH, len(title)) for title in self.titles[1:]]
        rest = (f"{cell:>{width}}" for cell, width in zip(cells[1:], widths, strict=True))
        print(" ".join([f"{cells[0]:{self._first}}", *rest]).rstrip(), flush=True)


def spelled(cell: Cell) -> str:
    """A number with four digits that count, no figure as a dash."""
    if cell is None:
        return "-"
    if isinstance(cell, str):
        return cell
    return f"{cell:,.0f}" if abs(cell) >= 1000 else f"{cell:.4g}"


def begin_mark(name: str) -> str:
    return f"<!-- benchmark: {name} -->"


def end_mark(name: str) -> str:
    return f"<!-- end of {name} -->"


def section(tables: Sequence[Table], where: str, command: str) -> str:
    """What stands between the marks."""
    drawn = "\n\n".join(table.markdown() for table in tables)
    return f"`{command}`, {where}:\n\n{drawn}"


def with_section(page: str, name: str, body: str) -> str:
    """The page with something else between the marks of one section.

    Raises:
        ValueError: the page has no such marks, or has them twice.
    """
    begin, end = begin_mark(name), end_mark(name)
    if page.count(begin) != 1 or page.count(end) != 1 or page.index(begin) > page.index(end):
        raise ValueError(f"docs/benchmarks.md needs one line {begin} and, below it, one {end}")
    before, _, rest = page.partition(begin)
    return f"{before}{begin}\n{body.strip()}\n{end}{rest.partition(end)[2]}"


def sections_of(page: str) -> list[str]:
    """The names of the sections that are marked, in order."""
    return re.findall(r"<!-- benchmark: (.+?) -->", page)


def write_sections(sections: Sections, where: str, command: str) -> None:
    """Replace sections of docs/benchmarks.md."""
    page = PAGE.read_text(encoding="utf-8")
    for name, tables in sections.items():
        page = with_section(page, name, section(tables, where, command))
    PAGE.write_text(page, encoding="utf-8", newline="\n")
