"""Teach a model both faces."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from recast.errors import OptionUnusable, WorkspaceUnusable
from recast.events import Note, Preview, Report, Started, silent
from recast.stages.train_options import ONLY_FOR, ShapeOptions, TrainOptions
from recast.workspace import SIDES, Side, Workspace

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    from recast.faces import Framing
    from recast.faceset import FaceSet
    from recast.provenance import ConsentRecord
    from recast.training.begin import Place
    from recast.training.control import Control
    from recast.training.description import Description
    from recast.training.faces import TrainingFaces
    from recast.training.lesson import Lesson
    from recast.training.state import Keeping, Training


def run(
    workspace: Workspace,
    options: TrainOptions,
    report: Report = silent,
    *,
    control: Control | None = None,
) -> Path:
    """Train, or go on training, and return the model's folder.

    `control` lets another thread stop it, save, and ask for previews.

    Raises:
        ConsentMissing: nobody recorded that src's face may be used.
        ContentRefused: the dst take shows explicit exposure.
        NoFaceFound: a face set is empty.
        OptionUnusable: an option does not fit the model, or what it was begun with; or the
            processes of a team were begun differently.
        OutOfMemory: the model does not fit, whatever is reduced.
        ModelBusy: another program trains this model.
        TrainingDiverged: the losses cannot be brought back to finite values.
        Stopped: `report` or `control` asked for it; everything is saved.
    """
    from recast.stages.guard import run_if_there as look_at_dst
    from recast.training.begin import Place
    from recast.training.lock import locked
    from recast.training.loop import Budget, train
    from recast.training.state import restore
    from recast.training.store import fits_on
    from recast.training.team import team_here

    consent = _check_allowed(workspace, options)
    folder = workspace.model_folder(options.name or options.model)
    facesets = {side: workspace.faceset(side) for side in SIDES}
    described = _described(folder, options, facesets)
    with ExitStack() as stack:
        team, device = stack.enter_context(team_here(options.device))
        team.leader_first(lambda: look_at_dst(workspace, report))
        if team.leads:
            stack.enter_context(locked(folder))
        about = f"{folder.name}: {described.model} at {described.resolution} px on {device}"
        report(Started("train", about))
        src, dst, held = _faces(stack, (folder, team.rank), described, facesets, report)
        if held and fits_on(device, held):
            src, dst = src.to(device), dst.to(device)
        place = Place(device, _memory(described.options), held)
        training = _begun(described, (src, dst), options, place, report)
        training.team = team
        team.require_same(training.shape, device)
        signed = _signing(consent, described.model, report)
        keeping = _keeping(folder, training, (src, dst), options, control, signed)
        if restore(training, keeping, lambda text: report(Note(text, warning=True))):
            report(Note(f"Going on from step {training.progressed.step}."))
        if team.leads:
            _note(folder, described, training)
        if options.debug_samples and team.leads:
            _show_samples(folder, training, report, signed)
        budget = Budget(options.steps, options.minutes)
        train(training, budget, keeping, report=report, control=control)
    return folder


def _note(folder: Path, described: Description, training: Training) -> None:
    """Write down what the model is, and what it takes to merge with it beside its weights."""
    from recast.training.gallery_file import save_gallery

    described.save(folder)
    if training.lesson.gallery is not None:
        save_gallery(folder, training.lesson.gallery)


def _check_allowed(workspace: Workspace, options: TrainOptions) -> ConsentRecord:
    """Refuse what nobody consented to, and what cannot be trained; the consent that holds."""
    from datetime import UTC, datetime

    from recast.provenance.consent import require_consent

    consent = require_consent(workspace.consent, datetime.now(UTC).date())
    _check_options(options)
    return consent


def _check_options(options: TrainOptions) -> None:
    """Refuse what the model does not know, naming the models that do."""
    from recast.models import MODELS

    model = MODELS[options.model]
    foreign = [
        (name, [one for one, other in MODELS.items() if name in other.shape])
        for name in ShapeOptions.model_fields
        if name not in model.shape and getattr(options, name) is not None
    ]
    foreign += [
        (name, list(models))
        for name, models in ONLY_FOR.items()
        if options.model not in models
        and getattr(options, name) != TrainOptions.model_fields[name].default
    ]
    for name, models in foreign:
        raise OptionUnusable(
            f"{options.model} knows no {_flag(name)}",
            f"leave it out, or train one of: {', '.join(models)}",
        )
    if options.resolution is not None and options.resolution not in model.resolutions:
        sides = model.resolutions
        known = f"{sides[0]} px" if len(sides) == 1 else f"{sides[0]} to {sides[-1]} px"
        raise OptionUnusable(
            f"{options.model} draws faces of {known}, not {options.resolution}",
            "choose another --resolution or another model: recast models",
        )


def _check_begun(folder: Path, begun: Description) -> None:
    """Refuse the description of a model that could not have been begun here."""
    from pydantic import ValidationError

    from recast.models import MODELS

    default = MODELS[begun.model].shape if begun.model in MODELS else {}
    chosen = {name: value for name, value in begun.shape.items() if value != default.get(name)}
    try:
        ShapeOptions.model_validate(chosen, strict=True)
        known = begun.model in MODELS and begun.shape.keys() <= default.keys()
        wrong = "" if known else f"no {begun.model} of this recast has such options"
    except ValidationError as error:
        wrong = f"{error.errors(include_url=False)[0]['loc'][0]} is out of its range"
    if wrong:
        raise WorkspaceUnusable(
            f"{folder / 'options.json'} cannot be trained on: {wrong}",
            "update recast, put back a copy, or train under another --name",
        )


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _described(
    folder: Path, options: TrainOptions, facesets: Mapping[Side, FaceSet]
) -> Description:
    """What is trained: as it was begun, with the options of this start."""
    from recast.models import MODELS
    from recast.training.description import Description
    from recast.training.faces import require_faces

    for faces in facesets.values():
        require_faces(faces)
    model, given = MODELS[options.model], options.model_dump(mode="json")
    wanted = {name: given[name] for name in model.shape if given[name] is not None}
    if not (folder / "options.json").exists():
        shape = {**model.shape, **wanted}
        framing = cast("Framing", model.framing_of(shape) or _shared_framing(facesets))
        return Description(options.model, framing, shape, given)
    begun = Description.load(folder)
    _check_begun(folder, begun)
    changed: dict[str, tuple[object, object]] = {"model": (begun.model, options.model)}
    changed |= {name: (begun.shape.get(name), value) for name, value in wanted.items()}
    if not model.framing_of(begun.shape):
        changed["framing"] = (begun.framing, _shared_framing(facesets))
    for what, (old, new) in changed.items():
        if old != new:
            raise OptionUnusable(
                f"{folder.name} was begun with {what} {old} and cannot go on with {new}",
                "train under another --name, or leave the option as it was",
            )
    return replace(begun, options=given)


def _shared_framing(facesets: Mapping[Side, FaceSet]) -> str:
    framings = {str(f) for faces in facesets.values() for f in faces.framings}
    if len(framings) != 1:
        raise OptionUnusable(
            f"the face sets have different framings: {', '.join(sorted(framings)) or 'none'}",
            "extract both sides again with the same --framing",
        )
    return framings.pop()


def _faces(
    stack: ExitStack,
    place: tuple[Path, int],
    described: Description,
    facesets: Mapping[Side, FaceSet],
    report: Report,
) -> tuple[TrainingFaces, TrainingFaces, int]:
    """Both face sets, decoded, and how many bytes of them memory holds; large ones lie in files."""
    from recast.training.faces import Cut, bytes_needed, load_training_faces
    from recast.training.recipes import RECIPES
    from recast.training.store import face_stores, room_for

    recipe = RECIPES[described.model]
    drawn = described.options.get("drawn_masks", True)
    cut = Cut(described.resolution, described.framing, recipe.outline, recipe.meshes, drawn)
    needed = sum(bytes_needed(faces, cut.side) for faces in facesets.values())
    held = needed <= room_for(_memory(described.options))
    stores = {} if held else stack.enter_context(face_stores(*place))
    if stores:
        report(Note("The faces do not fit into memory: they are read from disk while training."))

    def warn(text: str) -> None:
        report(Note(text, warning=True))

    src, dst = (
        load_training_faces(facesets[side], cut, warn, store=stores.get(side)) for side in SIDES
    )
    return src, dst, needed if held else 0


def _memory(options: Mapping[str, Any]) -> int | None:
    """The bytes of --memory."""
    from recast.training.memory import bytes_of

    given = options.get("memory")
    return None if given is None else bytes_of(given)


def _begun(
    described: Description,
    sides: tuple[TrainingFaces, TrainingFaces],
    options: TrainOptions,
    place: Place,
    report: Report,
) -> Training:
    """A training at its first step."""
    from recast.training.begin import begin, compile_segments, fresh_network
    from recast.training.learning import Learning
    from recast.training.memory import Plan
    from recast.training.recipes import RECIPES

    recipe = RECIPES[described.model]
    learning = Learning(
        options.learning_rate or recipe.rate,
        options.schedule or recipe.schedule,
        options.clip,
        options.rate_dropout,
        options.average,
        options.accumulate,
        options.precision,
    )
    usual = recipe.batch_size[place.device.type != "cpu"]
    wanted = Plan(
        options.batch_size or usual,
        options.accumulate,
        options.checkpointing,
        options.optimizer or recipe.optimizer,
    )
    network = fresh_network(described, options.seed, place.device)
    training = begin(
        network,
        _lesson(described, sides, options, place.device),
        learning,
        wanted,
        place,
        betas=recipe.betas,
        fixed_optimizer=options.optimizer is not None,
        report=report,
    )
    if options.compile:
        compile_segments(network, place.device)
    training.seed = options.seed
    training.progressed = replace(training.progressed, options=described.options)
    return training


def _lesson(
    described: Description,
    sides: tuple[TrainingFaces, TrainingFaces],
    options: TrainOptions,
    device: torch.device,
) -> Lesson[Any]:
    """What the model is taught; the batch size is chosen later."""
    from recast.training.classic_lesson import ClassicLesson, Varied
    from recast.training.classic_updates import KINDS, Wanted
    from recast.training.recipes import RECIPES
    from recast.training.rough_swap import prepare
    from recast.training.swift_lesson import SwiftLesson

    recipe = RECIPES[described.model]
    src, dst = sides
    jitter = recipe.jitter if options.jitter is None else options.jitter
    flip = recipe.flip if options.flip is None else options.flip
    if described.model not in KINDS:
        rough = prepare(src, dst, framing=described.framing).to(device)
        sketched = bool(described.shape.get("sketch", False))
        return SwiftLesson(src, dst, rough, 1, options.warp, jitter, flip, sketched)
    varied = Varied(
        options.warp,
        jitter,
        flip,
        options.src_scale / 100,
        options.feed_by_yaw,
        options.uniform_yaw,
        options.color_transfer != "none",
    )
    wanted = Wanted(
        options.pixel_loss, options.face_style, options.background_style, options.priority
    )
    return ClassicLesson(
        KINDS[described.model],
        bool(described.shape.get("learn_mask", True)),
        src,
        dst,
        1,
        options.seed,
        varied,
        wanted,
    )


def _keeping(
    folder: Path,
    training: Training,
    sides: tuple[TrainingFaces, TrainingFaces],
    options: TrainOptions,
    control: Control | None,
    signed: Signing,
) -> Keeping:
    from recast.training.curve import save_curve
    from recast.training.history import read_history
    from recast.training.preview import preview_sheet, save_preview
    from recast.training.state import Keeping

    def draw(step: int) -> Path | None:
        save_curve(folder / "losses.png", read_history(folder / "history.jsonl"))
        turn = control.turn if control else 0
        sheet = preview_sheet(training.network, sides, training.lesson.sketch, turn=turn)
        file = signed(sheet, f"{folder.name}: step {step}")
        if file is None:
            return None
        return save_preview(folder / "preview", step, file, keep=options.preview_history)

    elsewhere = sides[0].faces.device != training.device or sides[0].is_stored
    return Keeping(folder, 60 * options.save_minutes, draw, options.preview_steps, ahead=elsewhere)


def _show_samples(folder: Path, training: Training, report: Report, signed: Signing) -> None:
    from recast.disk import write_whole
    from recast.training.preview import samples_sheet

    lesson, path = training.lesson, folder / "samples.jpg"
    sheet = samples_sheet(lesson.rows(lesson.batch(training.rng(), training.progressed.seen)))
    if (file := signed(sheet, f"{folder.name}: samples")) is not None:
        write_whole(path, file, durable=False)
        report(Preview(path))


Signing = Callable[["NDArray[np.uint8]", str], bytes | None]
"""A picture and its title as a signed file; None if it cannot be signed: then it is not kept."""


def _signing(consent: ConsentRecord, model: str, report: Report) -> Signing:
    """A certificate that ends while it trains must not end the training."""
    from recast.errors import RecastError
    from recast.stages.finish import signed_picture

    def signed(image: NDArray[np.uint8], title: str) -> bytes | None:
        about = f"{model} (while training)"
        try:
            return signed_picture(image, title=title, consent=consent, model=about)
        except RecastError as error:
            report(Note(f"A preview was left out, for it cannot be signed: {error}", warning=True))
            return None

    return signed
