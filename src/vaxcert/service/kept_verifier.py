"""A verifier that lives as long as a service does, and sees when its trust list or revocation lists are replaced."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vaxcert.errors import StorageError
from vaxcert.service.kept_lists import kept_lists
from vaxcert.service.log_description import read_description
from vaxcert.service.revocation_lists import ListReader
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify.policy import Policy
from vaxcert.verify.verifier import Verifier

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, timedelta
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustSources:
    """Where the files lie that say whom to believe: all that another process needs to make the same verifier."""

    trust: tuple[Path, ...]
    csca: tuple[Path, ...] = ()
    revocations: tuple[Path, ...] = ()
    """Lists, or folders in which `vaxcert revocations import` keeps them."""
    revocation_signers: tuple[Path, ...] = ()
    logs: tuple[Path, ...] = ()
    max_age: timedelta | None = None
    max_revocation_age: timedelta | None = None

    def load(self, *, at: datetime) -> Verifier:
        """Return a verifier by the files as they are *at* this moment (aware).

        Raises:
            RevocationListError: A list cannot be read or believed as a whole.
            StorageError: A file cannot be read.
            TrustListError: The trust list cannot be read.
        """
        trust_list = TrustList.load_all(self.trust, cscas=self.csca, at=at, now=at)
        reader = ListReader(trust_list=trust_list, signers=self.revocation_signers, at=at, now=at)
        return Verifier(
            trust_list,
            policy=Policy(max_age=self.max_age, max_revocation_age=self.max_revocation_age),
            logs=[read_description(path) for path in self.logs],
            revocations=[reader.load(path).content for path in self._lists()],
        )

    def stamp(self) -> tuple[tuple[str, int, int], ...]:
        """Return what changes when a file is replaced.

        Raises:
            StorageError: One is not there.
        """
        try:
            return tuple(
                (str(path), found.st_mtime_ns, found.st_ino) for path in self._files() for found in (path.stat(),)
            )
        except OSError as error:
            raise StorageError(f"what says whom to believe cannot be read: {error.strerror or error}") from error

    def _lists(self) -> Iterator[Path]:
        for path in self.revocations:
            kept = kept_lists(path) if path.is_dir() else ()
            yield from kept or (path,)

    def _files(self) -> Iterator[Path]:
        for path in (*self.trust, *self.csca, *self.revocations, *self.revocation_signers, *self.logs):
            yield path
            if path.is_dir():
                yield from sorted(each for each in path.rglob("*") if each.is_file())


@dataclass(slots=True)
class KeptVerifier:
    """The verifier by files that somebody replaces while the service runs."""

    sources: TrustSources
    current: Verifier
    _stamp: tuple[tuple[str, int, int], ...] = field(repr=False)

    @classmethod
    def of(cls, sources: TrustSources, *, at: datetime) -> KeptVerifier:
        """Return the verifier by *sources* as they are *at* this moment (aware); the errors are those of `load`."""
        stamp = sources.stamp()
        return cls(sources, sources.load(at=at), stamp)

    def refresh(self, *, at: datetime) -> bool:
        """Load the files anew where one of them has changed; return whether one had.

        Where they cannot be read, the verifier stays as it was and the error is raised: `max_age` bounds how long.
        """
        stamp = self.sources.stamp()
        if stamp == self._stamp:
            return False
        self.current = self.sources.load(at=at)
        self._stamp = stamp
        return True
