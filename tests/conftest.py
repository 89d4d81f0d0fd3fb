"""Short takes, and a job on them at each of its stages: made once, copied for each test."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import torch

import recast
from recast.errors import Stopped
from recast.events import Event, Report
from recast.provenance import synthetic_consent
from recast.video import TakeWriter, open_take
from recast.workspace import SIDES, Workspace

SAMPLES = Path(recast.__file__).parent / "samples"
FRAMES = 24
TINY: dict[str, Any] = {"resolution": 64, "batch_size": 3, "device": "cpu"}

Begin = Callable[..., Workspace]


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Here and in child processes: networks this small gain nothing from more threads, sums of
    floats depend on how many share them, and on a busy machine they wait for each other."""
    before = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        torch.set_num_threads(1)
        yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def signing_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Certificates of the tests stay out of the user's own folder."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("home")
        patch.setenv("RECAST_HOME", str(home))
        yield home


@pytest.fixture(scope="session")
def short_takes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The first frames of both samples, dst with its sound."""
    folder = tmp_path_factory.mktemp("short takes é")
    made: dict[str, Path] = {}
    for side in SIDES:
        take = open_take(SAMPLES / f"pair1_{side}.mp4")
        made[side] = folder / f"{side} ж.mp4"
        sound = take.path if side == "dst" else None
        with TakeWriter(made[side], take.info, sound_from=sound) as writer:
            for frame in take.frames(0, FRAMES):
                writer.write(frame.image, frame.moment)
    return made


@pytest.fixture(scope="session")
def begin(short_takes: dict[str, Path], signing_home: Path) -> Begin:
    """Make a workspace with consent, on the short takes or on others."""

    def begin(root: Path, **takes: Path) -> Workspace:
        takes = {**short_takes, **takes}
        workspace = Workspace.create(root, src=takes["src"], dst=takes["dst"])
        workspace.record_consent(synthetic_consent(person="nobody", now=datetime.now(UTC)))
        return workspace

    return begin


@pytest.fixture(scope="session")
def extracted_once(tmp_path_factory: pytest.TempPathFactory, begin: Begin) -> Workspace:
    workspace = begin(tmp_path_factory.mktemp("extracted") / "job")
    for side in SIDES:
        workspace.extract(side, size=128)
    return workspace


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory: pytest.TempPathFactory, extracted_once: Workspace) -> Workspace:
    workspace = _copied(extracted_once, tmp_path_factory.mktemp("trained") / "job")
    workspace.train(steps=20, **TINY)
    return workspace


@pytest.fixture
def extracted(tmp_path: Path, extracted_once: Workspace) -> Workspace:
    """A job whose faces are found."""
    return _copied(extracted_once, tmp_path / "job é ж")


@pytest.fixture
def trained(tmp_path: Path, trained_once: Workspace) -> Workspace:
    """A job with a model of 20 steps."""
    return _copied(trained_once, tmp_path / "job é ж")


@pytest.fixture(scope="session")
def stop_at() -> Callable[..., Report]:
    """A report that stops the work at the `count`-th event of a kind."""

    def stop_at(kind: type[Event], count: int = 1) -> Report:
        left = [count]

        def report(event: Event) -> None:
            left[0] -= isinstance(event, kind)
            if left[0] == 0:
                raise Stopped("stopped by a test")

        return report

    return stop_at


def _copied(workspace: Workspace, root: Path) -> Workspace:
    shutil.copytree(workspace.root, root)
    return Workspace.open(root)
