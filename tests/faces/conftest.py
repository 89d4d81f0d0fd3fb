"""Frames of the rendered samples with the truth about their heads."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from recast.errors import OptionUnusable
from recast.faces import DETECTORS, Detector, MeshDetector
from recast.faces.dlib_detector import DlibDetector

ROOT = Path(__file__).parents[2]
LEFT_EYE, RIGHT_EYE = 36, 45
"""The outer corners: their distance is the unit of landmark errors."""

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Sample:
    """images: T frames, RGB; landmarks: (T, 68, 2) or (T, P, 68, 2) in our pixel convention;
    pose: (T, 3) or (T, P, 3) yaw, pitch, roll with our signs."""

    images: list[Pixels]
    landmarks: NDArray[np.float64]
    pose: NDArray[np.float64]


def sample(name: str, step: int) -> Sample:
    """Every `step`-th frame of a sample take."""
    folder = ROOT / ("recast/samples" if name in {"pair1_src", "pair1_dst"} else "tests/data")
    with av.open(str(folder / f"{name}.mp4")) as file:
        images = [
            np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
            for index, frame in enumerate(file.decode(video=0))
            if index % step == 0
        ]
    truth = np.load(ROOT / f"tests/data/{name}.npz")
    # The truth counts from the pixels' edges, and its roll is positive counter-clockwise.
    return Sample(
        images,
        truth["landmarks"][::step].astype(float) - 0.5,
        truth["pose"][::step] * np.array([1, 1, -1]),
    )


def error(found: NDArray[np.floating[Any]], truth: NDArray[np.floating[Any]]) -> float:
    """Mean distance of 68 points in parts of the distance of the outer eye corners."""
    eyes = np.linalg.norm(truth[LEFT_EYE] - truth[RIGHT_EYE])
    return float(np.linalg.norm(found - truth, axis=1).mean() / eyes)


def staged(
    image: Pixels,
    landmarks: NDArray[np.floating[Any]],
    *,
    height: float,
    size: tuple[int, int],
    turn: float = 0,
) -> tuple[Pixels, NDArray[np.float64]]:
    """A frame of `size` with the face in its middle, `height` pixels from brows to chin.

    `turn` in degrees, counter-clockwise; the landmarks move along.
    """
    zoom = height / np.ptp(landmarks[:, 1])
    matrix = cv2.getRotationMatrix2D([float(v) for v in landmarks.mean(axis=0)], turn, zoom)
    matrix[:, 2] += np.array(size) / 2 - landmarks.mean(axis=0)
    how = cv2.INTER_LINEAR if zoom > 1 else cv2.INTER_AREA
    if zoom < 0.5:  # average before shrinking, as a camera does
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), 0.4 / zoom), np.uint8)
    frame = cv2.warpAffine(image, matrix, size, flags=how, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(frame, np.uint8), landmarks @ matrix[:, :2].T + matrix[:, 2]


AUTOMATIC = [name for name in DETECTORS if name != "manual"]


def opened(name: str, **options: Any) -> Detector:
    """A detector, or a visible skip where its extra is not installed."""
    try:
        return DETECTORS[name](device="cpu", **options)
    except OptionUnusable as error:
        pytest.skip(f"{error}: {error.fix}")


@pytest.fixture(scope="session", params=list(DETECTORS))
def any_detector(request: pytest.FixtureRequest) -> Detector:
    """Each detector that there is, once."""
    return opened(request.param)


@pytest.fixture(scope="session", params=AUTOMATIC)
def detector(request: pytest.FixtureRequest) -> Detector:
    """Each that finds faces by itself, once."""
    return opened(request.param)


@pytest.fixture(scope="session")
def mesh_detector() -> MeshDetector:
    return MeshDetector()


def affordable(detector: Detector, take: Sample, count: int = 24) -> Sample:
    """Frames of a sample for a test: dlib takes seconds for large ones, and reads no profiles."""
    if isinstance(detector, DlibDetector):
        flat = np.abs(take.pose[..., 0]).reshape(len(take.pose), -1).max(axis=1)
        chosen = np.flatnonzero(flat < 35)[: min(count, 2)]
        if take.landmarks.ndim == 3:  # one face, large enough for half the size
            images = [halved(take.images[at]) for at in chosen]
            return Sample(images, (take.landmarks[chosen] + 0.5) / 2 - 0.5, take.pose[chosen])
    else:
        chosen = np.arange(len(take.images))[:count]
    return Sample([take.images[at] for at in chosen], take.landmarks[chosen], take.pose[chosen])


def halved(image: Pixels) -> Pixels:
    """The mean over blocks of four pixels."""
    height, width = image.shape[:2]
    blocks = image.reshape(height // 2, 2, width // 2, 2, 3)
    return np.asarray(blocks.mean((1, 3)).round(), np.uint8)


@pytest.fixture(scope="session")
def src() -> Sample:
    return sample("pair1_src", 10)


@pytest.fixture(scope="session")
def dst() -> Sample:
    return sample("pair1_dst", 10)


@pytest.fixture(scope="session")
def two_people() -> Sample:
    return sample("two_people", 10)


def some(take: Sample, count: int = 4) -> Sequence[tuple[Pixels, NDArray[np.float64]]]:
    """A few frames of a sample with one face, spread over it."""
    chosen = np.linspace(0, len(take.images) - 1, count).round().astype(int)
    return [(take.images[at], take.landmarks[at]) for at in chosen]
