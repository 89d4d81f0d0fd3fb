"""`recast studio`: the local web page over the same stages."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from pydantic import Field

from recast.cli.flags import Json
from recast.cli.voices import voice_for
from recast.errors import OptionUnusable

_HERE = Path()


def studio(
    workspace: Path = _HERE,
    /,
    *,
    host: Annotated[
        str, Parameter(help="Address to listen on; others than 127.0.0.1 ask for a token.")
    ] = "127.0.0.1",
    port: Annotated[
        int, Field(ge=0, le=65535), Parameter(help="Port to listen on; 0 takes any that is free.")
    ] = 8080,
    token: Annotated[
        str | None,
        Parameter(
            env_var="RECAST_STUDIO_TOKEN",
            help="What a browser has to know; made up if others than this machine can connect.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Serve the local web page: look, mark, curate, train, merge.

    It needs no internet and works through an SSH tunnel. Ctrl-C closes it; running work is stopped
    where nothing is lost.

    Parameters
    ----------
    workspace
        The folder of the job; if there is no workspace yet, the page makes one.
    """
    try:
        from recast.studio.serve import Place, serve
        from recast.studio.state import Studio
    except ModuleNotFoundError as error:
        raise OptionUnusable(
            f"the studio needs {error.name}, which is not installed",
            'pip install "recast[studio]"',
        ) from error

    voice = voice_for(json)

    def ready(place: Place) -> None:
        facts = {"address": place.address, "port": place.port, "token": place.token}
        told = f"The studio is open at {place.address}\nCtrl-C closes it."
        voice.tell("serving", facts, told)

    serve(Studio(workspace), host=host, port=port, token=token or None, ready=ready)
    voice.tell("done", {}, "The studio is closed.")
