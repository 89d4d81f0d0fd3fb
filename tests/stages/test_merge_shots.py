"""Two JSON files: options for ranges of frames, and trainings for tracks."""

import json
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recast.errors import OptionUnusable
from recast.merging import COLOR_MATCHES, MODES, Look
from recast.merging.masks import EXPRESSION
from recast.stages.merge_options import LookOptions, MergeOptions, look_of
from recast.stages.merge_people import people_of
from recast.stages.merge_shots import Looks, looks_of

LENGTH = 50


@pytest.fixture
def looks(tmp_path: Path) -> Any:
    def looks(value: Any, **options: Any) -> Looks:
        file = tmp_path / "shots.json"
        text = value if isinstance(value, str) else json.dumps(value)
        file.write_text(text, encoding="utf-8")
        return looks_of(LookOptions(**options), file, LENGTH)

    return looks


def test_the_options_are_those_of_a_look() -> None:
    fields = LookOptions.model_fields
    assert list(fields) == list(Look.__dataclass_fields__)
    assert look_of(LookOptions()) == look_of(MergeOptions()) == Look()
    assert get_args(fields["mode"].annotation) == MODES
    assert get_args(fields["color_match"].annotation) == tuple(COLOR_MATCHES)
    patterns = [one.pattern for one in fields["mask"].metadata if hasattr(one, "pattern")]
    assert patterns == [EXPRESSION]


def test_without_a_file_every_frame_looks_the_same() -> None:
    found = looks_of(LookOptions(feather=0.1), None, LENGTH)
    assert found.at(0) == found.at(49) == Look(feather=0.1)


def test_a_range_has_options_of_its_own(looks: Any) -> None:
    found = looks(
        [{"frames": "10:20", "mode": "seamless"}, {"frames": "30:", "grow": 0.1}], feather=0.1
    )
    assert [found.at(at).mode for at in (9, 10, 19, 20)] == [
        "overlay",
        "seamless",
        "seamless",
        "overlay",
    ]
    assert found.at(10).feather == 0.1
    assert (found.at(29).grow, found.at(30).grow, found.at(49).grow) == (0.0, 0.1, 0.1)


def test_a_blend_moves_there_over_its_frames(looks: Any) -> None:
    found = looks(
        [
            {"frames": ":10", "feather": 0.1},
            {"frames": "10:20", "change": "blend", "feather": 0.3, "mode": "seamless"},
            {"frames": "20:30", "change": "blend", "feather": 0.2},
        ]
    )
    wide = [found.at(at).feather for at in range(9, 31)]
    slow = [0.1 + 0.2 * step / 10 for step in range(11)]
    slow += [0.3 - 0.1 * step / 10 for step in range(1, 11)] + [0.06]
    assert wide == pytest.approx(slow)
    assert found.at(10).mode == "seamless"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("[", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ({"frames": "1:2"}, "holds no list"),
        (["x"], "entry 1 of .*shots.json is no object"),
        ([{"frames": "0:5"}, {"mode": "seamless"}], "entry 2 .*frames is missing"),
        (
            [{"frames": "0:5", "mode": "glue"}],
            "entry 1 .*mode cannot be glue: it must be one of original",
        ),
        ([{"frames": "0:5", "grow": 3}], "entry 1 .*grow cannot be 3: it must be at most"),
        ([{"frames": "0:5", "name": "anna"}], "name is no option of a range"),
        ([{"frames": "5:5"}], "entry 1 .*5:5 holds no frame of the take, which has 50"),
        ([{"frames": "60:"}], "holds no frame"),
        ([{"frames": "0-5"}], "entry 1 .*frames cannot be 0-5"),
        ([{"frames": "20:30"}, {"frames": ":5"}, {"frames": "4:9"}], "entries 2 and 3 .* frame 4"),
        ([{"frames": "0:5", "change": "fade"}], "change cannot be fade"),
    ],
)
def test_what_is_wrong_is_named(looks: Any, value: Any, said: str) -> None:
    with pytest.raises(OptionUnusable, match=said) as caught:
        looks(value)
    assert caught.value.fix


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(OptionUnusable, match=r"none\.json cannot be read"):
        looks_of(LookOptions(), tmp_path / "none.json", LENGTH)
    with pytest.raises(OptionUnusable, match=r"none\.json cannot be read"):
        people_of(tmp_path / "none.json", ["anna"])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["frames", "mode", "grow", "change", "mask", "0", "*", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=150)
@given(value=JSON)
def test_any_json_is_taken_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, value: Any
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.json"
    file.write_text(json.dumps(value), encoding="utf-8")
    for read in (
        lambda: looks_of(LookOptions(), file, LENGTH).at(3),
        lambda: people_of(file, ["anna"]),
    ):
        try:
            read()
        except OptionUnusable as error:
            assert error.fix
