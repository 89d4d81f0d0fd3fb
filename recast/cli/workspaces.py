"""`recast new` and `recast clear`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from recast.cli.door import door
from recast.cli.flags import SWITCH, Json, quoted
from recast.errors import RecastError
from recast.workspace import Workspace

LISTED = 20  # of one folder, by name


def new(
    workspace: Path,
    /,
    *,
    src: Annotated[Path, Parameter(help="The take with the face that is put in.")],
    dst: Annotated[Path, Parameter(help="The take whose face is replaced.")],
    copy: Annotated[
        bool,
        Parameter(
            negative=(),
            show_default=False,
            help="Copy the takes in, instead of noting where they are.",
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Make a workspace, the folder of one job.

    A take is a video file or a folder of pictures.

    Parameters
    ----------
    workspace
        The folder to make; it may exist if it is empty.
    """
    with door(json) as opened:
        made = Workspace.create(workspace, src=src, dst=dst, copy=copy)
        takes = {"src": made.take_path("src"), "dst": made.take_path("dst")}
        told = [f"{made.root} is ready."]
        told += [f"src, the face that is put in: {takes['src']}"]
        told += [f"dst, the take that is changed: {takes['dst']}"]
        place = quoted(workspace)
        told += [f"Next: recast consent {place} add, then recast extract {place} src"]
        opened.voice.tell("done", {"workspace": made.root, **takes}, "\n".join(told))


def clear(
    workspace: Path,
    /,
    *,
    yes: Annotated[bool, SWITCH, Parameter(help="Do remove; without it, only list.")] = False,
    json: Json = False,
) -> None:
    """Remove what recast made in a workspace; the takes stay.

    Without --yes nothing is removed: the command lists what it would remove, and exits 1.

    Parameters
    ----------
    workspace
        The folder of the job.
    """
    with door(json) as opened:
        found = Workspace.open(workspace)
        if not yes and (made := found.made_here()):
            for paths, named in _gathered(made):
                opened.voice.tell("would-remove", {"paths": paths}, f"would remove {named}")
            raise RecastError(
                "nothing was removed",
                f"recast clear {quoted(workspace)} --yes removes what is listed",
            )
        made = found.clear() if yes else []
        told = [f"removed {named}" for _, named in _gathered(made)]
        opened.voice.tell(
            "done", {"removed": made}, "\n".join(told) or "There was nothing to remove."
        )


def _gathered(made: list[Path]) -> list[tuple[list[Path], str]]:
    """What one line names: a folder, a file, or the many files of a folder with others in it."""
    files: dict[Path, list[Path]] = {}
    for path in made:
        files.setdefault(path.parent, []).append(path)
    lines: list[tuple[list[Path], str]] = []
    for folder, paths in files.items():
        if len(paths) > LISTED:
            lines.append((paths, f"{len(paths)} of what is in {folder}, such as {paths[0].name}"))
        else:
            lines += [([path], str(path)) for path in paths]
    return lines
