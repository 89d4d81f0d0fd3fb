"""Telling persons apart: on the samples, on degraded copies, and at any number of faces.

`python -m benchmarks persons [EMBEDDER]`, from the repository's root; EMBEDDER is dlib (an extra,
the default) or an ONNX file. The samples show three rendered women: A (pair1_src), B (pair1_dst and
left in two_people) and C (right in two_people).

"own" is the least cosine of a face to the mean of its person, "other" the greatest to that of
another; degraded faces are compared with the means of the faces as they are. "right" is the share
of faces that `group_persons` puts into the group in which most of their person are.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from recast.faces import MeshDetector, align, placement
from recast.faces.identity import Embedder, open_embedder
from recast.faces.persons import group_persons
from recast.geometry import Points
from recast.video import open_take

ROOT = Path(__file__).parents[1]
TAKES = {
    "A": ROOT / "recast" / "samples" / "pair1_src.mp4",
    "B": ROOT / "recast" / "samples" / "pair1_dst.mp4",
    "BC": ROOT / "tests" / "data" / "two_people.mp4",
}
EVERY = {"A": 6, "B": 6, "BC": 3}
SIDE = 256

Picture = NDArray[np.uint8]
Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Seen:
    """A crop, its landmarks, and who it is."""

    crop: Picture
    landmarks: Points
    person: str
    yaw: float


def smaller(crop: Picture) -> Picture:
    small = cv2.resize(crop, (40, 40), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC), np.uint8)


def as_jpeg(crop: Picture) -> Picture:
    coded = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, 15])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


DEGRADED: dict[str, Callable[[Picture], Picture]] = {
    "as they are": lambda crop: crop,
    "dark (a quarter of the light)": lambda crop: (crop // 4).astype(np.uint8),
    "blurred (sigma 5)": lambda crop: np.asarray(cv2.GaussianBlur(crop, (0, 0), 5), np.uint8),
    "small (40 pixels)": smaller,
    "JPEG quality 15": as_jpeg,
}


def samples() -> list[Seen]:
    truth = np.load(ROOT / "tests" / "data" / "two_people.npz")["landmarks"] - 0.5
    detector, found = MeshDetector(), []
    for name, path in TAKES.items():
        for frame in open_take(path).frames():
            if frame.index % EVERY[name]:
                continue
            for face in detector([frame.image])[0]:
                person = name
                if name == "BC":
                    far = np.abs(truth[frame.index] - face.landmarks).mean((1, 2))
                    person = name[int(far.argmin())]
                placed = placement(face.landmarks, SIDE, "full")
                crop = np.asarray(align(frame.image, placed, SIDE), np.uint8)
                found.append(Seen(crop, placed.apply(face.landmarks), person, face.pose.yaw))
    return found


def embedded(embedder: Embedder, seen: list[Seen], change: Callable[[Picture], Picture]) -> Vectors:
    blocks = [seen[at : at + 16] for at in range(0, len(seen), 16)]
    return np.concatenate(
        [
            embedder([change(s.crop) for s in block], [s.landmarks for s in block])
            for block in blocks
        ]
    )


def right(groups: NDArray[np.int64], persons: list[str]) -> float:
    """The share of faces in the group of most of their person, no group counting twice."""
    taken: dict[int, str] = {}
    for (person, group), _ in Counter(zip(persons, groups.tolist(), strict=True)).most_common():
        if person not in taken.values():
            taken.setdefault(group, person)
    hits = [taken.get(g) == p for p, g in zip(persons, groups.tolist(), strict=True)]
    return float(np.mean(hits))


def on_the_samples(embedder: Embedder) -> None:
    seen = samples()
    persons = [s.person for s in seen]
    print(
        f"{len(seen)} faces, yaw {min(s.yaw for s in seen):.0f} to {max(s.yaw for s in seen):.0f}"
    )
    print(f"one person from {embedder.same_person} on\n")
    print("| faces | own | other | groups | right |\n|---|---|---|---|---|")
    means: dict[str, Vectors] = {}
    for name, change in DEGRADED.items():
        start = time.perf_counter()
        vectors = embedded(embedder, seen, change)
        rate = len(seen) / (time.perf_counter() - start)
        if not means:
            print(f"<!-- {rate:.1f} faces/s -->")
            for person in sorted(set(persons)):
                mean = vectors[[p == person for p in persons]].sum(axis=0)
                means[person] = mean / np.linalg.norm(mean)
        own = min(float(v @ means[p]) for v, p in zip(vectors, persons, strict=True))
        pairs = zip(vectors, persons, strict=True)
        other = max(float(v @ means[q]) for v, p in pairs for q in means if q != p)
        groups = group_persons(vectors, embedder.same_person)
        count = len(set(groups.tolist()))
        print(f"| {name} | {own:.3f} | {other:.3f} | {count} | {right(groups, persons):.1%} |")


def at_any_number() -> None:
    """Synthetic embeddings of 128 numbers: 40 persons of falling share, 2 % strays."""
    print("\n| faces | groups | right | seconds |\n|---|---|---|---|")
    rng = np.random.default_rng(0)
    for count in (10_000, 100_000, 500_000):
        middles = rng.normal(size=(40, 128))
        share = 1 / np.arange(1, 41)
        whose = rng.choice(40, count, p=share / share.sum())
        vectors = middles[whose] + rng.normal(size=(count, 128)) * 0.3
        strays = rng.random(count) < 0.02
        vectors[strays] = rng.normal(size=(int(strays.sum()), 128))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        start = time.perf_counter()
        groups = group_persons(vectors.astype(np.float32), 0.8)
        seconds = time.perf_counter() - start
        persons = [str(w) for w in whose[~strays]]
        found = len(set(groups[~strays].tolist()))
        print(f"| {count:,} | {found} | {right(groups[~strays], persons):.1%} | {seconds:.1f} |")


def main() -> None:
    on_the_samples(open_embedder(sys.argv[1] if len(sys.argv) > 1 else "dlib"))
    at_any_number()
