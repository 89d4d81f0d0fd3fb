"""What a step of each model costs: `python -m benchmarks train [--models …] [--device …]`.

Each model runs in a process of its own, so that its peak of memory is its own. Samples a second
are those that the lesson can make alone, to be held against those that the steps use up. On a GPU
the share of its bf16 peak is that of a large matrix product in the same process.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import torch

from benchmarks.tables import Sections, Table
from recast.models import MODELS
from recast.training.begin import Place, begin, fresh_network
from recast.training.checkpoint import save_checkpoint
from recast.training.classic_lesson import ClassicLesson
from recast.training.classic_updates import KINDS
from recast.training.description import Description
from recast.training.faces import TrainingFaces
from recast.training.learning import Learning
from recast.training.lesson import Lesson
from recast.training.memory import Plan
from recast.training.recipes import RECIPES
from recast.training.rough_swap import prepare
from recast.training.state import Training
from recast.training.swift_lesson import SwiftLesson

FACES = 64


def drawn_faces(side: int) -> TrainingFaces:
    """Random pictures with meshes like a face's: what is in them does not change the time."""
    import numpy as np

    from recast.faces.mean_face import MEAN_FACE
    from recast.faces.mesh_points import IBUG68

    rng = np.random.default_rng(0)
    mesh = rng.uniform(0.2, 0.8, (FACES, 478, 3)) * side
    mesh[:, list(IBUG68)] = (MEAN_FACE * 0.5 + 0.2) * side
    return TrainingFaces(
        torch.randint(0, 255, (FACES, 3, side, side), dtype=torch.uint8),
        torch.full((FACES, 1, side, side), 255, dtype=torch.uint8),
        mesh,
        mesh[:, list(IBUG68), :2].astype(np.float32),
        rng.uniform(-40, 40, FACES),
        np.zeros(FACES),
    )


def lesson_of(name: str, side: int, device: torch.device) -> Lesson[Any]:
    src, dst = drawn_faces(side).to(device), drawn_faces(side).to(device)
    if name in KINDS:
        return ClassicLesson(KINDS[name], True, src, dst, 1)
    return SwiftLesson(src, dst, prepare(src, dst, framing="full").to(device), 1)


def begun(name: str, batch: int, device: torch.device, precision: str) -> Training:
    model, recipe = MODELS[name], RECIPES[name]
    described = Description(name, "full", dict(model.shape))
    learning = Learning(recipe.rate, precision=precision)  # type: ignore[arg-type]
    return begin(
        fresh_network(described, 0, device),
        lesson_of(name, described.resolution, device),
        learning,
        Plan(batch, 1, checkpointing=False, optimizer=recipe.optimizer),
        Place(device),
        betas=recipe.betas,
        fixed_optimizer=True,
        report=print,
    )


def step(training: Training) -> None:
    batch = training.lesson.batch(training.rng(), 0)
    for update in training.lesson.updates:
        with training.learning.cast(training.device):
            losses = update.losses(training.network, batch)
        torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
        training.optimizers[update.optimizer].step()
        training.network.zero_grad(set_to_none=True)


def waited(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def per_call(call: Any, device: torch.device, seconds: float) -> float:
    """The shortest of several calls, for about so many seconds and three calls at least."""
    times: list[float] = []
    began = time.perf_counter()
    while len(times) < 3 or time.perf_counter() - began < seconds:
        start = waited(device)
        call()
        times.append(waited(device) - start)
    return min(times)


def peak_of(device: torch.device) -> float:
    """Multiply-adds a second, twice, of a large bf16 product."""
    side = 8192
    one, other = (torch.randn(side, side, device=device, dtype=torch.bfloat16) for _ in range(2))
    return 2 * side**3 / per_call(lambda: one @ other, device, 2.0)


def measured(name: str, batch: int, device: torch.device, precision: str) -> dict[str, Any]:
    from torch.utils.flop_counter import FlopCounterMode

    training = begun(name, batch, device, precision)
    with FlopCounterMode(display=False) as counted:
        step(training)
    seconds = per_call(lambda: step(training), device, 10.0)
    making = per_call(lambda: training.lesson.batch(training.rng(), 0), device, 2.0)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        saved = save_checkpoint(
            Path(folder), training.network, training.optimizers, training.progressed
        )
        saving = time.perf_counter() - start
        size = sum(path.stat().st_size for path in saved.iterdir())
    flops = counted.get_total_flops()
    found = {
        "model": name,
        "batch": training.lesson.batch_size,
        "M weights": round(sum(w.numel() for w in training.network.parameters()) / 1e6, 2),
        "GFLOP/step": round(flops / 1e9, 1),
        "s/step": round(seconds, 3),
        "used/s": round(2 * training.lesson.batch_size / seconds, 1),
        "made/s": round(2 * training.lesson.batch_size / making, 1),
        "peak GB": round(peak_memory(device) / 1e9, 2),
        "saved MB": round(size / 1e6),
        "save s": round(saving, 2),
    }
    if device.type == "cuda":
        found["of bf16 peak"] = f"{flops / seconds / peak_of(device):.0%}"
    return found


def peak_memory(device: torch.device) -> float:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    found = psutil.Process().memory_info()
    if sys.platform == "win32":
        return float(found.peak_wset)
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main() -> Sections:
    parser = argparse.ArgumentParser(prog="python -m benchmarks train")
    parser.add_argument("--models", default=",".join(MODELS), help="which, between commas")
    parser.add_argument(
        "--batch", type=int, help="faces of each side; the model's own if not given"
    )
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", help="float32, bf16 or fp16; bf16 on a GPU if not given")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    device = torch.device(given.device)
    precision = given.precision or ("bf16" if device.type == "cuda" else "float32")
    if given.alone:
        batch = given.batch or RECIPES[given.models].batch_size[device.type != "cpu"]
        print(json.dumps(measured(given.models, batch, device, precision)))
        return {}
    about = f"{torch.get_num_threads()} threads, torch {torch.__version__}, {told(device)}"
    table: Table | None = None
    for name in given.models.split(","):
        options = ["--models", name, "--device", given.device, "--precision", precision]
        options += ["--batch", str(given.batch)] if given.batch else []
        line = [sys.executable, "-m", "benchmarks", "train", "--alone", *options]
        done = subprocess.run(line, stdout=subprocess.PIPE, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1])
        table = table or Table(*found, about=f"{about}, {precision}:", first=10)
        table.add(*found.values())
    return {"train": [table] if table else []}


def told(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else str(device)


if __name__ == "__main__":
    main()
