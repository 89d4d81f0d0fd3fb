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
from recast.disk import Fingerprint
from recast.errors import (
    ConsentMissing,
    NoFaceFound,
    OptionUnusable,
    Stopped,
    TakeUnreadable,
    TakeUnwritable,
    WorkspaceUnusable,
)
from recast.events import Event, Note, Progress, Report, TrainingProgress
from recast.faceset import replace_record
from recast.faceset.drawn_mask import with_part, without_mask
from recast.images import load, save
from recast.merging import COLOR_MATCHES, MODES
from recast.stages import merge
from recast.video import open_take
from recast.workspace import Workspace
from tests.faces.test_identity import FLOAT, network

Begin = Callable[..., Workspace]
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
    assert recast.verify(folder).intact
    (folder / "000003.png").write_bytes((folder / "000004.png").read_bytes())
    changed = recast.verify(folder)
    assert changed.state == "altered" and "000003.png was changed" in changed.problems[0]


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


WAYS: list[dict[str, Any]] = [
    *({"mode": mode} for mode in MODES),
    *({"color_match": match, "color_smooth": 1} for match in COLOR_MATCHES),
    *({"mask": mask} for mask in ("dst", "hull", "mesh*learned", "segmentation+hull")),
    {"smooth": False, "color_smooth": 0, "mask_smooth": 0, "cuts": False},
    {"sharpen": 40, "sharpen_mode": "box", "motion_blur": 100, "face_scale": -20},
    {"denoise": 30, "bicubic": 50, "palette": 60, "grain": 0},
    {"mode": "seamless", "seamless_grow": -0.05, "border": 0.1, "color_area": "crop"},
    {"mode": "hist-match", "masked_hist_match": False, "hist_threshold": 100},
]


@pytest.mark.parametrize("how", WAYS, ids=lambda how: "-".join(map(str, how.values())))
def test_every_way_to_join_runs(trained: Workspace, how: dict[str, Any]) -> None:
    folder = trained.merge(frames="3:5", pictures=True, **{"alpha": False, **how}, **CPU)
    before = trained.take("dst").frame(3).image
    merged = load(folder / "000003.png", alpha=how.get("mode") == "raw-rgb-mask")
    assert merged.shape == (480, 640, 4 if how.get("mode") == "raw-rgb-mask" else 3)
    assert np.array_equal(merged[..., :3], before) == (how.get("mode") == "original")


def test_alpha_says_where_faces_show(trained: Workspace) -> None:
    """In a frame without a face it is 0 everywhere."""
    (path,) = trained.faceset_folder("dst").glob("*000004_*.jpg")
    path.unlink()
    folder = trained.merge(frames="3:6", pictures=True, alpha=True, **CPU)
    with_face, without = (load(folder / f"00000{at}.png", alpha=True) for at in (3, 4))
    assert without.shape == (480, 640, 4) and not without[..., 3].any()
    before = trained.take("dst").frame(3).image
    changed = (with_face[..., :3] != before).any(axis=2)
    assert with_face[..., 3].max() == 255 and (with_face[..., 3] > 0)[changed].mean() > 0.99
    out = trained.merge(frames="3:6", alpha=True, format="prores4444", **CPU)
    assert out.suffix == ".mov" and recast.verify(out).intact
    with pytest.raises(TakeUnwritable, match="transparency"):
        trained.merge(frames="3:6", alpha=True, **CPU)
    with pytest.raises(TakeUnwritable, match="transparency"):
        trained.merge(frames="3:6", mode="raw-rgb-mask", **CPU)


def test_layers_are_face_matte_and_plate(trained: Workspace, monkeypatch: Any) -> None:
    monkeypatch.setattr(merge, "SEGMENT", 3)
    place = trained.root / "layers"
    assert trained.merge(layers=place, frames="2:10", format="mov-alpha", **CPU) == place
    listed = json.loads((place / "layers.json").read_text(encoding="utf-8"))
    assert [frame["index"] for frame in listed["frames"]] == list(range(2, 10))
    assert all(len(frame["faces"]) == 1 for frame in listed["frames"])
    assert [
        open_take(place / f"{name}.mov").info.length for name in ("face", "matte", "plate")
    ] == [
        8,
        8,
        8,
    ]
    merged = trained.merge(frames="2:10", format="mov-alpha", alpha=True, **CPU)
    plate, matte, whole = (
        open_take(path).frame(0).image.astype(float)
        for path in (place / "plate.mov", place / "matte.mov", merged)
    )
    away = matte[..., 0] == 0
    assert np.array_equal(whole[away], plate[away])
    with pytest.raises(OptionUnusable, match="exclude"):
        trained.merge(layers=place, pictures=True, **CPU)


def test_shots_change_the_look_along_the_take(trained: Workspace, tmp_path: Path) -> None:
    shots = tmp_path / "shots.json"
    shots.write_text('[{"frames": "4:6", "mode": "original"}]', encoding="utf-8")
    folder = trained.merge(frames="3:7", pictures=True, shots=shots, **CPU)
    same = [
        np.array_equal(load(folder / f"{frame.index:06d}.png"), frame.image)
        for frame in trained.take("dst").frames(3, 7)
    ]
    assert same == [False, True, True, False]


@pytest.mark.parametrize(
    "how",
    [
        {"mode": "seamless", "color_match": "sot", "color_smooth": 2, "mask_smooth": 2},
        {"motion_blur": 80, "sharpen": 30, "palette": 20, "grain": 2, "mask": "learned*mesh"},
    ],
    ids=["calmed", "finished"],
)
def test_a_merge_in_parts_is_the_merge_in_one_piece(
    trained: Workspace, how: dict[str, Any], monkeypatch: pytest.MonkeyPatch, stop_at: StopAt
) -> None:
    """Whatever is calmed over time looks beyond the part's ends; and a restart changes nothing."""
    folder = trained.merge(frames=":14", pictures=True, **how, **CPU)
    in_one = [load(path) for path in sorted(folder.glob("*.png"))]
    monkeypatch.setattr(merge, "SEGMENT", 5)
    options = {"frames": ":14", "format": "mov-alpha", **how, **CPU}
    with pytest.raises(Stopped):
        trained.merge(report=stop_at(Progress, 9), **options)
    once = open_take(trained.merge(**options))
    again = trained.merge(out=trained.root / "again.mov", **options)
    for frame, whole, other in zip(once, in_one, open_take(again), strict=True):
        assert np.array_equal(frame.image, other.image)
        # Batches of the network differ, and with them the order of its sums.
        assert np.abs(frame.image.astype(int) - whole).max() <= 3


TWO_PEOPLE = Path(__file__).parents[1] / "data" / "two_people.mp4"


@pytest.fixture(scope="module")
def two_people(begin: Begin, tmp_path_factory: Any, trained_once: Workspace) -> Workspace:
    """A job on a take of two people, with two trainings."""
    workspace = begin(tmp_path_factory.mktemp("two") / "job", dst=TWO_PEOPLE)
    workspace.extract("dst", size=128)
    shutil.copytree(trained_once.model_folder("swift"), workspace.model_folder("anna"))
    shutil.copytree(trained_once.faceset_folder("src"), workspace.faceset_folder("src"))
    workspace.train(steps=1, name="ben", **TINY)
    return workspace


def sides_changed(workspace: Workspace, people: Path, **likeness: Any) -> tuple[bool, bool]:
    folder = workspace.merge(people=people, frames="30:31", pictures=True, **likeness, **CPU)
    frame = workspace.take("dst").frame(30).image
    changed = (load(folder / "000030.png") != frame).any(axis=2)
    middle = frame.shape[1] // 2
    return bool(changed[:, :middle].any()), bool(changed[:, middle:].any())


def test_each_track_gets_a_training_of_its_own_or_none(
    two_people: Workspace, tmp_path: Path
) -> None:
    file = tmp_path / "people.json"
    seen = []
    for people in (
        {"0": "anna", "1": None},
        {"1": "anna", "*": None},
        {"0": "anna", "1": "ben"},
        {"*": "ben"},
    ):
        file.write_text(json.dumps(people), encoding="utf-8")
        seen.append(sides_changed(two_people, file))
    assert {seen[0], seen[1]} == {(True, False), (False, True)}
    assert seen[2:] == [(True, True), (True, True)]
    file.write_text('{"0": "anna", "1": "ben"}', encoding="utf-8")
    out = two_people.merge(people=file, frames="30:32", **CPU)
    assert recast.verify(out).model == "swift (step 20), swift (step 1)"


def test_a_person_is_named_by_a_picture(two_people: Workspace, tmp_path: Path) -> None:
    """By pixels: no network to rely on, but it needs no extra."""
    (tmp_path / "pixels.onnx").write_bytes(network(["n", 3, 112, 112], FLOAT))
    frame = open_take(TWO_PEOPLE).frame(20).image
    save(tmp_path / "left.png", frame[:, : frame.shape[1] // 2].copy())
    file = tmp_path / "people.json"
    file.write_text('{"left.png": "anna", "*": null}', encoding="utf-8")
    likeness = {"embedder": str(tmp_path / "pixels.onnx"), "same_person": 0.8}
    assert sides_changed(two_people, file, **likeness) == (True, False)


def test_people_that_leave_every_face_alone(two_people: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "people.json"
    file.write_text('{"*": null}', encoding="utf-8")
    with pytest.raises(WorkspaceUnusable, match="leaves every face"):
        two_people.merge(people=file, **CPU)


def test_cuts_are_looked_for_once(trained: Workspace) -> None:
    trained.merge(frames=":2", pictures=True, **CPU)
    noted = json.loads(trained.cuts_file.read_text(encoding="utf-8"))
    assert noted["cuts"] == [] and noted["take"]["length"] == 24
    noted["cuts"] = [12]
    trained.cuts_file.write_text(json.dumps(noted), encoding="utf-8")
    cut = trained.merge(frames="10:14", pictures=True, **CPU)
    images = [load(path) for path in sorted(cut.glob("00001*.png"))]
    whole = trained.merge(frames="10:14", pictures=True, cuts=False, **CPU)
    differs = [
        not np.array_equal(image, load(path))
        for image, path in zip(images, sorted(whole.glob("00001*.png")), strict=True)
    ]
    assert any(differs)  # nothing is smoothed over frame 12


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
        settings_changed(trained, consent=[], consent_seal=None).merge(**CPU)
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


def test_a_mask_that_was_painted_since_is_merged_anew(trained: Workspace) -> None:
    options: dict[str, Any] = {"frames": "3:5", "pictures": True, "mask": "learned*segmentation"}
    options |= {"mask_smooth": 0, **CPU}
    faces = trained.faceset("dst")
    row = faces.frames.tolist().index(3)
    whole = np.array([[0, 0], [127, 0], [127, 127], [0, 127]], np.float32)
    folder = trained.merge(**options)
    plain = load(folder / "000003.png")
    replace_record(faces.path(row), with_part(faces.record(row), whole, adds=False))
    painted = load(trained.merge(**options) / "000003.png")
    assert np.array_equal(painted, trained.take("dst").frame(3).image)
    assert not np.array_equal(painted, plain)
    video = trained.merge(**{**options, "pictures": False})
    known = Fingerprint.of_file(video)
    replace_record(faces.path(row), without_mask(faces.record(row)))
    assert not known.fits(trained.merge(**{**options, "pictures": False}))
