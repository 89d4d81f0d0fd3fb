"""What classic models are shown, and whose weights each update changes."""

from typing import Any

import numpy as np
import pytest
import torch

from recast.models.classic import Bottleneck, ClassicNetwork, Liae, Widths, encoder
from recast.models.classic_models import sae
from recast.training.classic_lesson import ClassicLesson, Varied
from recast.training.classic_updates import Kind, Wanted
from recast.training.faces import TrainingFaces
from recast.training.lesson import step_rng

CPU = torch.device("cpu")
SIDE = 64


def drawn_faces(seed: int, count: int = 6, yaw: float = 0.0) -> TrainingFaces:
    """Smooth random pictures with a disc as mask; landmarks as eyes and a mouth."""
    rng = np.random.default_rng(seed)
    rough = torch.from_numpy(rng.random((count, 3, 8, 8)))
    faces = torch.nn.functional.interpolate(rough, (SIDE, SIDE), mode="bicubic").clamp(0, 1)
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    disc = (np.hypot(x, y) < 26).astype(np.uint8) * 255
    landmarks = np.zeros((count, 68, 2), np.float32)
    for first, last, place in ((36, 42, (22, 26)), (42, 48, (42, 26)), (48, 60, (32, 46))):
        turn = np.linspace(0, 2 * np.pi, last - first, endpoint=False)
        landmarks[:, first:last] = np.stack([4 * np.cos(turn), 2 * np.sin(turn)], 1) + place
    return TrainingFaces(
        (faces * 255).to(torch.uint8),
        torch.from_numpy(disc)[None, None].expand(count, 1, -1, -1).contiguous(),
        None,
        landmarks,
        yaw=np.full(count, yaw) + np.arange(count),
        pitch=np.zeros(count),
    )


def lesson(kind: Kind = "four", *, wanted: Wanted | None = None, **varied: Any) -> ClassicLesson:
    return ClassicLesson(
        kind,
        True,
        drawn_faces(0),
        drawn_faces(1),
        4,
        varied=Varied(**varied),
        wanted=wanted or Wanted(),
    )


def network(kind: Kind = "four") -> ClassicNetwork:
    """A small one that draws at as many scales as the kind's models."""
    torch.manual_seed(0)
    if kind == "four":
        return sae(SIDE, "liae", ae_dims=8, e_dims=2, d_dims=3)
    pair = tuple(Bottleneck(12, SIDE // 16, code=8, low=8, outputs=8) for _ in range(2))
    widths = Widths([12, 8, 6], [6, 4, 4])
    return Liae(encoder([6, 8, 10, 12]), (pair[0], pair[1]), 8, widths, False)


def test_inputs_are_distorted_and_what_is_wanted_is_not() -> None:
    shown = lesson(flip=0.0).batch(step_rng(0, 0, 0, CPU), 0).src
    assert shown.inputs.shape == shown.wanted.shape == (4, 3, SIDE, SIDE)
    assert 0.005 < float((shown.inputs - shown.wanted).abs().mean()) < 0.2
    still = lesson(warp=0.0).batch(step_rng(0, 0, 0, CPU), 0).src
    assert torch.allclose(still.inputs, still.wanted, atol=1e-5)


def test_a_batch_depends_on_nothing_but_its_step() -> None:
    taught = lesson(uniform_yaw=True, jitter=1.0)
    one, again, other = (
        taught.batch(step_rng(0, step, 0, CPU), 4 * step).dst for step in (3, 3, 4)
    )
    assert torch.equal(one.inputs, again.inputs) and torch.equal(one.wanted, again.wanted)
    assert not torch.equal(one.inputs, other.inputs)


def test_src_is_made_larger_and_dst_is_not() -> None:
    def covered(scale: float, side: str) -> float:
        taught = lesson(src_scale=scale, flip=0.0)
        return float(getattr(taught.batch(step_rng(0, 0, 0, CPU), 0), side).masks.mean())

    assert covered(0.2, "src") / covered(0.0, "src") == pytest.approx(1.44, rel=0.1)
    assert covered(0.2, "dst") == covered(0.0, "dst")


def test_src_faces_fed_by_yaw_are_mirrored_where_needed() -> None:
    src, dst = drawn_faces(0, yaw=30), drawn_faces(1, yaw=-40)
    taught = ClassicLesson(
        "joint", True, src, dst, 4, varied=Varied(warp=0.0, flip=0.0, feed_by_yaw=True)
    )
    shown = taught.batch(step_rng(0, 0, 0, CPU), 0).src.wanted
    plain = src.pictures(torch.arange(len(src)), CPU)
    away = [min(float((one - face).abs().mean()) for face in plain.flip(-1)) for one in shown]
    straight = [min(float((one - face).abs().mean()) for face in plain) for one in shown]
    assert np.mean(away) < np.mean(straight)


def test_src_takes_on_the_colours_of_dst() -> None:
    src, dst = drawn_faces(0), drawn_faces(1)
    dim = TrainingFaces(dst.faces // 3, dst.masks, None, dst.landmarks, dst.yaw, dst.pitch)
    taught = ClassicLesson("joint", True, src, dim, 4, varied=Varied(color_transfer=True))
    batch = taught.batch(step_rng(0, 0, 0, CPU), 0)
    assert float(batch.src.wanted.mean()) == pytest.approx(float(batch.dst.wanted.mean()), abs=0.06)


def test_eyes_and_mouth_are_shown_where_they_are() -> None:
    faces = drawn_faces(0)
    spots = faces.features(torch.tensor([0]), CPU)[0, 0]
    assert bool((spots[26, [22, 42]] == 1).all()) and float(spots[46, 32]) == 1
    assert float(spots[10, 10]) == 0 and float(spots[36, 32]) == 0


@pytest.mark.parametrize(
    ("kind", "optimizers"),
    [
        ("joint", ["whole"]),
        ("two", ["src", "dst"]),
        ("four", ["src face", "dst face", "src mask", "dst mask"]),
    ],
)
def test_updates_change_the_weights_that_their_optimizer_has(
    kind: Kind, optimizers: list[str]
) -> None:
    taught, made = lesson(kind), network(kind)
    batch = taught.batch(step_rng(0, 0, 0, CPU), 0)
    owned = taught.parameters(made)
    assert [update.optimizer for update in taught.updates] == optimizers == list(owned)
    for update in taught.updates:
        made.zero_grad(set_to_none=True)
        losses = update.losses(made, batch)
        torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
        touched = {id(w) for w in made.parameters() if w.grad is not None}
        assert touched == {id(w) for w in owned[update.optimizer]}


def test_without_masks_to_learn_there_is_no_update_for_them() -> None:
    taught = ClassicLesson("four", False, drawn_faces(0), drawn_faces(1), 2)
    made = sae(SIDE, "df", learn_mask=False, ae_dims=8, e_dims=2, d_dims=3)
    assert [update.optimizer for update in taught.updates] == ["src face", "dst face"]
    assert list(taught.parameters(made)) == ["src face", "dst face"]


def test_styles_count_in_src_s_update_alone() -> None:
    taught = lesson(wanted=Wanted(face_style=50, background_style=20, priority=True))
    batch, made = taught.batch(step_rng(0, 0, 0, CPU), 0), network()
    names = [set(update.losses(made, batch)) for update in taught.updates]
    assert names[0] == {"src face", "src eyes and mouth", "face style", "background style"}
    assert names[1] == {"dst face", "dst eyes and mouth"}


@pytest.mark.parametrize("kind", ["joint", "two", "four"])
def test_a_few_steps_lower_the_losses(kind: Kind) -> None:
    taught, made = lesson(kind, warp=0.3), network(kind)
    optimizers = {
        name: torch.optim.Adam(weights, 2e-3) for name, weights in taught.parameters(made).items()
    }
    totals = []
    for step in range(30):
        batch = taught.batch(step_rng(0, step, 0, CPU), 4 * step)
        total = 0.0
        for update in taught.updates:
            made.zero_grad(set_to_none=True)
            loss = torch.stack(list(update.losses(made, batch).values())).sum()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizers[update.optimizer].step()
            total += float(loss.detach())
        totals.append(total)
    assert np.mean(totals[-5:]) < 0.8 * np.mean(totals[:5])
