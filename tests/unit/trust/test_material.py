from datetime import UTC, datetime

import pytest

from vaxcert.errors import TrustEntryError
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.material import RejectedEntry, TrustMaterial, joined, oldest

OLD, NEW = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("dates", "expected"),
    [((), None), ((NEW, OLD), OLD), ((None, OLD), None), ((OLD, None), None), ((NEW,), NEW)],
)
def test_an_unknown_date_is_older_than_any(dates: tuple[datetime | None, ...], expected: datetime | None) -> None:
    assert oldest(dates) == expected


def test_sources_are_joined_with_all_they_hold(dsc: Dsc, rsa_dsc: Dsc) -> None:
    first = TrustMaterial(dscs=(dsc,), as_of=NEW, has_cscas=True)
    second = TrustMaterial(dscs=(rsa_dsc,), as_of=OLD, rejected=(RejectedEntry("entry 1", "unreadable", "no"),))
    whole = joined((first, second))
    assert whole.dscs == (dsc, rsa_dsc)
    assert whole.rejected == second.rejected
    assert whole.has_cscas
    assert whole.as_of == OLD


def test_a_source_without_signers_does_not_age_the_others(dsc: Dsc) -> None:
    assert joined((TrustMaterial(dscs=(dsc,), as_of=NEW), TrustMaterial())).as_of == NEW


def test_a_rejected_entry_says_where_it_stood_and_why() -> None:
    error = TrustEntryError("the key cannot be read", reason="unreadable")
    entry = RejectedEntry.of_error("entry 3", error)
    assert TrustMaterial(rejected=(entry,)).located("list.json").rejected == (
        RejectedEntry("list.json: entry 3", "unreadable", "the key cannot be read"),
    )
