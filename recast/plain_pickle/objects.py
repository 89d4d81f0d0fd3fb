"""What a pickle stream may ask for, and how it is made.

`GLOBALS` lists every name that is known. Each one has a function of our own that checks the
arguments and makes the value; nothing is imported or called by name.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Refused(Exception):
    """Why a stream is not read on; the reader adds which file."""


@dataclass
class Making:
    """What the making of one stream's values shares."""

    values: int
    """How many more values may be made."""
    octets: int
    """How many more bytes arrays and copies may take."""
    read_raw: Callable[[int], bytes]
    """The next bytes of the stream itself."""
    begun: dict[int, NDArray[Any]] = field(default_factory=dict)
    """Arrays, by identity, that still wait for their content."""

    def take_values(self, count: int) -> None:
        self.values -= count
        if self.values < 0:
            raise Refused("it holds more values than are read from such a file")

    def take_octets(self, count: int) -> None:
        self.octets -= count
        if self.octets < 0:
            raise Refused("its arrays are larger than the file that holds them")


@dataclass(frozen=True)
class Global:
    """An inert name in a stream; calling it in the stream runs `make` here."""

    name: str
    make: Callable[[tuple[Any, ...], Making], Any]

    def __str__(self) -> str:
        return self.name


# Numbers, booleans and texts; no objects, no records, nothing whose size depends on the machine.
_ITEM = re.compile(r"b1|[iu][1248]|f[248]|c8|c16|[SU][1-9][0-9]{0,3}")
_ORDERS = {"<": "<", ">": ">", "=": "<", "|": "|"}


@dataclass
class ItemType:
    """A NumPy dtype under construction; only lives inside the reader."""

    code: str
    order: str = "<"

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.order.replace("|", "<") + self.code)


@dataclass(frozen=True)
class JoblibArray:
    """Announces an array whose bytes follow in the stream itself."""


def build(made: Any, state: Any, making: Making) -> Any:
    """Give an unfinished object its state; what stands on the stack afterwards."""
    if isinstance(made, ItemType):
        return _ordered(made, state)
    if isinstance(made, JoblibArray):
        return _joblib_array(state, making)
    array = making.begun.pop(id(made), None)
    if array is None:
        raise Refused(f"it sets the state of a value that has none: {type(made).__name__}")
    return _filled(array, state, making)


def _matches(value: Any, *kinds: Any) -> bool:
    """Whether `value` is a tuple (or list) of exactly these types; None for anything."""
    return len(value) == len(kinds) and all(
        kind is None or type(part) is kind for part, kind in zip(value, kinds, strict=True)
    )


def _item_type(arguments: tuple[Any, ...], making: Making) -> ItemType:
    known = arguments and type(arguments[0]) is str and _ITEM.fullmatch(arguments[0])
    if not known or any(type(flag) not in (int, bool) for flag in arguments[1:]):
        named = repr(arguments[0])[:40] if arguments else "nothing"
        raise Refused(f"it holds an array of {named}, which are no plain numbers or texts")
    return ItemType(arguments[0])


def _ordered(made: ItemType, state: Any) -> ItemType:
    # version, order, subarray, names, fields, item size, alignment, flags
    sound = type(state) is tuple and len(state) == 8 and type(state[1]) is str
    if not sound or state[1] not in _ORDERS or state[2:5] != (None, None, None):
        raise Refused("it holds an array of records or of an unknown byte order")
    made.order = _ORDERS[state[1]]
    return made


def _begun(arguments: tuple[Any, ...], making: Making) -> NDArray[Any]:
    if not (len(arguments) == 3 and arguments[0] is NDARRAY and arguments[1] == (0,)):
        raise Refused("it holds an array of an unknown kind")
    array = np.zeros(0, np.uint8)
    making.begun[id(array)] = array
    return array


def _filled(array: NDArray[Any], state: Any, making: Making) -> NDArray[Any]:
    """`array` itself, which the memo may know already, with its content."""
    if not (type(state) is tuple and _matches(state, int, tuple, ItemType, None, bytes)):
        raise Refused("it holds an array whose content is no run of plain numbers or texts")
    _, shape, item, fortran, raw = state
    found = _array(raw, item, shape, making)
    checked: Any = (1, found.shape, found.dtype, bool(fortran), raw)
    array.__setstate__(checked)
    return array


def _array(raw: bytes, item: ItemType, shape: Any, making: Making) -> NDArray[Any]:
    """A read-only view of `raw`, checked."""
    dtype = item.dtype
    count = _count(shape)
    if count * dtype.itemsize != len(raw):
        raise Refused(f"it announces an array of {shape}, but holds {len(raw)} bytes of it")
    making.take_octets(len(raw))
    array = np.frombuffer(raw, dtype)
    if dtype.kind == "b" and raw.strip(b"\0\1"):
        raise Refused("it holds an array of booleans that are neither true nor false")
    if dtype.kind == "U":
        letters = np.frombuffer(raw, np.dtype(dtype.str[0] + "u4"))
        if np.any((letters > 0x10FFFF) | ((letters >= 0xD800) & (letters < 0xE000))):
            raise Refused("it holds an array of texts that are no Unicode")
    return array.reshape(shape)


def _count(shape: Any) -> int:
    sound = type(shape) is tuple and len(shape) <= 8
    if not sound or not all(type(side) is int and 0 <= side < 2**40 for side in shape):
        raise Refused("it holds an array without a proper shape")
    count = math.prod(side for side in shape if side)
    if count >= 2**40:
        raise Refused("it holds an array of an absurd shape")
    return 0 if 0 in shape else count


def _joblib_array(state: Any, making: Making) -> NDArray[Any]:
    """joblib writes array bytes after the wrapper that describes them, often with padding."""
    wanted = {"subclass", "shape", "order", "dtype"}
    if type(state) is not dict or not wanted <= state.keys() or state["subclass"] is not NDARRAY:
        raise Refused("it holds an array of joblib of an unknown kind")
    item, shape, order = state["dtype"], state["shape"], state["order"]
    if not isinstance(item, ItemType) or order not in ("C", "F"):
        raise Refused("it holds an array of joblib that is not made of plain numbers or texts")
    if state.get("numpy_array_alignment_bytes") is not None:
        making.read_raw(making.read_raw(1)[0])
    raw = making.read_raw(_count(shape) * item.dtype.itemsize)
    flat = _array(raw, item, shape, making).copy()
    return flat.reshape(shape[::-1]).T if order == "F" else flat


def _scalar(arguments: tuple[Any, ...], making: Making) -> Any:
    if not _matches(arguments, ItemType, bytes):
        raise Refused("it holds a NumPy scalar that is no plain number or text")
    return _array(arguments[1], arguments[0], (1,), making)[0]


def _from_buffer(arguments: tuple[Any, ...], making: Making) -> NDArray[Any]:
    """How protocol 5 writes arrays."""
    sound = _matches(arguments, None, ItemType, None, str) and arguments[3] in ("C", "F")
    if not sound or type(arguments[0]) not in (bytes, bytearray):
        raise Refused("it holds an array whose content is no run of plain numbers or texts")
    raw, item, shape, order = arguments
    flat = _array(bytes(raw), item, shape, making).copy()
    return flat.reshape(shape[::-1]).T if order == "F" else flat


def _encoded(arguments: tuple[Any, ...], making: Making) -> bytes:
    """How protocols 0 to 2 write bytes."""
    if not _matches(arguments, str, str) or arguments[1] not in ("latin1", "latin-1"):
        raise Refused("it encodes a text otherwise than bytes are written")
    making.take_octets(len(arguments[0]))
    try:
        return str(arguments[0]).encode("latin-1")
    except UnicodeEncodeError:
        raise Refused("it holds bytes above 255") from None


def _bytes(arguments: tuple[Any, ...], making: Making) -> bytes:
    if arguments:
        raise Refused("it makes bytes in a way that bytes are not written")
    return b""


def _bytearray(arguments: tuple[Any, ...], making: Making) -> bytearray:
    if not arguments:
        return bytearray()
    if _matches(arguments, str, str):
        return bytearray(_encoded(arguments, making))
    if not _matches(arguments, bytes):
        raise Refused("it makes a bytearray of something that is no bytes")
    making.take_octets(len(arguments[0]))
    return bytearray(arguments[0])


def _set(arguments: tuple[Any, ...], making: Making) -> set[Any]:
    if not _matches(arguments, list):
        raise Refused("it makes a set of something that is no list")
    making.take_values(len(arguments[0]))
    return {plain_key(item) for item in arguments[0]}


def _ordered_dict(arguments: tuple[Any, ...], making: Making) -> dict[Any, Any]:
    if arguments:
        raise Refused("it makes an ordered dict in a way that those are not written")
    return {}


def _number_of_enum(arguments: tuple[Any, ...], making: Making) -> int:
    if not _matches(arguments, int):
        raise Refused("it makes an enum's member of something that is no integer")
    return int(arguments[0])


def _attribute(arguments: tuple[Any, ...], making: Making) -> str:
    """Python 3.11 writes an enum's member as an attribute of the enum; its name is the value."""
    if not _matches(arguments, Global, str) or arguments[0].make is not _number_of_enum:
        raise Refused("it takes an attribute of something")
    return str(arguments[1])


def _never(arguments: tuple[Any, ...], making: Making) -> Any:
    raise Refused("it calls a name that is only a name")


def plain_key(value: Any) -> Any:
    """Only scalars: hashing nested tuples can take for ever, and large integers may collide."""
    if value is None or type(value) in (str, bytes, bool, float):
        return value
    if type(value) is int and -(2**63) <= value < 2**64:
        return value
    raise Refused(f"it holds a dict key or set item that is no scalar: {kind_of(value)}")


def kind_of(value: Any) -> str:
    """What a value is, for messages."""
    return str(value) if isinstance(value, Global) else type(value).__name__


def _listed(modules: tuple[str, ...], name: str, make: Any) -> dict[tuple[str, str], Global]:
    return {(module, name): Global(f"{module}.{name}", make) for module in modules}


NDARRAY = Global("numpy.ndarray", _never)
_BUILTINS = ("builtins", "__builtin__")
_MULTIARRAY = ("numpy.core.multiarray", "numpy._core.multiarray")
_NUMERIC = ("numpy.core.numeric", "numpy._core.numeric")

GLOBALS: dict[tuple[str, str], Global] = {
    ("numpy", "ndarray"): NDARRAY,
    **_listed(("numpy",), "dtype", _item_type),
    **_listed(_MULTIARRAY, "_reconstruct", _begun),
    **_listed(_MULTIARRAY, "scalar", _scalar),
    **_listed(_NUMERIC, "_frombuffer", _from_buffer),
    **_listed(("joblib.numpy_pickle",), "NumpyArrayWrapper", lambda *_: JoblibArray()),
    **_listed(("_codecs",), "encode", _encoded),
    **_listed(_BUILTINS, "bytes", _bytes),
    **_listed(_BUILTINS, "bytearray", _bytearray),
    **_listed(_BUILTINS, "set", _set),
    **_listed(_BUILTINS, "frozenset", lambda *both: frozenset(_set(*both))),
    **_listed(_BUILTINS, "getattr", _attribute),
    **_listed(("collections",), "OrderedDict", _ordered_dict),
    # DeepFaceLab's packs hold members of these two enums.
    **_listed(("facelib.FaceType",), "FaceType", _number_of_enum),
    **_listed(("samplelib.Sample",), "SampleType", _number_of_enum),
}
"""Everything a stream may name."""
