"""What a form makes of an option's declaration."""

from typing import Literal

import pytest
from pydantic import BaseModel, Field

from recast.language import Texts
from recast.stages.train_options import CLASSIC, TrainOptions, options_for
from recast.studio.option_form import choices, kind_of, label_of, range_text


class Options(BaseModel):
    side: int = Field(64, ge=64, le=512, multiple_of=16)
    share: float = Field(0, ge=0, lt=1)
    minutes: float | None = Field(None, gt=0)
    seed: int = Field(0, ge=0, lt=2**63)
    light: bool | None = None
    kind: Literal["a", "b"] | None = None
    name: str = ""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("side", "(64 to 512, a multiple of 16)"),
        ("share", "(0 or more, less than 1)"),
        ("minutes", "(more than 0)"),
        ("seed", "(0 or more)"),
        ("name", ""),
    ],
)
def test_a_range_is_said_in_words(name: str, text: str) -> None:
    assert range_text(Texts("en"), Options.model_fields[name]) == text


def test_choices_of_an_optional_field_begin_with_the_models_own() -> None:
    kind, optional = kind_of(Options.model_fields["kind"].annotation)
    assert choices(Texts("en"), kind, optional) == {"": "by itself", "a": "a", "b": "b"}
    kind, optional = kind_of(Options.model_fields["light"].annotation)
    assert choices(Texts("en"), kind, optional) == {"": "by itself", True: "yes", False: "no"}


def test_a_field_is_called_as_its_flag() -> None:
    assert label_of("batch_size") == "Batch size"


def test_a_model_is_asked_only_what_it_knows() -> None:
    assert "light" in options_for("h64") and "light" not in options_for("swift")
    assert "pixel_loss" in options_for("sae") and "pixel_loss" not in options_for("df")
    assert all("warp" in options_for(name) for name in ("swift", *CLASSIC))
    assert options_for("sae") == frozenset(TrainOptions.model_fields) - {"sketch"}
    assert "sketch" in options_for("swift")
