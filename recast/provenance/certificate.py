"""The certificate that signs content credentials: this computer's own, or a studio's."""

import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from recast.errors import DiskTrouble, OptionUnusable
from recast.provenance.signer import Signer, pem, private_pem
from recast.provenance.studio import load_pem, named_signer

# Credentials without a trusted time stamp stop checking out when the certificate ends.
_LIFETIME = timedelta(days=3652)
_CLOCK_TOLERANCE = timedelta(days=1)
TIMESTAMP_URL = "RECAST_TIMESTAMP_URL"


def find_signer(environ: Mapping[str, str], now: datetime) -> Signer:
    """The studio's certificate if `environ` names one, else this computer's, made at first use.

    Raises `OptionUnusable` for a studio certificate that cannot sign at `now`.
    """
    signer = named_signer(environ, now) or local_signer(config_folder(environ), now)
    return replace(signer, timestamp_url=_timestamp_url(environ))


def _timestamp_url(environ: Mapping[str, str]) -> str:
    url = environ.get(TIMESTAMP_URL, "")
    parts = urlsplit(url)
    if url and not (parts.scheme in {"http", "https"} and parts.hostname):
        raise OptionUnusable(
            f"{TIMESTAMP_URL} is no address of a time-stamping authority: {url}",
            "give one such as https://tsa.example.org, or unset it to ask none",
        )
    return url


def config_folder(environ: Mapping[str, str], platform: str = sys.platform) -> Path:
    """Where recast keeps what belongs to this user; `RECAST_HOME` overrides it."""
    if own := environ.get("RECAST_HOME"):
        return Path(own)
    if platform == "win32":
        base = environ.get("APPDATA")
        return (Path(base) if base else Path.home() / "AppData" / "Roaming") / "recast"
    if platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "recast"
    base = environ.get("XDG_CONFIG_HOME")
    # The XDG standard says that a relative path is to be ignored.
    return (Path(base) if base and Path(base).is_absolute() else Path.home() / ".config") / "recast"


def local_signer(folder: Path, now: datetime) -> Signer:
    """The certificate below `folder` that is valid at `now`; a new one if there is none."""
    # Each certificate has a folder named by number; they are only ever added, never changed.
    shelf = folder / "certificates"
    newest = max((int(p.name) for p in shelf.glob("[0-9]*") if p.name.isdecimal()), default=0)
    if newest and (signer := _stored(shelf / str(newest), now)):
        return signer
    place = shelf / str(newest + 1)
    try:
        _make(place, now)
    except OSError as error:
        reason = error.strerror or str(error)
        what = f"{shelf} cannot hold the certificate that signs results: {reason}"
        raise DiskTrouble(what, "set RECAST_HOME to a folder you may write to") from error
    if signer := _stored(place, now):
        return signer
    raise DiskTrouble(f"{place} holds no usable certificate", "remove that folder and start again")


def _stored(place: Path, now: datetime) -> Signer | None:
    try:
        _close(place / "key.pem")
        return load_pem(place / "chain.pem", place / "key.pem", now)
    except (OSError, ValueError):
        return None


def _close(key: Path) -> None:
    """Take the key away from everybody else, as after copying it from elsewhere.

    Windows has no such bits: there the folder of a user's settings is closed to other users.
    """
    with suppress(OSError):  # of a key on a disk that cannot be written, say
        if os.name == "posix" and key.stat().st_mode & 0o077:
            key.chmod(0o600)


def _make(place: Path, now: datetime) -> None:
    """Make a certificate at `place`, whole or not at all; another process may get there first."""
    place.parent.mkdir(parents=True, exist_ok=True)
    # mkdtemp gives a folder that only its owner can open.
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=place.parent))
    try:
        chain, key = _issue(now)
        _write_private(draft / "chain.pem", chain)
        _write_private(draft / "key.pem", key)
        # No system renames a folder onto one that holds files: the first process wins.
        draft.rename(place)
    except OSError:
        if not (place / "key.pem").exists():
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _write_private(path: Path, data: bytes) -> None:
    """Write a new file that nobody but its owner could ever read."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _issue(now: datetime) -> tuple[bytes, bytes]:
    """PEM chain and PEM key of a new leaf. Its authority's key is forgotten at once."""
    curve = ec.SECP256R1()
    authority, own = ec.generate_private_key(curve), ec.generate_private_key(curve)
    issuer = _name("recast local authority")
    root = (
        _certificate(issuer, authority.public_key(), now)
        .issuer_name(issuer)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(authority, hashes.SHA256())
    )
    known_by = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key())
    leaf = (
        _certificate(_name("recast local signer"), own.public_key(), now)
        .issuer_name(issuer)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
        )
        .add_extension(known_by, critical=False)
        .sign(authority, hashes.SHA256())
    )
    return pem(leaf) + pem(root), private_pem(own)


def _certificate(
    subject: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before((now - _CLOCK_TOLERANCE).astimezone(UTC))
        .not_valid_after((now + _LIFETIME).astimezone(UTC))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "recast local"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
