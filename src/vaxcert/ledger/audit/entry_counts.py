"""How many entries an audit met of each kind, what became of them, and what could not be checked of them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from vaxcert.ledger.audit.report import KindCount, NotChecked
from vaxcert.ledger.log.entry import EntryKind

if TYPE_CHECKING:
    from collections.abc import Iterator


class EntryCounts:
    """What `EntryCheck` counts on its way."""

    def __init__(self) -> None:
        self.entries = 0
        """Recomputed from kind, salt and digest."""
        self.leaves: Counter[EntryKind] = Counter()
        self.erased: Counter[EntryKind] = Counter()
        self.kept: Counter[EntryKind] = Counter()
        """Entries with a row for what they stand for."""
        self.digests_only: Counter[EntryKind] = Counter()
        self.sealed = 0
        """Certificates that were not looked into, since they are sealed."""
        self.unlinked = 0
        """Statements about certificates that are not here."""

    @property
    def certificates(self) -> int:
        """How many certificates were looked into."""
        return self.kept[EntryKind.CERTIFICATE] - self.sealed

    @property
    def statements(self) -> int:
        """How many statements were compared."""
        return self.kept.total() - self.kept[EntryKind.CERTIFICATE]

    def kinds(self) -> Iterator[KindCount]:
        """Yield how many entries of each kind there are, and how many of them have what they stand for."""
        for kind in EntryKind:
            if self.leaves[kind] or kind is EntryKind.CERTIFICATE:
                yield KindCount(
                    kind=kind.value,
                    leaves=self.leaves[kind],
                    erased=self.erased[kind],
                    rows=self.kept[kind],
                    digests_only=self.digests_only[kind],
                )

    def not_checked(self) -> Iterator[NotChecked]:
        """Yield what could not be checked."""
        if erased := self.erased.total():
            reason = "erased entries stand in the tree, and nobody can tell any more what for"
            yield NotChecked(code="erased", reason=reason, count=erased, decisive=False)
        if digests_only := self.digests_only.total():
            reason = "the log keeps nothing but the digests of these entries: certificates or statements lie elsewhere"
            yield NotChecked(code="digests_only", reason=reason, count=digests_only, decisive=False)
        if self.sealed:
            reason = (
                "these certificates are sealed under their issuer's secret, and were not looked into (with --secret "
                "they are): their digests were compared with their leaves and not recomputed, and neither signature "
                "nor time was judged"
            )
            yield NotChecked(code="sealed", reason=reason, count=self.sealed, decisive=False)
        if self.unlinked:
            reason = "these statements are about certificates that are not here: their digests were not recomputed"
            yield NotChecked(code="subject_not_here", reason=reason, count=self.unlinked, decisive=False)
