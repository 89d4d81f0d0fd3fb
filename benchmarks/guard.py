"""How often the guard is wrong about innocent pictures, and what it costs: `-m benchmarks guard`.

No sexual picture is needed, and none is used: what is measured is false alarms. Pictures: frames of
the bundled takes and of two rendered people, and figures drawn by this script, with shaded skin of
many tones: portraits with bare shoulders, people in swimwear, men in trunks, athletes, and close
views of arms and backs. For every class that is refused, the highest scores are shown for pictures
that the network saw once, and for those that it also had to see mirrored, as the guard does.

`python -m benchmarks guard FOLDER` writes some of the drawn pictures, to be looked at.
"""

import argparse
import math
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.judge import DST, ROOT, SRC, TRUTH
from recast.images import save
from recast.provenance.guard import REFUSED, Guard, lesser
from recast.stages import guard as stage
from recast.stages.takes import cuts_of
from recast.video import open_take
from recast.workspace import Workspace

TAKES = (DST, SRC, TRUTH, ROOT / "tests" / "data" / "two_people.mp4")
EVERY = 5
DRAWN = 60
"""Pictures of each kind."""
SIZE = (480, 640)
TONES = (
    (255, 224, 196),
    (241, 194, 165),
    (224, 172, 125),
    (198, 134, 92),
    (141, 85, 54),
    (92, 58, 40),
)
CLOTHES = (
    (200, 30, 40),
    (20, 60, 160),
    (20, 20, 24),
    (240, 240, 235),
    (250, 190, 40),
    (30, 120, 70),
)

Picture = NDArray[np.uint8]
Canvas = NDArray[np.float32]
Drawer = Callable[["Figure"], None]


@dataclass
class Figure:
    """A canvas, and a person who stands on it: the head is `unit` high."""

    canvas: Canvas
    rng: np.random.Generator
    unit: float
    x: float
    top: float

    @property
    def skin(self) -> NDArray[np.float32]:
        return self._skin

    def __post_init__(self) -> None:
        tone = np.array(TONES[self.rng.integers(len(TONES))], np.float32)
        self._skin = tone * self.rng.uniform(0.85, 1.0)
        self.cloth = np.array(CLOTHES[self.rng.integers(len(CLOTHES))], np.float32)
        self.light = self.rng.uniform(-0.6, 0.6)

    def limb(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        widths: tuple[float, float],
        colour: NDArray[np.float32],
    ) -> None:
        """A shaded, tapering limb; places and widths in heads, from the top of the head."""
        height, width = self.canvas.shape[:2]
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        ax, ay = self.x + start[0] * self.unit, self.top + start[1] * self.unit
        bx, by = self.x + end[0] * self.unit, self.top + end[1] * self.unit
        length = max(1e-3, math.hypot(bx - ax, by - ay))
        ux, uy = (bx - ax) / length, (by - ay) / length
        along = ((x - ax) * ux + (y - ay) * uy).clip(0, length)
        across_x, across_y = x - ax - along * ux, y - ay - along * uy
        radius = (widths[0] + (widths[1] - widths[0]) * along / length) * self.unit / 2
        distance = np.hypot(across_x, across_y) / radius
        inside = ((1 - distance) * radius).clip(0, 1)[..., None]
        depth = np.sqrt((1 - distance**2).clip(0, 1))
        lit = (0.55 + 0.4 * depth + 0.12 * self.light * across_x / radius)[..., None]
        self.canvas += inside * (colour * lit - self.canvas)


def body(figure: Figure, *, shoulders: float, hips: float) -> None:
    """A bare head, trunk, arms and legs."""
    skin, rng = figure.skin, figure.rng
    swing = rng.uniform(-0.5, 0.5, 4)
    for side, arm, leg in ((-1, swing[0], swing[2]), (1, swing[1], swing[3])):
        knee = (side * 0.45 + leg * 0.5, 5.4)
        figure.limb((side * 0.35, 3.7), knee, (0.95, 0.6), skin)
        figure.limb(knee, (knee[0] + leg * 0.2, 7.2), (0.58, 0.35), skin)
        elbow = (side * (shoulders / 2 + 0.15 + abs(arm)), 2.9)
        figure.limb((side * shoulders / 2 * 0.92, 1.55), elbow, (0.5, 0.38), skin)
        figure.limb(elbow, (elbow[0] + arm * 0.8, 4.0), (0.36, 0.25), skin)
    figure.limb((0, 1.85), (0, 3.4), (shoulders, hips), skin)
    figure.limb((-shoulders / 2.6, 1.5), (shoulders / 2.6, 1.5), (0.5, 0.5), skin)
    figure.limb((0, 0.8), (0, 1.5), (0.5, 0.55), skin)
    figure.limb((0, 0.35), (0, 0.62), (0.72, 0.66), skin)
    hair = np.array((40, 28, 20), np.float32) * rng.uniform(0.5, 3)
    figure.limb((0, 0.12), (0, 0.2), (0.7, 0.72), hair)
    for side in (-1, 1):
        figure.limb((side * 0.15, 0.46), (side * 0.16, 0.46), (0.08, 0.08), hair * 0.3)
    figure.limb((-0.1, 0.76), (0.1, 0.76), (0.05, 0.05), np.array((150, 60, 60), np.float32))


def portrait(figure: Figure) -> None:
    """Head and bare shoulders, cut below them."""
    figure.unit, figure.top = SIZE[1] * 0.45, SIZE[1] * 0.12
    body(figure, shoulders=figure.rng.uniform(1.5, 2.1), hips=1.5)


def swimwear(figure: Figure) -> None:
    """A woman in a bikini or a swimsuit."""
    body(figure, shoulders=1.55, hips=1.5)
    cloth = figure.cloth
    if figure.rng.random() < 0.4:
        figure.limb((0, 2.0), (0, 3.4), (1.4, 1.4), cloth)
    for side in (-1, 1):
        figure.limb((side * 0.36, 2.05), (side * 0.36, 2.12), (0.62, 0.62), cloth)
        figure.limb((side * 0.4, 1.45), (side * 0.36, 2.0), (0.07, 0.07), cloth)
    figure.limb((-0.6, 2.2), (0.6, 2.2), (0.14, 0.14), cloth)
    figure.limb((-0.45, 3.6), (0.45, 3.6), (0.55, 0.55), cloth)
    figure.limb((0, 3.7), (0, 4.0), (0.6, 0.2), cloth)


def trunks(figure: Figure) -> None:
    """A man with a bare chest in swimming trunks."""
    body(figure, shoulders=2.0, hips=1.5)
    dark = figure.skin * 0.62
    for side in (-1, 1):
        figure.limb((side * 0.45, 2.12), (side * 0.46, 2.12), (0.1, 0.1), dark)
        figure.limb((side * 0.1, 2.35), (side * 0.75, 2.3), (0.05, 0.04), figure.skin * 0.85)
    figure.limb((0, 3.1), (0, 3.14), (0.09, 0.09), dark)
    for side in (-1, 1):
        figure.limb((side * 0.35, 3.6), (side * 0.42, 4.4), (1.0, 0.95), figure.cloth)


def athlete(figure: Figure) -> None:
    """Somebody in a vest and shorts."""
    body(figure, shoulders=1.75, hips=1.5)
    figure.limb((0, 1.95), (0, 3.3), (1.6, 1.5), figure.cloth)
    for side in (-1, 1):
        figure.limb((side * 0.42, 1.45), (side * 0.4, 2.0), (0.3, 0.4), figure.cloth)
        figure.limb((side * 0.35, 3.6), (side * 0.45, 4.5), (1.05, 1.0), figure.cloth * 0.8)


def closeup(figure: Figure) -> None:
    """Limbs from near: arms, elbows, knees, a back; rounded skin and folds."""
    rng, skin = figure.rng, figure.skin
    figure.unit, figure.x, figure.top = SIZE[0] * 0.5, SIZE[0] / 2, SIZE[1] / 2
    turn = rng.uniform(0, 2 * math.pi)
    one, two = np.array([math.cos(turn), math.sin(turn)]), rng.uniform(-0.3, 0.3, 2)
    wide = rng.uniform(0.5, 1.4)
    for side in (-1, 1):
        end = two + side * one * 1.6 + rng.uniform(-0.2, 0.2, 2)
        start = two + side * one * 0.05
        figure.limb((start[0], start[1]), (end[0], end[1]), (wide, wide * 0.8), skin)
    if rng.random() < 0.5:
        figure.limb((two[0], two[1]), (two[0] + 0.3, two[1] + 0.6), (0.03, 0.02), skin * 0.5)


KINDS: dict[str, Drawer] = {
    "portraits": portrait,
    "swimwear": swimwear,
    "trunks": trunks,
    "sport": athlete,
    "close views": closeup,
}


def drawn(kind: str, count: int) -> Iterator[Picture]:
    """Pictures of a kind; the same ones every time."""
    rng = np.random.default_rng(list(KINDS).index(kind))
    width, height = SIZE
    for _ in range(count):
        coarse = rng.uniform(40, 230, (4, 3, 3)).astype(np.float32)
        canvas = np.asarray(cv2.resize(coarse, SIZE, interpolation=cv2.INTER_CUBIC), np.float32)
        unit = height / rng.uniform(5.5, 8.5)
        figure = Figure(canvas, rng, unit, width * rng.uniform(0.3, 0.7), height * 0.06)
        KINDS[kind](figure)
        noisy = cv2.GaussianBlur(canvas, (0, 0), 0.8) + rng.normal(0, 3, canvas.shape)
        yield np.rint(noisy.clip(0, 255)).astype(np.uint8)


def rendered() -> Iterator[Picture]:
    for path in TAKES:
        for frame in open_take(path):
            if frame.index % EVERY == 0:
                yield np.asarray(frame.image, np.uint8)


def study() -> None:
    guard = Guard()
    kinds: dict[str, Iterator[Picture]] = {"rendered takes": rendered()}
    kinds |= {kind: drawn(kind, DRAWN) for kind in KINDS}
    print(f"{'highest score, once | also mirrored':36}", *(f"{n.lower():>25}" for n in REFUSED))
    alarms = total = 0
    for kind, pictures in kinds.items():
        once, both = dict.fromkeys(REFUSED, 0.0), dict.fromkeys(REFUSED, 0.0)
        count = 0
        for picture in pictures:
            count += 1
            seen = guard.scores(picture)
            agreed = lesser(seen, guard.scores(np.ascontiguousarray(picture[:, ::-1])))
            once = {name: max(most, seen[name]) for name, most in once.items()}
            both = {name: max(most, agreed[name]) for name, most in both.items()}
            alarms += guard.refuses(picture) is not None
        total += count
        cells = (f"{once[name]:.2f} | {both[name]:.2f}" for name in REFUSED)
        print(f"{kind:30} {count:5}", *(f"{cell:>25}" for cell in cells), flush=True)
    print(f"refused wrongly: {alarms} of {total}")


def cost() -> None:
    """What looking at the bundled dst take costs, alone and beside the search for its cuts."""
    guard, frame = Guard(), next(iter(open_take(DST))).image
    times = []
    for _ in range(20):
        begun = time.thread_time()
        guard.scores(frame)
        times.append(time.thread_time() - begun)
    print(f"a picture: {min(times) * 1000:.0f} ms of one thread")
    with tempfile.TemporaryDirectory() as folder:
        job = Workspace.create(Path(folder) / "job", src=DST, dst=DST)
        job.guard_file.parent.mkdir()
        begun = time.process_time()
        stage.run(job)
        whole = time.process_time() - begun
        job.cuts_file.unlink()
        begun = time.process_time()
        cuts_of(job, job.take("dst"), lambda event: None)
        cuts = time.process_time() - begun
    print(f"the bundled dst: {whole:.2f} s of CPU, of which {cuts:.2f} find the cuts")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks guard")
    parser.add_argument("folder", type=Path, nargs="?", help="where some drawn pictures go")
    given = parser.parse_args()
    if given.folder is not None:
        given.folder.mkdir(parents=True, exist_ok=True)
        for kind in KINDS:
            save(given.folder / f"{kind}.png", np.hstack(list(drawn(kind, 4))))
        return
    study()
    cost()


if __name__ == "__main__":
    main()
