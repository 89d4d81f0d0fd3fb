"""Merged pictures become the video that merging would have made."""

from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

import recast
from recast.errors import (
    ConsentMissing,
    DiskTrouble,
    OptionUnusable,
    Stopped,
    TakeUnreadable,
    WorkspaceUnusable,
)
from recast.events import Event, Note, Progress
from recast.images import load, save
from recast.stages import encode
from recast.video import FORMATS, TakeWriter, open_take
from recast.workspace import Workspace

LENGTH = 8
OPTIONS = encode.EncodeOptions()


def test_pictures_become_the_merged_video(trained: Workspace) -> None:
    trained.merge(pictures=True, device="cpu")
    merged = trained.merge(out=trained.root / "merged.mp4", device="cpu")
    out = encode.run(trained, OPTIONS)
    assert out == trained.result and recast.verify(out).intact
    for one, other in zip(open_take(out), open_take(merged), strict=True):
        assert one.moment == other.moment
        np.testing.assert_array_equal(one.image, other.image)
    assert open_take(out).info.sound == trained.take("dst").info.sound


def test_pictures_of_another_folder(trained: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "retouched é"
    folder.mkdir()
    for frame in trained.take("dst"):
        save(folder / f"shot {frame.index}.png", 255 - frame.image)
    out = encode.run(trained, OPTIONS, pictures=folder, out=tmp_path / "new" / "out.mp4")
    darkest = open_take(out).frame(10).image.astype(int)
    assert np.abs(darkest - load(folder / "shot 10.png")).mean() < 4


def test_wrong_pictures_are_refused(trained: Workspace, tmp_path: Path) -> None:
    with pytest.raises(WorkspaceUnusable, match="no merged pictures") as caught:
        encode.run(trained, OPTIONS)
    assert "--pictures" in caught.value.fix
    trained.merge(pictures=True, frames=":3", device="cpu")
    with pytest.raises(WorkspaceUnusable, match=r"3 pictures of 640x480.* 24 frames"):
        encode.run(trained, OPTIONS)
    small = tmp_path / "small"
    small.mkdir()
    for index in range(24):
        save(small / f"{index}.png", np.zeros((48, 64, 3), np.uint8))
    with pytest.raises(WorkspaceUnusable, match="64x48"):
        encode.run(trained, OPTIONS, pictures=small)
    (tmp_path / "none").mkdir()
    with pytest.raises(TakeUnreadable, match="holds no pictures"):
        encode.run(trained, OPTIONS, pictures=tmp_path / "none")
    with pytest.raises(OptionUnusable, match="the dst take"):
        encode.run(trained, OPTIONS, pictures=small, out=trained.take_path("dst"))
    assert not trained.result.exists()


def test_a_broken_picture_leaves_no_half_result(trained: Workspace) -> None:
    folder = trained.merge(pictures=True, device="cpu")
    (folder / "000020.png").write_bytes(b"no picture")
    with pytest.raises(TakeUnreadable, match=r"000020\.png"):
        encode.run(trained, OPTIONS)
    assert not list(trained.root.glob("result*"))


def test_without_consent_nothing_is_encoded(tmp_path: Path, short_takes: dict[str, Path]) -> None:
    workspace = Workspace.create(tmp_path / "job", src=short_takes["src"], dst=short_takes["dst"])
    with pytest.raises(ConsentMissing):
        encode.run(workspace, OPTIONS)


def test_the_names_of_formats_are_those_there_are() -> None:
    assert get_args(encode.FormatName) == tuple(FORMATS)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, short_takes: dict[str, Path]) -> Path:
    """A corner of dst with its sound: as small as DNxHR allows."""
    dst, path = open_take(short_takes["dst"]), tmp_path_factory.mktemp("small") / "dst.mp4"
    info = replace(dst.info, size=(256, 128))
    with TakeWriter(path, info, sound_from=dst.path) as writer:
        for frame in dst.frames(0, LENGTH):
            writer.write(frame.image[100:228, 200:456], frame.moment)
    return path


@pytest.fixture
def job(tmp_path: Path, begin: Any, small: Path) -> Workspace:
    """A job whose dst has pictures with transparency: a bright square, nothing in frame 5."""
    workspace: Workspace = begin(tmp_path / "job é", dst=small)
    workspace.merged_folder.mkdir(parents=True)
    for frame in workspace.take("dst"):
        alpha = np.zeros(frame.image.shape[:2], np.uint8)
        if frame.index != 5:
            frame.image[20:80, 100:200] ^= 255
            alpha[20:80, 100:200] = np.linspace(0, 255, 100).astype(np.uint8)
        rgba: Any = np.dstack([frame.image, alpha])
        save(workspace.merged_folder / f"{frame.index:06d}.png", rgba)
    return workspace


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_written_with_sound_alpha_and_credentials(
    job: Workspace, other_reader: Any, name: str
) -> None:
    told: list[Event] = []
    if name == "exr":
        pytest.importorskip("OpenImageIO")
    format = FORMATS[name]
    out = encode.run(job, encode.EncodeOptions.model_validate({"format": name}), told.append)
    assert out == job.root / f"result{format.suffix}"
    place = out / f"%06d{format.picture}" if format.picture else out
    found = other_reader.video(place)
    assert int(found["nb_read_frames"]) == LENGTH
    sound = out / "sound.wav" if format.picture else out
    assert any(stream["codec_type"] == "audio" for stream in other_reader.streams(sound))
    notes = [event.text for event in told if isinstance(event, Note)]
    assert any("transparency" in note for note in notes) != format.alpha
    if format.alpha:
        alpha = other_reader.pixels(place, "rgba")[..., 3]
        assert not alpha[5].any() and not alpha[:, :20].any()
        assert np.abs(alpha[7, 40, 100:200].astype(int) - np.linspace(0, 255, 100)).max() <= 2
    credentials = recast.verify(out)
    assert credentials.intact and credentials.title.startswith(out.name)
    beside = any("no content credentials" in note for note in notes)
    assert beside == (name in {"ffv1", "png", "tiff", "exr"})
    _assert_every_change_shows(out)
    assert not list(job.root.glob("*unsigned*")) and not list(job.root.glob("*.part"))
    job.clear()
    assert not list(job.root.glob("result*"))


def _assert_every_change_shows(out: Path) -> None:
    path = sorted(out.iterdir())[3] if out.is_dir() else out
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert recast.verify(out).state == "altered"
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_untouched_pictures_become_the_very_samples_of_the_take(
    tmp_path: Path, begin: Any, small: Path, other_reader: Any
) -> None:
    workspace: Workspace = begin(tmp_path / "job", dst=small)
    folder = workspace.merged_folder
    folder.mkdir(parents=True)
    for frame in workspace.take("dst"):
        if frame.index == 3:
            frame.image[50:90, 60:100] ^= 255
        save(folder / f"{frame.index:06d}.png", frame.image)
    kind = workspace.take("dst").info.pixel_format
    before = other_reader.samples(workspace.take_path("dst"), kind).reshape(LENGTH, -1)
    for name in ("ffv1", "mp4-lossless"):
        out = encode.run(workspace, encode.EncodeOptions.model_validate({"format": name}))
        after = other_reader.samples(out, kind).reshape(LENGTH, -1)
        changed = (before != after).any(1)
        assert changed.nonzero()[0].tolist() == [3]


def test_deep_pictures_keep_their_depth(
    tmp_path: Path, begin: Any, small: Path, other_reader: Any
) -> None:
    workspace: Workspace = begin(tmp_path / "job", dst=small)
    folder = tmp_path / "graded"
    folder.mkdir()
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)
    for index in range(LENGTH):
        save(folder / f"{index}.png", np.broadcast_to(ramp[None, :, None], (128, 256, 3)).copy())
    out = encode.run(
        workspace, encode.EncodeOptions(format="ffv1"), pictures=folder, out=tmp_path / "a.mkv"
    )
    assert other_reader.video(out)["pix_fmt"] == "yuv444p16le"
    assert len(np.unique(open_take(out).frame(0).image)) == 256


def test_what_a_format_cannot_do_is_refused_before_any_work(job: Workspace) -> None:
    told: list[Event] = []
    wrong = encode.EncodeOptions(format="prores4444", bitrate=16)
    with pytest.raises(OptionUnusable, match="no bitrate"):
        encode.run(job, wrong, told.append)
    with pytest.raises(OptionUnusable, match=r"does not end in \.mov"):
        encode.run(
            job, encode.EncodeOptions(format="mov-alpha"), told.append, out=job.root / "a.mp4"
        )
    with pytest.raises(OptionUnusable, match="is a folder of pictures"):
        encode.run(job, encode.EncodeOptions(format="png"), told.append, out=job.root / "a.mp4")
    with pytest.raises(DiskTrouble, match="other files"):
        encode.run(job, encode.EncodeOptions(format="png"), told.append, out=job.root)
    assert told == []


def test_a_result_replaces_an_older_one_and_its_credentials(job: Workspace) -> None:
    for _ in range(2):
        assert recast.verify(encode.run(job, encode.EncodeOptions(format="ffv1"))).intact
        assert recast.verify(encode.run(job, encode.EncodeOptions(format="png"))).intact
    names = sorted(path.name for path in job.root.glob("result*"))
    assert names == ["result", "result.mkv", "result.mkv.c2pa"]


def test_stopped_work_leaves_the_older_result(job: Workspace, stop_at: Any) -> None:
    for name in ("png", "ffv1"):
        options = encode.EncodeOptions.model_validate({"format": name})
        out = encode.run(job, options)
        with pytest.raises(Stopped):
            encode.run(job, options, stop_at(Progress, 4))
        assert recast.verify(out).intact
    assert not list(job.root.glob("*unsigned*")) and not list(job.root.glob("*.part"))
