"""The whole job: `recast swap` on your takes, `recast demo` on the bundled ones."""

from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter
from pydantic import BaseModel, Field

from recast.cli.door import Door, door
from recast.cli.flags import FLAGS, SWITCH, Json, exclusive, subset
from recast.disk import disk_trouble_named
from recast.errors import ConsentMissing
from recast.events import Note
from recast.stages.extract import ExtractOptions
from recast.stages.merge import MergeOptions
from recast.stages.train_options import TrainOptions
from recast.workspace import Workspace

if TYPE_CHECKING:
    from recast.provenance import ConsentRecord
    from recast.stages.swap import SwapResult

SWAP_MINUTES = 10.0
_CONSENT_FIX = (
    "give --consent FILE, a JSON file such as "
    '{"person": "NAME", "basis": "self", "adult": true}; '
    "or --synthetic if the src person is not a real one"
)


class SwapFlags(TrainOptions, MergeOptions, ExtractOptions):
    """The flags of three stages at once; `name` and `device` count for all."""

    # A swap always ends in a video.
    pictures: Annotated[bool, Parameter(parse=False, show=False)] = False
    # Both takes are searched whole, once, by a machine.
    detector: Literal["mesh", "mtcnn", "dlib"] = Field(
        "mesh", description="What finds faces and landmarks."
    )
    every: Annotated[int, Parameter(parse=False, show=False)] = 1
    debug: Annotated[bool, Parameter(parse=False, show=False)] = False
    only: Annotated[None, Parameter(parse=False, show=False)] = None
    # One picture cannot be of the persons of both takes.
    person: Annotated[tuple[Path, ...] | None, Parameter(parse=False, show=False)] = None
    embedder: Annotated[str, Parameter(parse=False, show=False)] = "dlib"
    same_person: Annotated[float | None, Parameter(parse=False, show=False)] = None

    label: str = Field(
        "auto",
        description="Notice in a corner of every frame: a language, such as en, or your own text; "
        "auto is English in videos and none in pictures.",
    )


_SWAP = SwapFlags()


# Eight parameters: each is a flag of its own kind.
def swap(  # noqa: PLR0913
    src: Path,
    dst: Path,
    /,
    *,
    out: Annotated[Path, Parameter(help="The video to make.")],
    workspace: Annotated[
        Path | None,
        Parameter(help="Folder of the job; beside OUT, with the ending .recast, if not given."),
    ] = None,
    options: Annotated[SwapFlags, FLAGS] = _SWAP,
    consent: Annotated[
        Path | None, Parameter(help="JSON file that says on what basis the src face is used.")
    ] = None,
    synthetic: Annotated[bool, SWITCH, Parameter(help="The src person is not a real one.")] = False,
    no_label: Annotated[
        bool, SWITCH, Parameter(help="No notice in the frames; say in another way what was done.")
    ] = False,
    json: Json = False,
) -> None:
    """Put SRC's face into DST: the whole job, from two takes to one.

    Stop it with Ctrl-C whenever you like: the same command goes on. A longer budget later
    trains the same model further. Without --minutes and --steps the model trains for 10 minutes.

    Parameters
    ----------
    src
        The take with the face that is put in.
    dst
        The take whose face is replaced; it keeps its performance, light and sound.
    """
    exclusive(minutes=options.minutes, steps=options.steps)
    exclusive(consent=consent, synthetic=synthetic)
    exclusive(label=options.label != "auto", no_label=no_label)
    options = options.model_copy(update={"label": label_of(options, no_label)})
    if options.minutes is None and options.steps is None:
        options = options.model_copy(update={"minutes": SWAP_MINUTES})
    with door(json) as opened:
        record = _consent_given(consent, synthetic)
        place = workspace or out.with_name(f"{out.stem}.recast")
        if record is None:
            _require_consent(place)
        with disk_trouble_named(out.parent):
            out.parent.mkdir(parents=True, exist_ok=True)
        job = Workspace.create(place, src=src, dst=dst)
        _finish(job, options, out=out, consent=record, opened=opened)


class DemoFlags(BaseModel, frozen=True, extra="forbid"):
    """What of the demo can be chosen."""

    out: Path = Field(Path("recast-demo"), description="Folder for everything the demo makes.")
    minutes: float = Field(
        10.0, gt=0, description="Train until the model has had this many minutes in all."
    )
    seed: int = Field(0, ge=0, lt=2**63, description="Start of the random numbers.")


_DEMO = DemoFlags()


def demo(*, flags: Annotated[DemoFlags, FLAGS] = _DEMO, json: Json = False) -> None:
    """Run the whole job on the bundled sample pair.

    Both persons are rendered: neither exists. The same command goes on where one was stopped.
    """
    from recast.provenance import synthetic_consent

    with door(json) as opened, ExitStack() as stack:
        samples = files("recast") / "samples"
        src = stack.enter_context(as_file(samples / "pair1_src.mp4"))
        dst = stack.enter_context(as_file(samples / "pair1_dst.mp4"))
        job = Workspace.create(flags.out / "workspace", src=src, dst=dst)
        record = synthetic_consent(person="rendered sample person", now=datetime.now(UTC))
        options = SwapFlags(minutes=flags.minutes, seed=flags.seed, label="")
        _finish(job, options, out=flags.out / "result.mp4", consent=record, opened=opened)


def _finish(
    job: Workspace,
    options: SwapFlags,
    *,
    out: Path,
    consent: "ConsentRecord | None",
    opened: Door,
) -> None:
    from recast.stages import swap as stage

    if consent:
        _record_once(job, consent)
    opened.report(Note(f"src, the face that is put in: {job.take_path('src')}"))
    opened.report(Note(f"dst, the performance that is kept: {job.take_path('dst')}"))
    opened.report(Note(f"The workspace is {job.root}; the same command goes on from there."))
    done = stage.run(
        job,
        extract=extract_options(options),
        train=TrainOptions.model_validate(subset(options, TrainOptions)),
        merge=MergeOptions.model_validate(subset(options, MergeOptions)),
        report=opened.report,
        out=out,
    )
    facts = {"result": done.video, "sheet": done.sheet, "workspace": done.workspace}
    opened.voice.tell("done", facts, _told(done))


def label_of(options: SwapFlags, no_label: bool) -> str:
    """What the merge is told: by default a video says what it is, pictures are left alone."""
    from recast.video import FORMATS

    silent = no_label or (options.label == "auto" and FORMATS[options.format].picture)
    return "" if silent else options.label


def extract_options(options: SwapFlags) -> ExtractOptions:
    """`--frames` says what is merged, not what is learnt; finding faces has its own runtime, so
    that of `--device` it takes over only the wish to leave the GPU alone."""
    device = "cpu" if options.device == "cpu" else "best"
    given = {**subset(options, ExtractOptions), "frames": "", "device": device}
    return ExtractOptions.model_validate(given)


def _told(done: "SwapResult") -> str:
    return (
        f"The result is            {done.video}\n"
        f"Before and after         {done.sheet}\n"
        f"The workspace, to go on  {done.workspace}"
    )


def _consent_given(file: Path | None, synthetic: bool) -> "ConsentRecord | None":
    from recast.provenance import consent_from_file, synthetic_consent

    now = datetime.now(UTC)
    if synthetic:
        return synthetic_consent(person="synthetic person", now=now)
    return consent_from_file(file, now) if file else None


def _require_consent(place: Path) -> None:
    """Refuse before any work unless the workspace already holds a consent that counts today."""
    from recast.provenance import require_consent

    records = Workspace.open(place).consent if (place / "workspace.json").exists() else ()
    try:
        require_consent(records, datetime.now(UTC).date())
    except ConsentMissing as error:
        raise ConsentMissing(str(error), _CONSENT_FIX) from error


def _record_once(job: Workspace, record: "ConsentRecord") -> None:
    if not any(record.says_the_same_as(one) for one in job.consent):
        job.record_consent(record)
