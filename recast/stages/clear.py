"""Remove what recast made in a workspace, and nothing that it cannot prove to have made.

A folder of DeepFaceLab has the same names (`aligned`, `model`, `merged`), and people put their
own files beside ours. So nothing goes by its name alone:

    face files              carry recast's XMP packet
    debug pictures          begin with a comment of recast's
    frames, denoised and    are in the note beside them, and hold what the note says
    merged pictures
    models                  the parts of a folder whose options.json is recast's
    parts of a merge        stand in folders and under names that only recast gives
    thumbnails, jobs        are where and called what nothing else is
    results, their sheets   carry intact content credentials of recast
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from recast.disk import Fingerprint, disk_trouble_named, read_json
from recast.errors import RecastError
from recast.workspace import SIDES, Side, Workspace

_KEY = re.compile(r"[0-9a-f]{16}(-layers)?")
_SEGMENT = re.compile(r"\d{8}-\d{8}(\.(mp4|mov|mkv|avi))?(\.part)?")
_JOB = re.compile(r"\d{8}T\d{12}-[0-9a-f]{8}\.(json|end|words)(\.part)?")
_PART = re.compile(r"finished\.json|\d{6,}\.png(\.part)?|frames\.jsonl")
_IN_MODEL = frozenset(
    {
        "options.json",
        "checkpoint",
        "history.jsonl",
        "gallery.safetensors",
        "preview",
        "losses.png",
        "samples.jpg",
        "timelapse.mp4",
        "training.lock",
        "decoded",
    }
)
_EXPORTED = frozenset({".onnx", ".pt"})
_INDEX = re.compile(r"\.index\.sqlite(-journal|-wal|-shm)?|\.order\.(json|lock)")

_Proof = Callable[[Path], bool]


def run(workspace: Workspace) -> list[Path]:
    """Remove what `made_here` finds, and folders that are empty then; returns what it found.

    Raises:
        DiskTrouble: something may not be removed; what is left is found again.
    """
    found = made_here(workspace)
    workspace.use_original()
    for path in found:
        with disk_trouble_named(path):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in found:
        _prune(path.parent, workspace.root)
    return found


def made_here(workspace: Workspace) -> list[Path]:
    """Files and whole folders that recast made: what a person sees before they are removed."""
    found: list[Path] = []
    for side in SIDES:
        found += _of_side(workspace, side)
    found += _denoised(workspace)
    merging = workspace.merging_folder("").parent / "merging"
    found += _ours(merging, _is_part)
    found += _noted_pictures(workspace.merged_folder)
    found += _ours(workspace.thumbs_file.parent, _is_of_studio)
    found += _models(workspace.model_folder("").parent / "model")
    for suffix in (".mp4", ".mov", ".mkv", ".avi", ""):
        found += _result(workspace.result_as(suffix))
    found += [workspace.compared] if _is_signed(workspace.compared) else []
    for noted, key in ((workspace.cuts_file, "cuts"), (workspace.guard_file, "looked_at")):
        known = _json(noted)
        found += [noted] if isinstance(known, dict) and {"version", key} <= known.keys() else []
    found += [workspace.sheet] if _is_signed(workspace.sheet) else []
    takes = [take for side in SIDES if (take := _take(workspace, side))]
    root = workspace.root.resolve()
    # Whatever a take is made of is never removed, nor what a link leads to outside this folder.
    return [
        path
        for path in found
        if path.parent.resolve() == root / path.parent.relative_to(workspace.root)
        and not path.is_symlink()
        and not any(path.resolve() in (take, *take.parents) for take in takes)
    ]


def is_denoised_copy(workspace: Workspace, path: Path) -> bool:
    """Whether a denoised take is just as the denoise stage wrote it."""
    if path.is_dir():
        return _noted_pictures(path) == [path]
    known = _json(workspace.denoising_file)
    try:
        return bool(known["name"] == path.name and Fingerprint(**known["written"]).fits(path))
    except (KeyError, TypeError):
        return False


def _of_side(workspace: Workspace, side: Side) -> Iterator[Path]:
    faces = workspace.faceset_folder(side)
    yield from _ours(faces, _is_face)
    yield from _ours(workspace.others_folder(side), _is_face)
    yield from _ours(workspace.debug_folder(side), _is_debug_picture)
    for old in sorted(faces.parent.glob("aligned*.old-*")):
        yield from _ours(old, lambda path: _is_face(path) or _is_debug_picture(path))
    extraction = workspace.extraction_file(side)
    known = _json(extraction)
    if isinstance(known, dict) and {"version", "take"} <= known.keys():
        yield extraction
    if workspace.frames_folder(side).resolve() != _take(workspace, side):
        yield from _noted_pictures(workspace.frames_folder(side), root_only=True)


def _take(workspace: Workspace, side: Side) -> Path | None:
    try:
        return workspace.original_path(side).resolve()
    except RecastError:  # nobody knows where the take is
        return None


def _denoised(workspace: Workspace) -> Iterator[Path]:
    for suffix in (".mp4", ""):
        path = workspace.denoised_path(suffix)
        if path.is_file() and is_denoised_copy(workspace, path):
            yield path
        elif path.is_dir():
            yield from _noted_pictures(path)
    known = _json(workspace.denoising_file)
    if isinstance(known, dict) and {"version", "made_of"} <= known.keys():
        yield workspace.denoising_file
    yield from _ours(workspace.denoising_folder, _is_part)


def _models(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        return
    found: list[Path] = []
    whole = True
    for model in sorted(folder.iterdir()):
        if _names(model) == ["training.lock"]:  # begun, and refused before its first step
            found.append(model)
            continue
        known = _json(model / "options.json")
        if not (isinstance(known, dict) and {"version", "model", "framing"} <= known.keys()):
            whole = False
            continue
        inside = sorted(model.iterdir())
        ours = [path for path in inside if _is_of_model(path)]
        whole = whole and ours == inside
        found += [model] if ours == inside else ours
    yield from [folder] if whole and found else found


def _is_of_model(path: Path) -> bool:
    """Whether recast made it: by its name, or an exported network by its credentials."""
    from recast.provenance import SIDECAR

    if path.name.removesuffix(".part") in _IN_MODEL:
        return True
    bare = path.with_suffix("") if path.suffix == SIDECAR else path
    return bare.suffix in _EXPORTED and _is_signed(bare)


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []


def _noted_pictures(folder: Path, *, root_only: bool = False) -> list[Path]:
    """Pictures that hold what the note beside them says, and the note."""
    from recast.provenance import SIDECAR
    from recast.video import NOTE_NAME, read_note

    note = read_note(folder) if folder.is_dir() else None
    if note is None:
        return []
    pictures = note.pictures

    def proof(path: Path) -> bool:
        if path.name in (NOTE_NAME, f"{NOTE_NAME}{SIDECAR}"):
            return True
        draft = path.suffix == ".part" and path.stem in pictures
        return draft or (path.name in pictures and pictures[path.name].written.fits(path))

    if root_only:
        return [path for path in sorted(folder.iterdir()) if path.is_file() and proof(path)]
    return _ours(folder, proof)


def _ours(folder: Path, proof: _Proof) -> list[Path]:
    """The folder itself if all in it is proven, else what is; nothing of an empty one.

    Empty folders inside do not count: there is nothing in them to lose.
    """
    if not folder.is_dir() or folder.is_symlink():
        return []
    inside = [path for path in sorted(folder.iterdir()) if not _is_empty(path)]
    found: list[Path] = []
    for path in inside:
        if path.is_dir():
            found += _ours(path, proof)
        elif proof(path):
            found.append(path)
    return [folder] if found and found == inside else found


def _is_empty(path: Path) -> bool:
    """Whether it is a folder in which, however deep, there is no file."""
    return path.is_dir() and not path.is_symlink() and all(map(_is_empty, path.iterdir()))


def _is_face(path: Path) -> bool:
    """Whether a file carries recast's packet; faces of other programs carry none."""
    from recast.faceset.containers import CONTAINERS, Unusable
    from recast.faceset.xmp import unpack

    if _INDEX.fullmatch(path.name):
        return True
    container = CONTAINERS.get(path.suffix.lower())
    if container is None:
        return False
    for head in (80_000, 2_000_000):  # recast writes the packet first, others move it back
        try:
            with path.open("rb") as file:
                unpack(container.take(file.read(head)))
            return True
        except Unusable:
            continue
        except OSError:
            return False
    return False


def _is_debug_picture(path: Path) -> bool:
    from recast.faces.debug_picture import is_debug_jpeg

    try:
        with path.open("rb") as file:
            return is_debug_jpeg(file.read(64))
    except OSError:
        return False


def _is_part(path: Path) -> bool:
    for inside, folder in pairwise([path, *path.parents]):
        if _SEGMENT.fullmatch(inside.name) and _KEY.fullmatch(folder.name):
            return True  # a segment, or a picture in a folder that is one
    return bool(_KEY.fullmatch(path.parent.name) and _PART.fullmatch(path.name))


def _is_of_studio(path: Path) -> bool:
    """Small pictures, or a record of a job, which has its place and name for itself."""
    if path.parent.name == "jobs":
        return _JOB.fullmatch(path.name) is not None
    return re.fullmatch(r"thumbs\.sqlite(-journal|-wal|-shm)?", path.name) is not None


def _result(path: Path) -> Iterator[Path]:
    """A video with the credentials beside it, or what a folder of pictures holds of a result."""
    from recast.provenance import SIDECAR
    from recast.provenance.folders import belongings

    if not _is_signed(path):
        return
    if not path.is_dir():
        yield path
        yield from (one for one in [path.with_name(path.name + SIDECAR)] if one.is_file())
        return
    ours = belongings(path, SIDECAR)
    yield from ours if set(path.iterdir()) - set(ours) else [path]


def _is_signed(path: Path) -> bool:
    """Whether a file or folder carries credentials of recast and is unchanged since."""
    from recast.provenance import verify

    if not path.exists():
        return False
    try:
        found = verify(path)
        return found.intact and found.claim_generator.startswith("recast")
    except RecastError:
        return False


def _json(path: Path) -> Any:
    try:
        return read_json(path)
    except (OSError, ValueError):
        return None


def _prune(folder: Path, root: Path) -> None:
    """Remove folders that are empty now, from the inside out, but not the workspace."""
    while folder != root and root in folder.parents and folder.is_dir():
        if any(folder.iterdir()):
            return
        folder.rmdir()
        folder = folder.parent
