"""A frame under changing settings is the frame that a preview of just those settings shows."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from recast.disk import write_json
from recast.errors import ConsentMissing, OptionUnusable
from recast.faceset import replace_record
from recast.faceset.drawn_mask import with_part
from recast.stages.merge_live import LiveMerge
from recast.stages.merge_options import MergeOptions
from recast.stages.merge_preview import MergePreview, open_preview
from recast.workspace import Workspace

CPU: dict[str, Any] = {"device": "cpu"}


def test_it_shows_what_a_preview_of_these_settings_shows(trained: Workspace) -> None:
    live = LiveMerge(trained.root)
    for given in ({"mode": "seamless"}, {"feather": 0.2, "color_smooth": 0}, {"mask": "hull"}):
        options = MergeOptions(**given, **CPU)
        shown, wanted = live.picture(5, options).astype(int), open_preview(trained, options)
        assert live._shown is not None
        # The number in the watermark may be another one.
        job = replace(wanted.job, watermark=live._shown.job.watermark)
        assert np.abs(shown - MergePreview(job).preview(5)).max() <= 2


def test_ranges_have_settings_of_their_own(trained: Workspace) -> None:
    live, options = LiveMerge(trained.root), MergeOptions(**CPU)
    plain, wide = live.picture(5, options), live.picture(5, MergeOptions(feather=0.3, **CPU))
    ranges = [{"frames": "4:6", "feather": 0.3}]
    assert np.array_equal(live.picture(5, options, ranges), wide)
    assert np.array_equal(live.picture(5, options, [{"frames": "6:9", "feather": 0.3}]), plain)
    with pytest.raises(OptionUnusable, match="entry 1 of the ranges: feather"):
        live.picture(5, options, [{"frames": "4:6", "feather": 3}])
    with pytest.raises(IndexError, match="24"):
        live.picture(24, options)


def test_all_is_prepared_once_until_something_beneath_it_changes(trained: Workspace) -> None:
    live = LiveMerge(trained.root)

    def shown() -> Any:
        live.picture(5, MergeOptions(mask="segmentation", mask_smooth=0, **CPU))
        return live._shown

    first = shown()
    live.picture(6, MergeOptions(mode="seamless", grow=0.1, **CPU))
    assert live._shown is first
    faces = trained.faceset("dst")
    row = faces.frames.tolist().index(5)
    corner = np.array([[0, 0], [60, 0], [60, 60], [0, 60]], np.float32)
    before = live.picture(5, MergeOptions(mask="segmentation", mask_smooth=0, **CPU))
    replace_record(faces.path(row), with_part(faces.record(row), corner, adds=True))
    after = live.picture(5, MergeOptions(mask="segmentation", mask_smooth=0, **CPU))
    assert live._shown is not first and not np.array_equal(before, after)
    second = shown()
    trained.train(steps=21, resolution=64, batch_size=3, device="cpu")
    assert shown() is not second
    third = shown()
    live.picture(5, MergeOptions(smooth=False, **CPU))
    assert live._shown is not third


def test_consent_that_is_recorded_meanwhile_counts(trained: Workspace) -> None:
    known = dict(trained._settings)
    trained._settings |= {"consent": [], "consent_seal": None}
    write_json(trained.settings_file, trained._settings)
    live = LiveMerge(trained.root)
    with pytest.raises(ConsentMissing):
        live.picture(0, MergeOptions(**CPU))
    write_json(trained.settings_file, known)
    assert live.picture(0, MergeOptions(**CPU)).shape == (480, 640, 3)
