"""Actions are commands: what a page shows can be typed, and means the same."""

import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recast.cli.app import app
from recast.stages.curate import SortOptions
from recast.stages.extract import ExtractOptions
from recast.stages.train_options import TrainOptions
from recast.studio.actions import action, flags_of


def parsed(*words: str) -> Any:
    """The options that the command line makes of these words."""
    _, bound, _ = app.parse_args(list(words), exit_on_error=False, print_error=False)
    return bound.arguments.get("options")


@pytest.mark.parametrize(
    "options",
    [
        TrainOptions(
            model="sae", name="a b", steps=5, learn_mask=False, preview_history=False, warp=0.5
        ),
        TrainOptions(light=True, memory="2 GB", seed=2**62, src_scale=-3.5),
    ],
)
def test_flags_mean_the_options_they_were_made_of(options: TrainOptions) -> None:
    assert parsed("train", "job", *flags_of(options)) == options


def test_options_that_are_as_they_are_by_themselves_need_no_flags() -> None:
    assert flags_of(TrainOptions()) == ()


@pytest.mark.parametrize(
    "options",
    [
        ExtractOptions(size=128, debug=True, person=(Path("a b.png"), Path("c.png"))),
        ExtractOptions(detector="mtcnn", mtcnn_thresholds=(0.5, 0.6, 0.7)),
    ],
)
def test_flags_of_several_values(options: ExtractOptions) -> None:
    assert parsed("extract", "job", "src", *flags_of(options)) == options


def test_sort_options_are_flags_too() -> None:
    options = SortOptions(by="identity", keep=20, reverse=True)
    assert "--by identity --keep 20 --reverse" in action("sort", "set", options=options).text


@pytest.mark.skipif(sys.platform == "win32", reason="another shell")
@given(st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1)))
def test_the_text_of_an_action_is_its_words_for_a_shell(words: list[str]) -> None:
    assert shlex.split(action("train", *words).text) == ["recast", "train", *words]
