"""Devices are those that are there, and an extra that is missing is named."""

import subprocess
import sys

import pytest
import torch

from recast.errors import OptionUnusable
from recast.faces import devices_for
from recast.faces.devices import gpus_for
from recast.faces.extras import file_of_package, lacks_extra

from .conftest import AUTOMATIC


@pytest.mark.parametrize("detector", ["mesh", "mtcnn", "manual"])
def test_best_and_all_are_what_the_machine_has(detector: str) -> None:
    gpus = [f"cuda:{number}" for number in range(gpus_for(detector))]
    if torch.version.cuda is not None or detector == "mtcnn":
        assert len(gpus) <= torch.cuda.device_count()
    assert devices_for(detector, "cpu") == ["cpu"]
    assert devices_for(detector, "best") == (gpus[:1] or ["cpu"])
    assert devices_for(detector, "all") == (gpus or ["cpu"])


def test_a_device_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(OptionUnusable, match=r"mesh cannot run on cuda:99 here: it can use cpu"):
        devices_for("mesh", "cuda:99")


def test_a_missing_package_names_its_extra() -> None:
    missing = lacks_extra("the detector none needs nothing", "none")
    assert 'pip install "recast[none]"' in missing.fix
    with pytest.raises(OptionUnusable) as caught:
        file_of_package("recast-has-no-such-package", "weights", missing=missing)
    assert caught.value is missing


@pytest.mark.parametrize("name", [name for name in AUTOMATIC if name != "mesh"])
def test_without_its_extra_a_detector_says_what_to_install(name: str) -> None:
    """In a Python of its own that finds neither the packages nor their files."""
    code = (
        "import importlib.metadata as m, sys\n"
        "def none(name): raise m.PackageNotFoundError(name)\n"
        "m.files = none\n"
        "sys.modules['dlib'] = sys.modules['lz4'] = None\n"
        "from recast.errors import OptionUnusable\n"
        "from recast.faces import DETECTORS\n"
        "try:\n"
        f"    DETECTORS[{name!r}]()\n"
        "except OptionUnusable as error:\n"
        "    print(error.fix)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert f'pip install "recast[{name}]"' in done.stdout
