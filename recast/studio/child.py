"""A command in a process of its own, steered by words on its standard input.

`python -m recast.studio.child train WORKSPACE --json` does what `recast train` does. Of the words,
one a line, `stop` ends it where nothing is lost and a second one at once; a training also obeys
`save`, `refresh` and `next`. When the input ends, whoever started this is gone, and it stops, too.
"""

from __future__ import annotations

import _thread
import sys
import threading
from typing import IO, TYPE_CHECKING, TextIO, cast

from recast.errors import Stopped

if TYPE_CHECKING:
    from recast.training.control import Control


class _Pipe:
    """A pipe whose reader may leave: what is said then is lost, and nothing else."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError:
            return


def obey(words: IO[str], control: Control) -> None:
    """Do what each line says, until there are no more."""
    deeds = {"save": control.save, "refresh": control.refresh, "next": control.next_faces}
    asked = False
    for line in words:
        word = line.strip()
        if word == "stop":
            asked = True
            control.stop()
            # What Ctrl-C does, on every system: a second one strikes at once.
            _thread.interrupt_main()
        elif word in deeds:
            deeds[word]()
    if not asked:
        control.stop()
        _thread.interrupt_main()


def main() -> int:
    from recast.cli import main as run
    from recast.training.control import Control

    sys.stdout = cast(TextIO, _Pipe(sys.stdout))
    sys.stderr = cast(TextIO, _Pipe(sys.stderr))
    control = Control()
    threading.Thread(target=obey, args=(sys.stdin, control), daemon=True).start()
    try:
        return run(sys.argv[1:], control=control)
    except KeyboardInterrupt:  # it was told to stop before it had begun
        return Stopped.exit_code


if __name__ == "__main__":
    sys.exit(main())
