"""A take of somebody else leads to no other file and no host, and does not fill the memory."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from recast.errors import TakeUnreadable
from recast.video import open_take


@pytest.fixture
def listener() -> Iterator[tuple[str, list[bytes]]]:
    """An address on this machine, and what came to it."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        ended = threading.Event()

        def listen() -> None:
            while not ended.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                heard.append(connection.recv(100))
                connection.close()

        thread = threading.Thread(target=listen)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}", heard
        ended.set()
        thread.join()


def a_video(path: Path, size: tuple[int, int] = (64, 48)) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((*size[::-1], 3), np.uint8), format="rgb24")
        for _ in range(3):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("name", ["a.mp4", "a.m3u8", "a.txt", "a.avi", "a.ts", "a.mpd", "a.sdp"])
@pytest.mark.parametrize("kind", ["hls", "concat", "dash", "sdp", "ffconcat-url", "xbm", "text"])
def test_what_names_other_files_or_hosts_is_not_followed(
    name: str, kind: str, tmp_path: Path, listener: tuple[str, list[bytes]]
) -> None:
    address, heard = listener
    secret = a_video(tmp_path / "secret.mp4")
    contents = {
        "hls": f"#EXTM3U\n#EXTINF:1,\nhttp://{address}/x.ts\n#EXTINF:1,\n{secret.name}\n"
        "#EXT-X-ENDLIST\n",
        "concat": f"ffconcat version 1.0\nfile '{secret.name}'\n",
        "ffconcat-url": f"ffconcat version 1.0\nfile 'http://{address}/x.mp4'\n",
        "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011">'
        f"<Period><BaseURL>http://{address}/</BaseURL></Period></MPD>",
        "sdp": f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 {address.split(':')[0]}\n"
        "m=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
        "xbm": "#define a_width 8\n#define a_height 1\nstatic char a_bits[] = {0x00};\n",
        "text": "a text that would be drawn as a picture\n" * 20,
    }
    path = tmp_path / name
    path.write_text(contents[kind])
    with pytest.raises(TakeUnreadable):
        open_take(path)
    assert heard == []


@pytest.mark.parametrize(
    "name", ["http://{address}/a.mp4", "concat:secret.mp4|secret.mp4", "data:,x", "file:secret.mp4"]
)
def test_what_looks_like_an_address_is_only_a_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listener: tuple[str, list[bytes]]
) -> None:
    address, heard = listener
    a_video(tmp_path / "secret.mp4")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TakeUnreadable):
        open_take(Path(name.format(address=address)))
    assert heard == []


@pytest.mark.parametrize("size", [(30_000, 30_000), (65_520, 16), (16, 65_520)])
def test_a_video_that_claims_enormous_pictures_is_refused(
    size: tuple[int, int], tmp_path: Path
) -> None:
    path = a_video(tmp_path / "a.mp4")
    data = bytearray(path.read_bytes())
    # The sizes of the track and of its sample description.
    for kind, at, unit in ((b"tkhd", 80, 4), (b"mp4v", 28, 2)):
        place = data.index(kind) + at
        for number, value in enumerate(size):
            start = place + number * unit
            data[start : start + unit] = (value << (16 if unit == 4 else 0)).to_bytes(unit)
    path.write_bytes(data)
    try:
        take = open_take(path)
    except TakeUnreadable as error:
        assert error.fix
    else:  # FFmpeg believes the stream, which says 64x48
        assert take.info.size == (64, 48)


def test_a_stream_of_too_large_pictures_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 32_768, 16, "gray"
        frame = av.VideoFrame.from_ndarray(np.zeros((16, 32_768), np.uint8), format="gray")
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(TakeUnreadable, match="claims pictures of 32768x16 pixels") as refused:
        open_take(path)
    assert "scale it down" in refused.value.fix
