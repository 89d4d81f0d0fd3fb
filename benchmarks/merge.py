"""What a merge takes, and what its settings are worth: `python -m benchmarks merge [WORKSPACE]`.

First the milliseconds that one frame of 1280x720 takes in each mode, measuring included, with the
drawn face given (128 px): one thread's own time, so that other work on the machine counts little;
faces whose crop covers 1.6 times 200 and 420 pixels, as `full` framing does. Then the whole merge
of such a take without the network: decoding, cutting, measuring, composing and encoding on all
cores, frames a second and the time of all cores together for a frame. With a WORKSPACE, of the
bundled pair and trained, what a preview of one frame takes, and the judge's figures of several
settings instead.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.judge import DST, score
from recast.faces import align
from recast.geometry import Similarity
from recast.images import to_float
from recast.merging import Calm, DrawnFace, Look, compose, measure
from recast.merging.look import ColorMatchName, Mode
from recast.stages.merge_frames import merged
from recast.stages.merge_job import MergeJob, Placed
from recast.stages.merge_options import LookOptions, MergeOptions
from recast.stages.merge_preview import open_preview
from recast.stages.merge_shots import Looks
from recast.video import Take, TakeInfo, TakeWriter, open_take
from recast.workspace import Workspace

SIZE = (1280, 720)
SIDE = 128
ROUNDS = 12
FRAMES = 100
PREVIEWS = 7
WAYS: list[tuple[Mode, ColorMatchName]] = [
    ("overlay", "none"),
    ("overlay", "light"),
    ("overlay", "rct"),
    ("overlay", "lct"),
    ("overlay", "mkl"),
    ("overlay", "hist"),
    ("overlay", "idt"),
    ("overlay", "sot"),
    ("overlay", "mix"),
    ("hist-match", "rct"),
    ("seamless", "rct"),
    ("seamless-hist-match", "rct"),
    ("pyramid", "rct"),
]
SETTINGS: list[dict[str, Any]] = [
    {},
    {"color_smooth": 0, "mask_smooth": 0},
    {"smooth": False, "color_smooth": 0, "mask_smooth": 0},
    {"mask": "learned*dst"},
    {"mask": "learned*mesh"},
    {"mask": "hull"},
    {"color_match": "none"},
    {"color_match": "rct"},
    {"color_match": "mkl"},
    {"mode": "seamless"},
    {"mode": "pyramid"},
    {"mode": "hist-match"},
]
FIGURES = ("closure", "whole", "seam", "flicker")


def placed(size: int, x: float, y: float) -> Similarity:
    """From frame to crop for a face of `size` pixels about (x, y), in full framing."""
    zoom = SIDE / (1.6 * size)
    shift = np.array([SIDE / 2 - zoom * x, SIDE / 2 - zoom * y])
    return Similarity(np.column_stack([zoom * np.eye(2), shift]))


def plates(count: int) -> Iterator[NDArray[np.uint8]]:
    """Frames of the bundled dst at 1280x720."""
    for frame in open_take(DST).frames(0, count):
        yield np.asarray(cv2.resize(frame.image, SIZE, interpolation=cv2.INTER_CUBIC), np.uint8)


def oval() -> NDArray[np.float32]:
    y, x = np.mgrid[0:SIDE, 0:SIDE] - (SIDE - 1) / 2
    return np.asarray(np.hypot(x, y * 0.8) < 0.3 * SIDE, np.float32)


def milliseconds(look: Look, size: int) -> float:
    """The least time of a frame, measuring and composing."""
    frame = next(plates(1))
    place = placed(size, 640.3, 360.2)
    crop = to_float(align(frame, place, SIDE))
    face = np.asarray(cv2.GaussianBlur(crop[:, ::-1] * 0.9, (0, 0), 1), np.float32)
    times = []
    for _ in range(ROUNDS):
        begun = time.thread_time()
        measured = measure(face, crop, oval())
        compose(frame, [DrawnFace(face, oval(), place, measured)], look)
        times.append(time.thread_time() - begun)
    return min(times) * 1000


def job_of(take: Take, look: Look, size: int) -> MergeJob:
    """A merge of a face of `size` pixels in the middle, drawn without a network."""
    place = placed(size, 640.3, 360.2)
    point = np.full((68, 2), SIDE / 2, np.float32)
    drawn = SimpleNamespace(described=SimpleNamespace(resolution=SIDE, framing="full"))
    drawn.draw = lambda crops, sketches: (crops[:, :, ::-1].copy(), np.stack([oval()] * len(crops)))
    drawn.dst_masks = lambda crops: None
    faces: Any = None
    models: Any = {"none": drawn}
    places = {at: [Placed(place, point, "none", 0, 0)] for at in range(len(take))}
    return MergeJob(take, faces, models, places, Looks(look), Calm(2, 1), {})


def rate(look: Look, size: int, folder: Path) -> tuple[float, float]:
    """Frames a second from file to file, without a network, and milliseconds of CPU a frame."""
    path = folder / "plate.mp4"
    if not path.exists():
        like = replace(open_take(DST).info, size=SIZE, sound=())
        write(path, like, [image for image in plates(FRAMES)])
    take = open_take(path)
    job = job_of(take, look, size)
    begun, used = time.perf_counter(), time.process_time()
    with TakeWriter(folder / "merged.mp4", take.info, crf=14) as writer:
        for one in merged(job, 0, len(take)):
            writer.write(one.composed.image, one.frame.moment, one.frame.plate)
    count = len(take)
    return count / (time.perf_counter() - begun), (time.process_time() - used) / count * 1000


def write(path: Path, like: TakeInfo, images: list[NDArray[np.uint8]]) -> None:
    with TakeWriter(path, like) as writer:
        for at, image in enumerate(images):
            writer.write(image, Fraction(at) / like.rate)


def speed() -> None:
    print(f"{'ms a frame of 1280x720':34} {'200 px':>8} {'420 px':>8}")
    cv2.setNumThreads(1)
    for mode, match in WAYS:
        look = Look(mode, color_match=match)
        times = [milliseconds(look, size) for size in (200, 420)]
        print(f"{mode + ' + ' + match:34} {times[0]:8.1f} {times[1]:8.1f}", flush=True)
    cv2.setNumThreads(-1)
    with tempfile.TemporaryDirectory() as folder:
        for size in (200, 420):
            found, cpu = rate(Look("seamless", color_match="rct"), size, Path(folder))
            named = f"file to file, seamless + rct, {size} px"
            print(f"{named}: {found:.1f} frames/s, {cpu:.0f} ms of CPU a frame", flush=True)


def looking(job: Workspace) -> None:
    """The median time until one frame is shown, the network included."""
    shown = open_preview(job, MergeOptions())
    far = np.linspace(10, len(shown.job.take) - 10, PREVIEWS).astype(int).tolist()

    def median(name: str, calls: list[Callable[[], object]]) -> None:
        times = []
        for call in calls:
            begun = time.perf_counter()
            call()
            times.append(time.perf_counter() - begun)
        print(f"preview of {name:34} {statistics.median(times) * 1000:6.0f} ms", flush=True)

    median("a frame, uncalmed", [partial(shown.preview, at, calmed=False) for at in far])
    median("a frame", [partial(shown.preview, at) for at in far])
    median("the next frame", [partial(shown.preview, at + 1) for at in far])
    look = LookOptions(mode="seamless", color_match="rct")
    median("the same frame, other settings", [partial(shown.preview, at, look) for at in far])


def worth(workspace: Path) -> None:
    job = Workspace.open(workspace)
    looking(job)
    print(f"\n{'':58}", *(f"{name:>8}" for name in FIGURES))
    with tempfile.TemporaryDirectory() as folder:
        for settings in SETTINGS:
            out = job.merge(
                out=Path(folder) / "result.mp4", **MergeOptions(**settings).model_dump()
            )
            figures = score(out)
            named = ", ".join(f"{name} {value}" for name, value in settings.items())
            print(
                f"{named or 'as it is by default':58}",
                *(f"{float(figures[name]):8.4f}" for name in FIGURES),
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks merge")
    parser.add_argument("workspace", type=Path, nargs="?", help="of the bundled pair, trained")
    given = parser.parse_args()
    if given.workspace is None:
        speed()
    else:
        worth(given.workspace)


if __name__ == "__main__":
    main()
