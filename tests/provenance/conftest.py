"""A small world: a signer, a consent record and takes of five drawn frames."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import av
import numpy as np
import pytest

from recast.provenance.certificate import local_signer
from recast.provenance.consent import ConsentRecord, synthetic_consent
from recast.provenance.signer import Signer

MakeTake = Callable[..., Path]


@pytest.fixture(scope="session")
def now() -> datetime:
    # Certificates are checked against the real clock by c2pa.
    return datetime.now(UTC)


@pytest.fixture(scope="session")
def signer(tmp_path_factory: pytest.TempPathFactory, now: datetime) -> Signer:
    return local_signer(tmp_path_factory.mktemp("home"), now)


@pytest.fixture
def consent(now: datetime) -> ConsentRecord:
    return synthetic_consent(person="Ada Secretname", now=now)


@pytest.fixture
def make_take(tmp_path: Path) -> MakeTake:
    def make(name: str, *, seed: int = 0) -> Path:
        path = tmp_path / name
        rng = np.random.default_rng(seed)
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=25)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            for _ in range(5):
                picture = rng.integers(0, 255, (48, 64, 3), dtype=np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(stream.encode(None))
        return path

    return make
