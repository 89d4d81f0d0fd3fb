"""The pictures of docs/merge.md: `python -m benchmarks looks WORKSPACE`.

WORKSPACE is one of the bundled pair, trained: such as `recast demo` leaves. Writes
docs/images/merge-*.jpg: each option's choices side by side, on the face of one frame.
"""

import argparse
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.judge import ROOT
from recast import images
from recast.faces import FITTED
from recast.stages.merge_options import MergeOptions
from recast.stages.merge_preview import COMPARED_MODES, MergePreview, open_preview
from recast.workspace import Workspace

IMAGES = ROOT / "docs" / "images"
FRAME = 60
CELL = 200
COLUMNS = 5

SHEETS: dict[str, tuple[int, list[dict[str, Any]]]] = {
    "modes": (
        FRAME,
        [{"mode": mode} for mode in COMPARED_MODES],
    ),
    "masks": (
        -1,
        [
            {"mode": mode, "mask": mask}
            for mode in ("overlay", "raw-mask")
            for mask in ("learned", "dst", "hull", "mesh", "learned*mesh")
        ],
    ),
    "colors": (
        FRAME,
        [
            {"color_match": match}
            for match in ("none", "light", "rct", "lct", "mkl", "idt", "sot", "mix", "hist")
        ]
        + [{"color_match": "light", "tone": 1.0}],
    ),
    "edges": (
        FRAME,
        [
            {},
            {"grow": -0.1},
            {"grow": 0.05},
            {"feather": 0.0},
            {"feather": 0.2},
            {"mode": "seamless"},
            {"mode": "seamless", "seamless_grow": -0.1},
            {"border": 0.25},
            {"face_scale": -15},
            {"face_scale": 15},
        ],
    ),
    "finish": (
        FRAME,
        [
            {},
            {"sharpen": 60},
            {"sharpen": 60, "sharpen_mode": "box"},
            {"sharpen": -40},
            {"denoise": 60},
            {"bicubic": 80},
            {"palette": 100},
        ],
    ),
}
"""The frame of each sheet (-1: the one turned farthest), and its settings in order."""


def sheet(shown: MergePreview, frame: int, settings: list[dict[str, Any]]) -> NDArray[np.uint8]:
    cells = [cell(shown, frame, one) for one in settings]
    cells += [np.full_like(cells[0], 255)] * (-len(cells) % COLUMNS)
    rows = [np.hstack(cells[at : at + COLUMNS]) for at in range(0, len(cells), COLUMNS)]
    return np.vstack(rows)


def cell(shown: MergePreview, frame: int, settings: dict[str, Any]) -> NDArray[np.uint8]:
    image = np.asarray(shown.preview(frame, MergeOptions(**settings)), np.uint8)
    face = shown.job.places[frame][0]
    points = face.placed.inverse().apply(face.landmarks)[list(FITTED)]
    x, y = points.mean(0)
    reach = 1.15 * float(np.ptp(points[:, 0]))
    left, top = max(0, int(x - reach)), max(0, int(y - reach))
    part = image[top : top + int(2 * reach), left : left + int(2 * reach)]
    small = np.asarray(cv2.resize(part, (CELL, CELL), interpolation=cv2.INTER_AREA), np.uint8)
    named = ", ".join(
        str(value) if isinstance(value, str) else f"{name} {value}"
        for name, value in settings.items()
    )
    band = np.full((20, CELL, 3), 255, np.uint8)
    text = named or "as it is by default"
    cv2.putText(band, text, (3, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.38, (0, 0, 0), 1, cv2.LINE_AA)
    return np.asarray(np.pad(np.vstack([band, small]), ((1, 1), (1, 1), (0, 0))), np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks looks")
    parser.add_argument("workspace", type=Path, help="of the bundled pair, trained")
    given = parser.parse_args()
    shown = open_preview(Workspace.open(given.workspace), MergeOptions())
    turned = int(shown.job.faces.frames[np.abs(shown.job.faces.yaw).argmax()])
    for name, (frame, settings) in SHEETS.items():
        picture = sheet(shown, turned if frame < 0 else frame, settings)
        images.save(IMAGES / f"merge-{name}.jpg", picture, quality=82)
        print(IMAGES / f"merge-{name}.jpg", flush=True)


if __name__ == "__main__":
    main()
