"""Time to quality: `python -m benchmarks quality [--minutes 2,5,10] [--models swift,h64]`.

The bundled takes are extracted once; then each model trains from nothing with each budget, since
the schedule of its learning rate follows the budget, and its merge is judged. `pair1` is judged
against its truth (see `judge`), `swapped`, the same takes with their roles swapped, without one
(see `likeness`). With --json FILE every row is kept as soon as it is there, one JSON object a
line: the same command goes on where it was cut off. With --folder as well, so does the training
that was cut off. With --docs the tables and the plot of closure go into the documentation.

A row's minutes are those that the training itself counts, without loading and saving. Budgets in
steps (--steps) make rows that do not depend on the machine's load.
"""

import argparse
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import likeness
from benchmarks.curve import Curve, plot, times_faster
from benchmarks.judge import DST, SRC, Figure, score
from benchmarks.machine import ROOT, machine
from benchmarks.stopwatch import Stopwatch
from benchmarks.tables import Sections, Table
from recast.errors import RecastError
from recast.provenance import synthetic_consent
from recast.training.history import newest_line
from recast.workspace import SIDES, Workspace

PLOT = ROOT / "docs" / "quality.svg"
FASTEST = "swift"
VARIANTS: dict[str, dict[str, Any]] = {
    "swift": {"model": "swift"},
    "h64": {"model": "h64"},
    "h64-light": {"model": "h64", "light": True},
    "h128": {"model": "h128"},
    "df": {"model": "df"},
    "liaef128": {"model": "liaef128"},
    "sae": {"model": "sae"},
    "sae-df": {"model": "sae", "architecture": "df"},
}
Row = dict[str, Any]


@dataclass(frozen=True)
class Pair:
    """A job, how its results are judged, and the figures that are shown by their column's title."""

    src: Path
    dst: Path
    judge: Callable[[Path], dict[str, Figure]]
    columns: dict[str, str]


PAIRS = {
    "pair1": Pair(
        SRC,
        DST,
        score,
        {
            "closure": "closure",
            "colour": "closure_colour",
            "structure": "closure_structure",
            "whole": "whole",
            "flicker": "flicker",
            "expression, %": "expression_pct",
            "outside, dB": "outside_db",
            "faces": "faces_found",
        },
    ),
    "swapped": Pair(
        DST,
        SRC,
        likeness.score,
        {
            "identity": "identity",
            "motion, %": "motion_pct",
            "flicker": "flicker",
            "outside, dB": "outside_db",
            "faces": "faces_found",
        },
    ),
}
SPENT = {"minutes": "minutes", "steps": "steps", "steps/s": "steps_per_second"}


@dataclass(frozen=True)
class Budget:
    """How long one training lasts: in minutes or in steps."""

    amount: float
    unit: str

    @property
    def name(self) -> str:
        return f"{self.amount:g} {self.unit}"

    def option(self) -> dict[str, Any]:
        return {"minutes": self.amount} if self.unit == "min" else {"steps": int(self.amount)}


@dataclass(frozen=True)
class Rows:
    """What is known already, in a file or only here."""

    file: Path | None
    known: list[Row]

    @staticmethod
    def of(file: Path | None) -> "Rows":
        """A line that was cut off is left out."""
        text = file.read_text(encoding="utf-8") if file and file.exists() else ""
        known = []
        for line in text.splitlines():
            with suppress(ValueError):
                known.append(json.loads(line))
        if file and text and not text.endswith("\n"):
            file.write_text("".join(json.dumps(row) + "\n" for row in known), encoding="utf-8")
        return Rows(file, known)

    def find(self, pair: str, model: str, budget: Budget) -> Row | None:
        wanted = (pair, model, budget.name)
        return next((r for r in self.known if (r["pair"], r["model"], r["budget"]) == wanted), None)

    def add(self, row: Row) -> None:
        self.known.append(row)
        if self.file:
            with self.file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")


def opened(root: Path, pair: Pair) -> Workspace:
    """A workspace whose faces are extracted."""
    job = Workspace.create(root, src=pair.src, dst=pair.dst)
    if not job.consent:
        job.record_consent(synthetic_consent(person="nobody", now=datetime.now(UTC)))
    for side in SIDES:
        watch = Stopwatch()
        job.extract(side, report=watch)
        lap = watch.lap("extract")
        if lap.reports:
            print(f"extracted {side}: {lap.seconds:.1f} s, {lap.rate:.1f} frames/s", flush=True)
    return job


def trained(job: Workspace, model: str, budget: Budget, device: str) -> tuple[str, Row]:
    """Train one variant, or go on with it; its name, and what was spent."""
    name = f"{model}-{budget.name.replace(' ', '-')}"
    job.train(name=name, device=device, report=Stopwatch(), **budget.option(), **VARIANTS[model])
    line = newest_line(job.model_folder(name) / "history.jsonl")
    assert line is not None
    seconds, steps = float(line["seconds"]), int(line["step"])
    return name, {
        "minutes": round(seconds / 60, 2),
        "steps": steps,
        "steps_per_second": round(steps / max(seconds, 0.1), 2),
    }


def measured(job: Workspace, pair: Pair, model: str, budget: Budget, device: str) -> Row:
    """Train, merge and judge; only the result stays, as a training may take gigabytes."""
    name, spent = trained(job, model, budget, device)
    watch = Stopwatch()
    out = job.merge(name=name, out=job.root / f"{name}.mp4", device=device, report=watch)
    merge = watch.lap("merge")
    row = spent | {"merge_seconds": round(merge.seconds, 1), "merge_rate": round(merge.rate, 1)}
    row |= pair.judge(out)
    shutil.rmtree(job.model_folder(name))
    return row


def shown(pair: Pair, row: Row) -> list[Any]:
    """The cells of a row of the table."""
    return [
        row["model"],
        row["budget"],
        *(row.get(name) for name in (SPENT | pair.columns).values()),
    ]


def curves(rows: list[Row]) -> dict[str, Curve]:
    """Closure over minutes, a curve for each model."""
    models = dict.fromkeys(row["model"] for row in rows if row["pair"] == "pair1")
    return {
        model: sorted(
            (max(row["minutes"], 0.01), row["closure"])
            for row in rows
            if (row["pair"], row["model"]) == ("pair1", model)
        )
        for model in models
    }


def factors(rows: list[Row]) -> Iterator[tuple[str, float, float, str]]:
    """For each other model and budget: minutes, closure, and how much sooner swift has that."""
    found = curves(rows)
    fastest = found.pop(FASTEST, [])
    for model, curve in found.items():
        for minutes, closure in curve:
            yield model, minutes, closure, times_faster(fastest, minutes, closure)


def run(root: Path, rows: Rows, asked: argparse.Namespace, budgets: list[Budget]) -> Sections:
    tables = []
    for name in asked.pairs:
        pair, job = PAIRS[name], None
        titles = ["model", "budget", *SPENT, *pair.columns]
        table = Table(*titles, about=f"{name}:", first=10)
        for model in asked.models:
            for budget in budgets:
                row = rows.find(name, model, budget)
                if row is None:
                    job = job or opened(root / name, pair)
                    found = measured(job, pair, model, budget, asked.device)
                    which = {"pair": name, "model": model, "budget": budget.name}
                    row = which | found | {"machine": asked.machine}
                    rows.add(row)
                table.add(*shown(pair, row))
        tables.append(table)
    about = f"{FASTEST} has the same closure so many times sooner:"
    compared = list(factors(rows.known))
    if compared:
        table = Table("model", "minutes", "closure", "times", about=about, first=10)
        for model, minutes, closure, times in compared:
            table.add(model, minutes, closure, times)
        tables.append(table)
    commits = {row["machine"]["commit"] for row in rows.known}
    if len(commits) > 1:
        print(f"these rows are of several commits: {', '.join(sorted(commits))}")
    return {"quality": tables}


def numbers(text: str) -> list[float]:
    return [float(part) for part in text.split(",") if part]


def main() -> Sections:
    parser = argparse.ArgumentParser(prog="python -m benchmarks quality")
    parser.add_argument("--minutes", type=numbers, default=[], help="budgets, between commas (10)")
    parser.add_argument("--steps", type=numbers, default=[], help="budgets, between commas")
    parser.add_argument("--models", default="swift", help=f"of {', '.join(VARIANTS)}")
    parser.add_argument("--pairs", default="pair1", help=f"of {', '.join(PAIRS)}")
    parser.add_argument("--device", default="best")
    parser.add_argument("--folder", type=Path, help="where the workspaces stay")
    parser.add_argument("--json", type=Path, help="rows that are known, and where new ones go")
    parser.add_argument("--plot", type=Path, help=f"draw closure over time, such as {PLOT.name}")
    asked = parser.parse_args()
    asked.models, asked.pairs = asked.models.split(","), asked.pairs.split(",")
    unknown = [n for n in asked.models if n not in VARIANTS]
    unknown += [n for n in asked.pairs if n not in PAIRS]
    if unknown:
        parser.error(f"there is no {', '.join(unknown)}: see --help")
    if any(amount <= 0 for amount in asked.minutes + asked.steps):
        parser.error("a budget is more than 0")
    minutes = asked.minutes or ([] if asked.steps else [10.0])
    budgets = [Budget(amount, "min") for amount in minutes]
    budgets += [Budget(amount, "steps") for amount in asked.steps]
    asked.machine, rows = machine(), Rows.of(asked.json)
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
            sections = run(asked.folder or Path(temporary), rows, asked, budgets)
    except RecastError as error:
        parser.error(f"{error}: {error.fix}")
    if asked.plot and (found := curves(rows.known)):
        asked.plot.write_text(plot(found, title="closure over time"), encoding="utf-8")
    return sections
