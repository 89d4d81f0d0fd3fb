"""See what recast refuses: explicit exposure in the take that is changed.

The network is NudeNet's (YOLOv8n at 320 pixels, AGPL-3.0), which lies in the package `nudenet`. It
runs here by itself: in RGB, as it was trained, and on one thread.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import as_file, files
from typing import Any

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from recast.images import FrameImage

REFUSED: Mapping[str, float] = {
    "FEMALE_GENITALIA_EXPOSED": 0.35,
    "MALE_GENITALIA_EXPOSED": 0.35,
    "ANUS_EXPOSED": 0.35,
    "FEMALE_BREAST_EXPOSED": 0.6,
    "BUTTOCKS_EXPOSED": 0.75,
}
"""What is refused, and the score from which on; chosen by `python -m benchmarks guard`."""

_SIDE = 320
_NETWORK = "320n.onnx"

Scores = dict[str, float]
"""For each class of the network the score of its surest place in a picture, 0..1."""


@dataclass(frozen=True)
class Exposure:
    """What was seen, in the network's words, and how sure it is."""

    name: str
    score: float


class Guard:
    """NudeNet's network, ready to look at pictures."""

    def __init__(self) -> None:
        runtime: Any = onnxruntime
        options = runtime.SessionOptions()
        options.intra_op_num_threads = 1
        with as_file(files("nudenet") / _NETWORK) as path:
            providers = ["CPUExecutionProvider"]
            self._network = runtime.InferenceSession(str(path), options, providers)
        said = self._network.get_modelmeta().custom_metadata_map["names"]
        self._names: dict[int, str] = ast.literal_eval(said)

    def scores(self, image: FrameImage) -> Scores:
        """How sure the network is to see each of its classes somewhere in a frame."""
        (found,) = self._network.run(None, {"images": _input(image)})
        best = np.asarray(found)[0, 4:].max(axis=1)
        return {name: float(best[number]) for number, name in self._names.items()}

    def refuses(self, image: FrameImage) -> Exposure | None:
        """The surest exposure that is refused; it must show in the mirrored picture as well."""
        seen = exposure(self.scores(image))
        if seen is None:
            return None
        mirrored: Any = np.ascontiguousarray(image[:, ::-1])
        return exposure(lesser(self.scores(image), self.scores(mirrored)))


def exposure(scores: Scores) -> Exposure | None:
    """What of the scores is refused, the surest; None if nothing is."""
    over = [
        Exposure(name, scores[name])
        for name, least in REFUSED.items()
        if scores.get(name, 0.0) >= least
    ]
    return max(over, key=lambda one: one.score, default=None)


def lesser(one: Scores, other: Scores) -> Scores:
    """What two looks at a picture agree on."""
    return {name: min(score, other.get(name, 0.0)) for name, score in one.items()}


def _input(image: FrameImage) -> NDArray[np.float32]:
    """The frame at the upper left of a black square, (1, 3, 320, 320), 0..1."""
    height, width = image.shape[:2]
    zoom = _SIDE / max(height, width)
    size = (max(1, round(width * zoom)), max(1, round(height * zoom)))
    way = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
    small: Any = cv2.resize(np.ascontiguousarray(image), size, interpolation=way)
    square = np.zeros((1, 3, _SIDE, _SIDE), np.float32)
    shown = np.asarray(small, np.float32) / np.float32(np.iinfo(image.dtype).max)
    square[0, :, : size[1], : size[0]] = shown.transpose(2, 0, 1)
    return square
