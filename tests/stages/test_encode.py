"""Merged pictures become the video that merging would have made."""

from pathlib import Path

import numpy as np
import pytest

import recast
from recast.errors import ConsentMissing, OptionUnusable, TakeUnreadable, WorkspaceUnusable
from recast.images import load, save
from recast.stages import encode
from recast.video import open_take
from recast.workspace import Workspace

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
