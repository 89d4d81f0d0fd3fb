"""Rough swaps of the faces that are merged, for the networks that begin with them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from recast.errors import FaceFileUnreadable

if TYPE_CHECKING:
    from recast.faces import Framing
    from recast.faceset import FaceSet
    from recast.geometry import Points, Similarity
    from recast.images import Image
    from recast.training.gallery import Gallery
    from recast.training.missing_mesh import MeshReader
    from recast.training.registration import Registrar


@dataclass(frozen=True)
class Sketcher:
    """Paints sketches from a model's gallery, by the meshes in dst's face files.

    registrar: brings these meshes to the skin that the picture shows. read_mesh: finds the mesh in
    the crop of a file that has none.
    """

    faces: FaceSet
    gallery: Gallery
    registrar: Registrar
    framing: Framing
    read_mesh: MeshReader

    def __call__(
        self, places: Sequence[tuple[int, Similarity, Points]], crops: Sequence[Image]
    ) -> Any:
        """Sketches (B, 4, S, S), torch.

        Args:
            places: of each face its number in the set, from frame to crop, and its landmarks
                (68, 2) in crop pixels, which may be calmer than those in the file.
            crops: (S, S, 3) each.
        """
        from concurrent.futures import ThreadPoolExecutor

        from recast.training.registration import log_light

        def registered(mesh: Any, crop: Image) -> Any:
            return None if mesh is None else self.registrar(log_light(crop), mesh)

        meshes = [self._mesh(*place) for place in places]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            meshes = list(pool.map(registered, meshes, crops))
        return self.gallery.sketches(meshes, self.framing)

    def _mesh(self, number: int, placed: Similarity, landmarks: Points) -> Any:
        """The face's mesh (V, 3) in crop pixels, calmed as its landmarks are; None if unknown."""
        import numpy as np

        from recast.geometry import Similarity

        mesh = self._read(number)
        if mesh is None:
            return None
        rough = placed.apply(self.faces.landmarks[number])
        calmed = placed.then(Similarity.fit(rough, landmarks))
        flat = calmed.apply(mesh[:, :2])
        return np.column_stack([flat, mesh[:, 2] * calmed.scale]).astype(np.float64)

    def _read(self, number: int) -> Any:
        """(V, 3) in frame pixels."""
        from recast.faceset import load_face
        from recast.images import upper_8_bits

        try:
            record = self.faces.record(number)
            if record.mesh is not None:
                return record.face.mesh
            crop, record = load_face(self.faces.path(number))
        except (FaceFileUnreadable, OSError):
            return None
        return self.read_mesh(upper_8_bits(crop), record)
