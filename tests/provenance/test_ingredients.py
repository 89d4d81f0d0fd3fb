import hashlib
from pathlib import Path

import pytest

from recast.errors import TakeUnreadable
from recast.provenance.ingredients import gather, mime_type


def test_a_file_is_hashed_by_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"abc")
    (one,) = gather([tmp_path / "a.mp4"])
    assert one.sha256 == hashlib.sha256(b"abc").hexdigest()
    assert (one.role, one.title) == ("dst", "dst take")


def test_the_first_take_is_dst_and_the_others_src(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in "dab"]
    for path in paths:
        path.write_text(path.name)
    assert [one.role for one in gather(paths)] == ["dst", "src", "src"]
    assert [one.title for one in gather(paths)] == ["dst take", "src take", "src take 2"]


def test_a_folder_is_hashed_by_names_and_contents(tmp_path: Path) -> None:
    def digest(**files: str) -> str:
        folder = tmp_path / f"frames {len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text)
        return gather([folder])[0].sha256

    assert digest(a="1", b="2") == digest(b="2", a="1")
    assert len({digest(a="1", b="2"), digest(a="2", b="1"), digest(a="1"), digest()}) == 4


def test_a_missing_take_is_named(tmp_path: Path) -> None:
    with pytest.raises(TakeUnreadable, match=r"gone\.mp4 went into the result"):
        gather([tmp_path / "gone.mp4"])


@pytest.mark.parametrize(
    ("head", "mime"),
    [
        (b"\0\0\0\x20ftypisom", "video/mp4"),
        (b"\0\0\0\x14ftypqt  ", "video/quicktime"),
        (b"RIFF\0\0\0\0AVI LIST", "video/avi"),
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF\0\0\0\0WAVE", None),
        (b"\x1aE\xdf\xa3 matroska", None),
        (b"", None),
    ],
)
def test_the_first_bytes_tell_the_kind(head: bytes, mime: str | None, tmp_path: Path) -> None:
    path = tmp_path / "misleading.name"
    path.write_bytes(head)
    assert mime_type(path) == mime
    assert mime_type(tmp_path) is None
