"""An issuer's own list and its book, for all that they may hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.own_lists import AS_OF, TRUSTED, marks, own_bytes, own_list
from vaxcert.errors import RevocationListError, UvciError
from vaxcert.model.uvci import Uvci
from vaxcert.service.revocation_book import BookEntry, RevocationBook
from vaxcert.trust.revocation.own_format import Record, pack_record, unpack_record
from vaxcert.trust.revocation.own_key import canonical_id
from vaxcert.trust.revocation.own_list import OwnList
from vaxcert.trust.revocation.revocation_list import RevocationReason

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

OPAQUE = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=20)
UVCIS = OPAQUE.map(lambda opaque: f"URN:UVCI:01:VN:{opaque}")
SPELLINGS = st.sampled_from([str, str.lower, lambda text: f"{text}#X", lambda text: text.removeprefix("URN:UVCI:")])
SMALL = own_bytes(["URN:UVCI:01:VN:A"], ["URN:UVCI:01:VN:B"])


@given(st.sets(UVCIS, max_size=700), st.sets(UVCIS, max_size=20), SPELLINGS)
def test_a_list_has_those_that_it_names_and_no_others(named: set[str], others: set[str], spelt: object) -> None:
    listed = own_list(named)
    assert all(listed.find(marks(spelt(each))) for each in named)  # type: ignore[operator] # a function of text
    assert not any(listed.find(marks(each)) for each in others - named)


@given(st.binary(min_size=11, max_size=11), st.sampled_from(RevocationReason), st.integers(0, 2**32 - 1))
def test_a_record_is_read_as_it_was_written(key: bytes, reason: RevocationReason, at: int) -> None:
    record = Record(key, reason, at)
    assert unpack_record(pack_record(record)) == record


def refused(content: bytes) -> bool:
    try:
        listed = OwnList.of_bytes(content, TRUSTED)
        list(listed.records())
    except RevocationListError:
        return True
    return False


@given(st.integers(0, len(SMALL) - 1), st.integers(1, 255))
def test_one_changed_byte_is_noticed_wherever_it_stands(place: int, change: int) -> None:
    content = bytearray(SMALL)
    content[place] ^= change
    assert refused(bytes(content))


@given(st.integers(0, len(SMALL) - 1), st.binary(max_size=40))
def test_a_cut_or_a_tail_is_noticed_wherever_it_is(size: int, tail: bytes) -> None:
    cut = SMALL[:size] + tail
    assert cut == SMALL or refused(cut)
    assert not tail or refused(SMALL + tail)


@given(st.binary(max_size=200))
def test_no_bytes_at_all_do_anything_but_be_refused(content: bytes) -> None:
    assert refused(content)


@given(st.one_of(st.text(max_size=90), UVCIS, st.from_regex(r"(urn:uvci:|URN:UCI:)?01[:/]?VN[:/]?[A-Z0-9/#]{1,30}")))
def test_an_identifier_has_one_canonical_form(text: str) -> None:
    canonical = canonical_id(text)
    try:
        assert canonical == Uvci.parse(text).urn
    except UvciError:
        assert canonical == text
    assert canonical_id(canonical) == canonical


ENTRIES = st.builds(
    BookEntry,
    UVCIS.map(lambda text: text[:17]),
    st.sampled_from(RevocationReason),
    st.integers(0, AS_OF),
    word=st.sampled_from([None, "fraud", "error"]),
    successor=st.sampled_from([None, "URN:UVCI:01:VN:NEW"]),
    expires_at=st.sampled_from([None, AS_OF]),
    kid=st.none(),
    country=st.none(),
    signature_hash=st.none(),
)


@settings(max_examples=40)  # each waits for the disk
@given(batches=st.lists(st.lists(ENTRIES, max_size=6), max_size=5))
def test_a_book_keeps_the_first_word_and_the_strongest(
    batches: Sequence[Sequence[BookEntry]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    expected: dict[str, BookEntry] = {}
    for entry in (entry for batch in batches for entry in batch):
        first = expected.setdefault(entry.id, entry)
        if (first.reason, entry.reason) == (RevocationReason.SUPERSEDED, RevocationReason.REVOKED):
            first = first._replace(reason=entry.reason, at=entry.at, word=entry.word)
        expected[entry.id] = first._replace(
            successor=first.successor or entry.successor, expires_at=first.expires_at or entry.expires_at
        )
    path = tmp_path_factory.mktemp("book") / "book.sqlite"
    with RevocationBook.open(path, create=True) as book:
        for batch in batches:
            book.add(batch)
        assert [*book.entries()] == [*expected.values()]
        assert sum(book.add(batch) for batch in batches) == 0, "nothing of it is new"
