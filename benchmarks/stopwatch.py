"""How long the stages of a job take."""

import time
from dataclasses import dataclass, field

from recast.events import Event, Note, Progress, Started, TrainingProgress


@dataclass
class Lap:
    """One stage: when it began, and when it had done how many of its units."""

    stage: str
    unit: str
    began: float
    reports: list[tuple[float, int]] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """From its start to its last report, so loading is in them."""
        return self.reports[-1][0] - self.began if self.reports else 0.0

    @property
    def rate(self) -> float:
        """Units a second; of steps, whose first ones are slow, since the first report."""
        if not self.reports:
            return 0.0
        first = self.reports[0] if self.unit == "steps" else (self.began, 0)
        if first == self.reports[-1]:
            first = (self.began, 0)
        (since, done), (until, all_done) = first, self.reports[-1]
        return (all_done - done) / (until - since)


class Stopwatch:
    """Listens to a job and keeps a lap for each of its stages; warnings are printed."""

    def __init__(self) -> None:
        self.laps: list[Lap] = []

    def __call__(self, event: Event) -> None:
        now = time.perf_counter()
        match event:
            case Started(stage):
                self.laps.append(Lap(stage, "steps" if stage == "train" else "frames", now))
            case Progress(done) | TrainingProgress(done) if self.laps:
                self.laps[-1].reports.append((now, done))
            case Note(text, warning=True):
                print(f"  {text}", flush=True)

    def lap(self, stage: str) -> Lap:
        """The last lap of a stage; an empty one if it was not run."""
        found = [lap for lap in self.laps if lap.stage == stage]
        return found[-1] if found else Lap(stage, "frames", 0.0)
