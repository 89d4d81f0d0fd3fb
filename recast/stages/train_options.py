"""All that can be chosen about a training, in the groups a person thinks of.

An option whose value is None takes the model's own: models differ there.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class RunOptions(BaseModel, frozen=True, extra="forbid"):
    """Which model is trained, for how long and where."""

    model: Literal["swift", "h64", "h128", "df", "liaef128", "sae"] = Field(
        "swift", description="Which network is trained."
    )
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
    memory: str | None = Field(
        None,
        pattern=r"^\d+(\.\d+)? ?[MGmg]i?[Bb]$",
        description="Use no more memory than this, such as 2GB; nearly all that is free if not "
        "given.",
    )
    save_minutes: float = Field(1.0, gt=0, description="Time between two checkpoints.")
    preview_steps: int = Field(
        0, ge=0, description="Steps between two previews, beside those at each save; 0 is none."
    )
    preview_history: bool = Field(True, description="Keep every preview, not only the newest.")
    debug_samples: bool = Field(False, description="Write a picture of the samples fed in.")
    seed: int = Field(0, ge=0, lt=2**63, description="Start of the random numbers.")


class ShapeOptions(BaseModel, frozen=True, extra="forbid"):
    """What decides the network's shape: fixed when a model is begun."""

    resolution: int | None = Field(
        None,
        ge=64,
        le=512,
        multiple_of=16,
        description="Side of the drawn face in pixels; the model's own if not given.",
    )
    sketch: bool | None = Field(
        None,
        description="Show the network a rough swap beside each face, when it learns and when it "
        "merges (swift): sharp from the first minute; on if not given.",
    )
    light: bool | None = Field(None, description="A smaller network (h64, h128, sae).")
    face_type: Literal["half", "full"] | None = Field(
        None, description="How much of the face is drawn (sae); full if not given."
    )
    architecture: Literal["df", "liae"] | None = Field(
        None, description="A decoder for each person, or one for both (sae); liae if not given."
    )
    learn_mask: bool | None = Field(
        None, description="Learn the mask, too (sae); else the landmarks' outline serves."
    )
    ae_dims: int | None = Field(
        None, ge=32, le=1024, description="Length of the code (sae); 256 for liae, 512 for df."
    )
    e_dims: int | None = Field(
        None, ge=21, le=85, description="Channels of the encoder for each colour (sae); 42."
    )
    d_dims: int | None = Field(
        None, ge=10, le=85, description="Channels of the decoder for each colour (sae); 42."
    )


class SampleOptions(BaseModel, frozen=True, extra="forbid"):
    """What a model is shown, and what counts as near."""

    warp: float = Field(1.0, ge=0, le=2, description="Strength of the distortion of inputs.")
    jitter: float | None = Field(
        None, ge=0, le=2, description="Strength of colour changes of inputs; swift 1, others 0."
    )
    flip: float | None = Field(
        None, ge=0, le=0.5, description="Share of faces that are mirrored; swift 0, others 0.4."
    )
    drawn_masks: bool = Field(
        True, description="Take masks that face files carry, in place of the face's outline."
    )
    src_scale: float = Field(
        0, ge=-30, le=30, description="How much larger src's face is made, in percent."
    )
    feed_by_yaw: bool = Field(
        False, description="Show src faces that look the way of the dst faces beside them."
    )
    uniform_yaw: bool = Field(False, description="Show every direction as often as any other.")
    color_transfer: Literal["none", "rct"] = Field(
        "none", description="Give each src sample the colours of some dst face."
    )
    pixel_loss: bool = Field(
        False, description="Compare pixels instead of structure (sae): sharper at the end."
    )
    face_style: float = Field(
        0, ge=0, le=100, description="How much the swap's colours are drawn to dst's (sae)."
    )
    background_style: float = Field(
        0, ge=0, le=100, description="How much the swap's surroundings are drawn to dst's (sae)."
    )
    priority: bool = Field(False, description="Let eyes and mouth count far more.")


class LearningOptions(BaseModel, frozen=True, extra="forbid"):
    """How the weights are changed."""

    batch_size: int | None = Field(
        None, ge=1, le=256, description="Faces of each side at a time; what memory allows."
    )
    learning_rate: float | None = Field(
        None, gt=0, le=0.1, description="Highest rate of the optimizer; swift 0.002, others 5e-5."
    )
    schedule: Literal["constant", "cosine"] | None = Field(
        None, description="The rate's course over the budget; swift cosine, others constant."
    )
    optimizer: Literal["adam", "adamw", "adabelief", "adafactor"] | None = Field(
        None, description="swift adamw, others adam; adafactor takes the least memory."
    )
    clip: float = Field(0, ge=0, description="Longest gradient of an update; 0 is any.")
    rate_dropout: float = Field(
        0, ge=0, lt=1, description="Share of the weights that a step leaves as they are."
    )
    average: float = Field(
        0, ge=0, lt=1, description="Draw with a running mean of the weights, such as 0.999."
    )
    accumulate: int = Field(1, ge=1, le=256, description="Batches that make one step.")
    precision: Literal["float32", "bf16", "fp16"] = Field(
        "float32", description="Of the costly operations; fp16 needs a CUDA device."
    )
    checkpointing: bool = Field(
        False, description="Compute parts of the network twice: slower, in less memory."
    )
    compile: bool = Field(False, description="Compile the network first; needs a C++ compiler.")


# The last comes first, in help pages as in files.
class TrainOptions(LearningOptions, SampleOptions, ShapeOptions, RunOptions):
    """How a model is trained. All but its shape can be changed at a later start."""


CLASSIC = ("h64", "h128", "df", "liaef128", "sae")
ONLY_FOR: dict[str, tuple[str, ...]] = {
    "src_scale": CLASSIC,
    "feed_by_yaw": CLASSIC,
    "uniform_yaw": CLASSIC,
    "color_transfer": CLASSIC,
    "priority": CLASSIC,
    "pixel_loss": ("sae",),
    "face_style": ("sae",),
    "background_style": ("sae",),
}
"""Options of `SampleOptions` that only some models know."""


def options_for(model: str) -> frozenset[str]:
    """The names of those options that mean something to a model."""
    from recast.models import MODELS

    shape = {name for name in ShapeOptions.model_fields if name not in MODELS[model].shape}
    others = {name for name, models in ONLY_FOR.items() if model not in models}
    return frozenset(TrainOptions.model_fields) - shape - others
