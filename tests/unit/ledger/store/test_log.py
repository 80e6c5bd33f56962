"""The log grows, is signed, proves what it has, and refuses what would break a promise."""

from __future__ import annotations

import stat
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.small_log import log_key
from tests.stored_log import AT, KEY, certificate, certificates, digests, fill, make_log, sql
from vaxcert.errors import (
    CertificateIdError,
    CheckpointError,
    ConsistencyError,
    EntryErasedError,
    InclusionProofError,
    KeyFileError,
    LedgerDamagedError,
    LedgerFormatError,
    LedgerHaltedError,
    LedgerRolledBackError,
    LedgerStateError,
    NoteError,
    StorageError,
)
from vaxcert.ledger.log.checkpoint import open_checkpoint
from vaxcert.ledger.log.entry import EntryKind, entry_of
from vaxcert.ledger.log.proof import verify_consistency, verify_inclusion
from vaxcert.ledger.log.tree import EMPTY_ROOT, leaf_hash, root_of
from vaxcert.ledger.store.log import TransparencyLog
from vaxcert.ledger.store.outbox import Outbox
from vaxcert.ledger.store.statements import revoke, supersede

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vaxcert.ledger.store.reader import LogReader


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "sổ cái #1?"  # as people name folders, and what a URI would misread


@pytest.fixture
def log(folder: Path) -> Iterator[TransparencyLog]:
    with make_log(folder) as log:
        yield log


# What it is.


def test_a_new_log_is_empty(log: TransparencyLog) -> None:
    reader: LogReader = log  # it has all that a reader needs
    assert (reader.size, reader.root(), log.frontier) == (0, EMPTY_ROOT, b"")
    assert (log.origin, log.vkey, log.log_id) == (KEY.name, KEY.vkey, KEY.log_id)
    assert log.checkpoint() is None
    assert log.halted is None
    assert not log.is_restored
    assert log.check() is None


def test_it_is_there_again_when_opened_again(folder: Path) -> None:
    with make_log(folder) as log:
        log.append(digests(300))
        root = log.root()
    with TransparencyLog.open(folder, read_only=True) as log:
        assert (log.size, log.root(), log.log_id) == (300, root, KEY.log_id)


def test_its_files_are_their_owners_alone(log: TransparencyLog, folder: Path) -> None:
    fill(log, 1)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes.pop("checkpoint") == 0o644
    assert set(modes) == {"log.sqlite", "log.sqlite-wal", "log.sqlite-shm"}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_second_log_in_one_folder_is_refused(log: TransparencyLog, folder: Path) -> None:
    log.append(digests(2))
    with pytest.raises(StorageError, match="exists"):
        make_log(folder)
    assert log.size == 2
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize(
    ("origin", "vkey", "error"),
    [
        ("other.example/vn", KEY.vkey, ValueError),
        (KEY.name, KEY.vkey[:-2], KeyFileError),
        (KEY.name, "nonsense", KeyFileError),
        ("w", "w+3ebbcc9a+BPDBjn7PkGTqUoFFSZk4Y48hBxYVqGqUqYbWdOKxzXGu", (KeyFileError, ValueError)),
    ],
)
def test_a_key_that_is_not_the_logs_makes_none(
    tmp_path: Path, origin: str, vkey: str, error: type[Exception] | tuple[type[Exception], ...]
) -> None:
    with pytest.raises(error):
        TransparencyLog.create(tmp_path, origin=origin, vkey=vkey, at=AT)
    assert not list(tmp_path.iterdir())


def test_a_folder_without_a_log_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LedgerFormatError, match="no log"):
        TransparencyLog.open(tmp_path)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE log SET origin = 'other.example/vn'", "belong together"),
        ("UPDATE log SET vkey = 'nonsense'", "malformed"),
        ("UPDATE log SET log_id = zeroblob(32)", "belong together"),
    ],
)
def test_a_log_under_another_name_is_refused(log: TransparencyLog, folder: Path, statement: str, message: str) -> None:
    log.close()
    sql(folder, statement)
    with pytest.raises(LedgerDamagedError, match=message):
        TransparencyLog.open(folder)


def test_a_log_without_its_row_is_refused(log: TransparencyLog, folder: Path) -> None:
    sql(folder, "DELETE FROM log")
    with pytest.raises(LedgerDamagedError, match="row is missing"):
        _ = log.size
    with pytest.raises(LedgerFormatError, match="whose log"):
        TransparencyLog.open(folder)


# Growing.


def test_entries_commit_to_their_digests_by_salts_of_their_own(log: TransparencyLog) -> None:
    digest = digests(1)[0]
    assert log.append([digest, digest]) == range(2)
    first, second = log.entries()
    assert first.salt is not None
    assert first.salt != second.salt
    assert first.digest == digest
    assert first.kind is EntryKind.CERTIFICATE
    assert first.entry == entry_of(EntryKind.CERTIFICATE, first.salt, digest)
    assert first.leaf == leaf_hash(first.entry)
    assert not first.has_row
    assert not first.is_erased


def test_the_tree_does_not_depend_on_the_batches(tmp_path: Path) -> None:
    salts = bytes(range(256)) * 40
    with make_log(tmp_path / "one") as one, make_log(tmp_path / "many") as many:
        one.append(digests(600), salts=salts[: 600 * 16])
        for start, count in ((0, 1), (1, 254), (255, 1), (256, 1), (257, 300), (557, 43)):
            indexes = many.append(digests(count, start=start), salts=salts[start * 16 : (start + count) * 16])
            assert indexes == range(start, start + count)
        assert one.frontier == many.frontier
        assert one.root() == many.root() == root_of(b"".join(entry.leaf for entry in one.entries()))
        assert list(one.entries()) == list(many.entries())
        assert many.check() is None


def test_several_appends_are_one_transaction(log: TransparencyLog) -> None:
    with log.transaction() as transaction:
        transaction.append(digests(3))
        transaction.append(digests(2), kind=EntryKind.AUDIT_HEAD)
        root = transaction.root
        assert transaction.size == 5
    assert (log.size, log.root()) == (5, root)


def test_an_iterator_of_digests_is_enough(log: TransparencyLog) -> None:
    assert log.append(iter(digests(5))) == range(5)
    assert log.append([]) == range(5, 5)


class BreakError(Exception):
    """What the caller's own code raises."""


def test_after_an_error_nothing_was_written(log: TransparencyLog) -> None:
    log.append(digests(10))
    before = log.frontier

    def write() -> None:
        with log.transaction() as transaction:
            transaction.add_certificates(certificates(300))
            raise BreakError

    with pytest.raises(BreakError):
        write()
    assert (log.size, log.frontier) == (10, before)
    assert log.certificate(certificate(0).id) is None
    assert log.append(digests(1)) == range(10, 11)
    assert log.check() is None


@pytest.mark.parametrize(
    "arguments",
    [
        {"digests": [bytes(31)]},
        {"digests": [bytes(32), bytes(33)]},
        {"digests": digests(2), "salts": bytes(31)},
        {"digests": digests(2), "salts": bytes(33)},
        {"digests": digests(2), "salts": b""},
    ],
)
def test_digests_and_salts_of_other_lengths_are_refused(log: TransparencyLog, arguments: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="bytes"):
        log.append(**arguments)  # type: ignore[arg-type]
    assert log.size == 0


def test_an_error_that_was_caught_still_loses_the_transaction(log: TransparencyLog) -> None:
    def write() -> None:
        with log.transaction() as transaction:
            transaction.append(digests(4))
            with pytest.raises(ValueError, match="bytes"):
                transaction.append([b"short"])

    with pytest.raises(LedgerStateError, match="lost"):
        write()
    assert log.size == 0


def test_a_transaction_within_another_is_a_mistake(log: TransparencyLog) -> None:
    with log.transaction(), pytest.raises(ValueError, match="open already"):
        log.append(digests(1))


def test_a_transaction_that_is_over_takes_nothing(log: TransparencyLog) -> None:
    with log.transaction() as transaction:
        transaction.append(digests(1))
    with pytest.raises(ValueError, match="is over"):
        transaction.append(digests(1))
    with pytest.raises(BreakError), log.transaction() as transaction:
        raise BreakError
    with pytest.raises(ValueError, match="is over"):
        transaction.add_certificates(certificates(1))
    assert log.size == 1
    assert log.check() is None


def test_a_time_without_a_zone_is_refused(log: TransparencyLog, tmp_path: Path) -> None:
    naive = AT.replace(tzinfo=None)
    log.append(digests(1))
    with pytest.raises(ValueError, match="time zone"):
        log.sign_checkpoint(KEY, at=naive)
    with pytest.raises(ValueError, match="time zone"):
        log.erase(0, at=naive)
    with pytest.raises(ValueError, match="time zone"):
        TransparencyLog.create(tmp_path / "other", origin=KEY.name, vkey=KEY.vkey, at=naive)
    assert log.checkpoint() is None
    assert not log.entry(0).is_erased


def test_a_log_opened_for_reading_is_not_written(log: TransparencyLog, folder: Path) -> None:
    log.append(digests(2))
    with TransparencyLog.open(folder, read_only=True) as reader:
        for attempt in (
            lambda: reader.append(digests(1)),
            lambda: reader.sign_checkpoint(KEY, at=AT),
            lambda: reader.erase(0, at=AT),
            lambda: reader.halt("test"),
        ):
            with pytest.raises(StorageError, match="readonly"):
                attempt()
        assert reader.size == 2


# Certificates and statements.


def test_certificates_are_found_by_id_and_by_digest(log: TransparencyLog) -> None:
    rows = certificates(5)
    fill(log, 5)
    for index, row in enumerate(rows):
        found = log.certificate(row.id)
        assert found is not None
        assert found == log.certificate(row.digest) == (index, *row)
    assert [row.leaf_index for row in log.certificates()] == list(range(5))
    assert log.certificate("URN:UVCI:01:VN:NONE") is None
    assert log.certificate(bytes(32)) is None


def test_a_digest_is_found_in_every_part_of_the_index(log: TransparencyLog) -> None:
    log.append(digests(4095))
    first, second = certificates(2)
    with log.transaction() as transaction:
        assert transaction.add_certificates([first, second]) == [4095, 4096]
    found = [log.certificate(row.digest) for row in (first, second)]
    assert [row and row.leaf_index for row in found] == [4095, 4096]


def test_the_same_certificate_twice_has_one_leaf_and_one_receipt(log: TransparencyLog) -> None:
    fill(log, 3)
    receipt = log.receipt(1)
    with log.transaction() as transaction:
        assert transaction.add_certificates(certificates(3)) == [0, 1, 2]
        assert transaction.size == 3
    assert log.sign_checkpoint(KEY, at=AT + timedelta(days=1)) == log.checkpoint(3)[2]  # type: ignore[index]
    assert log.receipt(1) == receipt


def test_among_new_certificates_one_that_is_known_keeps_its_leaf(log: TransparencyLog) -> None:
    fill(log, 4)
    new = certificates(3, start=10)
    with log.transaction() as transaction:
        assert transaction.add_certificates([new[0], certificate(2), new[1], new[0], new[2], new[2]]) == [
            4,
            2,
            5,
            4,
            6,
            6,
        ]
    assert log.size == 7
    assert [row.leaf_index for row in log.certificates()] == list(range(7))
    assert log.check() is None


def test_a_repeated_certificate_in_a_large_batch_has_one_leaf(log: TransparencyLog) -> None:
    rows = certificates(1500)
    with log.transaction() as transaction:
        indexes = transaction.add_certificates([*rows[:1300], rows[5], *rows[1300:], rows[1400]])
    assert log.size == 1500
    assert indexes[1300] == 5
    assert indexes[-1] == indexes[1401] == 1400
    assert log.check() is None


@pytest.mark.parametrize("where", [0, 2])
def test_another_certificate_with_the_same_id_is_refused(log: TransparencyLog, where: int) -> None:
    fill(log, 2)
    rows = certificates(3, start=5)
    rows.insert(where, certificate(1, issued_at=1_800_000_000))
    with pytest.raises(CertificateIdError) as caught, log.transaction() as transaction:
        transaction.add_certificates(rows)
    assert caught.value.leaf_index == 1
    assert "URN" not in str(caught.value)
    assert log.size == 2
    assert log.check() is None


def test_two_certificates_of_one_batch_with_the_same_id_are_refused(log: TransparencyLog) -> None:
    with pytest.raises(CertificateIdError), log.transaction() as transaction:
        transaction.add_certificates([certificate(1), certificate(1, issued_at=1_800_000_000)])
    assert log.size == 0


def test_of_certificates_that_may_be_there_only_the_new_ones_are_logged(log: TransparencyLog) -> None:
    fill(log, 3)
    signed_anew = certificate(1, issued_at=1_800_000_000)
    with log.transaction() as transaction:
        assert transaction.add_new_certificates([certificate(5), signed_anew, certificate(2), certificate(6)]) == [
            3,
            None,
            None,
            4,
        ]
    kept = log.certificate(signed_anew.id)
    assert kept is not None
    assert kept[1:] == certificate(1)  # what was there stays
    assert log.size == 5
    assert log.check() is None


def test_certificates_that_are_all_there_add_nothing(log: TransparencyLog) -> None:
    fill(log, 1500)
    root = log.root()
    with log.transaction() as transaction:
        assert transaction.add_new_certificates(certificates(1500)) == [None] * 1500
        assert transaction.add_new_certificates([]) == []
    assert (log.size, log.root()) == (1500, root)


def test_certificates_that_are_all_new_are_all_logged(log: TransparencyLog) -> None:
    with log.transaction() as transaction:
        assert transaction.add_new_certificates(certificates(1500)) == list(range(1500))
    assert log.check() is None


def test_of_two_new_certificates_with_one_id_the_first_is_logged(log: TransparencyLog) -> None:
    first, second = certificate(1), certificate(1, issued_at=1_800_000_000)
    with log.transaction() as transaction:
        assert transaction.add_new_certificates([first, second, certificate(2), first]) == [0, None, 1, None]
    kept = log.certificate(first.id)
    assert kept is not None
    assert kept.digest == first.digest
    assert log.check() is None


def test_an_erased_certificate_is_not_known_any_more(log: TransparencyLog) -> None:
    fill(log, 2)
    log.erase(0, at=AT)
    with log.transaction() as transaction:
        assert transaction.add_new_certificates(certificates(2)) == [2, None]


def test_a_new_row_of_another_type_loses_the_transaction(log: TransparencyLog) -> None:
    fill(log, 1)
    for known in ([], [certificate(0)]):
        bad = certificate(2)._replace(digest=b"short")
        with pytest.raises(ValueError, match="digest"), log.transaction() as transaction:
            transaction.add_new_certificates([*known, bad])
        assert log.size == 1


def test_many_certificates_are_found_by_their_ids(log: TransparencyLog) -> None:
    fill(log, 1200)
    wanted = [certificate(number).id for number in (1199, 0, 700, 0)]
    strangers = [certificate(number).id for number in range(5000, 5600)]
    found = log.certificates_by_id([*strangers, *wanted])
    assert {row_id: row.leaf_index for row_id, row in found.items()} == {wanted[0]: 1199, wanted[1]: 0, wanted[2]: 700}
    assert found[wanted[2]] == log.certificate(wanted[2])
    assert log.certificates_by_id([]) == log.certificates_by_id(["", "'", '"', "\x00"]) == {}


def test_certificates_that_expire_before_an_instant_come_in_the_order_of_their_leaves(log: TransparencyLog) -> None:
    rows = [certificate(number, issued_at=1_700_000_000 + number % 2) for number in range(2500)]
    with log.transaction() as transaction:
        transaction.add_certificates(rows)
    first_expiry = rows[0].expires_at
    assert list(log.certificates_expiring(first_expiry)) == []
    assert [row.leaf_index for row in log.certificates_expiring(first_expiry + 1)] == list(range(0, 2500, 2))
    assert list(log.certificates_expiring(first_expiry + 2)) == list(log.certificates())


def test_certificates_that_expire_can_be_renewed_while_they_are_read(log: TransparencyLog) -> None:
    fill(log, 1001)
    expiring = log.certificates_expiring(1_700_086_401)
    renewed = []
    for row in expiring:
        with log.transaction() as transaction:
            renewed += transaction.add_certificates([certificate(row.leaf_index + 5000, issued_at=1_800_000_000)])
    assert renewed == list(range(1001, 2002))


def test_a_row_with_a_digest_of_another_length_is_refused(log: TransparencyLog) -> None:
    with pytest.raises(ValueError, match="digest"), log.transaction() as transaction:
        transaction.add_certificates([certificate(1), certificate(2)._replace(digest=b"short")])
    assert log.size == 0


def test_the_rows_do_not_show_whose_certificates_they_are(log: TransparencyLog) -> None:
    fill(log, 1)
    found = log.certificate(certificate(0).id)
    assert found is not None
    assert repr(found.cose) not in repr(found)
    assert "URN" not in repr(found)
    assert "URN" not in repr(certificate(0))


def test_a_statement_is_logged_once(log: TransparencyLog) -> None:
    digest = digests(1)[0]
    for _ in range(2):
        with log.transaction() as transaction:
            index = transaction.add_statement(EntryKind.REVOCATION, digest, at=7, subject="A", detail="lost")
        assert index == 0
    assert list(log.statements()) == [(0, EntryKind.REVOCATION, digest, "A", 7, "lost")]
    assert log.entry(0).has_row


@pytest.mark.parametrize(("kind", "digest"), [(EntryKind.CERTIFICATE, bytes(32)), (EntryKind.REVOCATION, bytes(31))])
def test_what_is_no_statement_is_refused(log: TransparencyLog, kind: EntryKind, digest: bytes) -> None:
    with pytest.raises(ValueError, match="statement"), log.transaction() as transaction:
        transaction.add_statement(kind, digest, at=7)


# Checkpoints.


def test_a_checkpoint_is_signed_once_a_size(log: TransparencyLog, folder: Path) -> None:
    log.append(digests(5))
    note = log.sign_checkpoint(KEY, at=AT)
    assert log.sign_checkpoint(KEY, at=AT + timedelta(hours=1)) == note
    opened = open_checkpoint(note, verifier=KEY.verifier)
    assert (opened.origin, opened.size, opened.root) == (KEY.name, 5, log.root())
    assert (folder / "checkpoint").read_text() == note
    assert [checkpoint.size for checkpoint in log.checkpoints()] == [5]


def test_each_checkpoint_extends_the_one_before(log: TransparencyLog) -> None:
    for start, count in ((0, 3), (3, 300), (303, 1)):
        fill(log, count, start=start)
    signed = list(log.checkpoints())
    assert [checkpoint.size for checkpoint in signed] == [3, 303, 304]
    for older, newer in pairwise(signed):
        verify_consistency(
            smaller=older.size,
            larger=newer.size,
            smaller_root=older.root,
            larger_root=newer.root,
            path=log.consistency_path(older.size, newer.size),
        )
    assert log.checkpoint(303) == signed[1]
    assert log.checkpoint(300) is None


def test_a_signed_head_is_queued_for_the_chain(log: TransparencyLog) -> None:
    log.sign_checkpoint(KEY, at=AT)  # of an empty log, which no chain needs
    fill(log, 4)
    queued = Outbox(log.database, holder="test").waiting()
    assert queued is not None
    assert (queued.size, queued.root) == (4, log.root())


def test_the_checkpoint_of_an_empty_log_can_be_signed(log: TransparencyLog) -> None:
    note = log.sign_checkpoint(KEY, at=AT)
    assert open_checkpoint(note, verifier=KEY.verifier).root == EMPTY_ROOT
    assert log.check() is None
    with pytest.raises(LedgerStateError, match="does not cover"):
        log.receipt(0)


@pytest.mark.parametrize("key", [log_key("other.example/vn"), log_key(KEY.name, seed="another")])
def test_a_key_of_another_log_signs_nothing(log: TransparencyLog, key: object) -> None:
    log.append(digests(1))
    with pytest.raises(CheckpointError, match="not the one of this log"):
        log.sign_checkpoint(key, at=AT)  # type: ignore[arg-type]
    assert log.checkpoint() is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log SET frontier = zeroblob(64)",
        "UPDATE tile SET hashes = zeroblob(160) WHERE id = 0",
        "UPDATE checkpoint SET root = zeroblob(32)",
        "DELETE FROM tile",
    ],
)
def test_a_log_that_contradicts_itself_is_not_signed(log: TransparencyLog, folder: Path, statement: str) -> None:
    fill(log, 2)
    log.append(digests(3))
    sql(folder, statement)
    with pytest.raises(LedgerDamagedError):
        log.sign_checkpoint(KEY, at=AT)
    assert len(list(log.checkpoints())) == 1


@pytest.mark.parametrize("at_now", [False, True])
def test_a_checkpoint_that_the_log_no_longer_has_stops_signing(
    log: TransparencyLog, folder: Path, *, at_now: bool
) -> None:
    """Whether or not the file beside the database is there too."""
    fill(log, 4)
    sql(folder, "UPDATE checkpoint SET size = 9")
    if at_now:
        (folder / "checkpoint").unlink()
    log.append(digests(1))
    with pytest.raises(LedgerRolledBackError, match="9 entries was signed"):
        log.sign_checkpoint(KEY, at=AT)


def test_a_clock_that_goes_back_changes_no_order(log: TransparencyLog) -> None:
    for hours, count in ((5, 1), (3, 1), (4, 1), (6, 1)):
        log.append(digests(count))
        log.sign_checkpoint(KEY, at=AT + timedelta(hours=hours))
    assert [checkpoint.size for checkpoint in log.checkpoints()] == [1, 2, 3, 4]
    assert [checkpoint.at - int(AT.timestamp()) for checkpoint in log.checkpoints()] == [
        hours * 3600 for hours in (5, 3, 4, 6)
    ]
    assert log.checkpoint().size == 4  # type: ignore[union-attr]
    assert log.check() is None


def test_a_checkpoint_file_that_a_crash_left_behind_is_caught_up(log: TransparencyLog, folder: Path) -> None:
    fill(log, 1)
    older = (folder / "checkpoint").read_bytes()
    fill(log, 1, start=1)
    newer = (folder / "checkpoint").read_bytes()
    (folder / "checkpoint").write_bytes(older)
    log.sign_checkpoint(KEY, at=AT)
    assert (folder / "checkpoint").read_bytes() == newer
    (folder / "checkpoint").unlink()
    log.publish_checkpoint()
    assert (folder / "checkpoint").read_bytes() == newer


# Proofs.


def test_every_entry_is_proved_in_every_tree(log: TransparencyLog) -> None:
    sizes = (1, 2, 255, 256, 257, 511, 700)
    log.append(digests(700))
    for size in sizes:
        root = log.root(size)
        for index in {0, size // 2, size - 1}:
            path = log.inclusion_path(index, size)
            verify_inclusion(log.entry(index).leaf, index=index, tree_size=size, path=path, root=root)
        for smaller in filter(size.__ge__, sizes):
            path = log.consistency_path(smaller, size)
            verify_consistency(
                smaller=smaller, larger=size, smaller_root=log.root(smaller), larger_root=root, path=path
            )


def test_what_the_log_has_not_is_not_proved(log: TransparencyLog) -> None:
    log.append(digests(5))
    for index, size in ((5, 5), (-1, 5), (0, 6), (0, 0)):
        with pytest.raises(InclusionProofError):
            log.inclusion_path(index, size)
    for smaller, larger in ((0, 5), (4, 3), (3, 6)):
        with pytest.raises(ConsistencyError):
            log.consistency_path(smaller, larger)
    for size in (-1, 6):
        with pytest.raises(ValueError, match="5 entries"):
            log.root(size)
    for index in (-1, 5):
        with pytest.raises(ValueError, match="none at"):
            log.entry(index)
    for start, stop in ((-1, 3), (4, 3), (0, 6)):
        with pytest.raises(ValueError, match="5 entries"):
            list(log.entries(start, stop))


def test_a_receipt_proves_its_certificate_and_no_other(log: TransparencyLog) -> None:
    fill(log, 300)
    receipt = log.receipt(257)
    logged = receipt.verify(certificate(257).digest, [KEY.verifier])
    assert (logged.index, logged.tree_size, logged.root) == (257, 300, log.root())
    assert len(receipt.to_cbor()) < 900
    with pytest.raises(Exception, match="did not sign"):
        receipt.verify(certificate(256).digest, [KEY.verifier])


def test_receipts_of_neighbours_are_those_of_each(log: TransparencyLog) -> None:
    fill(log, 600)
    for start, stop in ((0, 3), (250, 260), (599, 600), (300, 300)):
        made = list(log.receipts(range(start, stop)))
        assert made == [log.receipt(index) for index in range(start, stop)]


def test_a_receipt_can_be_of_an_older_tree(log: TransparencyLog) -> None:
    fill(log, 2)
    fill(log, 2, start=2)
    assert log.receipt(1, size=2).verify(certificate(1).digest, [KEY.verifier]).tree_size == 2
    assert log.receipt(1).verify(certificate(1).digest, [KEY.verifier]).tree_size == 4
    with pytest.raises(LedgerStateError, match="does not cover"):
        log.receipt(2, size=2)
    with pytest.raises(LedgerStateError, match="no checkpoint of size 3"):
        log.receipt(1, size=3)


def test_without_a_checkpoint_there_is_no_receipt(log: TransparencyLog) -> None:
    log.append(digests(3))
    with pytest.raises(LedgerStateError, match="no checkpoint yet"):
        log.receipt(0)
    log.sign_checkpoint(KEY, at=AT)
    log.append(digests(1))
    with pytest.raises(LedgerStateError, match="does not cover"):
        log.receipt(3)
    with pytest.raises(LedgerStateError, match="does not cover"):
        list(log.receipts(range(-1, 2)))


@pytest.mark.parametrize("receipts", ["receipt", "receipts"])
def test_receipts_are_not_made_from_damaged_tiles(log: TransparencyLog, folder: Path, receipts: str) -> None:
    fill(log, 300)
    sql(folder, "UPDATE tile SET hashes = substr(hashes, 1, 32 * 40) WHERE id = 1")
    with pytest.raises(LedgerDamagedError):
        list(log.receipts(range(290, 295))) if receipts == "receipts" else log.receipt(295)


# Standing still.


def test_a_halted_log_is_not_written_until_it_is_resumed(log: TransparencyLog) -> None:
    fill(log, 2)
    log.halt("another head stands on the chain")
    assert log.halted == "another head stands on the chain"
    with pytest.raises(LedgerHaltedError, match="another head"):
        log.append(digests(1))
    with pytest.raises(LedgerHaltedError):
        log.sign_checkpoint(KEY, at=AT)
    log.receipt(1)
    log.erase(0, at=AT)
    log.resume()
    assert log.append(digests(1)) == range(2, 3)


def test_a_database_from_an_older_copy_is_neither_written_nor_signed(log: TransparencyLog, folder: Path) -> None:
    fill(log, 3)
    log.close()
    copy = (folder / "log.sqlite").read_bytes()
    with TransparencyLog.open(folder) as newer:
        fill(newer, 5, start=3)
    (folder / "log.sqlite").write_bytes(copy)
    with TransparencyLog.open(folder) as older:
        assert older.size == 3
        with pytest.raises(LedgerRolledBackError, match="3 entries, and 8 were promised"):
            older.append(digests(1))
        with pytest.raises(LedgerRolledBackError):
            older.sign_checkpoint(KEY, at=AT)
        assert older.receipt(0).verify(certificate(0).digest, [KEY.verifier]).tree_size == 3


def test_a_database_with_another_history_is_not_written(tmp_path: Path) -> None:
    with make_log(tmp_path / "one") as one, make_log(tmp_path / "two") as two:
        fill(one, 3)
        two.append(digests(4))
        (tmp_path / "two" / "checkpoint").write_bytes((tmp_path / "one" / "checkpoint").read_bytes())
        with pytest.raises(LedgerRolledBackError, match="another history"):
            two.append(digests(1))


def test_a_checkpoint_file_that_cannot_be_read_is_named(log: TransparencyLog, folder: Path) -> None:
    fill(log, 1)
    (folder / "checkpoint").unlink()
    (folder / "checkpoint").symlink_to("checkpoint")
    with pytest.raises(StorageError, match="checkpoint cannot be read"):
        log.append(digests(1))
    assert log.size == 1


@pytest.mark.parametrize("content", [b"", b"nonsense", b"ledger.example/vn\n0\n", b"\xff" * 200_000])
def test_a_ruined_checkpoint_file_stops_writing(log: TransparencyLog, folder: Path, content: bytes) -> None:
    fill(log, 1)
    (folder / "checkpoint").write_bytes(content)
    with pytest.raises((NoteError, StorageError)):
        log.append(digests(1))
    assert log.size == 1


def test_a_checkpoint_of_another_log_stops_writing(log: TransparencyLog, folder: Path, tmp_path: Path) -> None:
    other = log_key("other.example/vn")
    with TransparencyLog.create(tmp_path / "other", origin=other.name, vkey=other.vkey, at=AT) as another:
        another.sign_checkpoint(other, at=AT)
    (folder / "checkpoint").write_bytes((tmp_path / "other" / "checkpoint").read_bytes())
    with pytest.raises(NoteError):
        log.append(digests(1))


# Erasing.


def test_an_erased_entry_has_no_receipt_and_all_others_do(log: TransparencyLog) -> None:
    fill(log, 300)
    root = log.root()
    log.erase(257, at=AT)
    assert log.root() == root
    assert log.entry(257).is_erased
    assert log.entry(257).digest is None
    assert log.certificate(certificate(257).id) is None
    assert log.certificate(certificate(257).digest) is None
    with pytest.raises(EntryErasedError, match="257"):
        log.receipt(257)
    with pytest.raises(EntryErasedError):
        list(log.receipts(range(250, 260)))
    for index in (0, 256, 258, 299):
        log.receipt(index).verify(certificate(index).digest, [KEY.verifier])
    assert list(log.erasures()) == [(257, int(AT.timestamp()))]
    assert log.check() is None


def test_erasing_again_does_no_harm(log: TransparencyLog) -> None:
    fill(log, 2)
    log.erase(1, at=AT)
    log.erase(1, at=AT + timedelta(days=1))
    assert list(log.erasures()) == [(1, int(AT.timestamp()))]
    with pytest.raises(ValueError, match="none at 2"):
        log.erase(2, at=AT)


def test_a_statement_is_not_erased(log: TransparencyLog) -> None:
    with log.transaction() as transaction:
        transaction.add_statement(EntryKind.REVOCATION, digests(1)[0], at=7, subject="A")
    with pytest.raises(ValueError, match="only certificates are erased"):
        log.erase(0, at=AT)
    assert len(list(log.statements())) == 1
    assert log.check() is None


def test_statements_do_not_name_an_erased_certificate(log: TransparencyLog, folder: Path) -> None:
    fill(log, 5)
    rows = list(log.certificates())
    with log.transaction() as transaction:
        revoke(transaction, rows[0], at=AT, reason="lost")
        supersede(transaction, rows[0], rows[1], at=AT)
        revoke(transaction, rows[2], at=AT, reason=rows[4].id)  # a reason is part of what was logged
    log.erase(0, at=AT)
    assert [(row.subject, row.detail) for row in log.statements()] == [
        (None, "lost"),
        (None, rows[1].id),
        (rows[2].id, rows[4].id),
    ]
    log.erase(1, at=AT)
    log.erase(4, at=AT)
    assert [(row.subject, row.detail) for row in log.statements()] == [
        (None, "lost"),
        (None, None),
        (rows[2].id, rows[4].id),
    ]
    log.erase(1, at=AT)
    assert log.check() is None
    log.close()
    files = b"".join(path.read_bytes() for path in folder.glob("log.sqlite*"))
    assert rows[3].id.encode() in files
    for erased in rows[:2]:
        assert erased.id.encode() not in files


@pytest.mark.parametrize("wide", [1, 100])
def test_nothing_of_an_erased_entry_is_left_in_the_files(folder: Path, wide: int) -> None:
    with make_log(folder) as log:
        for start in range(0, 300, wide):
            with log.transaction() as transaction:
                transaction.add_certificates(certificates(wide, start=start))
        entry, row = log.entry(150), certificate(150)
        assert entry.salt is not None
        secrets = (entry.salt, row.digest, row.digest[:8], row.id.encode(), row.cose[-64:])
        log.erase(150, at=AT)
        files = [path.read_bytes() for path in sorted(folder.iterdir()) if not path.name.endswith("-shm")]
        assert not [secret for secret in secrets for content in files if secret in content]
        other = certificate(151)
        assert any(other.cose in content and other.digest in content for content in files)


def test_an_erasure_that_a_reader_delays_says_so(log: TransparencyLog, folder: Path) -> None:
    log.append(digests(3))
    with TransparencyLog.open(folder, read_only=True) as reader, reader.database.reading():
        assert reader.size == 3
        log.database.run("PRAGMA busy_timeout = 10")
        with pytest.raises(StorageError, match="write-ahead log"):
            log.erase(1, at=AT)
    assert log.entry(1).is_erased
    log.erase(1, at=AT)


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM segment", "UPDATE segment SET salts = x''", "UPDATE segment SET first = 1"],
)
def test_what_is_missing_is_not_erased(log: TransparencyLog, folder: Path, statement: str) -> None:
    log.append(digests(3))
    sql(folder, statement)
    with pytest.raises(LedgerDamagedError):
        log.erase(0, at=AT)
    assert not list(log.erasures())


# Damage that is met while writing.


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE tile SET hashes = substr(hashes, 1, 64) WHERE id = 0", "has not 3 hashes"),
        ("DELETE FROM tile WHERE id = 0", "is missing"),
        ("UPDATE log SET frontier = x''", "frontier"),
        ("UPDATE log SET size = 4", "frontier"),
    ],
)
def test_a_damaged_log_does_not_grow(log: TransparencyLog, folder: Path, statement: str, message: str) -> None:
    log.append(digests(3))
    sql(folder, statement)
    with pytest.raises(LedgerDamagedError, match=message):
        log.append(digests(1))


def test_a_tree_does_not_grow_past_what_an_index_can_say(log: TransparencyLog, folder: Path) -> None:
    sql(folder, "UPDATE log SET size = ?, frontier = zeroblob(63 * 32)", 2**63 - 1)
    with pytest.raises(ValueError, match="at most"):
        log.append(digests(1))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE segment SET kinds = x'3f0101'",
        "UPDATE tile SET hashes = zeroblob(64) WHERE id = 0",
        "DELETE FROM tile",
        "DELETE FROM segment",
        "UPDATE segment SET kinds = zeroblob(300)",
        "UPDATE segment SET first = 1",
    ],
)
def test_an_entry_that_is_damaged_is_not_returned(log: TransparencyLog, folder: Path, statement: str) -> None:
    log.append(digests(3))
    sql(folder, statement)
    with pytest.raises(LedgerDamagedError):
        list(log.entries())


def test_a_statement_of_no_known_kind_is_not_returned(log: TransparencyLog, folder: Path) -> None:
    sql(folder, "INSERT INTO statement VALUES (0, 1, zeroblob(32), NULL, 0, NULL), (1, 9, zeroblob(31), NULL, 0, NULL)")
    with pytest.raises(LedgerDamagedError, match="leaf 1"):
        list(log.statements())
