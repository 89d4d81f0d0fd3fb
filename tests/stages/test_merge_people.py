"""A track, or a person known by a picture, gets a training of its own."""

import json
from pathlib import Path
from typing import Any

import pytest

from recast import images
from recast.errors import OptionUnusable
from recast.events import Event, Note, silent
from recast.stages.keep_person import open_person
from recast.stages.merge_people import People, people_in, people_of
from recast.video import open_take
from recast.workspace import Workspace
from tests.stages.test_keep_person import (
    embedder,
    pictures,
    searched,
    truth,
    who,
    workspace,
)

__all__ = ["embedder", "pictures", "searched", "truth", "workspace"]


def written(folder: Path, people: Any) -> Path:
    file = folder / "people.json"
    file.write_text(json.dumps(people), encoding="utf-8")
    return file


def test_people_are_named_by_track(tmp_path: Path) -> None:
    file = written(tmp_path, {"0": "anna", "01": None, "*": "ben"})
    assert people_of(file, ["anna", "ben"]) == {"0": "anna", "1": None, "*": "ben"}
    assert people_of(None, []) == {}


def test_people_are_named_by_a_picture_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "faces").mkdir()
    picture = tmp_path / "faces" / "anna é.jpg"
    picture.write_bytes(b"")
    file = written(tmp_path, {"faces/anna é.jpg": "anna", "0": None})
    assert people_of(file, ["anna"]) == {picture: "anna", "0": None}


@pytest.mark.parametrize(
    ("people", "said"),
    [
        (["anna"], "holds no object"),
        ({"left": "anna"}, "speaks of 'left', which is no track and no picture"),
        ({"": "anna"}, "speaks of ''"),
        ({"a" * 5000: "anna"}, "speaks of 'aaa"),
        ({"a\0b": "anna"}, "speaks of"),
        ({"0": "carl"}, "gives 0 the training 'carl', which is not in this workspace"),
        ({"0": 3}, "the training 3"),
    ],
)
def test_people_that_cannot_be(tmp_path: Path, people: Any, said: str) -> None:
    with pytest.raises(OptionUnusable, match=said):
        people_of(written(tmp_path, people), ["anna", "ben"])


def test_a_picture_counts_more_than_a_track_and_a_track_than_the_others() -> None:
    people = People("other", tracks={1: "track", 2: None}, faces={7: "face", 8: None})
    assert people.training(7, 1) == "face"
    assert people.training(8, 1) is None
    assert people.training(0, 1) == "track"
    assert people.training(0, 2) is None
    assert people.training(0, 5) == "other"


def test_each_person_is_found_by_a_picture(
    workspace: Workspace,
    pictures: list[Path],
    embedder: dict[str, Any],
    truth: Any,
) -> None:
    faces = workspace.faceset("dst")
    persons = {
        picture: open_person(
            [picture], embedder=embedder["embedder"], threshold=embedder.get("same_person")
        )
        for picture in pictures
    }
    named: dict[str | Path, str | None] = {pictures[0]: "left", pictures[1]: None}
    people = people_in(faces, named, persons, "nobody", silent)
    whose = [people.training(number, 0) for number in range(len(faces))]
    assert whose == ["left" if person == 0 else None for person in who(faces, truth)]


def test_a_person_who_is_not_there_is_told_of(
    tmp_path: Path, workspace: Workspace, embedder: dict[str, Any]
) -> None:
    sample = Path(__file__).parents[2] / "recast" / "samples" / "pair1_src.mp4"
    images.save(tmp_path / "somebody.png", open_take(sample).frame(0).image)
    person = open_person([tmp_path / "somebody.png"], embedder=embedder["embedder"], threshold=0.99)
    told: list[Event] = []
    named: dict[str | Path, str | None] = {tmp_path / "somebody.png": "anna"}
    people = people_in(
        workspace.faceset("dst"), named, {tmp_path / "somebody.png": person}, None, told.append
    )
    assert people == People(None)
    warned = [event.text for event in told if isinstance(event, Note) and event.warning]
    assert len(warned) == 1 and "Nobody in dst looks like somebody.png" in warned[0]
