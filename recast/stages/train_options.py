"""All that can be chosen about a training, in the groups a person thinks of.

An option that only some models have is None unless given: the model's own value counts then.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class RunOptions(BaseModel, frozen=True, extra="forbid"):
    """Which model is trained, for how long and where."""

    model: Literal["swift"] = Field("swift", description="Which network is trained.")
    name: str = Field(
        "",
        pattern=r"^[\w][\w .-]{0,63}$|^$",
        description="Name of this training; the model's own name if not given.",
    )
    minutes: float | None = Field(
        None, gt=0, description="Train until the model has had this many minutes in all."
    )
    steps: int | None = Field(
        None, ge=1, description="Train until the model has had this many steps in all."
    )
    device: str = Field(
        "best", description="best, cpu, cuda, cuda:N or mps; best takes the fastest there is."
    )
    save_minutes: float = Field(1.0, gt=0, description="Time between two checkpoints.")
    seed: int = Field(0, ge=0, lt=2**63, description="Start of the random numbers.")


class ShapeOptions(BaseModel, frozen=True, extra="forbid"):
    """What decides the network's shape: fixed when a model is begun."""

    resolution: int | None = Field(
        None,
        ge=64,
        le=256,
        multiple_of=16,
        description="Side of the drawn face in pixels; the model's own if not given.",
    )


class SampleOptions(BaseModel, frozen=True, extra="forbid"):
    """What a model is shown, and what counts as near."""

    warp: float = Field(1.0, ge=0, le=2, description="Strength of the distortion of inputs.")
    jitter: float = Field(1.0, ge=0, le=2, description="Strength of colour changes of inputs.")
    flip: float = Field(0.0, ge=0, le=0.5, description="Share of faces that are mirrored.")


class LearningOptions(BaseModel, frozen=True, extra="forbid"):
    """How the weights are changed."""

    batch_size: int = Field(6, ge=1, le=256, description="Faces of each side in a step.")
    learning_rate: float = Field(2e-3, gt=0, le=0.1, description="Highest rate of the optimizer.")


# The last comes first, in help pages as in files.
class TrainOptions(LearningOptions, SampleOptions, ShapeOptions, RunOptions):
    """How a model is trained. All but its shape can be changed at a later start."""
