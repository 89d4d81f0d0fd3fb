"""Every model draws both people; the classic ones have the weights of their originals."""

from typing import Any

import pytest
import torch

from recast.models import MODELS, SwapNetwork
from recast.models.classic import Bottleneck, ClassicNetwork, Halve, Liae, Twin, Widths, encoder
from recast.models.classic_models import sae

SMALL: dict[str, Any] = {
    "twin": lambda: Twin(
        encoder([4, 4, 8, 8]),
        Bottleneck(8, 2, code=6, low=8, outputs=8),
        8,
        Widths([8, 4, 4], [4, 4, 4]),
        False,
    ),
    "liae": lambda: Liae(
        encoder([4, 4, 8, 8]),
        tuple(Bottleneck(8, 2, code=6, low=8, outputs=8) for _ in range(2)),  # type: ignore[arg-type]
        8,
        Widths([8, 4, 4], [4, 4, 4]),
        False,
    ),
    "sae df": lambda: sae(64, "df", ae_dims=8, e_dims=1, d_dims=3),
    "sae liae": lambda: sae(64, "liae", light=True, ae_dims=8, e_dims=1, d_dims=3),
    "sae without masks": lambda: sae(64, learn_mask=False, ae_dims=8, e_dims=1, d_dims=3),
    "swift": lambda: MODELS["swift"].build(resolution=64, width=8),
}


def network(name: str) -> SwapNetwork:
    torch.manual_seed(0)
    made: SwapNetwork = SMALL[name]()
    return made


def side_of(name: str) -> int:
    return 32 if name in ("twin", "liae") else 64


def parameters(name: str, **shape: Any) -> int:
    model = MODELS[name]
    with torch.device("meta"):
        made = model.fresh({**model.shape, **shape})
    return sum(weight.numel() for weight in made.parameters())


def halve(a: int, b: int) -> int:
    return 25 * a * b + b


def separable(a: int, b: int) -> int:
    return 25 * a + a * b + b


def double(a: int, b: int) -> int:
    return 9 * a * 4 * b + 4 * b


def dense(a: int, b: int) -> int:
    return a * b + b


def branch(inputs: int, widths: list[int], channels: int, scales: int = 1) -> int:
    doubles = sum(double(a, b) for a, b in zip([inputs, *widths], widths, strict=False))
    return doubles + sum(25 * w * channels + channels for w in widths[-scales:])


def chain(widths: list[int]) -> int:
    return sum(halve(a, b) for a, b in zip([3, *widths], widths, strict=False))


CLASSIC = [128, 256, 512, 1024]
H64 = (
    chain(CLASSIC)
    + dense(16 * 1024, 1024)
    + dense(1024, 16 * 1024)
    + double(1024, 512)
    + 2 * (branch(512, [512, 256, 128], 3) + branch(512, [256, 128, 64], 1))
)
H64_LIGHT = (
    chain([128, 256, 512, 768])
    + dense(16 * 768, 512)
    + dense(512, 16 * 512)
    + double(512, 256)
    + 2 * (branch(256, [256, 128, 64], 3) + branch(256, [256, 128, 64], 1))
)
H128 = (
    chain(CLASSIC)
    + dense(64 * 1024, 512)
    + dense(512, 64 * 512)
    + double(512, 512)
    + 2 * (branch(512, [512, 256, 128], 3) + branch(512, [512, 256, 128], 1))
)
H128_LIGHT = (
    chain(CLASSIC)
    + dense(64 * 1024, 256)
    + dense(256, 64 * 256)
    + double(256, 256)
    + 2 * (branch(256, [256, 128, 64], 3) + branch(256, [256, 128, 64], 1))
)
LIAEF128 = (
    chain(CLASSIC)
    + 2 * (dense(64 * 1024, 256) + dense(256, 64 * 512) + double(512, 512))
    + branch(1024, [512, 256, 128], 3)
    + branch(1024, [512, 256, 128], 1)
)


def sae_liae(r: int, a: int, ed: int, *, mask: bool = True, light: bool = False) -> int:
    e, d, m = 3 * ed, 3 * (ed // 2), int(ed / 1.5)
    seen = chain([e, 2 * e, 4 * e, 8 * e])
    if light:
        seen += separable(e, 2 * e) - halve(e, 2 * e)
        seen += separable(4 * e, 8 * e) - halve(4 * e, 8 * e)
    inter = dense(r * r * 8 * e, a) + dense(a, r * r * 2 * a) + double(2 * a, 2 * a)
    drawn = branch(4 * a, [8 * d, 4 * d, 2 * d], 3, 3)
    return seen + 2 * inter + drawn + mask * branch(4 * a, [8 * m, 4 * m, 2 * m], 1, 3)


def sae_df(r: int, a: int, ed: int) -> int:
    e, d, m = 3 * ed, 3 * (ed // 2), int(ed / 1.5)
    bottleneck = dense(r * r * 8 * e, a) + dense(a, r * r * a) + double(a, a)
    drawn = branch(a, [8 * d, 4 * d, 2 * d], 3, 3) + branch(a, [8 * m, 4 * m, 2 * m], 1, 3)
    return chain([e, 2 * e, 4 * e, 8 * e]) + bottleneck + 2 * drawn


COUNTS: list[tuple[str, dict[str, Any], int, float]] = [
    ("h64", {}, H64, 112.75),
    ("h64", {"light": True}, H64_LIGHT, 44.51),
    ("h128", {}, H128, 138.40),
    ("h128", {"light": True}, H128_LIGHT, 55.92),
    ("df", {}, H128, 138.40),
    ("liaef128", {}, LIAEF128, 136.06),
    ("sae", {}, sae_liae(8, 256, 42), 119.20),
    ("sae", {"architecture": "df"}, sae_df(8, 512, 42), 116.65),
    ("sae", {"learn_mask": False}, sae_liae(8, 256, 42, mask=False), 109.80),
    ("sae", {"light": True}, sae_liae(8, 256, 42, light=True), 106.26),
    ("sae", {"resolution": 64}, sae_liae(4, 256, 42), 81.79),
    ("sae", {"ae_dims": 128, "e_dims": 21, "d_dims": 21}, sae_liae(8, 128, 21), 29.48),
]


@pytest.mark.parametrize(("name", "shape", "counted", "millions"), COUNTS)
def test_the_weights_are_as_many_as_in_the_original(
    name: str, shape: dict[str, Any], counted: int, millions: float
) -> None:
    assert parameters(name, **shape) == counted
    assert round(counted / 1e6, 2) == millions


def test_halving_pads_as_tensorflow_does() -> None:
    """ "same" at stride 2: one pixel before the first, two behind the last."""
    layer = Halve(1, 1)
    picture = torch.rand(1, 1, 8, 8)
    kernel, shift = layer.convolution.weight, layer.convolution.bias
    assert isinstance(kernel, torch.Tensor) and isinstance(shift, torch.Tensor)
    padded = torch.zeros(11, 11)
    padded[1:9, 1:9] = picture[0, 0]
    with torch.no_grad():
        got = layer(picture)[0, 0]
        for y in range(4):
            for x in range(4):
                window = padded[2 * y : 2 * y + 5, 2 * x : 2 * x + 5]
                value = (window * kernel[0, 0]).sum() + shift[0]
                value = value if value > 0 else 0.1 * value
                assert float(got[y, x]) == pytest.approx(float(value), abs=1e-5)


@pytest.mark.parametrize("name", SMALL)
def test_every_network_draws_faces_and_masks_of_its_side(name: str) -> None:
    side = side_of(name)
    with torch.inference_mode():
        drawn, masks = network(name).eval()(torch.rand(2, 3, side, side), torch.tensor([0, 1]))
    assert drawn.shape == (2, 3, side, side)
    assert 0 <= float(drawn.min()) <= float(drawn.max()) <= 1
    if name == "sae without masks":
        assert masks is None
    else:
        assert masks is not None and masks.shape == (2, 1, side, side)


@pytest.mark.parametrize("name", SMALL)
def test_a_face_is_drawn_the_same_alone_and_in_a_batch(name: str) -> None:
    side = side_of(name)
    made, faces = network(name).eval(), torch.rand(3, 3, side, side)
    with torch.inference_mode():
        together, _ = made(faces, torch.tensor([0, 1, 0]))
        alone, _ = made(faces[1:2], torch.tensor([1]))
    assert torch.allclose(together[1:2], alone, atol=1e-5)


@pytest.mark.parametrize("name", SMALL)
def test_the_segments_hold_nearly_all_weights(name: str) -> None:
    made = network(name)
    inside = {id(w) for segment in made.segments() for w in segment.parameters()}
    held = sum(w.numel() for w in made.parameters() if id(w) in inside)
    assert held > 0.99 * sum(w.numel() for w in made.parameters())


@pytest.mark.parametrize("name", ["twin", "liae"])
@pytest.mark.parametrize("person", [0, 1])
def test_weights_are_those_that_a_drawing_depends_on(name: str, person: int) -> None:
    made = network(name)
    assert isinstance(made, ClassicNetwork)
    code = made.encode(torch.rand(1, 3, 32, 32))
    total = torch.stack([one.sum() for one in made.scales(code, person, "face")]).sum()
    total.backward()  # type: ignore[no-untyped-call]
    touched = {id(w) for w in made.parameters() if w.grad is not None}
    assert touched == {id(w) for w in made.weights(person, "face")}


def test_liae_draws_src_without_the_bottleneck_of_dst() -> None:
    made = network("liae")
    assert isinstance(made, Liae)
    faces = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        before = [made(faces, torch.tensor([person]))[0] for person in (0, 1)]
        for weight in made.dst.parameters():
            weight.add_(0.1)
        after = [made(faces, torch.tensor([person]))[0] for person in (0, 1)]
    assert torch.equal(before[0], after[0])
    assert not torch.equal(before[1], after[1])


def test_a_face_passes_through_the_code_alone() -> None:
    """Two faces with the same code are drawn the same, whatever they looked like."""
    made = network("twin")
    assert isinstance(made, Twin)
    with torch.no_grad():
        made.bottleneck.squeeze.weight.zero_()
        drawn, _ = made(torch.rand(2, 3, 32, 32), torch.tensor([0, 0]))
    assert torch.allclose(drawn[0], drawn[1], atol=1e-6)


@pytest.mark.parametrize("name", [name for name in MODELS if name != "swift"])
def test_a_resolution_that_cannot_be_halved_is_refused(name: str) -> None:
    with torch.device("meta"), pytest.raises(ValueError, match="multiple of 16"):
        MODELS[name].build(resolution=100)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_names_the_framing_of_its_crops(name: str) -> None:
    model = MODELS[name]
    framing = {"swift": "", "h64": "half", "h128": "half"}.get(name, "full")
    assert model.framing_of(model.shape) == framing
    if name == "sae":
        assert model.framing_of({**model.shape, "face_type": "half"}) == "half"
