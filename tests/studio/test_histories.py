"""Losses on their way from a growing file to a curve."""

import json
import math
from pathlib import Path

import pytest

from recast.studio.histories import MOST_POINTS, History, curves
from recast.training.history import History as Writer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.jsonl"


def test_only_what_was_added_is_read(path: Path) -> None:
    known, writer = History(path), Writer(path, 0)
    assert known.refresh() == 0
    writer.add(10, 1.0, {"src": 0.5})
    assert known.refresh() == 1
    writer.add(20, 2.0, {"src": 0.25, "dst": 0.5})
    with path.open("a") as file:
        file.write('{"step": 30, ')
    assert known.refresh() == 2 and known.refresh() == 2
    assert known.losses["src"] == [0.5, 0.25]
    assert math.isnan(known.losses["dst"][0]) and known.losses["dst"][1] == 0.5
    with path.open("a") as file:
        file.write('"losses": {"src": 0.125}}\n')
    assert known.refresh() == 3 and known.steps == [10, 20, 30]


def test_a_training_that_went_back_is_read_anew(path: Path) -> None:
    known, writer = History(path), Writer(path, 0)
    for step in range(1, 6):
        writer.add(step, 1.0, {"src": step / 10})
    assert known.refresh() == 5
    writer.forget_after(2)
    writer.add(3, 1.0, {"src": 0.9})
    assert known.refresh() == 3 and known.losses["src"] == [0.1, 0.2, 0.9]
    path.unlink()
    assert known.refresh() == 0 and known.steps == []


def test_a_file_that_was_written_anew_and_grew_longer_is_noticed(path: Path) -> None:
    known, writer = History(path), Writer(path, 0)
    writer.add(500, 1.0, {"src": 0.5})
    assert known.refresh() == 1
    path.write_text(
        "".join(json.dumps({"step": n, "losses": {"src": 0.1}}) + "\n" for n in range(1, 40))
    )
    assert known.refresh() == 39 and known.steps[0] == 1


def test_a_curve_has_few_points_and_ends_where_the_training_is(path: Path) -> None:
    known = History(path)
    for step in range(1, 5001):
        known._add(step, {"src": 1 / step, "odd": math.nan})
    found = curves(known, span="all", smooth=0)
    assert len(found["src"]) == MOST_POINTS and found["odd"] == []
    assert found["src"][-1][0] == 5000
    assert found["src"][-1][1] == pytest.approx(1 / 5000, rel=0.01)
    tenth = curves(known, span="tenth", smooth=0)["src"]
    assert len(tenth) == 500 and tenth[0][0] == 4501 and tenth[-1][1] == pytest.approx(1 / 5000)


def test_smoothing_is_the_mean_of_logarithms(path: Path) -> None:
    known = History(path)
    for step, value in enumerate([1.0, 100.0, 1.0, 100.0], 1):
        known._add(step, {"src": value})
    rough = [value for _, value in curves(known, span="all", smooth=0)["src"]]
    calm = [value for _, value in curves(known, span="all", smooth=0.5)["src"]]
    assert rough == pytest.approx([1, 100, 1, 100])
    assert calm == pytest.approx([1, 10, 10, 10])
