"""Training keeps what it did, goes on from there, and mends what breaks."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import recast
from recast import images
from recast.errors import (
    CheckpointUnusable,
    ConsentMissing,
    ModelBusy,
    NoFaceFound,
    OptionUnusable,
    OutOfMemory,
    Stopped,
    TrainingDiverged,
)
from recast.events import Event, Note, Preview, Report, TrainingProgress
from recast.models import MODELS, SwapNetwork
from recast.provenance.statement import COMPOSITE
from recast.training import loop
from recast.training.checkpoint import WHOLE, Progressed, checkpoints, load_newest
from recast.training.control import Control
from recast.training.faces import Cut, load_training_faces
from recast.training.history import read_history
from recast.training.learning import Learning
from recast.training.lesson import Update
from recast.training.lock import locked
from recast.training.loop import Budget, train
from recast.training.rough_swap import prepare
from recast.training.state import Keeping, Training
from recast.training.swift_lesson import Batch, SwiftLesson, losses
from recast.workspace import SIDES, Workspace

StopAt = Callable[..., Report]
TINY: dict[str, Any] = {"resolution": 64, "batch_size": 3, "device": "cpu"}


def saved_steps(folder: Path) -> list[int]:
    return [int(path.name) for path in checkpoints(folder / "checkpoint")]


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(checkpoints(folder / "checkpoint")[-1] / "weights.safetensors")


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_a_training_leaves_all_that_is_promised(trained: Workspace) -> None:
    folder = trained.model_folder("swift")
    options = json.loads((folder / "options.json").read_text(encoding="utf-8"))
    assert (options["version"], options["model"], options["shape"]["resolution"]) == (
        2,
        "swift",
        64,
    )
    assert options["options"]["batch_size"] == 3
    assert saved_steps(folder) == [0, 20]
    history = read_history(folder / "history.jsonl")
    assert [line["step"] for line in history] == [10, 20]
    assert all(np.isfinite(list(line["losses"].values())).all() for line in history)
    assert images.load(folder / "preview" / "00000020.jpg").shape == (6 * 64, 6 * 64, 3)
    assert trained.model_names() == ["swift"]


def test_a_model_described_by_the_first_version_goes_on(extracted: Workspace) -> None:
    """It knew no other shape than the resolution, and no sketches."""
    folder = extracted.train(steps=2, sketch=False, **TINY)
    file = folder / "options.json"
    found = json.loads(file.read_text(encoding="utf-8"))
    resolution = found.pop("shape")["resolution"]
    old = found | {"version": 1, "resolution": resolution}
    file.write_text(json.dumps(old), encoding="utf-8")
    extracted.train(steps=3, **TINY)
    assert saved_steps(folder) == [2, 3]
    assert not (folder / "gallery.safetensors").exists()


def test_a_budget_that_is_used_up_trains_no_more(trained: Workspace) -> None:
    folder = trained.model_folder("swift")
    before, events = weights(folder), list[Event]()
    trained.train(steps=20, report=events.append, **TINY)
    assert not any(isinstance(event, TrainingProgress) for event in events)
    assert all(torch.equal(value, before[name]) for name, value in weights(folder).items())


def test_a_larger_budget_trains_on(trained: Workspace) -> None:
    events: list[Event] = []
    folder = trained.train(steps=33, report=events.append, **TINY)
    done = [event for event in events if isinstance(event, TrainingProgress)]
    assert [event.step for event in done] == [30, 33]
    assert done[-1].share == 1 and done[-1].seconds_left == 0
    assert done[-1].device_memory == 0  # on a CPU
    assert saved_steps(folder) == [20, 33]
    assert any(isinstance(event, Preview) for event in events)


def test_minutes_count_over_all_starts(extracted: Workspace, stop_at: StopAt) -> None:
    with pytest.raises(Stopped):
        extracted.train(minutes=0.02, report=stop_at(TrainingProgress), **TINY)
    folder = extracted.train(minutes=0.02, **TINY)
    newest = load_newest(folder / "checkpoint", pytest.fail)
    assert newest and newest.progressed.seconds >= 1.2
    steps = newest.progressed.step
    extracted.train(minutes=0.02, **TINY)
    assert saved_steps(folder)[-1] == steps


def test_stopping_changes_nothing(
    extracted: Workspace, trained_once: Workspace, stop_at: StopAt
) -> None:
    """Stopped half-way and resumed: the weights of having gone through."""
    with pytest.raises(Stopped):
        extracted.train(steps=20, report=stop_at(TrainingProgress), **TINY)
    folder = extracted.model_folder("swift")
    assert saved_steps(folder) == [0, 10]
    events: list[Event] = []
    extracted.train(steps=20, report=events.append, **TINY)
    assert Note("Going on from step 10.") in events
    through, resumed = weights(trained_once.model_folder("swift")), weights(folder)
    assert through.keys() == resumed.keys()
    for name, value in through.items():
        torch.testing.assert_close(resumed[name], value, rtol=1e-4, atol=1e-6)
    lines = [
        read_history(w.model_folder("swift") / "history.jsonl") for w in (trained_once, extracted)
    ]
    assert [line["step"] for line in lines[1]] == [10, 20]
    assert lines[1][1]["losses"] == pytest.approx(lines[0][1]["losses"], rel=1e-4)


def test_without_consent_nothing_is_begun(tmp_path: Path, short_takes: dict[str, Path]) -> None:
    workspace = Workspace.create(tmp_path / "job", src=short_takes["src"], dst=short_takes["dst"])
    with pytest.raises(ConsentMissing):
        workspace.train(steps=1)
    assert [path.name for path in workspace.root.iterdir()] == ["workspace.json"]


@pytest.mark.parametrize("change", [{"resolution": 96}, {"framing": "head"}])
def test_what_a_model_is_cannot_be_changed(trained: Workspace, change: dict[str, Any]) -> None:
    options = dict(TINY)
    if "framing" in change:
        for side in SIDES:
            trained.extract(side, size=64, **change)
    else:
        options |= change
    with pytest.raises(OptionUnusable, match=next(iter(change))) as caught:
        trained.train(steps=30, **options)
    assert "--name" in caught.value.fix
    trained.train(steps=1, **options, name="another one")
    assert trained.model_names() == ["another one", "swift"]


def test_unlike_framings_are_refused(extracted: Workspace) -> None:
    extracted.extract("src", size=64, framing="head")
    with pytest.raises(OptionUnusable, match="full, head"):
        extracted.train(steps=1, **TINY)


@pytest.mark.parametrize("sides", [["src"], ["dst"], ["src", "dst"]])
def test_an_empty_face_set_is_said(extracted: Workspace, sides: list[Any]) -> None:
    for side in sides:
        for file in extracted.faceset_folder(side).glob("*.jpg"):
            file.unlink()
    with pytest.raises(NoFaceFound, match=f"data_{sides[0]}"):
        extracted.train(steps=1, **TINY)
    assert not extracted.model_names()


def test_a_device_that_is_not_there_is_said(extracted: Workspace) -> None:
    with pytest.raises(OptionUnusable, match="cuda:99") as caught:
        extracted.train(steps=1, device="cuda:99")
    assert "cpu" in caught.value.fix


def test_a_damaged_checkpoint_is_passed_over_and_replaced(trained: Workspace) -> None:
    folder = trained.model_folder("swift")
    trained.train(steps=30, **TINY)
    damage(folder / "checkpoint" / "00000030" / "weights.safetensors")
    events: list[Event] = []
    trained.train(steps=30, report=events.append, **TINY)
    warnings = [event.text for event in events if isinstance(event, Note) and event.warning]
    assert len(warnings) == 1 and "00000030 is damaged" in warnings[0]
    assert Note("Going on from step 20.") in events
    assert saved_steps(folder) == [20, 30]
    found = load_newest(folder / "checkpoint", pytest.fail)
    assert found and found.progressed.step == 30


def test_only_damaged_checkpoints_are_an_error(trained: Workspace) -> None:
    for path in checkpoints(trained.model_folder("swift") / "checkpoint"):
        damage(path / "training.safetensors")
    with pytest.raises(CheckpointUnusable, match="every checkpoint"):
        trained.train(steps=30, **TINY)
    with pytest.raises(CheckpointUnusable, match="every checkpoint"):
        trained.merge()


def test_a_draft_left_by_a_crash_is_cleared_away(trained: Workspace) -> None:
    checkpoint = trained.model_folder("swift") / "checkpoint"
    (checkpoint / "00000025.part").mkdir()
    (checkpoint / "00000025.part" / "weights.safetensors").write_bytes(b"half")
    trained.train(steps=21, **TINY)
    assert sorted(path.name for path in checkpoint.iterdir()) == ["00000020", "00000021"]


def test_history_of_lost_steps_is_dropped(trained: Workspace) -> None:
    history = trained.model_folder("swift") / "history.jsonl"
    with history.open("a", encoding="utf-8") as file:
        file.write('{"step": 30, "seconds": 9.0, "losses": {}}\n{"step": 4')
    trained.train(steps=30, **TINY)
    assert [line["step"] for line in read_history(history)] == [10, 20, 30]
    assert [json.loads(line)["step"] for line in history.read_text().splitlines()] == [10, 20, 30]


def test_later_checkpoints_say_the_options_of_their_start(trained: Workspace) -> None:
    folder = trained.train(steps=21, **{**TINY, "batch_size": 4})
    newest = load_newest(folder / "checkpoint", pytest.fail)
    assert newest and newest.progressed.options["batch_size"] == 4


class World:
    """A training without its stage, so that a test can reach the network."""

    def __init__(self, workspace: Workspace, folder: Path) -> None:
        cut = Cut(64, "full")
        src, dst = (load_training_faces(workspace.faceset(s), cut, pytest.fail) for s in SIDES)
        rough = prepare(src, dst, framing="full")
        torch.manual_seed(0)
        network = MODELS["swift"].build(resolution=64)
        optimizer = torch.optim.AdamW(network.parameters(), 1e-3, fused=True)
        self.rough = rough
        self.training = Training(
            network,
            {"whole": optimizer},
            SwiftLesson(src, dst, rough, batch_size=1),
            Learning(1e-3, "cosine"),
            Progressed(),
        )
        self.folder = folder
        self.events: list[Event] = []

    def poison(self) -> None:
        with torch.no_grad():
            next(iter(self.training.network.parameters())).fill_(torch.nan)

    def train(
        self,
        steps: int,
        report: Report,
        *,
        seconds_between: float = 1e9,
        control: Control | None = None,
    ) -> None:
        def both(event: Event) -> None:
            self.events.append(event)
            report(event)

        keeping = Keeping(self.folder, seconds_between, lambda step: self.folder / "none.jpg")
        train(self.training, Budget(steps), keeping, report=both, control=control)

    @property
    def warnings(self) -> list[str]:
        return [e.text for e in self.events if isinstance(e, Note) and e.warning]


@pytest.fixture
def world(extracted_once: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(loop, "LOOKED_AT", 2)
    (tmp_path / "model").mkdir()
    return World(extracted_once, tmp_path / "model")


@pytest.mark.parametrize("seconds_between", [0.0, 1e9])
def test_broken_weights_are_rolled_back(world: World, seconds_between: float) -> None:
    poisoned = [False]

    def report(event: Event) -> None:
        if isinstance(event, TrainingProgress) and event.step == 4 and not poisoned[0]:
            poisoned[0] = True
            world.poison()

    world.train(8, report, seconds_between=seconds_between)
    good = 2 if seconds_between == 0 else 0
    assert world.warnings == [
        "The losses left all bounds at step 6 (face nan, mask nan); training goes on from step "
        f"{good} at 0.5 of the rate."
    ]
    newest = load_newest(world.folder / "checkpoint", pytest.fail)
    assert newest and (newest.progressed.step, newest.progressed.rate_factor) == (8, 0.5)
    assert all(value.isfinite().all() for value in newest.weights.values())
    steps = [line["step"] for line in read_history(world.folder / "history.jsonl")]
    assert steps == [2, 4, 6, 8]


def test_the_rate_rises_falls_and_rises_as_slowly_with_a_larger_budget() -> None:
    learning, parts = Learning(1e-3, "cosine"), [0.0]
    for step in range(400):
        parts.append(loop.rate_share(learning, step / 400, parts[-1]))
    assert parts[1] == 0.1 and parts.index(max(parts)) == loop.WARM_UP
    assert max(parts) > 0.95 and parts[-1] < 0.03
    again = [parts[-1]]
    for step in range(400, 500):
        again.append(loop.rate_share(learning, step / 4000, again[-1]))
    assert np.diff(again).max() <= 0.9 / loop.WARM_UP + 1e-9
    assert again[-1] > 0.9
    assert loop.rate_share(Learning(1e-3, "constant"), 0.7, 0.0) == 1.0


def test_a_larger_budget_goes_on_from_the_rate_that_was_reached(world: World) -> None:
    world.train(12, lambda event: None)
    reached = world.training.progressed.rate_share
    newest = load_newest(world.folder / "checkpoint", pytest.fail)
    assert newest and newest.progressed.rate_share == reached < 0.1

    def stop(event: Event) -> None:
        if isinstance(event, TrainingProgress):
            raise Stopped("stopped by a test")

    with pytest.raises(Stopped):
        world.train(1200, stop)
    done = world.training.progressed
    assert reached < done.rate_share <= reached + (done.step - 12) * 0.9 / loop.WARM_UP + 1e-9


class HardLesson(SwiftLesson):
    """One whose losses are `times` as high."""

    times = 1.0

    @property
    def updates(self) -> Sequence[Update[Batch]]:
        def hard(network: SwapNetwork, batch: Batch) -> dict[str, torch.Tensor]:
            return {name: loss * self.times for name, loss in losses(network, batch).items()}

        return (Update(WHOLE, hard),)


@pytest.mark.parametrize(("until", "roll_backs"), [(6, 0), (8, 1)])
def test_losses_that_stay_high_roll_back_and_those_of_one_look_do_not(
    world: World, monkeypatch: pytest.MonkeyPatch, until: int, roll_backs: int
) -> None:
    world.training.lesson = HardLesson(**vars(world.training.lesson))

    def report(event: Event) -> None:
        if isinstance(event, TrainingProgress):
            high = 4 <= event.step < until and not world.warnings
            monkeypatch.setattr(HardLesson, "times", 5.0 if high else 1.0)

    world.train(12, report)
    assert len(world.warnings) == roll_backs
    newest = load_newest(world.folder / "checkpoint", pytest.fail)
    assert newest and newest.progressed.rate_factor == 0.5**roll_backs


def test_broken_weights_are_not_saved_when_stopped(world: World) -> None:
    def report(event: Event) -> None:
        if isinstance(event, TrainingProgress):
            world.poison()
            raise Stopped("stopped by a test")

    with pytest.raises(Stopped):
        world.train(8, report)
    assert saved_steps(world.folder) == [0]


def test_what_cannot_be_mended_is_said(world: World) -> None:
    def report(event: Event) -> None:
        if isinstance(event, TrainingProgress):
            world.poison()

    with pytest.raises(TrainingDiverged, match="again after 5 roll-backs") as caught:
        world.train(8, report)
    assert "--learning-rate" in caught.value.fix
    assert len(world.warnings) == 5


def test_faces_that_look_past_each_other_still_train(
    extracted_once: Workspace, world: World
) -> None:
    """No src head looks nearly the way of any dst head: there are no rough swaps."""
    world.rough.row.fill_(-1)
    world.train(2, lambda event: None)
    assert saved_steps(world.folder) == [0, 2]


def test_a_batch_that_does_not_fit_is_halved_and_nothing_is_lost(world: World) -> None:
    """The batch of 4 fails from the third step on, as a device whose memory others took would."""
    world.training.lesson = replace(world.training.lesson, batch_size=4)  # type: ignore[type-var]
    draw = world.training.network.draw

    def crowded(code: Any, identity: torch.Tensor, sketch: Any = None) -> Any:
        if world.training.progressed.step >= 3 and len(code[0]) > 4:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return draw(code, identity, sketch)

    world.training.network.draw = crowded  # type: ignore[method-assign]
    world.train(6, lambda event: None)
    assert len(world.warnings) == 1 and "2 faces at a time instead of 4" in world.warnings[0]
    assert world.training.lesson.batch_size == 2
    assert world.training.learning.accumulate == 2
    newest = load_newest(world.folder / "checkpoint", pytest.fail)
    assert newest and (newest.progressed.step, newest.progressed.seen) == (6, 24)


def test_no_memory_for_even_one_face_is_said(world: World) -> None:
    def full(code: Any, identity: torch.Tensor, sketch: Any = None) -> Any:
        raise MemoryError

    world.training.network.draw = full  # type: ignore[method-assign]
    with pytest.raises(OutOfMemory, match="one face"):
        world.train(2, lambda event: None)


def test_a_control_saves_shows_and_stops(world: World) -> None:
    control, asked = Control(), list[str]()

    def report(event: Event) -> None:
        if isinstance(event, TrainingProgress):
            if event.step == 2:
                control.save()
            if event.step == 4:
                control.next_faces()
            if event.step == 6:
                control.stop()
        if isinstance(event, Preview):
            asked.append(f"preview at {world.training.progressed.step}")

    with pytest.raises(Stopped):
        world.train(100, report, control=control)
    assert saved_steps(world.folder) == [2, 6]
    assert asked == ["preview at 2", "preview at 4"]
    assert control.turn == 1


CLASSIC: dict[str, Any] = {
    "resolution": 64,
    "ae_dims": 32,
    "e_dims": 21,
    "d_dims": 10,
    "batch_size": 2,
    "device": "cpu",
}


@pytest.mark.parametrize("architecture", ["df", "liae"])
def test_sae_trains_goes_on_and_merges(
    extracted: Workspace, architecture: str, stop_at: StopAt, tmp_path: Path
) -> None:
    """Stopped and resumed with everything switched on: the weights of having gone through."""
    options = CLASSIC | {
        "architecture": architecture,
        "average": 0.9,
        "rate_dropout": 0.3,
        "clip": 1.0,
        "accumulate": 2,
        "learn_mask": architecture == "df",
        "face_style": 10.0,
        "priority": True,
        "uniform_yaw": True,
    }
    through = extracted.train("sae", name="through", steps=4, **options)
    with pytest.raises(Stopped):
        extracted.train("sae", name="resumed", steps=2, report=stop_at(TrainingProgress), **options)
    resumed = extracted.train("sae", name="resumed", steps=4, **options)
    one, other = weights(through), weights(resumed)
    for name, value in one.items():
        torch.testing.assert_close(other[name], value, rtol=1e-4, atol=1e-6)
    averages = [
        found.beside("average")
        for folder in (through, resumed)
        if (found := load_newest(folder / "checkpoint", pytest.fail))
    ]
    for name, value in averages[0].items():
        torch.testing.assert_close(averages[1][name], value, rtol=1e-4, atol=1e-6)
    assert any(not torch.equal(averages[0][name], one[name]) for name in one)
    result = extracted.merge(name="through", out=tmp_path / "result.mp4")
    assert result.stat().st_size > 1000


def test_half_faces_are_cut_from_full_ones(extracted: Workspace) -> None:
    folder = extracted.train("sae", steps=1, face_type="half", **CLASSIC)
    described = json.loads((folder / "options.json").read_text(encoding="utf-8"))
    assert described["framing"] == "half"


@pytest.mark.parametrize(
    ("model", "option", "models"),
    [
        ("swift", {"ae_dims": 64}, "sae"),
        ("h64", {"learn_mask": False}, "sae"),
        ("df", {"light": True}, "h64, h128, sae"),
        ("swift", {"uniform_yaw": True}, "h64, h128, df, liaef128, sae"),
        ("h128", {"face_style": 5.0}, "sae"),
    ],
)
def test_an_option_of_other_models_is_refused(
    extracted: Workspace, model: str, option: dict[str, Any], models: str
) -> None:
    with pytest.raises(OptionUnusable, match=next(iter(option)).replace("_", "-")) as caught:
        extracted.train(model, steps=1, **option)
    assert caught.value.fix.endswith(models)
    assert not extracted.model_names()


def test_a_side_that_a_model_cannot_draw_is_refused(extracted: Workspace) -> None:
    with pytest.raises(OptionUnusable, match="h64 draws faces of 64 px, not 128"):
        extracted.train("h64", steps=1, resolution=128)


def test_a_small_budget_of_memory_is_kept_and_said(extracted: Workspace) -> None:
    events: list[Event] = []
    extracted.train("sae", steps=1, memory="1GB", report=events.append, **CLASSIC)
    assert not any(isinstance(e, Note) and "To fit" in e.text for e in events)
    big = CLASSIC | {"e_dims": 42, "d_dims": 42}
    extracted.train("sae", steps=1, memory="1.1GB", name="big", report=events.append, **big)
    said = [e.text for e in events if isinstance(e, Note) and "To fit into 1.1 GB" in e.text]
    assert len(said) == 1 and "adafactor" in said[0]
    with pytest.raises(OutOfMemory, match="may be used"):
        extracted.train("sae", steps=1, memory="500MB", name="huge", **big)


def test_another_optimizer_begins_without_memory_of_the_first(trained: Workspace) -> None:
    events: list[Event] = []
    trained.train(steps=21, optimizer="adabelief", report=events.append, **TINY)
    warned = [e.text for e in events if isinstance(e, Note) and e.warning]
    assert len(warned) == 1 and "was adamw and now is adabelief" in warned[0]


def test_faces_that_memory_does_not_hold_are_read_from_disk(extracted: Workspace) -> None:
    """The weights are those of faces in memory, and nothing is left on disk."""
    held = extracted.train(steps=3, name="held", **TINY)
    events: list[Event] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recast.training.store.SHARE", 1e-9)
        streamed = extracted.train(steps=3, name="streamed", report=events.append, **TINY)
    assert any(isinstance(e, Note) and "read from disk" in e.text for e in events)
    one, other = weights(held), weights(streamed)
    for name, value in one.items():
        torch.testing.assert_close(other[name], value, rtol=1e-4, atol=1e-6)
    assert not (streamed / "decoded").exists()


def test_pictures_of_the_new_face_are_signed(extracted: Workspace) -> None:
    folder = extracted.train(steps=2, debug_samples=True, **TINY)
    pictures = sorted([*(folder / "preview").glob("*.jpg"), folder / "samples.jpg"])
    assert [path.name for path in pictures] == ["00000002.jpg", "samples.jpg"]
    for path in pictures:
        found = recast.verify(path)
        assert found.intact and found.model == "swift (while training)"
        assert found.consent_basis == "synthetic" and found.digital_source_types == (COMPOSITE,)
    assert recast.verify(pictures[0]).title == "swift: step 2"


def test_a_certificate_that_cannot_sign_ends_no_training(
    extracted: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECAST_SIGNING_P12", str(extracted.root / "gone.p12"))
    told: list[Event] = []
    folder = extracted.train(steps=2, report=told.append, **TINY)
    assert not (folder / "preview").exists() and not any(isinstance(e, Preview) for e in told)
    notes = [event for event in told if isinstance(event, Note) and event.warning]
    assert any("cannot be signed" in note.text and "gone.p12" in note.text for note in notes)


def test_previews_come_at_steps_and_only_the_newest_may_stay(extracted: Workspace) -> None:
    folder = extracted.train(steps=40, preview_steps=10, **TINY)
    shown = sorted(path.name for path in (folder / "preview").glob("*.jpg"))
    assert shown == ["00000010.jpg", "00000020.jpg", "00000030.jpg", "00000040.jpg"]
    assert (folder / "losses.png").is_file()
    extracted.train(steps=41, preview_history=False, **TINY)
    assert [path.name for path in (folder / "preview").glob("*.jpg")] == ["00000041.jpg"]


def test_the_samples_fed_in_can_be_seen(extracted: Workspace) -> None:
    events: list[Event] = []
    folder = extracted.train(steps=1, debug_samples=True, report=events.append, **TINY)
    assert Preview(folder / "samples.jpg") in events
    assert images.load(folder / "samples.jpg").shape[0] == 4 * 64


def test_two_trainings_of_one_name_exclude_each_other(extracted: Workspace) -> None:
    with locked(extracted.model_folder("swift")), pytest.raises(ModelBusy):
        extracted.train(steps=1, **TINY)
    extracted.train(steps=1, **TINY)


@pytest.mark.parametrize("precision", ["bf16"])
def test_half_precision_trains(extracted: Workspace, precision: str) -> None:
    folder = extracted.train(steps=2, precision=precision, **TINY)
    assert all(value.isfinite().all() for value in weights(folder).values())


def test_compiling_wants_a_compiler(
    extracted: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(OptionUnusable, match="C\\+\\+ compiler"):
        extracted.train(steps=1, compile=True, **TINY)


def test_fp16_wants_a_cuda_device(extracted: Workspace) -> None:
    with pytest.raises(OptionUnusable, match="fp16") as caught:
        extracted.train(steps=1, precision="fp16", **TINY)
    assert "bf16" in caught.value.fix
