"""One object through which a door steers a training that runs in another thread."""

from __future__ import annotations

import threading


class Control:
    """Requests to a running training, which looks at them between steps.

    Every method may be called from any thread and returns at once.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stop = self._save = self._preview = False
        self._turn = 0

    def stop(self) -> None:
        """Save and end."""
        with self._lock:
            self._stop = True

    def save(self) -> None:
        """Write a checkpoint (and its preview) now."""
        with self._lock:
            self._save = True

    def refresh(self) -> None:
        """Draw a preview now."""
        with self._lock:
            self._preview = True

    def next_faces(self) -> None:
        """Show other faces in previews from now on, and draw one."""
        with self._lock:
            self._turn += 1
            self._preview = True

    @property
    def turn(self) -> int:
        """How often other faces were asked for."""
        with self._lock:
            return self._turn

    def taken(self) -> Requests:
        """What was asked for since the last call."""
        with self._lock:
            found = Requests(self._stop, self._save, self._preview)
            self._stop = self._save = self._preview = False
        return found


class Requests:
    """What a training is to do before its next step."""

    def __init__(self, stop: bool, save: bool, preview: bool) -> None:
        self.stop, self.save, self.preview = stop, save, preview
