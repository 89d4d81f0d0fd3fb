"""The folder of a job: made, found again, and never mistaken for another one."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import recast
from recast.errors import TakeUnreadable, WorkspaceUnusable
from recast.images import save
from recast.provenance.consent import ConsentRecord, synthetic_consent
from recast.workspace import SIDES, Side, Workspace

SAMPLES = Path(recast.__file__).parent / "samples"
SRC, DST = SAMPLES / "pair1_src.mp4", SAMPLES / "pair1_dst.mp4"
NOW = datetime(2026, 3, 4, 12, 30, tzinfo=UTC)

LIMITED = """
import resource, signal, sys
from recast.errors import DiskTrouble
from recast.workspace import Workspace

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
root, src, dst = sys.argv[1:]
try:
    Workspace.create(root, src=src, dst=dst, copy=True)
except DiskTrouble as error:
    sys.stdout.buffer.write(str(error).encode())
"""

Make = Callable[..., Workspace]


@pytest.fixture
def takes(tmp_path: Path) -> dict[str, Path]:
    """A video and a folder of pictures, side by side, with names from far away."""
    folder = tmp_path / "съёмка"
    (folder / "кадры").mkdir(parents=True)
    shutil.copyfile(SRC, folder / "лицо 顔.MP4")
    for number in range(3):
        save(folder / "кадры" / f"{number}.png", np.full((32, 48, 3), 60 * number, np.uint8))
    return {"src": folder / "лицо 顔.MP4", "dst": folder / "кадры"}


@pytest.fixture
def make(tmp_path: Path, takes: dict[str, Path]) -> Make:
    def make(**changes: Any) -> Workspace:
        return Workspace.create(tmp_path / "Å job ж", **{**takes, **changes})

    return make


def written(workspace: Workspace) -> Any:
    return json.loads((workspace.root / "workspace.json").read_text(encoding="utf-8"))


def test_a_new_workspace_notes_where_the_takes_are(make: Make, takes: dict[str, Path]) -> None:
    workspace = make()
    assert {side: workspace.take_path(side) for side in SIDES} == takes
    assert [path.name for path in workspace.root.iterdir()] == ["workspace.json"]


def test_an_opened_workspace_knows_what_the_new_one_knew(make: Make) -> None:
    made = make()
    opened = Workspace.open(str(made.root))
    assert opened.root == made.root
    assert [opened.take_path(side) for side in SIDES] == [made.take_path(side) for side in SIDES]
    assert len(opened.take("dst")) == 3


def test_copied_takes_need_their_originals_no_more(make: Make, takes: dict[str, Path]) -> None:
    root = make(copy=True).root
    shutil.rmtree(takes["src"].parent)
    moved = root.rename(root.with_name("moved"))
    workspace = Workspace.open(moved)
    assert workspace.take_path("src") == moved / "data_src.mp4"
    assert workspace.take_path("src").read_bytes() == SRC.read_bytes()
    assert len(workspace.take("dst")) == 3


def test_only_the_pictures_of_a_folder_are_copied(make: Make, takes: dict[str, Path]) -> None:
    (takes["dst"] / "notes.txt").write_text("mine", encoding="utf-8")
    (takes["dst"] / "deeper").mkdir()
    copied = make(copy=True).take_path("dst")
    assert sorted(path.name for path in copied.iterdir()) == ["0.png", "1.png", "2.png"]


def test_a_workspace_inside_the_folder_it_copies_ends(takes: dict[str, Path]) -> None:
    workspace = Workspace.create(takes["dst"] / "job", **takes, copy=True)
    assert len(workspace.take("dst")) == 3


def test_takes_may_be_named_from_where_one_is(
    make: Make, takes: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(takes["src"].parent)
    workspace = make(src=takes["src"].name, dst="./кадры")
    monkeypatch.chdir(SAMPLES)
    again = Workspace.open(workspace.root)
    assert [again.take_path(side) for side in SIDES] == [takes["src"], takes["dst"]]


def test_a_workspace_may_be_named_from_where_one_is(
    tmp_path: Path, takes: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Workspace.create("job", **takes, copy=True)
    assert len(Workspace.open("job").take("dst")) == 3
    assert len(Workspace.open(tmp_path / "job").take("dst")) == 3


@pytest.mark.parametrize("copy", [False, True])
class TestMakingItTwice:
    def test_with_the_same_takes_goes_on(self, make: Make, copy: bool) -> None:
        first = make(copy=copy)
        first.record_consent(synthetic_consent(person="A", now=NOW))
        before = written(first)
        assert make(copy=copy).consent == first.consent
        assert written(first) == before

    def test_with_the_same_takes_named_otherwise_goes_on(
        self, make: Make, takes: dict[str, Path], copy: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make(copy=copy)
        monkeypatch.chdir(takes["dst"])
        assert make(copy=copy, src=Path("..") / takes["src"].name, dst=".").take("dst")

    def test_with_the_takes_it_holds_goes_on(self, make: Make, copy: bool) -> None:
        first = make(copy=copy)
        assert make(**{side: first.take_path(side) for side in SIDES}).root == first.root

    @pytest.mark.parametrize("side", SIDES)
    def test_with_another_take_is_refused(self, make: Make, side: Side, copy: bool) -> None:
        before = written(make(copy=copy))
        with pytest.raises(WorkspaceUnusable, match=f"for another {side}") as refused:
            make(copy=copy, **{side: DST})
        assert "another folder" in refused.value.fix
        assert written(Workspace.open(make(copy=copy).root)) == before

    def test_with_the_sides_exchanged_is_refused(
        self, make: Make, takes: dict[str, Path], copy: bool
    ) -> None:
        make(copy=copy)
        with pytest.raises(WorkspaceUnusable, match="for another src"):
            make(copy=copy, src=takes["dst"], dst=takes["src"])


@pytest.mark.parametrize("side", SIDES)
def test_a_broken_take_is_named_with_its_side(make: Make, tmp_path: Path, side: Side) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    with pytest.raises(TakeUnreadable, match=rf"^{side}: .*broken\.mp4"):
        make(**{side: tmp_path / "broken.mp4"})
    assert not (tmp_path / "Å job ж").exists()


def test_a_take_that_went_away_is_named_with_its_side(make: Make, takes: dict[str, Path]) -> None:
    workspace = make()
    takes["src"].unlink()
    with pytest.raises(TakeUnreadable, match=r"^src: "):
        workspace.take("src")


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(WorkspaceUnusable, match="not empty"):
        Workspace.create(tmp_path, src=SRC, dst=DST)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_file_is_no_place_for_a_workspace(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(WorkspaceUnusable):
        Workspace.create(tmp_path / "letter.txt", src=SRC, dst=DST)
    with pytest.raises(WorkspaceUnusable):
        Workspace.open(tmp_path / "letter.txt")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sets no limit on a file's size")
def test_a_copy_that_does_not_fit_leaves_nothing_behind(
    tmp_path: Path, takes: dict[str, Path]
) -> None:
    """The small pictures are copied, the video is too large; then there is room again."""
    root, small, large = tmp_path / "job ж", takes["dst"], takes["src"]
    ran = subprocess.run(
        [sys.executable, "-c", LIMITED, *map(str, (root, small, large))],
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert ran.stdout.decode().startswith(f"{root} cannot be written: ")
    assert list(root.iterdir()) == []
    assert len(Workspace.create(root, src=small, dst=large, copy=True).take("src")) == 3


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_what_is_no_workspace_is_refused_with_the_way_to_make_one(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(WorkspaceUnusable, match="is no workspace") as refused:
        Workspace.open(tmp_path / name)
    assert f"recast new {tmp_path / name}" in refused.value.fix


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"[]",
        b"null",
        b"{}",
        b'{"version": 1}',
        b'{"version": 1, "takes": []}',
        b'{"version": 1, "takes": {"src": 5}}',
        b'{"version": 1, "takes": {"src": null}}',
    ],
)
def test_a_damaged_workspace_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "workspace.json").write_bytes(content)
    with pytest.raises(WorkspaceUnusable, match="damaged") as refused:
        Workspace.open(tmp_path)
    assert refused.value.fix
    with pytest.raises(WorkspaceUnusable):
        Workspace.create(tmp_path, src=SRC, dst=DST)
    assert (tmp_path / "workspace.json").read_bytes() == content


@pytest.mark.parametrize("content", [{"version": 2}, {"version": 99, "takes": 7}])
def test_the_workspace_of_a_newer_recast_asks_for_an_update(
    tmp_path: Path, content: dict[str, Any]
) -> None:
    (tmp_path / "workspace.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(WorkspaceUnusable, match="has version") as refused:
        Workspace.open(tmp_path)
    assert refused.value.fix == "update recast"


class TestFolderOfDeepFaceLab:
    def test_opens_as_it_is(self, tmp_path: Path) -> None:
        shutil.copyfile(SRC, tmp_path / "data_src.mp4")
        shutil.copyfile(DST, tmp_path / "data_dst.mp4")
        workspace = Workspace.open(tmp_path)
        assert workspace.take_path("src") == tmp_path / "data_src.mp4"
        assert len(workspace.take("dst")) > 0
        assert not (tmp_path / "workspace.json").exists()

    def test_may_hold_pictures_instead_of_a_video(self, tmp_path: Path) -> None:
        shutil.copyfile(SRC, tmp_path / "data_src.mkv")
        (tmp_path / "data_dst" / "aligned").mkdir(parents=True)
        save(tmp_path / "data_dst" / "00001.png", np.zeros((32, 48, 3), np.uint8))
        workspace = Workspace.open(tmp_path)
        assert workspace.take_path("src").name == "data_src.mkv"
        assert workspace.take_path("dst") == tmp_path / "data_dst"
        assert len(workspace.take("dst")) == 1

    def test_says_which_take_is_missing(self, tmp_path: Path) -> None:
        shutil.copyfile(SRC, tmp_path / "data_src.mp4")
        with pytest.raises(TakeUnreadable, match="no dst take") as missing:
            Workspace.open(tmp_path).take("dst")
        assert "data_dst.mp4" in missing.value.fix

    def test_becomes_a_workspace_with_its_first_consent_record(self, tmp_path: Path) -> None:
        shutil.copyfile(SRC, tmp_path / "data_src.mp4")
        Workspace.open(tmp_path).record_consent(synthetic_consent(person="A", now=NOW))
        opened = Workspace.open(tmp_path)
        assert len(opened.consent) == 1
        assert opened.take_path("src") == tmp_path / "data_src.mp4"


class TestConsent:
    def test_comes_back_as_it_was(self, make: Make) -> None:
        records = (
            synthetic_consent(person="Łucja 顔", now=NOW),
            ConsentRecord(person="B", basis="self", adult=True, recorded_at=NOW, uses=("film",)),
        )
        workspace = make()
        for record in records:
            workspace.record_consent(record)
        for one in (workspace, Workspace.open(workspace.root)):
            assert [r.model_copy(update={"chain": None}) for r in one.consent] == list(records)

    def test_from_before_there_was_a_chain_still_opens_and_grows(self, make: Make) -> None:
        workspace = make()
        old = synthetic_consent(person="A", now=NOW).model_dump(mode="json", exclude={"chain"})
        stored = {**written(workspace), "consent": [old]}
        (workspace.root / "workspace.json").write_text(json.dumps(stored), encoding="utf-8")
        opened = Workspace.open(workspace.root)
        opened.record_consent(synthetic_consent(person="B", now=NOW))
        assert [one.person for one in Workspace.open(workspace.root).consent] == ["A", "B"]

    def test_is_not_lost_to_a_program_that_opened_the_job_before(self, make: Make) -> None:
        early = make()
        late = Workspace.open(early.root)
        late.record_consent(synthetic_consent(person="A", now=NOW))
        early.use_denoised(early.denoised_path(".mp4"))
        early.record_consent(synthetic_consent(person="B", now=NOW))
        assert [one.person for one in Workspace.open(early.root).consent] == ["A", "B"]

    def test_is_refused_when_a_record_was_changed(self, make: Make) -> None:
        workspace = make()
        workspace.record_consent(synthetic_consent(person="A", now=NOW))
        before = workspace.settings_file.read_text(encoding="utf-8")
        workspace.settings_file.write_text(before.replace('"A"', '"B"'), encoding="utf-8")
        opened = Workspace.open(workspace.root)
        with pytest.raises(WorkspaceUnusable, match="record 1 was changed") as refused:
            _ = opened.consent
        assert "put back a copy" in refused.value.fix
        with pytest.raises(WorkspaceUnusable, match="record 1 was changed"):
            opened.record_consent(synthetic_consent(person="C", now=NOW))

    def test_is_empty_at_first(self, make: Make) -> None:
        assert make().consent == ()

    def test_is_refused_when_damaged(self, make: Make) -> None:
        workspace = make()
        damaged = {**written(workspace), "consent": [{"person": "A"}]}
        (workspace.root / "workspace.json").write_text(json.dumps(damaged), encoding="utf-8")
        with pytest.raises(WorkspaceUnusable, match="consent record 1 is damaged"):
            _ = Workspace.open(workspace.root).consent


class TestStandIn:
    def test_is_the_take_that_is_worked_on(self, make: Make, takes: dict[str, Path]) -> None:
        workspace = make()
        copy = workspace.denoised_path("")
        shutil.copytree(takes["dst"], copy)
        workspace.use_denoised(copy)
        for one in (workspace, Workspace.open(workspace.root)):
            assert (one.take_path("dst"), one.original_path("dst")) == (copy, takes["dst"])
            assert one.original_take("dst").path == takes["dst"]
        workspace.use_original()
        assert Workspace.open(workspace.root).take_path("dst") == takes["dst"]

    def test_moves_with_the_workspace(self, make: Make, takes: dict[str, Path]) -> None:
        workspace = make(copy=True)
        shutil.copytree(takes["dst"], workspace.denoised_path(""))
        workspace.use_denoised(workspace.denoised_path(""))
        moved = workspace.root.rename(workspace.root.with_name("moved"))
        assert Workspace.open(moved).take_path("dst") == moved / "data_dst" / "denoised"

    def test_is_refused_when_it_is_damaged(self, make: Make) -> None:
        workspace = make()
        damaged = {**written(workspace), "stand_in": {"dst": 5}}
        (workspace.root / "workspace.json").write_text(json.dumps(damaged), encoding="utf-8")
        with pytest.raises(WorkspaceUnusable, match="damaged"):
            Workspace.open(workspace.root)


def test_copied_pictures_keep_the_note_of_their_times(make: Make, takes: dict[str, Path]) -> None:
    (takes["dst"] / "frames.jsonl").write_bytes(b"note")
    copied = make(copy=True).take_path("dst")
    assert (copied / "frames.jsonl").read_bytes() == b"note"


def test_credentials_beside_takes_are_copied_with_them(make: Make, takes: dict[str, Path]) -> None:
    takes["src"].with_name(takes["src"].name + ".c2pa").write_bytes(b"of the video")
    listed = {"version": 1, "files": {"0.png": {"sha256": ""}}}
    (takes["dst"] / "sequence.json").write_text(json.dumps(listed), encoding="utf-8")
    (takes["dst"] / "sequence.json.c2pa").write_bytes(b"of the list")
    workspace = make(copy=True)
    assert (workspace.root / "data_src.mp4.c2pa").read_bytes() == b"of the video"
    copied = {path.name for path in workspace.take_path("dst").iterdir()}
    assert copied == {"0.png", "1.png", "2.png", "sequence.json", "sequence.json.c2pa"}


def test_faces_that_were_not_extracted_name_the_command(make: Make) -> None:
    with pytest.raises(WorkspaceUnusable, match="no src faces yet") as missing:
        make().faceset("src")
    assert "recast extract" in missing.value.fix


def test_models_are_listed_by_name_once_they_have_options(make: Make) -> None:
    workspace = make()
    for name in ("swift", "a second"):
        workspace.model_folder(name).mkdir(parents=True)
        (workspace.model_folder(name) / "options.json").write_text("{}", encoding="utf-8")
    workspace.model_folder("not begun").mkdir()
    assert workspace.model_names() == ["a second", "swift"]
