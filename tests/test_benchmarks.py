"""The headline figures: how they are told, and that no stage falls far behind its baseline."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from benchmarks.all import Figure, Pair, measured, page, pairs, plot
from benchmarks.machine import machine

FIGURES = [
    Figure("frames read", 90.0, "frames", "decoded only", 120.0, 0.75, 0.7, 0.8),
    Figure("a <very> long name " * 5, 4e6, "faces", "all pairs", 2.0, 2e6, 1e6, 3e6),
]
LEAST = {
    "recast --help": 0.02,
    "recast doctor": 0.2,
    "DeepFaceLab's records read without running them": 0.005,
    "frames of 1280x720 read to RGB": 0.3,
    "merged from file to file, seamless and rct, 200 px, 1280x720": 0.2,
    "faces found and cut, 640x480": 0.05,
    "swift's training steps": 0.1,
    "faces put in order by histogram (4,000)": 3.0,
}
"""Ratios that only a fault explains, well below what docs/headlines.md shows."""


def test_a_pair_is_measured_in_turn() -> None:
    order: list[str] = []
    pair = Pair(
        "mine", "steps", 4, lambda: order.append("m"), "other", lambda: order.append("o"), rounds=2
    )
    found = measured(pair)
    assert order == ["m", "o"] * 3
    assert found.least <= found.ratio <= found.most
    assert found.rate > 0 < found.baseline_rate


def test_figures_become_a_page_and_a_plot() -> None:
    where = machine()
    assert where["cores"] >= 1 and where["commit"] and len(where["date"]) == 10
    text = page(where, FIGURES)
    assert "| frames read | 90 frames/s | decoded only | 120 | 0.75 (0.70 to 0.80) |" in text
    ET.fromstring(plot(FIGURES))


@pytest.mark.slow
def test_nothing_falls_far_behind_its_baseline(tmp_path: Path) -> None:
    found = {one.name: one.ratio for one in map(measured, pairs(tmp_path))}
    assert found.keys() == LEAST.keys()
    behind = {name: ratio for name, ratio in found.items() if ratio < LEAST[name]}
    assert behind == {}
