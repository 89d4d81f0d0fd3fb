"""What `recast doctor` looks at, one small function a subject."""

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import psutil

from recast.cli.cards import Lookup, TorchUnusable
from recast.errors import RecastError

_REINSTALL = "install recast again: pip install -e . in its folder"
_PARTS = (
    "av",
    "c2pa-python",
    "cryptography",
    "faiss-cpu",
    "numpy",
    "onnxruntime",
    "opencv-python-headless",
    "pydantic",
    "safetensors",
    "torch",
)
_DECODERS = ("h264", "hevc", "vp9", "av1", "mpeg4", "mpeg2video", "prores", "dnxhd", "ffv1", "aac")
_NEEDED_DECODERS = ("h264",)
_ENCODERS = ("libx264", "aac")
_DATA = (
    "faces/networks/face_detection_full_range.onnx",
    "faces/networks/face_landmark_attention.onnx",
    "samples/pair1_src.mp4",
    "samples/pair1_dst.mp4",
)
_LEAST_DISK = 2 * 1024**3
_LEAST_MEMORY = 2 * 1024**3


@dataclass(frozen=True)
class Check:
    """One thing looked at; `fix` says what to do, and may be a hint even if it is ok."""

    name: str
    ok: bool
    found: str
    fix: str = ""


def system() -> Iterator[Check]:
    yield Check("recast", True, _version("recast") or "not installed")
    enough = sys.version_info >= (3, 11)
    fix = "" if enough else "use Python 3.11 or newer"
    yield Check("Python", enough, f"{platform.python_version()} on {platform.platform()}", fix)


def parts() -> Iterator[Check]:
    for name in _PARTS:
        found = _version(name)
        yield Check(name, bool(found), found or "not installed", "" if found else _REINSTALL)


def processor() -> Iterator[Check]:
    yield Check("CPU", True, f"{_cores()} cores, {platform.machine()}")


def room() -> Iterator[Check]:
    memory = psutil.virtual_memory()
    enough = memory.total >= _LEAST_MEMORY
    fix = "" if enough else "recast needs 2 GiB; close other programs or use another machine"
    yield Check("memory", enough, f"{_gib(memory.total)}, {_gib(memory.available)} of it free", fix)
    here = shutil.disk_usage(Path.cwd()).free
    enough = here >= _LEAST_DISK
    fix = "" if enough else "free some space, or work on another disk"
    yield Check("disk", enough, f"{_gib(here)} free in {Path.cwd()}", fix)


def codecs() -> Iterator[Check]:
    try:
        import av  # noqa: F401
    except (ImportError, OSError) as error:
        yield Check("codecs", False, f"PyAV cannot be loaded: {error}", _REINSTALL)
        return
    fix = "install PyAV from its own wheel: pip install --force-reinstall av"
    readable = [name for name in _DECODERS if _codec(name, "r")]
    lacking = [name for name in _NEEDED_DECODERS if name not in readable]
    yield Check("reads", not lacking, ", ".join(readable) or "nothing", fix if lacking else "")
    writable = [name for name in _ENCODERS if _codec(name, "w")]
    lacking = [name for name in _ENCODERS if name not in writable]
    found = ", ".join(writable) or "nothing"
    found += f" (no {', '.join(lacking)})" if lacking else ""
    yield Check("writes", not lacking, found, fix if lacking else "")


def networks() -> Iterator[Check]:
    try:
        import onnxruntime
    except (ImportError, OSError) as error:
        yield Check("ONNX Runtime", False, f"cannot be loaded: {error}", _REINSTALL)
    else:
        runtime: Any = onnxruntime  # it has annotations, but exports no name to type checkers
        providers = runtime.get_available_providers()
        yield Check("ONNX Runtime", True, ", ".join(providers))
    for name in _DATA:
        there = files("recast").joinpath(*name.split("/")).is_file()
        found = "in the package" if there else "not in the package"
        yield Check(name.rpartition("/")[2], there, found, "" if there else _REINSTALL)


def signing() -> Iterator[Check]:
    try:
        from recast.provenance import config_folder, find_signer
        from recast.provenance.studio import open_to_others
    except (ImportError, OSError) as error:
        yield Check("signing", False, f"cannot be loaded: {error}", _REINSTALL)
        return
    folder = config_folder(os.environ)
    if trouble := _unwritable(folder):
        fix = "set RECAST_HOME to a folder you may write to"
        yield Check("settings", False, f"{folder}: {trouble}", fix)
        return
    yield Check("settings", True, str(folder))
    try:
        signer = find_signer(os.environ, datetime.now(UTC))
    except RecastError as error:
        yield Check("signing", False, str(error), error.fix)
    else:
        yield Check("signing", True, f"as {signer.organization or 'unnamed'} ({signer.algorithm})")
    for key in open_to_others(os.environ):
        fix = f"let nobody but you read it: chmod 600 {key}"
        yield Check("signing key", False, f"{key} can be read by others", fix)


def graphics(looking: Lookup) -> Iterator[Check]:
    """Waits for what the other process finds."""
    try:
        cards = looking.cards()
    except TorchUnusable as error:
        yield Check("GPU", False, f"torch cannot be loaded: {error}", _REINSTALL)
        return
    named = [f"{one.name}, {_gib(one.memory)}" if one.memory else one.name for one in cards]
    hint = "" if named else "training runs on the CPU; a GPU only makes it faster"
    yield Check("GPU", True, "; ".join(named) or "none", hint)


CHECKS: tuple[Callable[[], Iterator[Check]], ...] = (
    system,
    parts,
    processor,
    room,
    codecs,
    networks,
    signing,
)
"""All but `graphics`, in the order they are shown."""


def _unwritable(folder: Path) -> str:
    """Why nothing can be written there; "" if it can."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return (error.strerror or str(error)).lower()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _codec(name: str, mode: Literal["r", "w"]) -> bool:
    from av.codec import Codec
    from av.codec.codec import UnknownCodecError

    try:
        Codec(name, mode)
    except UnknownCodecError:
        return False
    return True


def _cores() -> int:
    """The cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _gib(amount: int) -> str:
    return f"{amount / 1024**3:.1f} GiB"
