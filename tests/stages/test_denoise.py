"""The dst take without its noise stands in for the take, which is never touched."""

import hashlib
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import recast
from recast.errors import OptionUnusable, Stopped, TakeUnreadable
from recast.events import Event, Note, Progress, Report, Started
from recast.images import FrameImage, load, save
from recast.stages import denoise, merge
from recast.stages.finish import check_out
from recast.video import FolderTake, TakeWriter, open_take, read_note
from recast.workspace import Workspace

Begin = Callable[..., Workspace]
StopAt = Callable[..., Report]
SIZE = (48, 64)
FRAMES = 12


def clean() -> FrameImage:
    image = np.full((*SIZE, 3), (90, 110, 70), np.uint8)
    image[:, 40:] = (170, 150, 130)
    return image


def grainy(index: int) -> FrameImage:
    noise = np.random.default_rng(index).normal(0, 6, (*SIZE, 3))
    return np.clip(np.rint(clean() + noise), 0, 255).astype(np.uint8)


def error(image: FrameImage) -> float:
    return float(np.sqrt(np.mean((image.astype(float) - clean()) ** 2)))


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "grain ж"
    folder.mkdir()
    for index in range(FRAMES):
        save(folder / f"shot {index}.png", grainy(index))
    return folder


@pytest.fixture
def video(tmp_path: Path, pictures: Path) -> Path:
    """With uneven times."""
    path = tmp_path / "grain ж.mp4"
    with TakeWriter(path, open_take(pictures).info, crf=2) as writer:
        for frame in open_take(pictures):
            writer.write(frame.image, frame.moment + Fraction(frame.index // 5, 25))
    return path


@pytest.fixture
def job(tmp_path: Path, begin: Begin, video: Path) -> Workspace:
    return begin(tmp_path / "job", dst=video)


def test_a_video_becomes_a_video_without_noise(job: Workspace, video: Path) -> None:
    before = video.read_bytes()
    out = job.denoise(strength=6)
    assert out == job.root / "data_dst" / "denoised.mp4"
    assert job.take_path("dst") == out and job.original_path("dst") == video
    taken, original = job.take("dst"), open_take(video)
    assert [frame.moment for frame in taken] == [frame.moment for frame in original]
    for frame, noisy in zip(taken, original, strict=True):
        assert error(frame.image) < 0.5 * error(noisy.image)
    assert taken.info.color == original.info.color
    assert video.read_bytes() == before
    assert sorted(path.name for path in out.parent.iterdir()) == ["denoised.mp4", "denoising.json"]


def test_the_sound_comes_along(tmp_path: Path, begin: Begin, short_takes: dict[str, Path]) -> None:
    source = open_take(short_takes["dst"])
    short = tmp_path / "short.mp4"
    with TakeWriter(short, source.info, sound_from=source.path) as writer:
        for frame in source.frames(0, 2):
            writer.write(frame.image, frame.moment)
    job = begin(tmp_path / "job", dst=short)
    job.denoise()
    assert job.take("dst").info.sound == source.info.sound


def test_pictures_become_pictures_in_full_depth(tmp_path: Path, begin: Begin) -> None:
    folder = tmp_path / "deep"
    folder.mkdir()
    for index in range(3):
        save(folder / f"{index}.png", grainy(index).astype(np.uint16) * 257)
    job = begin(tmp_path / "job", dst=folder)
    out = job.denoise(strength=6)
    assert out == job.root / "data_dst" / "denoised"
    taken = job.take("dst")
    assert isinstance(taken, FolderTake) and taken.info.depth == 16 and len(taken) == 3
    for frame in taken:
        assert error((frame.image // 257).astype(np.uint8)) < 3
    assert not job.denoising_folder.exists()


def test_a_dst_of_pictures_inside_the_folder_keeps_them(
    tmp_path: Path, short_takes: dict[str, Path], pictures: Path
) -> None:
    """As DeepFaceLab leaves it: the pictures are data_dst itself."""
    root = tmp_path / "of DeepFaceLab"
    root.mkdir()
    (root / "data_src.mp4").write_bytes(short_takes["src"].read_bytes())
    pictures.rename(root / "data_dst")
    job = Workspace.open(root)
    out = job.denoise(strength=6)
    assert len(job.take("dst")) == FRAMES and job.take_path("dst") == out
    assert Workspace.open(root).take_path("dst") == out
    job.use_original()
    take = Workspace.open(root).take("dst")
    assert take.path == root / "data_dst" and len(take) == FRAMES
    np.testing.assert_array_equal(take.frame(3).image, grainy(3))
    job.denoise(strength=6)
    job.clear()
    assert not out.exists() and len(job.take("dst")) == FRAMES


def test_it_is_not_done_twice(job: Workspace) -> None:
    out = job.denoise(strength=6)
    before = out.stat().st_mtime_ns
    job.use_original()
    assert job.take_path("dst") == job.original_path("dst")
    events: list[Event] = []
    assert job.denoise(strength=6, report=events.append) == out
    assert out.stat().st_mtime_ns == before and job.take_path("dst") == out
    assert [type(event) for event in events] == [Note]


def test_another_strength_is_made_of_the_original(job: Workspace) -> None:
    job.denoise(strength=20)
    strong = job.take("dst").frame(5).image
    job.denoise(strength=1)
    weak = job.take("dst").frame(5).image
    assert error(strong) < error(weak)
    assert error(weak) > 0.7 * error(job.original_take("dst").frame(5).image)


def test_it_goes_on_where_it_stopped(
    tmp_path: Path, begin: Begin, video: Path, stop_at: StopAt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(denoise, "SEGMENT", 5)
    stopped, whole = begin(tmp_path / "stopped", dst=video), begin(tmp_path / "whole", dst=video)
    with pytest.raises(Stopped):
        stopped.denoise(strength=6, crf=0, report=stop_at(Progress, 9))
    assert stopped.take_path("dst") == video
    (part,) = stopped.denoising_folder.glob("*/*.mp4")
    done = part.stat().st_mtime_ns
    events: list[Event] = []

    def report(event: Event) -> None:
        events.append(event)
        if part.exists():
            assert part.stat().st_mtime_ns == done

    stopped.denoise(strength=6, crf=0, report=report)
    assert isinstance(events[0], Started)
    # Lossless: on a busy machine x264 does not give the same bytes every time.
    whole.denoise(strength=6, crf=0)
    for one, other in zip(stopped.take("dst"), whole.take("dst"), strict=True):
        np.testing.assert_array_equal(one.image, other.image)


def test_parts_meet_as_if_there_were_none(
    tmp_path: Path, begin: Begin, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def written(name: str) -> list[FrameImage]:
        job = begin(tmp_path / name, dst=pictures.with_name("grain ж.mp4"))
        job.denoise(strength=6, crf=0)
        return [frame.image for frame in job.take("dst")]

    with TakeWriter(pictures.with_name("grain ж.mp4"), open_take(pictures).info, crf=0) as writer:
        for frame in open_take(pictures):
            writer.write(frame.image, frame.moment)
    whole = written("whole")
    monkeypatch.setattr(denoise, "SEGMENT", 5)
    for one, other in zip(whole, written("in parts"), strict=True):
        np.testing.assert_array_equal(one, other)


def test_pictures_go_on_where_they_stopped(
    tmp_path: Path, begin: Begin, pictures: Path, stop_at: StopAt
) -> None:
    stopped, whole = begin(tmp_path / "stopped", dst=pictures), begin(tmp_path / "w", dst=pictures)
    with pytest.raises(Stopped):
        stopped.denoise(strength=6, report=stop_at(Progress, 5))
    assert stopped.take_path("dst") == pictures
    stopped.denoise(strength=6)
    whole.denoise(strength=6)
    for one, other in zip(stopped.take("dst"), whole.take("dst"), strict=True):
        np.testing.assert_array_equal(one.image, other.image)


def test_changed_pictures_are_denoised_anew(tmp_path: Path, begin: Begin, pictures: Path) -> None:
    job = begin(tmp_path / "job", dst=pictures)
    job.denoise(strength=6)
    save(pictures / "shot 3.png", np.full((*SIZE, 3), 10, np.uint8))
    out = job.denoise(strength=6)
    assert load(out / "000003.png").max() < 30


@pytest.mark.parametrize("kind", ["video", "pictures"])
def test_a_copy_that_somebody_changed_is_kept(
    tmp_path: Path, begin: Begin, video: Path, pictures: Path, kind: str
) -> None:
    job = begin(tmp_path / "job", dst=video if kind == "video" else pictures)
    out = job.denoise(strength=6)
    changed = out if kind == "video" else out / "000002.png"
    changed.write_bytes(b"mine")
    events: list[Event] = []
    job.denoise(strength=5, report=events.append)
    old = out.with_name(f"denoised.old-1{out.suffix}")
    assert (old if kind == "video" else old / "000002.png").read_bytes() == b"mine"
    assert any(isinstance(event, Note) and str(old) in event.text for event in events)
    assert len(job.take("dst")) == FRAMES


def test_a_copy_that_went_away_says_what_to_do(job: Workspace) -> None:
    out = job.denoise()
    out.unlink()
    with pytest.raises(TakeUnreadable, match="stands in for the dst take, is not there") as missing:
        Workspace.open(job.root).take("dst")
    assert "--off" in missing.value.fix
    job.denoise()
    assert len(job.take("dst")) == FRAMES


def test_what_a_merge_must_not_write_over(job: Workspace, video: Path) -> None:
    out = job.denoise()
    for take in (video, out):
        with pytest.raises(OptionUnusable, match="the dst take itself"):
            check_out(job, take)


def test_the_job_can_be_begun_again_with_the_same_takes(
    job: Workspace, short_takes: dict[str, Path], video: Path
) -> None:
    job.denoise()
    again = Workspace.create(job.root, src=short_takes["src"], dst=video)
    assert again.take_path("dst") == job.take_path("dst")


def test_a_take_that_is_cut_off_is_refused(tmp_path: Path, begin: Begin, video: Path) -> None:
    job = begin(tmp_path / "job", dst=video)
    video.write_bytes(video.read_bytes()[:-300])
    with pytest.raises(TakeUnreadable, match="is cut off"):
        job.denoise()
    assert not (job.root / "data_dst").exists()


def test_later_stages_work_on_the_denoised_take(trained: Workspace) -> None:
    """Extraction sees another take; the result names the one that was filmed."""
    original = trained.original_path("dst")
    copy = trained.denoised_path(".mp4")
    copy.write_bytes(original.read_bytes())
    trained.use_denoised(copy)
    faces = trained.extract("dst", size=128)
    assert set(faces.takes) == {"denoised.mp4"}
    out = merge.run(trained, merge.MergeOptions(device="cpu", frames=":3"))
    found = recast.verify(out)
    digest = hashlib.sha256(original.read_bytes()).hexdigest()
    assert found.intact and digest in [one.sha256 for one in found.ingredients]


def test_the_notes_of_a_folder_say_what_it_was_made_of(
    tmp_path: Path, begin: Begin, pictures: Path
) -> None:
    job = begin(tmp_path / "job", dst=pictures)
    note = read_note(job.denoise(strength=6))
    assert note is not None and note.made_of["strength"] == 6
    known = json.loads(job.denoising_file.read_text(encoding="utf-8"))
    assert known["made_of"] == note.made_of
