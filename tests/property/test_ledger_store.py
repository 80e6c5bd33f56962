"""Whatever is logged, in whatever pieces: one tree, one leaf a certificate, and every promise kept."""

from __future__ import annotations

import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.reference_tree import ReferenceTree
from tests.stored_log import AT, KEY, certificate, digests, make_log
from vaxcert.errors import CertificateIdError, EntryErasedError
from vaxcert.ledger.log.entry import EntryKind
from vaxcert.ledger.log.proof import verify_consistency
from vaxcert.ledger.store.auditor_export import AuditorExport
from vaxcert.ledger.store.auditor_writer import export_for_auditor
from vaxcert.ledger.store.log import TransparencyLog
from vaxcert.ledger.store.tile_export import export_tiles

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
NUMBERS = st.integers(0, 30)


class Life(RuleBasedStateMachine):
    """A log of few certificates, so that they often come again."""

    @initialize()
    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY))
        self.log = make_log(self.folder / "log")
        self.leaves: dict[int, int] = {}
        """The leaf of each certificate."""
        self.entries: list[bytes] = []
        self.erased: set[int] = set()
        self.signed: list[tuple[int, bytes]] = []
        self.at = AT

    def teardown(self) -> None:
        assert self.log.check() is None
        if self.signed:
            size = export_for_auditor(self.log, self.folder / "export").size
            export = AuditorExport.open(self.folder / "export")
            assert export.check() is None
            assert list(export.entries()) == list(self.log.entries(0, size))
        self.log.close()
        shutil.rmtree(self.folder)

    def remember(self) -> None:
        self.entries += [entry.entry for entry in self.log.entries(len(self.entries))]

    @rule(numbers=st.lists(NUMBERS, max_size=8))
    def certify(self, numbers: list[int]) -> None:
        with self.log.transaction() as transaction:
            indexes = transaction.add_certificates([certificate(number) for number in numbers])
        for number, index in zip(numbers, indexes, strict=True):
            assert self.leaves.setdefault(number, index) == index
        self.remember()

    @rule(count=st.sampled_from([1, 2, 30, 255, 256, 257]))
    def append(self, count: int) -> None:
        size = len(self.entries)
        assert self.log.append(digests(count), kind=EntryKind.SUPERSESSION) == range(size, size + count)
        self.remember()

    @rule(number=NUMBERS)
    def forge(self, number: int) -> None:
        if number in self.leaves:
            try:
                with self.log.transaction() as transaction:
                    transaction.append(digests(3))
                    transaction.add_certificates([certificate(77), certificate(number, issued_at=5)])
            except CertificateIdError as error:
                assert error.leaf_index == self.leaves[number]  # noqa: PT017 - the state machine goes on
            else:
                raise AssertionError("a second certificate of one id was logged")

    @rule(number=NUMBERS)
    def erase(self, number: int) -> None:
        if number in self.leaves:
            index = self.leaves.pop(number)
            self.log.erase(index, at=self.at)
            self.erased.add(index)

    @rule(hours=st.integers(-2, 5))
    def sign(self, hours: int) -> None:
        self.at += timedelta(hours=hours)
        self.log.sign_checkpoint(KEY, at=self.at)
        head = (self.log.size, self.log.root())
        if head not in self.signed:
            self.signed.append(head)

    @precondition(lambda self: self.signed)
    @rule()
    def publish(self) -> None:
        export_tiles(self.log, self.folder / "site")

    @rule()
    def open_again(self) -> None:
        self.log.close()
        self.log = TransparencyLog.open(self.folder / "log")

    @invariant()
    def the_tree_is_that_of_the_entries(self) -> None:
        tree = ReferenceTree(self.entries)
        assert (self.log.size, self.log.root()) == (len(self.entries), tree.root(len(self.entries)))

    @invariant()
    def what_was_signed_still_holds(self) -> None:
        size, root = self.log.size, self.log.root()
        assert [(checkpoint.size, checkpoint.root) for checkpoint in self.log.checkpoints()] == self.signed
        for smaller, smaller_root in self.signed:
            if smaller:
                path = self.log.consistency_path(smaller, size)
                verify_consistency(smaller=smaller, larger=size, smaller_root=smaller_root, larger_root=root, path=path)

    @invariant()
    def every_certificate_under_a_checkpoint_has_its_receipt(self) -> None:
        covered = self.signed[-1][0] if self.signed else 0
        for number, index in self.leaves.items():
            if index < covered:
                logged = self.log.receipt(index).verify(certificate(number).digest, [KEY.verifier])
                assert (logged.index, logged.tree_size) == (index, covered)
        for index in self.erased:
            if index < covered:
                try:
                    self.log.receipt(index)
                except EntryErasedError:
                    continue
                raise AssertionError("an erased entry has a receipt")


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)


@settings(max_examples=25)
@given(batches=st.lists(st.integers(1, 300), min_size=1, max_size=6))
def test_the_tree_is_the_same_in_whatever_batches_it_grew(batches: list[int]) -> None:
    size = sum(batches)
    salts = bytes(16 * size)
    with tempfile.TemporaryDirectory(dir=MEMORY) as name, make_log(Path(name) / "log") as log:
        start = 0
        for count in batches:
            log.append(digests(count, start=start), salts=bytes(16 * count))
            start += count
        with make_log(Path(name) / "once") as once:
            once.append(digests(size), salts=salts)
            assert (log.frontier, log.root()) == (once.frontier, once.root())
            for level in range(2):
                for n in range(-(-(size >> 8 * level) // 256)):
                    assert log.tile(level, n) == once.tile(level, n)


def test_proofs_are_those_of_the_reference_for_every_small_tree(tmp_path: Path) -> None:
    with make_log(tmp_path / "log") as log:
        log.append(digests(70))
        entries = [entry.entry for entry in log.entries()]
        tree = ReferenceTree(entries)
        for size in range(1, 71):
            assert log.root(size) == tree.root(size)
            for index in range(size):
                assert log.inclusion_path(index, size) == tree.inclusion(index, size)
            for smaller in range(1, size + 1):
                assert log.consistency_path(smaller, size) == tree.consistency(smaller, size)
