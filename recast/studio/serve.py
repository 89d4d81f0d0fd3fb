"""One web server for one workspace."""

from __future__ import annotations

import errno
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import uvicorn
from fastapi import Cookie, FastAPI, Header, Request
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles
from nicegui import Client, run, ui
from starlette.responses import Response

from recast.errors import OptionUnusable
from recast.language import LANGUAGES, Texts, browser_language, sentence
from recast.studio import face_routes, files, live
from recast.studio.frame import Page, frame
from recast.studio.guard import LOOPBACK, Guard
from recast.studio.pages import PAGES
from recast.studio.state import Studio
from recast.studio.view import View

STATIC = Path(__file__).parent / "static"
_YEAR = 365 * 24 * 3600
_EVERYWHERE = ("0.0.0.0", "::", "")
_QUASAR = {"en": "en-US", "ru": "ru"}


@dataclass(frozen=True)
class Place:
    """Where the studio can be reached."""

    host: str
    port: int
    token: str | None

    @property
    def address(self) -> str:
        """What is typed into a browser."""
        name = socket.gethostname() if self.host in _EVERYWHERE else self.host
        host = f"[{name}]" if ":" in name else name
        query = f"?token={self.token}" if self.token else ""
        return f"http://{host}:{self.port}/{query}"


def serve(
    studio: Studio,
    *,
    host: str,
    port: int,
    token: str | None,
    ready: Callable[[Place], None],
) -> None:
    """Serve until Ctrl-C, then stop all jobs where nothing is lost.

    Without a `token` one is made up where other machines can reach `host`. `ready` is called when
    browsers can come; port 0 takes any free one.

    Raises:
        OptionUnusable: the host or the port cannot be used.
    """
    listening = _listening(host, port)
    if token is None and host not in LOOPBACK:
        token = secrets.token_urlsafe(24)
    place = Place(host, listening.getsockname()[1], token)
    names = {host, socket.gethostname(), socket.getfqdn()}
    app = Guard(application(studio), names=names, port=place.port, token=token)
    config = uvicorn.Config(
        app,
        log_level="warning",
        timeout_graceful_shutdown=3,
        proxy_headers=False,  # else a header would say from which address a token comes
    )
    server = _Server(config, lambda: ready(place))
    try:
        server.run(sockets=[listening])
    except KeyboardInterrupt:
        return  # uvicorn has closed everything, and says so once more


class _Server(uvicorn.Server):
    """Tells when browsers can come."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


def application(studio: Studio) -> FastAPI:
    """The web application, which nobody guards yet."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await run.io_bound(studio.desks.close)
        await run.io_bound(studio.jobs.close)

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    files.add_routes(app, studio)
    face_routes.add_routes(app, studio)
    live.add_routes(app, studio)
    app.mount("/static", StaticFiles(directory=STATIC))

    @app.get("/language/{code}")
    def language(code: str, back: str = "/") -> Response:
        known = code if code in LANGUAGES else next(iter(LANGUAGES))
        answer = RedirectResponse("/" + back.lstrip("/\\"), 303)
        answer.set_cookie("recast-language", known, max_age=_YEAR, samesite="strict")
        return answer

    for page in PAGES.values():
        ui.page(page.path, title="recast", response_timeout=60)(_builder(studio, page))
    ui.add_head_html("".join(_linked(path) for path in sorted(STATIC.iterdir())), shared=True)
    ui.run_with(
        app,
        title="recast",
        dark=True,
        tailwind=False,
        show_welcome_message=False,
        reconnect_timeout=30.0,
        storage_secret=None,
    )
    return app


def _linked(path: Path) -> str:
    """What loads a file of ours into a page; its address changes when the file does."""
    place = f"/static/{path.name}?v={path.stat().st_mtime_ns:x}"
    if path.suffix == ".css":
        return f'<link rel="stylesheet" href="{place}">'
    return f'<script defer src="{place}"></script>' if path.suffix == ".js" else ""


def _builder(studio: Studio, page: Page) -> Callable[..., Awaitable[Response | None]]:
    async def build(
        request: Request,
        client: Client,
        chosen: Annotated[str, Cookie(alias="recast-language")] = "",
        accept: Annotated[str, Header(alias="accept-language")] = "",
    ) -> Response | None:
        if page.needs_workspace and not studio.exists:
            return RedirectResponse("/", 303)
        say = Texts(chosen or browser_language(accept))
        client.page = copy(client.page)  # shared by all who see this page, whatever they speak
        client.page.language = _QUASAR[say.code]  # type: ignore[assignment]
        client.title = f"{say.of(page.name)} · {studio.root.name} · recast"
        view = View(studio, say, page.path, dict(request.query_params))
        with frame(view, PAGES):
            building = page.build(view)
            if building is not None:
                await building
        return None

    return build


def _listening(host: str, port: int) -> socket.socket:
    """A socket that listens there, or an error that says what to do."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        made = socket.socket(family, kind)
        if sys.platform != "win32":  # there it would let others take the port over
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.set_inheritable(False)
    except OSError as error:
        busy = error.errno in (errno.EADDRINUSE, errno.EACCES)
        raise OptionUnusable(
            sentence("the studio cannot listen on {host}:{port}: {why}", host=host, port=port,
                     why=(error.strerror or str(error)).lower()),
            sentence("choose another --port; 0 takes any that is free")
            if busy
            else sentence("choose an address of this machine for --host"),
        ) from error  # fmt: skip
    return made
