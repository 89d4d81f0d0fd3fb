"""Whatever interrupts a save, a whole checkpoint stays."""

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from torch import nn

from recast.errors import DiskTrouble
from recast.training.checkpoint import Progressed, checkpoints, load_newest, save_checkpoint

SAVES = """
import sys
from pathlib import Path
import torch
from torch import nn
from recast.training.checkpoint import Progressed, save_checkpoint

network = nn.Linear(600, 600)
optimizer = torch.optim.Adam(network.parameters())
network(torch.ones(1, 600)).sum().backward()
optimizer.step()
step = int(sys.argv[2])
while True:
    step += 1
    with torch.no_grad():
        for weight in network.parameters():
            weight.fill_(step)
    save_checkpoint(Path(sys.argv[1]), network, {"whole": optimizer}, Progressed(step))
    print(step, flush=True)
"""


def killed_while_saving(folder: Path, step: int, seconds: float) -> int:
    """Save in another process from `step` on, kill it after a while, and say how far it was."""
    saving = subprocess.Popen(
        [sys.executable, "-c", SAVES, str(folder), str(step)], stdout=subprocess.PIPE, text=True
    )
    assert saving.stdout is not None
    with saving.stdout:
        first = int(saving.stdout.readline())
        time.sleep(seconds)
        saving.kill()
        said = saving.stdout.read().split()
    saving.wait()
    return int(said[-1]) if said else first


def check_kills(folder: Path, times: int, seed: int) -> None:
    chance, step = random.Random(seed), 0
    for _ in range(times):
        step = killed_while_saving(folder, step, chance.uniform(0, 0.05))
        newest = load_newest(folder, pytest.fail)
        # The one being written when the kill came may have been finished but not told of.
        assert newest is not None and newest.progressed.step in (step, step + 1)
        assert all((w == newest.progressed.step).all() for w in newest.weights.values())
        step = newest.progressed.step
    assert 1 <= len(checkpoints(folder)) <= 3


def test_a_kill_while_saving_loses_no_checkpoint(tmp_path: Path) -> None:
    check_kills(tmp_path / "checkpoint", times=3, seed=0)


@pytest.mark.slow
def test_fifty_kills_while_saving_lose_no_checkpoint(tmp_path: Path) -> None:
    check_kills(tmp_path / "checkpoint", times=50, seed=1)


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """As on a disk that is full: what is written beyond fails."""
    resource = pytest.importorskip("resource")  # Linux and macOS
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_said_and_loses_no_checkpoint(tmp_path: Path) -> None:
    network = nn.Linear(600, 600)
    save_checkpoint(tmp_path, network, {}, Progressed(1))
    with no_file_larger_than(500_000), pytest.raises(DiskTrouble) as caught:
        save_checkpoint(tmp_path, network, {}, Progressed(2))
    assert "disk" in caught.value.fix
    assert [path.name for path in tmp_path.iterdir()] == ["00000001"]
    newest = load_newest(tmp_path, pytest.fail)
    assert newest is not None and torch.equal(newest.weights["weight"], network.weight.detach())
