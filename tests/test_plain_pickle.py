"""Pickle streams of other programs: plain values come in, nothing is ever run."""

import collections
import copyreg
import enum
import io
import os
import pickle  # noqa: TID251 - makes the streams that are to be read or refused
import pickletools
import subprocess
import sys
import threading
import types
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from recast.errors import ForeignFileUnreadable
from recast.plain_pickle import load_plain
from recast.plain_pickle.measure import DEEPEST

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def dumped(value: object, protocol: int = 4) -> bytes:
    return pickle.dumps(value, protocol)


def refusal_of(stream: bytes) -> str:
    with pytest.raises(ForeignFileUnreadable) as caught:
        load_plain(stream, "some file.jpg")
    assert "some file.jpg" in str(caught.value)
    assert caught.value.fix
    return str(caught.value)


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**500), 2**500),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.binary(),
    st.binary().map(bytearray),
    st.sets(st.integers(-9, 2**60) | st.text(max_size=3), max_size=4),
    st.frozensets(st.integers(0, 9), max_size=4),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.lists(inner, max_size=5).map(tuple),
        st.dictionaries(st.text(max_size=5) | st.integers(0, 9) | st.none(), inner, max_size=5),
    ),
    max_leaves=30,
)


def same(one: Any, other: Any) -> bool:
    """Equal in value and type, all the way down."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(map(same, one.values(), other.values()))
    return bool(one == other)


@settings(deadline=None)
@given(value=values, protocol=st.sampled_from(PROTOCOLS))
@example(value=[b"", "", (), {}, [], set()], protocol=0)
def test_plain_values_come_back_as_pickle_reads_them(value: Any, protocol: int) -> None:
    stream = dumped(value, protocol)
    assert same(load_plain(stream, "f"), pickle.loads(stream))


@settings(deadline=None)
@given(value=values, protocol=st.sampled_from(PROTOCOLS))
def test_the_pure_python_pickler_is_read_too(value: Any, protocol: int) -> None:
    file = io.BytesIO()
    _Pickler(file, protocol).dump(value)
    assert same(load_plain(file.getvalue(), "f"), value)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "array",
    [
        np.arange(136, dtype=np.float32).reshape(68, 2),
        np.asfortranarray(np.arange(12.0).reshape(3, 4)),
        np.arange(6, dtype=">i2"),
        np.zeros((0, 2), np.uint8),
        np.array(3.5, np.float16),
        np.array([True, False]),
        np.array([1 + 2j], np.complex64),
        np.array(["anna", "é顔"]),
        np.array([b"jpg"]),
        np.arange(24).reshape(2, 3, 4)[:, ::2],
    ],
    ids=lambda array: f"{array.dtype.str}{array.shape}",
)
def test_arrays_come_back(array: np.ndarray[Any, Any], protocol: int) -> None:
    stream = dumped({"a": array, "again": [array]}, protocol)
    found, expected = load_plain(stream, "f"), pickle.loads(stream)
    assert found["a"].dtype == expected["a"].dtype
    assert found["a"].flags.f_contiguous == expected["a"].flags.f_contiguous
    assert np.array_equal(found["a"], array)
    assert found["again"][0] is found["a"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "scalar", [np.float32(1.25), np.int64(-7), np.bool_(True), np.str_("é"), np.uint8(200)]
)
def test_scalars_of_numpy_come_back(scalar: np.generic, protocol: int) -> None:
    found = load_plain(dumped([scalar], protocol), "f")[0]
    assert type(found) is type(scalar)
    assert found == scalar


@pytest.mark.parametrize("spelling", ["numpy.core.multiarray", "numpy._core.multiarray"])
def test_both_spellings_of_numpy_are_known(spelling: str) -> None:
    stream = dumped(np.arange(3), 2).replace(b"numpy._core.multiarray", spelling.encode())
    assert load_plain(stream, "f").tolist() == [0, 1, 2]


def test_what_is_shared_stays_shared() -> None:
    part = [1, 2]
    found = load_plain(dumped({"one": part, "two": part}), "f")
    assert found["one"] is found["two"]


def test_ordered_dicts_are_dicts() -> None:
    value = collections.OrderedDict([("b", 1), ("a", [2])])
    for protocol in range(2, 6):
        assert same(load_plain(dumped(value, protocol), "f"), {"b": 1, "a": [2]})


def test_enums_of_deepfacelab_become_plain() -> None:
    by_number = b"\x80\x04\x8c\x10facelib.FaceType\x8c\x08FaceType\x93K\x04\x85R."
    assert load_plain(by_number, "f") == 4
    by_name = b"\x80\x04\x8c\x08builtins\x8c\x07getattr\x93\x8c\x10facelib.FaceType"
    by_name += b"\x8c\x08FaceType\x93\x8c\x04FULL\x86R."
    assert load_plain(by_name, "f") == "FULL"


class Runs:
    """Pickles as a call of anything."""

    def __init__(self, called: Any, *arguments: Any) -> None:
        self.called = called, arguments

    def __reduce__(self) -> Any:
        return self.called


class Colour(enum.Enum):
    RED = 1


class Thing:
    def __init__(self) -> None:
        self.part = 1


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("value", "named"),
    [
        (Runs(os.system, "touch {place}"), "system"),
        (Runs(eval, "open({place!r}, 'w')"), "eval"),
        (Runs(exec, "open({place!r}, 'w')"), "exec"),
        (Runs(open, "{place}", "w"), "open"),
        (Runs(__import__, "os"), "__import__"),
        (Runs(subprocess.run, ["touch", "{place}"]), "subprocess.run|commands.run"),
        (Runs(getattr, Runs(__import__, "os"), "system"), "__import__"),
        (Runs(getattr, "text", "upper"), "attribute"),
        (Runs(getattr, np.ndarray, "tofile"), "attribute"),
        (Runs(getattr, Runs(getattr, np.ndarray, "tofile"), "__globals__"), "attribute"),
        ([{"landmarks": (1, [Runs(os.remove, "{place}")])}], "remove"),
        (Runs(list, Runs(map, os.system, ["touch {place}"])), "list|map|system"),
        (Runs(np.load, "{place}"), "load"),
        (Runs(np.fromfile, "{place}"), "fromfile"),
        (Runs(pickle.loads, b"."), "loads"),
        (Runs(type, "X", (), {}), "type"),
        (Runs(bytearray, 2**40), "bytearray"),
        (Runs(bytes, 2**40), "bytes"),
        (Runs(set, "text"), "set"),
        (Runs(copyreg._reconstructor, Thing, object, None), "copyreg|copy_reg"),  # type: ignore[attr-defined]
        (np.array([Runs(os.system, "touch {place}")], object), "O8|system"),
        (np.array([None], object), "O8"),
        (np.array([(1, 2)], dtype=[("a", "i4"), ("b", "f8")]), "V12"),
        (np.array(["2026-11-24"], "datetime64[D]"), "M8"),
        (np.dtype("O"), "O8"),
        (np.dtype("f4"), "ItemType"),
        (np.ndarray, "ndarray"),
        (np.float64, "float64"),
        (len, "len"),
        (Colour.RED, "Colour|getattr|attribute"),
        (Thing(), "Thing|copyreg|copy_reg"),
        (Path("a"), "Path"),
        (1j, "complex"),
        (threading.Thread, "Thread"),
        (Ellipsis, "Ellipsis"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_not_plain_is_refused_and_not_run(
    tmp_path: Path, value: Any, named: str, protocol: int
) -> None:
    place = tmp_path / "was run"
    stream = dumped(with_place(value, place), protocol)
    reason = refusal_of(stream)
    assert any(part in reason for part in named.split("|")), reason
    assert not place.exists()


def with_place(value: Any, place: Path) -> Any:
    """Puts the path of the file that must not come into being into the texts of a call."""
    if isinstance(value, Runs):
        called, arguments = value.called
        return Runs(called, *(with_place(argument, place) for argument in arguments))
    return value.format(place=str(place)) if isinstance(value, str) else value


def test_the_danger_is_real(tmp_path: Path) -> None:
    """Else the test above could not fail."""
    place = tmp_path / "was run"
    pickle.loads(dumped(with_place(Runs(open, "{place}", "w"), place))).close()
    assert place.exists()


NUMPY = b"numpy.core.multiarray\n"


@pytest.mark.parametrize(
    ("stream", "named"),
    [
        (b"cos\nsystem\n(S'true'\ntR.", "os.system"),
        (b"(ios\nsystem\nS'true'\n.", "STRING|INST"),
        (b"(ios\nsystem\n.", "INST"),
        (b"(cos\nsystem\no.", "os.system"),
        (b"(I1\no.", "OBJ"),
        (b"Pid\n.", "PERSID"),
        (b"Nh\x00Q.", "has not said|BINPERSID"),
        (b"NQ.", "BINPERSID"),
        (b"\x82\x01.", "EXT1"),
        (b"\x83\x01\x01.", "EXT2"),
        (b"\x84\x01\x01\x01\x01.", "EXT4"),
        (b"\x80\x05\x97.", "NEXT_BUFFER"),
        (b"\x80\x05N\x98.", "READONLY_BUFFER"),
        (b"(K\x01)}\x92.", "NEWOBJ_EX"),
        (b"U\x01a.", "SHORT_BINSTRING"),
        (b"cbuiltins\ngetattr\n(cnumpy\nndarray\nV__class__\ntR.", "attribute"),
        (b"cbuiltins\ngetattr\n.", "getattr"),
        (b"cfacelib.FaceType\nFaceType\n(Vx\ntR.", "enum"),
        (b"cos\nsystem.x\n.", "os.system"),
        (b"c\\x6fs\nsystem\n.", "x6fs.system"),
        (b"c\xff\nsystem\n.", "broken"),
        (b"cos", "os."),
        (b"\x8c\x02os\x8c\x06system\x93.", "os.system"),
        (b"\x8c\x02osK\x01\x93.", "no text"),
        (b"]}b.", "state"),
        (b"K\x01K\x02R.", "call"),
        (b"cnumpy\nndarray\n)R.", "only a name"),
        (b"cnumpy\ndtype\n(Vf4\nI0\nI1\ntRcnumpy\ndtype\nR.", "call"),
        (b"cnumpy\ndtype\n(VO\nI0\nI1\ntR.", "plain numbers"),
        (b"cnumpy\ndtype\n(Vf16\ntR.", "plain numbers"),
        (b"cnumpy\ndtype\n(VU99999999\ntR.", "plain numbers"),
        (b"c" + NUMPY + b"_reconstruct\n(cnumpy\nndarray\n(I9\ntVb\ntR.", "unknown kind"),
        (b"c" + NUMPY + b"_reconstruct\n(cnumpy\ndtype\n(I0\ntVb\ntR.", "unknown kind"),
        (b"c" + NUMPY + b"scalar\n(cnumpy\ndtype\nC\x01atR.", "scalar"),
        (b"", "ends early"),
        (b"N", "ends early"),
        (b".", "wrong stack"),
        (b"NN.", "wrong stack"),
        (b"(N.", "wrong stack"),
        (b"0.", "takes more"),
        (b"(e.", "takes more"),
        (b"N(N\x86.", "takes more"),
        (b"t.", "no mark"),
        (b"Na.", "takes more"),
        (b"NNa.", "no list"),
        (b"NNNs.", "no dict"),
        (b"}(Nu.", "no dict"),
        (b"N(N\x90.", "no set"),
        (b"}]Ns.", "scalar"),
        (b"})Ns.", "scalar"),
        (b"}\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\x01Ns.", "scalar"),
        (b"g5\n.", "has not said"),
        (b"Np-1\n.", "negative"),
        (b"p0\n.", "takes more"),
        (b"\x8a\x41" + b"\x01" * 65 + b".", "512 bits"),
        (b"I" + b"9" * 5000 + b"\n.", "broken"),
        (b"\x8b\xff\xff\xff\xff.", "broken"),
        (b"\x8e\xff\xff\xff\xff\xff\xff\xff\x7fa.", "broken"),
        (b"X\x02\x00\x00\x00\xff\xff.", "broken"),
        (b"X\x03\x00\x00\x00\xed\xa0\x80.", "no Unicode"),
        (b"\xff\xd8", "no pickle stream"),
        (b"c_codecs\nencode\n(Va\nVrot13\ntR.", "encodes"),
        (b"c_codecs\nencode\n(V\\u0100\nVlatin1\ntR.", "above 255"),
        (b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81.", "JoblibArray"),
        (b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}b.", "joblib"),
    ],
)
def test_streams_written_by_hand_are_refused(stream: bytes, named: str) -> None:
    reason = refusal_of(stream)
    assert any(part in reason for part in named.split("|")), reason


def array_stream(shape: bytes, code: bytes, content: bytes, order: bytes = b"<") -> bytes:
    """A pickled array, of which anything may be claimed."""
    item = b"cnumpy\ndtype\n(V" + code + b"\nI0\nI1\ntR(I3\nV" + order + b"\nNNNI-1\nI-1\nI0\ntb"
    begun = b"c" + NUMPY + b"_reconstruct\n(cnumpy\nndarray\n(I0\ntVb\ntR"
    text = b"B" + len(content).to_bytes(4, "little") + content
    return begun + b"(I1\n" + shape + item + b"I00\n" + text + b"tb."


def test_an_array_written_by_hand_is_read() -> None:
    found = load_plain(array_stream(b"(I2\nI1\nt", b"i2", b"\1\0\2\0"), "f")
    assert found.tolist() == [[1], [2]]


@pytest.mark.parametrize(
    ("shape", "code", "content", "why"),
    [
        (b"(I100000\nI1000000\nt", b"f8", b"12345678", "announces"),
        (b"(I-1\nt", b"i1", b"", "shape"),
        (b"(I0\n" + b"I99999999\n" * 7 + b"t", b"i1", b"", "absurd"),
        (b"(" + b"I1\n" * 9 + b"t", b"i1", b"1", "shape"),
        (b"(V3\nt", b"i1", b"123", "shape"),
        (b"I3\n", b"i1", b"123", "content"),
        (b"(I1\nt", b"b1", b"\x02", "booleans"),
        (b"(I1\nt", b"U1", b"\xff\xff\xff\xff", "Unicode"),
        (b"(I1\nt", b"U1", b"\x00\xd8\x00\x00", "Unicode"),
    ],
)
def test_arrays_that_lie_are_refused(shape: bytes, code: bytes, content: bytes, why: str) -> None:
    assert why in refusal_of(array_stream(shape, code, content))


def test_an_array_cannot_be_filled_twice() -> None:
    stream = array_stream(b"(I1\nt", b"i1", b"1")
    state = stream[stream.index(b"(I1\n(I1") : -1]
    assert "state" in refusal_of(stream[:-1] + state + b".")


def test_the_same_bytes_cannot_fill_the_memory_as_many_arrays() -> None:
    one = array_stream(b"(I2097152\nt", b"i1", b"x" * 2**21)[:-1]
    content = one[one.index(b"B") : -2]
    again = one.replace(content, b"g7\n")
    first = one.replace(content, content + b"p7\n")
    assert "larger than the file" in refusal_of(b"(" + first + again * 9 + b"t.")


def test_a_memo_bomb_is_refused() -> None:
    stream = b"]\x94"
    for place in range(40):  # every list holds the one before ten times
        stream += b"0](" + (b"h" + bytes([place])) * 10 + b"e\x94"
    assert "repeat each other" in refusal_of(stream + b".")


def test_many_sets_of_one_list_are_refused() -> None:
    numbers = b"](" + b"".join(b"J" + n.to_bytes(4, "little") for n in range(5000)) + b"e\x94"
    stream = numbers + b"(" + b"cbuiltins\nset\nh\x00\x85R" * 3000 + b"t."
    assert "more values" in refusal_of(stream)


def test_too_many_values_are_refused() -> None:
    stream = b"(" + b"\x8f" * 1000 + b"t."
    assert len(load_plain(stream, "f")) == 1000
    with pytest.raises(ForeignFileUnreadable, match="more values"):
        load_plain(stream, "f", most_values=500)


def nested(depth: int) -> bytes:
    return b"]" * depth + b"a" * (depth - 1) + b"."


def test_deep_nesting_is_refused() -> None:
    load_plain(nested(DEEPEST), "f")
    assert "nested deeper" in refusal_of(nested(DEEPEST + 1))
    assert "nested deeper" in refusal_of(nested(200_000))
    assert "nested deeper" in refusal_of(b")" + b"\x85" * 200_000 + b".")


def test_depth_counts_also_where_parts_are_shared() -> None:
    half = DEEPEST // 2 + 1
    shared = b"]" * half + b"a" * (half - 1) + b"\x94"
    deep = b"]" * half + b"h\x00" + b"a" * half
    assert "nested deeper" in refusal_of(b"(" + shared + deep + b"t.")


@pytest.mark.parametrize("stream", [b"]\x94h\x00a.", b"}\x94Nh\x00s.", b"]\x94h\x00\x85a."])
def test_what_contains_itself_is_refused(stream: bytes) -> None:
    assert "contains itself" in refusal_of(stream)


_Pickler: Any = vars(pickle)["_Pickler"]
"""The pickler in Python, whose steps can be changed."""


class JoblibPickler(_Pickler):  # type: ignore[misc]
    """Writes arrays as joblib does: a wrapper object, then padding and the array's bytes."""

    def __init__(self, file: io.BytesIO, protocol: int, *, aligned: bool) -> None:
        super().__init__(file, protocol)
        self.file, self.aligned = file, aligned

    def save(self, value: Any, save_persistent_id: bool = True) -> None:
        if type(value) is not np.ndarray:
            super().save(value, save_persistent_id)
            return
        fortran = value.flags.f_contiguous and not value.flags.c_contiguous
        order: Literal["C", "F"] = "F" if fortran else "C"
        wrapper = NumpyArrayWrapper(np.ndarray, value.shape, order, value.dtype, self.aligned)
        super().save(wrapper, save_persistent_id)
        self.framer.commit_frame(force=True) if self.proto >= 4 else None
        if self.aligned:
            padding = 16 - (self.file.tell() + 1) % 16
            self.file.write(bytes([padding]) + b"\xff" * padding)
        self.file.write(value.tobytes(order))


class NumpyArrayWrapper:
    def __init__(self, subclass: Any, shape: Any, order: str, dtype: Any, aligned: bool) -> None:
        self.subclass, self.shape, self.order, self.dtype = subclass, shape, order, dtype
        self.allow_mmap = True
        if aligned:
            self.numpy_array_alignment_bytes = 16


NumpyArrayWrapper.__module__ = "joblib.numpy_pickle"


@pytest.fixture
def joblib_stream(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Writes a value as joblib would; the pickler wants to find the class where it says it is."""
    module = types.ModuleType("joblib.numpy_pickle")
    module.NumpyArrayWrapper = NumpyArrayWrapper  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "joblib", types.ModuleType("joblib"))
    monkeypatch.setitem(sys.modules, "joblib.numpy_pickle", module)

    def written(value: Any, protocol: int = 4, *, aligned: bool = True) -> bytes:
        file = io.BytesIO()
        JoblibPickler(file, protocol, aligned=aligned).dump(value)
        return file.getvalue()

    return written


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("aligned", [False, True])
def test_arrays_of_joblib_are_read(joblib_stream: Any, protocol: int, aligned: bool) -> None:
    weights = [
        np.arange(24, dtype=np.float32).reshape(2, 3, 4),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.zeros(0, np.float32),
    ]
    stream = joblib_stream({"pnet": weights, "after": "text"}, protocol, aligned=aligned)
    found = load_plain(stream, "f")
    assert found["after"] == "text"
    for one, other in zip(found["pnet"], weights, strict=True):
        assert one.dtype == other.dtype
        assert np.array_equal(one, other)


def test_an_array_of_joblib_that_is_cut_off_is_refused(joblib_stream: Any) -> None:
    stream = joblib_stream([np.zeros(1000, np.float32)])
    assert "more than it holds" in refusal_of(stream[:2000])


def test_an_array_of_objects_of_joblib_is_refused(joblib_stream: Any) -> None:
    assert "O8" in refusal_of(joblib_stream([np.array([None, 1], object)]))


OPCODES = st.sampled_from([opcode.code.encode("latin-1") for opcode in pickletools.opcodes])
GLOBAL_NAMES = st.sampled_from(
    [b"numpy\nndarray\n", b"numpy\ndtype\n", NUMPY + b"_reconstruct\n", b"builtins\nset\n"]
)
PIECES = st.one_of(
    OPCODES,
    st.binary(max_size=6),
    st.builds(lambda name: b"c" + name, GLOBAL_NAMES),
    st.sampled_from(
        [b"K\x01", b"X\x02\0\0\0ab", b"Vf4\n", b"(", b"t", b"R", b"b", b"h\0", b"\x94"]
    ),
)


def only_refuses(stream: bytes) -> None:
    try:
        load_plain(stream, "f")
    except ForeignFileUnreadable as error:
        assert str(error).startswith("f is refused: ")


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=40).map(b"".join))
def test_random_streams_are_read_or_refused(stream: bytes) -> None:
    only_refuses(stream + b".")


SAMPLE = {
    "landmarks": np.arange(136, dtype=np.float32).reshape(68, 2),
    "source_filename": "00001.png",
    "rect": (1, 2, 3, 4.5),
    "polys": {"polys": [{"type": 1, "pts": np.zeros((3, 2))}]},
    "mask": b"\x89PNG",
    "set": {1, 2},
}


@settings(max_examples=400, deadline=None)
@given(data=st.data(), protocol=st.sampled_from(PROTOCOLS))
def test_damaged_streams_are_read_or_refused(data: st.DataObject, protocol: int) -> None:
    stream = bytearray(dumped(SAMPLE, protocol))
    for _ in range(data.draw(st.integers(1, 8))):
        stream[data.draw(st.integers(0, len(stream) - 1))] = data.draw(st.integers(0, 255))
    only_refuses(bytes(stream[: data.draw(st.integers(0, len(stream)) | st.just(len(stream)))]))
