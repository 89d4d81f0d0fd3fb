"""MTCNN's own parts: its weights, its pyramid, its thresholds."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recast.errors import ForeignFileUnreadable
from recast.faces import mtcnn

from .conftest import Sample, opened, staged

networks: Any = pytest.importorskip("recast.faces.mtcnn_networks")
frame: Any = pytest.importorskip("lz4.frame")


def test_a_turned_head_needs_no_luck(dst: Sample) -> None:
    """The five points tell how far the head is tilted."""
    image, moved = staged(dst.images[0], dst.landmarks[0], height=150, size=(640, 480), turn=25)
    faces = opened("mtcnn")([image])[0]
    assert len(faces) == 1
    assert faces[0].pose.roll == pytest.approx(dst.pose[0][2] - 25, abs=4)
    assert np.abs(faces[0].landmarks - moved).mean() < 6


def test_thresholds_can_refuse_every_face(dst: Sample) -> None:
    assert opened("mtcnn", thresholds=(1.0, 1.0, 1.0))(dst.images[:1]) == [[]]


def test_a_finer_pyramid_has_more_levels_and_finds_the_same(dst: Sample) -> None:
    coarse, fine = (opened("mtcnn", factor=factor) for factor in (0.6, 0.85))
    one, other = (found([dst.images[0]])[0][0] for found in (coarse, fine))
    assert np.abs(one.landmarks - other.landmarks).mean() < 1.5


def test_suppression_keeps_the_best_of_what_overlaps() -> None:
    """Against every pair compared in turn."""
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 60, (80, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(5, 30, (80, 2)), rng.random((80, 1))], 1)

    def area(box: Any) -> float:
        return float(max(box[2] - box[0], 0) * max(box[3] - box[1], 0))

    def common(one: Any, other: Any) -> float:
        inner = [*np.maximum(one[:2], other[:2]), *np.minimum(one[2:4], other[2:4])]
        shared = area(inner)
        return shared / (area(one) + area(other) - shared)

    expected: list[int] = []
    for at in np.argsort(-boxes[:, 4]):
        if all(common(boxes[at], boxes[kept]) <= 0.5 for kept in expected):
            expected.append(int(at))
    assert mtcnn._apart(boxes.astype(np.float32), 0.5).tolist() == expected


@pytest.mark.parametrize("data", [b"", b"not lz4", b"\x04\x22\x4d\x18broken"])
def test_broken_weights_are_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "pnet.lz4"
    path.write_bytes(data)
    with pytest.raises(ForeignFileUnreadable, match=r"pnet\.lz4"):
        networks.load_stage(networks.proposal_network(), path, "cpu")


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "pnet.lz4"
    path.write_bytes(frame.compress(b"\x80\x04]\x94."))  # an empty list
    with pytest.raises(ForeignFileUnreadable, match="arrays"):
        networks.load_stage(networks.proposal_network(), path, "cpu")


def test_weights_cannot_run_code(tmp_path: Path) -> None:
    path = tmp_path / "pnet.lz4"
    path.write_bytes(frame.compress(b"cos\nsystem\n(S'true'\ntR."))
    with pytest.raises(ForeignFileUnreadable, match=r"os.system|system"):
        networks.load_stage(networks.proposal_network(), path, "cpu")
