"""One training at a time in a model's folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recast.disk import disk_trouble_named
from recast.errors import ModelBusy


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a model's folder, which is made if need be, for as long as the block lasts.

    The system lets go of the lock when the process ends, however it ends.

    Raises:
        ModelBusy: another process, or thread, holds it.
    """
    from filelock import FileLock, Timeout

    with disk_trouble_named(folder):
        folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "training.lock", thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ModelBusy(
            f"{folder.name} is being trained by another program",
            "wait for it or stop it; to train a second model beside it, give another --name",
        ) from error
    try:
        yield
    finally:
        lock.release()
