"""`recast import` and `recast export` from a terminal."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recast.faces import placement
from recast.faceset import load_faceset, save_face
from recast.workspace import Workspace
from tests.faceset.conftest import drawn_crop, record_of
from tests.foreign import dfl_jpeg, dfl_values, some_landmarks

Run = Callable[..., Any]


def a_folder_of_deepfacelab(folder: Path) -> Path:
    folder.mkdir()
    landmarks = some_landmarks()
    values = dfl_values(landmarks, placement(landmarks, 64, "full"))
    (folder / "00001_0.jpg").write_bytes(dfl_jpeg(drawn_crop(), values))
    (folder / "broken.jpg").write_bytes(b"")
    return folder


def test_import_says_how_many_and_what_was_skipped(run: Run, tmp_path: Path) -> None:
    theirs = a_folder_of_deepfacelab(tmp_path / "their faces")
    code, out, err = run("import", theirs, "--to", tmp_path / "ours")
    assert code == 0
    assert "1 face in" in out and "skipped 1 file" in out
    assert "broken.jpg" in out + err
    assert len(load_faceset(tmp_path / "ours")) == 1


def test_import_speaks_json(run: Run, tmp_path: Path) -> None:
    theirs = a_folder_of_deepfacelab(tmp_path / "theirs")
    code, out, _ = run("import", theirs, "--to", tmp_path / "ours", "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert lines[-1] == {
        "event": "done",
        "folder": str(tmp_path / "ours"),
        "faces": 1,
        "skipped": 1,
    }
    assert any(line["event"] == "progress" for line in lines)


def test_a_malicious_file_ends_in_one_sentence(run: Run, tmp_path: Path) -> None:
    pack = tmp_path / "faceset.pak"
    stream = b"cos\nsystem\n(Vtrue\ntR."
    pack.write_bytes((1).to_bytes(8, "little") + len(stream).to_bytes(8, "little") + stream)
    code, _, err = run("import", pack, "--to", tmp_path / "ours")
    assert code == 1
    assert "faceset.pak is refused" in err and "os.system" in err


def test_import_needs_to_know_where_to(run: Run, tmp_path: Path) -> None:
    assert run("import", tmp_path).code == 2


def test_export_and_import_give_back_what_was_there(run: Run, tmp_path: Path) -> None:
    faceset = tmp_path / "faces"
    faceset.mkdir()
    save_face(faceset / "000003_0.jpg", drawn_crop(), record_of())
    code, out, _ = run("export", faceset, "--out", tmp_path / "all.tar")
    assert code == 0
    assert "1 face in" in out
    assert run("import", tmp_path / "all.tar", "--to", tmp_path / "back").code == 0
    back = tmp_path / "back" / "000003_0.jpg"
    assert back.read_bytes() == (faceset / "000003_0.jpg").read_bytes()


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
def test_a_model_is_exported_by_its_folder(run: Run, trained: Workspace) -> None:
    folder = trained.model_folder("swift")
    code, out, _ = run("export", folder, "--format", "torchscript")
    assert code == 0 and str(folder / "swift.pt") in out
    assert run("verify", folder / "swift.pt").code == 0


def test_a_face_set_needs_to_know_where_to(run: Run, tmp_path: Path) -> None:
    assert run("export", tmp_path).code == 2
