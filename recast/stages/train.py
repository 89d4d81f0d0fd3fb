"""Teach a model both faces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from pydantic import BaseModel, Field

from recast.errors import OptionUnusable
from recast.events import Note, Report, Started, silent
from recast.workspace import SIDES, Side, Workspace

if TYPE_CHECKING:
    import torch

    from recast.faces import Framing
    from recast.faceset import FaceSet
    from recast.training.description import Description
    from recast.training.faces import TrainingFaces
    from recast.training.loop import Training
    from recast.training.rough_swap import RoughSwaps

DEFAULT_RESOLUTION = 96


class TrainOptions(BaseModel, frozen=True, extra="forbid"):
    """How a model is trained. All can be changed at a later start but model and resolution."""

    model: Literal["swift"] = Field("swift", description="Which network is trained.")
    name: str = Field(
        "",
        pattern=r"^[\w][\w .-]{0,63}$|^$",
        description="Name of this training; the model's own name if not given.",
    )
    resolution: int | None = Field(
        None,
        ge=64,
        le=256,
        multiple_of=16,
        description="Side of the drawn face in pixels; 96 for a new model.",
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
    batch_size: int = Field(6, ge=1, le=256, description="Faces of each side in a step.")
    learning_rate: float = Field(2e-3, gt=0, le=0.1, description="Highest rate of the optimizer.")
    warp: float = Field(1.0, ge=0, le=2, description="Strength of the distortion of inputs.")
    jitter: float = Field(1.0, ge=0, le=2, description="Strength of colour changes of inputs.")
    flip: float = Field(0.0, ge=0, le=0.5, description="Share of faces that are mirrored.")
    save_minutes: float = Field(1.0, gt=0, description="Time between two checkpoints.")
    seed: int = Field(0, ge=0, lt=2**63, description="Start of the random numbers.")


def run(workspace: Workspace, options: TrainOptions, report: Report = silent) -> Path:
    """Train, or go on training, and return the model's folder.

    Raises:
        ConsentMissing: nobody recorded that src's face may be used.
        NoFaceFound: a face set is empty.
        OptionUnusable: the model was begun with another network or resolution.
        TrainingDiverged: the losses cannot be brought back to finite values.
        Stopped: `report` asked for it; everything is saved.
    """
    from datetime import UTC, datetime

    from recast.provenance.consent import require_consent
    from recast.training.checkpoint import resume_from
    from recast.training.faces import load_training_faces
    from recast.training.lesson import Lesson
    from recast.training.loop import Budget, Keeping, train
    from recast.training.preview import preview_sheet, save_preview
    from recast.training.trained import chosen_device

    def warn(text: str) -> None:
        report(Note(text, warning=True))

    require_consent(workspace.consent, datetime.now(UTC).date())
    folder = workspace.model_folder(options.name or options.model)
    facesets = {side: workspace.faceset(side) for side in SIDES}
    described = _described(folder, options, facesets)
    device = chosen_device(options.device)
    side = described.resolution
    report(Started("train", f"{folder.name}: {described.model} at {side} px on {device}"))

    src, dst = (load_training_faces(facesets[s], side, warn).to(device) for s in SIDES)
    rough = _rough_swaps(src, dst, described)
    lesson = Lesson(src, dst, rough, options.batch_size, options.warp, options.jitter, options.flip)
    training = _begun(described, options, device)
    newest = resume_from(folder / "checkpoint", warn)
    if newest is not None:
        newest.restore(training.network, training.optimizer, training.rng)
        training.progressed = replace(newest.progressed, options=described.options)
        report(Note(f"Going on from step {newest.progressed.step}."))
    folder.mkdir(parents=True, exist_ok=True)
    described.save(folder)
    keeping = Keeping(
        folder,
        60 * options.save_minutes,
        lambda step: save_preview(
            folder / "preview", step, preview_sheet(training.network, src, dst)
        ),
    )
    budget = Budget(options.steps, options.minutes)
    train(training, lesson, budget, keeping, rate=options.learning_rate, report=report)
    return folder


def _described(
    folder: Path, options: TrainOptions, facesets: Mapping[Side, FaceSet]
) -> Description:
    """What is trained: as it was begun, with the options of this start."""
    from recast.training.description import Description

    framing = _shared_framing(facesets)
    given = options.model_dump(mode="json")
    if not (folder / "options.json").exists():
        return Description(options.model, options.resolution or DEFAULT_RESOLUTION, framing, given)
    begun = Description.load(folder)
    changed = {
        "model": (begun.model, options.model),
        "resolution": (begun.resolution, options.resolution or begun.resolution),
        "framing": (begun.framing, framing),
    }
    for what, (old, new) in changed.items():
        if old != new:
            raise OptionUnusable(
                f"{folder.name} was begun with {what} {old} and cannot go on with {new}",
                "train under another --name, or leave the option as it was",
            )
    return replace(begun, options=given)


def _shared_framing(facesets: Mapping[Side, FaceSet]) -> Framing:
    from recast.training.faces import require_faces

    for faces in facesets.values():
        require_faces(faces)
    framings = {str(f) for faces in facesets.values() for f in faces.framings}
    if len(framings) != 1:
        raise OptionUnusable(
            f"the face sets have different framings: {', '.join(sorted(framings)) or 'none'}",
            "extract both sides again with the same --framing",
        )
    return cast("Framing", framings.pop())


def _begun(described: Description, options: TrainOptions, device: torch.device) -> Training:
    """A fresh network with its optimizer; the seed decides its first weights."""
    import torch

    from recast.models import MODELS
    from recast.training.checkpoint import Progressed
    from recast.training.loop import Training

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)
        network = MODELS[described.model](described.resolution)
    network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(
        network.parameters(), options.learning_rate, betas=(0.9, 0.99), fused=True
    )
    rng = torch.Generator(device).manual_seed(options.seed)
    return Training(network, optimizer, rng, Progressed(options=described.options))


def _rough_swaps(src: TrainingFaces, dst: TrainingFaces, described: Description) -> RoughSwaps:
    from recast.training.rough_swap import prepare

    if src.meshes is None or dst.meshes is None:
        raise OptionUnusable(
            f"{described.model} needs the dense mesh of every face, and some have none",
            "extract both sides with --detector mesh",
        )
    return prepare(src, dst, framing=described.framing).to(src.faces.device)
