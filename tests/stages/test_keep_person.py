"""One person's faces are kept, in every frame, and nothing is lost."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from recast import images
from recast.errors import FaceFileUnreadable, NoFaceFound, OptionUnusable
from recast.events import Event, Progress
from recast.faceset import FaceSet
from recast.video import open_take
from recast.workspace import Workspace
from tests.faces.test_identity import FLOAT, network

DATA = Path(__file__).parents[1] / "data"
TAKE = DATA / "two_people.mp4"
LENGTH = 60


@pytest.fixture(scope="module")
def truth() -> NDArray[np.float32]:
    """(frames, persons, 68, 2)."""
    return np.asarray(np.load(DATA / "two_people.npz")["landmarks"] - 0.5, np.float32)


def who(faces: FaceSet, truth: NDArray[np.float32]) -> list[int]:
    pairs = zip(faces.frames, faces.landmarks, strict=True)
    return [int(np.abs(truth[frame] - seen).mean((1, 2)).argmin()) for frame, seen in pairs]


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = Workspace.create(tmp_path_factory.mktemp("two") / "job", src=TAKE, dst=TAKE)
    workspace.extract("dst", size=128)
    return workspace


@pytest.fixture
def workspace(tmp_path: Path, searched: Workspace) -> Workspace:
    """Both persons are found in it."""
    shutil.copytree(searched.root, tmp_path / "job")
    return Workspace.open(tmp_path / "job")


@pytest.fixture
def pictures(tmp_path: Path, truth: NDArray[np.float32]) -> list[Path]:
    """One of each person, cut out of a frame."""
    frame, found = open_take(TAKE).frame(20).image, []
    for person in (0, 1):
        left, top = np.maximum(truth[20, person].min(0) - 40, 0).astype(int)
        right, bottom = (truth[20, person].max(0) + 40).astype(int)
        found.append(tmp_path / f"person {person} é.png")
        images.save(found[-1], frame[top:bottom, left:right].copy())
    return found


@pytest.fixture(params=["dlib", "pixels"])
def embedder(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """Options; the second is no network to rely on, but it needs no extra."""
    if request.param == "dlib":
        pytest.importorskip("dlib", reason='needs pip install "recast[dlib]"')
        return {"embedder": "dlib"}
    (tmp_path / "pixels.onnx").write_bytes(network(["n", 3, 112, 112], FLOAT))
    return {"embedder": str(tmp_path / "pixels.onnx"), "same_person": 0.8}


OPTIONS: dict[str, Any] = {"size": 128}


@pytest.mark.parametrize("person", [0, 1])
def test_the_right_person_is_kept_in_every_frame(
    person: int,
    workspace: Workspace,
    pictures: list[Path],
    embedder: dict[str, Any],
    truth: NDArray[np.float32],
) -> None:
    faces = workspace.extract("dst", person=[pictures[person]], **embedder, **OPTIONS)
    assert faces.frames.tolist() == list(range(LENGTH))
    assert set(who(faces, truth)) == {person}
    assert len(list(workspace.others_folder("dst").glob("*.jpg"))) == LENGTH


def test_another_picture_brings_the_other_person_back(
    workspace: Workspace, pictures: list[Path], embedder: dict[str, Any], truth: NDArray[np.float32]
) -> None:
    before = {path.name for path in workspace.faceset_folder("dst").glob("*.jpg")}
    for person in (0, 1):
        faces = workspace.extract("dst", person=[pictures[person]], **embedder, **OPTIONS)
        assert set(who(faces, truth)) == {person}
        assert len(faces) == LENGTH
    others = {path.name for path in workspace.others_folder("dst").glob("*.jpg")}
    assert others | set(faces.names.tolist()) == before


def test_a_picture_out_of_another_take_is_enough(
    tmp_path: Path, workspace: Workspace, truth: NDArray[np.float32]
) -> None:
    """The left person is also in the sample dst."""
    pytest.importorskip("dlib", reason='needs pip install "recast[dlib]"')
    sample = Path(__file__).parents[2] / "recast" / "samples" / "pair1_dst.mp4"
    images.save(tmp_path / "her.jpg", open_take(sample).frame(0).image)
    faces = workspace.extract("dst", person=[tmp_path / "her.jpg"], **OPTIONS)
    assert who(faces, truth) == [0] * LENGTH


def test_if_nobody_is_like_the_person_all_stay(tmp_path: Path, workspace: Workspace) -> None:
    pytest.importorskip("dlib", reason='needs pip install "recast[dlib]"')
    sample = Path(__file__).parents[2] / "recast" / "samples" / "pair1_src.mp4"
    images.save(tmp_path / "somebody.jpg", open_take(sample).frame(0).image)
    with pytest.raises(NoFaceFound, match=r"somebody\.jpg") as caught:
        workspace.extract("dst", person=[tmp_path / "somebody.jpg"], **OPTIONS)
    assert "--same-person" in caught.value.fix
    assert len(workspace.faceset("dst")) == 2 * LENGTH


def test_bad_pictures_are_refused_before_the_search(
    tmp_path: Path, embedder: dict[str, Any], searched: Workspace
) -> None:
    workspace = Workspace.create(tmp_path / "new", src=TAKE, dst=TAKE)
    images.save(tmp_path / "sky.png", np.full((200, 300, 3), 180, np.uint8))
    (tmp_path / "text.png").write_text("no picture")
    for name, error in (
        ("sky.png", NoFaceFound),
        ("text.png", FaceFileUnreadable),
        ("gone.png", FaceFileUnreadable),
    ):
        with pytest.raises(error, match=name):
            workspace.extract("dst", person=[tmp_path / name], **embedder)
    with pytest.raises(OptionUnusable, match="arcface"):
        workspace.extract("dst", person=[tmp_path / "sky.png"], embedder="arcface")
    assert not workspace.faceset_folder("dst").exists()


def test_files_that_vanish_meanwhile_are_done_without(
    workspace: Workspace, pictures: list[Path], embedder: dict[str, Any], truth: NDArray[np.float32]
) -> None:
    """A viewer deletes faces while they are looked at."""
    folder = workspace.faceset_folder("dst")

    def report(event: Event) -> None:
        if isinstance(event, Progress) and event.unit == "faces":
            for path in sorted(folder.glob("00003*.jpg")):
                path.unlink()

    faces = workspace.extract("dst", report=report, person=[pictures[1]], **embedder, **OPTIONS)
    assert set(who(faces, truth)) == {1}
    assert sorted(faces.frames.tolist()) == [*range(30), *range(40, LENGTH)]


def test_new_options_put_the_others_aside_too(
    workspace: Workspace, pictures: list[Path], embedder: dict[str, Any]
) -> None:
    workspace.extract("dst", person=[pictures[0]], **embedder, **OPTIONS)
    workspace.extract("dst", size=64)
    folder = workspace.faceset_folder("dst")
    assert len(workspace.faceset("dst")) == 2 * LENGTH
    assert not workspace.others_folder("dst").exists()
    assert len(list((folder.parent / "aligned_others.old-1").glob("*.jpg"))) == LENGTH
    made = workspace.made_here()
    assert folder.parent / "aligned_others.old-1" in made
