"""Extraction finds every face, goes on where it stopped, and never brings back what was deleted."""

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recast.errors import NoFaceFound, Stopped, TakeUnreadable
from recast.events import Event, Note, Progress, Report, Started
from recast.images import FrameImage
from recast.stages import extract
from recast.video import TakeWriter, open_take
from recast.workspace import Workspace

Begin = Callable[..., Workspace]
StopAt = Callable[..., Report]
SMALL: dict[str, Any] = {"size": 64}


def modified(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.jpg")}


def write_take(path: Path, like: Path, images: list[FrameImage]) -> Path:
    info = open_take(like).info
    with TakeWriter(path, info) as writer:
        for index, image in enumerate(images):
            writer.write(image, index / info.rate)
    return path


def test_every_face_is_found_and_says_where_it_was(extracted: Workspace) -> None:
    for side, length in (("src", 24), ("dst", 24)):
        faces = extracted.faceset(side)  # type: ignore[arg-type]
        assert list(faces.frames) == list(range(length))
        assert faces.moments[5] == Fraction(5, 25)
        assert set(faces.takes) == {f"{side} ж.mp4"}
        assert set(faces.framings) == {"full"} and set(faces.sizes) == {128}
        assert all(faces.record(index).face.mesh is not None for index in range(length))
        assert not faces.unreadable


def test_a_finished_extraction_is_left_alone(extracted: Workspace) -> None:
    before = modified(extracted.faceset_folder("dst"))
    events: list[Event] = []
    extracted.extract("dst", report=events.append, size=128)
    assert modified(extracted.faceset_folder("dst")) == before
    assert not any(isinstance(event, Started | Progress) for event in events)


def test_it_goes_on_where_it_stopped(
    tmp_path: Path, begin: Begin, stop_at: StopAt, extracted: Workspace
) -> None:
    workspace = begin(tmp_path / "stopped")
    with pytest.raises(Stopped):
        workspace.extract("dst", report=stop_at(Progress, 2), size=128)
    done = json.loads(workspace.extraction_file("dst").read_text(encoding="utf-8"))["frames_done"]
    assert 0 < done < 24
    folder = workspace.faceset_folder("dst")
    finished = {n: at for n, at in modified(folder).items() if int(n.split("_")[0]) < done}
    assert len(finished) == done
    gone = min(finished)
    (folder / gone).unlink()

    faces = workspace.extract("dst", size=128)
    assert len(faces) == 23 and gone not in faces.names
    after = modified(folder)
    assert all(after[name] == at for name, at in finished.items() if name != gone)
    whole = extracted.faceset("dst")
    kept = np.isin(whole.names, faces.names)
    np.testing.assert_array_equal(faces.landmarks, whole.landmarks[kept])


def test_deleted_faces_stay_deleted(extracted: Workspace) -> None:
    faces = extracted.faceset("src")
    for index in (3, 7):
        faces.path(index).unlink()
    assert list(extracted.extract("src", size=128).frames) == [
        index for index in range(24) if index not in (3, 7)
    ]


def test_other_options_put_the_old_set_aside(extracted: Workspace) -> None:
    folder = extracted.faceset_folder("src")
    before = modified(folder)
    events: list[Event] = []
    faces = extracted.extract("src", report=events.append, framing="head", size=128)
    assert set(faces.framings) == {"head"} and len(faces) == 24
    old = folder.with_name("aligned.old-1")
    assert modified(old) == before
    assert any(isinstance(event, Note) and str(old) in event.text for event in events)
    extracted.extract("src", size=64)
    assert folder.with_name("aligned.old-2").is_dir()


def test_a_change_of_mind_finds_all_faces_again(extracted: Workspace, stop_at: StopAt) -> None:
    """Other options, stopped before their first frame is done, then the first ones again."""
    with pytest.raises(Stopped):
        extracted.extract("src", report=stop_at(Progress), framing="head", size=128)
    faces = extracted.extract("src", size=128)
    assert len(faces) == 24
    assert set(faces.framings) == {"full"}


def test_another_take_of_the_same_name_is_searched_anew(
    tmp_path: Path, begin: Begin, short_takes: dict[str, Path]
) -> None:
    images = [frame.image for frame in open_take(short_takes["dst"]).frames(0, 3)]
    path = write_take(tmp_path / "take.mp4", short_takes["dst"], images)
    workspace = begin(tmp_path / "job", dst=path)
    first = workspace.extract("dst", **SMALL)
    mirrored: list[FrameImage] = [np.asarray(image[:, ::-1], np.uint8) for image in images]
    write_take(path, short_takes["dst"], mirrored)
    second = workspace.extract("dst", **SMALL)
    width = open_take(path).info.size[0]
    left, right = first.landmarks[..., 0].mean(), second.landmarks[..., 0].mean()
    assert left == pytest.approx(width - 1 - right, abs=3)


def test_no_face_at_all_is_said(tmp_path: Path, begin: Begin, short_takes: dict[str, Path]) -> None:
    width, height = open_take(short_takes["src"]).info.size
    grey: FrameImage = np.full((height, width, 3), 90, np.uint8)
    path = write_take(tmp_path / "empty.mp4", short_takes["src"], [grey] * 5)
    workspace = begin(tmp_path / "job", src=path)
    for _ in range(2):
        with pytest.raises(NoFaceFound, match=r"empty\.mp4 \(src\)") as caught:
            workspace.extract("src", **SMALL)
        assert "--min-score" in caught.value.fix


def test_frames_without_a_face_make_no_file(
    tmp_path: Path, begin: Begin, short_takes: dict[str, Path]
) -> None:
    images = [frame.image for frame in open_take(short_takes["dst"]).frames(0, 6)]
    images[2] = np.full_like(images[2], 90)
    path = write_take(tmp_path / "gap.mp4", short_takes["dst"], images)
    faces = begin(tmp_path / "job", dst=path).extract("dst", **SMALL)
    assert list(faces.frames) == [0, 1, 3, 4, 5]


def test_a_take_that_is_cut_off_is_refused_at_once(
    tmp_path: Path, begin: Begin, short_takes: dict[str, Path]
) -> None:
    path = tmp_path / "cut.mp4"
    whole = short_takes["src"].read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    workspace = begin(tmp_path / "job", src=path)
    with pytest.raises(TakeUnreadable, match=r"src: cut\.mp4 is cut off") as caught:
        extract.run(workspace, "src", extract.ExtractOptions(size=64))
    assert "copy it again" in caught.value.fix
    assert [p.name for p in workspace.root.iterdir()] == ["workspace.json"]
