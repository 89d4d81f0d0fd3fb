import json
from collections.abc import Callable
from typing import Any

from recast.models import MODELS

Run = Callable[..., Any]


def test_every_model_is_shown(run: Run) -> None:
    code, out, err = run("models")
    assert (code, err) == (0, "")
    assert all(name in out for name in MODELS)
    assert "138.40 M" in out


def test_programs_get_one_object_a_model(run: Run) -> None:
    found = [json.loads(line) for line in run("models", "--json").out.splitlines()]
    assert [one["name"] for one in found] == list(MODELS)
    by_name = {one["name"]: one for one in found}
    assert by_name["sae"]["parameters"] == 119_195_382
    assert by_name["h64"]["framing"] == "half"
    assert by_name["swift"]["resolution"] == 128
    assert 0 < by_name["swift"]["memory"] < 10**9 < by_name["h64"]["memory"]
