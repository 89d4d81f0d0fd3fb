"""Landmarks against the truth of the rendered samples, and the speed of finding faces.

`python -m benchmarks landmarks`, from the repository's root. Errors are in percent of the distance
of the outer eye corners. "frontal" is |yaw| < 15 degrees, less each point's mean offset: what is
left when a point's definition (a chosen vertex against an annotator's habit) is taken out.
Jitter is the mean second difference of the error from frame to frame.
"""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from recast.faces import FITTED, Face, MeshDetector, Seen, smooth_stream

ROOT = Path(__file__).parents[1]
TAKES = ("pair1_src", "pair1_dst")
BATCH = 16

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Truth:
    """landmarks: (T, 68, 2) with pixel centres at whole numbers; pose: (T, 3), our signs."""

    landmarks: Array
    pose: Array

    @property
    def eyes(self) -> Array:
        """(T, 1, 1): the distance of the outer eye corners."""
        between = self.landmarks[:, 36] - self.landmarks[:, 45]
        return np.asarray(np.linalg.norm(between, axis=1)[:, None, None])


def frames_of(name: str) -> list[NDArray[np.uint8]]:
    with av.open(str(ROOT / "recast" / "samples" / f"{name}.mp4")) as file:
        return [np.asarray(f.to_ndarray(format="rgb24"), np.uint8) for f in file.decode(video=0)]


def truth_of(name: str) -> Truth:
    data = np.load(ROOT / "tests" / "data" / f"{name}.npz")
    return Truth(data["landmarks"].astype(float) - 0.5, data["pose"] * np.array([1, 1, -1]))


def find(images: list[NDArray[np.uint8]]) -> tuple[list[list[Face]], float]:
    """All faces, and frames a second with one batch of frames on every core."""
    cores = os.cpu_count() or 1
    detector = MeshDetector(threads=1)
    detector(images[:BATCH])
    batches = [images[at : at + BATCH] for at in range(0, len(images), BATCH)]
    start = time.perf_counter()
    with ThreadPoolExecutor(cores) as pool:
        found = [faces for batch in pool.map(detector, batches) for faces in batch]
    return found, len(images) / (time.perf_counter() - start)


def row(faces: list[Face], truth: Truth) -> tuple[float, ...]:
    """NME, frontal, frontal of the points that are fitted, jitter; percent. Then pose; degrees."""
    off = (np.stack([face.landmarks for face in faces]) - truth.landmarks) / truth.eyes * 100
    frontal = off[np.abs(truth.pose[:, 0]) < 15]
    frontal = np.linalg.norm(frontal - frontal.mean(axis=0), axis=2)
    jitter = np.linalg.norm(np.diff(off, 2, axis=0), axis=2).mean()
    pose = np.array([[f.pose.yaw, f.pose.pitch, f.pose.roll] for f in faces]) - truth.pose
    return (
        float(np.linalg.norm(off, axis=2).mean()),
        float(frontal.mean()),
        float(frontal[:, list(FITTED)].mean()),
        float(jitter),
        *(float(angle) for angle in np.abs(pose).mean(axis=0)),
    )


def main() -> None:
    print("                     NME  frontal  fitted  jitter     yaw  pitch   roll   frames/s")
    for name in TAKES:
        found, speed = find(frames_of(name))
        truth = truth_of(name)
        if not all(found):
            print(f"{name}: no face in {sum(not faces for faces in found)} frames")
            continue
        raw = [faces[0] for faces in found]
        start = time.perf_counter()
        seen = [Seen(None, faces[:1]) for faces in found]
        calm = [frame.faces[0] for frame in smooth_stream(seen)]
        smoothing = len(calm) / (time.perf_counter() - start)
        for label, faces, rate in (("found", raw, speed), ("smoothed", calm, smoothing)):
            nme, frontal, fitted, jitter, *pose = row(faces, truth)
            degrees = "".join(f"{angle:7.2f}" for angle in pose)
            print(
                f"{name} {label:8} {nme:6.2f} %{frontal:6.2f} %{fitted:6.2f} %{jitter:6.2f} % "
                f"{degrees}   {rate:8.1f}"
            )


if __name__ == "__main__":
    main()
