"""recast: face replacement for film, research and labelled satire.

Two takes go in, one comes out: `src` gives the face, `dst` the performance.

    import recast

    job = recast.Workspace.create("job", src="anna.mp4", dst="scene.mp4")
    job.record_consent(recast.consent_from_file(Path("anna.json"), datetime.now(UTC)))
    job.extract("src")
    job.extract("dst")
    job.train(minutes=10)
    job.merge()  # job/result.mp4

The names below are loaded when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recast.errors import (
        CheckpointUnusable,
        ConsentMissing,
        ContentRefused,
        CredentialsMissing,
        DiskTrouble,
        FaceFileUnreadable,
        ForeignFileUnreadable,
        ModelBusy,
        NoFaceFound,
        OptionUnusable,
        OutOfMemory,
        RecastError,
        Stopped,
        TakeUnreadable,
        TakeUnwritable,
        TrainingDiverged,
        WorkspaceUnusable,
    )
    from recast.events import (
        Event,
        Note,
        Preview,
        Progress,
        Report,
        Started,
        TrainingProgress,
        silent,
    )
    from recast.faceset import (
        FaceSet,
        load_faceset,
    )
    from recast.provenance import (
        ConsentRecord,
        Credentials,
        consent_from_file,
        synthetic_consent,
        verify,
    )
    from recast.stages.cut import (
        cut,
    )
    from recast.video import (
        Frame,
        Moment,
        Take,
        TakeInfo,
        open_take,
    )
    from recast.workspace import (
        Side,
        Workspace,
    )

    __version__: str

__all__ = [
    "CheckpointUnusable",
    "ConsentMissing",
    "ConsentRecord",
    "ContentRefused",
    "Credentials",
    "CredentialsMissing",
    "DiskTrouble",
    "Event",
    "FaceFileUnreadable",
    "FaceSet",
    "ForeignFileUnreadable",
    "Frame",
    "ModelBusy",
    "Moment",
    "NoFaceFound",
    "Note",
    "OptionUnusable",
    "OutOfMemory",
    "Preview",
    "Progress",
    "RecastError",
    "Report",
    "Side",
    "Started",
    "Stopped",
    "Take",
    "TakeInfo",
    "TakeUnreadable",
    "TakeUnwritable",
    "TrainingDiverged",
    "TrainingProgress",
    "Workspace",
    "WorkspaceUnusable",
    "__version__",
    "consent_from_file",
    "cut",
    "load_faceset",
    "open_take",
    "silent",
    "synthetic_consent",
    "verify",
]

_NAMES = {
    "recast.errors": (
        "CheckpointUnusable",
        "ConsentMissing",
        "ContentRefused",
        "CredentialsMissing",
        "DiskTrouble",
        "FaceFileUnreadable",
        "ForeignFileUnreadable",
        "ModelBusy",
        "NoFaceFound",
        "OptionUnusable",
        "OutOfMemory",
        "RecastError",
        "Stopped",
        "TakeUnreadable",
        "TakeUnwritable",
        "TrainingDiverged",
        "WorkspaceUnusable",
    ),
    "recast.events": (
        "Event",
        "Note",
        "Preview",
        "Progress",
        "Report",
        "Started",
        "TrainingProgress",
        "silent",
    ),
    "recast.faceset": (
        "FaceSet",
        "load_faceset",
    ),
    "recast.provenance": (
        "ConsentRecord",
        "Credentials",
        "consent_from_file",
        "synthetic_consent",
        "verify",
    ),
    "recast.stages.cut": ("cut",),
    "recast.video": (
        "Frame",
        "Moment",
        "Take",
        "TakeInfo",
        "open_take",
    ),
    "recast.workspace": (
        "Side",
        "Workspace",
    ),
}
_HOMES = {name: home for home, names in _NAMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        return version("recast")
    if name not in _HOMES:
        raise AttributeError(f"module 'recast' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
