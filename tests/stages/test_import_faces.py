"""Faces of other programs become face files of recast, whoever made them."""

import os
import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from recast import images
from recast.errors import (
    ForeignFileUnreadable,
    NoFaceFound,
    OptionUnusable,
    Stopped,
    WorkspaceUnusable,
)
from recast.events import Event, Note, Progress, Report
from recast.faces import placement
from recast.faceset import load_face, load_faceset, load_record, save_face
from recast.geometry import Points
from recast.stages import export_faces, import_faces
from recast.stages.import_faces import Imported, ImportOptions
from recast.video import open_take
from recast.workspace import Workspace
from tests.faceset.conftest import drawn_crop, record_of
from tests.foreign import (
    dfl_jpeg,
    dfl_pack,
    dfl_png,
    dfl_values,
    faceswap_alignments,
    faceswap_png,
    png_with,
    some_landmarks,
)

StopAt = Callable[..., Report]
DEFAULT = ImportOptions()
LANDMARKS = some_landmarks()
VALUES = dfl_values(LANDMARKS, placement(LANDMARKS, 64, "full"))


def face_of_frame(number: int) -> bytes:
    """A face file of DeepFaceLab; frames are counted from 1."""
    return dfl_jpeg(drawn_crop(), VALUES | {"source_filename": f"{number:05d}.png"})


class Runs:
    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> Any:
        return os.system, (self.command,)


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


@pytest.fixture
def aligned(tmp_path: Path) -> Path:
    """A folder of DeepFaceLab with a face file of recast, broken and foreign files in it."""
    folder = tmp_path / "their aligned é"
    folder.mkdir()
    (folder / "00001_0.jpg").write_bytes(dfl_jpeg(drawn_crop(), VALUES))
    (folder / "00002_0.png").write_bytes(dfl_png(drawn_crop(), VALUES))
    save_face(folder / "000003_0.jpg", drawn_crop(), record_of(mesh=True))
    (folder / "bad.jpg").write_bytes(dfl_jpeg(drawn_crop(), Runs(f"touch '{tmp_path / 'ran'}'")))
    (folder / "cut off.jpg").write_bytes((folder / "00001_0.jpg").read_bytes()[:-50])
    (folder / "empty.png").write_bytes(b"")
    images.save(folder / "holiday.jpg", drawn_crop())
    (folder / "notes.txt").write_text("no face")
    return folder


def test_a_folder_of_deepfacelab_is_taken_over(tmp_path: Path, aligned: Path) -> None:
    notes: list[Event] = []
    done = import_faces.run(aligned, tmp_path / "to", DEFAULT, notes.append)
    assert done == Imported(faces=3, skipped=4)
    faces = load_faceset(tmp_path / "to")
    assert faces.names.tolist() == ["000003_0.jpg", "00001_0.jpg", "00002_0.png"]
    assert not faces.unreadable
    said = "\n".join(note.text for note in notes if isinstance(note, Note))
    assert all(name in said for name in ("bad.jpg", "cut off.jpg", "empty.png", "holiday.jpg"))
    assert not (tmp_path / "ran").exists()


def test_pictures_stay_bit_by_bit_and_pickles_go(tmp_path: Path, aligned: Path) -> None:
    import_faces.run(aligned, tmp_path / "to", DEFAULT)
    for name in ("00001_0.jpg", "00002_0.png"):
        before, record = load_face(aligned / name)
        after, own = load_face(tmp_path / "to" / name)
        assert (before == after).all()
        assert own == record
        assert b"landmarks" not in (tmp_path / "to" / name).read_bytes().split(b"</x:xmpmeta>")[1]
    own_file = "000003_0.jpg"
    assert (tmp_path / "to" / own_file).read_bytes() == (aligned / own_file).read_bytes()
    assert b"fcWp" not in (tmp_path / "to" / "00002_0.png").read_bytes()


def test_a_second_run_changes_nothing(tmp_path: Path, aligned: Path) -> None:
    first = import_faces.run(aligned, tmp_path / "to", DEFAULT)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "to").iterdir()}
    assert import_faces.run(aligned, tmp_path / "to", DEFAULT) == first
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "to").iterdir()} == before


def test_it_goes_on_where_it_stopped(tmp_path: Path, aligned: Path, stop_at: StopAt) -> None:
    with pytest.raises(Stopped):
        import_faces.run(aligned, tmp_path / "to", DEFAULT, stop_at(Progress, 1))
    done = import_faces.run(aligned, tmp_path / "to", DEFAULT)
    assert done.faces == len(load_faceset(tmp_path / "to")) == 3


def test_another_face_of_the_same_name_stays(tmp_path: Path, aligned: Path) -> None:
    to = tmp_path / "to"
    to.mkdir()
    save_face(to / "00001_0.jpg", drawn_crop(), record_of(frame=77))
    before = (to / "00001_0.jpg").read_bytes()
    for _ in range(2):
        import_faces.run(aligned, to, DEFAULT)
    assert (to / "00001_0.jpg").read_bytes() == before
    assert load_record(to / "00001_0-2.jpg").source.frame == 3
    assert len(load_faceset(to)) == 4


@pytest.mark.parametrize("person", [None, "anna"])
def test_a_pack_is_taken_over(tmp_path: Path, person: str | None) -> None:
    files = {f"0000{n}_0.jpg": face_of_frame(n) for n in range(1, 4)}
    files["broken.jpg"] = b"no picture"
    pack = tmp_path / "faceset.pak"
    pack.write_bytes(dfl_pack(files, person=person))
    done = import_faces.run(pack, tmp_path / "to", DEFAULT)
    assert done == Imported(3, 1)
    assert len(load_faceset(tmp_path / "to" / (person or ""))) == 3


def test_a_pack_in_a_folder_is_found(tmp_path: Path, aligned: Path) -> None:
    files = {"packed.jpg": face_of_frame(9)}
    (aligned / "faceset.pak").write_bytes(dfl_pack(files))
    assert import_faces.run(aligned, tmp_path / "to", DEFAULT).faces == 4
    assert (tmp_path / "to" / "packed.jpg").exists()


def test_both_sides_of_a_workspace_are_taken_over(tmp_path: Path, aligned: Path) -> None:
    for side in ("src", "dst"):
        shutil.copytree(aligned, tmp_path / "theirs" / f"data_{side}" / "aligned")
    done = import_faces.run(tmp_path / "theirs", tmp_path / "ours", DEFAULT)
    assert done.faces == 6
    assert len(load_faceset(tmp_path / "ours" / "data_dst" / "aligned")) == 3


def test_a_face_set_goes_into_a_tar_and_back_byte_by_byte(tmp_path: Path) -> None:
    faceset = tmp_path / "faces"
    faceset.mkdir()
    for frame in range(5):
        path = faceset / f"für {frame}.{'jpg' if frame % 2 else 'png'}"
        save_face(path, drawn_crop(), record_of(frame=frame, mesh=True))
    assert export_faces.run(faceset, tmp_path / "all.tar") == 5
    done = import_faces.run(tmp_path / "all.tar", tmp_path / "back", DEFAULT)
    assert done == Imported(5, 0)
    assert files_in(tmp_path / "back") == files_in(faceset)


@pytest.fixture
def frames(short_takes: dict[str, Path], extracted: Workspace) -> dict[int, Points]:
    """Landmarks of the dst take, by frame."""
    faces = extracted.faceset("dst")
    return dict(zip(faces.frames.tolist(), faces.landmarks, strict=True))


def shown_alike(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> bool:
    return bool(np.abs(one.astype(int) - other).mean() < 2)


@pytest.mark.parametrize("kind", ["alignments", "pictures"])
def test_faces_of_faceswap_are_cut_out_of_the_take(
    tmp_path: Path,
    kind: str,
    short_takes: dict[str, Path],
    extracted: Workspace,
    frames: dict[int, Points],
) -> None:
    names = {index: f"dst ж_{index + 1:06d}.mp4" for index in frames}
    if kind == "alignments":
        source = tmp_path / "dst_alignments.fsa"
        content = {names[index]: [frames[index]] for index in frames}
        source.write_bytes(faceswap_alignments(content))
    else:
        source = tmp_path / "their faces"
        source.mkdir()
        for index, landmarks in frames.items():
            data = faceswap_png(drawn_crop(), landmarks, name=names[index])
            (source / f"dst_{index + 1:06d}_0.png").write_bytes(data)
        (source / "broken.png").write_bytes(data[:2000].replace(b"landmarks_xy", b"landmarks_no"))
    options = ImportOptions(take=short_takes["dst"], size=128)
    done = import_faces.run(source, tmp_path / "to", options)
    assert done == Imported(24, int(kind == "pictures"))
    faces, found = load_faceset(tmp_path / "to"), extracted.faceset("dst")
    assert faces.frames.tolist() == list(range(24))
    assert faces.moments[5] == Fraction(5, 25)
    assert np.allclose(faces.landmarks, found.landmarks, atol=0.01)
    assert all(shown_alike(faces.crop(i), found.crop(i)) for i in (0, 23))


def test_a_stopped_cut_goes_on(
    tmp_path: Path,
    short_takes: dict[str, Path],
    frames: dict[int, Points],
    stop_at: StopAt,
) -> None:
    source = tmp_path / "a.fsa"
    content = {f"dst_{index + 1:06d}.png": [frames[index]] for index in frames}
    source.write_bytes(faceswap_alignments(content))
    options = ImportOptions(take=short_takes["dst"], size=64)
    with pytest.raises(Stopped):
        import_faces.run(source, tmp_path / "to", options, stop_at(Progress, 10))
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "to").glob("*.jpg")}
    assert 0 < len(before) < 24
    events: list[Event] = []
    assert import_faces.run(source, tmp_path / "to", options, events.append).faces == 24
    after = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "to").glob("*.jpg")}
    assert before.items() <= after.items()
    assert len(after) == 24


def test_faces_in_a_folder_of_frames_are_found_by_name(
    tmp_path: Path, short_takes: dict[str, Path], frames: dict[int, Points]
) -> None:
    take = tmp_path / "frames"
    take.mkdir()
    for index, name in ((3, "opening.png"), (9, "the end.png")):
        images.save(take / name, open_take(short_takes["dst"]).frame(index).image)
    source = tmp_path / "a.fsa"
    content = {"the end.png": [frames[9]], "opening.png": [frames[3]], "gone.png": [frames[0]]}
    source.write_bytes(faceswap_alignments(content))
    done = import_faces.run(source, tmp_path / "to", ImportOptions(take=take))
    assert done == Imported(2, 1)
    faces = load_faceset(tmp_path / "to")
    assert np.allclose(faces.landmarks, [frames[3], frames[9]], atol=0.01)


@pytest.mark.parametrize("name", ["a.fsa", "pictures"])
def test_without_its_take_faceswap_is_refused(tmp_path: Path, name: str) -> None:
    source = tmp_path / name
    if name == "a.fsa":
        source.write_bytes(faceswap_alignments({"a_000001.png": [LANDMARKS]}))
    else:
        source.mkdir()
        (source / "a.png").write_bytes(faceswap_png(drawn_crop(), LANDMARKS, name="a_000001.png"))
    with pytest.raises(OptionUnusable) as caught:
        import_faces.run(source, tmp_path / "to", DEFAULT)
    assert "--take" in caught.value.fix


def test_a_take_where_none_is_needed_is_refused(tmp_path: Path, aligned: Path) -> None:
    with pytest.raises(OptionUnusable, match="faceswap"):
        import_faces.run(aligned, tmp_path / "to", ImportOptions(take=tmp_path / "a.mp4"))


def test_a_stray_picture_of_faceswap_is_skipped(tmp_path: Path, aligned: Path) -> None:
    stray = aligned / "stray.png"
    stray.write_bytes(faceswap_png(drawn_crop(), LANDMARKS, name="a_000001.png"))
    assert import_faces.run(aligned, tmp_path / "to", DEFAULT) == Imported(3, 5)


def test_every_foreign_record_goes(tmp_path: Path) -> None:
    source = tmp_path / "theirs"
    source.mkdir()
    twice = dfl_png(drawn_crop(), VALUES)
    twice = png_with(twice, b"fcWp", b"cos\nsystem\n(Vtrue\ntR.", at_the_end=True)
    (source / "twice.png").write_bytes(twice)
    import_faces.run(source, tmp_path / "to", DEFAULT)
    data = (tmp_path / "to" / "twice.png").read_bytes()
    assert b"fcWp" not in data and b"cos\nsystem" not in data
    assert (load_face(tmp_path / "to" / "twice.png")[0] == drawn_crop()).all()


def test_a_folder_is_not_imported_into_itself(aligned: Path) -> None:
    with pytest.raises(OptionUnusable, match="into itself"):
        import_faces.run(aligned, aligned, DEFAULT)


@pytest.mark.parametrize("name", ["gone", "text.txt"])
def test_what_cannot_be_imported_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "text.txt").write_text("no face")
    with pytest.raises(ForeignFileUnreadable, match=name):
        import_faces.run(tmp_path / name, tmp_path / "to", DEFAULT)


def test_a_folder_without_a_face_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(NoFaceFound, match="empty"):
        import_faces.run(tmp_path / "empty", tmp_path / "to", DEFAULT)


def test_many_bad_files_do_not_bury_the_rest(tmp_path: Path) -> None:
    source = tmp_path / "many"
    source.mkdir()
    for number in range(50):
        (source / f"{number}.jpg").write_bytes(b"broken")
    (source / "good.jpg").write_bytes(dfl_jpeg(drawn_crop(), VALUES))
    events: list[Event] = []
    done = import_faces.run(source, tmp_path / "to", DEFAULT, events.append)
    assert done == Imported(1, 50)
    assert sum(isinstance(event, Note) for event in events) == 21


def test_export_says_what_it_cannot_pack(tmp_path: Path, aligned: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(NoFaceFound, match="empty"):
        export_faces.run(tmp_path / "empty", tmp_path / "a.tar")
    for folder, out in ((tmp_path / "gone", "a.tar"), (aligned, "a.zip")):
        with pytest.raises(OptionUnusable, match=r"gone|a\.zip"):
            export_faces.run(folder, tmp_path / out)
    events: list[Event] = []
    assert export_faces.run(aligned, tmp_path / "a.tar", events.append) == 3
    assert sum(isinstance(event, Note) for event in events) == 4


def as_deepfacelab(workspace: Workspace) -> None:
    """Turn the face files of a workspace into DeepFaceLab's."""
    for side in ("src", "dst"):
        folder = workspace.faceset_folder(side)
        for path in sorted(folder.glob("*.jpg")):
            crop, record = load_face(path)
            values = dfl_values(
                record.points,
                record.placed,
                source_filename=f"{record.source.frame + 1:05d}.png",
            )
            path.unlink()
            name = f"{record.source.frame + 1:05d}_0.jpg"
            (folder / name).write_bytes(dfl_jpeg(crop, values))
        for index in folder.glob(".index*"):
            index.unlink()


def test_a_workspace_of_deepfacelab_is_merged_as_it_is(trained: Workspace, tmp_path: Path) -> None:
    own = trained.merge(out=tmp_path / "own.mp4")
    as_deepfacelab(trained)
    faces = trained.faceset("dst")
    assert faces.frames.tolist() == list(range(24))
    theirs = trained.merge(out=tmp_path / "theirs.mp4")
    for one, other in zip(open_take(own), open_take(theirs), strict=True):
        assert cv2.PSNR(one.image, other.image) > 40


def test_a_packed_face_set_is_told_how_to_unpack(extracted: Workspace) -> None:
    folder = extracted.faceset_folder("src")
    for path in folder.glob("*"):
        path.unlink()
    (folder / "faceset.pak").write_bytes(b"anything")
    with pytest.raises(WorkspaceUnusable, match=r"faceset\.pak") as caught:
        extracted.faceset("src")
    assert "recast import" in caught.value.fix
