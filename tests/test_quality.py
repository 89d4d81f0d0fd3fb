"""Time to quality: curves, what was known before, and judging without a truth."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from benchmarks.curve import Reached, plot, reached, times_faster
from benchmarks.likeness import identity, motion
from benchmarks.quality import Budget, Rows, curves, factors
from benchmarks.stopwatch import Stopwatch
from recast.events import Note, Progress, Started, TrainingProgress

CURVE = [(1.0, 0.1), (4.0, 0.3), (16.0, 0.2), (64.0, 0.5)]


def test_a_score_is_reached_between_two_points_by_the_logarithm_of_time() -> None:
    found = reached(CURVE, 0.2)
    assert found is not None and found.minutes == pytest.approx(2)
    assert reached(CURVE, 0.1) == Reached(1.0, at_most=True)
    assert reached(CURVE, 0.6) is None
    later = reached(CURVE, 0.35)  # not before the dip, which is below it
    assert later is not None and later.minutes == pytest.approx(16 * 4**0.5)


def test_times_faster_says_what_is_known() -> None:
    assert times_faster(CURVE, 30, 0.2) == "15.0"
    assert times_faster(CURVE, 30, 0.05) == "at least 30.0"
    assert times_faster(CURVE, 30, 0.7) == "not reached"
    assert times_faster([], 30, 0.1) == "not reached"


def test_a_plot_shows_every_point() -> None:
    drawn = plot({"swift": CURVE, "a <b>": [(2.0, -0.3)]}, title="closure")
    root = ET.fromstring(drawn)
    circles = [float(c.attrib["cy"]) for c in root.iter() if c.tag.endswith("circle")]
    assert len(circles) == 5
    assert circles[3] == min(circles) and circles[4] == max(circles)
    with pytest.raises(ValueError, match="at least one point"):
        plot({}, title="")


def a_row(model: str, amount: float, closure: float) -> dict[str, object]:
    return {
        "pair": "pair1",
        "model": model,
        "budget": f"{amount:g} min",
        "minutes": amount,
        "closure": closure,
    }


def test_rows_are_kept_and_one_cut_off_is_made_again(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    rows = Rows.of(file)
    rows.add(a_row("swift", 2, 0.4))
    rows.add(a_row("h64", 2, 0.1))
    file.write_text(file.read_text("utf-8")[:-9], encoding="utf-8")
    again = Rows.of(file)
    assert again.find("pair1", "swift", Budget(2, "min")) == a_row("swift", 2, 0.4)
    assert again.find("pair1", "h64", Budget(2, "min")) is None
    assert again.find("pair1", "swift", Budget(2, "steps")) is None
    again.add(a_row("h64", 2, 0.1))
    assert [json.loads(line)["model"] for line in file.read_text("utf-8").splitlines()] == [
        "swift",
        "h64",
    ]


def test_other_models_are_compared_with_swift() -> None:
    known = [a_row("swift", m, s) for m, s in CURVE] + [a_row("h64", 30, 0.2)]
    known.append(a_row("swift", 5, 0.9) | {"pair": "swapped"})
    assert curves(known) == {"swift": CURVE, "h64": [(30, 0.2)]}
    assert list(factors(known)) == [("h64", 30, 0.2, "15.0")]


def test_identity_is_0_for_the_performer_and_1_for_the_wanted_person() -> None:
    rng = np.random.default_rng(0)
    performer, person = (
        rng.normal(0, 0.01, (20, 8)).astype(np.float32) + rng.normal(size=8).astype(np.float32)
        for _ in range(2)
    )
    half = ((performer + person) / 2).astype(np.float32)
    places = [identity(shown, performer, person) for shown in (performer, half, person)]
    assert places == pytest.approx([0, 0.5, 1], abs=1e-3)


def test_motion_ignores_proportions_and_where_the_head_is() -> None:
    rng = np.random.default_rng(0)
    face = rng.uniform(0, 100, (68, 2))
    face[36], face[45] = (20, 50), (80, 50)
    acted = (face + rng.normal(0, 1.5, (30, 68, 2))).astype(np.float32)
    moved = 1.7 * acted + rng.uniform(-50, 50, (30, 1, 2)).astype(np.float32)
    off, still = motion(moved.astype(np.float32), acted)
    assert off < 0.02 < 1 < still
    frozen = np.repeat(acted[:1], 30, axis=0)
    assert motion(frozen, acted)[0] == pytest.approx(still, rel=1e-3)
    other = rng.uniform(-4, 4, (68, 2)).astype(np.float32)  # another face, the same motions
    assert motion(acted + other, acted)[0] < 0.2 * still
    nobody = np.full_like(acted, np.nan)
    assert all(np.isnan(motion(nobody, acted)))


def test_a_stopwatch_keeps_a_lap_for_each_stage(capsys: pytest.CaptureFixture[str]) -> None:
    watch = Stopwatch()
    watch(Progress(1, 2))  # before any stage began
    watch(Started("extract", "src"))
    assert watch.lap("extract").rate == 0
    watch(Progress(5, 10))
    watch(Progress(10, 10))
    watch(Started("train", "swift"))
    watch(TrainingProgress(7, 1.0, 1.0, 0.0, {}))
    watch(Note("mind this", warning=True))
    lap = watch.lap("extract")
    assert lap.reports[-1][1] == 10 and lap.rate == pytest.approx(10 / lap.seconds)
    assert watch.lap("train").unit == "steps"
    assert watch.lap("merge").seconds == 0
    assert "mind this" in capsys.readouterr().out
