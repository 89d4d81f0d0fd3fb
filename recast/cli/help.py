"""Help pages that also say an option's range, as its option model declares it."""

import inspect
from typing import TYPE_CHECKING, get_args

from cyclopts import App
from cyclopts.argument import Argument

if TYPE_CHECKING:
    from cyclopts.help import HelpPanel
    from rich.console import Console, ConsoleOptions


def limits(argument: Argument) -> str:
    """The range of a number in words, such as "64 to 256, a multiple of 16"; "" if it has none."""
    found: dict[str, object] = {}
    for constraint in get_args(argument.field_info.annotation)[1:]:
        for bound in ("ge", "gt", "le", "lt", "multiple_of"):
            if hasattr(constraint, bound):
                found[bound] = getattr(constraint, bound)
    return ", ".join(filter(None, (_range(found), _step(found))))


def _range(found: dict[str, object]) -> str:
    if "ge" in found and "le" in found:
        return f"{found['ge']} to {found['le']}"
    low = f"{found['ge']} or more" if "ge" in found else ""
    low = f"more than {found['gt']}" if "gt" in found else low
    high = f"at most {found['le']}" if "le" in found else ""
    high = f"less than {found['lt']}" if "lt" in found else high
    # 2**63 and its like are limits of the machine that nobody has to know.
    high = "" if len(high) > 24 else high
    return " and ".join(filter(None, (low, high)))


def _step(found: dict[str, object]) -> str:
    return f"a multiple of {found['multiple_of']}" if "multiple_of" in found else ""


class HelpWithLimits:
    """cyclopts' own help page of one command, with the limits behind each description.

    It shows the command's whole docstring; the list of commands shows one sentence of it.
    """

    def __init__(self, app: App, command: str) -> None:
        self._app = app
        self._command = command

    def __call__(self, console: "Console", options: "ConsoleOptions", panel: "HelpPanel") -> None:
        from cyclopts.help import DefaultFormatter

        arguments = self._app[self._command].assemble_argument_collection()
        of_flag = {name: limits(argument) for argument in arguments for name in argument.names}
        entries = []
        for entry in panel.entries:
            found = next((of_flag[name] for name in entry.names if of_flag.get(name)), "")
            text = f"{_plain(entry.description)} [{found}]" if found else entry.description
            entries.append(entry.copy(description=text))
        DefaultFormatter()(console, options, panel.copy(entries=entries))

    def render_usage(self, console: "Console", options: "ConsoleOptions", usage: object) -> None:
        from cyclopts.help import DefaultFormatter

        DefaultFormatter().render_usage(console, options, usage)

    def render_description(
        self, console: "Console", options: "ConsoleOptions", description: object
    ) -> None:
        console.print(explanation(self._app[self._command]) + "\n", markup=False, highlight=False)


def explanation(command: App) -> str:
    """What the docstring of a command's function says about it as a whole."""
    text = inspect.getdoc(command.default_command) or ""
    paragraphs = text.partition("\n\nParameters\n")[0].split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _plain(description: object) -> str:
    from rich.text import Text

    rendered = getattr(description, "primary_renderable", description)
    return rendered.plain.rstrip() if isinstance(rendered, Text) else str(rendered).rstrip()
