"""What of this machine's files a browser can get: pictures and videos of the workspace."""

import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from recast.studio.files import file_inside
from recast.studio.state import Studio
from recast.workspace import Workspace
from tests.studio.conftest import Serve
from tests.studio.test_guard import ask


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """A workspace with a picture, and things beside and in it that are nobody's business."""
    root = tmp_path / "job ж"
    (root / "model" / "a b").mkdir(parents=True)
    (root / "model" / "a b" / "0001.jpg").write_bytes(b"picture")
    (root / "workspace.json").write_text("{}")
    (root / ".thumbs.jpg").write_bytes(b"hidden")
    (root / "folder.jpg").mkdir()
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    (tmp_path / "job жж").mkdir()
    (tmp_path / "job жж" / "secret.jpg").write_bytes(b"secret")
    return root


def test_a_picture_of_the_workspace_is_found(job: Path) -> None:
    assert file_inside(job, "model/a b/0001.jpg") == (job / "model/a b/0001.jpg").resolve()


@pytest.mark.parametrize(
    "path",
    [
        "../secret.jpg",
        "model/../../secret.jpg",
        "../job жж/secret.jpg",
        "./model/a b/0001.jpg",
        "model//a b/0001.jpg",
        "/etc/hostname.jpg",
        "..\\secret.jpg",
        "C:/secret.jpg",
        "model/a b/0001.jpg:stream.jpg",
        "model/a b/0001.jpg\0.jpg",
        "workspace.json",
        ".thumbs.jpg",
        "folder.jpg",
        "missing.jpg",
        "",
        "a" * 5000 + ".jpg",
    ],
)
def test_whatever_else_is_named_is_not_there(job: Path, path: str) -> None:
    assert file_inside(job, path) is None


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_a_link_leads_nowhere_outside(job: Path) -> None:
    (job / "link.jpg").symlink_to(job.parent / "secret.jpg")
    (job / "out").symlink_to(job.parent)
    (job / "round.jpg").symlink_to(job / "round.jpg")
    assert file_inside(job, "link.jpg") is None
    assert file_inside(job, "out/secret.jpg") is None
    assert file_inside(job, "round.jpg") is None


def test_the_server_gives_the_workspaces_pictures_and_no_others(
    extracted: Workspace, serve: Serve
) -> None:
    server = serve(extracted.root)
    secret = extracted.root.parent / "secret.jpg"
    secret.write_bytes(b"secret")
    (face, *_) = extracted.faceset_folder("src").glob("*.jpg")
    address = Studio(extracted.root).address(face)
    told = ask(server, address, Range="bytes=0-1")
    assert told.status == 206 and told.headers["content-type"] == "image/jpeg"
    for path in ("../secret.jpg", "data_src/../../secret.jpg", str(secret), "workspace.json"):
        for spelled in (path, quote(path, safe=""), quote(quote(path, safe=""), safe="")):
            told = ask(server, f"/files/{quote(spelled, safe='/%')}")
            assert told.status == 404 and "secret" not in told.text


def test_a_frame_of_a_take_is_a_picture(extracted: Workspace, serve: Serve) -> None:
    server = serve(extracted.root)
    assert ask(server, "/frames/dst/3?width=100").headers["content-type"] == "image/jpeg"
    assert ask(server, "/frames/dst/24").status == 404
    assert ask(server, "/frames/dst/-1").status == 404
    assert ask(server, "/frames/other/0").status == 422
    assert ask(server, "/frames/dst/0?width=1").status == 422
