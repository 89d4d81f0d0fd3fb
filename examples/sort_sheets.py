"""Sort the faces of two takes by every method, and write a picture of each order.

    python examples/sort_sheets.py SRC DST FOLDER [identity]

Makes the pictures of docs/faceset.md. Both takes are rendered and all alike in sharpness and light:
so some of their faces are softened, smeared, dimmed or tinted first. `identity` needs an embedder.
"""

import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import recast
from recast import images
from recast.faceset import load_face, save_face
from recast.faceset.orders import METHODS
from recast.stages.curate import SortOptions, run, undo

COLUMNS, ROWS, SIDE = 15, 2, 60
Picture = NDArray[np.uint8]


def main(src: str, dst: str, folder: str, *more: str) -> None:
    faceset, sheets = Path(folder) / "faces", Path(folder) / "sheets"
    faceset.mkdir(parents=True, exist_ok=True)
    sheets.mkdir(exist_ok=True)
    job = recast.Workspace.create(Path(folder) / "job", src=src, dst=dst)
    for side in ("src", "dst"):
        fill(faceset, job.extract(side, size=128))
    for by in (*METHODS, *more):
        options = SortOptions.model_validate(
            {"by": by, "keep": COLUMNS * ROWS if by == "best" else None}
        )
        done = run(faceset, options)
        write_sheet(sheets / f"sort-{by}.jpg", faceset)
        print(f"{by}: {done.faces} faces, {done.left_out} left out")
        undo(faceset)


def fill(folder: Path, faces: recast.FaceSet) -> None:
    """Copy the faces, every second one changed in some way."""
    for index in range(len(faces)):
        crop, record = load_face(faces.path(index))
        changed = varied(np.asarray(crop, np.uint8), index)
        save_face(
            folder / f"{Path(record.source.take).stem}_{record.source.frame:06d}.jpg",
            changed,
            record,
        )


def varied(crop: Picture, index: int) -> Picture:
    kind, strength = index % 8, (index // 8 % 6 + 1) / 6
    if kind == 1:
        return np.asarray(cv2.GaussianBlur(crop, (0, 0), 3 * strength), np.uint8)
    if kind == 3:
        smear = np.full((1, 1 + 2 * round(6 * strength)), 1, np.float32)
        return np.asarray(cv2.filter2D(crop, -1, smear / smear.size), np.uint8)
    if kind == 5:
        return np.asarray(crop * (1 - 0.8 * strength), np.uint8)
    if kind == 7:
        tint = np.roll([1.0, 1 - 0.6 * strength, 1 - 0.6 * strength], index // 8 % 3)
        return np.asarray(crop * tint, np.uint8)
    return crop


def write_sheet(path: Path, folder: Path) -> None:
    """Faces of the folder in the order of their names, evenly drawn from first to last."""
    faces = recast.load_faceset(folder)
    drawn = np.linspace(0, max(len(faces) - 1, 0), COLUMNS * ROWS).round().astype(int)
    crops = faces.crops(drawn if len(faces) else [], SIDE)
    sheet = np.full((ROWS * SIDE, COLUMNS * SIDE, 3), 255, np.uint8)
    for place, crop in enumerate(crops):
        top, left = place // COLUMNS * SIDE, place % COLUMNS * SIDE
        sheet[top : top + SIDE, left : left + SIDE] = crop
    images.save(path, sheet, quality=82)


if __name__ == "__main__":
    main(*sys.argv[1:])
