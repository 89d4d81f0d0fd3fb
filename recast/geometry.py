"""Similarity transforms of the plane: turn, scale and shift, no shear."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]
"""(N, 2), x then y, pixels; (0, 0) is the centre of the top-left pixel."""


@dataclass(frozen=True)
class Similarity:
    """p -> matrix[:, :2] @ p + matrix[:, 2]; `matrix` is (2, 3) float64."""

    matrix: NDArray[np.float64]

    @staticmethod
    def fit(points: Points, onto: Points) -> Similarity:
        """The similarity that carries `points` nearest to `onto` in least squares.

        Umeyama, "Least-squares estimation of transformation parameters between two
        point patterns", PAMI 1991. Never mirrors.
        """
        a, b = np.asarray(points, np.float64), np.asarray(onto, np.float64)
        mean_a, mean_b = a.mean(0), b.mean(0)
        u, d, vt = np.linalg.svd((b - mean_b).T @ (a - mean_a) / len(a))
        sign = np.array([1.0, np.sign(np.linalg.det(u @ vt))])
        turn = u @ np.diag(sign) @ vt
        scale = (d * sign).sum() / (a - mean_a).var(0).sum()
        return Similarity(np.column_stack([scale * turn, mean_b - scale * turn @ mean_a]))

    @property
    def scale(self) -> float:
        """How many times longer a distance becomes."""
        return float(np.hypot(self.matrix[0, 0], self.matrix[1, 0]))

    def apply(self, points: Points) -> Points:
        """Carry points of shape (..., 2)."""
        return (np.asarray(points) @ self.matrix[:, :2].T + self.matrix[:, 2]).astype(np.float32)

    def inverse(self) -> Similarity:
        """The way back."""
        back = np.linalg.inv(self.matrix[:, :2])
        return Similarity(np.column_stack([back, -back @ self.matrix[:, 2]]))

    def then(self, after: Similarity) -> Similarity:
        """First this one, then `after`."""
        linear = after.matrix[:, :2] @ self.matrix[:, :2]
        return Similarity(
            np.column_stack([linear, after.matrix[:, :2] @ self.matrix[:, 2] + after.matrix[:, 2]])
        )
