"""The settings of a merge while people try them: for the whole take, and for ranges of it."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from recast.disk import disk_trouble_named, write_json
from recast.errors import OptionUnusable, WorkspaceUnusable
from recast.language import sentence
from recast.reasons import reason, refused
from recast.stages.merge_options import LookOptions, MergeOptions
from recast.stages.merge_shots import Shot
from recast.workspace import Workspace

MOST_STEPS = 200
"""So many changes can be undone."""


class Range(BaseModel, frozen=True):
    """Some frames with settings of their own, from `first` up to, not including, `end`.

    `own` are the names and values that differ from the whole take's; `blends` moves there over
    the range's frames instead of cutting.
    """

    first: int = Field(ge=0)
    end: int = Field(ge=1)
    blends: bool = False
    own: dict[str, Any] = Field(default_factory=dict)

    @property
    def entry(self) -> dict[str, Any]:
        """As it stands in a file of shots."""
        change = {"change": "blend"} if self.blends else {}
        return {"frames": f"{self.first}:{self.end}", **change, **self.own}


class Settings(BaseModel, frozen=True):
    """All that a merge page holds; `options` says nothing of `shots`, the ranges do."""

    version: int = Field(1, ge=1, le=1)
    options: MergeOptions = MergeOptions()
    ranges: tuple[Range, ...] = ()

    def range_at(self, frame: int) -> int | None:
        """The number of the range that a frame lies in."""
        for number, one in enumerate(self.ranges):
            if one.first <= frame < one.end:
                return number
        return None

    def at(self, number: int | None) -> LookOptions:
        """The settings of a range, or of the whole take."""
        if number is None:
            return self.options
        base = self.options.model_dump(include=set(LookOptions.model_fields))
        return LookOptions.model_validate({**base, **self.ranges[number].own})

    @property
    def entries(self) -> list[dict[str, Any]]:
        """The ranges as a file of shots holds them."""
        return [one.entry for one in self.ranges]


class MergeDesk:
    """The settings for everybody who works at them; changes are made in one thread.

    They are kept in the workspace, the ranges in a file that `recast merge --shots` reads.
    """

    def __init__(self, workspace: Workspace) -> None:
        """Raises TakeUnreadable, or WorkspaceUnusable if what was kept is damaged."""
        self.workspace = workspace
        take = workspace.take("dst")
        self.take_path = take.path
        self.length = len(take)
        self.rate = take.info.rate
        self.size = take.info.size
        self.settings = self._kept = _read(workspace.merge_settings_file)
        self._before: list[Settings] = []
        self._again: tuple[Any, ...] = ()
        self._writing = Lock()

    def set(self, name: str, value: Any, *, number: int | None = None) -> None:
        """Give an option a value, for the whole take or for range `number`.

        Raises:
            OptionUnusable: the value is none for this option, or it cannot differ in a range.
        """
        settings = self.settings
        if number is None:
            options = _checked(MergeOptions, {**settings.options.model_dump(), name: value})
            self._step(settings.model_copy(update={"options": options}), ("set", name))
            return
        if name not in LookOptions.model_fields:
            raise OptionUnusable(
                sentence("{name} holds for the whole take", name=name),
                sentence("leave the range to set it"),
            )
        own = {**settings.ranges[number].own, name: value}
        checked = _checked(Shot, {"frames": ":", **own}).model_dump(include=set(own))
        self._change(number, again=("set", name, number), own=checked)

    def free(self, name: str, number: int) -> None:
        """Let a range take an option from the whole take again."""
        own = {k: v for k, v in self.settings.ranges[number].own.items() if k != name}
        self._change(number, own=own)

    def add_range(self, first: int, end: int) -> int:
        """Begin a range and give its number; ranges stand in the order of their frames.

        Raises:
            OptionUnusable: it is empty, or shares a frame with another range.
        """
        return self._placed(Range(first=max(0, first), end=max(1, min(end, self.length))), None)

    def move_range(self, number: int, first: int, end: int) -> int:
        """Let a range hold other frames, and give its number then; raises as `add_range`."""
        ends = {"first": max(0, first), "end": max(1, min(end, self.length))}
        return self._placed(self.settings.ranges[number].model_copy(update=ends), number)

    def blend(self, number: int, *, blends: bool) -> None:
        """Let a range's settings come gradually, or at once."""
        self._change(number, blends=blends)

    def remove_range(self, number: int) -> None:
        """Let the whole take's settings hold there again."""
        ranges = self.settings.ranges
        rest = ranges[:number] + ranges[number + 1 :]
        self._step(self.settings.model_copy(update={"ranges": rest}))

    def reset(self, number: int | None = None) -> None:
        """Take the defaults again, or in a range the whole take's."""
        if number is not None:
            self._change(number, own={})
            return
        plain = MergeOptions(name=self.settings.options.name)
        self._step(self.settings.model_copy(update={"options": plain}))

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return bool(self._before)

    def undo(self) -> None:
        """Take the last change back, if there is one."""
        if self._before:
            self.settings = self._before.pop()
            self._again = ()

    @property
    def options(self) -> MergeOptions:
        """What a merge is given: with the file of the ranges, if there are any."""
        shots = self.workspace.shots_file if self.settings.ranges else None
        return self.settings.options.model_copy(update={"shots": shots})

    def keep(self) -> bool:
        """Write settings and ranges, if they changed; whether they were written."""
        with self._writing:
            settings = self.settings
            if settings is self._kept and self._is_there(settings):
                return False
            file = self.workspace.merge_settings_file
            with disk_trouble_named(file):
                file.parent.mkdir(parents=True, exist_ok=True)
            if settings.ranges:
                write_json(self.workspace.shots_file, settings.entries)
            write_json(
                file, settings.model_dump(mode="json", exclude_defaults=True) | {"version": 1}
            )
            self._kept = settings
            return True

    def _is_there(self, settings: Settings) -> bool:
        return not settings.ranges or self.workspace.shots_file.is_file()

    def _placed(self, new: Range, number: int | None) -> int:
        ranges = self.settings.ranges
        others = [one for at, one in enumerate(ranges) if at != number]
        if new.first >= new.end:
            raise OptionUnusable(
                sentence("frames {first}:{end} hold no frame", first=new.first, end=new.end),
                sentence("end a range behind its beginning"),
            )
        for one in others:
            if new.first < one.end and one.first < new.end:
                raise OptionUnusable(
                    sentence(
                        "frames {first}:{end} share some with {other}",
                        first=new.first,
                        end=new.end,
                        other=f"{one.first}:{one.end}",
                    ),
                    sentence("end one range where the next begins: its end is not included"),
                )
        placed = sorted([*others, new], key=lambda one: one.first)
        self._step(self.settings.model_copy(update={"ranges": tuple(placed)}))
        return placed.index(new)

    def _change(self, number: int, *, again: tuple[Any, ...] = (), **changes: Any) -> None:
        ranges = list(self.settings.ranges)
        ranges[number] = ranges[number].model_copy(update=changes)
        self._step(self.settings.model_copy(update={"ranges": tuple(ranges)}), again)

    def _step(self, settings: Settings, again: tuple[Any, ...] = ()) -> None:
        """Changing one value on and on, as a slider does, is one step."""
        if not again or again != self._again:
            self._before = [*self._before[1 - MOST_STEPS :], self.settings]
        self._again = again
        self.settings = settings


def _read(file: Path) -> Settings:
    fix = sentence("delete it to begin with plain settings")
    try:
        found = Settings.model_validate_json(file.read_bytes())
        for number in range(len(found.ranges)):
            found.at(number)
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        reason = error.strerror or "it cannot be opened"
        raise WorkspaceUnusable(
            sentence("{file} cannot be read: {reason}", file=file, reason=reason), fix
        ) from error
    except ValidationError as error:
        where = ".".join(map(str, error.errors(include_url=False)[0]["loc"])) or "its start"
        raise WorkspaceUnusable(
            sentence(
                "{file} holds no settings this recast can read: it is wrong at {where}",
                file=file,
                where=where,
            ),
            fix,
        ) from error
    return found


def _checked(kind: type[Any], values: dict[str, Any]) -> Any:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        trouble = error.errors(include_url=False)[0]
        named = ".".join(str(part) for part in trouble["loc"][:1])
        raise OptionUnusable(
            refused(named, trouble["input"], reason(trouble)), sentence("choose another value")
        ) from error
