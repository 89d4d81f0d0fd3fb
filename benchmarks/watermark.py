"""What the watermark survives, and what it costs: `python -m benchmarks watermark [WORKSPACE]`.

The takes are the bundled truth and two rendered people, marked around each known face, written as
recast writes a result (H.264, CRF 14), and then coded again by x264's preset `medium`: at other
qualities, at half the size, without 5 % at each side (10 % of width and height), 20 % brighter and
darker. *Sure* is the strength of the mark in units of what chance gives (8.0 counts as proof),
*bits* the part of the coded bits that is right before errors are mended, *number* whether it was
read.
Screenshots are single frames, of the result and of the copy at CRF 23.

False alarms: the search of unmarked takes and single frames of them with recast's layout; and, at
three sizes instead of 105, with many that are of no kin to it, which is the same for a picture that
carries no mark. Visibility:
PSNR and SSIM against the unmarked frames, over the marked region and over the frame. Cost:
milliseconds of one thread for a frame.

With a WORKSPACE of the bundled pair, trained: the judge's figures with and without the mark.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.judge import DST, ROOT, SRC, TRUTH, score
from recast.events import silent
from recast.provenance import Gathered, Watermark, find_watermark
from recast.provenance.watermark import Layout, layout, region
from recast.provenance.watermark_code import coded
from recast.provenance.watermark_search import SIZES, SURE, strongest
from recast.stages.merge_frames import merged
from recast.stages.merge_job import prepare
from recast.stages.merge_options import MergeOptions
from recast.video import TakeWriter, open_take
from recast.workspace import Workspace

NUMBER = 0x5EED1234
DATA = ROOT / "tests" / "data"
MARKED = {"one person, 640x480": (TRUTH, 150), "two people, 640x360": (DATA / "two_people.mp4", 60)}
UNMARKED = (TRUTH, DST, SRC, DATA / "two_people.mp4")
KEYS = 20
"""Other layouts with which each unmarked take is searched, at the sizes `NEAR`."""
NEAR = (0.993, 1.007)
SHOTS = 10
EDGE = 0.5
"""The truth counts from the corner of the top-left pixel, recast from its centre."""

Picture = NDArray[np.uint8]
Change = Callable[[Picture], Picture]
Frames = list[Picture]


def smaller(image: Picture) -> Picture:
    size = (image.shape[1] // 2, image.shape[0] // 2)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def cropped(image: Picture) -> Picture:
    height, width = image.shape[:2]
    down, across = height // 20, width // 20
    return np.ascontiguousarray(image[down : height - down, across : width - across])


def lit(factor: float) -> Change:
    return lambda image: np.rint((image * factor).clip(0, 255)).astype(np.uint8)


def same(image: Picture) -> Picture:
    return image


ATTACKS: list[tuple[str, Change, int]] = [
    ("CRF 18", same, 18),
    ("CRF 23", same, 23),
    ("CRF 28", same, 28),
    ("half the size, CRF 18", smaller, 18),
    ("half the size, CRF 23", smaller, 23),
    ("10 % cropped, CRF 23", cropped, 23),
    ("20 % brighter, CRF 23", lit(1.2), 23),
    ("20 % darker, CRF 23", lit(0.8), 23),
    ("10 % cropped, half the size, CRF 23", lambda image: smaller(cropped(image)), 23),
    ("half the size, darker, CRF 28", lambda image: smaller(lit(0.8)(image)), 28),
]


def coded_again(frames: Sequence[Picture], crf: int, path: Path) -> Frames:
    """Through x264 with its own defaults, to a file and back."""
    height, width = (length // 2 * 2 for length in frames[0].shape[:2])
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream("libx264", rate=25, options={"crf": str(crf)})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for image in frames:
            whole = np.ascontiguousarray(image[:height, :width])
            out.mux(stream.encode(av.VideoFrame.from_ndarray(whole, format="rgb24")))
        out.mux(stream.encode(None))
    return [np.asarray(frame.image, np.uint8) for frame in open_take(path)]


def landmarks(path: Path) -> NDArray[np.float32]:
    """(T, people, 68, 2), frame pixels."""
    with np.load(DATA / f"{path.stem}.npz") as known:
        points = np.asarray(known["landmarks"], np.float32) - EDGE
    return points[:, None] if points.ndim == 3 else points


def marked(path: Path, count: int, folder: Path) -> tuple[Frames, Frames, Frames]:
    """A take before, marked, and as the file of a result shows it."""
    take, faces = open_take(path), landmarks(path)
    mark = Watermark.of(NUMBER, take.info.size)
    before, after = [], []
    out = folder / "result.mp4"
    with TakeWriter(out, take.info, crf=14) as writer:
        for frame in take.frames(0, count):
            done = mark.drawn(frame.image, list(faces[frame.index]), frame.moment)
            writer.write(done, frame.moment, frame.plate)
            before.append(np.asarray(frame.image, np.uint8))
            after.append(np.asarray(done, np.uint8))
    return before, after, [np.asarray(frame.image, np.uint8) for frame in open_take(out)]


def gathered(frames: Sequence[Picture]) -> Gathered:
    found = Gathered()
    for at, image in enumerate(frames):
        found.add(image, Fraction(at, 25))
    return found


def survived(frames: Sequence[Picture]) -> str:
    maps = gathered(frames).maps()
    best = strongest(maps, layout())
    assert best is not None
    signs = np.sign(layout().soft_bits(best.cells))
    right = float((signs == coded(NUMBER)).mean())
    found = find_watermark(maps)
    number = "lost" if found is None or found.identity is None else "read"
    number = "WRONG" if found and found.identity not in (None, NUMBER) else number
    told = "found" if found else "not found"
    return f"{best.strength:6.1f} {100 * right:7.1f} {number:>7} {told:>10}"


def survival(name: str, path: Path, count: int, folder: Path) -> None:
    before, after, result = marked(path, count, folder)
    print(f"\n{name:38} {'sure':>6} {'bits, %':>7} {'number':>7}", flush=True)
    print(f"{'the result itself':38} {survived(result)}", flush=True)
    for attack, change, crf in ATTACKS:
        again = coded_again([change(image) for image in result], crf, folder / "again.mp4")
        print(f"{attack:38} {survived(again)}", flush=True)
        if attack == "CRF 23":
            screenshots("screenshots at CRF 23", again)
    screenshots("screenshots of the result", result)
    visibility(before, after, landmarks(path))


def screenshots(name: str, frames: Sequence[Picture]) -> None:
    chosen = np.linspace(0, len(frames) - 1, SHOTS).round().astype(int)
    found = [find_watermark(gathered([frames[at]]).maps()) for at in chosen]
    seen, read = sum(one is not None for one in found), sum(bool(one and one.name) for one in found)
    print(f"{name:38} {seen} of {SHOTS} found, {read} with their number", flush=True)


def visibility(before: Frames, after: Frames, faces: NDArray[np.float32]) -> None:
    near, whole, alike = [], [], []
    size = (before[0].shape[1], before[0].shape[0])
    for at in range(0, len(before), 5):
        change = (after[at].astype(float) - before[at]) ** 2
        whole.append(change.mean())
        for face in faces[at]:
            left, top, right, bottom = region(face, size) or (0, 0, 1, 1)
            near.append(change[top:bottom, left:right].mean())
            cut = slice(top, bottom), slice(left, right)
            alike.append(ssim(grey(before[at][cut]), grey(after[at][cut])))
    parts = [10 * np.log10(255**2 / np.mean(errors)) for errors in (near, whole)]
    near_db, whole_db = (f"{part:.1f} dB" for part in parts)
    print(f"marked region: PSNR {near_db}, SSIM {np.mean(alike):.4f}; frame: PSNR {whole_db}")


def grey(image: Picture) -> NDArray[np.float32]:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.float32)


def ssim(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Wang et al., 2004, with Gaussian windows of 1.5 pixels."""
    mean_one, mean_other = (cv2.GaussianBlur(plane, (0, 0), 1.5) for plane in (one, other))
    of_one = cv2.GaussianBlur(one * one, (0, 0), 1.5) - mean_one**2
    of_other = cv2.GaussianBlur(other * other, (0, 0), 1.5) - mean_other**2
    both = cv2.GaussianBlur(one * other, (0, 0), 1.5) - mean_one * mean_other
    small, smaller_ = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    top = (2 * mean_one * mean_other + small) * (2 * both + smaller_)
    return float(
        (top / ((mean_one**2 + mean_other**2 + small) * (of_one + of_other + smaller_))).mean()
    )


def false_alarms() -> None:
    """The strongest match in pictures without a mark, for recast's layout and for others."""
    whole: list[float] = []
    others: list[float] = []
    for path in UNMARKED:
        frames = [np.asarray(frame.image, np.uint8) for frame in open_take(path).frames(0, 100)]
        for source in (frames, frames[:1], frames[-1:]):
            maps = gathered(source).maps()
            whole += strengths(maps, [layout()], SIZES)
            keys = [layout(f"key {at}".encode()) for at in range(KEYS)]
            others += strengths(maps, keys, NEAR)
    print()
    for name, found in (("searched whole", whole), ("other keys, three sizes", others)):
        most = np.sort(found)[::-1]
        over = int((most >= SURE).sum())
        told = f"strongest {most[0]:.2f}, median {np.median(most):.2f}, {over} at {SURE} or more"
        print(f"unmarked, {name}: {len(most)} searches, {told}", flush=True)


def strengths(
    maps: list[NDArray[np.float32]], keys: Sequence[Layout], sizes: tuple[float, float]
) -> list[float]:
    found = [strongest(maps, key, sizes) for key in keys]
    return [best.strength for best in found if best is not None]


def cost() -> None:
    cv2.setNumThreads(1)
    print("\nms of one thread for a frame, landmarks of")
    for size, face in (
        ((640, 480), 150),
        ((1280, 720), 200),
        ((1280, 720), 420),
        ((1920, 1080), 300),
    ):
        frame = next(iter(open_take(DST))).image
        image = np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_CUBIC), np.uint8)
        mark = Watermark.of(NUMBER, size)
        middle = np.array(size, np.float32) / 2
        points = np.stack([middle - face / 2, middle + face / 2]).astype(np.float32)
        times = []
        for _ in range(60):
            begun = time.thread_time()
            mark.drawn(image, [points], Fraction(0))
            times.append(time.thread_time() - begun)
        print(f"{face} px in {size[0]}x{size[1]}: {min(times) * 1000:.2f}")
    cv2.setNumThreads(-1)


def judged(workspace: Path) -> None:
    """The swap with and without its mark, which only this benchmark can leave out."""
    job = Workspace.open(workspace)
    options = MergeOptions()
    prepared = prepare(job, options, job.take("dst"), silent, network=None)
    info = prepared.take.info
    with tempfile.TemporaryDirectory() as folder:
        for name, merge_job in (
            ("marked", prepared),
            ("unmarked", replace(prepared, watermark=None)),
        ):
            out = Path(folder) / f"{name}.mp4"
            with TakeWriter(out, info, crf=options.crf) as writer:
                for one in merged(merge_job, 0, len(prepared.take)):
                    writer.write(one.composed.image, one.frame.moment, one.frame.plate)
            figures = {k: v for k, v in score(out).items() if not isinstance(v, str)}
            print(f"{name}: {out.stat().st_size} bytes, {figures}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks watermark")
    parser.add_argument("workspace", type=Path, nargs="?", help="of the bundled pair, trained")
    given = parser.parse_args()
    if given.workspace is not None:
        judged(given.workspace)
        return
    cost()
    with tempfile.TemporaryDirectory() as folder:
        for name, (path, count) in MARKED.items():
            survival(name, path, count, Path(folder))
    false_alarms()


if __name__ == "__main__":
    main()
