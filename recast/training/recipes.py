"""How each model is trained unless told otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from recast.training.faces import Outline

OptimizerName = Literal["adam", "adamw", "adabelief", "adafactor"]
Schedule = Literal["constant", "cosine"]


@dataclass(frozen=True)
class Recipe:
    """What a model's makers found good.

    batch_size: faces of each side in a step, on a CPU and at most on a GPU. jitter, flip: as in
    the lessons. outline: what counts as face. meshes: whether the lesson needs dense meshes.
    """

    optimizer: OptimizerName
    rate: float
    betas: tuple[float, float]
    schedule: Schedule
    batch_size: tuple[int, int]
    jitter: float
    flip: float
    outline: Outline
    meshes: bool


SWIFT = Recipe(
    "adamw", 2e-3, (0.9, 0.99), "cosine", (6, 32), jitter=1, flip=0, outline="mesh", meshes=True
)
CLASSIC = Recipe(
    "adam",
    5e-5,
    (0.5, 0.999),
    "constant",
    (4, 48),
    jitter=0,
    flip=0.4,
    outline="hull",
    meshes=False,
)

RECIPES: dict[str, Recipe] = {
    "swift": SWIFT,
    "h64": CLASSIC,
    "h128": CLASSIC,
    "df": CLASSIC,
    "liaef128": CLASSIC,
    "sae": CLASSIC,
}
