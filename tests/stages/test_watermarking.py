"""Results carry their watermark and, if wanted, a label; both are found where they belong."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import recast
from recast.errors import OptionUnusable, TakeUnreadable
from recast.events import Event, Progress
from recast.images import load, save
from recast.provenance.network_watermark import NetworkReader
from recast.stages import encode, watermarking
from recast.video import TakeWriter, open_take
from recast.workspace import Workspace
from tests.watermark_networks import write_decoder, write_encoder

CPU: dict[str, Any] = {"device": "cpu"}


@pytest.fixture(scope="module")
def merged(trained_once: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    root = tmp_path_factory.mktemp("merged") / "job"
    shutil.copytree(trained_once.root, root)
    job = Workspace.open(root)
    job.merge(**CPU)
    return job


def test_a_result_carries_the_number_its_credentials_and_its_job_name(merged: Workspace) -> None:
    told: list[Event] = []
    found = watermarking.find(merged.result, told.append)
    assert found is not None and len(found.name) == 8
    assert recast.verify(merged.result).watermark == found.name
    assert Workspace.open(merged.root).watermarks == ((found.name, "result.mp4"),)
    assert [event.done for event in told if isinstance(event, Progress)][-1] == 24


def test_it_is_found_after_another_encoding_and_in_a_picture(
    merged: Workspace, tmp_path: Path
) -> None:
    number = recast.verify(merged.result).watermark
    again, shot = tmp_path / "again.mp4", tmp_path / "shot.png"
    take = open_take(merged.result)
    with TakeWriter(again, take.info, crf=23) as writer:
        for frame in take:
            writer.write(frame.image, frame.moment)
    save(shot, take.frame(0).image)
    found, seen = watermarking.find(again), watermarking.find(shot)
    assert found is not None and found.name == number
    assert seen is not None


def test_dst_itself_carries_none(merged: Workspace) -> None:
    assert watermarking.find(merged.take_path("dst")) is None


def test_pictures_are_marked_as_the_video_is_and_pass_it_on(merged: Workspace) -> None:
    number = recast.verify(merged.result).watermark
    folder = merged.merge(pictures=True, **CPU)
    found = watermarking.find(folder)
    assert found is not None and found.name == number
    out = encode.run(merged, encode.EncodeOptions(), out=merged.root / "encoded.mp4")
    assert recast.verify(out).watermark == number
    assert (number, "encoded.mp4") in merged.watermarks


def test_what_makes_another_picture_makes_another_number(merged: Workspace) -> None:
    first = recast.verify(merged.result).watermark
    other = merged.merge(mode="pyramid", frames=":2", out=merged.root / "o.mp4", **CPU)
    assert recast.verify(other).watermark not in ("", first)


def test_a_matte_alone_is_not_marked(merged: Workspace) -> None:
    folder = merged.merge(mode="raw-mask", frames=":1", pictures=True, **CPU)
    image = load(folder / "000000.png")
    assert (image == image[..., :1]).all() and image[:60].max() == 0


def test_long_takes_are_looked_at_in_parts() -> None:
    assert watermarking._spans(100, 25.0) == [range(100)]
    spans = watermarking._spans(100_000, 25.0)
    assert [len(span) for span in spans] == [150] * 3
    assert spans[0].start > 15_000 and spans[-1].stop < 85_000


def test_what_is_no_take_is_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"nothing")
    with pytest.raises(TakeUnreadable):
        watermarking.find(path)


def test_a_label_is_in_every_frame(merged: Workspace) -> None:
    (path,) = merged.faceset_folder("dst").glob("*000001_*.jpg")
    kept = path.read_bytes()
    path.unlink()
    folder = merged.merge(label="ru", frames=":2", pictures=True, **CPU)
    path.write_bytes(kept)
    dst = merged.take("dst")
    for index in range(2):
        before, after = dst.frame(index).image, load(folder / f"{index:06d}.png")
        corner = (slice(430, 475), slice(10, 250))
        assert (before[corner] != after[corner]).mean() > 0.5
        assert np.array_equal(before[:, 600:], after[:, 600:])
    alone = (dst.frame(1).image != load(folder / "000001.png")).any(axis=2)
    assert not alone[:420].any()


def test_labels_are_opaque_and_stay_out_of_layers(merged: Workspace) -> None:
    folder = merged.merge(label="en", frames=":1", pictures=True, alpha=True, **CPU)
    image = load(folder / "000000.png", alpha=True)
    assert image[440:462, 20:100, 3].min() > 100
    with pytest.raises(OptionUnusable, match="--label and --layers"):
        merged.merge(label="en", layers=merged.root / "layers", **CPU)
    with pytest.raises(OptionUnusable, match="cannot draw"):
        merged.merge(label="顔の置換", **CPU)


def test_a_network_draws_the_same_number_once_more(merged: Workspace, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    draws = write_encoder(tmp_path / "draws.onnx")
    reads = NetworkReader.open(write_decoder(tmp_path / "reads.onnx"))
    out = merged.merge(watermark_network=draws, out=tmp_path / "twice.mp4", **CPU)
    number = recast.verify(out).watermark
    told: list[Event] = []
    by_network = watermarking.find_by_network(out, reads, told.append)
    by_pattern = watermarking.find(out)
    assert by_network is not None and f"{by_network:08x}" == number
    assert by_pattern is not None and by_pattern.name == number
    assert [event.done for event in told if isinstance(event, Progress)][-1] == 24
    assert number != recast.verify(merged.result).watermark, "its pictures are others"
    assert watermarking.find_by_network(merged.result, reads) is None
    shot = tmp_path / "shot.png"
    save(shot, open_take(out).frame(20).image)
    assert watermarking.find_by_network(shot, reads) == by_network


def test_a_network_marks_only_frames_that_were_changed(merged: Workspace, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    draws = write_encoder(tmp_path / "draws.onnx")
    (path,) = merged.faceset_folder("dst").glob("*000001_*.jpg")
    kept = path.read_bytes()
    path.unlink()
    folder = merged.merge(watermark_network=draws, frames=":2", pictures=True, **CPU)
    path.write_bytes(kept)
    dst = merged.take("dst")
    assert np.array_equal(dst.frame(1).image, load(folder / "000001.png"))
    assert (dst.frame(0).image != load(folder / "000000.png")).any(axis=2).mean() > 0.5


def test_a_network_that_cannot_mark_is_refused(merged: Workspace, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    draws = write_encoder(tmp_path / "draws.onnx")
    with pytest.raises(OptionUnusable, match="--watermark-network and --layers"):
        merged.merge(watermark_network=draws, layers=tmp_path / "layers", **CPU)
    with pytest.raises(OptionUnusable, match="with transparency only faces show"):
        merged.merge(watermark_network=draws, alpha=True, format="mov-alpha", **CPU)
    with pytest.raises(OptionUnusable, match="does not take a picture and bits"):
        merged.merge(watermark_network=write_decoder(tmp_path / "reads.onnx"), **CPU)


def test_a_watermark_is_noted_once(begin: Callable[..., Workspace], tmp_path: Path) -> None:
    job = begin(tmp_path / "job")
    job.note_watermark("", tmp_path / "none.mp4")
    assert job.watermarks == ()
    for _ in range(2):
        job.note_watermark("00c0ffee", tmp_path / "result.mp4")
    kept = json.loads(job.settings_file.read_text(encoding="utf-8"))["watermarks"]
    assert kept == [{"watermark": "00c0ffee", "result": "result.mp4"}]
