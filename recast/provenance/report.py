"""A page about a job's consent records and a result, for the files of a production."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from html import escape
from importlib.metadata import version

from recast.provenance.consent import ConsentRecord
from recast.provenance.ingredients import Ingredient
from recast.provenance.statement import Credentials

Rows = Iterable[tuple[str, str]]

_STATES = {
    "valid": "as it was signed, by a trusted signer",
    "valid-untrusted": "as it was signed; no list of trusted signers names the signer",
    "altered": "CHANGED after it was signed",
}
# Black on white, and nothing from elsewhere: it must look the same on paper and in twenty years.
_STYLE = (
    "body{font:11pt/1.45 sans-serif;max-width:46em;margin:2em auto;padding:0 1em;color:#000}"
    "h1{font-size:16pt}h2{font-size:12pt;margin:1.6em 0 .3em;border-bottom:1px solid #000}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;"
    "padding:.15em .6em .15em 0}th{width:11em;font-weight:normal;color:#444}"
    "td{overflow-wrap:anywhere}section{break-inside:avoid}footer{margin-top:2em;color:#444}"
    "@page{margin:18mm}"
)


@dataclass(frozen=True)
class Reported:
    """A finished file: its name, SHA-256, and what its credentials say, if it has any."""

    name: str
    sha256: str
    credentials: Credentials | None


def html_report(
    job: str,
    records: Sequence[ConsentRecord],
    *,
    takes: Sequence[Ingredient],
    result: Reported | None,
    now: datetime,
) -> str:
    """The page, as HTML that needs no other file; records stand in the order of the workspace."""
    made = f"{now.astimezone(UTC):%Y-%m-%d %H:%M} UTC by recast {version('recast')}"
    sections = [_section("Job", [("workspace", job), ("report made", made)])]
    for number, record in enumerate(records, 1):
        sections.append(_section(f"Consent record {number}", _record_rows(record, now.date())))
    if not records:
        sections.append(_section("Consent records", [("", "none")]))
    sections.append(_section("Takes", ((one.title, f"SHA-256 {one.sha256}") for one in takes)))
    if result:
        sections.append(_section("Result", _result_rows(result, records, takes)))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>Consent report: {escape(job)}</title><style>{_STYLE}</style></head>\n"
        f"<body><h1>Consent report</h1>\n{''.join(sections)}"
        "<footer>Hashes are SHA-256. A record's hash covers the record and, through it, every "
        "record before; the credentials of a result name the hash of the record it was made "
        "under.</footer></body></html>\n"
    )


def _section(title: str, rows: Rows) -> str:
    cells = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>\n" for name, text in rows if text
    )
    return f"<section><h2>{escape(title)}</h2><table>\n{cells}</table></section>\n"


def _record_rows(record: ConsentRecord, today: date) -> Rows:
    yield "person", record.person
    yield "face", {"src": "src: it is put in", "dst": "dst: it is replaced"}[record.side]
    yield "an adult", "yes"
    yield "basis", record.basis
    yield "document", record.document or ""
    yield "document's hash", record.document_sha256 or ""
    yield "permitted uses", ", ".join(record.uses)
    ended = "" if record.holds_on(today) else ": has ended"
    yield "holds until", f"{record.until}{ended}" if record.until else "no end"
    yield "recorded", f"{record.recorded_at:%Y-%m-%d %H:%M} UTC"
    yield "record's hash", record.chain.sha256 if record.chain else "none: from an older recast"
    yield "record before", (record.chain.previous or "none") if record.chain else ""


def _result_rows(
    result: Reported, records: Sequence[ConsentRecord], takes: Sequence[Ingredient]
) -> Rows:
    yield "file", result.name
    yield "SHA-256", result.sha256
    found = result.credentials
    if found is None:
        yield "credentials", "none: it was not made by recast, or they were stripped"
        return
    yield "credentials", _STATES[found.state]
    yield "signed by", ", ".join(filter(None, (found.signer, found.issuer)))
    yield "signed at", f"{found.signed_at:%Y-%m-%d %H:%M:%S} UTC" if found.signed_at else ""
    yield "model", found.model
    yield "consent", _made_under(found, records)
    known = {one.sha256: one.title for one in takes}
    for one in found.ingredients:
        here = known.get(one.sha256)
        yield one.title, f"the {here} of this job" if here else f"not of this job: {one.sha256}"


def _made_under(found: Credentials, records: Sequence[ConsentRecord]) -> str:
    if not found.consent_record:
        return f"{found.consent_basis}; the credentials name no record"
    for number, record in enumerate(records, 1):
        if record.chain and record.chain.sha256 == found.consent_record:
            return f"{found.consent_basis}, by record {number} above"
    return f"{found.consent_basis}, by a record that is NOT in this workspace"
