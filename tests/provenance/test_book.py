import copy
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recast.provenance.book import BookDamaged, digest, read_book, with_record
from recast.provenance.consent import ConsentRecord, synthetic_consent

NOW = datetime(2026, 3, 4, 12, 30, tzinfo=UTC)
Book = dict[str, Any]


def a_record(number: int) -> ConsentRecord:
    return ConsentRecord(
        person=f"Ána {number}",
        basis="self",
        adult=True,
        recorded_at=NOW + timedelta(days=number),
        uses=("the film",),
        until=date(2030, 1, 31),
    )


def a_book(count: int = 3, *, old: int = 0) -> Book:
    """A book of some records, the first `old` of which were written before there was a chain."""
    records = [a_record(number) for number in range(count)]
    book: Book = {
        "consent": [one.model_dump(mode="json", exclude={"chain"}) for one in records[:old]]
    }
    for number, record in enumerate(records[old:]):
        book |= with_record(book, record, salt=f"{number:032x}")
    stored: Book = json.loads(json.dumps(book))
    return stored


@pytest.mark.parametrize("old", [0, 1, 3])
def test_records_come_back_in_order(old: int) -> None:
    found = read_book(a_book(3, old=old))
    assert [one.model_copy(update={"chain": None}) for one in found] == list(
        map(a_record, range(3))
    )
    assert [one.chain is None for one in found] == [number < old for number in range(3)]


def test_each_record_names_the_one_before_it() -> None:
    book = a_book(3, old=1)
    links = [one["chain"] for one in book["consent"][1:]]
    assert links[0]["previous"] == digest(book["consent"][0])
    assert links[1]["previous"] == links[0]["sha256"]
    assert book["consent_seal"] == {"records": 3, "sha256": links[1]["sha256"]}


def test_an_empty_book_has_no_records() -> None:
    assert read_book({}) == read_book({"consent": []}) == ()


def test_hashes_of_the_same_record_differ_by_their_salt() -> None:
    record = synthetic_consent(person="nobody", now=NOW)
    one, other = (with_record({}, record, salt=f"{salt:032x}") for salt in (1, 2))
    assert one["consent_seal"] != other["consent_seal"]


def changed(book: Book) -> None:
    book["consent"][1]["until"] = "2099-12-31"


def taken_out(book: Book) -> None:
    del book["consent"][1]


def cut_short(book: Book) -> None:
    book["consent"].pop()


def emptied(book: Book) -> None:
    book["consent"] = []


def swapped(book: Book) -> None:
    book["consent"][0], book["consent"][1] = book["consent"][1], book["consent"][0]


def slipped_in(book: Book) -> None:
    book["consent"].append(a_record(9).model_dump(mode="json", exclude={"chain"}))


def copied(book: Book) -> None:
    book["consent"].append(copy.deepcopy(book["consent"][1]))


def unchained(book: Book) -> None:
    del book["consent"][2]["chain"]


def unsealed(book: Book) -> None:
    del book["consent_seal"]


def changed_and_hashed_anew(book: Book) -> None:
    changed(book)
    book["consent"][1]["chain"]["sha256"] = digest(book["consent"][1])


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (changed, "record 2 was changed"),
        (taken_out, "record 2 does not follow"),
        (cut_short, "taken away from its end"),
        (emptied, "taken away from its end"),
        (swapped, "record 1 does not follow"),
        (slipped_in, "record 4 was not written by recast"),
        (copied, "record 4 does not follow"),
        (unchained, "record 3 was not written by recast"),
        (unsealed, "taken away from its end"),
        (changed_and_hashed_anew, "record 3 does not follow"),
    ],
)
def test_tampering_is_named(tamper: Callable[[Book], None], said: str) -> None:
    book = a_book()
    tamper(book)
    with pytest.raises(BookDamaged, match=said):
        read_book(book)


@pytest.mark.parametrize("entries", [5, "abc", [5], [None], {"a": 1}, [{}], [{"chain": 5}]])
def test_what_is_no_list_of_records_is_named(entries: object) -> None:
    with pytest.raises(BookDamaged, match="consent record"):
        read_book({"consent": entries})


PATHS = st.sampled_from([(), ("person",), ("chain",), ("chain", "previous"), ("chain", "sha256")])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=300, deadline=None)
@given(number=st.integers(0, 2), path=PATHS, value=JSON)
def test_any_change_of_a_value_shows(number: int, path: tuple[str, ...], value: Any) -> None:
    book = a_book()
    place, *rest = ("consent", number, *path)
    target: Any = book
    for step in (place, *rest)[:-1]:
        target = target[step]
    last = (place, *rest)[-1]
    if target[last] == value:
        return
    target[last] = value
    with pytest.raises(BookDamaged):
        read_book(book)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(["consent", "consent_seal"]), JSON))
def test_any_json_is_read_or_refused(book: Book) -> None:
    try:
        assert read_book(book) == ()
    except BookDamaged as error:
        assert str(error)
