"""A face set in memory, as training wants it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from recast.errors import NoFaceFound
from recast.faces import hull_mask
from recast.faces.mesh_points import SURFACE
from recast.faceset import FaceSet

MOST = 20_000  # faces held in memory: 550 MB at 96 pixels


@dataclass(frozen=True)
class TrainingFaces:
    """Aligned faces of one side.

    faces: (N, 3, S, S) uint8; masks: (N, 1, S, S) uint8, 255 = face; meshes: (N, V, 3) in
    pixels of the S x S face, or None if not every face has one; landmarks: (N, 68, 2) likewise;
    yaw, pitch: (N,) degrees.
    """

    faces: Tensor
    masks: Tensor
    meshes: NDArray[np.float64] | None
    landmarks: NDArray[np.float32]
    yaw: NDArray[np.float64]
    pitch: NDArray[np.float64]

    @property
    def away(self) -> NDArray[np.float64]:
        """(N,) degrees that the head is turned or nods away from the camera."""
        return np.hypot(self.yaw, self.pitch)

    def __len__(self) -> int:
        return len(self.faces)

    def to(self, device: torch.device) -> TrainingFaces:
        """The same with the pictures on `device`."""
        return replace(self, faces=self.faces.to(device), masks=self.masks.to(device))


def require_faces(faceset: FaceSet) -> None:
    """Raise NoFaceFound for an empty set."""
    if not len(faceset):
        raise NoFaceFound(
            f"{faceset.folder} holds no faces", "extract them again, or look for a better take"
        )


def load_training_faces(faceset: FaceSet, side: int, warn: Callable[[str], None]) -> TrainingFaces:
    """Read the crops at `side` pixels; a set of more than `MOST` is thinned evenly.

    Raises:
        NoFaceFound: the set is empty.
    """
    require_faces(faceset)
    if len(faceset) > MOST:
        warn(f"{faceset.folder} holds {len(faceset)} faces; every n-th is used, {MOST} in all.")
        faceset = faceset[np.linspace(0, len(faceset) - 1, MOST).round().astype(int)]
    with ThreadPoolExecutor() as pool:
        crops = list(pool.map(lambda i: faceset.crops([i], side)[0], range(len(faceset))))
    meshes = _meshes(faceset, side)
    masks = [
        _outline(meshes[i], side) if meshes is not None else _landmark_mask(faceset, i, side)
        for i in range(len(faceset))
    ]
    return TrainingFaces(
        torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).contiguous(),
        torch.from_numpy(np.stack(masks))[:, None],
        meshes,
        np.stack([faceset.crop_landmarks(index, side) for index in range(len(faceset))]),
        faceset.yaw.astype(np.float64),
        faceset.pitch.astype(np.float64),
    )


def _outline(mesh: NDArray[np.float64], side: int) -> NDArray[np.uint8]:
    """The filled outline of a mesh, forehead included."""
    mask = np.zeros((side, side), np.uint8)
    hull = cv2.convexHull(np.rint(mesh[:SURFACE, :2] * 16).astype(np.int32))
    return np.asarray(cv2.fillConvexPoly(mask, hull, 255, lineType=cv2.LINE_AA, shift=4))


def _landmark_mask(faceset: FaceSet, index: int, side: int) -> NDArray[np.uint8]:
    landmarks = faceset.crop_landmarks(index, side)
    return np.rint(hull_mask(landmarks, (side, side)) * 255).astype(np.uint8)


def _meshes(faceset: FaceSet, side: int) -> NDArray[np.float64] | None:
    found = [faceset.crop_mesh(index, side) for index in range(len(faceset))]
    if any(mesh is None for mesh in found):
        return None
    return np.stack([mesh for mesh in found if mesh is not None]).astype(np.float64)
