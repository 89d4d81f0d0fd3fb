"""Frames become pictures, exactly those that were asked for, and nobody else's are touched."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from recast.errors import OptionUnusable, Stopped, TakeUnreadable, WorkspaceUnusable
from recast.events import Event, Note, Progress, Report, Started
from recast.images import load, save
from recast.stages.frames import FramesOptions
from recast.video import NOTE_NAME, TakeWriter, open_take
from recast.workspace import Workspace

Begin = Callable[..., Workspace]
StopAt = Callable[..., Report]


@pytest.fixture
def job(tmp_path: Path, begin: Begin) -> Workspace:
    return begin(tmp_path / "job é ж")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != NOTE_NAME)


def modified(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir() if path.is_file()}


def expected(indices: Any, suffix: str = ".png") -> list[str]:
    return [f"{index:06d}{suffix}" for index in indices]


def test_dst_is_written_whole_and_exactly(job: Workspace) -> None:
    folder = job.frames("dst")
    assert folder == job.root / "data_dst"
    assert names(folder) == expected(range(24))
    for frame, picture in zip(job.take("dst"), open_take(folder), strict=True):
        assert picture.moment == frame.moment
        np.testing.assert_array_equal(picture.image, frame.image)


def test_src_is_written_five_times_a_second(job: Workspace) -> None:
    assert names(job.frames("src")) == expected(range(0, 24, 5))


@pytest.mark.parametrize(
    ("fps", "indices"),
    [
        (1, [0]),
        (10, [0, 3, 5, 8, 10, 13, 15, 18, 20, 23]),
        ("25", range(24)),
        (1000, range(24)),
        ("full", range(24)),
        (12.5, range(0, 24, 2)),
        ("25/3", range(0, 24, 3)),
        (Fraction(25, 4), range(0, 24, 4)),
        (0.5, [0]),
    ],
)
def test_any_rate_takes_the_first_frame_of_each_stretch(
    job: Workspace, fps: Any, indices: Any
) -> None:
    assert names(job.frames("src", fps=fps, format="jpg")) == expected(indices, ".jpg")


def test_times_that_are_rounded_lose_no_frame(tmp_path: Path, begin: Begin) -> None:
    """30 frames a second in whole milliseconds, as Matroska writes them."""
    moments = [Fraction(round(1000 * index / 30), 1000) for index in range(60)]
    path = tmp_path / "take.mp4"
    info = open_take(write_numbered(tmp_path / "like.mp4", 2)).info
    with TakeWriter(path, vars_with(info, rate=Fraction(31), time_base=Fraction(1, 1000))) as out:
        for moment in moments:
            out.write(np.zeros((48, 64, 3), np.uint8), moment)
    job = begin(tmp_path / "job", src=path)
    assert names(job.frames("src", fps=30, format="jpg")) == expected(range(60), ".jpg")
    assert names(job.frames("src", fps=10, format="jpg")) == expected(range(0, 60, 3), ".jpg")


def vars_with(info: Any, **changes: Any) -> Any:
    return type(info)(**{**vars(info), **changes})


def write_numbered(path: Path, count: int) -> Path:
    folder = path.with_suffix("")
    folder.mkdir()
    save(folder / "1.png", np.zeros((48, 64, 3), np.uint8))
    with TakeWriter(path, open_take(folder).info) as out:
        for index in range(count):
            out.write(np.full((48, 64, 3), 9 * (index % 28), np.uint8), Fraction(index, 25))
    return path


def test_the_pictures_stand_in_for_a_video_that_went_away(
    tmp_path: Path, short_takes: dict[str, Path]
) -> None:
    root = tmp_path / "of DeepFaceLab"
    root.mkdir()
    for side, path in short_takes.items():
        (root / f"data_{side}.mp4").write_bytes(path.read_bytes())
    job = Workspace.open(root)
    video = job.take("dst")
    job.frames("dst", format="jpg")
    assert job.take("dst").path == video.path
    video.path.unlink()
    take = job.take("dst")
    assert take.path == root / "data_dst"
    assert [frame.moment for frame in take] == [
        frame.moment for frame in open_take(short_takes["dst"])
    ]
    assert take.info.rate == video.info.rate
    with pytest.raises(OptionUnusable, match="is the dst take itself"):
        job.frames("dst")
    assert len(names(root / "data_dst")) == 24


def test_a_finished_run_is_left_alone(job: Workspace) -> None:
    before = modified(job.frames("dst", format="jpg"))
    events: list[Event] = []
    folder = job.frames("dst", format="jpg", report=events.append)
    assert modified(folder) == before
    assert [type(event) for event in events] == [Note]


def test_it_goes_on_where_it_stopped(job: Workspace, stop_at: StopAt) -> None:
    with pytest.raises(Stopped):
        job.frames("dst", report=stop_at(Progress, 6))
    folder = job.frames_folder("dst")
    before = {name: at for name, at in modified(folder).items() if name != NOTE_NAME}
    assert 5 <= len(before) < 24
    job.frames("dst")
    after = modified(folder)
    assert all(after[name] == at for name, at in before.items())
    assert names(folder) == expected(range(24))


def test_deleted_pictures_come_back_and_changed_ones_stay(job: Workspace) -> None:
    folder = job.frames("dst")
    (folder / "000003.png").unlink()
    painted = load(folder / "000005.png")
    painted[:100] = 255
    save(folder / "000005.png", painted)
    (folder / "000007.png").write_bytes((folder / "000007.png").read_bytes()[:1000])
    events: list[Event] = []
    job.frames("dst", report=events.append)
    take = list(job.take("dst"))
    for index in (3, 7):
        np.testing.assert_array_equal(load(folder / f"00000{index}.png"), take[index].image)
    np.testing.assert_array_equal(load(folder / "000005.png"), painted)
    notes = [event.text for event in events if isinstance(event, Note)]
    assert len(notes) == 1 and "left so: 1 of the pictures" in notes[0] and "000005.png" in notes[0]


def test_other_options_replace_the_pictures_and_nothing_else(job: Workspace) -> None:
    folder = job.frames("dst")
    keep = [folder / "aligned" / "000001_0.jpg", folder / "aligned" / "000002.png"]
    keep += [folder / "notes.txt", folder / "extraction.json"]
    for path in keep:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"mine")
    job.frames("dst", format="jpg", fps=5)
    kept = ["aligned", "extraction.json", "notes.txt"]
    assert names(folder) == sorted([*expected(range(0, 24, 5), ".jpg"), *kept])
    assert all(path.read_bytes() == b"mine" for path in keep)


@pytest.mark.parametrize("options", [{}, {"format": "jpg"}])
def test_pictures_of_somebody_else_are_never_touched(
    job: Workspace, options: dict[str, Any]
) -> None:
    folder = job.frames("dst")
    save(folder / "00001.jpg", np.zeros((8, 8, 3), np.uint8))
    before = modified(folder)
    with pytest.raises(WorkspaceUnusable, match=r"did not write.*: 00001\.jpg$") as refused:
        job.frames("dst", **options)
    assert "move them" in refused.value.fix
    assert modified(folder) == before


def test_a_picture_that_was_painted_on_is_not_replaced(job: Workspace) -> None:
    folder = job.frames("dst")
    painted = load(folder / "000005.png")
    painted[:100] = 255
    save(folder / "000005.png", painted)
    before = modified(folder)
    with pytest.raises(WorkspaceUnusable, match=r"changed since: 000005\.png"):
        job.frames("dst", format="jpg")
    assert modified(folder) == before


def test_a_folder_full_of_foreign_pictures_is_told_shortly(job: Workspace) -> None:
    folder = job.frames_folder("src")
    folder.mkdir()
    for index in range(30):
        save(folder / f"{index:05d}.png", np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(WorkspaceUnusable, match=r"00000\.png, 00001\.png, 00002\.png and 27 more"):
        job.frames("src")


def test_another_take_of_the_same_name_is_written_anew(tmp_path: Path, begin: Begin) -> None:
    path = write_numbered(tmp_path / "take.mp4", 5)
    job = begin(tmp_path / "job", dst=path)
    assert len(names(job.frames("dst"))) == 5
    path.unlink()
    (tmp_path / "take" / "1.png").unlink()
    (tmp_path / "take").rmdir()
    write_numbered(path, 3)
    assert len(names(job.frames("dst"))) == 3


def test_pictures_that_changed_are_another_take(tmp_path: Path, begin: Begin) -> None:
    write_numbered(tmp_path / "take.mp4", 1)
    job = begin(tmp_path / "job", dst=tmp_path / "take")
    folder = job.frames("dst")
    white: Any = np.full((48, 64, 3), 255, np.uint8)
    save(tmp_path / "take" / "1.png", white)
    job.frames("dst")
    np.testing.assert_array_equal(load(folder / "000000.png"), white)


def test_a_jpeg_is_smaller_and_its_quality_counts(job: Workspace) -> None:
    sizes = []
    choices: list[dict[str, Any]] = [{"format": "png"}, {"quality": 95}, {"quality": 40}]
    for options in choices:
        folder = job.frames("dst", fps=1, **{"format": "jpg", **options})
        sizes.append(
            sum(path.stat().st_size for path in folder.iterdir() if path.suffix in {".png", ".jpg"})
        )
    assert sizes[0] > 2 * sizes[1] > 4 * sizes[2]


@pytest.mark.parametrize("fps", ["", "full", "5", "23.976", "24000/1001"])
def test_rates_are_read(fps: str) -> None:
    assert FramesOptions(fps=fps).fps == fps


@pytest.mark.parametrize("fps", ["x", "-1", "1e3", "5 ", "1/0", "nan", "٣", -2, float("inf")])
def test_what_is_no_rate_is_refused(fps: Any) -> None:
    with pytest.raises(ValidationError, match=r"give a number such as 5|valid string"):
        FramesOptions(fps=fps)


def test_a_rate_of_nothing_is_refused(job: Workspace) -> None:
    with pytest.raises(OptionUnusable, match="no picture"):
        job.frames("src", fps=0)
    assert not job.frames_folder("src").exists()


def test_a_take_that_is_cut_off_changes_nothing(tmp_path: Path, begin: Begin) -> None:
    path = write_numbered(tmp_path / "take.mp4", 40)
    job = begin(tmp_path / "job", src=path)
    before = modified(job.frames("src", fps="full"))
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(TakeUnreadable, match="is cut off"):
        job.frames("src", fps="full")
    assert modified(job.frames_folder("src")) == before


KILLED = """
import sys
from recast.workspace import Workspace
Workspace.open(sys.argv[1]).frames("dst", fps="full")
"""


def test_a_killed_run_leaves_whole_pictures_and_goes_on(job: Workspace) -> None:
    folder = job.frames_folder("dst")
    running = subprocess.Popen([sys.executable, "-c", KILLED, str(job.root)])
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and running.poll() is None:
        if folder.is_dir() and len(list(folder.glob("*.png"))) >= 3:
            break
        time.sleep(0.005)
    os.kill(running.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    running.wait()
    for picture in folder.glob("*.png"):
        load(picture)
    events: list[Event] = []
    job.frames("dst", report=events.append)
    assert not any(isinstance(event, Note) and "Changed" in event.text for event in events)
    assert [path.name for path in sorted(folder.glob("*.png"))] == expected(range(24))
    # What is replaced then takes its half-written drafts along.
    (folder / "000003.png.part").write_bytes(b"half")
    job.frames("dst", format="jpg", fps=1)
    assert names(folder) == ["000000.jpg"]


def test_progress_counts_the_pictures(job: Workspace) -> None:
    events: list[Event] = []
    job.frames("src", report=events.append)
    assert isinstance(events[0], Started)
    assert [(e.done, e.total) for e in events if isinstance(e, Progress)] == [
        (done, 5) for done in range(6)
    ]
