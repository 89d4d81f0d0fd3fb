"""A command in a process of its own, steered by words on its standard input.

`python -m recast.studio.child train WORKSPACE --json` does what `recast train` does. Of the words,
one a line, `stop` ends it where nothing is lost and a second one at once; a training also obeys
`save`, `refresh` and `next`. When the input ends, whoever started this is gone, and it stops, too.
Then it is still known by its record (`recast.studio.job_records`): words come by that, and how it
ended is left there.
"""

from __future__ import annotations

import _thread
import json
import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, cast

from recast.errors import Stopped
from recast.studio.job_records import VARIABLE, leave_end, new_words

if TYPE_CHECKING:
    from recast.training.control import Control


_LOOK = 0.5  # seconds between two looks for words
_LONGEST = 5_000  # characters of what is told of an error


class _Pipe:
    """A pipe whose reader may leave: what is said then is lost, and nothing else."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.last = ""
        """What was written last, but for ends of lines."""

    @property
    def encoding(self) -> str:
        return self._stream.encoding

    def write(self, text: str) -> int:
        self.last = text if text.strip() else self.last
        try:
            return self._stream.write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError:
            return


def obey(words: Iterable[str], control: Control, stopping: threading.Event) -> None:
    """Do what each line says, until there are no more; then stop, if nobody said so before.

    `stopping` is shared by all who say words: only a second one of the same strikes at once.
    """
    deeds = {"save": control.save, "refresh": control.refresh, "next": control.next_faces}
    asked = False

    def stop(*, again: bool) -> None:
        control.stop()
        if again or not stopping.is_set():
            stopping.set()
            # What Ctrl-C does, on every system: a second one strikes at once.
            _thread.interrupt_main()

    for line in words:
        word = line.strip()
        if word == "stop":
            stop(again=asked)
            asked = True
        elif word in deeds:
            deeds[word]()
    if not asked:
        stop(again=False)


def main() -> int:
    from recast.cli import main as run
    from recast.training.control import Control

    out, trouble = _Pipe(sys.stdout), _Pipe(sys.stderr)
    sys.stdout, sys.stderr = cast(TextIO, out), cast(TextIO, trouble)
    control = Control()
    record = Path(named) if (named := os.environ.pop(VARIABLE, "")) else None
    sources: list[Iterable[str]] = [sys.stdin, *([] if record is None else [_added(record)])]
    stopping = threading.Event()
    for words in sources:
        threading.Thread(target=obey, args=(words, control, stopping), daemon=True).start()
    code = 1
    try:
        code = run(sys.argv[1:], control=control)
    except KeyboardInterrupt:  # it was told to stop before it had begun
        code = Stopped.exit_code
    finally:
        if record is not None:
            leave_end(record, code, *_error_in(out.last, trouble.last if code == 1 else ""))
    return code


def _added(record: Path) -> Iterator[str]:
    """The words that are added to a record, as they come."""
    known = 0
    while True:
        words, known = new_words(record, known)
        yield from words
        time.sleep(_LOOK)


def _error_in(line: str, complaint: str) -> tuple[str, str]:
    """What went wrong, and what to do: of the last line that `--json` gave, if it is an error."""
    try:
        told = json.loads(line)
        if told["event"] == "error":
            return str(told["what"])[:_LONGEST], str(told["fix"])[:_LONGEST]
    except (ValueError, KeyError, TypeError):
        pass  # something else was said last
    return complaint.strip()[:_LONGEST], ""


if __name__ == "__main__":
    sys.exit(main())
