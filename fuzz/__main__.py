"""Run one parser, or all of them one after another, under atheris.

    pip install atheris
    python -m fuzz order --inputs 100000
    python -m fuzz all --inputs 20000

Atheris changes the input by what code it reaches. It ends at the first fault, or input that takes
longer than ten seconds or 2 GB, and writes that input into the current folder.
"""

from __future__ import annotations

import argparse
import pkgutil
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Any

NOT_FOLLOWED = ("recast.__main__", "recast.cli", "recast.studio")
SLOWEST, MOST_MEMORY = 10, 2048  # seconds and MiB for one input


def main() -> int:
    if "--here" in sys.argv:
        return run(sys.argv[1], inputs=int(sys.argv[2]), seed=int(sys.argv[3]))
    from fuzz.targets import TARGETS

    asked = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    asked.add_argument("target", choices=[*TARGETS, "all"])
    asked.add_argument("--inputs", type=int, default=20_000)
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    names = list(TARGETS) if given.target == "all" else [given.target]
    broken = [name for name in names if not _alone(name, given.inputs, given.seed)]
    print(f"{len(names) - len(broken)} of {len(names)} without a fault", *broken)
    return bool(broken)


def _alone(name: str, inputs: int, seed: int) -> bool:
    """Run a target in a process of its own: libFuzzer ends the one it is in."""
    begun = time.monotonic()
    command = [sys.executable, "-m", "fuzz", name, str(inputs), str(seed), "--here"]
    ran = subprocess.run(command, capture_output=True, check=False)
    told = ran.stderr.decode(errors="replace")
    done = [line for line in told.splitlines() if line.startswith("Done ")]
    seconds = time.monotonic() - begun
    if ran.returncode or not done:
        print(told[-3000:])
        print(f"{name:<14} FAULT after {seconds:.0f} s", flush=True)
        return False
    print(f"{name:<14} {inputs} inputs without a fault in {seconds:.0f} s", flush=True)
    return True


def run(name: str, *, inputs: int, seed: int) -> int:
    """Feed a target in this process; recast is loaded here, so that atheris can follow it."""
    import shutil

    atheris: Any = import_module("atheris")  # it exports no names to type checkers
    with atheris.instrument_imports(include=["recast"]):
        import recast

        # What is loaded later is not followed.
        for found in pkgutil.walk_packages(recast.__path__, "recast."):
            if not found.name.startswith(NOT_FOLLOWED):
                import_module(found.name)
        from fuzz.targets import TARGETS, fed
    with tempfile.TemporaryDirectory() as scratch:
        corpus = Path(scratch) / "seeds"
        corpus.mkdir()
        for number, seed_content in enumerate(TARGETS[name].seeds()):
            (corpus / str(number)).write_bytes(seed_content)
        made = Path(scratch) / "inside"

        def once(content: bytes) -> None:
            made.mkdir()
            try:
                fed(TARGETS[name], content, made)
            finally:
                shutil.rmtree(made)

        limits = [f"-runs={inputs}", f"-seed={seed}", f"-timeout={SLOWEST}"]
        limits += [f"-rss_limit_mb={MOST_MEMORY}", "-max_len=8192", "-print_final_stats=0"]
        atheris.Setup([sys.argv[0], *limits, str(corpus)], once)
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
