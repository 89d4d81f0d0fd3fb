"""Landmarks by the dense network, for whatever found the face: every detector shares this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from recast.faces.align import FITTED
from recast.faces.face import Box, Face, Mesh
from recast.faces.mesh_points import IBUG68, SURFACE
from recast.faces.networks import AROUND, Candidate, Device, MeshNetwork, overlap, region_around
from recast.faces.pose import pose_of
from recast.faces.views import Picture, Region
from recast.geometry import Points
from recast.images import FrameImage

_THERE = 0.5
"""From this presence on the landmark network is taken to look at a face."""
_SAME = 0.08
"""A mesh belongs to other landmarks if the still points lie this near, in parts of the face."""
_FOREHEAD = 0.25
"""What a face reaches beyond the 68 landmarks, upwards, in parts of their height."""


class LandmarkReader:
    """Reads 478 points, and from them 68, where a face is said to be; safe in several threads."""

    def __init__(self, *, threads: int = 1, device: Device = "auto", batch: int = 8) -> None:
        self._meshes = MeshNetwork(threads=threads, device=device)
        self._batch = batch

    def read(
        self, pictures: Sequence[Picture], candidates: Sequence[Sequence[Candidate]]
    ) -> list[list[Face | None]]:
        """Per picture and candidate its landmarks, or None where no face is under it."""
        owners = [at for at, here in enumerate(candidates) for _ in here]
        flat = [candidate for here in candidates for candidate in here]
        faces: list[list[Face | None]] = [[] for _ in pictures]
        for start in range(0, len(flat), self._batch):
            part = slice(start, start + self._batch)
            seen = [pictures[at] for at in owners[part]]
            for at, face in zip(owners[part], self._meshed(seen, flat[part]), strict=True):
                faces[at].append(face)
        return faces

    def at(self, image: FrameImage, region: Region) -> Face:
        """The face that a person says fills `region`; its score tells how far the network agrees.

        The second look may not wander off to another face: it counts only near the first one.
        """
        picture = Picture(image)
        rough, sure = self._meshes([picture], [region])
        near = region_around(rough[0])
        fine, surer = self._meshes([picture], [near])
        moved = np.linalg.norm(rough[0][:, :2] - fine[0][:, :2], axis=1).mean() / region[2]
        if min(sure[0], surer[0]) < _THERE or moved > 0.1:
            return face_of(rough[0], sure[0])
        return face_of(fine[0], sure[0] * surer[0])

    def with_mesh(self, picture: Picture, face: Face) -> Face:
        """The face with a dense mesh, if the network sees the same landmarks there.

        Landmarks, box and score stay as they are; with a mesh, the pose is that of the mesh.
        """
        rough, _ = self._meshes([picture], [region_of(face.landmarks)])
        fine, sure = self._meshes([picture], [region_around(rough[0])])
        still = list(FITTED)
        read = fine[0][list(IBUG68), :2]
        off = np.linalg.norm(read[still] - face.landmarks[still], axis=1).mean()
        if sure[0] < _THERE or off > _SAME * face.size:
            return face
        return replace(face, mesh=fine[0], pose=pose_of(face.landmarks, fine[0]))

    def _meshed(
        self, pictures: Sequence[Picture], candidates: Sequence[Candidate]
    ) -> list[Face | None]:
        # The second look, at the square the first one's points give, halves the influence of the
        # error of whatever found the face.
        rough, sure = self._meshes(pictures, [candidate.region for candidate in candidates])
        there = [at for at, presence in enumerate(sure) if presence >= _THERE]
        faces: list[Face | None] = [None] * len(candidates)
        if there:
            regions = [region_around(rough[at]) for at in there]
            fine, surer = self._meshes([pictures[at] for at in there], regions)
            for at, mesh, presence in zip(there, fine, surer, strict=True):
                if presence >= _THERE:
                    certainty = candidates[at].score * sure[at] * presence
                    agreement = _agreement(candidates[at].region, rough[at], mesh)
                    faces[at] = face_of(mesh, certainty * agreement)
        return faces


def _agreement(region: Region, rough: Mesh, fine: Mesh) -> float:
    """1 if both looks put the points in the same place, upright in the region; less otherwise.

    Of all clues this one tells best whether a head was taken for upside down.
    """
    moved = np.linalg.norm(rough[:, :2] - fine[:, :2], axis=1).mean() / region[2]
    turned = np.abs(np.angle(np.exp(1j * (region_around(rough)[3] - region[3]))))
    return float(np.exp(-10 * moved - turned))


def face_of(mesh: Mesh, score: float) -> Face:
    """The face that a dense mesh describes; its box holds all points of the surface."""
    landmarks = mesh[list(IBUG68), :2].copy()
    return Face(surface_box(mesh), score, landmarks, pose_of(landmarks, mesh), mesh)


def surface_box(mesh: Mesh) -> Box:
    """The box that holds all points of the face's surface, forehead included."""
    left, top = mesh[:SURFACE, :2].min(axis=0)
    right, bottom = mesh[:SURFACE, :2].max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def region_of(landmarks: Points) -> Region:
    """Where to look for the face that has these 68 landmarks."""
    points = np.asarray(landmarks, np.float64)
    right, left = points[42:48].mean(axis=0), points[36:42].mean(axis=0)
    angle = float(np.arctan2(*(right - left)[::-1]))
    across = np.array([np.cos(angle), np.sin(angle)])
    axes = np.stack([across, [-across[1], across[0]]])  # along the eyes, and down the face
    turned = points @ axes.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    low[1] -= _FOREHEAD * (high[1] - low[1])
    x, y = (low + high) / 2 @ axes
    return float(x), float(y), float((high - low).max()) * AROUND, angle


def distinct(faces: Sequence[Face]) -> list[Face]:
    """The largest first; a face half inside a better one is a misreading of it."""
    kept: list[Face] = []
    for one in sorted(faces, key=lambda face: -face.score):
        if not (overlap(one.box, [face.box for face in kept], of_smaller=True) > 0.5).any():
            kept.append(one)
    return sorted(kept, key=lambda face: -face.size)
