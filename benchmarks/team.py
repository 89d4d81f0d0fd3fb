"""What several processes gain: `python -m benchmarks team [--model M] [--processes 1,2]`.

Each team trains by torchrun with the same batch a process and the loop's own step, so a perfect
team of two takes no longer a step than one alone. On CPUs every process has one thread, or as
many as --threads says; on GPUs one device. Faces a second count both sides; efficiency is that of
one process times their number.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from typing import Any

import torch

from benchmarks.tables import Sections, Table
from benchmarks.train import begun, per_call
from recast.training.ahead import Batches
from recast.training.loop import _step
from recast.training.recipes import RECIPES
from recast.training.team import team_here

SECONDS = 20.0


def of_this_process(model: str, batch: int, device: str, threads: int) -> dict[str, Any] | None:
    """Figures of the team that this process is in; None if it does not lead."""
    with team_here(device) as (team, here):
        torch.set_num_threads(threads)
        training = begun(model, batch, here, "float32")
        training.team = team
        batches = Batches(training.seed, here, team, ahead=False)
        # All processes must make as many steps, so their number is agreed on first.
        one = per_call(lambda: _step(training, batches, 1e-5), here, 0.0)
        steps = max(2, int(team.of_leader(SECONDS / one, here)))
        start = time.perf_counter()
        for _ in range(steps):
            _step(training, batches, 1e-5)
        if here.type == "cuda":
            torch.cuda.synchronize(here)
        seconds = (time.perf_counter() - start) / steps
        faces = 2 * training.lesson.batch_size * team.size / seconds
        found = {"processes": team.size, "s/step": round(seconds, 3), "faces/s": round(faces, 1)}
        return found if team.leads else None


def main() -> Sections:
    parser = argparse.ArgumentParser(prog="python -m benchmarks team")
    parser.add_argument("--model", default="swift")
    parser.add_argument("--batch", type=int, help="faces of each side and process")
    parser.add_argument("--processes", default="1,2", help="sizes of teams, between commas")
    parser.add_argument("--threads", type=int, default=1, help="of each process, on a CPU")
    parser.add_argument("--device", default="best")
    parser.add_argument("--member", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    gpu = torch.cuda.is_available() and given.device != "cpu"
    batch = given.batch or RECIPES[given.model].batch_size[gpu]
    if given.member:
        found = of_this_process(given.model, batch, given.device, given.threads)
        if found:
            print(json.dumps(found), flush=True)
        return {}
    alone = 0.0
    table: Table | None = None
    about = f"{given.model}, {batch} faces of each side and process, torch {torch.__version__}:"
    for size in map(int, given.processes.split(",")):
        torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
        line = [*torchrun, f"--nproc-per-node={size}", "-m", "benchmarks", "team", "--member"]
        line += ["--model", given.model, "--batch", str(batch), "--device", given.device]
        line += ["--threads", str(given.threads)]
        environment = {**os.environ, "OMP_NUM_THREADS": str(given.threads)}
        done = subprocess.run(line, stdout=subprocess.PIPE, text=True, check=True, env=environment)
        found = json.loads(done.stdout.splitlines()[-1])
        alone = alone or found["faces/s"] / size
        found["efficiency"] = f"{found['faces/s'] / size / alone:.0%}"
        table = table or Table(*found, about=about, first=10)
        table.add(str(found.pop("processes")), *found.values())
    return {"team": [table] if table else []}


if __name__ == "__main__":
    main()
