"""What is asked of a path before it counts as a take."""

import wave
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recast.errors import TakeUnreadable
from recast.video import ColorTags, SoundInfo, open_take, probe

SAMPLES = Path(__file__).parents[2] / "recast" / "samples"


def test_the_sample_is_described() -> None:
    info = probe(SAMPLES / "pair1_dst.mp4")
    assert (info.size, info.rate, info.length, info.duration) == (
        (640, 480),
        Fraction(25),
        150,
        Fraction(6),
    )
    assert (info.codec, info.pixel_format, info.depth) == ("h264", "yuv420p", 8)
    assert info.color == ColorTags(1, 1, 1, 1)
    assert info.sound == (SoundInfo("aac", 22050, 1),)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_length_is_exact_whether_or_not_the_container_says_it(
    tmp_path: Path, filmed: Any, suffix: str
) -> None:
    path = filmed(tmp_path / f"take.{suffix}", 37, sound="aac")
    info = probe(path)
    assert info.length == 37
    assert abs(info.duration - Fraction(37, 25)) < Fraction(1, 500)
    assert info.complete


def test_a_fragmented_mp4_is_counted(tmp_path: Path, filmed: Any) -> None:
    whole, parts = filmed(tmp_path / "whole.mp4", 40), tmp_path / "parts.mp4"
    flags = {"movflags": "frag_keyframe+empty_moov"}
    with av.open(str(whole)) as source, av.open(str(parts), "w", container_options=flags) as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    assert probe(parts).length == 40
    assert len(list(open_take(parts))) == 40


def test_broadcast_clocks_begin_at_zero(tmp_path: Path, filmed: Any) -> None:
    moments = [100 + Fraction(index, 25) for index in range(10)]
    take = open_take(filmed(tmp_path / "air.ts", moments))
    assert take.info.origin > 99
    assert [frame.moment for frame in take] == [Fraction(index, 25) for index in range(10)]
    assert take.frame(7).moment == Fraction(7, 25)


def _missing(folder: Path) -> Path:
    return folder / "nowhere.mp4"


def _text(folder: Path) -> Path:
    (folder / "take.txt").write_text("not a video\n" * 50)
    return folder / "take.txt"


def _empty(folder: Path) -> Path:
    (folder / "empty.mp4").touch()
    return folder / "empty.mp4"


def _sound_only(folder: Path) -> Path:
    with wave.open(str(folder / "voice.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(16000))
    return folder / "voice.wav"


def _no_table(folder: Path) -> Path:
    data = (SAMPLES / "pair1_dst.mp4").read_bytes()
    (folder / "cut.mp4").write_bytes(data[:36] + bytes(4) + b"mdat" + data[5000:9000])
    return folder / "cut.mp4"


def _no_pictures(folder: Path) -> Path:
    (folder / "notes.txt").touch()
    return folder


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (_missing, "is not there"),
        (_text, "not a video"),
        (_empty, "is empty"),
        (_sound_only, "only sound"),
        (_no_table, "table of frames is missing"),
        (_no_pictures, "holds no pictures"),
    ],
)
def test_what_is_no_take_is_named_with_a_way_out(tmp_path: Path, make: Any, what: str) -> None:
    path = make(tmp_path)
    with pytest.raises(TakeUnreadable, match=what) as caught:
        open_take(path)
    assert path.name in str(caught.value)
    assert caught.value.fix


def test_sound_in_a_video_container_is_named(tmp_path: Path, filmed: Any) -> None:
    both, voice = filmed(tmp_path / "both.mp4", 5, sound="aac"), tmp_path / "voice.mp4"
    with av.open(str(both)) as source, av.open(str(voice), "w") as out:
        stream = out.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    with pytest.raises(TakeUnreadable, match="only sound, no pictures"):
        probe(voice)


def test_a_video_without_frames_is_named(tmp_path: Path, filmed: Any) -> None:
    path = filmed(tmp_path / "take.mkv", 5)
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"\x1f\x43\xb6\x75")])  # up to the first Matroska cluster
    with pytest.raises(TakeUnreadable):
        probe(path)


def test_a_playlist_does_not_lead_elsewhere(tmp_path: Path, filmed: Any) -> None:
    filmed(tmp_path / "secret.ts", 5)
    (tmp_path / "list.m3u8").write_text("#EXTM3U\n#EXTINF:1,\nsecret.ts\n#EXT-X-ENDLIST\n")
    with pytest.raises(TakeUnreadable, match="not a video"):
        probe(tmp_path / "list.m3u8")


def test_a_name_like_a_protocol_is_a_file(
    tmp_path: Path, filmed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    filmed(tmp_path / "take.mp4", 3).rename(tmp_path / "00:05.mp4")
    monkeypatch.chdir(tmp_path)
    assert probe(Path("00:05.mp4")).length == 3


FUZZ = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def _reads_or_refuses(path: Path) -> None:
    """Only TakeUnreadable may come out of reading it."""
    try:
        for _ in open_take(path).frames(0, 5):
            pass
    except TakeUnreadable as error:
        assert error.fix


@FUZZ
@given(data=st.binary(max_size=600), head=st.sampled_from([b"", b"\0\0\0\x20ftypisom", b"RIFF"]))
def test_random_bytes_are_refused(tmp_path: Path, data: bytes, head: bytes) -> None:
    (tmp_path / "noise.mp4").write_bytes(head + data)
    _reads_or_refuses(tmp_path / "noise.mp4")


@FUZZ
@given(changes=st.dictionaries(st.floats(0, 1), st.integers(0, 255), min_size=1, max_size=12))
def test_damaged_heads_are_read_or_refused(
    tmp_path: Path, filmed: Any, changes: dict[float, int]
) -> None:
    source = tmp_path / "whole.mp4"
    if not source.exists():
        filmed(source, 8)
    data = bytearray(source.read_bytes())
    table = data.index(b"moov")
    for place, value in changes.items():
        data[table + int(place * (len(data) - table - 1))] = value
    (tmp_path / "damaged.mp4").write_bytes(data)
    _reads_or_refuses(tmp_path / "damaged.mp4")
