"""A workspace of somebody else reaches nothing outside of its folder, and makes nothing hang."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from recast import images
from recast.disk import read_json, write_json, write_whole
from recast.errors import RecastError, TakeUnreadable, WorkspaceUnusable
from recast.provenance import verify
from recast.provenance.folders import bearers, belongings, changed_files, members
from recast.video import TakeWriter, open_take, read_note
from recast.video.sequence import read_list
from recast.workspace import Workspace

Begin = Callable[..., Workspace]


def linked(link: Path, target: Path) -> None:
    try:
        link.symlink_to(target, target_is_directory=target.is_dir())
    except OSError:
        pytest.skip("this system lets nobody make links")


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Something of the user's, elsewhere."""
    file = tmp_path / "elsewhere" / "precious.txt"
    file.parent.mkdir()
    file.write_text("mine")
    return file


def test_nothing_is_written_through_a_link_in_a_drafts_place(tmp_path: Path, outside: Path) -> None:
    folder = tmp_path / "job"
    folder.mkdir()
    linked(folder / "workspace.json.part", outside)
    write_json(folder / "workspace.json", {"version": 1})
    linked(folder / "a.png.part", outside)
    images.save(folder / "a.png", np.zeros((4, 4, 3), np.uint8))
    assert outside.read_text() == "mine"
    assert not (folder / "workspace.json").is_symlink()


def test_a_video_and_a_folder_are_not_drafted_through_a_link(
    tmp_path: Path, outside: Path, short_takes: dict[str, Path]
) -> None:
    from recast.video import open_writer

    info = open_take(short_takes["dst"]).info
    first = open_take(short_takes["dst"]).frame(0)
    linked(tmp_path / "r.mp4.part", outside)
    with TakeWriter(tmp_path / "r.mp4", info) as writer:
        writer.write(first.image, first.moment)
    linked(tmp_path / "pictures.part", outside.parent)
    with open_writer(tmp_path / "pictures", info, format="png") as pictures:
        pictures.write(first.image, first.moment)
    assert outside.read_text() == "mine" and list(outside.parent.iterdir()) == [outside]
    assert (tmp_path / "pictures" / "000000.png").is_file()


def test_a_file_that_is_a_link_is_replaced_and_not_written_through(
    tmp_path: Path, outside: Path
) -> None:
    linked(tmp_path / "result.json", outside)
    write_whole(tmp_path / "result.json", b"new")
    assert outside.read_text() == "mine"
    assert (tmp_path / "result.json").read_bytes() == b"new"


@pytest.mark.parametrize("place", ["data_src", "data_src/aligned", "model", "model/swift"])
def test_clear_removes_nothing_behind_a_link(
    place: str, trained: Workspace, tmp_path: Path, begin: Begin
) -> None:
    """The link leads to a job of the victim's, all of which recast made."""
    hostile = begin(tmp_path / "hostile")
    link = hostile.root / place
    link.parent.mkdir(parents=True, exist_ok=True)
    linked(link, trained.root / place)
    before = sorted(trained.root.rglob("*"))
    hostile.clear()
    assert sorted(trained.root.rglob("*")) == before


def test_names_that_no_file_can_have_are_missing_files(tmp_path: Path) -> None:
    name = "x" * 5000
    value = {"version": 1, "files": {name: {"sha256": "0" * 64}}, "layers": {"face": name}}
    listed = tmp_path / "layers.json"
    listed.write_text(json.dumps(value))
    (tmp_path / "layers.json.c2pa").write_bytes(b"no credentials")
    assert list(changed_files(listed)) == [f"{name} is missing"]
    assert belongings(tmp_path, ".c2pa") == [listed, tmp_path / "layers.json.c2pa"]
    assert bearers(tmp_path) == []
    assert members(listed) == [tmp_path / name]
    for path in (tmp_path, tmp_path / name):
        try:
            assert not verify(path).intact
        except RecastError as error:
            assert error.fix


def test_a_list_of_layers_that_names_its_own_folder_ends(tmp_path: Path) -> None:
    value = {"version": 1, "files": {}, "layers": {"a": ".", "b": "..", "c": "", "d": "/"}}
    listed = tmp_path / "layers.json"
    listed.write_text(json.dumps(value))
    (tmp_path / "layers.json.c2pa").write_bytes(b"no credentials")
    assert members(listed) == []
    try:
        assert not verify(tmp_path).intact
    except RecastError as error:
        assert error.fix


@pytest.mark.parametrize("nested", [b"[" * 200_000, b'{"a":' * 200_000])
def test_json_without_end_is_named_and_kept(nested: bytes, tmp_path: Path) -> None:
    (tmp_path / "workspace.json").write_bytes(nested)
    with pytest.raises(WorkspaceUnusable, match=r"workspace\.json is damaged"):
        Workspace.open(tmp_path)
    (tmp_path / "sequence.json").write_bytes(nested)
    with pytest.raises(TakeUnreadable, match=r"sequence\.json is missing or damaged"):
        read_list(tmp_path)
    with pytest.raises(ValueError, match="nested too deep"):
        read_json(tmp_path / "workspace.json")


def test_json_that_is_too_large_is_not_read_into_memory(tmp_path: Path) -> None:
    file = tmp_path / "huge.json"
    with file.open("wb") as sparse:
        sparse.truncate(300 * 2**20)
    with pytest.raises(ValueError, match="larger than 256 MiB"):
        read_json(file)


@pytest.mark.parametrize("field", ["rate", "time_base", "sample_aspect"])
@pytest.mark.parametrize("number", ["1e999999999", "1/" + "9" * 5000, "0x10", "1_0/1"])
def test_a_number_that_would_take_hours_is_no_number(
    field: str, number: str, tmp_path: Path
) -> None:
    head = {"version": 1, "made_of": {}, "rate": "25/1", "time_base": "1/25", "color": {}}
    head |= {"sample_aspect": "1/1", field: number}
    (tmp_path / "frames.jsonl").write_text(json.dumps(head) + "\n")
    assert read_note(tmp_path) is None


def test_a_take_with_an_impossible_name_is_named(tmp_path: Path) -> None:
    for name in ("x" * 5000, "a\0b", "con/../" * 50):
        settings = {"version": 1, "takes": {"src": name, "dst": name}, "stand_in": {"dst": name}}
        (tmp_path / "workspace.json").write_text(json.dumps(settings))
        job = Workspace.open(tmp_path)
        for side in ("src", "dst"):
            with pytest.raises(TakeUnreadable) as refused:
                job.take("src" if side == "src" else "dst")
            assert refused.value.fix


def test_a_picture_of_another_kind_under_a_known_ending_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"P6 9 9 255 " + bytes(243))
    assert cv2.imread(str(tmp_path / "a.png")) is not None
    with pytest.raises(TakeUnreadable, match="cannot be read as a picture"):
        open_take(tmp_path)


def test_a_note_of_a_billion_empty_frames_is_not_believed(tmp_path: Path) -> None:
    from recast.stages.extraction import read_extraction

    note = {"version": 1, "take": {}, "options": {}, "frames_done": 1, "nothing_found": [[0, 9]]}
    file = tmp_path / "extraction.json"
    file.write_text(json.dumps(note))
    known = read_extraction(file)
    assert known and list(known.empty_frames()) == list(range(10))
    file.write_text(json.dumps({**note, "nothing_found": [[0, 10**9 - 1]]}))
    assert read_extraction(file) is None


def test_a_range_of_frames_without_end_is_named(tmp_path: Path) -> None:
    from recast.errors import OptionUnusable
    from recast.stages.merge_options import LookOptions
    from recast.stages.merge_shots import looks_of

    file = tmp_path / "shots.json"
    file.write_text(json.dumps([{"frames": ":" + "9" * 5000}]))
    with pytest.raises(OptionUnusable, match="entry 1"):
        looks_of(LookOptions(), file, 24)
