"""The whole job on the bundled pair, timed and judged: `python -m benchmarks swap [MINUTES=10]`.

MINUTES is the budget of the training. With a FOLDER behind it, new or empty, the workspace stays
there. Seconds count from a stage's start to its last report, so loading is in them. The steps of
the training are counted from its first report on. Last come the judge's figures, and beside them
those of dst as it was.
"""

import argparse
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.judge import DST, score
from recast.errors import RecastError
from recast.events import Event, Progress, Started, TrainingProgress
from recast.provenance import synthetic_consent
from recast.stages import swap
from recast.stages.extract import ExtractOptions
from recast.stages.merge import MergeOptions
from recast.stages.train_options import TrainOptions
from recast.workspace import Workspace

SRC = DST.with_name("pair1_src.mp4")
STAGES = ("extract src", "extract dst", "guard", "train", "merge")


@dataclass
class Lap:
    """One stage: when it began, and when it had done how many of its units."""

    unit: str
    began: float
    reports: list[tuple[float, int]] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return self.reports[-1][0] - self.began

    @property
    def rate(self) -> float:
        """Units a second; of steps, whose first ones are slow, since the first report."""
        first = self.reports[0] if self.unit == "steps" else (self.began, 0)
        if first == self.reports[-1]:
            first = (self.began, 0)
        (since, done), (until, all_done) = first, self.reports[-1]
        return (all_done - done) / (until - since)


class Stopwatch:
    """Listens to a job and keeps a lap for each of its stages."""

    def __init__(self) -> None:
        self.laps: list[Lap] = []

    def __call__(self, event: Event) -> None:
        now = time.perf_counter()
        match event:
            case Started(stage, about):
                print(f"{stage}: {about}", flush=True)
                self.laps.append(Lap("steps" if stage == "train" else "frames", now))
            case Progress(done) | TrainingProgress(done):
                self.laps[-1].reports.append((now, done))


def run(root: Path, minutes: float) -> None:
    """Do the job in the empty folder `root` and print what it took and what it is worth."""
    job = Workspace.create(root, src=SRC, dst=DST)
    job.record_consent(synthetic_consent(person="rendered person", now=datetime.now(UTC)))
    stopwatch = Stopwatch()
    begun = time.perf_counter()
    made = swap.run(
        job,
        extract=ExtractOptions(),
        train=TrainOptions(minutes=minutes),
        merge=MergeOptions(),
        report=stopwatch,
    )
    whole = time.perf_counter() - begun
    print()
    for name, lap in zip(STAGES, stopwatch.laps, strict=True):
        done = lap.reports[-1][1]
        print(
            f"{name:18} {done:6} {lap.unit:6} {lap.seconds:8.1f} s {lap.rate:8.2f} {lap.unit}/s",
        )
    print(f"{'all, signed':18} {'':13} {whole:8.1f} s\n", flush=True)
    judged, unchanged = score(made.video), score(DST)
    print(f"{'':20} {'result':>10} {'dst':>10}")
    for name, figure in judged.items():
        if not isinstance(figure, str):
            print(f"{name:20} {figure:10} {unchanged[name]:10}")
    print(f"placement: {judged['placement']}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks swap")
    parser.add_argument("minutes", type=float, nargs="?", default=10.0, help="of training")
    parser.add_argument("folder", type=Path, nargs="?", help="where the workspace stays")
    given = parser.parse_args()
    if given.folder is not None and given.folder.exists() and any(given.folder.iterdir()):
        parser.error(f"{given.folder} is not empty: name a new folder, or none")
    try:
        if given.folder is not None:
            run(given.folder, given.minutes)
        else:
            with tempfile.TemporaryDirectory() as folder:
                run(Path(folder) / "job", given.minutes)
    except RecastError as error:
        parser.error(f"{error}: {error.fix}")


if __name__ == "__main__":
    main()
