"""Who signs: a certificate chain with its key, checked to be able to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import NameOID

_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


@dataclass(frozen=True)
class Signer:
    """Who signs: PEM chain (leaf first), PEM key (PKCS #8), C2PA's name of the algorithm.

    `timestamp_url` is the address of a time-stamping authority (RFC 3161); "" asks none.
    """

    chain: str
    key: str = field(repr=False)
    algorithm: str
    organization: str
    timestamp_url: str = ""


def checked_signer(
    chain: Sequence[x509.Certificate], key: PrivateKeyTypes, now: datetime, *, key_name: str
) -> Signer:
    """Raises `ValueError` with the reason if the pair cannot sign at `now`."""
    leaf = chain[0]
    if key.public_key() != leaf.public_key():
        raise ValueError(f"{key_name} is not the key of its first certificate")
    if not leaf.not_valid_before_utc <= now < leaf.not_valid_after_utc:
        first, last = leaf.not_valid_before_utc.date(), leaf.not_valid_after_utc.date()
        raise ValueError(f"it is valid from {first} to {last}, today is {now.date()}")
    names = leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return Signer(
        chain="".join(pem(certificate).decode() for certificate in chain),
        key=private_pem(key).decode(),
        algorithm=_algorithm(key),
        organization=str(names[0].value) if names else "",
    )


def pem(certificate: x509.Certificate) -> bytes:
    """A certificate as PEM text."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def private_pem(key: PrivateKeyTypes) -> bytes:
    """A key as PEM text (PKCS #8), not encrypted."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _algorithm(key: PrivateKeyTypes) -> str:
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey):
        return "ps256"
    raise ValueError("its key is neither P-256, P-384, P-521, Ed25519 nor RSA")
