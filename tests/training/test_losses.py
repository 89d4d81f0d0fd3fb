"""Losses against slow, obvious references."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from recast.training.losses import dssim, face_loss, mask_loss


def slow_dssim(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Window by window, one channel (S, S), as the paper writes it."""
    offsets = np.arange(11) - 5
    weights = np.exp(-(offsets**2) / (2 * 1.5**2))
    window = np.outer(weights, weights) / weights.sum() ** 2
    values = []
    for y in range(a.shape[0] - 10):
        for x in range(a.shape[1] - 10):
            p, q = a[y : y + 11, x : x + 11], b[y : y + 11, x : x + 11]
            mp, mq = (window * p).sum(), (window * q).sum()
            vp, vq = (window * (p - mp) ** 2).sum(), (window * (q - mq) ** 2).sum()
            cov = (window * (p - mp) * (q - mq)).sum()
            top = (2 * mp * mq + 0.01**2) * (2 * cov + 0.03**2)
            values.append(top / ((mp**2 + mq**2 + 0.01**2) * (vp + vq + 0.03**2)))
    return float((1 - np.mean(values)) / 2)


@pytest.mark.parametrize("noise", [0.01, 0.3])
def test_dssim_is_the_one_of_the_paper(noise: float) -> None:
    rng = np.random.default_rng(0)
    a = rng.random((18, 18))
    b = np.clip(a + rng.normal(0, noise, a.shape), 0, 1)
    got = dssim(torch.from_numpy(a)[None, None], torch.from_numpy(b)[None, None])
    assert float(got) == pytest.approx(slow_dssim(a, b), abs=1e-6)


def test_equal_pictures_have_no_dissimilarity() -> None:
    picture = torch.rand(2, 3, 16, 16)
    assert float(dssim(picture, picture)) == pytest.approx(0, abs=1e-6)


def test_only_the_masked_part_of_a_face_counts() -> None:
    wanted, drawn = torch.rand(1, 3, 32, 32), torch.rand(1, 3, 32, 32)
    mask = torch.zeros(1, 1, 32, 32)
    mask[..., 8:24, 8:24] = 1
    drawn = drawn * (1 - mask) + wanted * mask
    assert float(face_loss(drawn, wanted, mask, torch.ones_like(mask))) == pytest.approx(
        0, abs=1e-6
    )


def test_weights_raise_the_price_of_a_pixel() -> None:
    wanted, mask = torch.full((1, 3, 16, 16), 0.5), torch.ones(1, 1, 16, 16)
    drawn = wanted + 0.1
    plain = face_loss(drawn, wanted, mask, mask)
    assert float(face_loss(drawn, wanted, mask, 3 * mask) - plain) == pytest.approx(0.2, abs=1e-5)


def test_mask_loss_is_the_mean_difference() -> None:
    assert float(mask_loss(torch.zeros(1, 1, 4, 4), torch.full((1, 1, 4, 4), 0.25))) == 0.25
