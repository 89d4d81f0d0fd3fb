"""Teach a model both faces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from recast.errors import OptionUnusable
from recast.events import Note, Report, Started, silent
from recast.stages.train_options import TrainOptions
from recast.workspace import SIDES, Side, Workspace

if TYPE_CHECKING:
    import torch

    from recast.faces import Framing
    from recast.faceset import FaceSet
    from recast.training.description import Description
    from recast.training.faces import TrainingFaces
    from recast.training.lesson import Lesson
    from recast.training.loop import Training
    from recast.training.rough_swap import RoughSwaps


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
    lesson = _lesson(described, src, dst, options)
    training = _begun(described, lesson, options, device)
    newest = resume_from(folder / "checkpoint", warn)
    if newest is not None:
        newest.restore(training.network, training.optimizers)
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
    from recast.models import MODELS
    from recast.training.description import Description

    framing = _shared_framing(facesets)
    given = options.model_dump(mode="json")
    wanted = {name: given[name] for name in MODELS[options.model].shape if given[name] is not None}
    if not (folder / "options.json").exists():
        shape = {**MODELS[options.model].shape, **wanted}
        return Description(options.model, framing, shape, given)
    begun = Description.load(folder)
    changed: dict[str, tuple[object, object]]
    changed = {"model": (begun.model, options.model), "framing": (begun.framing, framing)}
    changed |= {name: (begun.shape.get(name), value) for name, value in wanted.items()}
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


def _lesson(
    described: Description, src: TrainingFaces, dst: TrainingFaces, options: TrainOptions
) -> Lesson[Any]:
    from recast.training.swift_lesson import SwiftLesson

    rough = _rough_swaps(src, dst, described)
    varied = options.warp, options.jitter, options.flip
    return SwiftLesson(src, dst, rough, options.batch_size, *varied)


def _begun(
    described: Description, lesson: Lesson[Any], options: TrainOptions, device: torch.device
) -> Training:
    """A fresh network with its optimizers; the seed decides its first weights."""
    import torch

    from recast.models import MODELS
    from recast.training.checkpoint import Progressed
    from recast.training.loop import Training

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)
        network = MODELS[described.model].build(**described.shape)
    network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizers = {
        name: torch.optim.AdamW(weights, options.learning_rate, betas=(0.9, 0.99), fused=True)
        for name, weights in lesson.parameters(network).items()
    }
    return Training(network, optimizers, Progressed(options=described.options), options.seed)


def _rough_swaps(src: TrainingFaces, dst: TrainingFaces, described: Description) -> RoughSwaps:
    from recast.training.rough_swap import prepare

    if src.meshes is None or dst.meshes is None:
        raise OptionUnusable(
            f"{described.model} needs the dense mesh of every face, and some have none",
            "extract both sides with --detector mesh",
        )
    return prepare(src, dst, framing=described.framing).to(src.faces.device)
