"""Revocation lists in files and folders, told apart by what is in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from vaxcert.errors import RevocationListError, StorageError, UntrustedRevocationListError
from vaxcert.service.files import read_file
from vaxcert.trust.certificate import Certificate
from vaxcert.trust.readers import read_anchors
from vaxcert.trust.revocation.batch import MAX_BATCH_BYTES, verify_batch
from vaxcert.trust.revocation.eu_batches import EuBatches
from vaxcert.trust.revocation.eu_partitions import EuPartitions
from vaxcert.trust.revocation.folder import BATCH_SUFFIX, OVERVIEW_NAME, batch_files
from vaxcert.trust.revocation.own_format import MAGIC
from vaxcert.trust.revocation.own_list import MAX_CLOCK_SKEW, OwnList

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from vaxcert.trust.revocation.batch import RevocationBatch, VerifiedBatch
    from vaxcert.trust.trust_list import TrustList

Form = Literal["own", "eu-batches", "eu-partitions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedList:
    """A revocation list that was read, and checked as far as its form allows."""

    path: Path
    form: Form
    content: OwnList | EuBatches | EuPartitions

    @property
    def is_signed(self) -> bool:
        """Whether somebody who is believed signed it: a partitioned list is as good as the way on which it came."""
        return self.form != "eu-partitions"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListReader:
    """Reads revocation lists for one verifier."""

    trust_list: TrustList
    """Whose document signers may sign lists of their own country's certificates."""
    signers: Sequence[Path] = ()
    """Files of more certificates that may sign batches of their own country's, such as a state's for uploads."""
    at: datetime
    """The instant of verification (aware): what has expired by then is left out."""
    now: datetime | None = None
    """The present (aware), after which no list is believed to be made; None believes any date."""

    def load(self, path: Path) -> LoadedList:
        """Return the list at *path*: an issuer's own, a batch of the EU gateway, or a folder in a form of the EU's.

        Raises:
            RevocationListError: It cannot be read as a whole: what is missing must not go unnoticed.
            StorageError: A file cannot be read.
            TrustListError: One of `signers` is no certificate.
            UntrustedRevocationListError: Nobody who is believed signed it.
        """
        if path.is_dir():
            loaded = self._load_folder(path)
        elif starts_with(path, MAGIC):
            loaded = LoadedList(path=path, form="own", content=OwnList.load(path, self.trust_list, now=self.now))
        else:
            loaded = LoadedList(path=path, form="eu-batches", content=self._batches((path,)))
        as_of = loaded.content.as_of
        if self.now is not None and as_of > self.now + MAX_CLOCK_SKEW:
            raise RevocationListError(f"{path} is of {as_of:%Y-%m-%dT%H:%MZ}, which is to come")
        return loaded

    def _load_folder(self, path: Path) -> LoadedList:
        if (path / OVERVIEW_NAME).is_file():
            return LoadedList(path=path, form="eu-partitions", content=EuPartitions.open(path, at=self.at))
        files = tuple(batch_files(path))
        if not files:
            raise RevocationListError(
                f"{path} is no folder of revocation lists",
                hint=f"a partitioned list has a file {OVERVIEW_NAME}, signed batches are files *{BATCH_SUFFIX}",
            )
        return LoadedList(path=path, form="eu-batches", content=self._batches(files))

    def _batches(self, files: Iterable[Path]) -> EuBatches:
        trusted = (
            *(dsc.certificate for dsc in self.trust_list.entries if dsc.certificate is not None),
            *(Certificate.of_der(der) for path in self.signers for der in read_anchors(path)),
        )
        return EuBatches.of(self._verified(files, trusted), at=self.at)

    def _verified(self, files: Iterable[Path], trusted: Sequence[Certificate]) -> Iterator[VerifiedBatch]:
        for file in files:
            try:
                verified = verify_batch(read_file(file, limit=MAX_BATCH_BYTES), trusted, at=self.at)
                self._check_speaks_of_its_own(verified.batch)
                yield verified
            except RevocationListError as error:
                raise type(error)(f"{file}: {error.message}", hint=error.hint) from error

    def _check_speaks_of_its_own(self, batch: RevocationBatch) -> None:
        """Check that *batch* is of no other country's signer: who may revoke its own certificates may not others'."""
        if batch.kid is None:
            return
        countries = {dsc.country for dsc in self.trust_list.entries if dsc.kid.value == batch.kid}
        if countries and not countries & {batch.country, None}:
            raise UntrustedRevocationListError("the batch is about certificates of another country than its own")


def starts_with(path: Path, start: bytes) -> bool:
    """Return whether the file at *path* begins with *start*.

    Raises:
        StorageError: It cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return stream.read(len(start)) == start
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror or error}") from error
