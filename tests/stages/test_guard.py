"""The guard looks before training and merging, once, and names the time of what it refuses."""

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recast.errors import ContentRefused, TakeUnreadable
from recast.events import Event, Note, Started
from recast.stages import guard
from recast.video import TakeWriter, open_take
from recast.workspace import Workspace
from tests.conftest import SAMPLES


def times(length: int, rate: int) -> list[Fraction]:
    return [Fraction(at, rate) for at in range(length)]


def test_first_last_every_second_and_both_sides_of_a_cut_are_sampled() -> None:
    assert guard.sampled(times(60, 25), ()) == [0, 25, 50, 59]
    assert guard.sampled(times(60, 25), {31}) == [0, 25, 30, 31, 50, 59]
    assert guard.sampled(times(1, 25), {0, 1, 9}) == [0]
    slow = [Fraction(0), Fraction(5, 2), Fraction(26, 10), Fraction(9)]
    assert guard.sampled(slow, ()) == [0, 1, 3]


def test_an_innocent_take_is_looked_at_once(extracted: Workspace) -> None:
    told: list[Event] = []
    guard.run(extracted, told.append)
    noted = json.loads(extracted.guard_file.read_text(encoding="utf-8"))
    assert noted["looked_at"] == 2 and noted["seen"] == []
    assert [event.stage for event in told if isinstance(event, Started)] == ["guard"]
    guard.run(extracted, told.append)
    assert len([event for event in told if isinstance(event, Started)]) == 1
    assert extracted.guard_file in extracted.made_here()


def test_the_side_of_a_cut_is_looked_at(begin: Callable[..., Workspace], tmp_path: Path) -> None:
    """In one pass with the search for cuts, or after it: the same frames."""
    like = open_take(SAMPLES / "pair1_dst.mp4")
    path = tmp_path / "cut.mp4"
    with TakeWriter(path, like.info) as writer:
        for at, frame in enumerate(like.frames(0, 30)):
            image: Any = frame.image if at < 11 else np.ascontiguousarray(255 - frame.image)
            writer.write(image, Fraction(at, 25))
    job = begin(tmp_path / "job", dst=path)
    job.guard_file.parent.mkdir()
    guard.run(job)
    found = json.loads(job.guard_file.read_text(encoding="utf-8"))
    assert found["looked_at"] == len({0, 10, 11, 25, 29})
    job.guard_file.unlink()
    guard.run(job)
    assert json.loads(job.guard_file.read_text(encoding="utf-8")) == found


@pytest.fixture
def refused(extracted: Workspace) -> Workspace:
    """A job whose take was found to show what is refused."""
    guard.run(extracted)
    noted: dict[str, Any] = json.loads(extracted.guard_file.read_text(encoding="utf-8"))
    seen = {"frame": 12, "seconds": 72.48, "what": "FEMALE_GENITALIA_EXPOSED", "score": 0.81}
    noted["seen"] = [seen, {**seen, "frame": 13}]
    extracted.guard_file.write_text(json.dumps(noted), encoding="utf-8")
    return extracted


def test_what_was_refused_stays_refused_and_the_time_is_named(refused: Workspace) -> None:
    stages: list[Callable[[], Any]] = [lambda: refused.train(steps=1), lambda: refused.merge()]
    for stage in stages:
        with pytest.raises(ContentRefused, match=r"bare genitals at 1:12\.5.*0\.81.*1 other") as at:
            stage()
        assert "recast cut" in at.value.fix
    assert not refused.result.exists() and not refused.model_names()


def test_another_take_is_looked_at_again(refused: Workspace) -> None:
    noted = json.loads(refused.guard_file.read_text(encoding="utf-8"))
    noted["take"]["bytes"] += 1
    refused.guard_file.write_text(json.dumps(noted), encoding="utf-8")
    guard.run(refused)
    assert json.loads(refused.guard_file.read_text(encoding="utf-8"))["seen"] == []


def test_what_the_guard_refuses_is_noted(
    extracted: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No picture here is refused, so one class counts that every frame shows: a face."""
    from recast.provenance import guard as network

    monkeypatch.setattr(network, "REFUSED", {"FACE_FEMALE": 0.5})
    monkeypatch.setattr(guard, "_WORDS", {"FACE_FEMALE": "a face"})
    with pytest.raises(ContentRefused, match=r"a face at 0:00\.0.*1 other"):
        guard.run(extracted)
    with pytest.raises(ContentRefused, match=r"a face at 0:00\.0"):
        guard.run(extracted)


def test_faces_without_their_take_may_train(extracted: Workspace) -> None:
    settings = json.loads(extracted.settings_file.read_text(encoding="utf-8"))
    settings["takes"]["dst"] = "gone.mp4"
    extracted.settings_file.write_text(json.dumps(settings), encoding="utf-8")
    job, told = Workspace.open(extracted.root), list[Event]()
    guard.run_if_there(job, told.append)
    assert [event.warning for event in told if isinstance(event, Note)] == [True]
    with pytest.raises(TakeUnreadable):
        guard.run(job)
