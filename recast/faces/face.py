"""What a detector finds: a face, where it is and which way it looks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recast.geometry import Points

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels of the frame."""

Mesh = NDArray[np.float32]
"""(478, 3): x and y in pixels of the frame, z (away from the viewer) on the same scale."""


@dataclass(frozen=True)
class Pose:
    """Degrees. yaw > 0: nose to the image's right; pitch > 0: nose up; roll > 0: clockwise."""

    yaw: float
    pitch: float
    roll: float


@dataclass(frozen=True)
class Face:
    """One face of a frame; (0, 0) is the centre of the frame's top-left pixel."""

    box: Box
    score: float
    """How sure the detector is, 0..1."""
    landmarks: Points
    """(68, 2), iBUG order."""
    pose: Pose
    mesh: Mesh | None = None

    @property
    def size(self) -> float:
        """The longer side of the box."""
        left, top, right, bottom = self.box
        return max(right - left, bottom - top)
