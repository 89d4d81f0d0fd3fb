"""Files that are whole or not there at all, and errors that name the file."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from recast.disk import (
    Fingerprint,
    disk_trouble_named,
    flush_to_disk,
    write_json,
    write_whole,
)
from recast.errors import DiskTrouble

UNICODE = "Übung (ж) 顔.bin"
LIMITED = """
import resource, signal, sys
from pathlib import Path
from recast.disk import write_whole
from recast.errors import DiskTrouble

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_whole(Path(sys.argv[1]), b"n" * 5000)
except DiskTrouble as error:
    sys.stdout.buffer.write(f"{error}|{error.fix}".encode())
"""


@pytest.mark.parametrize("durable", [True, False])
@pytest.mark.parametrize("data", [b"", b"\x00\xff" * 5000], ids=["empty", "bytes"])
def test_what_is_written_can_be_read(tmp_path: Path, data: bytes, durable: bool) -> None:
    path = tmp_path / UNICODE
    write_whole(path, data, durable=durable)
    assert path.read_bytes() == data
    assert list(tmp_path.iterdir()) == [path]


def test_a_second_write_replaces_the_first(tmp_path: Path) -> None:
    write_whole(tmp_path / "a", b"a long first text")
    write_whole(tmp_path / "a", b"short")
    assert (tmp_path / "a").read_bytes() == b"short"


def test_a_reader_never_sees_a_part(tmp_path: Path) -> None:
    """An open file stays the old one, whole, while the new one takes its name."""
    if os.name == "nt":
        pytest.skip("Windows does not replace open files")
    path = tmp_path / "a"
    write_whole(path, b"old" * 1000)
    with path.open("rb") as reader:
        write_whole(path, b"new" * 1000)
        assert reader.read() == b"old" * 1000


def test_what_an_interrupted_write_left_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "a.part").write_bytes(b"half")
    write_whole(tmp_path / "a", b"whole")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sets no limit on a file's size")
def test_a_disk_that_takes_no_more_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / UNICODE
    path.write_bytes(b"old")
    ran = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)], capture_output=True, check=True, timeout=60
    )
    what, fix = ran.stdout.decode().split("|")
    assert what.startswith(f"{path} cannot be written: ")
    assert "another disk" in fix
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_after_the_draft_removes_the_draft(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        write_whole(tmp_path / "taken", b"data")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_a_missing_folder_stays_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "nowhere" / "a", b"data")


@pytest.mark.parametrize(
    "number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EPERM, errno.EROFS]
)
def test_trouble_is_named(number: int) -> None:
    with pytest.raises(DiskTrouble) as trouble, disk_trouble_named(Path("face.jpg")):
        raise OSError(number, os.strerror(number))
    assert str(trouble.value) == f"face.jpg cannot be written: {os.strerror(number).lower()}"
    assert "choose" in trouble.value.fix
    assert isinstance(trouble.value.__cause__, OSError)


def test_other_errors_pass_as_they_are() -> None:
    with pytest.raises(FileNotFoundError), disk_trouble_named(Path("a")):
        raise FileNotFoundError(errno.ENOENT, "gone")
    with pytest.raises(KeyError), disk_trouble_named(Path("a")):
        raise KeyError("a")


def test_flushing_keeps_the_content(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    flush_to_disk(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"abc"


def test_json_comes_back_and_stays_readable(tmp_path: Path) -> None:
    value = {"name": "Łukasz 顔", "numbers": [1, 2.5, None], "nested": {"yes": True}}
    write_json(tmp_path / "a.json", value)
    text = (tmp_path / "a.json").read_bytes().decode("utf-8")
    assert json.loads(text) == value
    assert "Łukasz 顔" in text
    assert text.endswith("}\n")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": b"bytes"}])
def test_what_is_no_json_leaves_the_old_file(tmp_path: Path, value: object) -> None:
    write_json(tmp_path / "a.json", "old")
    with pytest.raises((ValueError, TypeError)):
        write_json(tmp_path / "a.json", value)
    assert json.loads((tmp_path / "a.json").read_bytes()) == "old"
    assert len(list(tmp_path.iterdir())) == 1


class TestFingerprint:
    def test_of_a_file_is_that_of_its_content(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"some content")
        written = Fingerprint.of(b"some content")
        assert Fingerprint.of_file(tmp_path / "a") == written
        assert written.fits(tmp_path / "a")

    @pytest.mark.parametrize("other", [b"some contenT", b"", b"some content "])
    def test_does_not_fit_other_content(self, tmp_path: Path, other: bytes) -> None:
        (tmp_path / "a").write_bytes(other)
        assert not Fingerprint.of(b"some content").fits(tmp_path / "a")

    def test_does_not_fit_what_is_no_file(self, tmp_path: Path) -> None:
        assert not Fingerprint.of(b"").fits(tmp_path / "gone")
        assert not Fingerprint.of(b"").fits(tmp_path)
