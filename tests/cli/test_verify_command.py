import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from recast.provenance import SIDECAR, find_signer, sign, sign_beside, synthetic_consent
from tests.watermark_networks import write_decoder, write_encoder

Run = Callable[..., Any]
NOW = datetime.now(UTC)


@pytest.fixture
def signed(tmp_path: Path, src: Path, dst: Path) -> Path:
    file = tmp_path / "a result ж.mp4"
    shutil.copyfile(dst, file)
    sign(
        file,
        title="result",
        consent=synthetic_consent(person="nobody", now=NOW),
        model="swift",
        ingredients=[dst, src],
        signer=find_signer({"RECAST_HOME": str(tmp_path / "home")}, NOW),
        now=NOW,
    )
    return file


def test_intact_credentials_exit_with_0(run: Run, signed: Path) -> None:
    code, out, _ = run("verify", signed)
    assert code == 0
    for said in ("intact", "recast local signer", "swift", "synthetic", "dst take", "src take"):
        assert said in out
    assert "compositeWithTrainedAlgorithmicMedia" in out


def test_programs_get_every_field(run: Run, signed: Path) -> None:
    told = json.loads(run("verify", signed, "--json").out)
    assert (told["event"], told["intact"], told["state"]) == ("done", True, "valid-untrusted")
    assert told["model"] == "swift"
    assert [one["title"] for one in told["ingredients"]] == ["dst take", "src take"]


def test_one_changed_byte_is_noticed(run: Run, signed: Path) -> None:
    data = bytearray(signed.read_bytes())
    data[len(data) // 2] ^= 0xFF
    signed.write_bytes(data)
    code, out, err = run("verify", signed, "--json")
    first, *_, last = map(json.loads, out.splitlines())
    assert (code, err) == (1, "")
    assert (first["event"], first["intact"]) == ("credentials", False)
    assert last["event"] == "error"
    assert "was altered" in last["what"]


def test_a_file_without_credentials_exits_with_1(run: Run, dst: Path) -> None:
    code, _, err = run("verify", dst)
    assert code == 1
    assert "carries no content credentials" in err


def test_programs_are_told_that_there_are_none(run: Run, dst: Path) -> None:
    code, out, _ = run("verify", dst, "--json")
    told = [json.loads(line) for line in out.splitlines()]
    (none,) = (line for line in told if line["event"] == "credentials")
    assert (code, none["state"], none["intact"]) == (1, "none", False)
    assert told[-1]["event"] == "error"


def test_a_watermark_tells_who_made_a_file_that_lost_its_credentials(
    run: Run, tmp_path: Path, dst: Path
) -> None:
    from fractions import Fraction

    import numpy as np

    from recast.images import save
    from recast.provenance import Watermark
    from recast.video import open_take

    frame = open_take(dst).frame(0).image
    size = (frame.shape[1], frame.shape[0])
    middle = np.array([size], np.float32) / 2
    face = middle + np.array([[-0.3, -0.3], [0.3, 0.3]], np.float32) * min(size)
    shot = tmp_path / "shot ж.png"
    save(shot, Watermark.of(0xBADC0DE, size).drawn(frame, [face], Fraction(0)))
    code, out, err = run("verify", shot)
    assert code == 1 and "Made with recast" in out and "0badc0de" in out
    assert "was made with recast, but carries no content credentials" in err
    lines = [json.loads(line) for line in run("verify", shot, "--json").out.splitlines()]
    (told,) = (line for line in lines if line["event"] == "watermark")
    assert told["made_with_recast"] and told["watermark"] == "0badc0de"
    assert lines[-1]["event"] == "error"


def test_a_network_reads_a_second_watermark(
    run: Run, tmp_path: Path, dst: Path, signed: Path
) -> None:
    pytest.importorskip("onnx")
    from recast.images import save
    from recast.provenance.network_watermark import NetworkWatermark
    from recast.video import open_take

    draws = NetworkWatermark.open(write_encoder(tmp_path / "draws.onnx"))
    reads = write_decoder(tmp_path / "reads.onnx")
    shot = tmp_path / "shot ж.png"
    save(shot, draws.drawn(open_take(dst).frame(0).image, 0xC0FFEE))
    code, out, err = run("verify", shot, "--watermark-network", reads)
    assert code == 1 and "Made with recast" in out and "number 00c0ffee" in out
    assert "was made with recast" in err
    told = [
        json.loads(line)
        for line in run("verify", shot, "--watermark-network", reads, "--json").out.splitlines()
    ]
    (mark,) = (line for line in told if line["event"] == "watermark")
    assert mark["made_with_recast"] and mark["network_watermark"] == "00c0ffee"

    code, out, _ = run("verify", signed, "--watermark-network", reads)
    assert code == 0 and "The network reads no watermark of recast." in out
    code, _, err = run("verify", signed, "--watermark-network", tmp_path / "draws.onnx")
    assert code == 1 and "is no network that reads watermarks" in err


def test_a_file_that_is_not_there_exits_with_1(run: Run, tmp_path: Path) -> None:
    code, _, err = run("verify", tmp_path / "nothing.mp4")
    assert code == 1
    assert "nothing.mp4" in err


def test_credentials_beside_a_file_and_those_of_a_folder_are_found(
    run: Run, tmp_path: Path, dst: Path
) -> None:
    folder = tmp_path / "pictures ж"
    folder.mkdir()
    (folder / "sequence.json").write_text('{"version": 1, "files": {}}')
    video = tmp_path / "a.mkv"
    video.write_bytes(b"\x1aE\xdf\xa3 not signed inside")
    for path in (video, folder / "sequence.json"):
        sign_beside(
            path,
            path.with_name(path.name + SIDECAR),
            title="result",
            consent=synthetic_consent(person="nobody", now=NOW),
            model="swift",
            ingredients=[dst],
            signer=find_signer({"RECAST_HOME": str(tmp_path / "home")}, NOW),
            now=NOW,
        )
    assert run("verify", video).code == 0
    assert run("verify", folder).code == 0
    (folder / "sequence.json").write_text('{"version": 1, "files": {"a.png": {}}}')
    assert run("verify", folder).code == 1
    (tmp_path / "a.mkv.c2pa").unlink()
    assert run("verify", video).code == 1
