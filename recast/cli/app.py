"""What commands there are. A command's module is loaded when the command is used."""

from keyword import iskeyword

from cyclopts import App, Parameter

from recast.cli.help import SHOW_HELP, SHOW_VERSION, HelpInWords, HelpWithLimits
from recast.language import Texts, machine_language

COMMANDS = {
    "demo": ("job", "Run the whole job on the bundled sample pair."),
    "swap": ("job", "Put SRC's face into DST: the whole job, from two takes to one."),
    "new": ("workspaces", "Make a workspace, the folder of one job."),
    "clear": ("workspaces", "Remove what recast made in a workspace; the takes stay."),
    "frames": ("takes", "Write frames of a take as pictures into data_src or data_dst."),
    "cut": ("takes", "Cut a part out of a take, at the very frame, its sound in step."),
    "denoise": ("takes", "Take the noise out of dst, edges kept; later stages work on that."),
    "extract": ("stages", "Find the faces of a take and cut each into an aligned face file."),
    "sort": ("faceset", "Sort a face set, thin it out, or undo that."),
    "measure": (
        "faceset",
        "Measure sharpness and light of a face set once, for the studio's filters, and group it.",
    ),
    "trash": ("faceset", "Put faces aside into the folder trash of their set, or take them back."),
    "train": ("stages", "Teach a model both faces, or go on with it."),
    "models": ("models", "Show the models that can be trained."),
    "timelapse": (
        "stages",
        "Make a video of how a model learned: its previews, one after another.",
    ),
    "merge": ("stages", "Put the trained face into every frame of the dst take."),
    "encode": ("stages", "Make a video of merged pictures, with dst's timing and sound."),
    "import": ("exchange", "Take over faces: DeepFaceLab, faceswap, packs, other face sets."),
    "export": ("exchange", "Write a model for other programs, or pack a face set into one file."),
    "consent": ("consent", "Record or show on what basis the src face may be used."),
    "verify": ("verify", "Read a file's content credentials and check them."),
    "studio": ("studio", "Serve the local web page: look, mark, curate, train, merge."),
    "doctor": ("doctor", "Show what this machine has, and what is missing."),
}
"""Name: (module of recast.cli, what it does). The function has the command's name, with a
line behind it where Python keeps the word for itself."""


def _version() -> str:
    import recast

    return recast.__version__


def make_app(say: Texts) -> App:
    """The command line, its help in the language of `say`."""
    app = App(
        name="recast",
        version=_version,
        help=say("Face replacement for film, research and labelled satire: two takes in, one out."),
        help_epilogue=say("Begin with `recast demo`. `recast COMMAND --help` explains a command."),
        help_format="plaintext",
        help_formatter=HelpInWords(say),
        default_parameter=Parameter(negative_iterable=()),
    )
    app["--help"].help = say.of(SHOW_HELP)
    app["--version"].help = say.of(SHOW_VERSION)
    for order, (name, (module, about)) in enumerate(COMMANDS.items()):
        app.command(
            f"recast.cli.{module}:{name}{'_' * iskeyword(name)}",
            name=name,
            help=say.of(about),
            help_epilogue="",
            sort_key=order,
            help_formatter=HelpWithLimits(app, name, say),
        )
    return app


app = make_app(Texts(machine_language()))
