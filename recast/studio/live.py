"""Pictures that were computed for a page: kept in memory, fetched once, the newest of each place.

Also the takes themselves, which may lie outside the workspace: by their side, never by a path.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from fastapi import FastAPI, HTTPException
from fastapi.responses import FileResponse, Response

from recast.errors import RecastError
from recast.sides import Side
from recast.studio.files import MEDIA_TYPES
from recast.studio.parts import Tag

if TYPE_CHECKING:
    from recast.studio.state import Studio

MOST = 128
"""Places whose picture is kept."""


class LivePictures:
    """The newest picture of each place on somebody's page."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, bytes] = OrderedDict()
        self._count = 0

    def put(self, place: str, data: bytes) -> str:
        """Keep a JPEG or PNG, and give the address where a browser finds it now."""
        self._known[place] = data
        self._known.move_to_end(place)
        while len(self._known) > MOST:
            self._known.popitem(last=False)
        self._count += 1
        return f"/live/{place}?n={self._count}"

    def get(self, place: str) -> bytes | None:
        """The picture, if it is still there."""
        return self._known.get(place)


def show_newest(picture: Tag, address: str, **of: str) -> None:
    """Let a picture show what `put` gave an address; `of` says what it is of, such as `frame`.

    live.js fetches it when the one before has come: on a slow link only the newest of many.
    """
    promise(picture, **of)
    picture.props["data-live"] = address


def promise(picture: Tag, **of: str) -> None:
    """Let a picture fade until what it is to be of has come, if that takes its time."""
    for name, value in of.items():
        picture.props[f"data-live-{name}"] = value


def add_routes(app: FastAPI, studio: Studio) -> None:
    """`/live/…` is a picture of `LivePictures`, `/take/…` a take as it was filmed, with ranges."""

    @app.get("/live/{place}")
    def picture(place: str) -> Response:
        data = studio.pictures.get(place)
        if data is None:
            raise HTTPException(404)
        kind = "image/png" if data.startswith(b"\x89PNG") else "image/jpeg"
        return Response(data, media_type=kind, headers={"cache-control": "no-store"})

    @app.get("/take/{side}")
    def take(side: Side) -> Response:
        try:
            path = studio.workspace().original_path(side)
        except RecastError as error:
            raise HTTPException(404, str(error)) from error
        if not path.is_file() or path.suffix.lower() not in MEDIA_TYPES:
            raise HTTPException(404)
        return FileResponse(path, media_type=MEDIA_TYPES[path.suffix.lower()])
