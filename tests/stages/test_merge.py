"""Merging changes faces and nothing else, goes on where it stopped, and signs its result."""

import json
import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

import recast
from recast.errors import (
    ConsentMissing,
    NoFaceFound,
    OptionUnusable,
    Stopped,
    TakeUnreadable,
    WorkspaceUnusable,
)
from recast.events import Event, Note, Progress, Report, TrainingProgress
from recast.images import load
from recast.stages import merge
from recast.video import open_take
from recast.workspace import Workspace

StopAt = Callable[..., Report]
TINY: dict[str, Any] = {"resolution": 64, "batch_size": 3, "device": "cpu"}
CPU: dict[str, Any] = {"device": "cpu"}


def packets(path: Path, kind: str) -> list[tuple[Fraction, bytes]]:
    with av.open(str(path)) as container:
        (stream,) = (stream for stream in container.streams if stream.type == kind)
        return [
            (packet.pts * packet.time_base, bytes(packet))
            for packet in container.demux(stream)
            if packet.size and packet.pts is not None
        ]


def test_the_result_is_the_take_with_another_face(trained: Workspace) -> None:
    out = trained.merge(**CPU)
    dst, result = trained.take("dst"), open_take(out)
    assert out == trained.result
    assert len(result) == len(dst) == 24
    assert (result.info.size, result.info.rate) == (dst.info.size, dst.info.rate)
    assert result.info.color == dst.info.color
    assert [frame.moment for frame in result] == [frame.moment for frame in dst]
    assert packets(out, "audio") == packets(dst.path, "audio")

    faces = trained.faceset("dst")
    for before, after in zip(dst, result, strict=True):
        change = np.abs(before.image.astype(float) - after.image).max(axis=2)
        left, top, right, bottom = faces.boxes[before.index].astype(int)
        assert change[top:bottom, left:right].mean() > 2 * change[:, :40].mean()
        assert change[:, :40].mean() < 3  # what H.264 does

    credentials = recast.verify(out)
    assert credentials.intact and credentials.consent_basis == "synthetic"
    assert credentials.model == "swift (step 20)"
    assert not list(trained.root.rglob("*.part")) + list(trained.root.rglob("*.unsigned*"))


def test_frames_without_a_face_are_not_touched(trained: Workspace) -> None:
    for frame in (0, 11):
        (path,) = trained.faceset_folder("dst").glob(f"*{frame:06d}_*.jpg")
        path.unlink()
    folder = trained.merge(pictures=True, **CPU)
    assert folder == trained.merged_folder
    equal = [
        frame.index
        for frame in trained.take("dst")
        if np.array_equal(frame.image, load(folder / f"{frame.index:06d}.png"))
    ]
    assert equal == [0, 11]
    assert not trained.result.exists()


def test_an_interrupted_merge_goes_on(
    trained: Workspace, stop_at: StopAt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merge, "SEGMENT", 8)
    through = trained.merge(out=trained.root / "through.mp4", **CPU)
    with pytest.raises(Stopped):
        trained.merge(report=stop_at(Progress, 14), **CPU)
    assert not trained.result.exists()
    (segment,) = trained.root.glob("data_dst/merging/*/*.mp4")
    made = segment.stat().st_mtime_ns
    told: list[int] = []

    def report(event: Event) -> None:
        if isinstance(event, Progress):
            assert segment.stat().st_mtime_ns == made
            told.append(event.done)

    assert packets(trained.merge(report=report, **CPU), "video") == packets(through, "video")
    assert told[:3] == [0, 8, 9] and told[-1] == 24
    assert packets(trained.result, "audio") == packets(through, "audio")
    assert not list(trained.root.glob("data_dst/merging/*/*.mp4"))


def test_what_was_made_of_just_this_is_not_made_again(trained: Workspace) -> None:
    made = trained.merge(**CPU).stat().st_mtime_ns
    events: list[Event] = []
    trained.merge(report=events.append, **CPU)
    assert trained.result.stat().st_mtime_ns == made
    assert any(isinstance(event, Note) and "before" in event.text for event in events)

    trained.merge(**CPU, tone=0.5)
    assert trained.result.stat().st_mtime_ns > made
    before = packets(trained.result, "video")
    shutil.rmtree(trained.model_folder("swift"))
    trained.train(steps=20, seed=1, **TINY)
    trained.merge(**CPU, tone=0.5)
    assert packets(trained.result, "video") != before


def test_a_part_of_the_take(trained: Workspace) -> None:
    dst = trained.take("dst")
    result = open_take(trained.merge(frames="5:15", **CPU))
    assert [frame.moment for frame in result] == [f.moment for f in dst.frames(5, 15)]
    assert recast.verify(trained.result).intact
    folder = trained.merge(frames="22:", pictures=True, **CPU)
    assert sorted(path.name for path in folder.glob("*.png")) == ["000022.png", "000023.png"]
    assert list(open_take(folder).moments()) == [Fraction(22, 25), Fraction(23, 25)]


@pytest.mark.parametrize("frames", ["24:", "10:5", "7:7", ":0"])
def test_an_empty_part_is_refused(trained: Workspace, frames: str) -> None:
    with pytest.raises(OptionUnusable, match="24"):
        trained.merge(frames=frames, **CPU)


@pytest.mark.parametrize("color_match", ["none", "rct", "light"])
@pytest.mark.parametrize("mode", ["overlay", "seamless"])
def test_every_way_to_join_runs(trained: Workspace, mode: str, color_match: str) -> None:
    how: dict[str, Any] = {"mode": mode, "color_match": color_match, "smooth": mode == "overlay"}
    folder = trained.merge(frames="3:5", pictures=True, **how, **CPU)
    assert load(folder / "000003.png").shape == (480, 640, 3)


def test_several_trainings_and_none_named(trained: Workspace) -> None:
    trained.train(steps=1, name="other", **TINY)
    with pytest.raises(WorkspaceUnusable, match="2 trainings") as caught:
        trained.merge(**CPU)
    assert "--name: other, swift" in caught.value.fix
    with pytest.raises(WorkspaceUnusable, match="no training named third") as caught:
        trained.merge(name="third", **CPU)
    assert "other, swift" in caught.value.fix
    trained.merge(name="other", frames=":2", **CPU)
    assert recast.verify(trained.result).model == "swift (step 1)"


def test_without_a_model_there_is_nothing_to_merge(extracted: Workspace, stop_at: StopAt) -> None:
    with pytest.raises(WorkspaceUnusable, match="no trainings") as caught:
        extracted.merge(**CPU)
    assert "recast train" in caught.value.fix
    with pytest.raises(Stopped):
        extracted.train(report=stop_at(TrainingProgress), steps=20, **TINY)
    shutil.rmtree(extracted.model_folder("swift") / "checkpoint" / "00000010")
    with pytest.raises(WorkspaceUnusable, match="not trained yet"):
        extracted.merge(**CPU)


def test_without_faces_there_is_nothing_to_merge(trained: Workspace) -> None:
    for file in trained.faceset_folder("dst").glob("*.jpg"):
        file.unlink()
    with pytest.raises(NoFaceFound, match="data_dst"):
        trained.merge(**CPU)


def settings_changed(workspace: Workspace, **changes: Any) -> Workspace:
    file = workspace.root / "workspace.json"
    settings = json.loads(file.read_text(encoding="utf-8"))
    for name, value in changes.items():
        settings[name] = value if not isinstance(value, dict) else settings[name] | value
    file.write_text(json.dumps(settings), encoding="utf-8")
    return Workspace.open(workspace.root)


def test_without_consent_nothing_is_merged(trained: Workspace) -> None:
    with pytest.raises(ConsentMissing):
        settings_changed(trained, consent=[]).merge(**CPU)
    assert not trained.result.exists()


def test_a_take_that_is_cut_off_is_refused_at_once(trained: Workspace, tmp_path: Path) -> None:
    whole = trained.take_path("dst").read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[: len(whole) * 2 // 3])
    workspace = settings_changed(trained, takes={"dst": str(cut)})
    with pytest.raises(TakeUnreadable, match=r"dst: cut\.mp4 is cut off"):
        workspace.merge(**CPU)
    assert not list(trained.root.glob("data_dst/merging/*")) and not trained.result.exists()


def test_places_that_cannot_take_a_result(
    trained: Workspace, tmp_path: Path, short_takes: dict[str, Path]
) -> None:
    folder = tmp_path / "folder.mp4"
    folder.mkdir()
    before = short_takes["dst"].read_bytes()
    for out, what in (
        (short_takes["dst"], "the dst take"),
        (short_takes["src"], "the src take"),
        (folder, "is a folder"),
        (tmp_path / "result.avi", r"\.mp4"),
        (tmp_path / "result", r"\.mp4"),
    ):
        with pytest.raises(OptionUnusable, match=what):
            trained.merge(out=out, **CPU)
    assert short_takes["dst"].read_bytes() == before
    deep = trained.merge(out=tmp_path / "new é" / "deep" / "result ж.MP4", frames=":2", **CPU)
    assert recast.verify(deep).intact


def test_a_damaged_model_falls_back_and_says_so(trained: Workspace) -> None:
    trained.train(steps=21, **TINY)
    newest = trained.model_folder("swift") / "checkpoint" / "00000021" / "weights.safetensors"
    newest.write_bytes(newest.read_bytes()[:-100])
    events: list[Event] = []
    trained.merge(frames=":2", report=events.append, **CPU)
    warned = [event.text for event in events if isinstance(event, Note) and event.warning]
    assert len(warned) == 1 and "00000021 is damaged" in warned[0]
    assert recast.verify(trained.result).model == "swift (step 20)"
