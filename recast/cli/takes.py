"""Takes before the faces: frames, cut, denoise."""

from pathlib import Path
from typing import Annotated

from cyclopts import CycloptsError, Parameter

from recast.cli.door import door
from recast.cli.flags import FLAGS, SWITCH, Json, exclusive
from recast.stages.cut import CutOptions
from recast.stages.denoise import DenoiseOptions
from recast.stages.frames import FramesOptions
from recast.workspace import Side, Workspace

_FRAMES, _CUT, _DENOISE = FramesOptions(), CutOptions(), DenoiseOptions()


def frames(
    workspace: Path,
    side: Side,
    /,
    *,
    options: Annotated[FramesOptions, FLAGS] = _FRAMES,
    json: Json = False,
) -> None:
    """Write frames of a take as pictures into data_src or data_dst.

    No stage needs them: faces are found in the take itself. Pictures that recast wrote before
    are replaced if the options differ; sub-folders and all other files stay as they are.

    Parameters
    ----------
    workspace
        The folder of the job.
    side
        src is the face that is put in, dst the take that is changed.
    """
    from recast.stages.frames import run

    with door(json) as opened:
        folder = run(Workspace.open(workspace), side, options, opened.report)
        opened.voice.tell("done", {"folder": folder}, f"The pictures are in {folder}")


def cut(
    take: Path,
    /,
    *,
    options: Annotated[CutOptions, FLAGS] = _CUT,
    out: Annotated[Path, Parameter(help="The part: an mp4, of pictures also a new folder.")],
    json: Json = False,
) -> None:
    """Cut a part out of a take, at the very frame, its sound in step.

    A time means the nearest place between two frames. Without --length and --end the part
    reaches to the end of the take. Pictures are copied as they are, video is encoded again.

    Parameters
    ----------
    take
        A video file, or a folder of pictures.
    """
    from recast.stages.cut import run

    exclusive(length=options.length, end=options.end)
    with door(json) as opened:
        result = run(take, options, opened.report, out=out)
        opened.voice.tell("done", {"result": result}, f"The part is {result}")


def denoise(
    workspace: Path,
    /,
    *,
    options: Annotated[DenoiseOptions, FLAGS] = _DENOISE,
    off: Annotated[
        bool, SWITCH, Parameter(help="Work on the take as it was filmed again; nothing is removed.")
    ] = False,
    json: Json = False,
) -> None:
    """Take the noise out of dst, edges kept; later stages work on that.

    The take itself is left alone: a copy beside it stands in for it until --off.

    Parameters
    ----------
    workspace
        The folder of the job.
    """
    from recast.stages.denoise import run

    if off and options != _DENOISE:
        raise CycloptsError(msg="--off takes no other option: it only goes back to the take.")
    with door(json) as opened:
        found = Workspace.open(workspace)
        if off:
            found.use_original()
        else:
            run(found, options, opened.report)
        take = found.take_path("dst")
        opened.voice.tell("done", {"dst": take}, f"The dst take is now {take}")
