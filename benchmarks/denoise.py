"""Which filter takes noise out best: `python -m benchmarks denoise [FRAMES]`.

Noise of a known deviation is added to a stretch of the dst sample, every filter is tried at
several strengths, and its best result by PSNR is shown beside the frames as they were.
"""

import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import av.filter
import cv2
import numpy as np
from numpy.typing import NDArray

from recast.video import Frame, denoised, open_take

SAMPLE = Path(__file__).parents[1] / "recast" / "samples" / "pair1_dst.mp4"
FIRST = 40
DEVIATIONS = (5, 10, 20)
STRENGTHS = (0.5, 0.7, 1.0, 1.5)  # times the deviation
EDGES = 0.05  # of all pixels: those with the steepest slope

Images = Sequence[NDArray[Any]]


class Score(NamedTuple):
    psnr: float
    ssim: float
    edge_psnr: float
    edges_kept: float
    """Slope at the edges, of the clean frames' own."""


def ours(frames: Images, strength: float) -> Images:
    taken = [Frame(index, Fraction(index, 25), image) for index, image in enumerate(frames)]
    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        return [one.image for one in denoised(taken, strength, pool=pool, ahead=workers + 1)]


def opencv(frames: Images, strength: float) -> Images:
    def one(image: NDArray[Any]) -> NDArray[Any]:
        return cv2.fastNlMeansDenoisingColored(image, None, strength, strength, 7, 15)

    return [one(np.ascontiguousarray(image[..., ::-1]))[..., ::-1] for image in frames]


def ffmpeg(describe: Callable[[float], tuple[str, str]]) -> Callable[[Images, float], Images]:
    """A filter of FFmpeg on 4:4:4, which is kinder to colours than 4:2:0."""

    def run(frames: Images, strength: float) -> Images:
        height, width = frames[0].shape[:2]
        graph = av.filter.Graph()
        layout, tick = av.VideoFormat("yuv444p"), Fraction(1, 25)
        source = graph.add_buffer(width=width, height=height, format=layout, time_base=tick)
        name, settings = describe(strength)
        graph.link_nodes(source, graph.add(name, settings), graph.add("buffersink")).configure()
        out: list[NDArray[Any]] = []
        for index, image in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(image, "rgb24")
            frame = frame.reformat(format="yuv444p", dst_colorspace=1)
            frame.pts, frame.time_base = index, tick
            graph.vpush(frame)
            out += pulled(graph)
        graph.vpush(None)
        return out + pulled(graph)

    return run


def pulled(graph: av.filter.Graph) -> list[NDArray[Any]]:
    out: list[NDArray[Any]] = []
    while True:
        try:
            frame = graph.vpull()
        except (av.BlockingIOError, av.EOFError):
            return out
        out.append(frame.reformat(format="rgb24", src_colorspace=1).to_ndarray())


def _ata(strength: float) -> tuple[str, str]:
    low, high = min(0.3, 2 * strength / 255), min(5.0, 6 * strength / 255)
    return "atadenoise", ":".join(f"{plane}a={low}:{plane}b={high}" for plane in range(3)) + ":s=5"


FILTERS: dict[str, Callable[[Images, float], Images]] = {
    "nothing": lambda frames, strength: frames,
    "recast": ours,
    "FFmpeg nlmeans": ffmpeg(lambda s: ("nlmeans", f"s={max(s, 1):.2f}:p=7:r=9")),
    "OpenCV fastNlMeansColored": opencv,
    "FFmpeg fftdnoiz, 3 frames": ffmpeg(
        lambda s: ("fftdnoiz", f"sigma={min(30, s)}:block=16:overlap=0.6:prev=1:next=1")
    ),
    "FFmpeg fftdnoiz, 1 frame": ffmpeg(
        lambda s: ("fftdnoiz", f"sigma={min(30, s)}:block=16:overlap=0.6")
    ),
    "FFmpeg bm3d": ffmpeg(lambda s: ("bm3d", f"sigma={s}:block=8:bstep=4:thmse={25 * s * s}")),
    "FFmpeg atadenoise": ffmpeg(_ata),
    "FFmpeg bilateral": ffmpeg(
        lambda s: ("bilateral", f"sigmaS=3:sigmaR={2.5 * s / 255}:planes=7")
    ),
    "FFmpeg guided": ffmpeg(lambda s: ("guided", f"radius=3:eps={(1.5 * s / 255) ** 2}:planes=7")),
    "FFmpeg median": ffmpeg(lambda s: ("median", "radius=1")),
}
ONE_STRENGTH = {"nothing", "FFmpeg median", "FFmpeg bm3d"}  # the last for its slowness


def score(found: Images, clean: Images) -> Score:
    # The first and the last frame have a neighbour less than the others of a take.
    pairs = list(zip(found, clean, strict=True))[1:-1]
    rows = []
    for image, truth in pairs:
        wrong = (image.astype(np.float64) - truth) ** 2
        slope = _slope(truth)
        edge = slope > np.quantile(slope, 1 - EDGES)
        kept = _slope(image)[edge].mean() / slope[edge].mean()
        rows.append((_decibels(wrong), _ssim(image, truth), _decibels(wrong[edge]), kept))
    return Score(*np.mean(rows, axis=0))


def _decibels(wrong: NDArray[Any]) -> float:
    return float(10 * np.log10(255**2 / max(wrong.mean(), 1e-9)))


def _grey(image: NDArray[Any]) -> NDArray[np.float32]:
    return cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY).astype(np.float32)


def _slope(image: NDArray[Any]) -> NDArray[np.float32]:
    grey = _grey(image)
    return np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))


def _ssim(image: NDArray[Any], truth: NDArray[Any]) -> float:
    """Wang et al., IEEE TIP 2004, with its window of deviation 1.5."""

    def mean(values: NDArray[Any]) -> NDArray[Any]:
        return cv2.GaussianBlur(values, (11, 11), 1.5)

    one, other = _grey(image), _grey(truth)
    mean_one, mean_other = mean(one), mean(other)
    spread = mean(one * one) - mean_one**2 + mean(other * other) - mean_other**2
    shared = mean(one * other) - mean_one * mean_other
    low, high = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    likeness = (2 * mean_one * mean_other + low) * (2 * shared + high)
    return float((likeness / ((mean_one**2 + mean_other**2 + low) * (spread + high))).mean())


def best(name: str, noisy: Images, clean: Images, deviation: float) -> tuple[Score, float, float]:
    """The filter's best score, the strength that gave it, and frames a second then."""
    found = []
    for factor in (1.0,) if name in ONE_STRENGTH else STRENGTHS:
        begun = time.perf_counter()
        cleaned = FILTERS[name](noisy, factor * deviation)
        rate = len(noisy) / (time.perf_counter() - begun)
        found.append((score(cleaned, clean), factor, rate))
    return max(found)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 6
    clean = [frame.image for frame in open_take(SAMPLE).frames(FIRST, FIRST + count)]
    rng = np.random.default_rng(0)
    print("| noise | filter | strength | PSNR | SSIM | PSNR at edges | edges kept | frames/s |")
    print("|---|---|---|---|---|---|---|---|")
    for deviation in DEVIATIONS:
        noise = (rng.normal(0, deviation, image.shape) for image in clean)
        noisy = [
            np.clip(np.rint(image + grain), 0, 255).astype(np.uint8)
            for image, grain in zip(clean, noise, strict=True)
        ]
        for name in FILTERS:
            found, factor, rate = best(name, noisy, clean, deviation)
            speed = "" if name == "nothing" else f"{rate:.1f}"
            print(
                f"| {deviation} | {name} | {factor:g} | {found.psnr:.1f} | {found.ssim:.3f} "
                f"| {found.edge_psnr:.1f} | {found.edges_kept:.0%} | {speed} |",
                flush=True,
            )
    for strength in (2, 5, 10):
        left = score(ours(clean, strength), clean)
        print(
            f"clean frames at strength {strength}: {left.psnr:.1f} dB, SSIM {left.ssim:.3f}, "
            f"{left.edges_kept:.0%} of the edges kept"
        )


if __name__ == "__main__":
    main()
