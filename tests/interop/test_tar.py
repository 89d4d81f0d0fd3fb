"""A face set in a tar comes back byte by byte, and a bad tar does no harm."""

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from recast.errors import ForeignFileUnreadable
from recast.faceset import load_record, save_face
from recast.interop.tar import tar_files, write_tar
from tests.faceset.conftest import drawn_crop, record_of

Member = tuple[str, bytes]


def saved(folder: Path, name: str) -> Path:
    path = folder / name
    save_face(path, drawn_crop(), record_of())
    return path


def test_every_file_comes_back_byte_by_byte(tmp_path: Path) -> None:
    paths = [saved(tmp_path, name) for name in ("000001_0.jpg", "für 顔.png", "a.b.jpeg")]
    assert list(write_tar(tmp_path / "all.tar", paths)) == [None] * 3
    assert dict(tar_files(tmp_path / "all.tar")) == {p.name: p.read_bytes() for p in paths}


def test_the_record_stands_beside_its_face(tmp_path: Path) -> None:
    path = saved(tmp_path, "000001_0.jpg")
    list(write_tar(tmp_path / "all.tar", [path]))
    with tarfile.open(tmp_path / "all.tar") as tar:
        assert tar.getnames() == ["000001_0.jpg", "000001_0.json"]
        beside = tar.extractfile("000001_0.json")
        assert beside is not None
        record = load_record(path).model_dump(mode="json", exclude_none=True)
        assert json.loads(beside.read()) == json.loads(json.dumps(record))


def test_the_same_faces_make_the_same_tar(tmp_path: Path) -> None:
    path = saved(tmp_path, "000001_0.jpg")
    list(write_tar(tmp_path / "one.tar", [path]))
    path.touch()
    list(write_tar(tmp_path / "other.tar", [path]))
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "other.tar").read_bytes()


def test_what_is_no_face_is_left_out_and_named(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"")
    paths = [tmp_path / "broken.jpg", tmp_path / "gone.jpg", saved(tmp_path, "a.jpg")]
    problems = list(write_tar(tmp_path / "all.tar", paths))
    assert [problem is None for problem in problems] == [False, False, True]
    assert "broken.jpg" in str(problems[0])
    assert [name for name, _ in tar_files(tmp_path / "all.tar")] == ["a.jpg"]


def test_a_pack_that_is_not_finished_is_not_there(tmp_path: Path) -> None:
    faces = write_tar(tmp_path / "all.tar", [saved(tmp_path, "a.jpg"), saved(tmp_path, "b.jpg")])
    next(faces)
    faces.close()  # type: ignore[attr-defined]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jpg", "b.jpg"]


def plain(name: str, content: bytes = b"x") -> Callable[[tarfile.TarFile], None]:
    def add(tar: tarfile.TarFile) -> None:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))

    return add


def special(name: str, kind: bytes, target: str = "") -> Callable[[tarfile.TarFile], None]:
    def add(tar: tarfile.TarFile) -> None:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, target
        tar.addfile(member)

    return add


@pytest.mark.parametrize(
    ("add", "why"),
    [
        (plain("../evil.jpg"), "evil"),
        (plain("/etc/evil.jpg"), "evil"),
        (plain("folder/a.jpg"), "folder"),
        (plain("..\\evil.jpg"), "evil"),
        (plain("C:evil.jpg"), "evil"),
        (plain("nul.jpg"), "nul"),
        (plain(".index.sqlite"), "index"),
        (special("a.jpg", tarfile.SYMTYPE, "/etc/passwd"), "no plain file"),
        (special("a.jpg", tarfile.LNKTYPE, "b.jpg"), "no plain file"),
        (special("a.jpg", tarfile.FIFOTYPE), "no plain file"),
        (special("a.jpg", tarfile.CHRTYPE), "no plain file"),
        (special("folder", tarfile.DIRTYPE), "no plain file"),
    ],
)
def test_a_tar_that_reaches_elsewhere_is_refused(
    tmp_path: Path, add: Callable[[tarfile.TarFile], None], why: str
) -> None:
    with tarfile.open(tmp_path / "bad.tar", "w") as tar:
        add(tar)
    with pytest.raises(ForeignFileUnreadable, match=rf"bad\.tar.*{why}"):
        list(tar_files(tmp_path / "bad.tar"))


def test_what_is_no_picture_is_passed_over(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "some.tar", "w") as tar:
        special(".", tarfile.DIRTYPE)(tar)
        plain("readme.txt")(tar)
        plain("./a.jpg", b"content")(tar)
        plain("a.json")(tar)
    assert list(tar_files(tmp_path / "some.tar")) == [("a.jpg", b"content")]


def test_a_file_that_claims_to_be_huge_is_refused(tmp_path: Path) -> None:
    member = tarfile.TarInfo("a.jpg")
    member.size = 2**40
    (tmp_path / "bad.tar").write_bytes(member.tobuf() + bytes(1024))
    with pytest.raises(ForeignFileUnreadable, match="larger than"):
        list(tar_files(tmp_path / "bad.tar"))


@pytest.mark.parametrize("cut", [0, 100, 700, 3000])
def test_a_cut_off_tar_is_named(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "cut.tar"
    list(write_tar(path, [saved(tmp_path, "a.jpg")]))
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ForeignFileUnreadable, match=r"cut\.tar"):
        list(tar_files(path))


def test_no_tar_at_all_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.tar").write_text("no tar " * 200)
    for name in ("text.tar", "gone.tar"):
        with pytest.raises(ForeignFileUnreadable, match=name):
            list(tar_files(tmp_path / name))
