"""A face set as training wants it: decoded once, at the model's framing and side."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from recast.disk import disk_trouble_named
from recast.errors import FaceFileUnreadable, NoFaceFound, OptionUnusable
from recast.faces import PADDING, Framing, align, hull_mask, placement
from recast.faces.mesh_points import SURFACE
from recast.faceset import (
    FaceRecord,
    FaceSet,
    begins_full,
    carries_mask,
    load_face,
    mask_in,
)
from recast.geometry import Similarity
from recast.images import upper_8_bits
from recast.training.missing_mesh import MeshReader

Outline = Literal["hull", "mesh"]
"""What counts as face: the hull of the landmarks, or the dense mesh with the forehead."""
Warn = Callable[[str], None]

EYES, MOUTH = (range(36, 42), range(42, 48)), (range(48, 60),)


@dataclass(frozen=True)
class TrainingFaces:
    """Aligned faces of one side.

    faces: (N, 3, S, S) uint8; masks: (N, 1, S, S) uint8, 255 = face; meshes: (N, V, 3) in
    pixels of the S x S face, or None if not asked for; landmarks: (N, 68, 2) likewise;
    yaw, pitch: (N,) degrees. is_stored: whether the pictures lie on disk.
    """

    faces: Tensor
    masks: Tensor
    meshes: NDArray[np.float64] | None
    landmarks: NDArray[np.float32]
    yaw: NDArray[np.float64]
    pitch: NDArray[np.float64]
    is_stored: bool = False

    @property
    def away(self) -> NDArray[np.float64]:
        """(N,) degrees that the head is turned or nods away from the camera."""
        return np.hypot(self.yaw, self.pitch)

    def __len__(self) -> int:
        return len(self.faces)

    @property
    def side(self) -> int:
        """Of the faces, pixels."""
        return self.faces.shape[-1]

    def to(self, device: torch.device) -> TrainingFaces:
        """The same with the pictures on `device`."""
        return replace(self, faces=self.faces.to(device), masks=self.masks.to(device))

    def pictures(self, rows: Tensor, device: torch.device) -> Tensor:
        """Some faces, (B, 3, S, S), 0..1, on `device`."""
        return _picked(self.faces, rows, device)

    def covers(self, rows: Tensor, device: torch.device) -> Tensor:
        """Their masks, (B, 1, S, S), 0..1."""
        return _picked(self.masks, rows, device)

    def features(self, rows: Tensor, device: torch.device) -> Tensor:
        """Where their eyes and mouths are, (B, 1, S, S), 0..1."""
        drawn = [_features(self.landmarks[int(row)], self.side) for row in rows]
        return torch.from_numpy(np.stack(drawn))[:, None].to(device).float() / 255


def _picked(pictures: Tensor, rows: Tensor, device: torch.device) -> Tensor:
    return pictures[rows.to(pictures.device)].to(device, non_blocking=True).float() / 255


def require_faces(faceset: FaceSet) -> None:
    """Raise NoFaceFound for an empty set."""
    if not len(faceset):
        raise NoFaceFound(
            f"{faceset.folder} holds no faces", "extract them again, or look for a better take"
        )


@dataclass(frozen=True)
class Cut:
    """How faces are cut for a model.

    side: pixels; framing: "" takes the face set's own, which must then be one; meshes: whether
    every face needs its dense mesh, which is read from the crop where the file has none; drawn:
    whether a mask that the file carries stands in for the outline.
    """

    side: int
    framing: Framing | Literal[""] = ""
    outline: Outline = "mesh"
    meshes: bool = True
    drawn: bool = True


@dataclass(frozen=True)
class _Decoded:
    face: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    landmarks: NDArray[np.float32]
    mesh: NDArray[np.float64] | None


def load_training_faces(
    faceset: FaceSet, cut: Cut, warn: Warn, *, store: Path | None = None
) -> TrainingFaces:
    """Read and cut all faces; what cannot be read is named in a warning and left out.

    Args:
        store: a file that holds the pictures instead of memory; the tensors are views of it, and
            it must stay as long as they do. None keeps them in memory.

    Raises:
        NoFaceFound: no face is left.
        OptionUnusable: the framing shows more than the face files do.
        DiskTrouble: `store` cannot be written.
    """
    require_faces(faceset)
    require_framing(faceset, cut.framing)
    faces, masks = _room(len(faceset), cut.side, store)
    kept: list[int] = []
    landmarks, meshes = [], []
    lost: list[str] = []
    for index, found in enumerate(_decoded(faceset, cut)):
        if isinstance(found, str):
            lost.append(found)
            continue
        at = len(kept)
        faces[at], masks[at, 0] = found.face.transpose(2, 0, 1), found.mask
        kept.append(index)
        landmarks.append(found.landmarks)
        meshes.append(found.mesh)
    if lost:
        more = len(lost) - 1
        warn(f"Left out: {lost[0]} (and {more} more)" if more else f"Left out: {lost[0]}")
    if not kept:
        raise NoFaceFound(
            f"no face in {faceset.folder} can be used", "extract them again, or mend the files"
        )
    known = [mesh for mesh in meshes if mesh is not None]
    chosen = faceset[kept]
    return TrainingFaces(
        torch.from_numpy(faces[: len(kept)]),
        torch.from_numpy(masks[: len(kept)]),
        np.stack(known) if cut.meshes else None,
        np.stack(landmarks),
        chosen.yaw.astype(np.float64),
        chosen.pitch.astype(np.float64),
        is_stored=store is not None,
    )


def bytes_needed(faceset: FaceSet, side: int) -> int:
    """What the pictures of a set take in memory."""
    return len(faceset) * 4 * side * side


def require_framing(faceset: FaceSet, framing: Framing | Literal[""]) -> None:
    """Raise OptionUnusable if a model wants to see more than the face files show."""
    order = list(PADDING)
    tight = [str(one) for one in np.unique(faceset.framings) if framing and _wider(framing, one)]
    if tight:
        wider = ", ".join(order[order.index(cast(Framing, framing)) :])
        raise OptionUnusable(
            f"the model wants faces of framing {framing}, and {faceset.folder} holds {tight[0]}",
            f"extract that side again with --framing set to one of: {wider}",
        )


def _wider(framing: str, than: str) -> bool:
    order = [str(one) for one in PADDING]
    return order.index(framing) > order.index(than)


def _room(count: int, side: int, store: Path | None) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Places for faces (N, 3, S, S) and masks (N, 1, S, S)."""
    if store is None:
        room = np.empty((count, 4, side, side), np.uint8)
    else:
        with disk_trouble_named(store):
            store.parent.mkdir(parents=True, exist_ok=True)
            room = np.memmap(store, np.uint8, "w+", shape=(count, 4, side, side))
    return room[:, :3], room[:, 3:]


def _decoded(faceset: FaceSet, cut: Cut) -> Iterator[_Decoded | str]:
    """Face by face, in order: decoded by several threads, or what is wrong with it."""
    from recast.ordered import ordered

    reader = MeshReader() if cut.meshes else None

    def work(index: int) -> _Decoded | str:
        path = faceset.path(index)
        try:
            crop, record = load_face(path)
        except (FaceFileUnreadable, OSError) as error:
            return str(error)
        crop, mesh = upper_8_bits(crop), None
        if reader is not None:
            mesh = reader(crop, record)
            if mesh is None:
                return f"{path}: the dense mesh cannot be read from its crop"
        return _cut_out(crop, record, mesh, cut)

    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        yield from ordered(pool, work, range(len(faceset)), ahead=4 * workers)


def _cut_out(
    crop: NDArray[np.uint8], record: FaceRecord, mesh: NDArray[np.float32] | None, cut: Cut
) -> _Decoded:
    side, points = cut.side, record.points
    if cut.framing in ("", record.framing):
        zoom = side / record.size
        shift = (zoom - 1) / 2  # pixel centres lie half a pixel inside the crop's edge
        placed = record.placed.then(Similarity(np.array([[zoom, 0, shift], [0, zoom, shift]])))
    else:
        placed = placement(points, side, cast(Framing, cut.framing), yaw=record.pose.yaw)
    face = align(crop, record.placed.inverse().then(placed), side)
    landmarks = placed.apply(points)
    moved = None
    if mesh is not None:
        flat = placed.apply(mesh[:, :2])
        moved = np.column_stack([flat, mesh[:, 2] * placed.scale]).astype(np.float64)
    if cut.outline == "mesh" and moved is not None:
        mask = _outline(moved, side)
    else:
        mask = np.rint(hull_mask(landmarks, (side, side)) * 255).astype(np.uint8)
    if cut.drawn and carries_mask(record):
        mask = _drawn(record, placed, mask)
    return _Decoded(face, mask, landmarks, moved)


def _drawn(record: FaceRecord, placed: Similarity, outline: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The mask that the file carries; where it only takes away, what it leaves of the outline."""
    drawn = mask_in(record, placed, outline.shape[0])
    within = outline if begins_full(record) else np.float32(255)
    return np.asarray(np.rint(drawn * within), np.uint8)


def _outline(mesh: NDArray[np.float64], side: int) -> NDArray[np.uint8]:
    """The filled outline of a mesh, forehead included."""
    return _filled([mesh[:SURFACE, :2]], side)


def _features(landmarks: NDArray[np.float32], side: int) -> NDArray[np.uint8]:
    """Eyes with their lids and the mouth, a little widened."""
    spots = _filled([landmarks[list(part)] for part in (*EYES, *MOUTH)], side)
    reach = side // 28 * 2 + 1
    return np.asarray(cv2.dilate(spots, np.ones((reach, reach), np.uint8)), np.uint8)


def _filled(
    outlines: list[NDArray[np.float64]] | list[NDArray[np.float32]], side: int
) -> NDArray[np.uint8]:
    mask = np.zeros((side, side), np.uint8)
    for outline in outlines:
        # 4 binary digits of a pixel.
        corners = np.rint(np.clip(outline, -30000, 30000) * 16).astype(np.int32)
        cv2.fillConvexPoly(mask, cv2.convexHull(corners), 255, lineType=cv2.LINE_AA, shift=4)
    return mask
