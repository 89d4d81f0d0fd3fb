"""Sorting by histogram at any size: `python -m benchmarks sort [N ...]`, or `sort index [N]`.

Makes face sets of empty files whose index holds rows and histograms: those of the sample's faces,
moved and stretched, in scenes of about 400. Then the real stage sorts them, renaming included, in a
process of its own. For 5,000 faces the path is compared with exact chains of all pairs.

`index` says how fast pictures are measured the first time, and the index of a folder is made anew.
"""

import itertools
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import recast
from recast.events import Event, Progress
from recast.faceset import load_faceset, measures
from recast.faceset.features import _save
from recast.faceset.index import INDEX_NAME, _update_index, numbers_of, scan
from recast.faceset.orders import HISTOGRAMS, features
from recast.faceset.path import neighbours, path_length, principal, short_path
from recast.faceset.polish import polished
from recast.stages.curate import SortOptions, run

SAMPLES = Path(recast.__file__).parent / "samples"
SCENE = 400
Floats = NDArray[np.float32]


def main() -> None:
    if sys.argv[1:2] == ["index"]:
        return first_time(int(sys.argv[2]) if len(sys.argv) > 2 else 100_000)
    sizes = [int(word) for word in sys.argv[1:]] or [10_000, 50_000, 100_000, 500_000]
    with tempfile.TemporaryDirectory() as scratch:
        job = recast.Workspace.create(
            Path(scratch) / "job", src=SAMPLES / "pair1_src.mp4", dst=SAMPLES / "pair1_dst.mp4"
        )
        job.extract("dst")
        quality(job.faceset_folder("dst"))
        print(
            f"{'faces':>8} {'open s':>7} {'order s':>8} {'names s':>8} {'all s':>7} {'MB':>6} step"
        )
        for count in sizes:
            folder = Path(scratch) / str(count)
            make(folder, job.faceset_folder("dst"), count)
            # A process of its own, so that its peak of memory is its own.
            code = f"from benchmarks.sort import *; one_size(Path({str(folder)!r}), {count})"
            subprocess.run([sys.executable, "-c", code], check=True)


def first_time(count: int) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        job = recast.Workspace.create(
            Path(scratch) / "job", src=SAMPLES / "pair1_src.mp4", dst=SAMPLES / "pair1_dst.mp4"
        )
        job.extract("src")
        sample = job.faceset_folder("src")
        (sample / INDEX_NAME).unlink()
        began = time.perf_counter()
        real = real_histograms(sample)
        print(f"measured: {len(real) / (time.perf_counter() - began):.0f} faces/s of 256 pixels")
        folder = Path(scratch) / "many"
        write_heads(folder, sample, count)
        for what in ("made anew", "known"):
            began = time.perf_counter()
            found = len(load_faceset(folder))
            spent = time.perf_counter() - began
            print(f"{found} files, {what}: {spent:.1f} s, {found / spent:.0f} files/s")


def write_heads(folder: Path, sample: Path, count: int) -> None:
    """Face files without most of their picture, which the index does not look at."""
    folder.mkdir()
    real = [path.read_bytes()[:20_000] for path in sorted(sample.glob("*.jpg"))]
    for number in range(count):
        # Records of another take: names of one length, so that the segment's length stays right.
        head = real[number % len(real)].replace(
            b"pair1_src.mp4", b"take%05d.mp4" % (number // len(real))
        )
        (folder / f"{number:06d}_0.jpg").write_bytes(head)


def one_size(folder: Path, count: int) -> None:
    marks = [time.perf_counter()]

    def report(event: Event) -> None:
        if not isinstance(event, Progress) or len(marks) == 2:
            marks.append(time.perf_counter())

    done = run(folder, SortOptions(by="histogram"), report)
    marks.append(time.perf_counter())
    memory = peak()
    faces = load_faceset(folder)
    histograms = features(faces, HISTOGRAMS, report)
    step = path_length(histograms, np.arange(len(faces))) / (len(faces) - 1)
    spans = [later - earlier for earlier, later in itertools.pairwise(marks)][:2]
    spans.append(marks[-1] - marks[2] if len(marks) > 2 else 0.0)
    whole = sum(spans)
    print(
        f"{done.faces:8} {spans[0]:7.1f} {spans[1]:8.1f} {spans[2]:8.1f} {whole:7.1f}"
        f" {memory:6.0f} {step:.4f}",
        flush=True,
    )


def peak() -> float:
    """MB; 0 where the system does not say."""
    if sys.platform == "win32":
        return 0.0
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (1e6 if sys.platform == "darwin" else 1e3)


def make(folder: Path, sample: Path, count: int) -> None:
    """A face set of empty files that only its index describes."""
    folder.mkdir(parents=True)
    known, rng = scan(sample)[0], np.random.default_rng(0)
    numbers = numbers_of(known)[np.arange(count) % len(known)]
    numbers["yaw"], numbers["pitch"] = rng.normal(0, 25, count), rng.normal(0, 10, count)
    rows = []
    for number in range(count):
        file = folder / f"{number:06d}_0.jpg"
        file.touch()
        row = replace(known[0], name=file.name, length=0, frame=number)
        changed = {"modified": file.stat().st_mtime_ns, "numbers": numbers[number].tobytes()}
        rows.append(replace(row, **changed))
    _update_index(folder / INDEX_NAME, rows, gone=[])
    faces = load_faceset(folder)
    made = histograms_like(real_histograms(sample), count)
    _save(faces, [(at, {HISTOGRAMS: row}) for at, row in enumerate(made)])


def real_histograms(sample: Path) -> Floats:
    return features(load_faceset(sample), HISTOGRAMS, lambda event: None)


def histograms_like(real: Floats, count: int) -> Floats:
    """Square roots of histograms: real ones in other light, scene by scene, in a random order."""
    rng = np.random.default_rng(1)
    bins = measures.BINS
    shares = (real**2).reshape(len(real), 3, bins)
    made = np.empty((count, 3 * bins), np.float32)
    scenes = max(1, count // SCENE)
    moved, stretched = rng.normal(0, 6, (scenes, 3)), np.exp(rng.normal(0, 0.2, (scenes, 3)))
    for at in range(0, count, 10_000):
        size = min(10_000, count - at)
        scene = rng.integers(0, scenes, size)
        face = shares[rng.integers(0, len(real), size)]
        shift = moved[scene] + rng.normal(0, 0.4, (size, 3))
        place = (np.arange(bins) - shift[..., None]) / stretched[scene][..., None]
        low = np.clip(np.floor(place).astype(int), 0, bins - 2)
        part = np.clip(place - low, 0, 1)
        mixed = np.take_along_axis(face, low, 2) * (1 - part)
        mixed = mixed + np.take_along_axis(face, low + 1, 2) * part
        mixed = rng.poisson(mixed / mixed.sum(2, keepdims=True) * measures.SIDE**2) + 0.0
        mixed = np.sqrt(mixed / np.maximum(mixed.sum(2, keepdims=True), 1))
        made[at : at + size] = mixed.reshape(size, -1)
    return made


def quality(sample: Path) -> None:
    """Paths through 5,000 faces: length in both distances, and what fewer dimensions cost."""
    points = histograms_like(real_histograms(sample), 5000)
    near, away = neighbours(points, 10)
    full = chain(points, euclidean)
    found = {
        "exact greedy chain": full,
        "the chain, 2-opt and Or-opt": polished(full, points, near, away),
        "exact greedy chain of the three Bhattacharyya distances": chain(points, bhattacharyya),
        "recast": short_path(points),
        "recast, 48 of 192 dimensions": short_path(principal(points, 48)),
    }
    print(f"{'5,000 faces':58} length  Bhattacharyya")
    for name, order in found.items():
        other = sum(bhattacharyya(points[[b]], points[a])[0] for a, b in itertools.pairwise(order))
        print(f"{name:58} {path_length(points, order):6.1f} {other:8.1f}")


def euclidean(points: Floats, one: Floats) -> Floats:
    return np.asarray(np.linalg.norm(points - one, axis=1), np.float32)


def bhattacharyya(points: Floats, one: Floats) -> Floats:
    """The seed's distance: of each channel the square root of 1 - coefficient, added."""
    alike = (points * one).reshape(len(points), 3, -1).sum(axis=2)
    return np.asarray(np.sqrt(np.maximum(1 - alike, 0)).sum(axis=1), np.float32)


def chain(points: Floats, distance: Callable[[Floats, Floats], Floats]) -> NDArray[np.int64]:
    """From the first face always to the nearest that is left."""
    left, order = np.arange(1, len(points)), [0]
    while len(left):
        nearest = int(distance(points[left], points[order[-1]]).argmin())
        order.append(int(left[nearest]))
        left = np.delete(left, nearest)
    return np.array(order)


if __name__ == "__main__":
    main()
