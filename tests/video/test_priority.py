"""What libraries do to the priority of threads does not last."""

import os
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from recast.video import FORMATS, open_take
from recast.video.priority import usual_priority
from recast.video.write import TakeWriter

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has these priorities")


def orders() -> set[int]:
    """Scheduling policies of all threads of this process."""
    threads = Path("/proc/self/task").iterdir()
    return {os.sched_getscheduler(int(thread.name)) for thread in threads}


@pytest.mark.parametrize("name", [name for name, one in FORMATS.items() if not one.picture])
def test_no_encoder_changes_how_this_process_is_scheduled(
    tmp_path: Path, filmed: Any, name: str
) -> None:
    before = orders()
    take = open_take(filmed(tmp_path / "a.mp4", 3, size=(256, 128)))
    with TakeWriter(tmp_path / f"b{FORMATS[name].suffix}", take.info, format=name) as writer:
        for frame in take:
            writer.write(frame.image, frame.moment)
            assert orders() <= before
    assert orders() <= before


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")
def test_changed_and_new_threads_go_back() -> None:
    before, done = orders(), threading.Event()
    own = os.sched_getscheduler(0)
    with usual_priority():
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
        other = threading.Thread(target=done.wait)
        other.start()
        assert os.SCHED_RR in orders()
    assert orders() == before and os.sched_getscheduler(0) == own
    done.set()
    other.join()
