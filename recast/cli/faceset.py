"""`recast sort`."""

from pathlib import Path
from typing import Annotated

from cyclopts import CycloptsError, Parameter

from recast.cli.door import door
from recast.cli.flags import FLAGS, SWITCH, Json, exclusive, quoted
from recast.stages.curate import SortOptions

_SORT = SortOptions()


def sort(
    faceset: Path,
    /,
    *,
    options: Annotated[SortOptions, FLAGS] = _SORT,
    undo: Annotated[bool, SWITCH, Parameter(help="Give all faces their first names back.")] = False,
    json: Json = False,
) -> None:
    """Sort a face set, thin it out, or undo that.

    Files are renamed to their place and their original name, so that any file viewer shows the
    order. Nothing is deleted: what --keep, best or one-face leave out goes to the folder trash in
    the face set, and --undo brings it back.

    Parameters
    ----------
    faceset
        The folder of the faces, such as data_src/aligned.
    """
    from recast.stages import curate

    exclusive(by=options.by, undo=undo)
    if options.by is None and not undo:
        raise CycloptsError(msg="Give --by METHOD, or --undo.")
    with door(json) as opened:
        if undo:
            done = curate.undo(faceset, opened.report)
            told = f"{done.faces} faces in {faceset} have their first names again"
        else:
            done = curate.run(faceset, options, opened.report)
            told = f"{done.faces} faces in {faceset} are sorted by {options.by}"
            if done.left_out:
                told += f", {done.left_out} went to {done.folder / 'trash'}"
            told += f"\nBack: recast sort {quoted(faceset)} --undo"
        facts = {"folder": faceset, "faces": done.faces, "left_out": done.left_out}
        opened.voice.tell("done", facts, told)
