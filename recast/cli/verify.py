"""`recast verify`: what a file's content credentials say, and whether they are intact."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from recast.cli.door import door
from recast.cli.flags import Json
from recast.errors import CredentialsMissing, RecastError

if TYPE_CHECKING:
    from recast.provenance import Credentials

_STATES = {
    "valid": "intact, signed by a trusted signer",
    "valid-untrusted": "intact, signed by a signer that no list of trusted ones names",
    "altered": "altered after it was signed",
}


def verify(file: Path, /, *, json: Json = False) -> None:
    """Read a file's content credentials and check them.

    Exits 0 only if the file has credentials and is as it was signed.

    Parameters
    ----------
    file
        A video or a picture, made by recast or any other program.
    """
    from recast.provenance import verify as check

    with door(json) as opened:
        try:
            found = check(file)
        except CredentialsMissing:
            facts = {"file": file, "state": "none", "intact": False}
            opened.voice.tell("credentials", facts, f"{file}\n  {'state':<10} no credentials")
            raise
        facts = {**asdict(found), "file": file, "intact": found.intact}
        opened.voice.tell("done" if found.intact else "credentials", facts, _told(file, found))
        if not found.intact:
            why = "; ".join(found.problems) or "its credentials do not fit it"
            raise RecastError(f"{file} was altered: {why}", "ask for the file as it was signed")


def _told(file: Path, found: Credentials) -> str:
    rows = [
        ("state", _STATES[found.state]),
        ("signed by", ", ".join(filter(None, (found.signer, found.issuer)))),
        ("signed at", _signed_at(found)),
        ("made with", found.claim_generator),
        ("model", found.model),
        ("consent", found.consent_basis),
        ("what", ", ".join(name.rpartition("/")[2] for name in found.digital_source_types)),
        *(("made from", f"{one.title}, SHA-256 {one.sha256}") for one in found.ingredients),
        *(("trouble", problem) for problem in found.problems),
    ]
    return "\n".join([str(file), *(f"  {name:<10} {text}" for name, text in rows if text)])


def _signed_at(found: Credentials) -> str:
    clock = {"": "the signer's clock", "trusted": "a trusted time-stamping authority"}
    by = clock.get(found.time_stamp, "a time-stamping authority that no list names")
    return f"{found.signed_at:%Y-%m-%d %H:%M:%S %Z}, by {by}" if found.signed_at else ""
