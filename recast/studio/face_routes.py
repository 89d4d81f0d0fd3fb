"""What the grid of faces asks for: the columns of a set, thumbnails, and moves to the trash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import FastAPI, HTTPException, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field

from recast.errors import RecastError
from recast.sides import Side
from recast.stages.measure import GroupedBy
from recast.studio.facesets import Loaded, Part, folder_of, joined

if TYPE_CHECKING:
    from recast.studio.state import Studio

MOST_THUMBS = 256  # in one answer


class Moved(BaseModel):
    """Faces that are to go into the trash, or to come back."""

    names: list[Annotated[str, Field(max_length=255)]] = Field(max_length=1_000_000)
    restore: bool = False


def add_routes(app: FastAPI, studio: Studio) -> None:
    _add_looks(app, studio)
    _add_moves(app, studio)


def _add_looks(app: FastAPI, studio: Studio) -> None:
    def loaded(side: Side, part: Part) -> Loaded:
        try:
            return studio.facesets.get(folder_of(studio.workspace(), side, part))
        except RecastError as error:
            raise HTTPException(404, str(error)) from error

    @app.get("/faceset/{side}/{part}/columns")
    def columns(side: Side, part: Part) -> Response:
        found = loaded(side, part)
        return Response(
            found.packed,
            media_type="application/octet-stream",
            headers={"cache-control": "no-store", "x-version": found.version},
        )

    @app.get("/faceset/{side}/{part}/groups")
    def groups(
        side: Side, part: Part, v: str, by: GroupedBy, parts: Annotated[int, Query(ge=1, le=100)]
    ) -> Response:
        found = loaded(side, part)
        if v != found.version:
            return Response(status_code=204)
        return Response(found.groups(by, parts), media_type="application/octet-stream")

    @app.get("/faceset/{side}/{part}/thumbs")
    def thumbs(
        side: Side, part: Part, v: str, i: Annotated[str, Query(max_length=4000)]
    ) -> Response:
        from recast.faceset.thumbs import Thumbs

        found = loaded(side, part)
        if v != found.version:
            return Response(status_code=204)  # the faces have changed: nothing that is an error
        try:
            places = [int(one) for one in i.split(",")]
        except ValueError as error:
            raise HTTPException(422, "places are numbers") from error
        count = len(found.faces)
        if len(places) > MOST_THUMBS or not all(0 <= place < count for place in places):
            raise HTTPException(422, f"there are {count} faces, and {MOST_THUMBS} at a time")
        made = Thumbs(studio.workspace().thumbs_file)([found.faces.path(at) for at in places])
        return Response(joined(made), media_type="application/octet-stream")


def _add_moves(app: FastAPI, studio: Studio) -> None:
    @app.post("/faceset/{side}/trash")
    def trash(side: Side, moved: Moved) -> dict[str, int]:
        from recast.stages.trash import put_aside, take_back

        folder = folder_of(studio.workspace(), side, "faces")
        try:
            count = (take_back if moved.restore else put_aside)(folder, moved.names)
        except RecastError as error:
            raise HTTPException(409, f"{error}: {error.fix}") from error
        for part in ("faces", "trash"):
            studio.facesets.forget(folder_of(studio.workspace(), side, part))
        return {"moved": count}
