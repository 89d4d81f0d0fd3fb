"""A second reader of content credentials, written from the C2PA specification (2.2) alone.

It knows nothing of recast and of the C2PA library: JUMBF boxes (ISO 19566-5) and CBOR are taken
apart here, hashes and the COSE signature (RFC 9052) are computed with `cryptography`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

C2PA_UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
X5CHAIN, ALGORITHM, ES256 = 33, 1, -7


@dataclass(frozen=True)
class Superbox:
    """A labelled JUMBF box: its content without the header, and the boxes inside it."""

    label: str
    content: bytes
    inside: list[tuple[bytes, bytes]]

    def boxes(self) -> dict[str, Superbox]:
        return {one.label: one for one in map(superbox, self._of(b"jumb"))}

    def cbor(self) -> Any:
        (content,) = self._of(b"cbor")
        return cbor2.loads(content)

    def raw(self, kind: bytes) -> bytes:
        (content,) = self._of(kind)
        return content

    def _of(self, kind: bytes) -> list[bytes]:
        return [content for found, content in self.inside if found == kind]


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes, int]]:
    """Type, content and place of the boxes in a row."""
    at = 0
    while at < len(data):
        length, kind, head = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8], 8
        if length == 1:
            length, head = int.from_bytes(data[at + 8 : at + 16]), 16
        length = length or len(data) - at
        yield kind, data[at + head : at + length], at
        at += length


def superbox(content: bytes) -> Superbox:
    inside = [(kind, part) for kind, part, _ in boxes(content)]
    (description,) = (part for kind, part in inside if kind == b"jumd")
    label, _, _ = description[17:].partition(b"\0")
    return Superbox(label.decode(), content, inside)


def store_of(path: Path) -> Superbox:
    """The manifest store of a PNG, an mp4, or a sidecar."""
    data = path.read_bytes()
    if data.startswith(b"\x89PNG"):
        data = next(content for kind, content, _ in chunks(data) if kind == b"caBX")
    elif data[4:8] == b"ftyp":
        found = next(c for kind, c, _ in boxes(data) if kind == b"uuid" and c[:16] == C2PA_UUID)
        purpose, _, rest = found[20:].partition(b"\0")
        assert purpose == b"manifest"
        data = rest[8:]
    ((kind, content, _),) = ((k, c, at) for k, c, at in boxes(data) if k == b"jumb")
    assert kind == b"jumb"
    return superbox(content)


def chunks(png: bytes) -> Iterator[tuple[bytes, bytes, int]]:
    at = 8
    while at < len(png):
        length = int.from_bytes(png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length], at
        at += 12 + length


def active_manifest(store: Superbox) -> Superbox:
    """The last one of the store."""
    return list(store.boxes().values())[-1]


def claim_of(manifest: Superbox) -> Superbox:
    return next(box for label, box in manifest.boxes().items() if label.startswith("c2pa.claim"))


def check_signature(manifest: Superbox) -> list[x509.Certificate]:
    """The certificates of the signer; raises InvalidSignature if the claim is not as signed."""
    signed = manifest.boxes()["c2pa.signature"].cbor()
    protected, unprotected, payload, signature = signed.value
    assert signed.tag == 18 and payload is None
    headers = cbor2.loads(protected)
    assert headers[ALGORITHM] == ES256
    raw = {**unprotected, **headers}.get(X5CHAIN) or unprotected["x5chain"]
    chain = [
        x509.load_der_x509_certificate(one) for one in (raw if isinstance(raw, list) else [raw])
    ]
    text = cbor2.dumps(["Signature1", protected, b"", claim_of(manifest).raw(b"cbor")])
    r, s = (int.from_bytes(part) for part in (signature[:32], signature[32:]))
    key = chain[0].public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(encode_dss_signature(r, s), text, ec.ECDSA(hashes.SHA256()))
    for leaf, issuer in pairwise(chain):
        leaf.verify_directly_issued_by(issuer)
    return chain


def check_assertions(manifest: Superbox) -> dict[str, Any]:
    """The statements of a claim by label, each compared with the hash that the claim has of it."""
    claim = claim_of(manifest).cbor()
    stored = manifest.boxes()["c2pa.assertions"].boxes()
    found = {}
    for named in [*claim["created_assertions"], *claim.get("gathered_assertions", [])]:
        label = named["url"].rpartition("/")[2]
        assert hashlib.sha256(stored[label].content).digest() == named["hash"], label
        kinds = [kind for kind, _ in stored[label].inside]
        found[label] = stored[label].cbor() if b"cbor" in kinds else None
    assert found.keys() == stored.keys()
    return found


def data_hash(data: bytes, statement: dict[str, Any]) -> bytes:
    """SHA-256 of a file without the ranges that `c2pa.hash.data` leaves out."""
    at, whole = 0, hashlib.sha256()
    for left_out in statement.get("exclusions", []):
        whole.update(data[at : left_out["start"]])
        at = left_out["start"] + left_out["length"]
    whole.update(data[at:])
    return whole.digest()


def bmff_hash(data: bytes, statement: dict[str, Any]) -> bytes:
    """SHA-256 of an mp4: each top box that is hashed is preceded by its place (8 bytes)."""
    left_out = {one["xpath"]: one for one in statement["exclusions"]}
    assert not any(path.count("/") > 1 for path in left_out), "only whole boxes are known here"
    whole = hashlib.sha256()
    for kind, content, at in boxes(data):
        rule = left_out.get(f"/{kind.decode('latin-1')}")
        if rule is not None and _fits(rule, content):
            continue
        whole.update(at.to_bytes(8))
        whole.update(data[at : at + 8 + len(content)])
    return whole.digest()


def _fits(rule: dict[str, Any], content: bytes) -> bool:
    return all(
        content[one["offset"] - 8 :].startswith(one["value"]) for one in rule.get("data") or []
    )
