"""Content credentials (C2PA): sign a result, and read back what a file says about itself."""

import io
import json
import mmap
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import c2pa
from cryptography import x509

from recast.disk import disk_trouble_named, flush_to_disk
from recast.errors import (
    CredentialsMissing,
    DiskTrouble,
    OptionUnusable,
    RecastError,
    TakeUnreadable,
    TakeUnwritable,
)
from recast.provenance.certificate import Signer
from recast.provenance.consent import ConsentRecord
from recast.provenance.ingredients import Ingredient, gather, mime_type
from recast.provenance.statement import Credentials, described, manifest, read_credentials

_MISSING_FIX = (
    "it was not made by recast, or the credentials were stripped, by an upload or a new encoding "
    "for example; ask for the original file"
)

T = TypeVar("T")


# The seventh parameter is the clock.
def sign(  # noqa: PLR0913
    path: Path,
    *,
    title: str,
    consent: ConsentRecord,
    model: str,
    ingredients: Sequence[Path],
    signer: Signer,
    now: datetime,
) -> None:
    """Put signed credentials into a finished video or still; it is replaced whole.

    `ingredients`: the dst take, then the src takes. Their names stay out, their hashes go in.
    Raises `TakeUnwritable` for a kind of file that carries none, `OptionUnusable` for a
    certificate that C2PA refuses.
    """
    mime = _signable(path)
    takes = gather(ingredients)
    claim = manifest(title=title, consent=consent, model=model, ingredients=takes, now=now)
    draft = path.with_name(path.name + ".part")
    _undisturbed(lambda: _replace(path, mime, draft, _Claim(claim, takes, signer)))


def verify(path: Path, *, anchors: Path | None = None) -> Credentials:
    """Check a file's credentials; `anchors` is a PEM file of authorities to trust.

    Raises `CredentialsMissing` if it carries none, `TakeUnreadable` if it cannot be read.
    """
    settings = _settings(_trusted(anchors))
    try:
        store = _undisturbed(lambda: _read(path, settings))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise TakeUnreadable(f"{path} cannot be read: {reason}", "check the path") from error
    except c2pa.C2paError as error:
        return _without_store(path, error)
    if store is None:
        raise CredentialsMissing(f"{path} carries no content credentials", _MISSING_FIX)
    return read_credentials(store)


def _settings(anchors: str | None = None) -> dict[str, Any]:
    # Reading or signing a file must not tell anybody about it: nothing goes over the network.
    settings: dict[str, Any] = {
        "core": {
            "allowed_network_hosts": [],
            "decode_identity_assertions": False,
            # Beyond this, copies of the file go to the temporary folder instead of memory.
            "backing_store_memory_threshold_in_mb": 16,
        },
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
        "builder": {
            # A thumbnail of the src take would show the person.
            "thumbnail": {"enabled": False},
            "actions": {
                f"auto_{action}_action": {"enabled": False}
                for action in ("created", "opened", "placed")
            },
            "created_assertion_labels": [
                "c2pa.actions.v2",
                "org.recast.consent",
                "org.recast.swap",
            ],
        },
    }
    return settings if anchors is None else settings | {"trust": {"user_anchors": anchors}}


def _signable(path: Path) -> str:
    try:
        mime = mime_type(path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise TakeUnreadable(f"{path} cannot be read: {reason}", "make it again") from error
    if mime is None:
        what = f"{path} is of a kind that carries no content credentials"
        raise TakeUnwritable(what, "write the result as mp4, mov, avi, PNG, JPEG, TIFF or WebP")
    return mime


@dataclass(frozen=True)
class _Claim:
    manifest: dict[str, Any]
    takes: Sequence[Ingredient]
    signer: Signer


class _Draft(io.FileIO):
    """A new file that remembers why it could not be written: c2pa only says that it could not."""

    trouble: OSError | None = None

    def __init__(self, path: Path) -> None:
        super().__init__(path, "w+b")

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            self.trouble = error
            raise


def _replace(path: Path, mime: str, draft: Path, claim: _Claim) -> None:
    with disk_trouble_named(path):
        try:
            _embed(path, mime, draft, claim)
            flush_to_disk(draft)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)


def _embed(path: Path, mime: str, draft: Path, claim: _Claim) -> None:
    with path.open("rb") as source, _Draft(draft) as raw, io.BufferedRandom(raw) as target:
        try:
            with (
                c2pa.Context.from_dict(_settings()) as context,
                c2pa.Builder(claim.manifest, context) as builder,
                _pen(claim.signer) as pen,
            ):
                for take in claim.takes:
                    _add(builder, take)
                builder.sign(pen, mime, source, target)
        except c2pa.C2paError as error:
            if raw.trouble:
                raise raw.trouble from error
            raise _signing_trouble(path, claim.signer, error) from error


def _pen(signer: Signer) -> c2pa.Signer:
    # No time stamp authority: asking one would tell it that a file was signed.
    chain, key = signer.chain.encode(), signer.key.encode()
    info = c2pa.C2paSignerInfo(signer.algorithm, chain, key, None)  # type: ignore[no-untyped-call]
    return c2pa.Signer.from_info(info)


def _add(builder: c2pa.Builder, take: Ingredient) -> None:
    """Add a take with the credentials it carries, or without if C2PA cannot read it."""
    mime = mime_type(take.path)
    if mime is not None:
        try:
            with take.path.open("rb") as file:
                builder.add_ingredient(described(take, mime), mime, file)
            return
        except c2pa.C2paError:
            pass  # Credentials of a take that are broken or elsewhere are left behind.
    plain = "application/octet-stream"
    builder.add_ingredient(described(take, plain), plain, io.BytesIO())


def _signing_trouble(path: Path, signer: Signer, error: c2pa.C2paError) -> RecastError:
    if "os error" in str(error):
        folder = tempfile.gettempdir()
        fix = "free some space there, or set TMPDIR to a folder with twice the size of the file"
        return DiskTrouble(f"signing {path} needs room in {folder}: {error}", fix)
    if _kind(error) == "Signature":
        what = f"the certificate of {signer.organization or 'the signer'} cannot sign: {error}"
        fix = "use a certificate for C2PA: issued by an authority, for e-mail or document signing"
        return OptionUnusable(what, fix)
    return TakeUnreadable(f"{path} cannot be given credentials: {error}", "make it again")


def _trusted(anchors: Path | None) -> str | None:
    if anchors is None:
        return None
    fix = "give a PEM file with the certificates of the authorities to trust"
    try:
        text = anchors.read_bytes()
        x509.load_pem_x509_certificates(text)
        return text.decode()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OptionUnusable(f"{anchors} cannot be read: {reason}", fix) from error
    except ValueError as error:
        raise OptionUnusable(f"{anchors} holds no PEM certificates", fix) from error


def _read(path: Path, settings: dict[str, Any]) -> dict[str, Any] | None:
    """The manifests of a file and what checking them found; None if it carries none."""
    with (
        path.open("rb") as file,
        c2pa.Context.from_dict(settings) as context,
    ):
        reader = c2pa.Reader.try_create(None, file, context=context)
        if reader is None:
            return None
        with reader:
            store: dict[str, Any] = json.loads(reader.json())
            return store


def _without_store(path: Path, error: c2pa.C2paError) -> Credentials:
    """What to say of a file in which c2pa could read no credentials."""
    if not path.stat().st_size:
        raise TakeUnreadable(f"{path} is empty", "get the file again") from error
    if _bears_traces(path):
        return Credentials(state="altered", problems=(f"the credentials are damaged: {error}",))
    if _kind(error) == "NotSupported":
        raise CredentialsMissing(f"{path} carries no content credentials", _MISSING_FIX) from error
    if _kind(error).startswith("Remote"):
        what = f"{path} carries only the address of its credentials"
        fix = "recast asks nobody over the network; use a tool that fetches them"
        raise CredentialsMissing(what, fix) from error
    raise TakeUnreadable(
        f"{path} is truncated or damaged: {error}", "get the file again"
    ) from error


def _kind(error: c2pa.C2paError) -> str:
    # The native library begins every message with it; not every kind has a class in Python.
    return str(error).partition(":")[0]


def _bears_traces(path: Path) -> bool:
    """Whether the head of a C2PA manifest store is anywhere in the file."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        return whole.find(b"jumdc2pa") >= 0


def _undisturbed(work: Callable[[], T]) -> T:
    """Run `work` to its end in a thread, where Ctrl-C cannot strike.

    In the main thread it could strike inside a callback of native code, which would then take
    half a file for the whole and sign that.
    """
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(work).result()
