"""Embedders: one contract for all, alignment, and what is said when one is missing."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from recast.errors import OptionUnusable
from recast.faces import MeshDetector, align, placement
from recast.faces.identity import EMBEDDERS, Embedder, OnnxEmbedder, open_embedder
from recast.geometry import Points
from recast.video import open_take

DATA = Path(__file__).parents[1] / "data"
Crops = list[tuple[NDArray[np.uint8], Points, int]]
"""Crop, landmarks in it, and the number of the person."""


def cut_out(side: int, framing: str = "full", every: int = 15) -> Crops:
    take = open_take(DATA / "two_people.mp4")
    truth = np.load(DATA / "two_people.npz")["landmarks"] - 0.5
    detector = MeshDetector(threads=1)
    found: Crops = []
    for frame in take.frames():
        if frame.index % every:
            continue
        for face in detector([frame.image])[0]:
            placed = placement(face.landmarks, side, framing)  # type: ignore[arg-type]
            person = np.abs(truth[frame.index] - face.landmarks).mean((1, 2)).argmin()
            crop = np.asarray(align(frame.image, placed, side), np.uint8)
            found.append((crop, placed.apply(face.landmarks), int(person)))
    return found


@pytest.fixture(scope="session")
def crops() -> Crops:
    return cut_out(256)


def field(number: int, value: int | bytes | str) -> bytes:
    """One field of a protocol buffer; bytes and texts must be shorter than 2 ** 14."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    content = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value: int) -> bytes:
    return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + varint(value >> 7)


FLOAT, UINT8, FLOAT16 = 1, 2, 10


def network(shape: list[int | str], kind: int = FLOAT, **said: str) -> bytes:
    """An ONNX file whose embedding are the pixels themselves."""

    def tensor(name: str, sides: list[int | str]) -> bytes:
        dims = b"".join(field(1, field(1 if isinstance(s, int) else 2, s)) for s in sides)
        return field(1, name) + field(2, field(1, field(1, kind) + field(2, dims)))

    flatten = field(1, "image") + field(2, "vector") + field(4, "Flatten")
    graph = field(1, flatten) + field(2, "graph")
    graph += field(11, tensor("image", shape)) + field(12, tensor("vector", ["n", "d"]))
    props = b"".join(
        field(14, field(1, f"recast.{key}") + field(2, value)) for key, value in said.items()
    )
    return field(1, 8) + field(8, field(1, "") + field(2, 13)) + field(7, graph) + props


def onnx(
    folder: Path, shape: list[int | str], kind: int = FLOAT, said: dict[str, str] | None = None
) -> Embedder:
    path = folder / "faces of ünïcode.onnx"
    path.write_bytes(network(shape, kind, **(said or {})))
    return open_embedder(path, "cpu")


def dlib(_: Path) -> Embedder:
    pytest.importorskip("dlib", reason='needs pip install "recast[dlib]"')
    return open_embedder("dlib")


IMPLEMENTATIONS: dict[str, Callable[[Path], Embedder]] = {
    "dlib": dlib,
    "onnx, channels first": lambda folder: onnx(folder, ["n", 3, 112, 112]),
    "onnx, channels last": lambda folder: onnx(folder, ["n", 96, 96, 3]),
    "onnx, one by one": lambda folder: onnx(folder, [1, 3, 112, 112]),
    "onnx, any side": lambda folder: onnx(folder, ["n", 3, "h", "w"]),
    "onnx, half floats": lambda folder: onnx(folder, ["n", 3, 112, 112], FLOAT16),
}
assert {name for name in IMPLEMENTATIONS if not name.startswith("onnx")} == set(EMBEDDERS)


@pytest.fixture(params=IMPLEMENTATIONS)
def embedder(request: pytest.FixtureRequest, tmp_path: Path) -> Embedder:
    return IMPLEMENTATIONS[request.param](tmp_path)


def embedded(embedder: Embedder, crops: Crops) -> NDArray[np.float32]:
    return embedder([crop for crop, _, _ in crops], [points for _, points, _ in crops])


def test_embeddings_are_unit_vectors(embedder: Embedder, crops: Crops) -> None:
    found = embedded(embedder, crops)
    assert found.dtype == np.float32
    assert found.shape[0] == len(crops) == 8
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-3)


def test_one_person_is_more_like_itself_than_like_another(embedder: Embedder, crops: Crops) -> None:
    found, whose = embedded(embedder, crops), np.array([person for _, _, person in crops])
    alike, same = found @ found.T, whose[:, None] == whose
    assert alike[same].min() > alike[~same].max()


def test_a_batch_gives_what_single_calls_give(embedder: Embedder, crops: Crops) -> None:
    single = np.concatenate([embedded(embedder, [crop]) for crop in crops[:3]])
    assert np.allclose(embedded(embedder, crops[:3]), single, atol=1e-4)


def test_size_and_framing_of_the_crop_hardly_matter(embedder: Embedder, crops: Crops) -> None:
    other = cut_out(200, "whole-face", every=30)
    found = embedded(embedder, crops) @ embedded(embedder, other[:1]).T
    assert found.argmax() == 0
    assert found[0] > 0.86


def test_nothing_in_nothing_out(embedder: Embedder) -> None:
    assert len(embedder([], [])) == 0


def test_what_is_told_about_an_embedder(embedder: Embedder, tmp_path: Path) -> None:
    assert embedder.key
    assert 0 < embedder.same_person < 1


def test_the_key_is_that_of_the_content(tmp_path: Path) -> None:
    one, other = onnx(tmp_path, ["n", 3, 112, 112]), onnx(tmp_path, ["n", 3, 96, 96])
    assert one.key != other.key
    assert one.key == onnx(tmp_path, ["n", 3, 112, 112]).key


def test_metadata_of_the_file_says_what_the_network_wants(tmp_path: Path, crops: Crops) -> None:
    said = {"mean": "0", "scale": "2", "channels": "BGR", "same_person": "0.5"}
    told = onnx(tmp_path, ["n", 112, 112, 3], said=said)
    raw = onnx(tmp_path, ["n", 112, 112, 3], UINT8)
    assert told.same_person == 0.5
    one, other = embedded(told, crops[:1]).reshape(-1, 3), embedded(raw, crops[:1]).reshape(-1, 3)
    assert np.allclose(one[:, ::-1], other, atol=1e-6)


def test_the_eyes_and_the_mouth_come_to_their_places(tmp_path: Path) -> None:
    """Landmarks that lie as ArcFace has them are not moved."""
    pixels = np.random.default_rng(0).integers(0, 255, (112, 112, 3)).astype(np.uint8)
    points = np.zeros((68, 2), np.float32)
    points[36:42], points[42:48] = (38.2946, 51.6963), (73.5318, 51.5014)
    points[30], points[48], points[54] = (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)
    raw = onnx(tmp_path, ["n", 112, 112, 3], UINT8)
    found = raw([pixels], [points])[0].reshape(112, 112, 3)
    assert np.allclose(found / found.max(), pixels / pixels.max(), atol=0.02)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no network"),
        (b"not a network at all", "no network"),
        (network(["n", 3, 112]), "pictures"),
        (network(["n", 4, 112, 112]), "three colours"),
        (network(["n", 3, 112, 112], mean="grey"), "a number that is none"),
    ],
)
def test_what_is_no_network_for_faces_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "a network.onnx"
    path.write_bytes(content)
    with pytest.raises(OptionUnusable, match=f"a network.*{why}"):
        open_embedder(path, "cpu")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(OptionUnusable, match=r"gone\.onnx"):
        OnnxEmbedder(tmp_path / "gone.onnx")


def test_an_unknown_embedder_is_named() -> None:
    with pytest.raises(OptionUnusable, match="arcface") as caught:
        open_embedder("arcface")
    assert "dlib" in caught.value.fix


def test_without_the_extra_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "dlib", None)  # importing it fails
    with pytest.raises(OptionUnusable) as caught:
        open_embedder("dlib")
    assert 'pip install "recast[dlib]"' in caught.value.fix
