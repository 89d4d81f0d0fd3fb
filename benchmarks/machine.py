"""Where and of what figures are."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[1]


def machine() -> dict[str, Any]:
    """Date, commit, machine and its load; call it before the work begins."""
    import torch

    line = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    commit = subprocess.run(line, capture_output=True, text=True, check=False).stdout.strip()
    gpus = [torch.cuda.get_device_name(at) for at in range(torch.cuda.device_count())]
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "commit": commit or "unknown",
        "system": platform.platform(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "memory GiB": round(psutil.virtual_memory().total / 2**30),
        "GPUs": gpus,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "load before": round(psutil.getloadavg()[0], 1),
    }


def processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def told(where: dict[str, Any]) -> str:
    """The machine in one line; *loaded* if other work went on before the figures were taken."""
    parts = [where["date"], f"commit {where['commit']}", where["processor"] or "unnamed processor"]
    parts += [f"{where['cores']} cores", *where["GPUs"], f"load before {where['load before']}"]
    busy = where["load before"] > 0.25 * where["cores"]
    return ", ".join(parts) + (", *loaded*" if busy else "")
