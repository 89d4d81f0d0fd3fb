import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recast import Workspace

Run = Callable[..., Any]

SELF = ("--basis", "self", "--person", "Ána Ж", "--adult")


def test_a_new_workspace_has_no_consent(run: Run, job: Path) -> None:
    code, _, err = run("consent", job, "check")
    assert code == 1
    assert "recast consent WORKSPACE add" in err
    assert run("consent", job, "show").out == "No consent is recorded.\n"


def test_a_recorded_consent_is_shown_and_holds(run: Run, job: Path) -> None:
    assert run("consent", job, "add", *SELF, "--until", "2999-01-31").code == 0
    assert run("consent", job, "check").code == 0
    shown = run("consent", job, "show").out
    assert "Ána Ж, an adult: self, until 2999-01-31" in shown


def test_a_document_is_kept_by_its_hash(run: Run, job: Path, tmp_path: Path) -> None:
    paper = tmp_path / "signed.pdf"
    paper.write_bytes(b"I agree")
    written = ("--basis", "written-consent", "--person", "Ana", "--adult")
    assert run("consent", job, "add", *written, "--document", paper).code == 0
    (record,) = Workspace.open(job).consent
    assert record.document_sha256 == hashlib.sha256(b"I agree").hexdigest()


def test_a_file_records_the_same(run: Run, job: Path, tmp_path: Path) -> None:
    file = tmp_path / "ana.json"
    file.write_text('{"person": "Ana", "basis": "self", "adult": true}', encoding="utf-8")
    code, out, _ = run("consent", job, "add", "--file", file, "--json")
    assert code == 0
    told = json.loads(out)
    assert (told["event"], told["person"], told["holds"]) == ("done", "Ana", True)


def test_uses_are_recorded_one_by_one(run: Run, job: Path) -> None:
    run("consent", job, "add", *SELF, "--use", "the film", "--use", "its trailer")
    (record,) = Workspace.open(job).consent
    assert record.uses == ("the film", "its trailer")


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--until", "2001-01-01"), "the consent ended on 2001-01-01"),
        (("--document", "nowhere.pdf"), "cannot be read"),
    ],
)
def test_a_consent_that_does_not_hold_is_refused(
    flags: tuple[str, ...], said: str, run: Run, job: Path
) -> None:
    code, _, err = run("consent", job, "add", *SELF, *flags)
    assert code == 1
    assert said in err
    assert Workspace.open(job).consent == ()


def test_written_consent_needs_the_paper(run: Run, job: Path) -> None:
    code, _, err = run(
        "consent", job, "add", "--basis", "written-consent", "--person", "Ana", "--adult"
    )
    assert code == 1
    assert "written-consent needs the signed document" in err


def test_a_child_is_refused(run: Run, job: Path) -> None:
    code, _, err = run("consent", job, "add", "--basis", "self", "--person", "Ana")
    assert code == 2
    assert "--adult" in err


def test_the_person_in_dst_may_be_recorded_too(run: Run, job: Path) -> None:
    assert run("consent", job, "add", *SELF, "--side", "dst").code == 0
    assert "the face in dst" in run("consent", job, "show").out
    code, _, err = run("consent", job, "check")
    assert code == 1
    assert "nobody recorded that the src person's face may be used" in err


def test_a_record_that_was_changed_by_hand_is_named(run: Run, job: Path) -> None:
    run("consent", job, "add", *SELF, "--until", "2999-01-31")
    file = job / "workspace.json"
    file.write_text(file.read_text("utf-8").replace("2999-01-31", "3999-01-31"), encoding="utf-8")
    for action in ("show", "check"):
        code, _, err = run("consent", job, action)
        assert code == 1
        assert "consent record 1 was changed after it was recorded" in err


def test_a_report_names_who_what_and_until_when(run: Run, job: Path, tmp_path: Path) -> None:
    run("consent", job, "add", *SELF, "--until", "2999-01-31", "--use", "<b>film</b>")
    page = tmp_path / "new folder" / "report.html"
    code, out, _ = run("consent", job, "report", "--out", page)
    assert code == 0 and str(page) in out
    text = page.read_text(encoding="utf-8")
    for said in ("Ána Ж", "self", "2999-01-31", "&lt;b&gt;film&lt;/b&gt;", "dst take", "src take"):
        assert said in text


@pytest.mark.parametrize(
    "arguments",
    [("report",), ("show", "--out", "a.html"), ("report", "--out", "a.html", "--person", "A")],
)
def test_flags_of_another_action_are_wrong_arguments(
    arguments: tuple[str, ...], run: Run, job: Path
) -> None:
    assert run("consent", job, *arguments).code == 2


def test_a_report_that_is_no_page_or_about_nothing_is_refused(
    run: Run, job: Path, tmp_path: Path
) -> None:
    code, _, err = run("consent", job, "report", "--out", tmp_path / "report.pdf")
    assert code == 1 and ".html" in err
    gone = ("--result", tmp_path / "gone.mp4")
    code, _, err = run("consent", job, "report", "--out", tmp_path / "report.html", *gone)
    assert code == 1 and "gone.mp4 is not there" in err
    assert not (tmp_path / "report.html").exists()
