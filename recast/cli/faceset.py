"""`recast sort`, `recast measure` and `recast trash`."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import CycloptsError, Parameter

from recast.cli.door import door
from recast.cli.flags import FLAGS, SWITCH, Json, exclusive, quoted
from recast.stages.curate import SortOptions
from recast.stages.measure import MeasureOptions

_SORT = SortOptions()
_MEASURE = MeasureOptions()


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


def measure(
    faceset: Path,
    /,
    *,
    options: Annotated[MeasureOptions, FLAGS] = _MEASURE,
    json: Json = False,
) -> None:
    """Measure sharpness and light of a face set once, for the studio's filters, and group it.

    Sorting measures the same and needs no such step. What is known is not measured again. Groups
    are told, and kept for the studio; no file is renamed.

    Parameters
    ----------
    faceset
        The folder of the faces, such as data_src/aligned.
    """
    from recast.stages.measure import run

    with door(json) as opened:
        done = run(faceset, options, opened.report)
        facts: dict[str, Any] = {"folder": faceset, "faces": done.faces}
        told = f"{done.faces} faces in {faceset} are measured"
        if done.groups is not None:
            named = list(zip(done.groups.names, done.groups.sizes, strict=True))
            facts["groups"] = [{"name": name, "faces": count} for name, count in named]
            for number, (name, count) in enumerate(named, 1):
                told += f"\n{number:5}{name and '  '}{name}: {count}"
            if rest := done.faces - sum(done.groups.sizes):
                told += f"\n{rest} are in no group"
        opened.voice.tell("done", facts, told)


def trash(
    faceset: Path,
    /,
    *names: str,
    restore: Annotated[bool, SWITCH, Parameter(help="Take them back from the trash.")] = False,
    json: Json = False,
) -> None:
    """Put faces aside into the folder trash of their set, or take them back.

    Nothing is deleted. Training and merging use only the faces that are left.

    Parameters
    ----------
    faceset
        The folder of the faces, such as data_src/aligned.
    names
        The files' names, without folders.
    """
    from recast.stages.trash import put_aside, take_back

    if not names:
        raise CycloptsError(msg="Name the faces.")
    with door(json) as opened:
        count = (take_back if restore else put_aside)(faceset, names)
        told = f"{count} of {len(names)} faces are "
        told += f"back in {faceset}" if restore else f"in {faceset / 'trash'}"
        opened.voice.tell("done", {"folder": faceset, "faces": count}, told)
