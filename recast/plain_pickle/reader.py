"""The stack machine that follows a pickle stream."""

from __future__ import annotations

import io
import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

from recast.errors import ForeignFileUnreadable
from recast.plain_pickle.arguments import ARGUMENTS
from recast.plain_pickle.measure import Measure
from recast.plain_pickle.objects import GLOBALS, Global, Making, Refused, build, plain_key

MOST_VALUES = 1_000_000
_STOP = b"."
_OPCODES = {opcode.code: opcode for opcode in pickletools.opcodes}
_FIX = "delete it or ask for a copy; recast reads plain values only, so nothing in it was run"


def load_plain(data: bytes, name: str, *, most_values: int = MOST_VALUES) -> Any:
    """The value of the pickle stream at the start of `data`; `name` (of its file) is for errors.

    At most `most_values` values are made. Protocols 0 to 5, and arrays as joblib writes them.

    Raises:
        ForeignFileUnreadable: the stream is broken, too large when expanded, refers to itself, or
            holds anything but plain values; the error says which opcode or global.
    """
    try:
        return _Reader(data, most_values).read()
    except Refused as reason:
        raise ForeignFileUnreadable(f"{name} is refused: {reason}", _FIX) from reason


class _Reader:
    """The stack machine of one stream."""

    def __init__(self, data: bytes, most_values: int) -> None:
        self.stream = io.BytesIO(data)
        self.length = len(data)
        self.making = Making(most_values, 2 * len(data) + 2**20, self.read_raw)
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}

    def read(self) -> Any:
        next_code, steps = self.stream.read, _STEPS
        while (code := next_code(1)) != _STOP:
            step = steps.get(code)
            if step is None:
                raise self._refusal(code)
            argument = None if step.parse is None else self._argument(step)
            if step.make is not None:
                self.push(step.make(argument))
            elif step.act is not None:
                step.act(self, argument)
        if len(self.stack) != 1 or self.marks:
            raise Refused("its pickle stream ends with a wrong stack")
        Measure(16 * self.length + 10_000).of(self.stack[0])
        return self.stack[0]

    def _argument(self, step: _Step) -> Any:
        try:
            return None if step.parse is None else step.parse(self.stream)
        except ValueError as error:  # also wrong UTF-8
            raise Refused(f"the argument of opcode {step.name} is broken") from error

    def _refusal(self, code: bytes) -> Refused:
        """Why an opcode is not followed; its argument is not even parsed."""
        if not code:
            return Refused("its pickle stream ends early")
        opcode = _OPCODES.get(code.decode("latin-1"))
        if opcode is None:
            at = self.stream.tell() - 1
            return Refused(f"it is no pickle stream (byte {code[0]} at {at})")
        return Refused(f"opcode {opcode.name} does not belong to plain values")

    def push(self, value: Any) -> None:
        self.making.take_values(1)
        self.stack.append(value)

    def pop(self) -> Any:
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            raise Refused("its pickle stream takes more from the stack than is there")
        return self.stack.pop()

    def top(self) -> Any:
        value = self.pop()
        self.stack.append(value)
        return value

    def pop_marked(self) -> list[Any]:
        """What lies above the last mark."""
        if not self.marks:
            raise Refused("its pickle stream has no mark where one is needed")
        mark = self.marks.pop()
        items = self.stack[mark:]
        del self.stack[mark:]
        return items

    def read_raw(self, count: int) -> bytes:
        """The next bytes of the stream as they are."""
        if not 0 <= count <= self.length - self.stream.tell():
            raise Refused(f"it announces an array of {count} bytes, more than it holds")
        return self.stream.read(count)


def _mark(reader: _Reader, _: Any) -> None:
    reader.making.take_values(1)
    reader.marks.append(len(reader.stack))


def _pop(reader: _Reader, _: Any) -> None:
    if reader.marks and reader.marks[-1] == len(reader.stack):
        reader.marks.pop()  # the opcode also takes away a mark
    else:
        reader.pop()


def _append(reader: _Reader, _: Any) -> None:
    item = reader.pop()
    _list_of(reader).append(item)


def _appends(reader: _Reader, _: Any) -> None:
    items = reader.pop_marked()
    _list_of(reader).extend(items)


def _list_of(reader: _Reader) -> list[Any]:
    found = reader.top()
    if type(found) is not list:
        raise Refused("it appends to something that is no list")
    return found


def _set_item(reader: _Reader, _: Any) -> None:
    value, key = reader.pop(), reader.pop()
    _fill(reader.top(), [key, value])


def _set_items(reader: _Reader, _: Any) -> None:
    items = reader.pop_marked()
    _fill(reader.top(), items)


def _fill(mapping: Any, items: list[Any]) -> None:
    if type(mapping) is not dict or len(items) % 2:
        raise Refused("it sets items of something that is no dict")
    mapping.update(zip(map(plain_key, items[::2]), items[1::2], strict=True))


def _dict(reader: _Reader, _: Any) -> None:
    made: dict[Any, Any] = {}
    _fill(made, reader.pop_marked())
    reader.push(made)


def _add_items(reader: _Reader, _: Any) -> None:
    items = reader.pop_marked()
    found = reader.top()
    if type(found) is not set:
        raise Refused("it adds items to something that is no set")
    found.update(map(plain_key, items))


def _tuple_of(count: int) -> Callable[[_Reader, Any], None]:
    def made(reader: _Reader, _: Any) -> None:
        items = [reader.pop() for _ in range(count)]
        reader.push(tuple(reversed(items)))

    return made


def _put(reader: _Reader, index: int) -> None:
    if index < 0:
        raise Refused("its memo has a negative place")
    reader.memo[index] = reader.top()


def _get(reader: _Reader, index: int) -> None:
    if index not in reader.memo:
        raise Refused("it refers to something it has not said before")
    reader.push(reader.memo[index])


def _global(reader: _Reader, argument: str) -> None:
    module, _, name = argument.partition(" ")
    reader.push(_known(module, name))


def _stack_global(reader: _Reader, _: Any) -> None:
    name, module = reader.pop(), reader.pop()
    if type(name) is not str or type(module) is not str:
        raise Refused("it names a global by something that is no text")
    reader.push(_known(module, name))


def _known(module: str, name: str) -> Global:
    try:
        return GLOBALS[module, name]
    except KeyError:
        named = f"{module}.{name}"[:100]
        raise Refused(f"it wants {named!r}, which is no plain value") from None


def _reduce(reader: _Reader, _: Any) -> None:
    arguments, called = reader.pop(), reader.pop()
    if not isinstance(called, Global) or type(arguments) is not tuple:
        raise Refused("it calls something that cannot be called")
    reader.push(called.make(arguments, reader.making))


def _build(reader: _Reader, _: Any) -> None:
    state, made = reader.pop(), reader.pop()
    reader.push(build(made, state, reader.making))


_ACTIONS: dict[str, Callable[[_Reader, Any], None]] = {
    "PROTO": lambda _reader, _: None,
    "FRAME": lambda _reader, _: None,
    "MARK": _mark,
    "POP": _pop,
    "POP_MARK": lambda reader, _: reader.pop_marked().clear(),
    "DUP": lambda reader, _: reader.push(reader.top()),
    "APPEND": _append,
    "APPENDS": _appends,
    "LIST": lambda reader, _: reader.push(reader.pop_marked()),
    "TUPLE": lambda reader, _: reader.push(tuple(reader.pop_marked())),
    **{f"TUPLE{count}": _tuple_of(count) for count in (1, 2, 3)},
    "SETITEM": _set_item,
    "SETITEMS": _set_items,
    "DICT": _dict,
    "ADDITEMS": _add_items,
    "FROZENSET": lambda reader, _: reader.push(frozenset(map(plain_key, reader.pop_marked()))),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _put),
    "MEMOIZE": lambda reader, _: _put(reader, len(reader.memo)),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _get),
    "GLOBAL": _global,
    "STACK_GLOBAL": _stack_global,
    "REDUCE": _reduce,
    "NEWOBJ": _reduce,
    "BUILD": _build,
}
"""All other opcodes that are followed."""


def _two_lines(stream: BinaryIO) -> str:
    # pickletools would also undo escapes, which the names in pickles do not have.
    return " ".join(stream.readline().decode().removesuffix("\n") for _ in range(2))


@dataclass(frozen=True)
class _Step:
    """What is done for an opcode."""

    name: str
    parse: Callable[[Any], Any] | None
    """Cuts the argument out of the stream."""
    make: Callable[[Any], Any] | None
    act: Callable[[_Reader, Any], None] | None


def _step(opcode: pickletools.OpcodeInfo) -> _Step:
    parse: Callable[[Any], Any] | None = None if opcode.arg is None else opcode.arg.reader
    if opcode.name == "GLOBAL":
        parse = _two_lines
    return _Step(opcode.name, parse, ARGUMENTS.get(opcode.name), _ACTIONS.get(opcode.name))


_STEPS = {
    code.encode("latin-1"): _step(opcode)
    for code, opcode in _OPCODES.items()
    if opcode.name in ARGUMENTS or opcode.name in _ACTIONS
}
"""By the opcode's byte. All others are refused."""
