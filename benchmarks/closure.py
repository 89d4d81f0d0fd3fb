"""What each model has learned after a while: `python -m benchmarks closure [MINUTES=5]`.

Every model trains from nothing on the bundled pair for MINUTES; its merge is judged against the
true result. `--models` chooses some; `h64-light` and `sae-df` are variants of their models.
"""

import argparse
import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.judge import DST, score
from recast.events import Event, Note, TrainingProgress
from recast.provenance import synthetic_consent
from recast.workspace import SIDES, Workspace

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
FIGURES = ("closure", "whole", "flicker", "expression_pct")


def measured(job: Workspace, name: str, minutes: float) -> dict[str, Any]:
    """Train, merge and judge one variant in a workspace whose faces are extracted."""
    steps = [0]

    def report(event: Event) -> None:
        if isinstance(event, TrainingProgress):
            steps[0] = event.step
        if isinstance(event, Note):
            print(f"  {event.text}", flush=True)

    job.train(name=name, minutes=minutes, report=report, **VARIANTS[name])
    out = job.root / f"{name}.mp4"
    job.merge(name=name, out=out)
    judged = score(out)
    return {"model": name, "minutes": minutes, "steps": steps[0]} | {
        figure: judged.get(figure) for figure in FIGURES
    }


def row(cells: list[Any]) -> str:
    return " ".join(f"{cell!s:>14}" for cell in cells)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks closure")
    parser.add_argument("minutes", type=float, nargs="?", default=5.0, help="of training, each")
    parser.add_argument("--models", default=",".join(VARIANTS), help="which, between commas")
    parser.add_argument("--folder", type=Path, help="where the workspace stays")
    parser.add_argument("--json", type=Path, help="a file that gets a line for each model")
    given = parser.parse_args()
    names = given.models.split(",")
    if unknown := [name for name in names if name not in VARIANTS]:
        parser.error(f"no such model: {', '.join(unknown)}; there are {', '.join(VARIANTS)}")
    with tempfile.TemporaryDirectory() as temporary:
        root = given.folder or Path(temporary) / "job"
        job = Workspace.create(root, src=DST.with_name("pair1_src.mp4"), dst=DST)
        if not job.consent:
            job.record_consent(synthetic_consent(person="nobody", now=datetime.now(UTC)))
        for side in SIDES:
            job.extract(side)
        print(row(["model", "minutes", "steps", *FIGURES]), flush=True)
        for name in names:
            found = measured(job, name, given.minutes)
            print(row(list(found.values())), flush=True)
            if given.json:
                with given.json.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
