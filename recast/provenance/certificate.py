"""The certificate that signs content credentials: this computer's own, or a studio's."""

import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from recast.errors import DiskTrouble, OptionUnusable

# Credentials without a trusted time stamp stop checking out when the certificate ends.
_LIFETIME = timedelta(days=3652)
_CLOCK_TOLERANCE = timedelta(days=1)
_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
_STUDIO_FIX = (
    "set RECAST_SIGNING_CERT to a PEM chain, leaf first, and RECAST_SIGNING_KEY to its private "
    "key without a password; or unset both to sign with a certificate of this computer"
)


@dataclass(frozen=True)
class Signer:
    """Who signs: PEM chain (leaf first), PEM key (PKCS #8), C2PA's name of the algorithm."""

    chain: str
    key: str = field(repr=False)
    algorithm: str
    organization: str


def find_signer(environ: Mapping[str, str], now: datetime) -> Signer:
    """The studio's certificate if `environ` names one, else this computer's, made at first use.

    Raises `OptionUnusable` for a studio certificate that cannot sign at `now`.
    """
    chain, key = environ.get("RECAST_SIGNING_CERT"), environ.get("RECAST_SIGNING_KEY")
    if chain and key:
        return studio_signer(Path(chain), Path(key), now)
    if chain or key:
        given, lacking = ("CERT", "KEY") if chain else ("KEY", "CERT")
        what = f"RECAST_SIGNING_{given} is set, but RECAST_SIGNING_{lacking} is not"
        raise OptionUnusable(what, _STUDIO_FIX)
    return local_signer(config_folder(environ), now)


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


def studio_signer(chain: Path, key: Path, now: datetime) -> Signer:
    """Load a certificate chain and its key from PEM files."""
    try:
        return _load(chain, key, now)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OptionUnusable(f"{error.filename} cannot be read: {reason}", _STUDIO_FIX) from error
    except ValueError as error:
        raise OptionUnusable(f"{chain} cannot sign: {error}", _STUDIO_FIX) from error


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
        return _load(place / "chain.pem", place / "key.pem", now)
    except (OSError, ValueError):
        return None


def _load(chain_file: Path, key_file: Path, now: datetime) -> Signer:
    """Raises `ValueError` with the reason if the pair cannot sign at `now`."""
    try:
        chain = x509.load_pem_x509_certificates(chain_file.read_bytes())
    except ValueError as error:
        raise ValueError("it holds no PEM certificate") from error
    try:
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
    except (TypeError, ValueError) as error:
        reason = f"{key_file} holds no PEM private key that opens without a password"
        raise ValueError(reason) from error
    leaf = chain[0]
    if key.public_key() != leaf.public_key():
        raise ValueError(f"{key_file} is not the key of its first certificate")
    if not leaf.not_valid_before_utc <= now < leaf.not_valid_after_utc:
        first, last = leaf.not_valid_before_utc.date(), leaf.not_valid_after_utc.date()
        raise ValueError(f"it is valid from {first} to {last}, today is {now.date()}")
    names = leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return Signer(
        chain="".join(_pem(certificate).decode() for certificate in chain),
        key=_private_pem(key).decode(),
        algorithm=_algorithm(key),
        organization=str(names[0].value) if names else "",
    )


def _algorithm(key: PrivateKeyTypes) -> str:
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey):
        return "ps256"
    raise ValueError("its key is neither P-256, P-384, P-521, Ed25519 nor RSA")


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
    return _pem(leaf) + _pem(root), _private_pem(own)


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


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private_pem(key: PrivateKeyTypes) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
