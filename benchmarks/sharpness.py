"""Which measure of sharpness tells graded blurs apart: `python -m benchmarks sharpness`.

Faces of the sample takes are blurred by known amounts, then darkened, made noisy or compressed. The
table says how well each measure's rank agrees with the blur's (Spearman; 1 is perfect): within each
condition, over all of them together, and for smears by motion in four directions.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import recast
from recast.faces import hull_mask
from recast.faceset.measures import SIDE, edge_sharpness

SAMPLES = Path(recast.__file__).parent / "samples"
BLURS = (0, 0.5, 1, 1.5, 2, 3, 4)  # pixels of the 256-pixel crop, standard deviation
SMEARS = (0, 3, 5, 9, 15)  # pixels
EVERY = 12

Grey = NDArray[np.float32]
Inside = NDArray[np.bool_]
Picture = NDArray[np.uint8]
Measure = Callable[[Grey, Inside], float]


def laplacian(grey: Grey, inside: Inside) -> float:
    return float(cv2.Laplacian(grey, cv2.CV_32F)[inside].var())


def wide_laplacian(grey: Grey, inside: Inside) -> float:
    return float(cv2.Laplacian(grey, cv2.CV_32F, ksize=11)[inside].var())


def cpbd(grey: Grey, inside: Inside) -> float:
    """Narvekar and Karam, "A no-reference image blur metric based on the cumulative probability of
    blur detection", 2011; edge widths across vertical edges, blocks of 64 pixels."""
    edges = cv2.Canny(grey.astype(np.uint8), 50, 120) > 0
    slope = cv2.Sobel(grey, cv2.CV_32F, 1, 0)
    steep = np.abs(slope) >= np.abs(cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    rows, columns = np.nonzero(edges & steep & inside)
    widths = np.ones(len(rows))
    for side in (-1, 1):  # walk as long as the edge goes on rising or falling
        signs = np.sign(slope[rows, columns]) * side
        at, alive = columns.copy(), np.ones(len(rows), bool)
        for _ in range(24):
            beyond = np.clip(at + side, 0, SIDE - 1)
            rise = (grey[rows, beyond] - grey[rows, at]) * signs
            alive &= (rise > 0) & (beyond != at)
            at = np.where(alive, beyond, at)
        widths += np.abs(at - columns)
    found = []
    for top in range(0, SIDE, 64):
        for left in range(0, SIDE, 64):
            block = (rows // 64 == top // 64) & (columns // 64 == left // 64)
            if block.sum() <= 0.002 * 64 * 64:
                continue
            contrast = np.ptp(grey[top : top + 64, left : left + 64])
            found.append(1 - np.exp(-((widths[block] / (5 if contrast <= 50 else 3)) ** 3.6)))
    return float((np.concatenate(found) <= 0.63).mean()) if found else 0.0


MEASURES: dict[str, Measure] = {
    "variance of Laplacian": laplacian,
    "variance of an 11 x 11 Laplacian": wide_laplacian,
    "CPBD": cpbd,
    "recast, sharpness (blur)": lambda grey, inside: edge_sharpness(grey, inside)[0],
    "recast, steadiness (motion-blur)": lambda grey, inside: edge_sharpness(grey, inside)[1],
}


def compressed(picture: Picture) -> Picture:
    data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 40])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def noisy(picture: Picture) -> Picture:
    noise = np.random.default_rng(0).normal(0, 3, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


CONDITIONS: dict[str, Callable[[Picture], Picture]] = {
    "plain": lambda picture: picture,
    "half the light": lambda picture: (picture * 0.5).astype(np.uint8),
    "noise of 3": noisy,
    "JPEG 40": compressed,
}


def main() -> None:
    faces = list(sample_faces())
    print(f"{len(faces)} faces, {len(BLURS)} blurs each")
    heads = "".join(f"{name:>15}" for name in (*CONDITIONS, "all", "motion", "ms a face"))
    print(f"{'':34}{heads}")
    for name, measure in MEASURES.items():
        began, count = time.perf_counter(), 0
        values: list[list[tuple[float, float]]] = []
        for change in CONDITIONS.values():
            values.append(
                [
                    (float(blur), measure(grey(change(blurred(crop, blur))), inside))
                    for crop, inside in faces
                    for blur in BLURS
                ]
            )
            count += len(values[-1])
        spent = (time.perf_counter() - began) / count
        moved = [
            (float(length), measure(grey(smeared(crop, length, turn)), inside))
            for crop, inside in faces
            for length in SMEARS
            for turn in ((0, 45, 90, 135) if length else (0,))
        ]
        together = [pair for pairs in values for pair in pairs]
        columns: list[list[tuple[float, float]]] = [*values, together, moved]
        row = "".join(f"{agreement(pairs):15.3f}" for pairs in columns)
        print(f"{name:34}{row}{spent * 1000:15.1f}", flush=True)


def sample_faces() -> list[tuple[Picture, Inside]]:
    found = []
    with tempfile.TemporaryDirectory() as scratch:
        job = recast.Workspace.create(
            Path(scratch) / "job", src=SAMPLES / "pair1_src.mp4", dst=SAMPLES / "pair1_dst.mp4"
        )
        for faces in (job.extract("src", size=SIDE), job.extract("dst", size=SIDE)):
            for index in range(0, len(faces), EVERY):
                inside = hull_mask(faces.crop_landmarks(index, SIDE), (SIDE, SIDE)) > 0.5
                found.append((np.asarray(faces.crop(index), np.uint8), inside))
    return found


def grey(picture: Picture) -> Grey:
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)


def blurred(picture: Picture, blur: float) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), blur), np.uint8) if blur else picture


def smeared(picture: Picture, length: float, degrees: float) -> Picture:
    if not length:
        return picture
    turn, kernel = np.radians(degrees), np.zeros((31, 31), np.float32)
    for at in np.linspace(-length / 2, length / 2, 200):
        kernel[round(15 + at * np.sin(turn)), round(15 + at * np.cos(turn))] = 1
    return np.asarray(cv2.filter2D(picture, -1, kernel / kernel.sum()), np.uint8)


def agreement(pairs: list[tuple[float, float]]) -> float:
    """Spearman's rank correlation of sharpness and less blur, ties sharing their mean rank."""
    ranks = []
    for column in np.array(pairs).T:
        _, kind, counts = np.unique(column, return_inverse=True, return_counts=True)
        ranks.append((np.cumsum(counts) - (counts - 1) / 2)[kind.ravel()])
    one, two = (rank - rank.mean() for rank in ranks)
    return -float((one * two).sum() / np.sqrt((one**2).sum() * (two**2).sum()))


if __name__ == "__main__":
    main()
