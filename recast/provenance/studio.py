"""A studio's own certificate, as the environment names it: PEM files, or one PKCS #12 file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import pkcs12

from recast.errors import OptionUnusable
from recast.provenance.signer import Signer, checked_signer

CERT, KEY, P12 = "RECAST_SIGNING_CERT", "RECAST_SIGNING_KEY", "RECAST_SIGNING_P12"
PASSWORD = "RECAST_SIGNING_PASSWORD"

_FIX = (
    f"set {CERT} to a PEM chain, leaf first, and {KEY} to its private key; or {P12} to a PKCS #12 "
    f"file with both; a password goes into {PASSWORD}; or unset them all to sign with a "
    "certificate of this computer"
)


def named_signer(environ: Mapping[str, str], now: datetime) -> Signer | None:
    """The studio's signer; None if the environment names none.

    Raises `OptionUnusable` for a certificate that cannot sign at `now`.
    """
    chain, key, p12 = (environ.get(name) for name in (CERT, KEY, P12))
    password = environ.get(PASSWORD) or None
    if p12 and (chain or key):
        raise OptionUnusable(f"{P12} and {CERT if chain else KEY} are both set", _FIX)
    if p12:
        return pkcs12_signer(Path(p12), now, password=password)
    if chain and key:
        return studio_signer(Path(chain), Path(key), now, password=password)
    if chain or key:
        given, lacking = (CERT, KEY) if chain else (KEY, CERT)
        raise OptionUnusable(f"{given} is set, but {lacking} is not", _FIX)
    return None


def open_to_others(environ: Mapping[str, str]) -> list[Path]:
    """The files with the studio's key that other users of this computer can read.

    Windows has access lists instead of such bits: there nothing is found.
    """
    if os.name != "posix":
        return []
    named = [Path(path) for path in (environ.get(KEY), environ.get(P12)) if path]
    return [path for path in named if path.is_file() and path.stat().st_mode & 0o044]


def studio_signer(chain: Path, key: Path, now: datetime, *, password: str | None = None) -> Signer:
    """Load a certificate chain and its key from PEM files."""
    try:
        return load_pem(chain, key, now, password=password)
    except OSError as error:
        raise _unreadable(error) from error
    except ValueError as error:
        raise OptionUnusable(f"{chain} cannot sign: {error}", _FIX) from error


def pkcs12_signer(path: Path, now: datetime, *, password: str | None) -> Signer:
    """Load a certificate, its issuers and its key from a PKCS #12 file (.p12, .pfx)."""
    try:
        content = path.read_bytes()
        key, leaf, others = _opened(content, password)
        chain = [leaf, *_issuers(leaf, others)]
        return checked_signer(chain, key, now, key_name=f"the key in {path}")
    except OSError as error:
        raise _unreadable(error) from error
    except ValueError as error:
        raise OptionUnusable(f"{path} cannot sign: {error}", _FIX) from error


def load_pem(
    chain_file: Path, key_file: Path, now: datetime, *, password: str | None = None
) -> Signer:
    """Raises `OSError`, or `ValueError` with the reason if the pair cannot sign at `now`."""
    try:
        chain = x509.load_pem_x509_certificates(chain_file.read_bytes())
    except ValueError as error:
        raise ValueError("it holds no PEM certificate") from error
    try:
        secret = password.encode() if password else None
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=secret)
    except (TypeError, ValueError) as error:
        # A password for a key that has none is a TypeError, as is the lack of one that it has.
        locked = b"ENCRYPTED" in key_file.read_bytes()
        kind = f"a key encrypted with {_else(password)}" if locked else "no PEM private key"
        kind += f" that needs the password in {PASSWORD}" if password and not locked else ""
        raise ValueError(f"{key_file} holds {kind}") from error
    return checked_signer(chain, key, now, key_name=str(key_file))


def _else(password: str | None) -> str:
    return f"another password than {PASSWORD} says" if password else "a password"


def _opened(
    content: bytes, password: str | None
) -> tuple[PrivateKeyTypes, x509.Certificate, list[x509.Certificate]]:
    try:
        found = pkcs12.load_pkcs12(content, password.encode() if password else None)
    except ValueError as error:
        why = f"it is encrypted with {_else(password)}, or no PKCS #12 file"
        raise ValueError(why) from error
    if found.key is None or found.cert is None:
        raise ValueError("it holds no certificate with its key")
    return found.key, found.cert.certificate, [one.certificate for one in found.additional_certs]


def _issuers(leaf: x509.Certificate, others: Iterable[x509.Certificate]) -> list[x509.Certificate]:
    """Who issued the leaf, who issued that, and so on: PKCS #12 keeps them in no order."""
    by_name = {one.subject: one for one in others}
    chain: list[x509.Certificate] = []
    last = leaf
    while last.issuer != last.subject and (issuer := by_name.pop(last.issuer, None)):
        chain.append(issuer)
        last = issuer
    return chain


def _unreadable(error: OSError) -> OptionUnusable:
    reason = error.strerror or str(error)
    return OptionUnusable(f"{error.filename} cannot be read: {reason}", _FIX)
