"""Content credentials (C2PA): sign a result, and read back what a file says about itself."""

import io
import json
import mmap
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import c2pa
from cryptography import x509

from recast.disk import clear_draft, disk_trouble_named, flush_to_disk, write_whole
from recast.errors import CredentialsMissing, OptionUnusable, TakeUnreadable, TakeUnwritable
from recast.provenance.consent import ConsentRecord
from recast.provenance.folders import SIDECAR, changed_files, members, signed_lists
from recast.provenance.ingredients import gather, mime_type
from recast.provenance.native import (
    PLAIN,
    Claim,
    Draft,
    Sink,
    kind_of,
    settings,
    signed,
    signing_trouble,
    undisturbed,
)
from recast.provenance.signer import Signer
from recast.provenance.statement import Credentials, Kind, manifest, read_credentials

_MISSING_FIX = (
    "it was not made by recast, or the credentials were stripped, by an upload or a new encoding "
    "for example; ask for the original file"
)


# The seventh parameter is the clock, the eighth what frames carry.
def sign(  # noqa: PLR0913
    path: Path,
    *,
    title: str,
    consent: ConsentRecord,
    model: str,
    ingredients: Sequence[Path],
    signer: Signer,
    now: datetime,
    watermark: str = "",
) -> None:
    """Put signed credentials into a finished video or still; it is replaced whole.

    `ingredients`: the dst take, then the src takes. Their names stay out, their hashes go in.
    `watermark`: the number in the frames, in hexadecimal; empty if there is none.
    Raises `TakeUnwritable` for a kind of file that carries none, `OptionUnusable` for a
    certificate that C2PA refuses.
    """
    mime = _signable(path)
    said: dict[str, Any] = {"title": title, "consent": consent, "model": model, "now": now}
    claim = _claim(ingredients, signer, watermark=watermark, **said)
    draft = path.with_name(path.name + ".part")
    undisturbed(lambda: _replace(path, mime, draft, claim))


# The eighth parameter is the clock, the ninth what frames carry.
def sign_beside(  # noqa: PLR0913
    path: Path,
    sidecar: Path,
    *,
    title: str,
    consent: ConsentRecord,
    model: str,
    ingredients: Sequence[Path],
    signer: Signer,
    now: datetime,
    kind: Kind = "composite",
    watermark: str = "",
) -> None:
    """Write the credentials of a file of any kind into a file of their own; see `sign`.

    They hold for `path` bit by bit, and are found if they have its name and `.c2pa`.
    """
    said: dict[str, Any] = {"title": title, "consent": consent, "model": model, "now": now}
    claim = _claim(ingredients, signer, kind=kind, watermark=watermark, **said)
    write_whole(sidecar, undisturbed(lambda: _beside(path, claim)))


def signed_jpeg(
    content: bytes, *, title: str, consent: ConsentRecord, model: str, signer: Signer, now: datetime
) -> bytes:
    """A JPEG file with signed credentials that name no ingredients.

    For pictures that are made while something else is at work: no take is read, and no
    time-stamping authority is asked. Raises `OptionUnusable` for a certificate that C2PA refuses.
    """
    said: dict[str, Any] = {"title": title, "consent": consent, "model": model, "now": now}
    claim = _claim((), replace(signer, timestamp_url=""), **said)

    def work() -> bytes:
        target = io.BytesIO()
        try:
            signed(claim, "image/jpeg", io.BytesIO(content), target)
        except c2pa.C2paError as error:
            raise signing_trouble(Path(title), signer, error) from error
        return target.getvalue()

    return undisturbed(work)


def _claim(
    ingredients: Sequence[Path], signer: Signer, *, kind: Kind = "composite", **said: Any
) -> Claim:
    """What is signed in a file or beside it; `said` are the other arguments of `manifest`."""
    takes = gather(ingredients)
    if kind == "model":  # both takes only taught it
        takes = [replace(take, role="src") for take in takes]
    return Claim(manifest(ingredients=takes, kind=kind, **said), takes, signer)


def can_embed(path: Path) -> bool:
    """Whether a file is of a kind that carries its credentials itself."""
    return mime_type(path) is not None


def verify(path: Path, *, anchors: Path | None = None) -> Credentials:
    """Check the credentials of a file, in it or beside it, or those of a folder of pictures.

    `anchors` is a PEM file of authorities to trust. Raises `CredentialsMissing` if there are
    none, `TakeUnreadable` if the file cannot be read.
    """
    if path.suffix == SIDECAR:
        path = path.with_suffix("")
    chosen = settings(_trusted(anchors))
    beside = path.with_name(path.name + SIDECAR)
    try:
        if path.is_dir():
            return _verify_folder(path, anchors)
        sidecar = beside.read_bytes() if beside.is_file() and not can_embed(path) else None
        store = undisturbed(lambda: _read(path, chosen, sidecar))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise TakeUnreadable(f"{path} cannot be read: {reason}", "check the path") from error
    except c2pa.C2paError as error:
        return _without_store(path, error, has_sidecar=beside.is_file())
    if store is None:
        raise CredentialsMissing(f"{path} carries no content credentials", _MISSING_FIX)
    return read_credentials(store)


def _verify_folder(folder: Path, anchors: Path | None) -> Credentials:
    """What the signed list of a folder says; altered if any file is not as the list has it."""
    lists = signed_lists(folder, SIDECAR)
    if not lists:
        raise TakeUnreadable(
            f"{folder} is a folder without a signed list of its files",
            "name a file in it, or the folder that recast wrote",
        )
    found = verify(lists[0], anchors=anchors)
    problems = list(changed_files(lists[0]))
    for member in members(lists[0]):
        part = verify(member, anchors=anchors)
        if not part.intact:
            problems += [f"{member.name}: {problem}" for problem in part.problems]
    if not problems:
        return found
    return replace(found, state="altered", problems=(*problems, *found.problems))


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


def _replace(path: Path, mime: str, draft: Path, claim: Claim) -> None:
    with disk_trouble_named(path):
        try:
            clear_draft(draft)
            _embed(path, mime, draft, claim)
            flush_to_disk(draft)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)


def _embed(path: Path, mime: str, draft: Path, claim: Claim) -> None:
    with path.open("rb") as source, Draft(draft) as raw, io.BufferedRandom(raw) as target:
        try:
            signed(claim, mime, source, target)
        except c2pa.C2paError as error:
            if raw.trouble:
                raise raw.trouble from error
            raise signing_trouble(path, claim.signer, error) from error


def _beside(path: Path, claim: Claim) -> bytes:
    try:
        with path.open("rb") as source:
            return signed(claim, PLAIN, source, Sink(), embed=False)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise TakeUnreadable(f"{path} cannot be read: {reason}", "make it again") from error
    except c2pa.C2paError as error:
        raise signing_trouble(path, claim.signer, error) from error


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


def _read(path: Path, chosen: dict[str, Any], sidecar: bytes | None) -> dict[str, Any] | None:
    """The manifests of a file and what checking them found; None if it carries none."""
    with (
        path.open("rb") as file,
        c2pa.Context.from_dict(chosen) as context,
    ):
        if sidecar is None:
            reader = c2pa.Reader.try_create(None, file, context=context)
        else:
            reader = c2pa.Reader(PLAIN, file, sidecar, context=context)
        if reader is None:
            return None
        with reader:
            store: dict[str, Any] = json.loads(reader.json())
            return store


def _without_store(path: Path, error: c2pa.C2paError, *, has_sidecar: bool) -> Credentials:
    """What to say of a file in which c2pa could read no credentials."""
    if not path.stat().st_size:
        raise TakeUnreadable(f"{path} is empty", "get the file again") from error
    if has_sidecar or _bears_traces(path):
        return Credentials(state="altered", problems=(f"the credentials are damaged: {error}",))
    if kind_of(error) == "NotSupported":
        raise CredentialsMissing(f"{path} carries no content credentials", _MISSING_FIX) from error
    if kind_of(error).startswith("Remote"):
        what = f"{path} carries only the address of its credentials"
        fix = "recast asks nobody over the network; use a tool that fetches them"
        raise CredentialsMissing(what, fix) from error
    raise TakeUnreadable(
        f"{path} is truncated or damaged: {error}", "get the file again"
    ) from error


def _bears_traces(path: Path) -> bool:
    """Whether the head of a C2PA manifest store is anywhere in the file."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        return whole.find(b"jumdc2pa") >= 0
