"""The classic models' losses against slow, obvious references in NumPy."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from recast.training.classic_losses import (
    background_style,
    blurred,
    face_style,
    features_loss,
    mask_scales_loss,
    masked_dssim,
    reduced,
    scales_loss,
    softened,
)

Pictures = NDArray[np.float64]
SIDE = 16


def pictures(seed: int, channels: int = 3, count: int = 2) -> Tensor:
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.random((count, channels, SIDE, SIDE)))


def slow_dssim(a: Pictures, b: Pictures, top: float = 1.0) -> float:
    """Of one pair (C, S, S) whose values reach `top`, window by window."""
    offsets = np.arange(11) - 5
    line = np.exp(-(offsets**2) / (2 * 1.5**2))
    window = np.outer(line, line) / line.sum() ** 2
    c1, c2 = (0.01 * top) ** 2, (0.03 * top) ** 2
    values = []
    for p_all, q_all in zip(a, b, strict=True):
        for y in range(SIDE - 10):
            for x in range(SIDE - 10):
                p, q = p_all[y : y + 11, x : x + 11], q_all[y : y + 11, x : x + 11]
                mp, mq = (window * p).sum(), (window * q).sum()
                vp, vq = (window * (p - mp) ** 2).sum(), (window * (q - mq) ** 2).sum()
                cov = (window * (p - mp) * (q - mq)).sum()
                top_part = (2 * mp * mq + c1) * (2 * cov + c2)
                values.append(top_part / ((mp**2 + mq**2 + c1) * (vp + vq + c2)))
    return float((1 - np.mean(values)) / 2)


def slow_blur(picture: Pictures, sigma: float) -> Pictures:
    """Of one channel (S, S); black beyond the edge."""
    reach = int(sigma)
    offsets = np.arange(-reach, reach + 1)
    line = np.exp(-(offsets**2) / (2 * sigma**2))
    line /= line.sum()
    result = np.zeros_like(picture)
    for y in range(SIDE):
        for x in range(SIDE):
            for j, down in zip(offsets, line, strict=True):
                for i, across in zip(offsets, line, strict=True):
                    if 0 <= y + j < SIDE and 0 <= x + i < SIDE:
                        result[y, x] += down * across * picture[y + j, x + i]
    return result


def slow_style(a: Pictures, b: Pictures, mask: Pictures, sigma: float) -> float:
    total = 0.0
    for p, q, m in zip(a, b, mask, strict=True):
        for channel in range(3):
            one, other = (slow_blur(2 * x[channel] * m[0], sigma) for x in (p, q))
            total += (one.mean() - other.mean()) ** 2
            total += (np.sqrt(one.var() + 1e-5) - np.sqrt(other.var() + 1e-5)) ** 2
    return total


def test_dssim_counts_inside_the_mask() -> None:
    a, b, mask = pictures(0), pictures(1), (pictures(2, 1) > 0.5).double()
    pairs = zip((a * mask).numpy(), (b * mask).numpy(), strict=True)
    wanted = np.mean([slow_dssim(p, q) for p, q in pairs])
    assert float(masked_dssim(a, b, mask)) == pytest.approx(wanted, abs=1e-6)


def test_scales_add_up_squared_dssim_a_hundred_times() -> None:
    """On 0..2, where SAE computed it, as well as on 0..1."""
    a, b = [pictures(0), pictures(1)], [pictures(2), pictures(3)]
    masks = [pictures(4, 1), pictures(5, 1)]
    wanted = 0.0
    for drawn, target, mask in zip(a, b, masks, strict=True):
        p, q = (2 * drawn * mask).numpy(), (2 * target * mask).numpy()
        pairs = zip(p, q, strict=True)
        wanted += 100 * float(np.mean([slow_dssim(x, y, top=2) ** 2 for x, y in pairs]))
    assert float(scales_loss(a, b, masks, pixels=False)) == pytest.approx(wanted, rel=1e-4)


def test_pixel_loss_is_squared_differences_on_the_originals_range() -> None:
    a, b, mask = pictures(0), pictures(1), pictures(2, 1)
    signed = ((2 * a.numpy() - 1) - (2 * b.numpy() - 1)) * mask.numpy()
    wanted = 100 * (signed**2).mean()
    assert float(scales_loss([a], [b], [mask], pixels=True)) == pytest.approx(wanted, rel=1e-9)


def test_mask_loss_is_squared_differences_on_the_originals_range() -> None:
    a, b = [pictures(0, 1), pictures(1, 1)], [pictures(2, 1), pictures(3, 1)]
    wanted = sum(
        (((2 * p.numpy() - 1) - (2 * q.numpy() - 1)) ** 2).mean() for p, q in zip(a, b, strict=True)
    )
    assert float(mask_scales_loss(a, b)) == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("sigma", [1.0, 2.0])
def test_blur_is_a_centred_gaussian(sigma: float) -> None:
    picture = pictures(0, 2, 1)
    got = blurred(picture, sigma).numpy()[0]
    wanted = np.stack([slow_blur(channel, sigma) for channel in picture.numpy()[0]])
    assert np.allclose(got, wanted, atol=1e-6)


def test_a_soft_mask_stays_in_its_place() -> None:
    """The original's kernel was off its centre by one pixel."""
    mask = torch.zeros(1, 1, 65, 65)
    mask[..., 20:45, 20:45] = 1
    soft = softened(mask)
    assert torch.allclose(soft, soft.flip(-1), atol=1e-6)
    assert torch.allclose(soft, soft.flip(-2), atol=1e-6)


def test_face_style_compares_means_and_spreads_of_wide_blurs() -> None:
    a, b, mask = pictures(0), pictures(1), (pictures(2, 1) > 0.3).double()
    wanted = 0.2 * 50 / 100 * slow_style(a.numpy(), b.numpy(), mask.numpy(), SIDE / 8)
    assert float(face_style(a, b, mask, 50)) == pytest.approx(wanted, rel=1e-5)


def test_face_style_has_a_slope_where_a_picture_is_flat() -> None:
    flat = torch.full((1, 3, SIDE, SIDE), 0.5, requires_grad=True)
    zero = torch.zeros(1, 1, SIDE, SIDE)
    face_style(flat, pictures(0, count=1).float(), zero, 100).backward()  # type: ignore[no-untyped-call]
    assert flat.grad is not None and bool(flat.grad.isfinite().all())


@pytest.mark.parametrize("pixels", [False, True])
def test_background_style_counts_outside_the_mask(pixels: bool) -> None:
    a, b, mask = pictures(0), pictures(1), (pictures(2, 1) > 0.5).double()
    outside = scales_loss([a], [b], [1 - mask], pixels=pixels)
    got = background_style(a, b, mask, 30, pixels=pixels)
    assert float(got) == pytest.approx(0.3 * float(outside), rel=1e-9)
    assert float(background_style(a, b, torch.ones_like(mask), 30, pixels=pixels)) < 1e-9


def test_eyes_and_mouth_count_three_hundred_times() -> None:
    a, b, features = pictures(0), pictures(1), (pictures(2, 1) > 0.9).double()
    wanted = 300 * np.mean(np.abs(a.numpy() - b.numpy()) * features.numpy())
    assert float(features_loss(a, b, features)) == pytest.approx(wanted, rel=1e-9)


def test_reduced_pictures_keep_their_values_in_range() -> None:
    sharp = (pictures(0) > 0.5).float()
    quarter, half, whole = reduced(sharp, [4, 8, SIDE])
    assert [one.shape[-1] for one in (quarter, half, whole)] == [4, 8, SIDE]
    assert torch.equal(whole, sharp)
    assert float(half.min()) >= 0 and float(half.max()) <= 1
    assert float(quarter.mean()) == pytest.approx(float(sharp.mean()), abs=0.05)
