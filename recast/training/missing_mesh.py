"""The dense mesh of a face whose file has none, read from its crop.

Faces of other detectors, and of sets made by other programs, come with 68 landmarks only.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recast.faces.networks import MeshNetwork, region_around
from recast.faces.views import Picture, Region
from recast.faceset import FaceRecord

_AROUND = 1.5
"""The landmark network wants to see this many times the face's box."""


class MeshReader:
    """A record's mesh in frame pixels, or None if the network sees no face in the crop.

    The network is loaded when a file without a mesh turns up; calls may come from many threads.
    """

    @cached_property
    def _network(self) -> MeshNetwork:
        return MeshNetwork(threads=1, device="auto")

    def __call__(self, crop: NDArray[np.uint8], record: FaceRecord) -> NDArray[np.float32] | None:
        """`crop` is (S, S, 3), as the record describes it."""
        if record.mesh is not None:
            return np.array(record.mesh, np.float32)
        picture = Picture(crop)
        rough, sure = self._network([picture], [_region(record)])
        if sure[0] < 0.5:
            return None
        fine, surer = self._network([picture], [region_around(rough[0])])
        if surer[0] < 0.5:
            return None
        back = record.placed.inverse()
        flat = back.apply(fine[0][:, :2])
        return np.column_stack([flat, fine[0][:, 2] * back.scale]).astype(np.float32)


def _region(record: FaceRecord) -> Region:
    """The square around the landmarks in the crop, turned as the eyes are."""
    points = record.placed.apply(record.points)
    low, high = points.min(0), points.max(0)
    x, y = (low + high) / 2
    across = points[42:48].mean(0) - points[36:42].mean(0)
    angle = float(np.arctan2(across[1], across[0]))
    # The landmarks end at the brows, the mesh at the hair.
    return float(x), float(y), float((high - low).max()) * 1.15 * _AROUND, angle
