"""Takes nobody planned for: refused with a sentence that helps, or swapped like any other."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

import recast
from recast.errors import TakeUnreadable
from recast.images import FrameImage, save
from recast.video import TakeWriter, open_take
from recast.workspace import Workspace

Begin = Callable[..., Workspace]
TINY: dict[str, Any] = {"resolution": 64, "batch_size": 1, "device": "cpu", "steps": 1}


def write_sound(path: Path) -> None:
    with av.open(str(path), "w") as out:
        stream = out.add_stream("aac", rate=48000)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 4800), np.float32), format="fltp", layout="mono"
        )
        frame.sample_rate, frame.pts = 48000, 0
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def bad_take(kind: str, path: Path, good: Path) -> Path:
    if kind == "cut off":
        write_late_index(path, good)
        path.write_bytes(path.read_bytes()[:-4000])
    elif kind == "text":
        path.write_text("no video\n" * 1000, encoding="utf-8")
    elif kind == "empty":
        path.touch()
    elif kind == "sound only":
        write_sound(path)
    elif kind == "folder":
        path.mkdir()
    return path


def write_late_index(path: Path, good: Path) -> None:
    """As a camera does it: the table of frames comes last."""
    with av.open(str(good)) as source, av.open(str(path), "w") as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)


@pytest.mark.parametrize("side", ["src", "dst"])
@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("missing", "is not there"),
        ("cut off", "cut off or damaged"),
        ("text", "not a video"),
        ("empty", "is empty"),
        ("sound only", "only sound"),
        ("folder", "no pictures"),
    ],
)
def test_what_is_no_take_is_named(
    tmp_path: Path, short_takes: dict[str, Path], side: str, kind: str, what: str
) -> None:
    bad = bad_take(kind, tmp_path / "bad take ж.mp4", short_takes[side])
    takes = {**short_takes, side: bad}
    with pytest.raises(TakeUnreadable, match=f"^{side}: .*bad take ж.mp4.* {what}") as caught:
        Workspace.create(tmp_path / "job", src=takes["src"], dst=takes["dst"])
    assert caught.value.fix
    assert not (tmp_path / "job").exists()


def test_a_take_that_went_away_is_named(tmp_path: Path, begin: Begin) -> None:
    moved = tmp_path / "moved.mp4"
    write_frames(moved, [np.zeros((48, 64, 3), np.uint8)])
    workspace = begin(tmp_path / "job", dst=moved)
    moved.unlink()
    with pytest.raises(TakeUnreadable, match=r"^dst: .*moved\.mp4 is not there"):
        workspace.extract("dst")
    assert [path.name for path in workspace.root.iterdir()] == ["workspace.json"]


def write_frames(path: Path, images: list[FrameImage]) -> Path:
    height, width = images[0].shape[:2]
    like = open_take(Path(recast.__file__).parent / "samples" / "pair1_dst.mp4").info
    with TakeWriter(path, replace(like, size=(width, height)), crf=8) as writer:
        for index, image in enumerate(images):
            writer.write(image, Fraction(index, 25))
    return path


def write_rotated(path: Path, images: list[FrameImage], degrees: int) -> Path:
    """Stored as a phone held sideways would: players turn the pictures upright."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"crf": "8"})
        for image in images:
            stored = np.ascontiguousarray(np.rot90(image, -degrees // 90)).astype(np.uint8)
            if not stream.width or stream.width != stored.shape[1]:
                stream.width, stream.height = stored.shape[1], stored.shape[0]
                stream.pix_fmt = "yuv420p"
                stream.set_display_rotation(degrees)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(stored, format="rgb24")))
        out.mux(stream.encode(None))
    return path


def strange_take(kind: str, folder: Path, images: list[FrameImage]) -> Path:
    if kind == "one frame":
        return write_frames(folder / "one.mp4", images[:1])
    if kind == "odd size":
        small = [np.asarray(cv2.resize(image, (321, 241)), np.uint8) for image in images]
        return write_frames(folder / "odd.mp4", list(small))
    if kind == "rotated":
        return write_rotated(folder / "turned.mp4", images, 90)
    pictures = folder / "pictures"
    pictures.mkdir()
    for index, image in enumerate(images):
        save(pictures / f"{index}.png", image)
    return pictures


@pytest.mark.parametrize("kind", ["one frame", "odd size", "rotated", "pictures"])
def test_strange_takes_are_swapped(
    tmp_path: Path, begin: Begin, short_takes: dict[str, Path], kind: str
) -> None:
    strange = {}
    for side, path in short_takes.items():
        (tmp_path / side).mkdir()
        images = [frame.image for frame in open_take(path).frames(0, 3)]
        strange[side] = strange_take(kind, tmp_path / side, images)
    workspace = begin(tmp_path / "job", **strange)
    dst = workspace.take("dst")
    assert dst.info.rotation == (90 if kind == "rotated" else 0)
    for side in ("src", "dst"):
        faces = workspace.extract(side, size=64)  # type: ignore[arg-type]
        assert len(faces) == (1 if kind == "one frame" else 3)
        assert np.abs(faces.roll).max() < 30
    workspace.train(**TINY)
    result = open_take(workspace.merge(device="cpu"))
    assert result.info.size == dst.info.size and len(result) == len(dst)
    assert result.info.rotation == 0
    assert [frame.moment for frame in result] == [frame.moment for frame in dst]
    before, after = dst.frame(0).image, result.frame(0).image
    assert np.abs(before[:, :20].astype(float) - after[:, :20]).mean() < 4
    assert recast.verify(workspace.result).intact


FULL_DISK = """
import resource, sys
from pathlib import Path
from recast.errors import DiskTrouble
from recast.workspace import Workspace

workspace, stage, limit = Workspace.open(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    if stage == "extract":
        workspace.extract("dst", size=256)
    elif stage == "train":
        workspace.train(steps=21, resolution=64, batch_size=3, device="cpu")
    else:
        workspace.merge(device="cpu")
except DiskTrouble as error:
    sys.exit(0 if error.fix and "cannot be written" in str(error) else repr(error))
sys.exit("the disk was large enough")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
@pytest.mark.parametrize(
    ("stage", "limit"),
    [("extract", 5000), ("train", 1_000_000), ("merge", 20_000)],
)
def test_a_full_disk_leaves_nothing_half_made(trained: Workspace, stage: str, limit: int) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(trained.root), stage, str(limit)]
    done = subprocess.run(
        command, capture_output=True, encoding="utf-8", check=False, env=dict(os.environ)
    )
    assert done.returncode == 0, done.stderr
    assert not list(trained.root.glob("result*"))
    assert not list(trained.root.rglob("*.part"))
    checkpoints = trained.model_folder("swift") / "checkpoint"
    assert sorted(path.name for path in checkpoints.iterdir()) == ["00000000", "00000020"]
    # With room again, the same command goes on.
    trained.extract("dst", size=256 if stage == "extract" else 128)
    trained.merge(device="cpu", frames=":2")
    assert recast.verify(trained.result).intact


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
def test_a_disk_that_is_full_at_the_very_end(trained: Workspace) -> None:
    """The segments fit, the signed result does not: the one from before stays."""
    trained.merge(device="cpu", frames=":2")
    before = trained.result.read_bytes()
    size = trained.merge(device="cpu", out=trained.root / "whole.mp4").stat().st_size
    command = [sys.executable, "-c", FULL_DISK, str(trained.root), "merge", str(size - 1)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert trained.result.read_bytes() == before
    assert not list(trained.root.glob("result.*unsigned*"))
