import threading
from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def in_time() -> Callable[[Callable[[], Any]], Any]:
    """Wait until something is so, and give it; fails after half a minute."""

    def in_time(look: Callable[[], Any]) -> Any:
        waiter = threading.Event()
        for _ in range(300):
            if found := look():
                return found
            waiter.wait(0.1)
        raise AssertionError("it did not happen within 30 s")

    return in_time
