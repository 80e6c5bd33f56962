"""E15, the certificates' half: what tied the leaf to the person is gone, the log, its anchors and the counts stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from tests.scenario_issuing import Issuing
from vaxcert.errors import PersonErasedError
from vaxcert.ledger.store.outbox import Outbox
from vaxcert.registry.certificates.tables import certificates, intents
from vaxcert.service.ledger_folder import LedgerFolder
from vaxcert.service.registry.certificates.listed import list_certificates
from vaxcert.service.registry.certificates.shown import show_certificate
from vaxcert.service.registry.people.erasure import erase_person
from vaxcert.service.registry.rights import Role

if TYPE_CHECKING:
    import pytest

    from tests.scenario_doors import Door

NAMES = {"family_name": "Nguyễn", "given_name": "Thị Ánh", "birth_date": "1984-03-18"}


def test_e15_an_erased_certificate_leads_to_nobody(door: Door, capsys: pytest.CaptureFixture[str]) -> None:
    issuing, ask = Issuing(door, capsys), door.ask
    person, certificate = issuing.vaccinated(**NAMES)
    _, other = issuing.vaccinated(**{**NAMES, "given_name": "Văn Bình"})
    issuing.sign(certificate, other)
    issuing.run()
    uvci = ask(show_certificate, Role.DISTRICT, certificate=certificate)["card"]["uvci"]
    anchors = finals(issuing)

    door.registry.later(days=1)
    ask(erase_person, Role.PROVINCE, person=person, version=1, reason="asked for it")
    assert (issuing.run()["erased"], issuing.log_size) == (1, 2)
    door.refused(PersonErasedError, show_certificate, Role.DISTRICT, certificate=certificate)

    # In the log the leaf is what it was; what it stood for is gone, from the file too, and nothing here leads to it.
    with LedgerFolder(issuing.ledger).open(read_only=True) as log:
        (erasure,) = log.erasures()
        entry = log.entry(erasure.leaf_index)
        assert (entry.salt, entry.digest, log.certificate(uvci)) == (None, None, None)
    assert uvci.encode() not in LedgerFolder(issuing.ledger).log.read_bytes()
    assert leads_to(door, uvci) == 0
    assert finals(issuing) == anchors
    assert issuing.told("audit", str(issuing.ledger), "--json")["outcome"] == "clean"

    # It is counted still, and the other one is whole.
    listed = ask(list_certificates, Role.CENTRE, state="anchored")["items"]
    assert [each["uvci"] is None for each in listed if each["id"] == str(certificate)] == [True]
    assert len(listed) == 2
    assert ask(show_certificate, Role.DISTRICT, certificate=other)["record"]["given_name"] == "Văn Bình"


def leads_to(door: Door, uvci: str) -> int:
    """Return how many rows of the registry name the certificate."""
    engine = door.registry.folder.engine()
    with engine.connect() as connection:
        found = [
            connection.scalar(sa.select(sa.func.count()).where(table.c.uvci == uvci))
            for table in (certificates, intents)
        ]
    engine.dispose()
    return sum(count or 0 for count in found)


def finals(issuing: Issuing) -> list[tuple[int, bytes]]:
    with LedgerFolder(issuing.ledger).open(read_only=True) as log:
        return [(row.size, row.root) for row, _ in Outbox(log.database, holder="test").finals()]
