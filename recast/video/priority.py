"""Threads keep the priority they were given, whatever a library wants."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def usual_priority() -> Iterator[None]:
    """A block after which every thread of this process runs as before, new ones as the caller.

    SVT-AV1, run by root, as in most containers, puts its own threads and the one that opens it
    under SCHED_FIFO at 99: above all that the machine does, and whatever this process starts later
    inherits it. Two cores were lost to that for minutes.
    """
    if sys.platform != "linux":  # SVT-AV1 does so nowhere else
        yield
        return
    before = _orders()
    own = os.sched_getscheduler(0), os.sched_getparam(0).sched_priority
    try:
        yield
    finally:
        for thread, order in _orders().items():
            policy, priority = before.get(thread, own)
            if order != (policy, priority):
                with suppress(OSError):  # it has just ended
                    os.sched_setscheduler(thread, policy, os.sched_param(priority))


if sys.platform == "linux":

    def _orders() -> dict[int, tuple[int, int]]:
        """Scheduling policy and priority of each thread of this process."""
        orders = {}
        for thread in (int(place.name) for place in Path("/proc/self/task").iterdir()):
            with suppress(OSError):  # it has just ended
                priority = os.sched_getparam(thread).sched_priority
                orders[thread] = (os.sched_getscheduler(thread), priority)
        return orders
