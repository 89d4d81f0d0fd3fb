"""Help pages that also say an option's range, as its option model declares it."""

import inspect
from typing import TYPE_CHECKING, get_args

from cyclopts import App
from cyclopts.argument import Argument

from recast.language import ENGLISH, Texts

if TYPE_CHECKING:
    from cyclopts.help import HelpPanel
    from rich.console import Console, ConsoleOptions


def limits(argument: Argument, say: Texts = ENGLISH) -> str:
    """The range of a number in words, such as "64 to 256, a multiple of 16"; "" if it has none."""
    found: dict[str, object] = {}
    for constraint in get_args(argument.field_info.annotation)[1:]:
        for bound in ("ge", "gt", "le", "lt", "multiple_of"):
            if hasattr(constraint, bound):
                found[bound] = getattr(constraint, bound)
    return ", ".join(filter(None, (_range(found, say), _step(found, say))))


def _range(found: dict[str, object], say: Texts) -> str:
    if "ge" in found and "le" in found:
        return say("{least} to {most}", least=found["ge"], most=found["le"])
    low = say("{least} or more", least=found["ge"]) if "ge" in found else ""
    low = say("more than {bound}", bound=found["gt"]) if "gt" in found else low
    high = say("at most {most}", most=found["le"]) if "le" in found else ""
    high = say("less than {bound}", bound=found["lt"]) if "lt" in found else high
    # 2**63 and its like are limits of the machine that nobody has to know.
    high = "" if len(high) > 24 else high
    return say("{low} and {high}", low=low, high=high) if low and high else low or high


def _step(found: dict[str, object], say: Texts) -> str:
    return say("a multiple of {step}", step=found["multiple_of"]) if "multiple_of" in found else ""


class HelpWithLimits:
    """cyclopts' own help page of one command, with the limits behind each description.

    It shows the command's whole docstring; the list of commands shows one sentence of it.
    """

    def __init__(self, app: App, command: str, say: Texts) -> None:
        self._app = app
        self._command = command
        self._say = say

    def __call__(self, console: "Console", options: "ConsoleOptions", panel: "HelpPanel") -> None:
        from cyclopts.help import DefaultFormatter

        arguments = self._app[self._command].assemble_argument_collection()
        of_flag = {
            name: limits(argument, self._say) for argument in arguments for name in argument.names
        }
        entries = []
        for entry in panel.entries:
            found = next((of_flag[name] for name in entry.names if of_flag.get(name)), "")
            text: object = entry.description
            if found or self._say.code != "en":
                text = self._say.of(_plain(entry.description)) + (f" [{found}]" if found else "")
            entries.append(entry.copy(description=text))
        DefaultFormatter()(console, options, panel.copy(entries=entries))

    def render_usage(self, console: "Console", options: "ConsoleOptions", usage: object) -> None:
        from cyclopts.help import DefaultFormatter

        DefaultFormatter().render_usage(console, options, usage)

    def render_description(
        self, console: "Console", options: "ConsoleOptions", description: object
    ) -> None:
        paragraphs = explanation(self._app[self._command]).split("\n\n")
        text = "\n\n".join(map(self._say.of, paragraphs))
        console.print(text + "\n", markup=False, highlight=False)


def explanation(command: App) -> str:
    """What the docstring of a command's function says about it as a whole."""
    text = inspect.getdoc(command.default_command) or ""
    paragraphs = text.partition("\n\nParameters\n")[0].split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _plain(description: object) -> str:
    from rich.text import Text

    rendered = getattr(description, "primary_renderable", description)
    return rendered.plain.rstrip() if isinstance(rendered, Text) else str(rendered).rstrip()
