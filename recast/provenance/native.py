"""C2PA's library as recast calls it: undisturbed, without a network, and with errors named."""

import _thread
import io
import json
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

import c2pa

from recast.errors import DiskTrouble, OptionUnusable, RecastError, TakeUnreadable
from recast.provenance.folders import SIDECAR, bearers
from recast.provenance.ingredients import Ingredient, mime_type
from recast.provenance.signer import Signer
from recast.provenance.statement import described

PLAIN = "application/octet-stream"
"""For the library: bytes of no kind it knows, to be hashed as they are."""

T = TypeVar("T")


@dataclass(frozen=True)
class Claim:
    """What is to be signed, and by whom."""

    manifest: dict[str, Any]
    takes: Sequence[Ingredient]
    signer: Signer


class Draft(io.FileIO):
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


class Sink(io.RawIOBase):
    """Takes the copy of a file that the library makes even if nothing is put into it."""

    _place = _end = 0

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._place += len(data)
        self._end = max(self._end, self._place)
        return len(data)

    def readinto(self, buffer: Any, /) -> int:
        raise OSError("what was thrown away cannot be read")

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._end}[whence]
        self._place = start + offset
        return self._place

    def truncate(self, size: int | None = None, /) -> int:
        self._end = self._place if size is None else size
        return self._end


def settings(anchors: str | None = None, *, host: str = "") -> dict[str, Any]:
    """For signing and reading; `anchors` are certificates to trust, as PEM text.

    `host` is the only one that may be asked something; "" is none.
    """
    # Reading or signing a file must not tell anybody about it: nothing goes over the network,
    # but for a hash that a time-stamping authority is asked to sign if the user names one.
    chosen: dict[str, Any] = {
        "core": {
            "allowed_network_hosts": [host] if host else [],
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
    return chosen if anchors is None else chosen | {"trust": {"user_anchors": anchors}}


def pen(signer: Signer) -> c2pa.Signer:
    """The signer as the library takes it."""
    chain, key = signer.chain.encode(), signer.key.encode()
    url = signer.timestamp_url.encode() or None
    info = c2pa.C2paSignerInfo(signer.algorithm, chain, key, url)  # type: ignore[no-untyped-call]
    return c2pa.Signer.from_info(info)


def signed(claim: Claim, mime: str, source: Any, target: Any, *, embed: bool = True) -> bytes:
    """Damaged credentials of a take must not keep a result from being signed."""
    try:
        return _signed_with(add, claim, mime, source, target, embed=embed)
    except c2pa.C2paError as error:
        if not claim.takes or not is_of_takes(error):
            raise
    source.seek(0)
    target.seek(0)
    target.truncate()
    return _signed_with(add_bare, claim, mime, source, target, embed=embed)


def _signed_with(
    add_take: Callable[[c2pa.Builder, Ingredient], None],
    claim: Claim,
    mime: str,
    source: Any,
    target: Any,
    *,
    embed: bool,
) -> bytes:
    with (
        c2pa.Context.from_dict(settings(host=_host(claim.signer))) as context,
        c2pa.Builder(claim.manifest, context) as builder,
        pen(claim.signer) as held,
    ):
        if not embed:
            builder.set_no_embed()
        for take in claim.takes:
            add_take(builder, take)
        return bytes(builder.sign(held, mime, source, target))


def _host(signer: Signer) -> str:
    """Host and port of the time-stamping authority, the only one that may be asked."""
    return urlsplit(signer.timestamp_url).netloc.rpartition("@")[2]


def add(builder: c2pa.Builder, take: Ingredient) -> None:
    """Add a take with the credentials it carries, or without if C2PA cannot read it."""
    mime = mime_type(take.path)
    for bearer, sidecar in bearers(take.path):
        with suppress(c2pa.C2paError, OSError):  # broken: left behind likewise
            if _add_with_store(builder, take, bearer, sidecar.read_bytes()):
                return
    if mime is not None:
        try:
            with take.path.open("rb") as file:
                builder.add_ingredient(described(take, mime), mime, file)
            return
        except c2pa.C2paError:
            pass  # Credentials of a take that are broken or elsewhere are left behind.
    add_bare(builder, take)


def add_bare(builder: c2pa.Builder, take: Ingredient) -> None:
    """Add a take without credentials of its own."""
    builder.add_ingredient(described(take, PLAIN), PLAIN, io.BytesIO())


def _add_with_store(builder: c2pa.Builder, take: Ingredient, path: Path, store: bytes) -> bool:
    """Add a take with credentials that lie beside it; whether that was done.

    A file that carries its own is not: those speak of it as it is.
    """
    mime = mime_type(path)
    with path.open("rb") as file, c2pa.Context.from_dict(settings()) as context:
        if mime is not None:
            inside = c2pa.Reader.try_create(None, file, context=context)
            if inside is not None:
                inside.close()
                return False
            file.seek(0)
        with c2pa.Reader(mime or PLAIN, file, store, context=context) as reader:
            found = json.loads(reader.json())
        # The library checks an ingredient's credentials only where they are in the file.
        about = described(take, mime or PLAIN) | {
            "manifest_data": {"format": "application/c2pa", "identifier": f"{take.title}{SIDECAR}"},
            "validation_results": found["validation_results"],
        }
        builder.add_resource(f"{take.title}{SIDECAR}", io.BytesIO(store))
        file.seek(0)
        builder.add_ingredient(about, mime or PLAIN, file)
    return True


def signing_trouble(path: Path, signer: Signer, error: c2pa.C2paError) -> RecastError:
    """What the library's error means for the user."""
    if "os error" in str(error):
        folder = tempfile.gettempdir()
        fix = "free some space there, or set TMPDIR to a folder with twice the size of the file"
        return DiskTrouble(f"signing {path} needs room in {folder}: {error}", fix)
    if signer.timestamp_url and "http resolver" in str(error):
        what = f"the time-stamping authority {signer.timestamp_url} gave no time stamp: {error}"
        return OptionUnusable(what, "try again later, or unset RECAST_TIMESTAMP_URL to ask none")
    if kind_of(error) == "Signature":
        what = f"the certificate of {signer.organization or 'the signer'} cannot sign: {error}"
        fix = "use a certificate for C2PA: issued by an authority, for e-mail or document signing"
        return OptionUnusable(what, fix)
    return TakeUnreadable(f"{path} cannot be given credentials: {error}", "make it again")


def is_of_takes(error: c2pa.C2paError) -> bool:
    """Whether what a take carries may be why nothing could be signed."""
    said = str(error)
    return kind_of(error) != "Signature" and not ("os error" in said or "http resolver" in said)


def kind_of(error: c2pa.C2paError) -> str:
    """The library's name for an error."""
    # It begins every message with it; not every kind has a class in Python.
    return str(error).partition(":")[0]


class _Task(Generic[T]):
    """Work that is done to the end, or not at all if it is given up before it began."""

    def __init__(self, work: Callable[[], T]) -> None:
        self.results: list[T] = []
        self.errors: list[BaseException] = []
        self._work = work
        self._gate, self._done = _thread.allocate_lock(), _thread.allocate_lock()
        self._begun = self._given_up = False
        self._done.acquire()

    def run(self) -> None:
        with self._gate:
            if self._given_up:
                return
            self._begun = True
        try:
            self.results.append(self._work())
        except BaseException as error:  # noqa: BLE001  # raised again where the work was asked for
            self.errors.append(error)
        finally:
            self._done.release()

    def wait(self) -> None:
        with self._done:
            pass

    def end(self) -> None:
        with self._gate:
            self._given_up = True
        if self._begun:
            self.wait()


def undisturbed(work: Callable[[], T]) -> T:
    """Run `work` to its end in a thread, where Ctrl-C cannot strike.

    In the main thread it could strike inside a callback of native code, which would then take
    half a file for the whole and sign that. `threading` itself breaks if it is struck while it
    starts a thread or waits for one; the locks below it do not.
    """
    task = _Task(work)
    try:
        _thread.start_new_thread(task.run, ())
        task.wait()
    finally:
        task.end()
    for error in task.errors:
        raise error
    return task.results[0]
