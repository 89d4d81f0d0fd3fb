"""Help pages in the house's words, with an option's range as its option model declares it."""

import inspect
from typing import TYPE_CHECKING, get_args

from cyclopts import App
from cyclopts.argument import Argument

from recast.language import ENGLISH, Texts, to_say

if TYPE_CHECKING:
    from cyclopts.help import HelpEntry, HelpPanel
    from rich.console import Console, ConsoleOptions
    from rich.text import Text


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


PANELS = {
    "Arguments": to_say("Arguments"),
    "Commands": to_say("Commands"),
    "Parameters": to_say("Options"),
}
"""cyclopts' titles of its panels, and ours."""
USAGE = {
    "COMMAND": to_say("COMMAND"),
    "[OPTIONS]": to_say("[OPTIONS]"),
    "[ARGS]": to_say("[ARGS]"),
    "[ARGS...]": to_say("[ARGS...]"),
}
"""What stands for something in its usage line; the names of arguments stay."""
SHOW_HELP = to_say("Show this page.")
SHOW_VERSION = to_say("Show the version.")


class HelpInWords:
    """cyclopts' own help page, all its words in the language of `say`."""

    def __init__(self, say: Texts) -> None:
        self._say = say

    def __call__(self, console: "Console", options: "ConsoleOptions", panel: "HelpPanel") -> None:
        from cyclopts.help import DefaultFormatter
        from cyclopts.help.specs import (
            get_default_command_columns,
            get_default_parameter_columns,
        )

        usual = (
            get_default_command_columns
            if panel.format == "command"
            else get_default_parameter_columns
        )
        columns = tuple(
            column.copy(renderer=self.described) if column.header == "Description" else column
            for column in usual(console, options, panel.entries)
        )
        title = self._say.of(PANELS.get(str(panel.title), str(panel.title)))
        DefaultFormatter(column_specs=columns)(console, options, panel.copy(title=title))

    def render_usage(self, console: "Console", options: "ConsoleOptions", usage: object) -> None:
        say = self._say
        words = [say.of(USAGE.get(word, word)) for word in str(usage).split()]
        console.print(
            f"{say('Usage:')} {' '.join(words)}\n",
            markup=False,
            highlight=False,
            style="bold",
        )

    def render_description(
        self, console: "Console", options: "ConsoleOptions", description: object
    ) -> None:
        from cyclopts.help import DefaultFormatter

        DefaultFormatter().render_description(console, options, description)

    def described(self, entry: "HelpEntry") -> "Text":
        """What an option is for, and in brackets what it takes."""
        from rich.text import Text

        say = self._say
        text = Text(say.of(_plain(entry.description)))
        for fact, style in (
            (self.limit(entry), ""),
            (_choices(entry, say), "cyclopts.choices"),
            (_default(entry, say), "cyclopts.default"),
            (say("required") if entry.required else "", "cyclopts.required"),
        ):
            if fact:
                text.append(" " if text else "").append(f"[{fact}]", style)
        return text

    def limit(self, entry: "HelpEntry") -> str:
        """The range of an option's numbers in words; "" if there is none."""
        return ""


class HelpWithLimits(HelpInWords):
    """The help page of one command, with the limits behind each description.

    It shows the command's whole docstring; the list of commands shows one sentence of it.
    """

    def __init__(self, app: App, command: str, say: Texts) -> None:
        super().__init__(say)
        self._app = app
        self._command = command
        self._limits: dict[str, str] = {}

    def __call__(self, console: "Console", options: "ConsoleOptions", panel: "HelpPanel") -> None:
        arguments = self._app[self._command].assemble_argument_collection()
        self._limits = {name: limits(one, self._say) for one in arguments for name in one.names}
        super().__call__(console, options, panel)

    def limit(self, entry: "HelpEntry") -> str:
        return next((self._limits[name] for name in entry.names if self._limits.get(name)), "")

    def render_description(
        self, console: "Console", options: "ConsoleOptions", description: object
    ) -> None:
        paragraphs = explanation(self._app[self._command]).split("\n\n")
        text = "\n\n".join(map(self._say.of, paragraphs))
        console.print(text + "\n", markup=False, highlight=False)


def _choices(entry: "HelpEntry", say: Texts) -> str:
    return say("choices: {names}", names=", ".join(entry.choices)) if entry.choices else ""


def _default(entry: "HelpEntry", say: Texts) -> str:
    if entry.default is None:
        return ""
    switch = {"True": say("yes"), "False": say("no")}
    return say("default: {value}", value=switch.get(entry.default, entry.default))


def explanation(command: App) -> str:
    """What the docstring of a command's function says about it as a whole."""
    text = inspect.getdoc(command.default_command) or ""
    paragraphs = text.partition("\n\nParameters\n")[0].split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _plain(description: object) -> str:
    from rich.text import Text

    if description is None:
        return ""
    rendered = getattr(description, "primary_renderable", description)
    return rendered.plain.rstrip() if isinstance(rendered, Text) else str(rendered).rstrip()
