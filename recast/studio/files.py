"""Pictures and videos of the workspace for the browser, and nothing else of this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from fastapi import FastAPI, HTTPException, Query
from fastapi.responses import FileResponse, Response

from recast.errors import RecastError
from recast.sides import Side

if TYPE_CHECKING:
    from recast.images import FrameImage
    from recast.studio.state import Studio

MEDIA_TYPES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".mov": "video/quicktime",
    ".mkv": "video/x-matroska",
}
"""What may be served, by suffix; never a record, a document or a key."""

_FOREVER = "private, max-age=31536000, immutable"


def file_inside(root: Path, path: str) -> Path | None:
    """The picture or video at a relative path below `root`; None for whatever else it names.

    Links are followed first, so that neither they nor `..` lead out.
    """
    if "\0" in path or "\\" in path or ":" in path:  # a drive or a stream, on Windows
        return None
    parts = path.split("/")
    if any(part in ("", ".", "..") or part.startswith(".") for part in parts):
        return None
    try:
        home = root.resolve(strict=True)
        found = home.joinpath(*parts).resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        return None
    if not found.is_relative_to(home) or not found.is_file():
        return None
    return found if found.suffix.lower() in MEDIA_TYPES else None


def add_routes(app: FastAPI, studio: Studio) -> None:
    """`/files/…` is a file of the workspace, `/frames/…` one frame of a take."""

    @app.get("/files/{path:path}")
    def file(path: str, v: str = "") -> Response:
        found = file_inside(studio.root, path)
        if found is None:
            raise HTTPException(404)
        # An address with a version never shows another content.
        kept = {"cache-control": _FOREVER if v else "no-cache"}
        return FileResponse(found, media_type=MEDIA_TYPES[found.suffix.lower()], headers=kept)

    @app.get("/frames/{side}/{index}")
    def frame(
        side: Side, index: int, width: Annotated[int, Query(ge=16, le=8192)] = 960
    ) -> Response:
        try:
            data = frame_jpeg(studio, side, index, width)
        except RecastError as error:
            raise HTTPException(404, str(error)) from error
        return Response(data, media_type="image/jpeg", headers={"cache-control": "no-cache"})


def frame_jpeg(studio: Studio, side: Side, index: int, width: int) -> bytes:
    """One frame of the take that is worked on, at most `width` wide.

    Raises:
        RecastError: there is no such take or frame.
    """
    from recast.errors import TakeUnreadable

    take = studio.workspace().take(side)
    if not 0 <= index < len(take):
        raise TakeUnreadable(f"{take.path} has no frame {index}", f"it has {len(take)}")
    return jpeg(take.frame(index).image, width)


def jpeg(picture: FrameImage, width: int) -> bytes:
    """A picture in 8 bits, at most `width` wide."""
    import cv2
    import numpy as np

    from recast import images

    picture = images.upper_8_bits(picture)
    if picture.shape[1] > width:
        size = (width, max(1, round(picture.shape[0] * width / picture.shape[1])))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    return images.encode(picture, ".jpg", quality=88)
