"""One training at a time in a folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from recast.errors import ModelBusy
from recast.training.lock import locked

HOLDS = """
import sys, time
from pathlib import Path
from recast.training.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_training_of_the_same_model_is_refused(tmp_path: Path) -> None:
    with locked(tmp_path / "anna"):
        with (
            pytest.raises(ModelBusy, match="anna is being trained") as caught,
            locked(tmp_path / "anna"),
        ):
            pass
        assert "--name" in caught.value.fix
        with locked(tmp_path / "another"):
            pass
    with locked(tmp_path / "anna"):
        pass


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path / "anna")], stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    with holder.stdout:
        assert holder.stdout.readline().strip() == b"held"
        with pytest.raises(ModelBusy), locked(tmp_path / "anna"):
            pass
        holder.kill()
        holder.wait()
    with locked(tmp_path / "anna"):
        pass
