import hashlib
import json
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from recast.errors import ConsentMissing
from recast.provenance.consent import (
    ConsentRecord,
    consent_from_fields,
    consent_from_file,
    require_consent,
    synthetic_consent,
)

NOW = datetime(2026, 3, 4, 12, 30, tzinfo=UTC)
TODAY = NOW.date()
GOOD: dict[str, Any] = {"person": "A. Double", "basis": "self", "adult": True}

WriteConsent = Callable[[Any], Path]


@pytest.fixture
def write_consent(tmp_path: Path) -> WriteConsent:
    def write(content: Any) -> Path:
        path = tmp_path / "Zustimmung (чёрновик).json"
        path.write_text(json.dumps(content), encoding="utf-8")
        return path

    return write


def test_the_shortest_file_gives_a_record(write_consent: WriteConsent) -> None:
    record = consent_from_file(write_consent(GOOD), NOW)
    assert record == ConsentRecord(person="A. Double", basis="self", adult=True, recorded_at=NOW)


def test_a_full_file_gives_every_field(tmp_path: Path, write_consent: WriteConsent) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "signé.pdf").write_bytes(b"I agree")
    fields = {
        "version": 1,
        "person": " 山田 ",
        "basis": "written-consent",
        "adult": True,
        "recorded_at": "2026-01-02T03:04:05+02:00",
        "uses": ["feature film", "trailer"],
        "until": "2026-03-04",
        "document": "papers/signé.pdf",
    }
    record = consent_from_file(write_consent(fields), NOW)
    assert record.person == "山田"
    assert record.recorded_at == datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)
    assert record.recorded_at.utcoffset() == timedelta(0)
    assert record.uses == ("feature film", "trailer")
    assert record.until == date(2026, 3, 4)
    assert record.document == "signé.pdf"
    assert record.document_sha256 == hashlib.sha256(b"I agree").hexdigest()


def test_a_record_survives_json() -> None:
    record = synthetic_consent(person="nobody", now=NOW.astimezone(timezone(timedelta(hours=5))))
    text = json.dumps(record.model_dump(mode="json"))
    assert ConsentRecord.model_validate(json.loads(text)) == record
    assert json.loads(text)["recorded_at"] == "2026-03-04T12:30:00Z"


def test_a_record_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        synthetic_consent(person="nobody", now=NOW).person = "somebody"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"adult": False}, "adult: must be true"),
        ({"adult": 1}, "adult: must be true"),
        ({"adult": "true"}, "adult: must be true"),
        ({"adult": None}, "adult: must be true"),
        ({"basis": "rumour"}, "basis: "),
        ({"basis": "written-consent"}, "needs the signed document"),
        ({"person": "  "}, "person: "),
        ({"person": 7}, "person: "),
        ({"until": "2026-03-03"}, "ended on 2026-03-03"),
        ({"until": "soon"}, "until: "),
        ({"recorded_at": "2026-03-04T12:30:00"}, "recorded_at: "),
        ({"recorded_at": "0001-01-01T00:00:00+14:00"}, "outside the calendar"),
        ({"uses": "film"}, "uses: "),
        ({"version": 2}, "newer recast"),
        ({"colour": "red"}, "colour is not a field"),
        ({"document": "gone.pdf"}, "'gone.pdf' cannot be read"),
        ({"document": "."}, "'.' cannot be read"),
        ({"document": "a\0b"}, "cannot be read"),
        ({"document": 5}, "document is no file name"),
        ({"document_sha256": "0" * 64}, "go together"),
        ({"side": "left"}, "side: "),
        ({"chain": None}, "chain belongs to the workspace"),
    ],
)
def test_a_wrong_field_is_named(
    change: dict[str, Any], said: str, write_consent: WriteConsent
) -> None:
    path = write_consent(GOOD | change)
    with pytest.raises(ConsentMissing) as caught:
        consent_from_file(path, NOW)
    assert said in str(caught.value)
    assert str(caught.value).startswith(str(path))
    assert caught.value.fix


@pytest.mark.parametrize("field", ["person", "basis", "adult"])
def test_a_missing_field_is_named(field: str, write_consent: WriteConsent) -> None:
    path = write_consent({key: value for key, value in GOOD.items() if key != field})
    with pytest.raises(ConsentMissing, match=f"{field} is missing"):
        consent_from_file(path, NOW)


def test_another_document_than_the_signed_one_is_refused(
    tmp_path: Path, write_consent: WriteConsent
) -> None:
    (tmp_path / "paper.pdf").write_bytes(b"I agree to everything")
    signed = hashlib.sha256(b"I agree").hexdigest()
    path = write_consent(GOOD | {"document": "paper.pdf", "document_sha256": signed})
    with pytest.raises(ConsentMissing, match=r"paper\.pdf is not the document"):
        consent_from_file(path, NOW)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not JSON"),
        (b"person: me", "is not JSON"),
        (b"\xff\xfe\x00", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "not an object"),
        (b"null", "not an object"),
    ],
)
def test_a_file_without_fields_is_refused(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "consent.json"
    path.write_bytes(content)
    with pytest.raises(ConsentMissing, match=said):
        consent_from_file(path, NOW)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(ConsentMissing, match="cannot be read") as caught:
            consent_from_file(path, NOW)
        assert '"basis"' in caught.value.fix


def test_fields_of_a_command_line_are_checked_alike(tmp_path: Path) -> None:
    with pytest.raises(ConsentMissing, match=r"^consent add: adult"):
        consent_from_fields(GOOD | {"adult": False}, named="consent add", folder=tmp_path, now=NOW)
    assert consent_from_fields(GOOD, named="", folder=tmp_path, now=NOW).basis == "self"


def _record(**changes: Any) -> ConsentRecord:
    return ConsentRecord.model_validate({"recorded_at": NOW} | GOOD | changes)


def test_the_newest_record_that_holds_is_chosen() -> None:
    old = _record(person="old", recorded_at=NOW - timedelta(days=9), until=TODAY)
    new = _record(person="new", recorded_at=NOW - timedelta(days=2))
    ended = _record(person="ended", until=TODAY - timedelta(days=1))
    assert require_consent([old, new, ended], TODAY) == new
    assert require_consent([ended, old], TODAY) == old


def test_no_record_is_an_error_that_names_the_command() -> None:
    with pytest.raises(ConsentMissing, match="nobody recorded") as caught:
        require_consent([], TODAY)
    assert "recast consent WORKSPACE add --basis" in caught.value.fix
    assert "--person NAME --adult" in caught.value.fix


def test_records_that_ended_are_an_error_that_says_when() -> None:
    ended = _record(until=date(2026, 1, 31))
    with pytest.raises(ConsentMissing, match=r"A\. Double ended on 2026-01-31") as caught:
        require_consent([ended], TODAY)
    assert "recast consent WORKSPACE add" in caught.value.fix


def test_whoever_asked_the_person_in_dst_is_held_to_the_answer() -> None:
    src = _record(person="src")
    asked = _record(person="dst", side="dst", until=TODAY)
    assert require_consent([src, asked], TODAY) == src
    with pytest.raises(ConsentMissing, match="dst ended on 2026-03-04") as caught:
        require_consent([src, asked], TODAY + timedelta(days=1))
    assert caught.value.fix.endswith("--adult --side dst")
    with pytest.raises(ConsentMissing, match="nobody recorded"):
        require_consent([asked], TODAY)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = sorted(ConsentRecord.model_fields)
LIKELY = st.sampled_from(
    [True, "self", "written-consent", "2026-01-01", "9999-12-31T23:59:59-23:59", 1, "\ud800", ".."]
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS) | st.text(), LIKELY | ANY_JSON) | ANY_JSON)
def test_any_json_gives_a_record_or_consent_missing(content: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "consent.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        _gives_a_record_or_consent_missing(path)


@settings(max_examples=100, deadline=None)
@given(st.binary())
def test_any_bytes_give_a_record_or_consent_missing(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "consent.json"
        path.write_bytes(content)
        _gives_a_record_or_consent_missing(path)


def _gives_a_record_or_consent_missing(path: Path) -> None:
    try:
        record = consent_from_file(path, NOW)
    except ConsentMissing as error:
        assert error.fix
    else:
        assert record.adult is True
        assert ConsentRecord.model_validate(record.model_dump(mode="json")) == record
