"""Consent records: on what basis the src person's likeness is used."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from recast.disk import read_json
from recast.errors import ConsentMissing
from recast.language import sentence, to_say
from recast.reasons import reason
from recast.sides import Side

ConsentBasis = Literal["self", "written-consent", "licence", "synthetic", "research-dataset"]

_BASES = "self, written-consent, licence, synthetic or research-dataset"
_FILE_FIX = (
    'write a JSON file such as {"person": "NAME", "basis": "self", "adult": true}; '
    f"basis is {_BASES}, and written-consent also needs a document"
)
_ADD_FIX = (
    "record it: recast consent WORKSPACE add --basis "
    "{self|written-consent|licence|synthetic|research-dataset} --person NAME --adult"
)
_ADD_DST_FIX = to_say(
    "record it: recast consent WORKSPACE add --basis "
    "{self|written-consent|licence|synthetic|research-dataset} --person NAME --adult --side dst"
)


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("lies outside the calendar") from error


_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


_Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class ChainLink(BaseModel):
    """What binds a record to the one before it in its workspace; see `recast.provenance.book`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    previous: _Sha256 | None
    salt: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
    sha256: _Sha256


class ConsentRecord(BaseModel):
    """That an adult's likeness may be used, on what basis, for what and until when.

    `person` is a name or an alias, `side` says whether the face is put in or replaced.
    `document` is the file name of the signed paper; `until` is the last day on which the record
    holds. `chain` is set by the workspace that the record stands in.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    person: _Text
    basis: ConsentBasis
    adult: bool
    recorded_at: Annotated[AwareDatetime, AfterValidator(_in_utc)]
    uses: tuple[_Text, ...] = ()
    until: date | None = None
    document: _Text | None = None
    document_sha256: _Sha256 | None = None
    side: Side = "src"
    chain: ChainLink | None = None

    @field_validator("adult", mode="before")
    @classmethod
    def _is_adult(cls, value: object) -> bool:
        if value is not True:
            raise ValueError("must be true: only the faces of adults may be used")
        return True

    @model_validator(mode="after")
    def _has_its_document(self) -> Self:
        if (self.document is None) != (self.document_sha256 is None):
            raise ValueError("a document and its SHA-256 go together")
        if self.basis == "written-consent" and self.document is None:
            raise ValueError("written-consent needs the signed document")
        return self

    def holds_on(self, today: date) -> bool:
        """Whether the record has not run out."""
        return self.until is None or today <= self.until

    def says_the_same_as(self, other: Self) -> bool:
        """Whether two records differ at most in when and where they were recorded."""
        apart = {"recorded_at", "chain"}
        return self.model_dump(exclude=apart) == other.model_dump(exclude=apart)


def synthetic_consent(*, person: str, now: datetime) -> ConsentRecord:
    """A record for a face that belongs to nobody, such as a rendered one."""
    return ConsentRecord(person=person, basis="synthetic", adult=True, recorded_at=now)


def consent_from_file(path: Path, now: datetime) -> ConsentRecord:
    """Read a consent file: a JSON object with the fields of `ConsentRecord`.

    `document` is the path of the signed document, relative to the file; its SHA-256 is computed.
    Raises `ConsentMissing` for a file that gives no consent which holds at `now`.
    """
    try:
        fields = read_json(path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ConsentMissing(f"{path} cannot be read: {reason}", _FILE_FIX) from error
    except ValueError as error:
        raise ConsentMissing(f"{path} is not JSON: {error}", _FILE_FIX) from error
    if not isinstance(fields, dict):
        raise ConsentMissing(f"{path} is JSON, but not an object with fields", _FILE_FIX)
    return consent_from_fields(fields, named=str(path), folder=path.parent, now=now)


def consent_from_fields(
    fields: Mapping[str, Any], *, named: str, folder: Path, now: datetime
) -> ConsentRecord:
    """Check what a file or a command line says about consent; errors begin with `named`.

    `recorded_at` is `now` unless given. A `document` is looked for below `folder` and hashed.
    """
    whole = {"recorded_at": now, **fields}
    if "chain" in whole:
        what = f"{named}: chain belongs to the workspace in which a record stands"
        raise ConsentMissing(what, "leave it out")
    if whole.get("document") is not None:
        document, digest = _read_document(whole["document"], named=named, folder=folder)
        if whole.get("document_sha256") not in (None, digest):
            what = f"{named}: {document} is not the document whose document_sha256 it gives"
            raise ConsentMissing(what, "name the document that was signed")
        whole |= {"document": document, "document_sha256": digest}
    try:
        record = ConsentRecord.model_validate(whole)
    except ValidationError as error:
        raise ConsentMissing(f"{named}: {first_trouble(error)}", _FILE_FIX) from error
    if not record.holds_on(now.date()):
        what = f"{named}: the consent ended on {record.until}"
        raise ConsentMissing(what, "ask the person for a new consent")
    return record


def require_consent(records: Sequence[ConsentRecord], today: date) -> ConsentRecord:
    """The newest record for src that holds today.

    Raises `ConsentMissing` if there is none, or if there are records for dst of which none does:
    nobody has to ask the person in dst here, but whoever did is held to the answer.
    """
    for_dst = [record for record in records if record.side == "dst"]
    if for_dst:
        _newest_that_holds(for_dst, today, _ADD_DST_FIX)
    for_src = [record for record in records if record.side == "src"]
    if not for_src:
        raise ConsentMissing("nobody recorded that the src person's face may be used", _ADD_FIX)
    return _newest_that_holds(for_src, today, _ADD_FIX)


def _newest_that_holds(records: Sequence[ConsentRecord], today: date, fix: str) -> ConsentRecord:
    holding = [record for record in records if record.holds_on(today)]
    if holding:
        return max(holding, key=lambda record: record.recorded_at)
    last = max(records, key=lambda record: record.until or date.min)
    raise ConsentMissing(f"the consent for {last.person} ended on {last.until}", fix)


def _read_document(document: object, *, named: str, folder: Path) -> tuple[str, str]:
    """Name and SHA-256 of the signed document."""
    if not isinstance(document, str) or not document.strip():
        raise ConsentMissing(f"{named}: document is no file name", _FILE_FIX)
    try:
        path = folder / document
        with path.open("rb") as file:
            return path.name, hashlib.file_digest(file, "sha256").hexdigest()
    # A name the file system cannot express, such as one with a null character, is a ValueError.
    except (OSError, ValueError) as error:
        what = f"{named}: the document {document!r} cannot be read"
        raise ConsentMissing(what, "give its path relative to the consent file") from error


def first_trouble(error: ValidationError) -> str:
    """The first thing that is wrong with a record, in words."""
    trouble = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in trouble["loc"])
    if trouble["type"] == "missing":
        return sentence("{where} is missing", where=where)
    if trouble["type"] == "extra_forbidden":
        return sentence("{where} is not a field of a consent record", where=where)
    if where == "version":
        return sentence("its version is not 1; a newer recast may have written it")
    why = reason(trouble)
    return f"{where}: {why}" if where else why
