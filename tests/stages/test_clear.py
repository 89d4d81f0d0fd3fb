"""Clearing removes what recast made, provably, and nothing else, whatever it is called."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from recast.errors import OutOfMemory, Stopped
from recast.events import Progress, Report
from recast.images import encode, save
from recast.stages import merge, swap
from recast.stages.extract import ExtractOptions
from recast.stages.merge import MergeOptions
from recast.stages.train_options import TrainOptions
from recast.video import TakeWriter, open_take
from recast.workspace import Workspace

StopAt = Callable[..., Report]
Begin = Callable[..., Workspace]
PICTURE = np.full((16, 16, 3), 90, np.uint8)


def files(root: Path) -> dict[str, bytes]:
    found = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}


def put(root: Path, *names: str) -> list[Path]:
    paths = [root / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        is_picture = path.suffix in {".jpg", ".png"}
        path.write_bytes(encode(PICTURE, path.suffix) if is_picture else b"mine")
    return paths


@pytest.fixture
def seed(tmp_path: Path, short_takes: dict[str, Path]) -> Workspace:
    """A workspace that DeepFaceLab made, with everything in it."""
    root = tmp_path / "of DeepFaceLab"
    put(
        root,
        "data_src/00001.png",
        "data_src/aligned/00001_0.jpg",
        "data_src/aligned/faceset.pak",
        "data_src/aligned_debug/00001.jpg",
        "data_dst/00001.png",
        "data_dst/aligned/00001_0.jpg",
        "data_dst/aligned/00001_0.png",
        "data_dst/merged/00001.png",
        "data_dst/merged_mask/00001.png",
        "data_dst/denoised/00001.png",
        "data_dst/denoised.mp4",
        "data_dst/denoising.json",
        "data_dst/merging/0123456789abcdef/mine.txt",
        "data_dst/merging/mine/00000000-00000250.mp4",
        "model/new_SAEHD_data.dat",
        "model/new_SAEHD_encoder.npy",
        "model/autobackups/01/new_SAEHD_data.dat",
        "model/swift/options.json",
        "model/swift/checkpoint/00000001/weights.safetensors",
        "data_src/extraction.json",
        "result.jpg",
        "result_mask.mp4",
    )
    for side, path in short_takes.items():
        shutil.copyfile(path, root / f"data_{side}.mp4")
    shutil.copyfile(short_takes["dst"], root / "result.mp4")
    return Workspace.open(root)


def test_nothing_of_deepfacelab_is_removed(seed: Workspace) -> None:
    before = files(seed.root)
    assert seed.made_here() == []
    assert seed.clear() == []
    assert files(seed.root) == before


def test_what_recast_adds_to_a_folder_of_deepfacelab_goes_alone(
    seed: Workspace, trained_once: Workspace
) -> None:
    before = files(seed.root)
    for name in ("data_src/aligned", "data_dst/aligned"):
        faces = trained_once.root / name
        for face in sorted(faces.glob("*.jpg"))[:3]:
            shutil.copyfile(face, seed.root / name / face.name)
        shutil.copyfile(faces / ".index.sqlite", seed.root / name / ".index.sqlite")
    shutil.copytree(trained_once.root / "model" / "swift", seed.root / "model" / "of recast")
    shutil.copyfile(trained_once.extraction_file("src"), seed.extraction_file("src"))
    after = files(seed.root)
    gone = after.keys() - before.keys() | {"data_src/extraction.json"}
    made = seed.made_here()
    assert seed.root / "model" / "of recast" in made
    assert seed.clear() == made
    left = files(seed.root)
    assert left.keys() == after.keys() - gone
    assert all(before[name] == data for name, data in left.items())


@pytest.fixture
def finished(tmp_path: Path, trained_once: Workspace, short_takes: dict[str, Path]) -> Workspace:
    """A job of recast with all that its stages leave behind."""
    shutil.copytree(trained_once.root, tmp_path / "job ж")
    job = Workspace.open(tmp_path / "job ж")
    for side in ("src", "dst"):
        job.extract(side, size=128)
    swap.run(
        job,
        extract=ExtractOptions(size=128),
        train=TrainOptions(resolution=64, batch_size=3, device="cpu", steps=20),
        merge=MergeOptions(device="cpu", frames=":4"),
    )
    job.merge(pictures=True, device="cpu", frames=":4")
    job.frames("src", fps=1)
    job.frames("dst", fps=5, format="jpg")
    shutil.copytree(job.faceset_folder("src"), job.faceset_folder("src").with_name("aligned.old-1"))
    return job


def test_everything_recast_made_goes(finished: Workspace) -> None:
    consent = finished.consent
    finished.clear()
    assert [path.name for path in finished.root.iterdir()] == ["workspace.json"]
    assert Workspace.open(finished.root).consent == consent
    assert len(Workspace.open(finished.root).take("dst")) == 24
    assert finished.made_here() == []


MINE = (
    "mine.txt",
    "data_src/reference.jpg",
    "data_src/aligned/portrait.jpg",
    "data_src/aligned/notes.txt",
    "data_src/aligned.old-1/portrait.png",
    "data_src/aligned/_trash/portrait.jpg",
    "data_dst/000001.jpg.bak",
    "data_dst/merged/000099.png",
    "data_dst/mine/000001.png",
    "model/swift/notes.txt",
    "model/mine/weights.bin",
    "model/readme.txt",
)


def test_what_somebody_put_beside_stays(finished: Workspace) -> None:
    mine = put(finished.root, *MINE)
    before = {path: path.read_bytes() for path in mine}
    finished.clear()
    assert {path: path.read_bytes() for path in mine} == before
    assert files(finished.root).keys() == {"workspace.json", *MINE}


CHANGED = (
    "data_src/000000.png",
    "data_dst/000005.jpg",
    "data_dst/merged/000002.png",
    "result.jpg",
)


def test_what_somebody_changed_stays(finished: Workspace) -> None:
    other = np.full((8, 8, 3), 3, np.uint8)
    for name in CHANGED:
        save(finished.root / name, other)
    damaged = finished.result.read_bytes()
    finished.result.write_bytes(damaged[:-50_000] + bytes(50_000))
    finished.clear()
    assert files(finished.root).keys() >= {*CHANGED, "result.mp4"}
    assert not (finished.root / "data_dst" / "000010.jpg").exists()


@pytest.fixture(params=["video", "pictures"])
def tiny(request: pytest.FixtureRequest, tmp_path: Path, begin: Begin) -> Workspace:
    """A dst of a few small frames."""
    folder = tmp_path / "tiny"
    put(folder, *(f"{index}.png" for index in range(3)))
    if request.param == "pictures":
        return begin(tmp_path / "job", dst=folder)
    with TakeWriter(tmp_path / "tiny.mp4", open_take(folder).info) as writer:
        for frame in open_take(folder):
            writer.write(frame.image, frame.moment)
    return begin(tmp_path / "job", dst=tmp_path / "tiny.mp4")


def test_the_copy_without_noise_goes(tiny: Workspace) -> None:
    tiny.denoise()
    tiny.clear()
    assert [path.name for path in tiny.root.iterdir()] == ["workspace.json"]
    assert len(Workspace.open(tiny.root).take("dst")) == 3


def test_a_changed_copy_stays_but_stands_in_no_more(tiny: Workspace) -> None:
    out = tiny.denoise()
    changed = out if out.is_file() else out / "000001.png"
    changed.write_bytes(b"mine")
    tiny.clear()
    assert changed.read_bytes() == b"mine"
    assert Workspace.open(tiny.root).take_path("dst") == tiny.original_path("dst")


def test_parts_that_were_not_joined_go(tiny: Workspace, stop_at: StopAt) -> None:
    job = tiny
    with pytest.raises(Stopped):
        job.denoise(report=stop_at(Progress, 3))
    put(job.root, "data_dst/merging/0123456789abcdef/00000000-00000250.mp4.part")
    put(job.root, "data_dst/denoising/0123456789abcdef/00000000-00000100.mp4")
    job.clear()
    assert [path.name for path in job.root.iterdir()] == ["workspace.json"]


def test_a_take_is_never_removed_even_if_recast_made_it(
    tmp_path: Path, begin: Begin, finished: Workspace
) -> None:
    """Merged pictures of one job that are the dst take of another one in the same folder."""
    settings = json.loads((finished.root / "workspace.json").read_text(encoding="utf-8"))
    settings["takes"]["dst"] = "data_dst/merged"
    (finished.root / "workspace.json").write_text(json.dumps(settings), encoding="utf-8")
    job = Workspace.open(finished.root)
    assert len(job.take("dst")) == 4
    job.clear()
    assert len(job.take("dst")) == 4


def test_links_are_not_followed(tmp_path: Path, finished: Workspace) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(finished.faceset_folder("src"), elsewhere)
    shutil.rmtree(finished.faceset_folder("src"))
    try:
        finished.faceset_folder("src").symlink_to(elsewhere, target_is_directory=True)
    except OSError:
        pytest.skip("this system gives no links to ordinary users")
    before = files(elsewhere)
    finished.clear()
    assert files(elsewhere) == before


def test_debug_pictures_and_other_persons_faces_go_and_foreign_ones_stay(
    extracted: Workspace,
) -> None:
    debug = extracted.debug_folder("dst")
    assert any(debug.glob("*.jpg"))
    others, old = extracted.others_folder("dst"), debug.with_name("aligned_debug.old-1")
    others.mkdir()
    old.mkdir()
    face, shown = next(extracted.faceset_folder("dst").glob("*.jpg")), next(debug.glob("*.jpg"))
    shutil.copy(face, others / face.name)
    shutil.copy(shown, old / shown.name)
    kept = put(extracted.root, "data_dst/aligned_debug/mine.jpg", "data_dst/marks.json")
    extracted.clear()
    assert [path for path in debug.iterdir()] == kept[:1] and kept[1].is_file()
    assert not others.exists() and not old.exists()


@pytest.mark.parametrize("format", ["mp4", "ffv1", "png"])
def test_segments_of_every_kind_go(trained: Workspace, stop_at: StopAt, format: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(merge, "SEGMENT", 4)
        with pytest.raises(Stopped):
            trained.merge(format=format, report=stop_at(Progress, 8), device="cpu")
    merging = trained.merging_folder("x").parent
    assert any(merging.rglob("00000000-00000004*"))
    trained.clear()
    assert not merging.exists()


def test_traces_of_what_was_begun_go(trained: Workspace, tmp_path: Path) -> None:
    """A training that did not fit, a set that was sorted, layers that were written elsewhere."""
    with pytest.raises(OutOfMemory):
        trained.train("sae", steps=1, memory="100MB", device="cpu")
    trained.sort("src", by="yaw")
    trained.merge(layers=tmp_path / "layers", frames=":2", format="mov-alpha", device="cpu")
    trained.clear()
    assert [path.name for path in trained.root.iterdir()] == ["workspace.json"]
