"""Sound in containers that hold only plain samples, or say nothing of when sound begins."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from recast.video import FORMATS, Take, TakeWriter, open_take
from recast.video.pcm import PcmTrack


def copied(take: Take, folder: Path, name: str) -> tuple[Path, tuple[str, ...]]:
    out = folder / f"out{FORMATS[name].suffix}"
    with TakeWriter(out, take.info, format=name, sound_from=take.path) as writer:
        for frame in take:
            writer.write(frame.image, frame.moment, frame.plate)
    return out, writer.notes


def loud(sound: Any) -> int:
    return int((np.abs(sound.astype(int)) > 3000).argmax())


@pytest.mark.parametrize("start", [Fraction(0), Fraction(1, 3)])
@pytest.mark.parametrize("name", ["avi", "prores422hq", "ffv1"])
@pytest.mark.parametrize("codec", ["pcm_s16le", "pcm_s24le", "flac", "libopus", "aac"])
def test_sound_stays_in_step_in_every_container(
    tmp_path: Path, filmed: Any, other_reader: Any, name: str, codec: str, start: Fraction
) -> None:
    path = filmed(tmp_path / "a.mkv", 20, sound=codec, sound_start=start)
    out, notes = copied(open_take(path), tmp_path, name)
    (sound,) = (one for one in other_reader.streams(out) if one["codec_type"] == "audio")
    is_copied = name == "ffv1" or (name == "prores422hq" and codec == "aac")
    plain = "pcm_s16le" if codec in {"pcm_s16le", "flac"} else "pcm_s24le"
    own = codec.removeprefix("lib")
    assert sound["codec_name"] == (own if is_copied else plain)
    assert bool(notes) == (not is_copied and not codec.startswith("pcm_"))
    heard = other_reader.sound(out)
    if name == "ffv1":  # readers differ on what comes before the sound of AAC and Opus in Matroska
        assert abs(loud(heard) - loud(other_reader.sound(path))) <= 48, "a millisecond"
        return
    beep = np.abs(np.sin(np.arange(200) * 0.05) * 0.3 * 32768) > 3000
    assert abs(loud(heard) - (start * 48000 + int(beep.argmax()))) <= 48
    if codec.startswith("pcm_"):
        before = other_reader.sound(path)
        a, b = loud(heard), loud(before)
        np.testing.assert_array_equal(heard[a : a + 10000], before[b : b + 10000])


def _frames(starts: list[int], length: int = 480, rate: int = 48000) -> list[av.AudioFrame]:
    frames = []
    for start in starts:
        samples = (np.arange(start, start + length) % 32768).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(samples, "s16", "mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
        frames.append(frame)
    return frames


@pytest.mark.parametrize(
    ("starts", "silent"),
    [
        ([0, 480, 960], []),
        ([960, 1440], [(0, 960)]),
        ([-240, 240], []),
        ([0, 480, 4800], [(960, 4800)]),
        ([0, 481, 962], []),
    ],
)
def test_samples_lie_where_their_times_say(
    tmp_path: Path, filmed: Any, starts: list[int], silent: list[tuple[int, int]]
) -> None:
    source = filmed(tmp_path / "a.mkv", 10, sound="pcm_s16le")
    with av.open(str(source)) as container, av.open(str(tmp_path / "b.wav"), "w") as out:
        track = PcmTrack(out, container.streams.audio[0], Fraction(0))
        for frame in _frames(starts):
            track.write(frame)
        track.write(None)
    with av.open(str(tmp_path / "b.wav")) as container:
        found = np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)])
    # Each sample of the source tells its own place; a sample or two off is jitter, and kept.
    expected = np.concatenate([np.arange(start, start + 480) for start in starts])
    expected = expected[expected >= 0]
    for begin, end in silent:
        assert not found[begin:end].any()
        found = np.delete(found, np.s_[begin:end]) if begin else found[end:]
        begin = 0
    np.testing.assert_array_equal(found, expected)


def test_sound_ends_with_the_sample_it_should(tmp_path: Path, filmed: Any) -> None:
    source = filmed(tmp_path / "a.mkv", 10, sound="pcm_s16le")
    with av.open(str(source)) as container, av.open(str(tmp_path / "b.wav"), "w") as out:
        track = PcmTrack(out, container.streams.audio[0], Fraction(1, 100), Fraction(1, 64))
        for frame in _frames([0, 480, 960, 1440]):
            track.write(frame)
        track.write(None)
    with av.open(str(tmp_path / "b.wav")) as container:
        found = np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)])
    np.testing.assert_array_equal(found, np.arange(480, 480 + 750))


def test_silence_of_any_length_is_written_in_pieces(tmp_path: Path, filmed: Any) -> None:
    source = filmed(tmp_path / "a.mkv", 10, sound="pcm_s16le")
    with av.open(str(source)) as container, av.open(str(tmp_path / "b.wav"), "w") as out:
        track = PcmTrack(out, container.streams.audio[0], Fraction(0))
        track.write(_frames([300_000])[0])
        track.write(None)
    with av.open(str(tmp_path / "b.wav")) as container:
        lengths = [frame.samples for frame in container.decode(audio=0)]
    assert sum(lengths) == 300_480


def test_several_sounds_of_several_channels(tmp_path: Path, filmed: Any, other_reader: Any) -> None:
    picture, path = filmed(tmp_path / "v.mkv", 10), tmp_path / "a.mkv"
    with av.open(str(picture)) as source, av.open(str(path), "w") as out:
        video = out.add_stream_from_template(source.streams.video[0])
        sounds: list[Any] = [out.add_stream("pcm_s16le", rate=48000) for _ in range(2)]
        for sound, layout in zip(sounds, ("stereo", "5.1"), strict=True):
            sound.layout = layout
        for packet in source.demux():
            if packet.size:
                packet.stream = video
                out.mux(packet)
        for sound, layout in zip(sounds, ("stereo", "5.1"), strict=True):
            channels = 2 if layout == "stereo" else 6
            tones = np.arange(4800, dtype=np.int16)[:, None] + 100 * np.arange(channels)
            samples = tones.astype(np.int16).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(samples, "s16", layout)
            frame.sample_rate, frame.pts, frame.time_base = 48000, 0, Fraction(1, 48000)
            out.mux(sound.encode(frame))
            out.mux(sound.encode(None))
    for name in ("avi", "prores422hq"):
        out_path, _ = copied(open_take(path), tmp_path, name)
        streams = [one for one in other_reader.streams(out_path) if one["codec_type"] == "audio"]
        assert [one["channels"] for one in streams] == [2, 6]
        with av.open(str(out_path)) as container:
            found = np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=1)])
        found = found.reshape(-1, 6)[:4800]
        np.testing.assert_array_equal(found[:, 3] - found[:, 0], 300)
