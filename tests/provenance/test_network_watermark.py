"""Networks that draw and read a second watermark, and those that do not fit."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from recast.errors import OptionUnusable
from recast.provenance.network_watermark import NetworkReader, NetworkWatermark, number_read
from tests.watermark_networks import write_decoder, write_encoder

pytest.importorskip("onnx")

Frame = NDArray[np.uint8] | NDArray[np.uint16]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[NetworkWatermark, NetworkReader]:
    folder = tmp_path_factory.mktemp("networks ж")
    return (
        NetworkWatermark.open(write_encoder(folder / "encoder.onnx")),
        NetworkReader.open(write_decoder(folder / "decoder.onnx")),
    )


def drawn_frame(size: tuple[int, int], depth: type = np.uint8) -> Frame:
    """A soft slope of colours, as deep as asked for."""
    width, height = size
    down, across = np.mgrid[:height, :width]
    waves = [np.sin(down / height * turn + across / width * 3) for turn in (2, 4, 5)]
    levels = (np.stack(waves, -1) * 0.4 + 0.5) * np.iinfo(depth).max
    return np.asarray(levels, depth)


@pytest.mark.parametrize("size", [(640, 480), (256, 256), (400, 800), (1280, 500), (90, 300)])
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_a_number_is_read_back(
    pair: tuple[NetworkWatermark, NetworkReader], size: tuple[int, int], depth: type
) -> None:
    draws, reads = pair
    frame = drawn_frame(size, depth)
    before = frame.copy()
    marked = draws.drawn(frame, 0xBADC0DE)
    assert np.array_equal(frame, before) and marked.dtype == depth and marked.shape == frame.shape
    change = np.abs(marked.astype(float) - frame) / np.iinfo(depth).max
    assert 0.001 < change.mean() < 0.1 and change.max() <= 0.101
    assert number_read([reads.read(marked)]) == 0xBADC0DE
    assert number_read([reads.read(frame)]) is None
    assert number_read([]) is None


def test_of_long_frames_the_middle_is_marked(pair: tuple[NetworkWatermark, NetworkReader]) -> None:
    frame = drawn_frame((1000, 300))
    changed = (pair[0].drawn(frame, 5) != frame).any(axis=(0, 2))
    assert changed[350:650].mean() > 0.9 and not changed[:350].any() and not changed[650:].any()


def test_what_is_dark_or_white_stays_in_range(
    pair: tuple[NetworkWatermark, NetworkReader],
) -> None:
    for level in (0, 255):
        marked = pair[0].drawn(np.full((256, 256, 3), level, np.uint8), 9)
        assert abs(marked.astype(int) - level).max() < 30, "it wrapped around"


def test_frames_together_tell_what_one_does_not(
    pair: tuple[NetworkWatermark, NetworkReader],
) -> None:
    draws, reads = pair
    rng = np.random.default_rng(3)
    readings = []
    for _ in range(30):
        marked = draws.drawn(drawn_frame((256, 256)), 0xC0FFEE).astype(float)
        blotches = rng.normal(0, 45, (64, 64, 1)).repeat(4, axis=0).repeat(4, axis=1)
        noisy = marked + blotches
        readings.append(reads.read(np.asarray(noisy.clip(0, 255), np.uint8)))
    assert number_read(readings[:1]) is None
    assert number_read(readings) == 0xC0FFEE


def test_one_marked_frame_among_others_is_enough(
    pair: tuple[NetworkWatermark, NetworkReader],
) -> None:
    draws, reads = pair
    others = [reads.read(draws.drawn(drawn_frame((256, 256)), number)) for number in range(8)]
    few = [-one for one in others]  # sure of what is no number
    assert number_read([*few, reads.read(draws.drawn(drawn_frame((300, 300)), 77))]) == 77


Open = Callable[[Path], object]


@pytest.mark.parametrize("opener", [NetworkWatermark.open, NetworkReader.open])
def test_files_that_are_no_network_are_refused(tmp_path: Path, opener: Open) -> None:
    path = tmp_path / "net ж.onnx"
    with pytest.raises(OptionUnusable, match="no such file") as missing:
        opener(path)
    assert "TrustMark" in missing.value.fix
    for content in (b"", b"nothing", b"\x08\x08" + bytes(200)):
        path.write_bytes(content)
        with pytest.raises(OptionUnusable, match=r"net ж\.onnx is no network that"):
            opener(path)
    with pytest.raises(OptionUnusable, match="no network"):
        opener(tmp_path)


def test_networks_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    draws = write_encoder(tmp_path / "draws.onnx")
    reads = write_decoder(tmp_path / "reads.onnx")
    with pytest.raises(OptionUnusable, match="does not take a picture and bits"):
        NetworkWatermark.open(reads)
    with pytest.raises(OptionUnusable, match="does not take a picture alone"):
        NetworkReader.open(draws)
    with pytest.raises(OptionUnusable, match="takes 32 bits, not 100"):
        NetworkWatermark.open(write_encoder(tmp_path / "few.onnx", bits=32))
    with pytest.raises(OptionUnusable, match=r"takes tensor\(float\) of \[1, 1, 256, 256\]"):
        NetworkWatermark.open(write_encoder(tmp_path / "grey.onnx", colours=1))
    with pytest.raises(OptionUnusable, match=r"takes tensor\(float\) of"):
        NetworkWatermark.open(write_encoder(tmp_path / "large.onnx", side=2048))
    with pytest.raises(OptionUnusable, match="does not give 100 bits"):
        NetworkReader.open(write_decoder(tmp_path / "short.onnx", bits=64))


def test_its_file_is_known_by_its_hash(tmp_path: Path) -> None:
    import hashlib

    path = write_encoder(tmp_path / "encoder.onnx")
    found = NetworkWatermark.open(path)
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
