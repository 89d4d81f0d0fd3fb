"""`recast consent`: on what basis the src person's face may be used."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import CycloptsError, Parameter

from recast.cli.door import Door, door
from recast.cli.flags import FLAGS, SWITCH, Json, exclusive
from recast.provenance import (
    ConsentBasis,
    ConsentRecord,
    consent_from_fields,
    consent_from_file,
    require_consent,
)
from recast.sides import Side
from recast.workspace import Workspace


@dataclass(frozen=True)
class ConsentFlags:
    """What `add` records; --file, or the other flags."""

    file: Annotated[Path | None, Parameter(help="JSON file with the fields of the record.")] = None
    basis: Annotated[
        ConsentBasis | None, Parameter(help="Why the face may be used; required by add.")
    ] = None
    person: Annotated[
        str | None, Parameter(help="Name or alias of the src person; required by add.")
    ] = None
    adult: Annotated[
        bool,
        SWITCH,
        Parameter(help="The person is an adult; required by add."),
    ] = False
    document: Annotated[
        Path | None, Parameter(help="The signed paper, for written-consent; its SHA-256 is kept.")
    ] = None
    until: Annotated[
        date | None, Parameter(help="Last day on which the consent holds, as YYYY-MM-DD.")
    ] = None
    side: Annotated[
        Side, Parameter(help="Whose face: src is put in; dst is replaced, and may be asked too.")
    ] = "src"
    use: Annotated[
        tuple[str, ...],
        Parameter(
            negative=(), show_default=False, help="What the face may be used for; repeat it."
        ),
    ] = ()


@dataclass(frozen=True)
class ReportFlags:
    """What `report` writes."""

    out: Annotated[
        Path | None, Parameter(help="The page that report writes; it ends in .html.")
    ] = None
    result: Annotated[
        Path | None, Parameter(help="A finished file or folder whose hash the report gives.")
    ] = None


_FLAGS, _REPORT = ConsentFlags(), ReportFlags()


def consent(
    workspace: Path,
    action: Literal["add", "show", "check", "report"],
    /,
    *,
    flags: Annotated[ConsentFlags, FLAGS] = _FLAGS,
    report: Annotated[ReportFlags, FLAGS] = _REPORT,
    json: Json = False,
) -> None:
    """Record or show on what basis the src face may be used.

    Training, merging and exporting a model refuse without a record that holds today. Records are
    never removed; each carries the hash of the one before it, so that a change shows.

    Parameters
    ----------
    workspace
        The folder of the job.
    action
        add records one, show lists all, check exits 1 unless one holds, report writes a page.
    """
    if action != "add" and flags != _FLAGS:
        raise CycloptsError(msg=f"consent {action} takes none of add's flags.")
    if action != "report" and report != _REPORT:
        raise CycloptsError(msg=f"consent {action} takes neither --out nor --result.")
    if action == "report" and report.out is None:
        raise CycloptsError(msg="consent report also needs --out FILE.html.")
    fields = _fields(flags) if action == "add" else {}
    with door(json) as opened:
        job = Workspace.open(workspace)
        if action == "add":
            _add(job, flags.file, fields, opened)
        elif action == "report":
            _write(job, report, opened)
        else:
            {"show": _show, "check": _check}[action](job, opened)


def _fields(flags: ConsentFlags) -> dict[str, Any]:
    """The flags as the fields of a record; wrong arguments if they are no whole record."""
    fields = {
        "person": flags.person,
        "basis": flags.basis,
        "adult": flags.adult,
        "document": str(flags.document) if flags.document else None,
        "until": flags.until,
        "uses": flags.use,
        "side": flags.side if flags.side != "src" else None,
    }
    given = {name: value for name, value in fields.items() if value}
    if flags.file:
        exclusive(file=True, **{name.removesuffix("s"): True for name in given})
    lacking = [f"--{name}" for name in ("basis", "person", "adult") if name not in given]
    if not flags.file and lacking:
        raise CycloptsError(msg=f"consent add also needs {', '.join(lacking)} (or --file).")
    return given


def _add(job: Workspace, file: Path | None, fields: dict[str, Any], opened: Door) -> None:
    now = datetime.now(UTC)
    if file:
        record = consent_from_file(file, now)
    else:
        record = consent_from_fields(fields, named="consent add", folder=Path(), now=now)
    job.record_consent(record)
    opened.voice.tell("done", _facts(record), f"Recorded: {_text(record)}")


def _show(job: Workspace, opened: Door) -> None:
    for record in job.consent:
        opened.voice.tell("consent", _facts(record), _text(record))
    text = "" if job.consent else "No consent is recorded."
    opened.voice.tell("done", {"records": len(job.consent)}, text)


def _check(job: Workspace, opened: Door) -> None:
    record = require_consent(job.consent, datetime.now(UTC).date())
    opened.voice.tell("done", _facts(record), _text(record))


def _write(job: Workspace, flags: ReportFlags, opened: Door) -> None:
    from recast.stages.consent_report import run

    assert flags.out is not None
    page = run(job, flags.out, result=flags.result)
    opened.voice.tell("done", {"report": page}, f"The report is {page}")


def _facts(record: ConsentRecord) -> dict[str, Any]:
    holds = record.holds_on(datetime.now(UTC).date())
    return {**record.model_dump(mode="json"), "holds": holds}


def _text(record: ConsentRecord) -> str:
    parts = [f"{record.person}, an adult: {record.basis}"]
    parts += ["the face in dst"] if record.side == "dst" else []
    parts += [f"document {record.document}"] if record.document else []
    parts += [f"for {', '.join(record.uses)}"] if record.uses else []
    parts += [f"until {record.until}"] if record.until else []
    parts += [] if record.holds_on(datetime.now(UTC).date()) else ["no longer holds"]
    return ", ".join([*parts, f"recorded {record.recorded_at:%Y-%m-%d}"])
