import hashlib
import json
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from recast.errors import WorkspaceUnusable
from recast.stages import consent_report
from recast.stages.finish import finish
from recast.workspace import Workspace

Begin = Callable[..., Workspace]


class Reader(HTMLParser):
    """Rows of all tables by their first cell, and everything that would be fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, str] = {}
        self.fetched: list[str] = []
        self._cells: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [value or "" for name, value in attrs if name in {"src", "href", "action"}]
        if tag == "tr":
            self._cells = []
        if tag in {"th", "td"}:
            self._cells.append("")

    def handle_data(self, data: str) -> None:
        if self._cells:
            self._cells[-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "tr":
            self.rows[self._cells[0]] = self._cells[1]
            self._cells = []


def read(page: Path) -> Reader:
    reader = Reader()
    reader.feed(page.read_text(encoding="utf-8"))
    return reader


@pytest.fixture
def finished(tmp_path: Path, begin: Begin, short_takes: dict[str, Path]) -> tuple[Workspace, Path]:
    """A job and a file that was signed under its consent."""
    job = begin(tmp_path / "a job <é>")
    out = tmp_path / "result.mp4"

    def write(draft: Path) -> tuple[str, ...]:
        shutil.copyfile(short_takes["dst"], draft)
        return ()

    takes = [job.original_path("dst"), job.original_path("src")]
    consent = job.consent[-1]
    finish(out, write, consent=consent, model="swift", ingredients=takes, report=lambda _: None)
    return job, out


def test_a_report_ties_a_result_to_its_record_and_takes(
    finished: tuple[Workspace, Path], tmp_path: Path
) -> None:
    job, out = finished
    found = read(consent_report.run(job, tmp_path / "report.html", result=out))
    assert found.fetched == []
    assert found.rows["workspace"] == "a job <é>"
    assert found.rows["SHA-256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert found.rows["consent"] == "synthetic, by record 1 above"
    assert found.rows["dst take"] == "the dst take of this job"
    assert found.rows["src take"] == "the src take of this job"
    chain = job.consent[0].chain
    assert chain and found.rows["record's hash"] == chain.sha256


def test_a_result_of_another_job_is_told_apart(
    finished: tuple[Workspace, Path], tmp_path: Path, begin: Begin
) -> None:
    _, out = finished
    other = begin(tmp_path / "other")
    found = read(consent_report.run(other, tmp_path / "report.html", result=out))
    assert found.rows["consent"] == "synthetic, by a record that is NOT in this workspace"


def test_an_altered_and_a_bare_result_are_told(
    finished: tuple[Workspace, Path], tmp_path: Path, short_takes: dict[str, Path]
) -> None:
    job, out = finished
    data = bytearray(out.read_bytes())
    data[len(data) // 2] ^= 1
    out.write_bytes(data)
    found = read(consent_report.run(job, tmp_path / "report.html", result=out))
    assert found.rows["credentials"].startswith("CHANGED")
    found = read(consent_report.run(job, tmp_path / "report.html", result=short_takes["dst"]))
    assert found.rows["credentials"].startswith("none")


def test_no_report_is_written_of_records_that_were_changed(
    finished: tuple[Workspace, Path], tmp_path: Path
) -> None:
    job, _ = finished
    settings = json.loads(job.settings_file.read_text(encoding="utf-8"))
    settings["consent"][0]["person"] = "somebody else"
    job.settings_file.write_text(json.dumps(settings), encoding="utf-8")
    with pytest.raises(WorkspaceUnusable, match="record 1 was changed"):
        consent_report.run(Workspace.open(job.root), tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()
