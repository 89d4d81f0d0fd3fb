from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recast.provenance.consent import ConsentRecord, synthetic_consent
from recast.provenance.ingredients import Ingredient
from recast.provenance.statement import Credentials, manifest, read_credentials

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
DST = Ingredient(Path("dst.mp4"), "dst", "dst take", "0" * 64)


def _consent_told(consent: ConsentRecord) -> dict[str, Any]:
    made = manifest(title="r", consent=consent, model="swift", ingredients=[], now=NOW)
    return {one["label"]: one["data"] for one in made["assertions"]}["org.recast.consent"]  # type: ignore[no-any-return]


def test_consent_is_told_without_the_name() -> None:
    told = _consent_told(synthetic_consent(person="Ada", now=NOW))
    assert told == {"version": 1, "basis": "synthetic", "adult": True, "recorded": "2026-03-04"}


def test_a_signed_document_is_told_by_its_hash() -> None:
    consent = ConsentRecord(
        person="Ada",
        basis="written-consent",
        adult=True,
        recorded_at=NOW,
        document="Ada.pdf",
        document_sha256="a" * 64,
    )
    told = _consent_told(consent)
    assert told["document_sha256"] == "a" * 64
    assert "Ada" not in str(told)


def test_times_are_written_in_utc() -> None:
    consent = synthetic_consent(person="Ada", now=NOW)
    local = NOW.astimezone(timezone(timedelta(hours=-7)))
    made = manifest(title="r", consent=consent, model="m", ingredients=[DST], now=local)
    opened, edited = made["assertions"][0]["data"]["actions"]
    assert opened["parameters"] == {"ingredientIds": ["dst-take"]}
    assert edited["when"] == "2026-03-04T12:00:00Z"
    assert "parameters" not in edited


def _store(state: str, *codes: str, older: tuple[str, ...] = ()) -> dict[str, Any]:
    delta = {"validationDeltas": {"failure": [{"code": code} for code in older]}}
    return {
        "validation_state": state,
        "validation_results": {
            "activeManifest": {"failure": [{"code": code} for code in codes]},
            "ingredientDeltas": [delta],
        },
    }


@pytest.mark.parametrize(
    ("store", "state"),
    [
        (_store("Trusted"), "valid"),
        (_store("Valid", "signingCredential.untrusted"), "valid-untrusted"),
        (
            _store("Invalid", "signingCredential.untrusted", "signingCredential.expired"),
            "valid-untrusted",
        ),
        (_store("Invalid", older=("signingCredential.expired",)), "valid-untrusted"),
        (_store("Invalid", "assertion.bmffHash.mismatch"), "altered"),
        (_store("Invalid", "signingCredential.expired", "claimSignature.mismatch"), "altered"),
        (_store("Invalid", older=("ingredient.manifest.mismatch",)), "altered"),
        (_store("Invalid", "something.new"), "altered"),
        (_store("Invalid"), "altered"),
        ({}, "altered"),
    ],
)
def test_the_state_tells_trust_from_change(store: dict[str, Any], state: str) -> None:
    assert read_credentials(store).state == state


def test_an_unknown_problem_keeps_its_code() -> None:
    assert read_credentials(_store("Invalid", "something.new")).problems == ("something.new: ",)


WORDS = """
    manifests active_manifest a assertions label data actions digitalSourceType when code name
    signature_info time common_name ingredients title validation_results activeManifest failure
    ingredientDeltas claim_generator_info validation_state
"""
KEYS = st.sampled_from(WORDS.split())
VALUES = st.recursive(
    st.none() | st.integers() | st.text() | st.sampled_from(["a", "c2pa.actions", "Invalid"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(KEYS, VALUES))
def test_strange_content_is_read_without_failing(store: dict[str, Any]) -> None:
    assert isinstance(read_credentials(store), Credentials)
