"""The stages as commands: extract, train, merge, encode."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from recast.cli.door import door
from recast.cli.flags import FLAGS, SWITCH, Json, exclusive, quoted
from recast.stages.encode import EncodeOptions
from recast.stages.extract import ExtractOptions
from recast.stages.merge_options import MergeOptions
from recast.stages.timelapse import TimelapseOptions
from recast.stages.train_options import TrainOptions
from recast.workspace import Side, Workspace

_EXTRACT, _TRAIN, _MERGE, _ENCODE = (
    ExtractOptions(),
    TrainOptions(),
    MergeOptions(),
    EncodeOptions(),
)
_TIMELAPSE = TimelapseOptions()
_Out = Annotated[Path | None, Parameter(help="Where the finished file goes.")]


def extract(
    workspace: Path,
    side: Side,
    /,
    *,
    options: Annotated[ExtractOptions, FLAGS] = _EXTRACT,
    json: Json = False,
) -> None:
    """Find the faces of a take and cut each into an aligned face file.

    What an earlier run finished is not done again. Delete the files of faces you do not want.

    Parameters
    ----------
    workspace
        The folder of the job.
    side
        src is the face that is put in, dst the take that is changed.
    """
    from recast.stages.extract import run

    with door(json) as opened:
        found = Workspace.open(workspace)
        faces = run(found, side, options, opened.report)
        folder = found.faceset_folder(side)
        facts = {"side": side, "faces": len(faces), "folder": folder}
        opened.voice.tell("done", facts, f"{len(faces)} {side} faces in {folder}")


def train(
    workspace: Path,
    /,
    *,
    options: Annotated[TrainOptions, FLAGS] = _TRAIN,
    json: Json = False,
    control: Annotated[Any, Parameter(parse=False)] = None,
) -> None:
    """Teach a model both faces, or go on with it.

    Ctrl-C stops after a step and keeps all; the same command goes on. --minutes and --steps
    count what earlier runs did; without them, training goes on until it is stopped.

    Parameters
    ----------
    workspace
        The folder of the job.
    """
    from recast.stages.train import run

    exclusive(minutes=options.minutes, steps=options.steps)
    with door(json) as opened:
        folder = run(Workspace.open(workspace), options, opened.report, control=control)
        told = f"The model is in {folder}\nNext: recast merge {quoted(workspace)}"
        opened.voice.tell("done", {"model": folder}, told)


def timelapse(
    workspace: Path,
    /,
    *,
    options: Annotated[TimelapseOptions, FLAGS] = _TIMELAPSE,
    out: _Out = None,
    json: Json = False,
) -> None:
    """Make a video of how a model learned: its previews, one after another.

    Without --out it lies in the model's folder.

    Parameters
    ----------
    workspace
        The folder of the job.
    """
    from recast.stages.timelapse import run

    with door(json) as opened:
        result = run(Workspace.open(workspace), options, opened.report, out=out)
        opened.voice.tell("done", {"result": result}, f"The time-lapse is {result}")


def merge(
    workspace: Path,
    /,
    *,
    options: Annotated[MergeOptions, FLAGS] = _MERGE,
    out: _Out = None,
    layers: Annotated[
        Path | None,
        Parameter(help="Folder for face, matte and plate apart, instead of a finished file."),
    ] = None,
    compare: Annotated[
        bool, SWITCH, Parameter(help="Only write a picture of some frames in every mode.")
    ] = False,
    json: Json = False,
) -> None:
    """Put the trained face into every frame of the dst take.

    What an earlier run with the same options finished is not done again.

    Parameters
    ----------
    workspace
        The folder of the job.
    """
    from recast.stages.merge import run
    from recast.stages.merge_preview import compare as run_compare

    exclusive(out=out, layers=layers)
    exclusive(layers=layers, compare=compare)
    with door(json) as opened:
        found = Workspace.open(workspace)
        if compare:
            result = run_compare(found, options, opened.report, out=out)
        else:
            result = run(found, options, opened.report, out=out, layers=layers)
        opened.voice.tell("done", {"result": result}, f"The result is {result}")


def encode(
    workspace: Path,
    /,
    *,
    options: Annotated[EncodeOptions, FLAGS] = _ENCODE,
    pictures: Annotated[
        Path | None,
        Parameter(name="--from", help="Folder of the pictures, if not data_dst/merged."),
    ] = None,
    out: _Out = None,
    json: Json = False,
) -> None:
    """Make a video of merged pictures, with dst's timing and sound.

    `recast merge --pictures` writes such pictures, to be changed by hand or another program.

    Parameters
    ----------
    workspace
        The folder of the job.
    """
    from recast.stages.encode import run

    with door(json) as opened:
        found = Workspace.open(workspace)
        result = run(found, options, opened.report, pictures=pictures, out=out)
        opened.voice.tell("done", {"result": result}, f"The result is {result}")
