from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice

import pytest

from vaxcert.errors import RevocationBatchError
from vaxcert.trust.revocation.hashes import HashType
from vaxcert.trust.revocation.revoked import RevokedEntry, batches_of, end_of_period

SOON = datetime(2026, 12, 24, tzinfo=UTC)
LATER = datetime(2027, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expires", "end"),
    [
        (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)),
        (datetime(2026, 9, 30, 23, 59, 59, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)),
        (datetime(2026, 12, 31, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        (datetime(2026, 10, 1, 2, tzinfo=timezone(timedelta(hours=7))), datetime(2026, 10, 1, tzinfo=UTC)),
    ],
)
def test_a_certificate_is_kept_to_the_end_of_the_quarter(expires: datetime, end: datetime) -> None:
    assert end_of_period(expires) == end


def test_a_batch_has_one_signer_hash_type_and_period() -> None:
    entries = [
        RevokedEntry(kid, hash_type, bytes((number,)) * 32, expires)
        for kid in (b"one", None)
        for hash_type in (HashType.UCI, HashType.SIGNATURE)
        for expires in (SOON, LATER)
        for number in range(3)
    ]
    batches = list(batches_of(entries[::2] + entries[1::2], country="XA"))
    assert len(batches) == 8
    assert {(batch.kid, batch.hash_type, batch.expires) for batch in batches} == {
        (entry.kid, entry.hash_type, end_of_period(entry.expires)) for entry in entries
    }
    assert all(set(batch.entries) == {bytes((number,)) * 16 for number in range(3)} for batch in batches)


def test_a_full_batch_is_given_at_once() -> None:
    def endless() -> Iterator[RevokedEntry]:
        while True:
            yield RevokedEntry(b"kid", HashType.UCI, bytes(32), SOON)

    assert [len(batch.entries) for batch in islice(batches_of(endless(), country="XA"), 2)] == [1000, 1000]


def test_a_country_that_is_none_is_refused() -> None:
    with pytest.raises(RevocationBatchError, match="no two-letter code"):
        list(batches_of([RevokedEntry(b"kid", HashType.UCI, bytes(32), SOON)], country="Testland"))
