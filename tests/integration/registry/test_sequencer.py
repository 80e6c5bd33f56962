"""Certified certificates are issued into the log once, whatever happens between the registry and the log."""

from __future__ import annotations

import fcntl
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import sqlalchemy as sa

from tests.certificate_desk import CertificateDesk, certificate_desk, logged, opened, quick_desk, secret, signer
from tests.invented_people import person as invented
from vaxcert.errors import (
    IssuanceMismatchError,
    JobMismatchError,
    LedgerHaltedError,
    LedgerStateError,
    RegistryBusyError,
    SigningError,
    StorageError,
)
from vaxcert.ledger.log.entry import EntryKind
from vaxcert.ledger.store import rows
from vaxcert.ledger.store.reader import LoggedCertificate
from vaxcert.registry.certificates.life import CertificateState
from vaxcert.registry.certificates.record import CertifiedRecord
from vaxcert.registry.certificates.store import RECORD_PLACE
from vaxcert.registry.certificates.tables import IntentState, certificates, intents
from vaxcert.service.ledger_folder import LedgerFolder
from vaxcert.service.ledgers import create_ledger
from vaxcert.service.registry.certificates import sequencer
from vaxcert.service.registry.certificates.revoked import erase_certificates
from vaxcert.service.registry.certificates.sequencer import Drained
from vaxcert.service.registry.certificates.sequencer_lock import LOCK_NAME
from vaxcert.service.registry.certificates.sequencer_log import LogWriter, Outcome
from vaxcert.service.registry.rights import Role
from vaxcert.service.revocation_book import BOOK_NAME, RevocationBook
from vaxcert.service.row import Row
from vaxcert.signing.issuer_secret import IssuerSecret

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from vaxcert.ledger.store.database import Database

__all__ = ["certificate_desk", "quick_desk"]


def waiting(desk: CertificateDesk) -> int:
    asked = sa.select(sa.func.count()).where(intents.c.state == IntentState.WAITING)
    with desk.registry.desk.reading() as connection:
        return connection.execute(asked).scalar_one()


def test_s16_what_the_centre_signed_is_issued_and_stands_in_the_log(certificate_desk: CertificateDesk) -> None:
    certificate = certificate_desk.certified()
    assert certificate_desk.drain() == Drained(issued=1)
    found = certificate_desk.find(certificate)
    assert (found.state, found.leaf_index) == (CertificateState.LOGGED, 0)
    assert logged(certificate_desk.ledger).ids == [found.uvci]
    assert waiting(certificate_desk) == 0


def test_s15_the_certificate_says_what_was_verified_and_is_signed_by_the_dsc(quick_desk: CertificateDesk) -> None:
    certificate = quick_desk.issued(invented("Nguyễn", "Thị Ánh", "1984-03-18"))
    found, claims = quick_desk.find(certificate), opened(quick_desk, certificate)
    assert claims.dcc["nam"] == {"fn": "Nguyễn", "fnt": "NGUYEN", "gn": "Thị Ánh", "gnt": "THI<ANH"}
    (entry,) = claims.dcc["v"]
    assert entry["ci"] == found.uvci
    assert (entry["mp"], entry["dn"], entry["sd"], entry["dt"]) == ("EU/1/20/1528", 1, 2, "2026-03-01")
    assert found.issued_at == quick_desk.registry.at
    assert found.expires_at is not None
    assert (found.expires_at - found.issued_at).days == 365


def test_what_is_stored_of_a_certificate_is_sealed(quick_desk: CertificateDesk) -> None:
    found = quick_desk.find(quick_desk.issued())
    assert found.text is not None
    assert found.record is not None
    assert b"HC1:" not in found.text
    assert b"Nguy" not in found.record


def test_draining_again_does_nothing(quick_desk: CertificateDesk) -> None:
    quick_desk.issued()
    assert not quick_desk.drain()
    assert logged(quick_desk.ledger).size == 1


def test_many_are_issued_in_rounds(certificate_desk: CertificateDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequencer, "PAGE", 2)
    certificates = [certificate_desk.drafted() for _ in range(5)]
    certificate_desk.sign(*certificates)
    assert certificate_desk.drain() == Drained(issued=5)
    assert sorted(certificate_desk.find(each).leaf_index for each in certificates) == [0, 1, 2, 3, 4]  # type: ignore[type-var] # each has one


def test_what_the_log_has_already_is_taken_from_there(certificate_desk: CertificateDesk) -> None:
    certificate = certificate_desk.certified()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sequencer, "_note_issued", _killed)
        with pytest.raises(KeyboardInterrupt):
            certificate_desk.drain()
    assert logged(certificate_desk.ledger).size == 1
    assert certificate_desk.state(certificate) is CertificateState.CERTIFIED
    first = logged(certificate_desk.ledger).certificates[0][2].cose
    certificate_desk.registry.later(hours=1)
    assert certificate_desk.drain() == Drained(issued=1)
    assert logged(certificate_desk.ledger).size == 1
    assert opened(certificate_desk, certificate).cose == first


def _killed(*_: object) -> int:
    raise KeyboardInterrupt


def test_the_id_is_written_down_before_anything_is_signed(quick_desk: CertificateDesk) -> None:
    certificate = quick_desk.certified()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LogWriter, "issue", _killed)
        with pytest.raises(KeyboardInterrupt):
            quick_desk.drain()
    named = quick_desk.find(certificate).uvci
    assert named is not None
    assert logged(quick_desk.ledger).size == 0
    quick_desk.drain()
    assert logged(quick_desk.ledger).ids == [named]


def test_another_secret_is_refused_before_a_dose_gets_a_second_id(quick_desk: CertificateDesk) -> None:
    quick_desk.certified()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LogWriter, "issue", _killed)
        with pytest.raises(KeyboardInterrupt):
            quick_desk.drain()
    with pytest.raises(IssuanceMismatchError, match="another issuer's secret"):
        quick_desk.sequencer(by_secret=IssuerSecret.create()).drain(quick_desk.registry.at)
    assert logged(quick_desk.ledger).size == 0


def test_another_secret_is_refused_by_a_log_with_certificates(quick_desk: CertificateDesk) -> None:
    quick_desk.issued()
    quick_desk.certified()
    with pytest.raises(JobMismatchError, match="another issuer's secret"):
        quick_desk.sequencer(by_secret=IssuerSecret.create()).drain(quick_desk.registry.at)


def test_another_ledger_is_refused(quick_desk: CertificateDesk, tmp_path: Path) -> None:
    quick_desk.issued()
    certificate = quick_desk.certified()
    other = tmp_path / "other"
    create_ledger(other, origin="other.example", passphrase=lambda: b"correct horse", at=quick_desk.registry.at)
    quick_desk.ledger = other
    with pytest.raises(IssuanceMismatchError, match="another log"):
        quick_desk.drain()
    assert quick_desk.state(certificate) is CertificateState.CERTIFIED


def test_there_is_one_sequencer_at_a_time(quick_desk: CertificateDesk) -> None:
    quick_desk.certified()
    with (quick_desk.ledger / LOCK_NAME).open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(RegistryBusyError, match="another sequencer"):
            quick_desk.drain()
    assert quick_desk.drain() == Drained(issued=1)


def test_while_the_log_is_halted_nothing_is_lost(quick_desk: CertificateDesk) -> None:
    certificate = quick_desk.certified()
    with LedgerFolder(quick_desk.ledger).open() as log:
        log.halt("an operator looks into it")
    with pytest.raises(LedgerHaltedError):
        quick_desk.drain()
    assert quick_desk.state(certificate) is CertificateState.CERTIFIED
    with LedgerFolder(quick_desk.ledger).open() as log:
        log.resume()
    assert quick_desk.drain() == Drained(issued=1)


def test_a_signer_that_may_not_sign_issues_nothing(quick_desk: CertificateDesk) -> None:
    certificate = quick_desk.certified()
    quick_desk.registry.later(days=300)  # the DSC's key may sign for half a year
    with pytest.raises(SigningError):
        quick_desk.drain()
    assert quick_desk.state(certificate) is CertificateState.CERTIFIED
    quick_desk.by = signer(quick_desk.registry.at)
    assert quick_desk.drain() == Drained(issued=1)


def test_what_the_issuer_does_not_sign_is_refused_with_the_reason(quick_desk: CertificateDesk) -> None:
    good, bad = quick_desk.drafted(), quick_desk.drafted()
    quick_desk.sign(good, bad)
    with pytest.MonkeyPatch.context() as patch:
        # As when a value set has changed since it was certified.
        patch.setattr("vaxcert.service.registry.certificates.sequencer.Row", _unreadable(quick_desk.find(bad).dose.hex))
        assert quick_desk.drain() == Drained(issued=1, refused=1)
    found = quick_desk.find(bad)
    assert (found.state, found.word) == (CertificateState.REFUSED, "missing")
    assert quick_desk.state(good) is CertificateState.LOGGED
    assert waiting(quick_desk) == 0


def _unreadable(dose: str) -> object:
    def made(line: int, fields: dict[str, object]) -> object:
        is_bad = str(fields["record_id"]).replace("-", "") == dose
        return Row(line, {**fields, "lot": ""} if is_bad else fields)

    return made


def test_a_record_that_no_certificate_may_say_any_more_holds_up_nobody(certificate_desk: CertificateDesk) -> None:
    good, bad = certificate_desk.drafted(), certificate_desk.drafted()
    certificate_desk.sign(good, bad)
    registry, found = certificate_desk.registry, certificate_desk.find(bad)
    assert found.record is not None
    with registry.desk.working(registry.actor(Role.SERVICE), registry.at) as work:
        record = work.unseal(CertifiedRecord, found.person, RECORD_PLACE, bad, found.record)
        withdrawn = work.seal(found.person, RECORD_PLACE, bad, msgspec.structs.replace(record, product="Withdrawn"))
        work.update_version(certificates, bad, None, record=withdrawn)
    assert certificate_desk.drain() == Drained(issued=1, refused=1)
    refused = certificate_desk.find(bad)
    assert (refused.state, refused.word) == (CertificateState.REFUSED, "unknown_product")
    assert certificate_desk.state(good) is CertificateState.LOGGED


def test_e15_a_reader_who_holds_up_an_erasure_holds_up_no_certificate(quick_desk: CertificateDesk) -> None:
    erased = quick_desk.issued()
    registry = quick_desk.registry
    with registry.desk.working(registry.actor(Role.CENTRE), registry.at) as work:
        erase_certificates(work, [quick_desk.find(erased).person])
    certificate = quick_desk.certified()
    with LedgerFolder(quick_desk.ledger).open(read_only=True) as reader, reader.database.reading():
        assert reader.size == 1
        with pytest.raises(StorageError, match="another process reads"):
            quick_desk.drain()
    assert quick_desk.state(certificate) is CertificateState.LOGGED
    assert quick_desk.drain() == Drained(erased=1)


def test_e15_without_a_data_key_nothing_is_issued(quick_desk: CertificateDesk) -> None:
    certificate = quick_desk.certified()
    registry = quick_desk.registry
    with registry.desk.working(registry.actor(Role.CENTRE), registry.at) as work:
        work.erase_subject(quick_desk.find(certificate).person)
    assert not quick_desk.drain()
    assert waiting(quick_desk) == 0
    assert logged(quick_desk.ledger).size == 0


def test_what_another_process_has_just_logged_is_taken_too(quick_desk: CertificateDesk) -> None:
    certificate = quick_desk.certified()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sequencer, "_note_issued", _killed)
        with pytest.raises(KeyboardInterrupt):
            quick_desk.drain()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vaxcert.ledger.store.stored_log.rows.certificates_by_id", _once_empty())
        assert quick_desk.drain() == Drained(issued=1)
    assert logged(quick_desk.ledger).size == 1
    assert quick_desk.state(certificate) is CertificateState.LOGGED


def _once_empty() -> Callable[..., dict[str, LoggedCertificate]]:
    """Return what finds nothing when it is asked for the first time, and then what there is."""
    find_all, empty = rows.certificates_by_id, [dict[str, LoggedCertificate]()]

    def find(database: Database, ids: Sequence[str]) -> dict[str, LoggedCertificate]:
        return empty.pop() if empty else find_all(database, ids)

    return find


def test_where_there_is_no_ledger_that_is_told(quick_desk: CertificateDesk, tmp_path: Path) -> None:
    quick_desk.ledger = tmp_path / "nowhere"
    with pytest.raises(LedgerStateError):
        quick_desk.drain()


def test_s16_certificates_are_anchored_when_a_head_over_them_is(certificate_desk: CertificateDesk) -> None:
    covered = certificate_desk.issued()
    certificate_desk.anchor()
    newer = certificate_desk.issued()
    assert certificate_desk.sequencer().follow_anchors(certificate_desk.registry.at) == 1
    assert certificate_desk.state(covered) is CertificateState.ANCHORED
    assert certificate_desk.find(covered).anchored_at == certificate_desk.registry.at
    assert certificate_desk.state(newer) is CertificateState.LOGGED
    assert certificate_desk.sequencer().follow_anchors(certificate_desk.registry.at) == 0


def test_before_the_first_anchor_there_is_nothing_to_follow(quick_desk: CertificateDesk) -> None:
    quick_desk.issued()
    assert quick_desk.sequencer().follow_anchors(quick_desk.registry.at) == 0


def test_the_log_and_the_book_agree_after_all_of_it(quick_desk: CertificateDesk) -> None:
    quick_desk.issued()
    with LedgerFolder(quick_desk.ledger).open() as log:
        assert log.check(opener=lambda name, sealed: secret().open(sealed, about=name.encode())) is None
        assert [entry.kind for entry in log.entries()] == [EntryKind.CERTIFICATE]
    assert not (quick_desk.ledger / BOOK_NAME).exists() or _is_empty(quick_desk.ledger / BOOK_NAME)


def _is_empty(path: Path) -> bool:
    with RevocationBook.open(path) as book:
        return book.count == 0


def test_e15_an_erasure_between_the_log_and_the_registry_is_respected(certificate_desk: CertificateDesk) -> None:
    """The sequencer has logged the certificate, and the person is erased before it is noted."""
    certificate = certificate_desk.certified()
    issue = LogWriter.issue

    def issued_and_erased(writer: LogWriter, *arguments: Any) -> Outcome:
        outcome = issue(writer, *arguments)
        centre = certificate_desk.registry.actor(Role.CENTRE)
        with certificate_desk.registry.desk.working(centre, certificate_desk.registry.at) as work:
            erase_certificates(work, [certificate_desk.find(certificate).person])
        return outcome

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LogWriter, "issue", issued_and_erased)
        done = certificate_desk.drain()
    assert (done.issued, done.erased) == (0, 1)
    found = certificate_desk.find(certificate)
    assert (found.state, found.uvci, found.leaf_index, found.text) == (CertificateState.REFUSED, None, None, None)
    assert logged(certificate_desk.ledger).ids == []
    assert logged(certificate_desk.ledger).size == 1  # the leaf stays
    assert waiting(certificate_desk) == 0
