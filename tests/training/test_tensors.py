"""Files are what the safetensors library writes and reads."""

import hashlib
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from recast.training.tensors import read_tensors, write_tensors

TENSORS = {
    "plain": torch.arange(6, dtype=torch.float32).view(2, 3),
    "turned": torch.rand(2, 3, 4, 5).contiguous(memory_format=torch.channels_last),
    "half": torch.rand(3).bfloat16(),
    "one": torch.tensor(7),
    "none": torch.zeros(0, 4),
    "bytes": torch.tensor([1, 2, 255], dtype=torch.uint8),
}


def test_the_library_reads_what_is_written(tmp_path: Path) -> None:
    path = tmp_path / "some.safetensors"
    digest = write_tensors(path, TENSORS)
    found = load_file(path)
    assert found.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        assert found[name].dtype == tensor.dtype
        assert torch.equal(found[name], tensor)
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()


def test_pieces_do_not_change_large_tensors(tmp_path: Path) -> None:
    large = torch.rand(5 * 2**20)
    digest = write_tensors(tmp_path / "large.safetensors", {"large": large})
    assert torch.equal(read_tensors(tmp_path / "large.safetensors", digest)["large"], large)


def test_anything_else_than_what_was_written_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "some.safetensors"
    digest = write_tensors(path, TENSORS)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match="not what was written"):
        read_tensors(path, digest)
