"""How near a swap of the bundled pair is to its truth: `python -m benchmarks judge RESULT`.

RESULT is the video, or the folder of frames, made of pair1_src and pair1_dst. Both persons are
rendered, so what an ideal swap shows is known: tests/data/pair1_truth.mp4, frame by frame.

closure     0 = nothing was done, RESULT is dst; 1 = the truth; below 0: worse than doing nothing.
            The mean of colour (distance in Lab after a light blur) and structure (1 - SSIM of the
            luminance), each 1 - error(RESULT, truth) / error(dst, truth), over the inner face:
            brows to lower lip. Where src's features sit on dst's head and how large they are is a
            convention, so one placement per take (`placement`) is fitted and taken out, for
            RESULT and dst alike. What moves from frame to frame is not taken out.
whole       the same over all of the visible face, so its outline and its edge count too.
seam        error in a ring around the face's edge, as a part of dst's error there.
outside_db  PSNR between RESULT and dst away from the face: what is not the face has to stay.
flicker     second difference in time inside the face, as a multiple of the truth's.
expression  distance of the landmarks to the truth's after the placement, both found by the same
            networks, in percent of the distance of the outer eye corners; dst's own for scale.
faces_found part of the frames in which a face was found.
"""

import argparse
import json
import math
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from recast.errors import OptionUnusable, RecastError
from recast.faces import MeshDetector
from recast.geometry import Points, Similarity
from recast.images import upper_8_bits
from recast.ordered import batches, ordered
from recast.video import Frame, Take, open_take

ROOT = Path(__file__).parents[1]
DST = ROOT / "recast" / "samples" / "pair1_dst.mp4"
SRC = DST.with_name("pair1_src.mp4")
TRUTH = ROOT / "tests" / "data" / "pair1_truth.mp4"

BATCH = 8
INNER = slice(17, 68)
"""The landmarks without those of the jaw."""
EDGE = 0.5
"""The truth counts from the corner of the top-left pixel, recast from its centre."""
LEAST = 200
"""Pixels; a frame that shows less of the face is left out."""

Figure = float | str | int
Picture = NDArray[np.uint8]
Plane = NDArray[np.float32]
"""(H, W): an error or a weight for each pixel."""
Track = NDArray[np.float32]
"""(T, 68, 2): the landmarks of each frame."""
Row = list[float]
Takes = tuple[Take, Take, Take]
"""Result, truth and dst."""


@dataclass(frozen=True)
class Known:
    """What the renderer tells of a take: masks (T, H, W), uint8, and landmarks."""

    masks: Picture
    landmarks: Track

    @staticmethod
    def load(name: str = TRUTH.stem) -> "Known":
        with np.load(TRUTH.with_name(f"{name}.npz")) as data:
            return Known(data["mask"], data["landmarks"])


def frames_of(take: Take, stop: int) -> Iterator[Frame]:
    """The first frames, turned to RGB by FFmpeg's default path.

    recast's own is more exact by about a level; with this one the figures are those that
    every earlier result was judged by.
    """
    if take.path.is_dir():
        yield from take.frames(0, stop)
        return
    with av.open(str(take.path)) as file:
        for index, frame in enumerate(islice(file.decode(video=0), stop)):
            image = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
            yield Frame(index, Fraction(index), image)


def pixels(frame: Frame) -> Picture:
    """A frame in 8 bits."""
    return upper_8_bits(frame.image)


def landmarks(take: Take, stop: int) -> Track:
    """(stop, 68, 2): the points of each frame's largest face, NaN where there is none."""
    detector, cores = MeshDetector(threads=1), os.cpu_count() or 1
    found = np.full((stop, 68, 2), np.nan, np.float32)

    def work(frames: list[Frame]) -> list[Points | None]:
        faces = detector([pixels(frame) for frame in frames])
        return [here[0].landmarks + np.float32(EDGE) if here else None for here in faces]

    with ThreadPoolExecutor(cores) as pool:
        parts = ordered(pool, work, batches(frames_of(take, stop), BATCH), ahead=cores)
        for at, points in enumerate(points for part in parts for points in part):
            if points is not None:
                found[at] = points
    return found


def placements(truth: Track, other: Track) -> tuple[list[Similarity], str]:
    """For each frame what carries the truth to where the other take has its face, and its size.

    Apart from the head's own motion it is the same in all frames.
    """
    unmoved = Similarity(np.eye(2, 3))
    seen = np.isfinite(truth[:, 0, 0]) & np.isfinite(other[:, 0, 0])
    if not seen.any():
        return [unmoved] * len(truth), "no face found"
    mean = truth[seen][:, INNER].mean(axis=0)
    mean = (mean - mean.mean(axis=0)) / np.linalg.norm(mean[19] - mean[28])  # eye corners 1 apart
    heads = [Similarity.fit(mean, points[INNER]) for points in truth[seen]]

    def at_rest(take: Track) -> Points:
        shown = zip(heads, take[seen], strict=True)
        return np.concatenate([head.inverse().apply(points[INNER]) for head, points in shown])

    constant = Similarity.fit(at_rest(truth), at_rest(other))
    matrix, scale = constant.matrix, constant.scale
    turn = math.degrees(math.atan2(matrix[1, 0], matrix[0, 0]))
    words = (
        f"scale {scale:.3f}, turn {turn:.1f} deg, shift {matrix[0, 2] * 100:.1f} "
        f"{matrix[1, 2] * 100:.1f} % of the inter-ocular distance"
    )
    if not (0.85 < scale < 1.18 and abs(turn) < 6 and np.abs(matrix[:, 2]).max() < 0.2):
        return [unmoved] * len(truth), f"{words}: too far, not taken out"
    carried = iter([head.inverse().then(constant).then(head) for head in heads])
    return [next(carried) if here else unmoved for here in seen], words


def inner_face(points: Points, shape: tuple[int, ...]) -> Plane:
    """The hull of the inner landmarks, a little wider, with a soft edge."""
    mask = np.zeros(shape, np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(np.round(points[INNER]).astype(np.int32)), 255)
    grow = int(np.linalg.norm(points[36] - points[45]) * 0.2) | 1
    mask[:] = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (grow, grow)))
    return np.divide(cv2.GaussianBlur(mask, (0, 0), grow / 4), 255, dtype=np.float32)


def colour_error(a: Picture, b: Picture) -> Plane:
    """Distance in Lab after a light blur."""

    def lab(picture: Picture) -> Plane:
        whole = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
        return np.asarray(cv2.GaussianBlur(whole, (0, 0), 2), np.float32)

    return np.asarray(np.linalg.norm(lab(a) - lab(b), axis=-1), np.float32)


def structure_error(a: Picture, b: Picture) -> Plane:
    """(1 - SSIM) / 2 of the luminance (Wang et al., 2004)."""
    x, y = (cv2.cvtColor(p, cv2.COLOR_RGB2GRAY).astype(np.float32) for p in (a, b))

    def around(values: Plane) -> Plane:
        return np.asarray(cv2.GaussianBlur(values, (0, 0), 1.5), np.float32)

    mean_x, mean_y = around(x), around(y)
    var_x, var_y = around(x * x) - mean_x * mean_x, around(y * y) - mean_y * mean_y
    shared = around(x * y) - mean_x * mean_y
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    ssim = (2 * mean_x * mean_y + c1) * (2 * shared + c2)
    ssim /= (mean_x * mean_x + mean_y * mean_y + c1) * (var_x + var_y + c2)
    return np.asarray((1 - ssim) / 2, np.float32)


def moved(picture: Picture | Plane, place: Similarity) -> NDArray[Any]:
    height, width = picture.shape[:2]
    edge = cv2.BORDER_REPLICATE
    return np.asarray(
        cv2.warpAffine(
            picture, place.matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=edge
        )
    )


def mean_over(weight: Plane, error: Plane) -> float:
    return float((error * weight).sum() / weight.sum())


def face_errors(truth: Picture, shown: Picture, place: Similarity, weights: list[Plane]) -> Row:
    """Colour and structure over the first weight, then over the second."""
    wanted = moved(truth, place)
    errors = colour_error(shown, wanted), structure_error(shown, wanted)
    placed = [np.clip(moved(weight, place), 0, 1) for weight in weights]
    return [mean_over(weight, error) for weight in placed for error in errors]


def surroundings(mask: Plane) -> tuple[Plane, Plane]:
    """A ring around the face's edge, and all that is well away from the face; 0 or 1."""
    face = (mask > 0.5).astype(np.uint8)
    side = max(3, int(np.sqrt(face.sum()) * 0.06)) | 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    ring = np.asarray(cv2.dilate(face, disc) - cv2.erode(face, disc), np.float32)
    wide = np.ones((4 * side + 1, 4 * side + 1), np.uint8)
    return ring, np.asarray(1 - cv2.dilate(face, wide), np.float32)


def measured(takes: Takes, known: Known, places: list[Similarity], before: list[Similarity]) -> Row:
    """Means over the frames: face errors of the result and of dst, ring of both, outside."""

    def row(frames: tuple[Frame, ...]) -> Row | None:
        at = frames[0].index
        result, truth, dst = map(pixels, frames)
        mask = np.divide(known.masks[at], 255, dtype=np.float32)
        if mask.sum() < LEAST:
            return None
        weights = [inner_face(known.landmarks[at], mask.shape) * mask, mask]
        ring, away = surroundings(mask)
        squared = ((result.astype(np.float32) - dst.astype(np.float32)) ** 2).mean(axis=-1)
        return [
            *face_errors(truth, result, places[at], weights),
            *face_errors(truth, dst, before[at], weights),
            mean_over(ring, colour_error(result, truth)),
            mean_over(ring, colour_error(dst, truth)),
            float((squared * away).sum() / max(away.sum(), 1)),
        ]

    cores = os.cpu_count() or 1
    shown = zip(*(frames_of(take, len(places)) for take in takes), strict=True)
    with ThreadPoolExecutor(cores) as pool:
        rows = [found for found in ordered(pool, row, shown, ahead=2 * cores) if found]
    return [float(mean) for mean in np.mean(rows, axis=0)]


def jumps(take: Take, masks: Picture) -> float:
    """Mean second difference from frame to frame inside the face."""
    total = weights = 0.0
    recent: deque[Plane] = deque(maxlen=3)
    for at, frame in enumerate(frames_of(take, len(masks))):
        recent.append(pixels(frame).astype(np.float32).mean(axis=-1))
        if len(recent) == 3:
            weight = masks[at - 2 : at + 1].min(axis=0).astype(np.float32) / 255
            total += float((np.abs(recent[0] - 2 * recent[1] + recent[2]) * weight).sum())
            weights += float(weight.sum())
    return total / weights if weights else math.nan


def expression(found: Track, truth: Track, places: list[Similarity]) -> float:
    """Mean distance of the landmarks to the placed truth's, percent."""
    wanted = np.stack([place.apply(points) for place, points in zip(places, truth, strict=True)])
    eyes = np.linalg.norm(truth[:, 36] - truth[:, 45], axis=-1)
    off = np.linalg.norm(found - wanted, axis=-1).mean(axis=-1) / eyes
    off = off[np.isfinite(off)]
    return float(off.mean() * 100) if len(off) else math.nan


def score(result: Path) -> dict[str, Figure]:
    """All figures of the result at a path; a shorter result is judged as far as it goes.

    Raises:
        TakeUnreadable: there is no result.
        OptionUnusable: its frames have another size than the truth's.
    """
    shown, truth, dst = takes = open_take(result), open_take(TRUTH), open_take(DST)
    if shown.info.size != truth.info.size:
        sizes = ("{}x{}".format(*take.info.size) for take in (shown, truth))
        raise OptionUnusable(
            "{} is {}, the truth {}".format(result.name, *sizes),
            "judge a result of the bundled pair, in its own size",
        )
    known = Known.load()
    count = min(*map(len, takes), len(known.masks))
    masks = known.masks[:count]
    points_shown, points_truth, points_dst = (
        landmarks(take, count) for take in (shown, truth, dst)
    )
    places, words = placements(points_truth, points_shown)
    before, _ = placements(points_truth, points_dst)
    errors = measured(takes, known, places, before)
    colour, structure, whole_colour, whole_structure = np.divide(errors[:4], errors[4:8])
    ring, ring_before, outside = errors[8:]
    figures: dict[str, Figure] = {
        "frames": count,
        "missing_frames": len(truth) - len(shown),
        "placement": words,
        "closure_colour": 1 - colour,
        "closure_structure": 1 - structure,
        "closure": 1 - (colour + structure) / 2,
        "whole": 1 - (whole_colour + whole_structure) / 2,
        "seam": ring / ring_before,
        "outside_db": 10 * math.log10(255**2 / max(outside, 1e-6)),
        "flicker": jumps(shown, masks) / jumps(truth, masks),
        "expression_pct": expression(points_shown, points_truth, places),
        "expression_dst_pct": expression(points_dst, points_truth, before),
        "faces_found": float(np.isfinite(points_shown[:, 0, 0]).mean()),
    }
    return rounded(figures)


def rounded(figures: dict[str, Figure]) -> dict[str, Figure]:
    return {
        name: round(float(figure), 4) if isinstance(figure, float) else figure
        for name, figure in figures.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks judge")
    parser.add_argument("result", type=Path, help="the swap of the bundled pair: video or folder")
    parser.add_argument("--json", action="store_true", help="the figures as JSON")
    given = parser.parse_args()
    try:
        figures = score(given.result)
    except RecastError as error:
        parser.error(f"{error}: {error.fix}")
    if given.json:
        print(json.dumps(figures))
    else:
        print("\n".join(f"{name:20s} {figure}" for name, figure in figures.items()))


if __name__ == "__main__":
    main()
