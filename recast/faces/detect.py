"""Find the faces of frames: what every detector has in common, and which there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from recast.faces.dlib_detector import DlibDetector
from recast.faces.face import Face
from recast.faces.marks import ManualDetector
from recast.faces.mesh_detector import MeshDetector
from recast.faces.mtcnn import MtcnnDetector
from recast.images import FrameImage


class Detector(Protocol):
    """Finds the faces of many frames at once; calls may come from several threads."""

    def __call__(
        self, images: Sequence[FrameImage], frames: Sequence[int] = ()
    ) -> list[list[Face]]:
        """Per image its faces, the largest first; frames may differ in size.

        `frames` are their numbers in the take: what a person marked is looked up by them.
        """


DETECTORS: dict[str, Callable[..., Detector]] = {
    "mesh": MeshDetector,
    "mtcnn": MtcnnDetector,
    "dlib": DlibDetector,
    "manual": ManualDetector,
}
"""Every detector by its name on the command line.

All are made with `device`, `min_score` (0..1), `min_size` (pixels, longer side of a face's box)
and `max_faces` (of a frame).
"""
