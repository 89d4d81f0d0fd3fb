"""A preview is the frame that the merge would write; the comparison is a signed picture."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import recast
from recast.errors import ConsentMissing
from recast.images import load
from recast.stages.merge_options import LookOptions, MergeOptions
from recast.stages.merge_preview import (
    COMPARED_FRAMES,
    COMPARED_MODES,
    HEIGHT,
    MergePreview,
    compare,
    open_preview,
)
from recast.workspace import Workspace

CPU: dict[str, Any] = {"device": "cpu"}


def test_a_preview_is_the_frame_of_the_merge(trained: Workspace) -> None:
    options = {"mode": "seamless", "color_match": "rct", "color_smooth": 1.0, **CPU}
    folder = trained.merge(frames="8:16", pictures=True, **options)
    shown = open_preview(trained, MergeOptions(**options))
    for index in (8, 12, 15):
        difference = np.abs(shown.preview(index).astype(int) - load(folder / f"{index:06d}.png"))
        # The network draws other batches: its sums come out in another order.
        assert difference.max() <= 2 and difference.mean() < 0.01


def test_other_settings_are_shown_without_drawing_again(trained: Workspace) -> None:
    shown = open_preview(trained, MergeOptions(**CPU))
    before = shown.preview(3)
    drawn = list(shown._known.values())
    wide = shown.preview(3, LookOptions(feather=0.2, mode="pyramid", color_match="mkl"))
    assert [a is b for a, b in zip(drawn, shown._known.values(), strict=True)] == [True] * len(
        drawn
    )
    assert (wide != before).any()
    assert np.array_equal(shown.preview(3), before)
    hull = shown.preview(3, LookOptions(mask="hull"))
    assert (hull != before).any()


def test_the_ends_and_beyond(trained: Workspace) -> None:
    shown = open_preview(trained, MergeOptions(**CPU))
    for index in (0, 23):
        assert shown.preview(index).shape == (480, 640, 3)
    for index in (-1, 24):
        with pytest.raises(IndexError, match="24"):
            shown.preview(index)


def test_few_frames_are_kept(trained: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    from recast.stages import merge_preview

    monkeypatch.setattr(merge_preview, "KEPT", 6)
    shown = open_preview(trained, MergeOptions(color_smooth=0, mask_smooth=0, **CPU))
    for index in range(12):
        shown.preview(index)
    assert len(shown._known) == 6


def test_the_next_frame_is_drawn_alone(trained: Workspace) -> None:
    shown = open_preview(trained, MergeOptions(**CPU))
    shown.preview(8)
    before = dict(shown._known)
    shown.preview(9)
    assert len(shown._known) == len(before) + 1
    assert all(shown._known[key] is drawn for key, drawn in before.items())


def test_uncalmed_only_the_frame_itself_is_drawn(trained: Workspace) -> None:
    shown = open_preview(trained, MergeOptions(**CPU))
    quick = shown.preview(8, calmed=False)
    assert [index for index, _ in shown._known] == [8]
    plain = open_preview(trained, MergeOptions(color_smooth=0, mask_smooth=0, **CPU))
    # Other settings, another number in the watermark.
    job = replace(plain.job, watermark=shown.job.watermark)
    assert np.array_equal(quick, MergePreview(job).preview(8))
    assert (shown.preview(8) != quick).any()


def test_a_comparison_shows_frames_by_modes_and_is_signed(trained: Workspace) -> None:
    out = compare(trained, MergeOptions(frames="2:20", **CPU))
    assert out == trained.compared
    width = round(640 * HEIGHT / 480)
    lines = (len(COMPARED_MODES) + 1) // 2
    assert load(out).shape == (2 * COMPARED_FRAMES * HEIGHT, lines * width, 3)
    assert recast.verify(out).intact
    assert out in trained.made_here()


def test_a_comparison_needs_consent(extracted: Workspace, tmp_path: Path) -> None:
    for name in ("consent", "consent_seal"):
        del extracted._settings[name]
    with pytest.raises(ConsentMissing):
        compare(extracted, MergeOptions(**CPU))
