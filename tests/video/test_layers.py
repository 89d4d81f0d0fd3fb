"""Layers for compositors: three pictures of each frame, and where the faces lie."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recast.errors import DiskTrouble, OptionUnusable, TakeUnreadable, TakeUnwritable
from recast.geometry import Similarity
from recast.images import FrameImage
from recast.video import FORMATS, LayersWriter, PlacedCrop, Take, join_layers, open_take
from recast.video.layers import check_layers, layer_name, read_layers

WITH_ALPHA = [name for name, format in FORMATS.items() if format.alpha]
TURN = Similarity(np.array([[0.5, -0.25, 3.0], [0.25, 0.5, -7.0]]))
SIZE = (64, 48)


def face(take: Take, index: int) -> FrameImage:
    image = 255 - take.frame(index).image
    made: FrameImage = np.dstack([image, np.full(image.shape[:2], 200, image.dtype)])
    return made


def matte(index: int) -> Any:
    return np.add.outer(np.arange(SIZE[1]), np.arange(SIZE[0])).astype(np.uint8) + np.uint8(index)


def written(take: Take, folder: Path, name: str, cuts: tuple[int, ...] = (0, 4, 7)) -> Path:
    """Layers in segments; every second frame has no face."""
    parts = []
    for start, stop in pairwise(cuts):
        parts.append(folder / f"part {start}")
        with LayersWriter(parts[-1], take.info, format=name, first=start) as writer:
            for frame in take.frames(start, stop):
                if frame.index % 2:
                    writer.write(None, None, frame)
                    continue
                crops = [PlacedCrop(TURN, 256, "full", track=frame.index)]
                writer.write(face(take, frame.index), matte(frame.index), frame, crops)
    join_layers(parts, folder / "layers", like=take.info, sound_from=take.path)
    return folder / "layers"


@pytest.fixture
def take(tmp_path: Path, filmed: Any) -> Take:
    return open_take(filmed(tmp_path / "a.mp4", 7, sound="aac", tags=(1, 13, 1, 1)))


@pytest.mark.parametrize("name", WITH_ALPHA)
def test_every_layer_has_every_frame(
    tmp_path: Path, take: Take, other_reader: Any, name: str
) -> None:
    out = written(take, tmp_path, name)
    picture = FORMATS[name].picture
    places = {
        layer: out / (f"{layer}/%06d{picture}" if picture else layer_name(layer, name))
        for layer in ("face", "matte", "plate")
    }
    for place in places.values():
        found = other_reader.video(place)
        assert int(found["nb_read_frames"]) == 7
        assert (found["width"], found["height"]) == SIZE
    pixels = other_reader.pixels(places["face"], "rgba")
    assert not pixels[1::2, ..., 3].any()
    assert np.abs(pixels[::2, ..., 3].astype(int) - 200).max() <= 1
    sounds = [path for path in out.rglob("*") if _sounds(other_reader, path)]
    assert sounds == [out / "plate" / "sound.wav" if picture else places["plate"]]


def _sounds(reader: Any, path: Path) -> bool:
    return path.suffix in {".wav", ".mov", ".mkv"} and any(
        stream["codec_type"] == "audio" for stream in reader.streams(path)
    )


@pytest.mark.parametrize("name", [name for name in WITH_ALPHA if FORMATS[name].lossless])
def test_lossless_layers_hold_the_very_values(
    tmp_path: Path, take: Take, other_reader: Any, name: str
) -> None:
    out = written(take, tmp_path, name)
    names = {layer: out / layer_name(layer, name) for layer in ("face", "matte", "plate")}
    faces = other_reader.pixels(names["face"], "rgba")
    np.testing.assert_array_equal(faces[::2], [face(take, i) for i in range(0, 7, 2)])
    assert not faces[1::2].any()
    mattes = other_reader.pixels(names["matte"], "rgb24")
    np.testing.assert_array_equal(mattes[::2, ..., 0], [matte(i) for i in range(0, 7, 2)])
    assert (mattes == mattes[..., :1]).all() and not mattes[1::2].any()
    if name == "ffv1":
        before = other_reader.samples(take.path, "yuv420p")
        np.testing.assert_array_equal(other_reader.samples(names["plate"], "yuv420p"), before)


def test_a_matte_is_no_light(tmp_path: Path, take: Take) -> None:
    oiio = pytest.importorskip("OpenImageIO")
    out = written(take, tmp_path, "exr")
    pixels = oiio.ImageInput.open(str(out / "matte" / "000002.exr")).read_image("float")
    np.testing.assert_allclose(pixels[..., 0], matte(2) / 255, atol=1e-3)


def test_transforms_are_listed_for_every_frame(tmp_path: Path, take: Take) -> None:
    found = read_layers(written(take, tmp_path, "png"))
    assert (found["version"], found["format"], found["size"]) == (1, "png", list(SIZE))
    assert found["layers"] == {"face": "face", "matte": "matte", "plate": "plate"}
    assert [frame["index"] for frame in found["frames"]] == list(range(7))
    assert [Fraction(frame["moment"]) for frame in found["frames"]] == [
        frame.moment for frame in take
    ]
    assert [len(frame["faces"]) for frame in found["frames"]] == [1, 0, 1, 0, 1, 0, 1]
    one = found["frames"][4]["faces"][0]
    assert one["crop_from_frame"] == TURN.matrix.tolist()
    assert (one["resolution"], one["framing"], one["track"]) == (256, "full", 4)


def test_an_interruption_leaves_nothing_and_older_layers_stay(tmp_path: Path, take: Take) -> None:
    out = written(take, tmp_path, "prores4444")
    before = {path: path.read_bytes() for path in out.iterdir()}
    with (
        pytest.raises(RuntimeError),
        LayersWriter(out, take.info, format="prores4444") as writer,
    ):
        writer.write(None, None, take.frame(0))
        raise RuntimeError
    assert {path: path.read_bytes() for path in out.iterdir()} == before
    assert not list(tmp_path.glob("*.part"))


def test_what_does_not_fit_is_said(tmp_path: Path, take: Take) -> None:
    with pytest.raises(TakeUnwritable, match="no transparency"):
        check_layers("mp4", take.info)
    with pytest.raises(OptionUnusable, match="no format"):
        check_layers("gif", take.info)
    deep = np.zeros((*SIZE[::-1], 4), np.uint16)
    with (
        pytest.raises(TakeUnwritable, match="uint16"),
        LayersWriter(tmp_path / "out", take.info, format="png") as writer,
    ):
        writer.write(deep, None, take.frame(0))
    with pytest.raises(TakeUnwritable, match="no segments"):
        join_layers([], tmp_path / "out", like=take.info)
    with pytest.raises(TakeUnreadable, match=r"layers\.json"):
        join_layers([tmp_path], tmp_path / "out", like=take.info)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "shot.nk").touch()
    with (
        pytest.raises(DiskTrouble, match="other files"),
        LayersWriter(tmp_path / "mine", take.info, format="png"),
    ):
        pass
    assert not (tmp_path / "out").exists()


def test_work_in_a_layers_folder_is_never_buried(tmp_path: Path, take: Take) -> None:
    out = written(take, tmp_path, "png")
    (out / "face" / "retouch.psd").write_bytes(b"days of work")
    with (
        pytest.raises(DiskTrouble, match="other files"),
        LayersWriter(out, take.info, format="png"),
    ):
        pass
    assert (out / "face" / "retouch.psd").read_bytes() == b"days of work"
