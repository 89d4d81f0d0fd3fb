"""Colour matches, in numbers of CIE L*a*b*, inside the mask."""

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from recast.images import Image, Mask
from recast.merging import color
from recast.merging.color import ColorMatch, matched, measure, pooled
from recast.merging.look import COLOR_MATCHES

SIDE = 96
Y, X = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / (SIDE - 1)
DISTANCE = np.hypot(X - 0.5, Y - 0.5)
MASK: Mask = (DISTANCE < 0.4).astype(np.float32)
WITHIN = DISTANCE < 0.37  # the match looks a little inside the edge

FACE: Image = np.stack(
    [0.6 + 0.1 * np.sin(9 * X), 0.45 + 0.1 * np.cos(11 * Y), 0.4 + 0.05 * np.sin(20 * X * Y)], -1
).astype(np.float32)
TARGET: Image = np.stack(
    [0.35 + 0.2 * X, 0.35 + 0.15 * X + 0.05 * np.sin(15 * Y), 0.4 + 0.1 * X], -1
).astype(np.float32)


def lab(image: Image, where: NDArray[np.bool_] = WITHIN) -> NDArray[np.float32]:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2LAB)[where], np.float32)


def applied(match: ColorMatch, face: Image, target: Image, mask: Mask, share: float) -> Image:
    return matched(face, measure(face, target, mask), match, share)


def unchanged(face: Image, target: Image, mask: Mask, share: float) -> Image:
    return applied(color.unchanged, face, target, mask, share)


def reinhard(face: Image, target: Image, mask: Mask, share: float) -> Image:
    return applied(color.reinhard, face, target, mask, share)


def relit(face: Image, target: Image, mask: Mask, share: float) -> Image:
    return applied(color.relit, face, target, mask, share)


def mean(image: Image) -> NDArray[np.float32]:
    return np.asarray(lab(image).mean(0), np.float32)


def test_unchanged_is_unchanged() -> None:
    assert np.array_equal(unchanged(FACE, TARGET, MASK, 1.0), FACE)


def test_reinhard_gives_the_mean_and_the_spread_of_the_target() -> None:
    out = reinhard(FACE, TARGET, MASK, 1.0)
    assert np.allclose(mean(out), mean(TARGET), atol=0.5)
    assert np.allclose(lab(out).std(0), lab(TARGET).std(0), atol=0.5)


def test_reinhard_goes_half_the_way_at_a_half() -> None:
    halfway = (mean(FACE) + mean(TARGET)) / 2
    assert np.allclose(mean(reinhard(FACE, TARGET, MASK, 0.5)), halfway, atol=0.5)


def test_reinhard_at_0_changes_nothing() -> None:
    assert np.allclose(reinhard(FACE, TARGET, MASK, 0.0), FACE, atol=2e-3)


def test_reinhard_keeps_a_flat_face_from_bursting() -> None:
    """The spread grows four times at most, whatever the target asks for."""
    flat = (0.5 + (FACE - 0.5) * 0.01).astype(np.float32)
    out = reinhard(flat, TARGET, MASK, 1.0)
    assert (lab(out).std(0) < lab(flat).std(0) * 4 + 0.1).all()


def test_relit_keeps_the_mean_colour_at_tone_0() -> None:
    assert np.allclose(mean(relit(FACE, TARGET, MASK, 0.0)), mean(FACE), atol=0.4)


def test_relit_moves_the_mean_colour_fully_at_tone_1() -> None:
    assert np.allclose(mean(relit(FACE, TARGET, MASK, 1.0)), mean(TARGET), atol=0.4)


def test_relit_takes_over_the_direction_of_the_light() -> None:
    """Lit from the left, the face comes out lit from the right, as the target is."""
    from_left = np.repeat((0.7 - 0.3 * X)[..., None], 3, 2).astype(np.float32)
    from_right = np.repeat((0.3 + 0.3 * X)[..., None], 3, 2).astype(np.float32)
    light = lab(relit(from_left, from_right, MASK, 0.0))[:, 0]
    right = X[WITHIN] > 0.5
    assert light[right].mean() > light[~right].mean() + 5


def test_relit_keeps_small_features() -> None:
    dotted = FACE.copy()
    dotted[44:48, 44:48] = 0.05
    out = relit(dotted, TARGET, MASK, 1.0)
    assert out[46, 46].mean() < out[46, 56].mean() - 0.25


INSIDE = FACE[WITHIN].astype(np.float64), TARGET[WITHIN].astype(np.float64)


def root(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """By Denman and Beavers' iteration, not by eigenvectors."""
    y, z = matrix.copy(), np.eye(len(matrix))
    for _ in range(60):
        y, z = (y + np.linalg.inv(z)) / 2, (z + np.linalg.inv(y)) / 2
    return y


def test_lct_is_root_of_target_by_root_of_source() -> None:
    own, wanted = (np.cov(p.T, bias=True) + np.eye(3) * color.THICKNESS for p in INSIDE)
    a = root(wanted) @ np.linalg.inv(root(own))
    slow = (INSIDE[0] - INSIDE[0].mean(0)) @ a.T + INSIDE[1].mean(0)
    out = applied(color.linear, FACE, TARGET, MASK, 1.0)[WITHIN]
    assert np.abs(out - slow.clip(0, 1)).mean() < 5e-3
    assert np.allclose(np.cov(out.T), np.cov(INSIDE[1].T), atol=4e-4)


def test_mkl_is_the_closed_form_and_symmetric() -> None:
    own, wanted = (np.cov(p.T, bias=True) + np.eye(3) * color.THICKNESS for p in INSIDE)
    r = root(own)
    a = np.linalg.inv(r) @ root(r @ wanted @ r) @ np.linalg.inv(r)
    assert np.allclose(a, a.T, atol=1e-6)
    slow = (INSIDE[0] - INSIDE[0].mean(0)) @ a.T + INSIDE[1].mean(0)
    out = applied(color.monge_kantorovich, FACE, TARGET, MASK, 1.0)[WITHIN]
    assert np.abs(out - slow.clip(0, 1)).mean() < 5e-3


@pytest.mark.parametrize("name", ["lct", "mkl"])
def test_a_nearly_flat_face_does_not_burst_into_colour(name: Any) -> None:
    """No direction of colour is spread more than four times."""
    flat = (0.5 + (FACE - 0.5) * np.array([1, 0.02, 0.02])).astype(np.float32)
    out = applied(COLOR_MATCHES[name], flat, TARGET, MASK, 1.0)[WITHIN]
    before, after = (np.linalg.svd(p - p.mean(0), compute_uv=False) for p in (flat[WITHIN], out))
    assert (after <= 4.05 * before[0]).all()
    assert np.ptp(out[:, 1]) < 4.2 * np.ptp(flat[WITHIN])


def test_hist_sends_each_rank_to_the_value_of_that_rank() -> None:
    out = applied(color.histogram, FACE, TARGET, MASK, 1.0)[WITHIN]
    for channel in range(3):
        order = np.argsort(INSIDE[0][:, channel])
        slow = np.sort(INSIDE[1][:, channel])
        assert np.abs(out[order, channel] - slow).mean() < 0.01


def sliced_distance(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Mean distance of sorted projections on many directions."""
    turns = np.random.default_rng(7).normal(size=(3, 64))
    turns /= np.linalg.norm(turns, axis=0)
    return float(np.abs(np.sort(one @ turns, axis=0) - np.sort(other @ turns, axis=0)).mean())


@pytest.mark.parametrize("name", ["idt", "sot"])
def test_the_whole_distribution_comes_near_the_targets(name: Any) -> None:
    out = applied(COLOR_MATCHES[name], FACE, TARGET, MASK, 1.0)[WITHIN]
    before = sliced_distance(INSIDE[0], INSIDE[1])
    linear = applied(color.monge_kantorovich, FACE, TARGET, MASK, 1.0)[WITHIN]
    assert sliced_distance(out, INSIDE[1]) < 0.1 * before
    assert sliced_distance(out, INSIDE[1]) < sliced_distance(linear, INSIDE[1])


def test_mix_takes_lightness_by_its_spread_and_colour_by_transport() -> None:
    out = applied(COLOR_MATCHES["mix"], FACE, TARGET, MASK, 1.0)
    assert np.allclose(lab(out)[:, 0].mean(), lab(TARGET)[:, 0].mean(), atol=0.7)
    assert np.allclose(lab(out)[:, 0].std(), lab(TARGET)[:, 0].std(), atol=0.7)
    for channel in (1, 2):
        ours, theirs = np.sort(lab(out)[:, channel]), np.sort(lab(TARGET)[:, channel])
        assert np.abs(ours - theirs).mean() < 0.8


def test_the_crop_can_be_measured_instead_of_the_mask() -> None:
    whole = matched(FACE, measure(FACE, TARGET, MASK, area="crop"), color.reinhard, 1.0)
    everywhere = np.ones(MASK.shape, bool)
    assert np.allclose(lab(whole, everywhere).mean(0), lab(TARGET, everywhere).mean(0), atol=0.6)


def test_of_a_face_that_is_lit_as_dst_only_the_mean_colour_moves() -> None:
    lit = measure(FACE, TARGET, MASK, lit=True)
    assert np.allclose(matched(FACE, lit, color.relit, 0.0), FACE, atol=2e-3)
    moved = matched(FACE, lit, color.relit, 1.0)
    assert np.allclose(mean(moved), mean(TARGET), atol=0.7)
    assert np.allclose(lab(moved) - mean(moved), lab(FACE) - mean(FACE), atol=0.7)
    among = pooled([lit, measure(FACE, TARGET, MASK)], [1.0, 1.0])
    assert np.allclose(among.light, measure(FACE, TARGET, MASK).light / 2, atol=1e-3)


def test_pooled_measures_count_by_their_weight() -> None:
    """One and a half of it: as many pixels of the one and half as many of the other."""
    dark = (TARGET * 0.5).astype(np.float32)
    one, two = measure(FACE, TARGET, MASK), measure(FACE, dark, MASK)
    both = pooled([one, two], [1.0, 0.5])
    found, _ = color.mean_and_spread(both.wanted, both.weights)
    slow = (one.wanted.mean(0) * 2 + two.wanted.mean(0)) / 3
    assert np.allclose(found, slow, atol=2e-3)
    assert pooled([one], [1.0]) is one


@pytest.mark.parametrize("shares", [(1, 1, 1, 1), (1, 3, 1, 2)])
def test_quantiles_are_those_of_repeated_values(shares: tuple[int, ...]) -> None:
    values = np.array([0.5, 0.1, 0.9, 0.3], np.float32)
    repeated = np.sort(np.repeat(values, np.array(shares) * 1000))
    found = color.quantiles(values, np.array(shares, np.float32))
    centre = found[len(found) // 2]
    assert abs(centre - repeated[len(repeated) // 2]) < 0.25
    assert found[0] == values.min() and found[-1] == values.max()
    assert (np.diff(found) >= 0).all()


@pytest.mark.parametrize("match", COLOR_MATCHES.values(), ids=COLOR_MATCHES.keys())
class TestEveryMatch:
    def test_looks_at_masked_pixels_only(self, match: ColorMatch) -> None:
        other_face, other_target = FACE.copy(), TARGET.copy()
        other_face[MASK == 0], other_target[MASK == 0] = [1, 0, 0], [0, 1, 0]
        out = applied(match, other_face, other_target, MASK, 0.7)
        assert np.allclose(
            out[MASK > 0], applied(match, FACE, TARGET, MASK, 0.7)[MASK > 0], atol=1e-3
        )

    def test_leaves_a_face_that_already_fits(self, match: ColorMatch) -> None:
        assert np.allclose(applied(match, FACE, FACE, MASK, 1.0)[WITHIN], FACE[WITHIN], atol=6e-3)

    def test_leaves_its_inputs_alone(self, match: ColorMatch) -> None:
        face, target, mask = FACE.copy(), TARGET.copy(), MASK.copy()
        applied(match, face, target, mask, 1.0)
        assert np.array_equal(face, FACE)
        assert np.array_equal(target, TARGET)
        assert np.array_equal(mask, MASK)

    @pytest.mark.parametrize("tone", [0.0, 1.0])
    def test_stays_within_0_and_1(self, match: ColorMatch, tone: float) -> None:
        harsh = (np.round(FACE * 3) % 2).astype(np.float32)
        out = applied(match, harsh, 1 - TARGET, MASK, tone)
        assert out.dtype == np.float32
        assert out.min() >= 0
        assert out.max() <= 1

    def test_gives_the_face_back_when_the_mask_is_empty(self, match: ColorMatch) -> None:
        assert np.array_equal(applied(match, FACE, TARGET, np.zeros_like(MASK), 1.0), FACE)
