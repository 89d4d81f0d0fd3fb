"""The command line: a door to the stages, which do the work."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recast.training.control import Control

WRONG_ARGUMENTS = 2


def main(tokens: Sequence[str] | None = None, *, control: Control | None = None) -> int:
    """Run one command and return its exit code: 0, 1, 2 or 130.

    `control` steers it, if it is one that can be steered.
    """
    from cyclopts import CycloptsError

    from recast.cli.app import app
    from recast.cli.voices import voice_for
    from recast.errors import RecastError

    tokens = sys.argv[1:] if tokens is None else list(tokens)
    _speak_any_letters()
    voice = voice_for(json="--json" in tokens)
    try:
        command, bound, inner = app.parse_args(tokens, exit_on_error=False, print_error=False)
        steered = {"control": control} if "control" in inner else {}
        command(*bound.args, **bound.kwargs, **steered)
        sys.stdout.flush()
    except CycloptsError as error:
        from recast.cli.arguments import arguments_explained

        voice.failed(arguments_explained(error, tokens))
        return WRONG_ARGUMENTS
    except RecastError as error:
        voice.failed(error)
        return error.exit_code
    except KeyboardInterrupt:
        from recast.cli.door import stopped

        voice.failed(stopped())
        return stopped().exit_code
    except BrokenPipeError:
        # Whoever read the output has left; without this, Python complains once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except ImportError as error:
        what = f"a part of recast cannot be loaded: {error.__cause__ or error}"
        voice.failed(RecastError(what, "recast doctor shows what is missing"))
        return RecastError.exit_code
    except OSError as error:
        if error.filename is None:
            raise
        reason = (error.strerror or str(error)).lower()
        fix = "check the path, the permissions and the space left"
        voice.failed(RecastError(f"{error.filename}: {reason}", fix))
        return RecastError.exit_code
    return 0


def _speak_any_letters() -> None:
    """Show what a terminal cannot as an escape, instead of failing on it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
