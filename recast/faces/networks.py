"""The two networks in `networks/` on ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import onnxruntime
from numpy.typing import ArrayLike, NDArray

from recast.faces.face import Mesh
from recast.faces.mesh_points import OUTER_EYE_CORNERS, SURFACE
from recast.faces.views import Picture, Region, look, view_of
from recast.geometry import Similarity

Device = str
"""auto (a GPU if there is one), cpu, cuda or cuda:N."""

_RUNTIME: Any = onnxruntime  # it has annotations, but exports no name to type checkers

FOLDER = Path(__file__).with_name("networks")
SIZE = 192
"""Side of both networks' input."""

AROUND = 1.5
"""The landmark network wants to see this many times the face's box."""
_CELL = 4
"""The detector has one anchor in the middle of every 4 x 4 pixels of its input."""


class Session(Protocol):
    """A loaded network."""

    def run(
        self, outputs: list[str], inputs: dict[str, NDArray[np.float32]]
    ) -> list[NDArray[np.float32]]:
        """The named outputs for the named inputs; may be called from several threads."""


def open_network(name: str, *, threads: int, device: Device) -> Session:
    """A network on the GPU if `device` allows and ONNX Runtime has one, else on the CPU."""
    options = _RUNTIME.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    # Idle threads that spin take the cores from decoding and from the other batches.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    providers: list[Any] = ["CPUExecutionProvider"]
    if device != "cpu" and "CUDAExecutionProvider" in _RUNTIME.get_available_providers():
        number = device.partition(":")[2]
        chosen = {"device_id": int(number)} if number else {}
        providers.insert(0, ("CUDAExecutionProvider", chosen))
    session: Session = _RUNTIME.InferenceSession(
        FOLDER / f"{name}.onnx", options, providers=providers
    )
    return session


@dataclass(frozen=True)
class Candidate:
    """A likely face: where to look for landmarks, and how sure the box network is."""

    region: Region
    score: float

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The upright square around the face."""
        x, y, side, _ = self.region
        half = side / AROUND / 2
        return x - half, y - half, x + half, y + half


class BoxNetwork:
    """Finds faces whose height is between about 1/40 and 3/5 of a view's side."""

    def __init__(self, *, threads: int, device: Device) -> None:
        self._session = open_network("face_detection_full_range", threads=threads, device=device)
        y, x = np.mgrid[0:SIZE:_CELL, 0:SIZE:_CELL].astype(np.float32) + _CELL / 2
        self._anchors = np.stack([x.ravel(), y.ravel()], axis=-1)

    def __call__(
        self, pictures: Sequence[Picture], views: Sequence[Similarity], *, min_score: float
    ) -> list[list[Candidate]]:
        """Per view the candidates in it, in frame coordinates; overlapping ones are merged."""
        seen = look(pictures, views, SIZE, beyond=cv2.BORDER_CONSTANT) * np.float32(2 / 255) - 1
        boxes, logits = self._session.run(["boxes", "scores"], {"image": seen})
        scores = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
        return [
            self._decode(box, score, view, min_score)
            for box, score, view in zip(boxes, scores, views, strict=True)
        ]

    def _decode(
        self,
        boxes: NDArray[np.float32],
        scores: NDArray[np.float32],
        view: Similarity,
        min_score: float,
    ) -> list[Candidate]:
        likely = np.flatnonzero((scores >= min_score) & (boxes[:, 2:4] > 0).all(axis=1))
        values = boxes[likely].reshape(-1, 8, 2)
        anchors = self._anchors[likely]
        centres = values[:, 0] + anchors - 0.5  # the network counts from the pixels' edges
        sides = values[:, 1].max(axis=1)
        eyes = values[:, 2:4] + anchors[:, None] - 0.5
        found = []
        for chosen, weights in _groups(centres, sides, scores[likely]):
            (x, y), (right, left) = (
                view.inverse().apply(weights @ centres[chosen]),
                view.inverse().apply(np.tensordot(weights, eyes[chosen], 1)),
            )
            side = float(weights @ sides[chosen]) / view.scale
            angle = float(np.arctan2(left[1] - right[1], left[0] - right[0]))
            region = (float(x), float(y), side * AROUND, angle)
            found.append(Candidate(region, float(scores[likely][chosen].max())))
        return found


def _groups(
    centres: NDArray[np.float32], sides: NDArray[np.float32], scores: NDArray[np.float32]
) -> list[tuple[NDArray[np.intp], NDArray[np.float32]]]:
    """Which boxes show the same face, best first, and the weights of their mean."""
    rest = np.argsort(-scores, kind="stable")
    boxes = np.concatenate([centres - sides[:, None] / 2, centres + sides[:, None] / 2], axis=1)
    groups = []
    while len(rest):
        near = overlap(boxes[rest[0]], boxes[rest]) > 0.3
        near[0] = True
        chosen = rest[near]
        groups.append((chosen, scores[chosen] / scores[chosen].sum()))
        rest = rest[~near]
    return groups


def overlap(box: ArrayLike, boxes: ArrayLike, *, of_smaller: bool = False) -> NDArray[np.float32]:
    """Common area of a box with each of (N, 4) boxes, over their joint (or the smaller) area."""
    one = np.asarray(box, np.float32)
    others = np.asarray(boxes, np.float32).reshape(-1, 4)
    sides = np.minimum(one[2:], others[:, 2:]) - np.maximum(one[:2], others[:, :2])
    common = np.clip(sides, 0, None).prod(axis=1)
    areas, area = (others[:, 2:] - others[:, :2]).prod(axis=1), (one[2:] - one[:2]).prod()
    whole = np.minimum(areas, area) if of_smaller else areas + area - common
    return np.asarray(common / np.maximum(whole, 1e-9), np.float32)


class MeshNetwork:
    """Places 478 points on the face that fills a region."""

    def __init__(self, *, threads: int, device: Device) -> None:
        self._session = open_network("face_landmark_attention", threads=threads, device=device)

    def __call__(
        self, pictures: Sequence[Picture], regions: Sequence[Region]
    ) -> tuple[list[Mesh], list[float]]:
        """Per region a mesh in frame pixels and how surely there is a face, 0..1."""
        views = [view_of(region, SIZE) for region in regions]
        seen = look(pictures, views, SIZE, beyond=cv2.BORDER_REPLICATE) * np.float32(1 / 255)
        landmarks, logits = self._session.run(["landmarks", "presence"], {"image": seen})
        meshes = []
        for points, view in zip(landmarks, views, strict=True):
            flat = view.inverse().apply(points[:, :2] - np.float32(0.5))
            depth = points[:, 2:] / np.float32(view.scale)
            meshes.append(np.concatenate([flat, depth], axis=1).astype(np.float32))
        return meshes, [float(p) for p in 1 / (1 + np.exp(-np.clip(logits, -30, 30)))]


def region_around(mesh: Mesh) -> Region:
    """Where to look for the face that has this mesh."""
    left, right = mesh[OUTER_EYE_CORNERS[0], :2], mesh[OUTER_EYE_CORNERS[1], :2]
    low, high = mesh[:SURFACE, :2].min(axis=0), mesh[:SURFACE, :2].max(axis=0)
    x, y = (low + high) / 2
    angle = np.arctan2(right[1] - left[1], right[0] - left[0])
    return float(x), float(y), float((high - low).max()) * AROUND, float(angle)
