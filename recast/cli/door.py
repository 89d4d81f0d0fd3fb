"""Every command goes through this door: quiet libraries, Ctrl-C, one voice."""

from __future__ import annotations

import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from recast.cli.voices import Silent, Voice, voice_for
from recast.errors import Stopped
from recast.events import Event
from recast.language import Texts, machine_language, to_say

_WILL_STOP = to_say("Stopping where nothing is lost. Ctrl-C again stops at once.")


def stopped() -> Stopped:
    """What is said when Ctrl-C ended a command."""
    return Stopped(
        "stopped on request",
        "everything finished so far is kept; the same command goes on from here",
    )


class Interrupt:
    """Remembers a first Ctrl-C, and lets a second one strike."""

    def __init__(self) -> None:
        self.asked = False
        said = f"\n{Texts(machine_language()).of(_WILL_STOP)}\n"
        self._will_stop = said.encode(sys.stderr.encoding or "utf-8", "backslashreplace")

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        with suppress(OSError):
            # Not print: the signal may have come in the middle of one.
            os.write(2, self._will_stop)


class Door:
    """What a command speaks through; `report` is what it hands to its stage."""

    def __init__(self, voice: Voice, interrupt: Interrupt) -> None:
        self.voice = voice
        self._interrupt = interrupt

    def report(self, event: Event) -> None:
        self.voice.report(event)
        if self._interrupt.asked:
            raise stopped()


@contextmanager
def door(json: bool) -> Iterator[Door]:
    """Open the door for one command; errors go on to `main`, which shows them."""
    interrupt = Interrupt()
    # torchrun starts several of the same command; one of them speaks.
    voice = voice_for(json) if os.environ.get("RANK", "0") == "0" else Silent()
    with _heard(interrupt), _libraries_quiet():
        try:
            yield Door(voice, interrupt)
        finally:
            voice.close()


@contextmanager
def _heard(interrupt: Interrupt) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _libraries_quiet() -> Iterator[None]:
    """Keep other people's warnings from a user who cannot act on them; `python -W` shows them."""
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
    with warnings.catch_warnings():
        if not sys.warnoptions:
            warnings.simplefilter("ignore")
        yield
