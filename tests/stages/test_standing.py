"""How far a job is, after each of its stages."""

from pathlib import Path

import pytest

import recast
from recast.stages.standing import count_faces, standing
from recast.workspace import Workspace

SAMPLES = Path(recast.__file__).parent / "samples"


def test_a_new_job_asks_for_consent_first(tmp_path: Path) -> None:
    src, dst = SAMPLES / "pair1_src.mp4", SAMPLES / "pair1_dst.mp4"
    found = standing(Workspace.create(tmp_path / "job", src=src, dst=dst))
    assert found.next == "consent" and "nobody recorded" in found.consent_trouble
    assert found.takes["src"].path == src and found.takes["dst"].length > 0
    assert found.takes["src"].faces == 0 and not found.takes["src"].is_searched


def test_found_faces_lead_to_training(extracted: Workspace) -> None:
    found = standing(extracted)
    assert found.next == "train"
    take = found.takes["dst"]
    assert take.searched == take.wanted == take.length == 24
    assert take.faces == len(extracted.faceset("dst"))
    assert take.face is not None and take.face.parent == extracted.faceset_folder("dst")


def test_a_search_that_was_cut_short_goes_on(extracted: Workspace) -> None:
    note = extracted.extraction_file("src")
    note.write_text(note.read_text().replace('"frames_done": 24', '"frames_done": 7'))
    found = standing(extracted)
    assert found.next == "extract src" and found.takes["src"].searched == 7


def test_a_trained_model_leads_to_a_merge(trained: Workspace) -> None:
    found = standing(trained)
    (training,) = found.trainings
    assert (training.name, training.model, training.resolution) == ("swift", "swift", 64)
    assert training.step == 20 and training.can_merge and training.seconds > 0
    assert training.preview is not None and training.preview.stem == "00000020"
    assert found.next == "merge"
    trained.result.write_bytes(b"")
    assert standing(trained).next is None


def test_a_take_that_is_gone_is_told_and_breaks_nothing(extracted: Workspace) -> None:
    settings = extracted.settings_file
    settings.write_text(settings.read_text().replace("dst ж.mp4", "gone.mp4"))
    found = standing(Workspace.open(extracted.root))
    assert "gone.mp4" in found.takes["dst"].trouble and found.takes["dst"].faces > 0


@pytest.mark.parametrize("name", ["note.txt", ".hidden.jpg"])
def test_only_pictures_count_as_faces(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    assert count_faces(tmp_path) == (0, None)
    (tmp_path / "face.JPG").touch()
    assert count_faces(tmp_path) == (1, tmp_path / "face.JPG")
    assert count_faces(tmp_path / "nowhere") == (0, None)
