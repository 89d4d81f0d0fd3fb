"""Which frames are searched, searched again, marked by hand, and drawn."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from recast.errors import NoFaceFound, OptionUnusable, Stopped, WorkspaceUnusable
from recast.events import Event, Note, Progress, Report, Started
from recast.faces import LandmarkReader, Marks, is_debug_jpeg, read_region
from recast.faces.mark_steps import accepted, placed, skipped
from recast.faces.reading import region_of
from recast.images import FrameImage, load
from recast.stages import marking
from recast.stages.extract import ExtractOptions
from recast.stages.extraction import read_extraction, spans
from recast.video import TakeWriter, open_take
from recast.workspace import Workspace

Begin = Callable[..., Workspace]
StopAt = Callable[..., Report]
GAP = (4, 5, 9)
"""Frames of `gapped` in which nobody is to be seen."""


def frames_of(workspace: Workspace) -> list[int]:
    return sorted(workspace.faceset("dst").frames.tolist())


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix == ".jpg"}


@pytest.fixture(scope="module")
def gapped_take(tmp_path_factory: pytest.TempPathFactory, short_takes: dict[str, Path]) -> Path:
    """12 frames of dst; in some the face is too dim for the detector, but it is there."""
    path = tmp_path_factory.mktemp("gapped") / "gapped.mp4"
    take = open_take(short_takes["dst"])
    with TakeWriter(path, take.info) as writer:
        for frame in take.frames(0, 12):
            image: FrameImage = frame.image
            if frame.index in GAP:
                image = np.full_like(image, 90)
            writer.write(image, frame.moment)
    return path


@pytest.fixture
def gapped(tmp_path: Path, begin: Begin, gapped_take: Path) -> Workspace:
    """A job whose dst was searched."""
    workspace = begin(tmp_path / "job é", dst=gapped_take)
    workspace.extract("dst", size=64)
    return workspace


def test_a_range_and_every_nth_frame_can_be_searched(gapped: Workspace) -> None:
    faces = gapped.extract("dst", size=64, frames="1:11", every=3)
    assert faces.frames.tolist() == [1, 7, 10]
    assert faces.moments[1] * 25 == 7


def test_a_range_without_a_frame_is_refused(gapped: Workspace) -> None:
    before = content(gapped.faceset_folder("dst"))
    with pytest.raises(OptionUnusable, match="holds no frame"):
        gapped.extract("dst", size=64, frames="50:60")
    assert content(gapped.faceset_folder("dst")) == before


def test_a_search_of_some_frames_goes_on_where_it_stopped(
    tmp_path: Path, begin: Begin, stop_at: StopAt, extracted: Workspace
) -> None:
    workspace = begin(tmp_path / "job")
    options: dict[str, Any] = {"size": 64, "every": 2, "frames": "2:"}
    with pytest.raises(Stopped):
        workspace.extract("dst", report=stop_at(Progress, 2), **options)
    known = read_extraction(workspace.extraction_file("dst"))
    assert known is not None and 0 < known.frames_done < 11
    assert workspace.extract("dst", **options).frames.tolist() == list(range(2, 24, 2))


def test_old_notes_count_and_devices_change_nothing(gapped: Workspace, stop_at: StopAt) -> None:
    """What an older recast noted lacks the newer options."""
    import json

    file = gapped.extraction_file("dst")
    note = json.loads(file.read_text(encoding="utf-8"))
    kept = {name: note["options"][name] for name in ("detector", "framing", "size", "min_score")}
    old = {"version": 1, "take": note["take"], "options": kept, "frames_done": 12}
    file.write_text(json.dumps({**old, "debug": True}), encoding="utf-8")
    before = content(gapped.faceset_folder("dst"))
    gapped.extract("dst", size=64, device="cpu", report=stop_at(Started))
    assert content(gapped.faceset_folder("dst")) == before


def test_every_dst_frame_gets_a_debug_picture_and_src_only_if_asked(extracted: Workspace) -> None:
    folder = extracted.debug_folder("dst")
    names = sorted(path.name for path in folder.iterdir())
    assert names == [f"{index:06d}.jpg" for index in range(24)]
    data = (folder / names[0]).read_bytes()
    assert is_debug_jpeg(data) and load(folder / names[0]).shape == (480, 640, 3)
    assert len(data) < 60_000
    assert not extracted.debug_folder("src").exists()

    events: list[Event] = []
    faces = content(extracted.faceset_folder("src"))
    extracted.extract("src", size=128, debug=True, report=events.append)
    assert len(list(extracted.debug_folder("src").iterdir())) == 24
    assert content(extracted.faceset_folder("src")) == faces
    extracted.extract("src", size=128, debug=True, report=_fails_on(Started))


def _fails_on(kind: type[Event]) -> Report:
    def report(event: Event) -> None:
        assert not isinstance(event, kind), event

    return report


def test_debug_pictures_drawn_later_are_those_drawn_at_once(extracted: Workspace) -> None:
    folder = extracted.debug_folder("dst")
    at_once = load(folder / "000005.jpg").astype(int)
    file = extracted.extraction_file("dst")
    file.write_text(file.read_text(encoding="utf-8").replace('"debug": true', '"debug": false'))
    for path in folder.iterdir():
        path.unlink()
    extracted.extract("dst", size=128)
    later = load(folder / "000005.jpg").astype(int)
    assert np.abs(at_once - later).mean() < 1


def test_missing_frames_are_those_in_which_nothing_was_found(gapped: Workspace) -> None:
    assert frames_of(gapped) == [f for f in range(12) if f not in GAP]
    faces = gapped.faceset("dst")
    faces.path(0).unlink()  # somebody deleted it: that frame is not missing any
    assert marking.frames_to_mark(gapped, "dst", "missing") == list(GAP)
    known = read_extraction(gapped.extraction_file("dst"))
    assert known is not None and known.nothing_found == ((4, 5), (9, 9)) == spans(GAP)


def test_only_missing_searches_those_and_keeps_all_other_faces(gapped: Workspace) -> None:
    folder = gapped.faceset_folder("dst")
    renamed = folder / "00001_sorted.jpg"
    (folder / "000003_0.jpg").rename(renamed)
    before = content(folder)
    events: list[Event] = []
    gapped.extract("dst", size=128, only="missing", report=events.append)
    assert next(e.total for e in events if isinstance(e, Progress)) == len(GAP)
    assert content(folder) == before
    assert any(isinstance(e, Note) and "0 faces in the 3 frames" in e.text for e in events)
    # The search as a whole counts as done, as before.
    gapped.extract("dst", size=64, report=_fails_on(Started))


def marked(workspace: Workspace, frames: list[int]) -> Marks:
    """Marks that the face of frame 0 gives in other frames."""
    take = workspace.take("dst")
    region = region_of(workspace.faceset("dst").landmarks[0])
    reader = LandmarkReader(device="cpu")
    marks = marking.marks_of(workspace, "dst")
    for frame in frames:
        mark = read_region(reader, take.frame(frame).image, region)
        marks = accepted(placed(marks, frame, mark), frame)
    return marks


def test_marks_fill_the_missing_frames(gapped: Workspace) -> None:
    marks = skipped(marked(gapped, [0, 4, 9]), 9)
    marking.keep_marks(gapped, "dst", marks)
    before = content(gapped.faceset_folder("dst"))
    picture = (gapped.debug_folder("dst") / "000004.jpg").read_bytes()
    gapped.extract("dst", size=64, detector="manual", only="missing")
    faces = gapped.faceset("dst")
    assert frames_of(gapped) == [f for f in range(12) if f not in (5, 9)]
    row = faces.frames.tolist().index(4)
    np.testing.assert_allclose(faces.landmarks[row], marks.at(4).faces[0].points, atol=1e-3)
    after = content(gapped.faceset_folder("dst"))
    assert {name: data for name, data in after.items() if name in before} == before
    assert (gapped.debug_folder("dst") / "000004.jpg").read_bytes() != picture
    assert marking.frames_to_mark(gapped, "dst", "missing") == [5, 9]


def test_manual_extraction_writes_what_is_marked_and_no_more(gapped: Workspace) -> None:
    automatic = gapped.faceset("dst").record(0)
    marking.keep_marks(gapped, "dst", marked(gapped, [0, 2]))
    faces = gapped.extract("dst", size=64, detector="manual")
    assert faces.frames.tolist() == [0, 2]
    record = faces.record(0)
    assert record.face.mesh is not None and record.framing == automatic.framing
    off = np.abs(record.points - automatic.points).mean()
    assert off < 0.02 * automatic.face.size
    assert gapped.faceset_folder("dst").with_name("aligned.old-1").is_dir()
    # Another mark is another extraction.
    marking.keep_marks(gapped, "dst", marked(gapped, [7]))
    assert gapped.extract("dst", size=64, detector="manual").frames.tolist() == [0, 2, 7]


def test_without_marks_manual_extraction_says_so(tmp_path: Path, begin: Begin) -> None:
    with pytest.raises(NoFaceFound) as caught:
        begin(tmp_path / "job").extract("dst", size=64, detector="manual", frames=":8")
    assert "mark faces and accept them" in caught.value.fix


def test_marks_of_another_take_are_refused(gapped: Workspace, tmp_path: Path, begin: Begin) -> None:
    marking.keep_marks(gapped, "dst", marked(gapped, [0]))
    other = begin(tmp_path / "other")
    other.marks_file("dst").parent.mkdir(parents=True)
    other.marks_file("dst").write_bytes(gapped.marks_file("dst").read_bytes())
    with pytest.raises(WorkspaceUnusable, match=r"marks of another take: gapped\.mp4"):
        other.extract("dst", size=64, detector="manual")
    assert not other.faceset_folder("dst").exists()


def test_frames_whose_debug_picture_was_deleted_are_done_again(extracted: Workspace) -> None:
    for name in ("000002.jpg", "000011.jpg"):
        (extracted.debug_folder("dst") / name).unlink()
    assert marking.frames_to_mark(extracted, "dst", "deleted-debug") == [2, 11]
    before = content(extracted.faceset_folder("dst"))
    extracted.extract("dst", size=64, only="deleted-debug")
    faces = extracted.faceset("dst")
    assert sorted(faces.frames.tolist()) == list(range(24))
    again = np.isin(faces.frames, [2, 11])
    assert set(faces.sizes[again]) == {64} and set(faces.sizes[~again]) == {128}
    aside = content(extracted.faceset_folder("dst").with_name("aligned.old-1"))
    assert len(aside) == 2 and all(before[name] == data for name, data in aside.items())
    assert len(list(extracted.debug_folder("dst").iterdir())) == 24
    assert marking.frames_to_mark(extracted, "dst", "deleted-debug") == []


def test_a_frame_that_was_cut_off_while_it_was_done_again_is_done_once_more(
    extracted: Workspace, stop_at: StopAt
) -> None:
    """A new face was written, the old one is still there, the picture not drawn yet."""
    folder = extracted.faceset_folder("dst")
    (folder / "000003_1.jpg").write_bytes((folder / "000003_0.jpg").read_bytes())
    for frame in (3, 4):
        (extracted.debug_folder("dst") / f"{frame:06d}.jpg").unlink()
    with pytest.raises(Stopped):
        extracted.extract("dst", size=64, only="deleted-debug", report=stop_at(Progress))
    assert marking.frames_to_mark(extracted, "dst", "deleted-debug") == [3, 4]
    faces = extracted.extract("dst", size=64, only="deleted-debug")
    assert sorted(faces.frames.tolist()) == list(range(24))
    aside = content(folder.with_name("aligned.old-1"))
    assert sorted(aside) == ["000003_0.jpg", "000003_1.jpg", "000004_0.jpg"]


def test_what_was_never_searched_or_drawn_cannot_be_done_again(
    extracted: Workspace, tmp_path: Path, begin: Begin
) -> None:
    with pytest.raises(WorkspaceUnusable, match="was not searched") as caught:
        begin(tmp_path / "new").extract("dst", size=64, only="missing")
    assert "recast extract" in caught.value.fix
    with pytest.raises(OptionUnusable, match="no debug pictures of src"):
        extracted.extract("src", size=64, only="deleted-debug")


def test_frames_to_mark_are_all_or_those_in_doubt(gapped: Workspace) -> None:
    lists: Any = marking.frames_to_mark
    assert lists(gapped, "dst", "all") == list(range(12))
    assert lists(gapped, "dst", "several") == []
    assert lists(gapped, "dst", "low-score", below=0.0) == []
    assert lists(gapped, "dst", "low-score", below=1.0) == frames_of(gapped)
    assert set(lists(gapped, "dst", "jumps")) <= set(frames_of(gapped))


@pytest.mark.parametrize("detector", ["mesh", "dlib", "manual"])
def test_options_of_mtcnn_are_refused_for_others(gapped: Workspace, detector: str) -> None:
    with pytest.raises(OptionUnusable, match=rf"--mtcnn-factor means nothing .* {detector}"):
        gapped.extract("dst", size=64, detector=detector, mtcnn_factor=0.8)


def test_thresholds_are_scores(gapped: Workspace) -> None:
    with pytest.raises(OptionUnusable, match="no score"):
        gapped.extract("dst", size=64, detector="mtcnn", mtcnn_thresholds=(0.6, 7, 0.7))


@pytest.mark.parametrize("device", ["gpu", "cuda:x", "", "cuda:-1"])
def test_a_device_has_a_known_name(device: str) -> None:
    with pytest.raises(ValidationError):
        ExtractOptions(device=device)


def test_a_device_that_is_not_there_loses_nothing(gapped: Workspace) -> None:
    before = content(gapped.faceset_folder("dst"))
    with pytest.raises(OptionUnusable, match="cuda:99"):
        gapped.extract("dst", size=128, device="cuda:99")
    assert content(gapped.faceset_folder("dst")) == before


def test_mtcnn_fills_a_face_set_with_its_own_options(gapped: Workspace) -> None:
    pytest.importorskip("lz4.frame")
    options: dict[str, Any] = {"mtcnn_factor": 0.6, "mtcnn_thresholds": (0.5, 0.6, 0.7)}
    faces = gapped.extract("dst", size=64, detector="mtcnn", device="all", **options)
    assert sorted(faces.frames.tolist()) == [f for f in range(12) if f not in GAP]
    assert all(faces.record(row).face.mesh is not None for row in range(len(faces)))
