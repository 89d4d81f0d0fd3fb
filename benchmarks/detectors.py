"""What each detector finds of the samples' faces, whole and degraded.

`python -m benchmarks detectors [DETECTOR ...]`, from the repository's root. Faces count as found
if the boxes of found and true landmarks share 40 % of their joint area. NME is the mean distance
of the 68 points of those in percent of the distance of the outer eye corners. Every detector but
dlib, which is far slower, sees the same frames; dlib sees every sixth of them.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from recast.errors import OptionUnusable
from recast.faces import DETECTORS, Detector, Face

ROOT = Path(__file__).parents[1]
TAKES = {
    "pair1_src": "recast/samples",
    "pair1_dst": "recast/samples",
    "two_people": "tests/data",
}
FRAMES = 12
"""Of each take, spread over it."""
SIXTH = 6
SMALL = 40
"""Pixels from brows to chin."""

Pixels = NDArray[np.uint8]
Points = NDArray[np.float64]


@dataclass(frozen=True)
class Scene:
    """A frame and the true landmarks of its faces, (P, 68, 2); yaw in degrees, (P,)."""

    image: Pixels
    landmarks: Points
    yaw: NDArray[np.float64]


def scenes_of(name: str, chosen: Callable[[NDArray[np.float64]], NDArray[np.intp]]) -> list[Scene]:
    truth = np.load(ROOT / "tests" / "data" / f"{name}.npz")
    length = len(truth["pose"])
    yaw = truth["pose"].reshape(length, -1, 3)[..., 0].astype(float)
    landmarks = truth["landmarks"].reshape(length, -1, 68, 2).astype(float) - 0.5
    wanted = set(chosen(yaw).tolist())
    with av.open(str(ROOT / TAKES[name] / f"{name}.mp4")) as file:
        return [
            Scene(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8), landmarks[at], yaw[at])
            for at, frame in enumerate(file.decode(video=0))
            if at in wanted
        ]


def spread(yaw: NDArray[np.float64]) -> NDArray[np.intp]:
    return np.linspace(0, len(yaw) - 1, FRAMES).round().astype(np.intp)


def turned_away(yaw: NDArray[np.float64]) -> NDArray[np.intp]:
    """Frames in which a head is turned by more than 45 degrees."""
    away = np.flatnonzero((np.abs(yaw) > 45).any(axis=1))
    return away[np.linspace(0, len(away) - 1, FRAMES).round().astype(int)] if len(away) else away


def dark(scene: Scene) -> Scene:
    """A sixteenth of the light (4 stops), with the noise of a camera."""
    linear = (scene.image / 255.0) ** 2.2 / 16
    noise = np.random.default_rng(0).normal(0, 0.004, linear.shape)
    seen = np.clip(linear + noise, 0, 1) ** (1 / 2.2) * 255
    return Scene(seen.round().astype(np.uint8), scene.landmarks, scene.yaw)


def blurred(scene: Scene) -> Scene:
    """Out of focus by a twentieth of the largest face's height."""
    height = float(np.ptp(scene.landmarks[..., 1], axis=1).max())
    image = np.asarray(cv2.GaussianBlur(scene.image, (0, 0), height / 20), np.uint8)
    return Scene(image, scene.landmarks, scene.yaw)


def jpeg(scene: Scene) -> Scene:
    _, data = cv2.imencode(".jpg", scene.image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 20])
    image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert image is not None
    return Scene(np.ascontiguousarray(image[..., ::-1], np.uint8), scene.landmarks, scene.yaw)


def moved(scene: Scene, *, zoom: float = 1.0, turn: float = 0.0) -> Scene:
    """Everything scaled and turned about the frame's middle; its edge is repeated."""
    height, width = scene.image.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), turn, zoom)
    image = scene.image
    if zoom < 0.5:  # average before shrinking, as a camera does
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), 0.4 / zoom), np.uint8)
    image = np.asarray(
        cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8
    )
    return Scene(image, scene.landmarks @ matrix[:, :2].T + matrix[:, 2], scene.yaw)


def small(scene: Scene) -> Scene:
    return moved(scene, zoom=SMALL / float(np.ptp(scene.landmarks[..., 1], axis=1).min()))


CONDITIONS: dict[str, Callable[[Scene], Scene]] = {
    "plain": lambda scene: scene,
    "dark": dark,
    "blurred": blurred,
    "small": small,
    "JPEG 20": jpeg,
    "tilt +45": lambda scene: moved(scene, zoom=0.7, turn=-45),
    "tilt -45": lambda scene: moved(scene, zoom=0.7, turn=45),
    "profile": lambda scene: scene,
}


def shared(one: Points, other: Points) -> float:
    """Common area of two boxes of landmarks over their joint area."""
    low = np.maximum(one.min(axis=0), other.min(axis=0))
    high = np.minimum(one.max(axis=0), other.max(axis=0))
    common = np.clip(high - low, 0, None).prod()
    both = np.ptp(one, axis=0).prod() + np.ptp(other, axis=0).prod() - common
    return float(common / both)


def judged(scene: Scene, faces: list[Face]) -> tuple[list[float], int]:
    """The errors of the faces that are found, in percent; how many faces are false."""
    left = [face.landmarks.astype(float) for face in faces]
    errors = []
    for truth in scene.landmarks:
        best = max(range(len(left)), key=lambda at: shared(truth, left[at]), default=None)
        if best is not None and shared(truth, left[best]) > 0.4:
            eyes = np.linalg.norm(truth[36] - truth[45])
            off = np.linalg.norm(left.pop(best) - truth, axis=1).mean()
            errors.append(float(off / eyes * 100))
    return errors, len(left)


def row(detector: Detector, scenes: list[Scene]) -> str:
    errors: list[float] = []
    false, total = 0, 0
    start = time.perf_counter()
    found = [faces for scene in scenes for faces in detector([scene.image])]
    rate = len(scenes) / (time.perf_counter() - start)
    for scene, faces in zip(scenes, found, strict=True):
        hits, wrong = judged(scene, faces)
        errors += hits
        false, total = false + wrong, total + len(scene.landmarks)
    nme = f"{np.mean(errors):6.2f} %" if errors else "       -"
    share = 100 * len(errors) / max(total, 1)
    return f"{total:5d}  {share:5.1f} %  {false:5d}  {nme}  {rate:7.2f}"


def main() -> None:
    plain = [scene for name in TAKES for scene in scenes_of(name, spread)]
    profile = [scene for name in TAKES for scene in scenes_of(name, turned_away)]
    print("detector  condition  faces   found  false       NME  frames/s", flush=True)
    for name in sys.argv[1:] or [name for name in DETECTORS if name != "manual"]:
        try:
            detector = DETECTORS[name]()
        except OptionUnusable as error:
            print(f"{name}: {error}; {error.fix}")
            continue
        detector([plain[0].image])
        for condition, change in CONDITIONS.items():
            scenes = [change(scene) for scene in (profile if condition == "profile" else plain)]
            scenes = scenes[SIXTH // 2 :: SIXTH] if name == "dlib" else scenes
            print(f"{name:9} {condition:9}  {row(detector, scenes)}", flush=True)


if __name__ == "__main__":
    main()
