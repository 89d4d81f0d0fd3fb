import json
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

import recast
from recast.errors import ConsentMissing, OptionUnusable, WorkspaceUnusable
from recast.interop.network_files import METADATA
from recast.provenance.statement import TRAINED
from recast.stages import export_model
from recast.training.trained import load_trained
from recast.workspace import Workspace

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")


def ended(workspace: Workspace) -> None:
    """Let the only consent of a workspace have ended yesterday."""
    settings = json.loads(workspace.settings_file.read_text(encoding="utf-8"))
    record = settings.pop("consent")[0]
    del settings["consent_seal"], record["chain"]
    record["until"] = (datetime.now(UTC).date() - timedelta(days=1)).isoformat()
    workspace.settings_file.write_text(json.dumps(settings | {"consent": [record]}))


def test_a_model_is_exported_with_its_consent_and_credentials(trained: Workspace) -> None:
    folder = trained.model_folder("swift")
    done = export_model.run(folder, "torchscript")
    assert done.path == folder / "swift.pt" and done.off < 1e-4
    extra: dict[str, Any] = {METADATA: ""}
    with done.path.open("rb") as file:
        loaded: Any = torch.jit.load(file, _extra_files=extra)  # type: ignore[no-untyped-call]
    about = json.loads(extra[METADATA])
    chain = trained.consent[0].chain
    assert about["consent_basis"] == "synthetic" and about["consent_adult"] == "True"
    assert chain and about["consent_record_sha256"] == chain.sha256
    assert about["generator"] == f"recast/{recast.__version__}"
    assert (about["model"], about["resolution"], about["step"]) == ("swift", "64", "20")
    assert "nobody" not in str(about)
    faces = torch.rand(2, 3, 64, 64)
    wanted = load_trained(folder, torch.device("cpu"), print).draw(
        faces.permute(0, 2, 3, 1).contiguous().numpy(), None
    )
    assert abs(loaded(faces)[0].permute(0, 2, 3, 1).numpy() - wanted[0]).max() < 1e-4
    found = recast.verify(done.path)
    assert found.intact and found.digital_source_types == (TRAINED,)
    assert [one.relation for one in found.ingredients] == ["inputTo", "inputTo"]
    assert found.consent_basis == "synthetic"


def test_an_exported_model_that_was_changed_shows(trained: Workspace, tmp_path: Path) -> None:
    done = export_model.run(
        trained.model_folder("swift"), "torchscript", out=tmp_path / "new" / "модель.pt"
    )
    with done.path.open("ab") as file:
        file.write(b"more")
    assert recast.verify(done.path).state == "altered"


@pytest.mark.parametrize("how", ["ended", "none", "changed"])
def test_without_consent_nothing_is_exported(trained: Workspace, how: str) -> None:
    file = trained.settings_file
    settings = json.loads(file.read_text(encoding="utf-8"))
    if how == "ended":
        ended(trained)
    elif how == "none":
        file.write_text(json.dumps({k: settings[k] for k in settings if "consent" not in k}))
    else:
        settings["consent"][0]["until"] = "2999-01-01"
        file.write_text(json.dumps(settings))
    kind = WorkspaceUnusable if how == "changed" else ConsentMissing
    with pytest.raises(kind) as refused:
        export_model.run(trained.model_folder("swift"), "torchscript")
    assert refused.value.fix
    assert not list(trained.model_folder("swift").glob("*.pt*"))


def test_training_and_merging_end_with_the_consent(trained: Workspace) -> None:
    ended(trained)
    job = Workspace.open(trained.root)
    for work in (partial(job.train, steps=21), job.merge):
        with pytest.raises(ConsentMissing, match="the consent for nobody ended on") as refused:
            work()
        assert "recast consent WORKSPACE add" in refused.value.fix


def test_what_is_no_model_is_named(trained: Workspace, tmp_path: Path) -> None:
    for folder in (tmp_path, trained.faceset_folder("src"), tmp_path / "gone"):
        with pytest.raises(WorkspaceUnusable, match="is no model of a workspace"):
            export_model.run(folder, "onnx")
    with pytest.raises(OptionUnusable, match=r"let it end|is no name for onnx"):
        export_model.run(trained.model_folder("swift"), "onnx", out=tmp_path / "a.pt")
    (trained.root / "model" / "empty").mkdir()
    with pytest.raises(WorkspaceUnusable, match="holds no model"):
        export_model.run(trained.root / "model" / "empty", "onnx")


def test_clear_takes_an_exported_model_along(trained: Workspace) -> None:
    export_model.run(trained.model_folder("swift"), "torchscript")
    foreign = trained.model_folder("swift") / "theirs.pt"
    foreign.write_bytes(b"not ours")
    trained.clear()
    assert list((trained.root / "model").rglob("*")) == [foreign.parent, foreign]
