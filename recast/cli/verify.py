"""`recast verify`: what a file's content credentials say, and whether they are intact.

Where they are gone or do not fit, the watermark in the pictures still tells who made them.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recast.cli.door import Door, door
from recast.cli.flags import Json
from recast.errors import CredentialsMissing, RecastError

if TYPE_CHECKING:
    from recast.provenance import Credentials
    from recast.provenance.network_watermark import NetworkReader

_STATES = {
    "valid": "intact, signed by a trusted signer",
    "valid-untrusted": "intact, signed by a signer that no list of trusted ones names",
    "altered": "altered after it was signed",
}
_STRIPPED = (
    "the credentials were stripped, by an upload or a new encoding for example: ask for the "
    "original file; who made it can look for the watermark's number in workspace.json"
)


def verify(file: Path, /, *, watermark_network: Path | None = None, json: Json = False) -> None:
    """Read a file's content credentials and check them.

    Exits 0 only if the file has credentials and is as it was signed. Without them, or if they do
    not fit, it looks for recast's watermark, which takes some seconds.

    Parameters
    ----------
    file
        A video or a picture, made by recast or any other program.
    watermark_network
        ONNX network that reads a second watermark, such as TrustMark's decoder_Q.onnx.
    """
    from recast.provenance import verify as check

    with door(json) as opened:
        reader = _reader(watermark_network)
        try:
            found = check(file)
        except CredentialsMissing as error:
            facts = {"file": file, "state": "none", "intact": False}
            opened.voice.tell("credentials", facts, f"{file}\n  {'state':<10} no credentials")
            if _watermarked(file, opened, reader):
                what = f"{file} was made with recast, but carries no content credentials"
                raise CredentialsMissing(what, _STRIPPED) from error
            raise
        if reader is not None and found.intact:
            _tell_number(file, opened, _number_read(file, opened, reader), found)
        facts = {**asdict(found), "file": file, "intact": found.intact}
        opened.voice.tell("done" if found.intact else "credentials", facts, _told(file, found))
        if not found.intact:
            _watermarked(file, opened, reader)
            why = "; ".join(found.problems) or "its credentials do not fit it"
            raise RecastError(f"{file} was altered: {why}", "ask for the file as it was signed")


def _reader(network: Path | None) -> NetworkReader | None:
    from recast.provenance.network_watermark import NetworkReader

    return NetworkReader.open(network) if network else None


def _watermarked(file: Path, opened: Door, reader: NetworkReader | None) -> bool:
    """Look for the watermark and tell what was found."""
    from recast.stages.watermarking import find

    try:
        mark = find(file, opened.report)
    except (RecastError, OSError):  # no pictures that this machine can decode
        mark = None
    number = mark.name if mark else ""
    facts: dict[str, Any] = (
        {"watermark": number, "strength": round(mark.strength, 1)} if mark else {}
    )
    if reader is not None:
        read = _number_read(file, opened, reader)
        facts |= {"network_watermark": read}
        number = number or read
    known = mark is not None or bool(number)
    facts = {"file": file, "made_with_recast": known, **facts}
    if not known:
        opened.voice.tell("watermark", facts, "No watermark of recast was found in the pictures.")
        return False
    said = f"number {number}" if number else "its number is lost"
    text = f"Made with recast: the pictures carry its watermark, {said}."
    opened.voice.tell("watermark", facts, text)
    return True


def _number_read(file: Path, opened: Door, reader: NetworkReader) -> str:
    """The number that a network reads in the pictures; empty if there is none of recast's."""
    from recast.provenance.watermark import named
    from recast.stages.watermarking import find_by_network

    try:
        number = find_by_network(file, reader, opened.report)
    except (RecastError, OSError):
        return ""
    return "" if number is None else named(number)


def _tell_number(file: Path, opened: Door, read: str, found: Credentials) -> None:
    """What a network read in a file whose credentials are intact."""
    facts = {"file": file, "made_with_recast": bool(read), "network_watermark": read}
    if not read:
        text = "The network reads no watermark of recast."
    elif read == found.watermark:
        text = f"The network reads the number that the credentials name, {read}."
    else:
        text = f"The network reads number {read}, which the credentials do not name."
    opened.voice.tell("watermark", facts, text)


def _told(file: Path, found: Credentials) -> str:
    rows = [
        ("state", _STATES[found.state]),
        ("signed by", ", ".join(filter(None, (found.signer, found.issuer)))),
        ("signed at", _signed_at(found)),
        ("made with", found.claim_generator),
        ("model", found.model),
        ("consent", found.consent_basis),
        ("watermark", found.watermark),
        ("what", ", ".join(name.rpartition("/")[2] for name in found.digital_source_types)),
        *(("made from", f"{one.title}, SHA-256 {one.sha256}") for one in found.ingredients),
        *(("trouble", problem) for problem in found.problems),
    ]
    return "\n".join([str(file), *(f"  {name:<10} {text}" for name, text in rows if text)])


def _signed_at(found: Credentials) -> str:
    clock = {"": "the signer's clock", "trusted": "a trusted time-stamping authority"}
    by = clock.get(found.time_stamp, "a time-stamping authority that no list names")
    return f"{found.signed_at:%Y-%m-%d %H:%M:%S %Z}, by {by}" if found.signed_at else ""
