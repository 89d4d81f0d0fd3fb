"""The process beside the server: right answers, the newest first, and no lasting harm."""

from collections.abc import Callable, Iterator
from concurrent.futures import wait
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recast.errors import RecastError
from recast.faces import LandmarkReader, Mark, read_region
from recast.images import decode
from recast.studio.beside import Answer, Beside, Kind
from recast.workspace import Workspace

Ask = Callable[..., Answer | None]


@pytest.fixture
def beside() -> Iterator[Callable[..., Beside]]:
    made: list[Beside] = []

    def beside(kind: Kind, root: Path, **more: Any) -> Beside:
        made.append(Beside(kind, root, **more))
        return made[-1]

    yield beside
    for one in made:
        one.close()
        assert not one.is_running


def picture(answer: Answer | None) -> Any:
    assert answer is not None
    return decode(answer.data, "the answer")


def test_frames_and_landmarks(extracted: Workspace, beside: Callable[..., Beside]) -> None:
    marking = beside("marking", extracted.root)
    frame = extracted.take("dst").frame(7).image
    shown = picture(marking.ask({"side": "dst", "frame": 7}).result(60))
    assert shown.shape == frame.shape and np.abs(shown.astype(int) - frame).mean() < 4
    small = picture(marking.ask({"side": "dst", "frame": 7, "width": 320}).result(60))
    assert small.shape == (240, 320, 3)
    region = Mark.of_face(extracted.faceset("dst").record(7).face).region
    answer = marking.ask({"side": "dst", "frame": 7, "region": region}).result(60)
    assert answer is not None and answer.data == b""
    found = Mark.model_validate(answer.facts["mark"])
    wanted = read_region(LandmarkReader(), frame, region)
    np.testing.assert_allclose(found.points, wanted.points, atol=0.01)


def test_a_merged_frame(trained: Workspace, beside: Callable[..., Beside]) -> None:
    merge = beside("merge", trained.root)
    asked = {"frame": 3, "options": {"device": "cpu", "mode": "original"}, "ranges": []}
    frame = trained.take("dst").frame(3).image
    plain = picture(merge.ask(asked).result(120))
    assert np.abs(plain.astype(int) - frame).mean() < 4
    ranges = [{"frames": "3:4", "mode": "raw-mask"}]
    mask = picture(merge.ask({**asked, "ranges": ranges}).result(120))
    assert (mask == 0).mean() > 0.5 and mask.max() > 200


def test_of_one_asker_only_the_newest_counts(
    extracted: Workspace, beside: Callable[..., Beside]
) -> None:
    marking = beside("marking", extracted.root)
    mine = [marking.ask({"side": "dst", "frame": n}, asker="me") for n in range(20)]
    yours = marking.ask({"side": "src", "frame": 0}, asker="you")
    wait([*mine, yours], 60)
    answered = [one.result() is not None for one in mine]
    assert answered[-1] and answered.count(True) <= 2
    assert yours.result() is not None
    assert np.array_equal(
        picture(mine[-1].result()), picture(marking.ask({"side": "dst", "frame": 19}).result(60))
    )


def test_what_cannot_be_done_is_said_and_the_next_is_answered(
    extracted: Workspace, beside: Callable[..., Beside]
) -> None:
    marking = beside("marking", extracted.root)
    with pytest.raises(RecastError, match="frame 99 of a take of 24"):
        marking.ask({"side": "dst", "frame": 99}).result(60)
    assert marking.ask({"side": "dst", "frame": 23}).result(60) is not None
    nowhere = beside("marking", extracted.root / "nowhere")
    with pytest.raises(RecastError, match="is no workspace") as caught:
        nowhere.ask({"side": "dst", "frame": 0}).result(60)
    assert "recast new" in caught.value.fix


def test_after_a_break_down_it_starts_again(
    extracted: Workspace, beside: Callable[..., Beside]
) -> None:
    marking = beside("marking", extracted.root)
    assert marking.ask({"side": "dst", "frame": 0}).result(60) is not None
    assert marking._process is not None
    marking._process.kill()
    marking._process.wait()
    assert marking.ask({"side": "dst", "frame": 1}).result(60) is not None
    with pytest.raises(RecastError, match="broke down"):
        marking.ask({"frame": "no side is named, which no page does"}).result(60)
    assert marking.ask({"side": "dst", "frame": 2}).result(60) is not None


def test_it_ends_when_nobody_asks_and_begins_anew(
    extracted: Workspace, beside: Callable[..., Beside], in_time: Callable[..., Any]
) -> None:
    marking = beside("marking", extracted.root, idle=0.2)
    assert marking.ask({"side": "dst", "frame": 0}).result(60) is not None
    in_time(lambda: not marking.is_running)
    assert marking.ask({"side": "dst", "frame": 0}).result(60) is not None


def test_closing_leaves_nobody_waiting(extracted: Workspace, beside: Callable[..., Beside]) -> None:
    marking = beside("marking", extracted.root)
    questions = [marking.ask({"side": "dst", "frame": 0}, asker=str(number)) for number in range(5)]
    marking.close()
    assert [one.result(10) for one in questions][1:] == [None] * 4
    assert marking.ask({"side": "dst", "frame": 0}).result(1) is None
