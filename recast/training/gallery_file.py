"""gallery.safetensors: the gallery of a model, beside its checkpoints, for merging with it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from recast.disk import clear_draft, disk_trouble_named
from recast.errors import CheckpointUnusable
from recast.faces.mesh_points import IBUG68
from recast.training.gallery import Gallery
from recast.training.registration import SIDE
from recast.training.tensors import write_tensors

NAME = "gallery.safetensors"
MOST_BYTES = 2**31
"""A file that is longer is none of recast's."""

_LAYOUT: dict[str, tuple[torch.dtype, str]] = {
    "pictures": (torch.uint8, "M3SS"),
    "meshes": (torch.float32, "MV2"),
    "tones": (torch.float16, "MV3"),
    "shapes": (torch.float32, "MV3"),
    "turns": (torch.float32, "M33"),
    "neutral": (torch.float32, "V3"),
    "triangles": (torch.int64, "T3"),
    "dst_neutral": (torch.float32, "V3"),
    "dst_still": (torch.int64, "K"),
    "light": (torch.float32, "93"),
    "skin_points": (torch.float32, "V2"),
    "skin": (torch.float32, "UU"),
}
"""Each tensor's type and shape: a digit is a length, equal letters are equal lengths."""


@dataclass(frozen=True)
class StoredGallery:
    """A gallery that was read, and the SHA-256 of its file."""

    gallery: Gallery
    sha256: str


def save_gallery(folder: Path, gallery: Gallery) -> None:
    """Write it into a model's folder, whole or not at all.

    Raises:
        DiskTrouble: no space or no permission.
    """
    path, draft = folder / NAME, folder / f"{NAME}.part"
    tensors = {column.name: getattr(gallery, column.name) for column in fields(gallery)}
    with disk_trouble_named(path):
        clear_draft(draft)
        try:
            write_tensors(draft, tensors)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)


def load_gallery(folder: Path) -> StoredGallery | None:
    """The gallery of a model's folder; None if it has none.

    Raises:
        CheckpointUnusable: it is damaged.
    """
    path = folder / NAME
    if not path.is_file():
        return None
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError("it is too long")
        data = path.read_bytes()
        gallery = _checked(load(data))
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise CheckpointUnusable(
            f"{path} is damaged ({error})",
            "put back a copy, or train on for a step: recast train writes it anew",
        ) from error
    return StoredGallery(gallery, hashlib.sha256(data).hexdigest())


def _checked(tensors: dict[str, Tensor]) -> Gallery:
    """Raises `ValueError` unless it is sound throughout: models are passed on, too."""
    if tensors.keys() != _LAYOUT.keys():
        raise ValueError("it holds other tensors than a gallery does")
    lengths: dict[str, int] = {}
    for name, (kind, shape) in _LAYOUT.items():
        tensor = tensors[name]
        if tensor.dtype != kind or tensor.dim() != len(shape):
            raise ValueError(f"{name} has another form")
        for letter, length in zip(shape, tensor.shape, strict=True):
            wanted = int(letter) if letter.isdigit() else lengths.setdefault(letter, length)
            if length != wanted or length == 0:
                raise ValueError(f"{name} has another form")
        if kind.is_floating_point and not bool(tensor.isfinite().all()):
            raise ValueError(f"{name} holds what is no number")
    points = tensors["neutral"].shape[0]
    for name, most in (("triangles", points - 1), ("dst_still", points - 1), ("skin_points", SIDE)):
        if float(tensors[name].min()) < 0 or float(tensors[name].max()) > most:
            raise ValueError(f"{name} names points that are not there")
    nobody = points <= max(IBUG68) or float(tensors["tones"].min()) <= 0
    if nobody or tensors["skin"].shape[0] != SIDE:
        raise ValueError("it is of no face")
    return Gallery(**tensors)
