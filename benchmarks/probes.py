"""Counts calls of chosen functions, and the processor time that their own threads spend in them.

A probe is put around a function for as long as a block lasts. Time is that of the calling thread
(`time.thread_time`), so that waiting costs nothing and other threads are not in it; a probe's own
time is without the probes called inside it. What threads without Python do, FFmpeg's above all,
no probe sees: the process's whole time less all probes tells it.
"""

import functools
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

Places = Mapping[str, Sequence[str]]
"""For each part of the work its functions, as `module:name` or `module:Class.name`."""


class Probes:
    """Seconds and calls of each part."""

    def __init__(self, clock: Callable[[], float] = time.thread_time) -> None:
        """`clock` tells the seconds of the thread that asks."""
        self._clock = clock
        self.seconds = defaultdict[str, float](float)
        self.calls = Counter[str]()
        self._lock, self._here = threading.Lock(), threading.local()

    def around(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, watched."""

        @functools.wraps(function)
        def watched(*given: Any, **named: Any) -> Any:
            inner: list[float] = self._here.__dict__.setdefault("inner", [])
            begun = self._clock()
            inner.append(0.0)
            try:
                return function(*given, **named)
            finally:
                whole = self._clock() - begun
                own = whole - inner.pop()
                if inner:
                    inner[-1] += whole
                with self._lock:
                    self.seconds[part] += own
                    self.calls[part] += 1

        return watched

    @contextmanager
    def on(self, places: Places) -> Iterator[None]:
        """Watch these functions; AttributeError if one is gone."""
        found = [(part, *owner_of(place)) for part, here in places.items() for place in here]
        before = [(owner, name, getattr(owner, name)) for _, owner, name in found]
        for part, owner, name in found:
            setattr(owner, name, self.around(part, getattr(owner, name)))
        try:
            yield
        finally:
            for owner, name, function in before:
                setattr(owner, name, function)


def owner_of(place: str) -> tuple[Any, str]:
    """The module or class that a function is looked up in, and its name there."""
    module, _, path = place.partition(":")
    *owners, name = path.split(".")
    owner: Any = import_module(module)
    for part in owners:
        owner = getattr(owner, part)
    if not callable(getattr(owner, name)):
        raise TypeError(f"{place} is no function")
    return owner, name
