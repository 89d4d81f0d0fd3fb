"""Probes tell whose time it is, and that no work is done twice."""

from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from threading import Barrier

import pytest

import recast
from benchmarks.merge import job_of
from benchmarks.probes import Probes, owner_of
from benchmarks.profile import EXTRACT, MERGE, SORT
from benchmarks.takes import decoded, enlarged
from recast.merging import Look
from recast.stages.merge_frames import merged
from recast.video import TakeWriter, open_take
from recast.video.color import ToRgb

DST = Path(recast.__file__).parent / "samples" / "pair1_dst.mp4"
FRAMES, BATCHES = 16, 2


def test_a_probe_has_its_own_time_without_that_of_probes_inside_it() -> None:
    now = [0.0]
    probes = Probes(lambda: now[0])

    def lasts(seconds: float) -> None:
        now[0] += seconds

    inner = probes.around("inner", lambda: lasts(5))
    innermost = probes.around("outer", lambda: lasts(1))

    def both() -> None:
        inner()
        lasts(2)
        innermost()
        inner()

    probes.around("outer", both)()
    assert probes.seconds == {"inner": 10, "outer": 3}
    assert probes.calls == {"inner": 2, "outer": 2}


def test_threads_do_not_disturb_each_other() -> None:
    probes, meet = Probes(), Barrier(2, timeout=30)
    inner = probes.around("inner", meet.wait)
    outer = probes.around("outer", lambda: (meet.wait(), inner(), meet.wait()))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: outer(), range(2)))
    assert probes.calls == {"inner": 2, "outer": 2}
    assert min(probes.seconds.values()) >= 0


def test_functions_are_as_before_when_the_block_ends_badly() -> None:
    before = ToRgb.__call__
    with pytest.raises(ZeroDivisionError), Probes().on({"": ["recast.video.color:ToRgb.__call__"]}):
        assert ToRgb.__call__ is not before
        raise ZeroDivisionError
    assert ToRgb.__call__ is before


@pytest.mark.parametrize(
    "place", sorted({*chain(*EXTRACT.values(), *SORT.values(), *MERGE.values())})
)
def test_every_probe_finds_its_function(place: str) -> None:
    owner, name = owner_of(place)
    assert callable(getattr(owner, name))


def test_extraction_does_nothing_twice(tmp_path: Path) -> None:
    probes, job = Probes(), recast.Workspace.create(tmp_path / "job", src=DST, dst=DST)
    with probes.on(EXTRACT):
        faces = job.extract("dst", frames=f"0:{FRAMES}")
    assert len(faces) == FRAMES
    once_a_frame = ["colours to RGB", "face files: JPEG", "face files: written"]
    once_a_frame += ["debug pictures: drawn", "debug pictures: JPEG"]
    assert {part: probes.calls[part] for part in once_a_frame} == dict.fromkeys(
        once_a_frame, FRAMES
    )
    assert probes.calls["opening the networks"] == 1
    # Eight frames share a call; the landmark network looks twice at a face.
    assert probes.calls["box network"] == BATCHES
    assert probes.calls["landmark network"] == 2 * BATCHES
    assert probes.calls["note of how far it is"] == BATCHES


def test_a_merge_does_nothing_twice(tmp_path: Path) -> None:
    take = open_take(enlarged("dst", tmp_path / "dst.mp4", (1280, 720), FRAMES))
    assert decoded(take.path) == len(take) == FRAMES
    probes = Probes()
    with probes.on(MERGE), TakeWriter(tmp_path / "out.mp4", take.info) as writer:
        for one in merged(job_of(take, Look(), 200), 0, FRAMES):
            writer.write(one.composed.image, one.frame.moment, one.frame.plate)
    once_a_frame = ["colours to RGB", "cutting", "measuring colours", "measuring grain"]
    once_a_frame += ["matching colours", "blending", "colours from RGB", "the take's own samples"]
    assert {part: probes.calls[part] for part in once_a_frame} == dict.fromkeys(
        once_a_frame, FRAMES
    )
    assert probes.calls["warping back"] == 2 * FRAMES  # face and mask
