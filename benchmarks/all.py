"""Every headline figure in one table: `python -m benchmarks all [--json FILE] [--docs]`.

Each figure stands beside a baseline that was measured in the same run, in turn with it, so that a
busy machine slows both: what counts is the ratio and how far it strayed. Takes some minutes. With
--docs the page docs/headlines.md and its plot are written anew.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np

from benchmarks.judge import DST
from benchmarks.machine import machine
from benchmarks.merge import FRAMES, SIZE, plates, write
from benchmarks.takes import decoded
from recast.video import Take, TakeWriter, open_take

ROUNDS = 5
DOCS = Path(__file__).parents[1] / "docs"
Call = Callable[[], object]


@dataclass(frozen=True)
class Pair:
    """Two ways, each of which does its work `count` times; more a second is better."""

    name: str
    unit: str
    count: int
    work: Call
    baseline: str
    baseline_work: Call
    baseline_count: int = 0
    rounds: int = ROUNDS


@dataclass(frozen=True)
class Figure:
    """A rate a second, the baseline's, their ratio's median and its least and most."""

    name: str
    rate: float
    unit: str
    baseline: str
    baseline_rate: float
    ratio: float
    least: float
    most: float


def measured(pair: Pair) -> Figure:
    """Both in turn, after one round that warms up."""
    pair.work()
    pair.baseline_work()
    rates: list[tuple[float, float]] = []
    for _ in range(pair.rounds):
        mine = pair.count / seconds(pair.work)
        rates.append((mine, (pair.baseline_count or pair.count) / seconds(pair.baseline_work)))
    ratios = [mine / other for mine, other in rates]
    return Figure(
        pair.name,
        statistics.median(mine for mine, _ in rates),
        pair.unit,
        pair.baseline,
        statistics.median(other for _, other in rates),
        statistics.median(ratios),
        min(ratios),
        max(ratios),
    )


def seconds(work: Call) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def read(take: Take) -> int:
    return sum(1 for _ in take)


def copied(take: Take, folder: Path) -> None:
    with TakeWriter(folder / "copy.mp4", take.info, crf=14) as writer:
        for frame in take:
            writer.write(frame.image, frame.moment, frame.plate)


def merged_take(take: Take, folder: Path) -> None:
    from benchmarks.merge import job_of
    from recast.merging import Look
    from recast.stages.merge_frames import merged

    job = job_of(take, Look("seamless", color_match="rct"), 200)
    with TakeWriter(folder / "merged.mp4", take.info, crf=14) as writer:
        for one in merged(job, 0, len(take)):
            writer.write(one.composed.image, one.frame.moment, one.frame.plate)


def extracted(take: Path, folder: Path, number: Iterator[int]) -> None:
    import recast

    job = recast.Workspace.create(folder / f"job{next(number)}", src=take, dst=take)
    job.extract("src")


def help_shown(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


def sorting(folder: Path) -> Pair:
    import recast
    from benchmarks.sort import bhattacharyya, chain, histograms_like, real_histograms
    from recast.faceset.path import short_path

    job = recast.Workspace.create(folder / "faces", src=DST, dst=DST)
    job.extract("dst")
    rows = histograms_like(real_histograms(job.faceset_folder("dst")), 4000)
    return Pair(
        "faces put in order by histogram (4,000)",
        "faces",
        len(rows),
        lambda: short_path(rows),
        "a chain of all pairs, NumPy",
        lambda: chain(rows, bhattacharyya),
        rounds=2,
    )


def training() -> Pair:
    """Steps of swift; the baseline's rate is that of as many multiplications in one product."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from benchmarks.train import begun, step
    from recast.training.recipes import RECIPES

    trained = begun("swift", RECIPES["swift"].batch_size[0], torch.device("cpu"), "float32")
    with FlopCounterMode(display=False) as counted:
        step(trained)
    side = 1024
    products = max(1, round(counted.get_total_flops() / (2 * side**3)))
    one, other = torch.randn(side, side), torch.randn(side, side)

    def several() -> None:
        for _ in range(3):
            step(trained)

    def multiply() -> None:
        for _ in range(products):
            torch.mm(one, other)

    return Pair(
        "swift's training steps",
        "steps",
        3,
        several,
        "as many multiplications in matrix products",
        multiply,
        baseline_count=1,
    )


def reading(folder: Path) -> Pair:
    import pickle  # noqa: TID251 - what the safe reader is compared with

    from recast.faces import placement
    from recast.plain_pickle import load_plain
    from tests.foreign import dfl_values, some_landmarks

    stream = pickle.dumps(dfl_values(some_landmarks(), placement(some_landmarks(), 256, "full")))
    many = 500
    return Pair(
        "DeepFaceLab's records read without running them",
        "records",
        many,
        lambda: [load_plain(stream, "") for _ in range(many)],
        "pickle.loads, which runs them",
        lambda: [pickle.loads(stream) for _ in range(many)],
    )


def pairs(folder: Path) -> list[Pair]:
    """All that is measured, cheapest first."""
    plate = folder / "plate.mp4"
    write(plate, replace(open_take(DST).info, size=SIZE, sound=()), list(plates(FRAMES)))
    take, dst = open_take(plate), open_take(DST)
    number = iter(range(1000))
    return [
        Pair(
            "recast --help",
            "starts",
            1,
            partial(help_shown, "-m", "recast", "--help"),
            "python -c pass",
            partial(help_shown, "-c", "pass"),
        ),
        Pair(
            "recast doctor",
            "starts",
            1,
            partial(help_shown, "-m", "recast", "doctor"),
            "python -c 'import torch'",
            partial(help_shown, "-c", "import torch"),
            rounds=3,
        ),
        reading(folder),
        Pair(
            "frames of 1280x720 read to RGB",
            "frames",
            FRAMES,
            partial(read, take),
            "decoded only, PyAV",
            partial(decoded, plate),
        ),
        Pair(
            "merged from file to file, seamless and rct, 200 px, 1280x720",
            "frames",
            FRAMES,
            partial(merged_take, take, folder),
            "read and written only",
            partial(copied, take, folder),
            rounds=3,
        ),
        Pair(
            "faces found and cut, 640x480",
            "frames",
            len(dst),
            partial(extracted, DST, folder, number),
            "read to RGB only",
            partial(read, dst),
            rounds=3,
        ),
        training(),
        sorting(folder),
    ]


@contextmanager
def figures() -> Iterator[Iterator[Figure]]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield (measured(pair) for pair in pairs(Path(folder)))


def page(where: dict[str, Any], found: list[Figure]) -> str:
    """docs/headlines.md."""
    rows = [
        f"| {one.name} | {one.rate:.3g} {one.unit}/s | {one.baseline} | {one.baseline_rate:.3g} | "
        f"{one.ratio:.2f} ({one.least:.2f} to {one.most:.2f}) |"
        for one in found
    ]
    told = [f"{name} {value}" for name, value in where.items() if value not in ([], "")]
    return "\n".join(
        [
            "# Headline figures",
            "",
            "Written by `python -m benchmarks all --docs`: " + ", ".join(told) + ".",
            "",
            "Each figure was measured in turn with its baseline; the ratio is recast's rate by the",
            "baseline's, median and range. All other figures are on the page of the",
            "[benchmarks](benchmarks.md).",
            "",
            "![Ratios to the baselines](headlines.svg)",
            "",
            "| | recast | baseline | a second | ratio |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def plot(found: list[Figure]) -> str:
    """Bars of the ratios on a logarithmic scale, 0.01 to 1000, as SVG."""
    width, row, left = 760, 34, 330

    def x(ratio: float) -> float:
        share = (np.log10(min(max(ratio, 0.01), 1000)) + 2) / 5
        return float(left + share * (width - left - 60))

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {row * len(found) + 30}" '
        'font-family="sans-serif" font-size="12">',
        f'<line x1="{x(1):.0f}" x2="{x(1):.0f}" y1="0" y2="{row * len(found)}" stroke="#888"/>',
    ]
    for at, one in enumerate(found):
        low, high = sorted((x(1), x(one.ratio)))
        middle = at * row + 20
        label = escape(one.name if len(one.name) < 52 else one.name[:50] + "…")
        parts += [
            f'<text x="{left - 8}" y="{middle}" text-anchor="end" fill="#666">{label}</text>',
            f'<rect x="{low:.0f}" y="{middle - 12}" width="{max(2, high - low):.0f}" height="16" '
            'fill="#3d7ea6"/>',
            f'<line x1="{x(one.least):.0f}" x2="{x(one.most):.0f}" y1="{middle - 4}" '
            f'y2="{middle - 4}" stroke="#d08c2c" stroke-width="3"/>',
            f'<text x="{max(high, x(one.most)) + 6:.0f}" y="{middle}" fill="#666">'
            f"{one.ratio:.2f}</text>",
        ]
    bottom = row * len(found) + 16
    parts.append(f'<text x="{x(1):.0f}" y="{bottom}" text-anchor="middle" fill="#666">1</text>')
    return "\n".join([*parts, "</svg>", ""])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks all")
    parser.add_argument("--json", type=Path, help="write the figures there as JSON")
    parser.add_argument("--docs", action="store_true", help="write docs/headlines.md anew")
    given = parser.parse_args()
    where, found = machine(), []
    print(", ".join(f"{name} {value}" for name, value in where.items()))
    with figures() as coming:
        for one in coming:
            found.append(one)
            print(
                f"{one.name:62} {one.rate:9.3g} {one.unit + '/s':9} "
                f"{one.ratio:6.2f} ({one.least:.2f} to {one.most:.2f}) of {one.baseline}",
                flush=True,
            )
    if given.json:
        told = {"machine": where, "figures": [asdict(one) for one in found]}
        given.json.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    if given.docs:
        (DOCS / "headlines.md").write_text(page(where, found), encoding="utf-8")
        (DOCS / "headlines.svg").write_text(plot(found), encoding="utf-8")


if __name__ == "__main__":
    main()
