"""Short takes, and a job on them at each of its stages: made once, copied for each test."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

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


os.environ["RECAST_LANGUAGE"] = "en"  # before the command line is made, here and in children


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


class OtherReader:
    """FFmpeg of the system: another build of another version than the one recast writes with."""

    def streams(self, path: Path) -> list[dict[str, Any]]:
        """What ffprobe says of each stream, its frames counted by decoding them."""
        told = _told("ffprobe", "-count_frames", "-show_streams", "-of", "json", str(path))
        streams: list[dict[str, Any]] = json.loads(told)["streams"]
        return streams

    def video(self, path: Path) -> dict[str, Any]:
        (stream,) = (one for one in self.streams(path) if one["codec_type"] == "video")
        return stream

    def frames(self, path: Path) -> list[dict[str, Any]]:
        """What ffprobe says of each picture, side data included."""
        chosen = ("-select_streams", "v:0", "-show_frames", "-of", "json")
        frames: list[dict[str, Any]] = json.loads(_told("ffprobe", *chosen, str(path)))["frames"]
        return frames

    def samples(self, path: Path, pixel_format: str, *options: str) -> NDArray[Any]:
        """All frames in a row as ffmpeg decodes them: one flat array of samples."""
        wide = "16" in pixel_format or "10" in pixel_format or "48" in pixel_format
        wide = wide or "64" in pixel_format
        source = (*options, "-i", str(path), "-map", "0:v:0", "-fps_mode", "passthrough")
        # Without them swscale darkens 8-bit pictures by a level.
        source += ("-sws_flags", "bilinear+accurate_rnd+full_chroma_int")
        data = _told("ffmpeg", *source, "-f", "rawvideo", "-pix_fmt", pixel_format, "-")
        return np.frombuffer(data, "<u2" if wide else "u1")

    def pixels(self, path: Path, pixel_format: str, *options: str) -> NDArray[Any]:
        """(frames, height, width, channels) of an RGB(A) format."""
        stream = self.video(path)
        shape = (-1, stream["height"], stream["width"], 4 if "a" in pixel_format else 3)
        return self.samples(path, pixel_format, *options).reshape(shape)

    def sound(self, path: Path) -> NDArray[np.int16]:
        """Mono samples, 48000 a second, from moment 0 on; silence where there is no sound."""
        fill = "aresample=48000:async=1:min_hard_comp=0.001:first_pts=0"
        data = _told("ffmpeg", "-i", str(path), "-map", "0:a:0", "-af", fill, "-ac", "1", "-f",
                     "s16le", "-")  # fmt: skip
        return np.frombuffer(data, "<i2")


def _told(program: str, *arguments: str) -> bytes:
    command = [program, "-v", "error", *arguments]
    return subprocess.run(command, check=True, capture_output=True, timeout=120).stdout


@pytest.fixture(scope="session")
def other_reader() -> OtherReader:
    """Reads results independently; without FFmpeg on this machine its tests are skipped."""
    missing = [name for name in ("ffmpeg", "ffprobe") if shutil.which(name) is None]
    if missing and os.environ.get("RECAST_TESTS_NEED_FFMPEG"):
        pytest.fail(f"{' and '.join(missing)} must be installed here")
    if missing:
        pytest.skip(f"{' and '.join(missing)} not installed: nobody else to read the result")
    return OtherReader()
