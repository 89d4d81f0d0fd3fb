"""The MTCNN detector (extra `mtcnn`): a pyramid of the frame and three networks in a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from recast.faces.extras import file_of_package, lacks_extra
from recast.faces.face import Face
from recast.faces.networks import AROUND, Candidate, Device, overlap
from recast.faces.reading import LandmarkReader, distinct
from recast.faces.views import Picture, look, view_of
from recast.images import FrameImage

if TYPE_CHECKING:
    from recast.faces.mtcnn_networks import Stage

Boxes = NDArray[np.float32]
"""(N, 5): left, top, right, bottom from the pixels' edges, score."""

_CELL, _STRIDE = 12, 2
_MOST_PROPOSALS = 512
"""Per frame; noise can make thousands, and the best of them hold all faces."""
_FIVE = 5


class MtcnnDetector:
    """Boxes and five points are MTCNN's; the landmark network, shown the box, gives the 68 points.

    `factor` is the ratio of neighbouring levels of the pyramid: near 1 it finds more and takes
    longer. `thresholds` are the least scores of the three networks.
    """

    def __init__(
        self,
        *,
        device: Device = "auto",
        min_score: float = 0.5,
        min_size: float = 32,
        max_faces: int = 16,
        factor: float = 0.709,
        thresholds: tuple[float, float, float] = (0.6, 0.7, 0.7),
    ) -> None:
        """`min_size` in pixels, longer side of a face's box.

        Raises:
            OptionUnusable: the extra is not installed.
        """
        missing = lacks_extra("the detector mtcnn needs the weights of MTCNN", "mtcnn")
        names = ("pnet.lz4", "rnet.lz4", "onet.lz4")
        weights = [file_of_package("mtcnn", name, missing=missing) for name in names]
        try:
            import lz4.frame  # noqa: F401
        except ImportError as error:
            raise missing from error
        from recast.faces import mtcnn_networks as networks

        self._device = networks.torch_device(device)
        made = (
            networks.proposal_network(),
            networks.refining_network(),
            networks.output_network(),
        )
        self._propose, self._refine, self._finish = (
            networks.load_stage(stage, path, self._device)
            for stage, path in zip(made, weights, strict=True)
        )
        self._reader = LandmarkReader(device=device)
        self._min_score, self._min_size, self._max_faces = min_score, min_size, max_faces
        self._factor, self._thresholds = factor, thresholds

    def __call__(
        self, images: Sequence[FrameImage], frames: Sequence[int] = ()
    ) -> list[list[Face]]:
        """Per image its faces, the largest first."""
        pictures = [Picture(image) for image in images]
        read = self._reader.read(pictures, [self._candidates(picture) for picture in pictures])
        found = []
        for faces in read:
            large = [f for f in faces if f is not None and f.size >= self._min_size]
            found.append(distinct(large)[: self._max_faces])
        return found

    def _candidates(self, picture: Picture) -> list[Candidate]:
        boxes = self._proposals(picture)
        for stage, side, least in (
            (self._refine, 24, self._thresholds[1]),
            (self._finish, 48, self._thresholds[2]),
        ):
            if not len(boxes):
                return []
            last = stage is self._finish
            moves, *points, scores = self._run(stage, _seen(picture, boxes, side))
            five = _points_of(points[0], boxes) if last else np.zeros((len(boxes), _FIVE, 2))
            boxes = np.column_stack([_moved(boxes[:, :4], moves, extra=1), scores])
            kept = np.flatnonzero(boxes[:, 4] > least)
            kept = kept[_apart(boxes[kept], 0.7, of_smaller=last)]
            boxes, five = boxes[kept] if last else _squared(boxes[kept]), five[kept]
        sure = boxes[:, 4] >= self._min_score
        return [_candidate(b, p) for b, p in zip(boxes[sure], five[sure], strict=True)]

    def _proposals(self, picture: Picture) -> Boxes:
        """Square boxes that may hold a face."""
        levels = []
        short = min(picture.width, picture.height)
        zoom = _CELL / max(self._min_size, _CELL)
        while short * zoom >= _CELL:
            levels.append(self._level(picture, zoom))
            zoom *= self._factor
        boxes = np.concatenate(levels) if levels else np.zeros((0, 5), np.float32)
        return _squared(boxes[_apart(boxes, 0.7)[:_MOST_PROPOSALS]])

    def _level(self, picture: Picture, zoom: float) -> Boxes:
        image = picture.shrunk(1)
        size = max(round(picture.width * zoom), _CELL), max(round(picture.height * zoom), _CELL)
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)[None].astype(np.float32)
        moves, scores = self._run(self._propose, small)
        y, x = np.nonzero(scores[0] > self._thresholds[0])
        corner = np.stack([x, y], axis=1).astype(np.float32) * _STRIDE
        boxes = np.concatenate([corner, corner + _CELL], axis=1)
        scale = np.array([picture.width / size[0], picture.height / size[1]] * 2, np.float32)
        boxes = _moved(boxes, moves[0][:, y, x].T, extra=0) * scale
        found = np.column_stack([boxes, scores[0][y, x]]).astype(np.float32)
        return found[_apart(found, 0.5)[:_MOST_PROPOSALS]]

    def _run(self, stage: Stage, seen: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """`seen` is (N, H, W, 3), 0..255."""
        from recast.faces.mtcnn_networks import outputs_of

        scaled = (seen - np.float32(127.5)) * np.float32(1 / 128)
        return outputs_of(stage, scaled.transpose(0, 3, 1, 2), self._device)


def _seen(picture: Picture, boxes: Boxes, side: int) -> NDArray[np.float32]:
    """What lies in square boxes, (N, side, side, 3)."""
    # Boxes count from the pixels' edges, regions from the pixels' centres.
    centres = (boxes[:, :2] + boxes[:, 2:4]) / 2 - 0.5
    lengths = np.maximum(boxes[:, 2] - boxes[:, 0], 1)
    views = [
        view_of((float(x), float(y), float(length), 0.0), side)
        for (x, y), length in zip(centres, lengths, strict=True)
    ]
    return look([picture] * len(views), views, side, beyond=cv2.BORDER_REPLICATE)


def _moved(boxes: Boxes, moves: NDArray[np.float32], *, extra: int) -> Boxes:
    """Sides moved by parts of the box's own sides; two of the networks count a pixel more."""
    sides = boxes[:, 2:4] - boxes[:, :2] + extra
    return np.asarray(boxes[:, :4] + moves * np.concatenate([sides, sides], axis=1), np.float32)


def _squared(boxes: Boxes) -> Boxes:
    half = (boxes[:, 2:4] - boxes[:, :2]).max(axis=1, keepdims=True) / 2
    centres = (boxes[:, :2] + boxes[:, 2:4]) / 2
    return np.asarray(np.concatenate([centres - half, centres + half, boxes[:, 4:]], axis=1))


def _points_of(points: NDArray[np.float32], boxes: Boxes) -> NDArray[np.float32]:
    """(N, 5, 2) eyes, nose, mouth in the frame from (N, 10) in parts of the square box."""
    x, y = points[:, :_FIVE], points[:, _FIVE:]
    inside = np.stack([x, y], axis=2) * (boxes[:, 2:4] - boxes[:, :2] + 1)[:, None]
    return np.asarray(inside + boxes[:, None, :2] - 1, np.float32)


def _apart(boxes: Boxes, most: float, *, of_smaller: bool = False) -> NDArray[np.intp]:
    """Which boxes stay, the best first, if of two that overlap by more than `most` one goes."""
    rest = np.argsort(-boxes[:, 4], kind="stable")
    kept = []
    while len(rest):
        kept.append(rest[0])
        common = overlap(boxes[rest[0], :4], boxes[rest, :4], of_smaller=of_smaller)
        common[0] = 1  # itself, even if it has no area
        rest = rest[common <= most]
    return np.array(kept, np.intp)


def _candidate(box: NDArray[np.float32], five: NDArray[np.float32]) -> Candidate:
    """Where to look for landmarks: around the box, turned as the five points are."""
    left_eye, right_eye, _, left_mouth, right_mouth = five
    across = right_eye - left_eye + right_mouth - left_mouth
    angle = float(np.arctan2(across[1], across[0]))
    x, y = (box[:2] + box[2:4]) / 2 - 0.5
    side = float((box[2:4] - box[:2]).max()) * AROUND
    return Candidate((float(x), float(y), side, angle), float(box[4]))
