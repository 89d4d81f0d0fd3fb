"""What can go wrong, as one tree.

    RecastError
    ├── TakeUnreadable        (OSError)          a take is missing, truncated or not a video
    ├── TakeUnwritable        (OSError)          a result cannot be written in this form
    ├── DiskTrouble           (OSError)          no space, no permission
    ├── WorkspaceUnusable     (ValueError)       the folder is no workspace, or not far enough
    ├── FaceFileUnreadable    (ValueError)       a picture carries no face recast can read
    ├── ForeignFileUnreadable (ValueError)       another program's file is broken or not plain
    ├── NoFaceFound           (LookupError)      no face was found where one is needed
    ├── OptionUnusable        (ValueError)       an option's value does not fit the rest
    ├── CheckpointUnusable    (ValueError)       no saved state of a model can be loaded
    ├── OutOfMemory           (MemoryError)      a training does not fit, however small its batch
    ├── ModelBusy             (RuntimeError)     another program trains this model
    ├── TrainingDiverged      (ArithmeticError)  training cannot be brought back to finite losses
    ├── ConsentMissing        (PermissionError)  nobody recorded that the src person agrees
    ├── ContentRefused        (PermissionError)  the take shows what recast puts no face into
    ├── CredentialsMissing    (LookupError)      a file carries no content credentials
    └── Stopped                                  the person in front stopped the work

Every error says what happened and where, and `fix` says what to do about it.
"""


class RecastError(Exception):
    """Something the user can act on: `str(error)` says what, `error.fix` what to do."""

    exit_code = 1

    def __init__(self, what: str, fix: str = "") -> None:
        super().__init__(what)
        self.fix = fix


class TakeUnreadable(RecastError, OSError):
    """The file is missing, truncated, not a video, or in a codec this machine cannot decode."""


class TakeUnwritable(RecastError, OSError):
    """The result cannot be written in this container, codec or picture size."""


class DiskTrouble(RecastError, OSError):
    """The disk is full, or the folder may not be written."""


class WorkspaceUnusable(RecastError, ValueError):
    """The folder is no workspace, or lacks what this stage builds on."""


class FaceFileUnreadable(RecastError, ValueError):
    """The picture is broken or carries no face metadata that recast knows."""


class ForeignFileUnreadable(RecastError, ValueError):
    """A file of another program is broken, or holds more than plain values."""


class NoFaceFound(RecastError, LookupError):
    """No face was found where one is needed."""


class OptionUnusable(RecastError, ValueError):
    """The option's value does not fit the model, the take or the other options."""


class CheckpointUnusable(RecastError, ValueError):
    """No complete checkpoint can be loaded, or it belongs to another network."""


class OutOfMemory(RecastError, MemoryError):
    """A training does not fit into the memory it may use, however small its batch."""


class ModelBusy(RecastError, RuntimeError):
    """Another program is training this very model."""


class TrainingDiverged(RecastError, ArithmeticError):
    """Losses stayed infinite or undefined after every roll-back."""


class ConsentMissing(RecastError, PermissionError):
    """The workspace holds no valid consent record for the src person."""


class ContentRefused(RecastError, PermissionError):
    """The dst take shows explicit exposure; recast puts no face into it."""


class CredentialsMissing(RecastError, LookupError):
    """The file carries no content credentials."""


class Stopped(RecastError):
    """The work was stopped on request; everything finished so far is kept."""

    exit_code = 130
