"""The consent records of a workspace, each bound to the one before it.

A record carries a `chain`: the SHA-256 of the record before it, random salt, and its own SHA-256.
Whoever changes, adds or takes away a record leaves a chain that does not close, and the workspace
says which record it is. It is no lock: somebody who knows this file can forge the whole chain
anew. But signed results name the hash of the record they were made under, and that they cannot.

Hashes are of canonical JSON: sorted keys, no spaces, ASCII, without the record's own hash. The
salt lets a hash be published: without it, it would confirm a guessed name.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from recast.provenance.consent import ConsentRecord, first_trouble

RECORDS, SEAL = "consent", "consent_seal"
"""Names in workspace.json: the records, and how many there are and the last one's hash."""


class BookDamaged(ValueError):
    """A record is not as it was written, or is missing; says which one in a sentence."""


def read_book(settings: Mapping[str, Any]) -> tuple[ConsentRecord, ...]:
    """The records in the settings of a workspace, oldest first; raises `BookDamaged`.

    Records from before there was a chain may stand at its beginning.
    """
    entries = settings.get(RECORDS, [])
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise BookDamaged("its consent records are no list of records")
    records = [_record(number, entry) for number, entry in enumerate(entries, 1)]
    _check_chain(entries, settings.get(SEAL))
    return tuple(records)


def with_record(settings: Mapping[str, Any], record: ConsentRecord, *, salt: str) -> dict[str, Any]:
    """What settings say of consent once a record stands behind those they have.

    `salt` is 16 random bytes in hexadecimal.
    """
    entries = list(settings.get(RECORDS, []))
    fields = record.model_dump(mode="json", exclude={"chain"}, exclude_none=True)
    chain = {"previous": digest(entries[-1]) if entries else None, "salt": salt}
    entry = {**fields, "chain": chain}
    entries.append({**fields, "chain": {**chain, "sha256": digest(entry)}})
    return {RECORDS: entries, SEAL: _seal(entries)}


def digest(entry: Mapping[str, Any]) -> str:
    """SHA-256 of a record's canonical JSON, without the hash that it carries of itself."""
    chain = entry.get("chain")
    bare = dict(entry)
    if isinstance(chain, dict):
        bare["chain"] = {name: value for name, value in chain.items() if name != "sha256"}
    text = json.dumps(bare, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _record(number: int, entry: dict[str, Any]) -> ConsentRecord:
    try:
        return ConsentRecord.model_validate(entry)
    except ValidationError as error:
        raise BookDamaged(
            f"its consent record {number} is damaged: {first_trouble(error)}"
        ) from error


def _check_chain(entries: Sequence[dict[str, Any]], seal: object) -> None:
    before: str | None = None
    chained = False
    for number, entry in enumerate(entries, 1):
        chain, own = entry.get("chain"), digest(entry)
        if chain is None and chained:
            raise BookDamaged(f"its consent record {number} was not written by recast")
        if chain is not None:
            chained = True
            if chain["sha256"] != own:
                raise BookDamaged(f"its consent record {number} was changed after it was recorded")
            if chain["previous"] != before:
                what = f"its consent record {number} does not follow on the one before it"
                raise BookDamaged(f"{what}: a record was changed, added or taken away")
        before = own
    if (chained or seal is not None) and seal != _seal(entries):
        raise BookDamaged("consent records were taken away from its end")


def _seal(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"records": len(entries), "sha256": digest(entries[-1]) if entries else None}
