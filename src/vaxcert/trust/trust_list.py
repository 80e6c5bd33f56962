"""The document signers that a verifier trusts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import reduce
from typing import TYPE_CHECKING, Self, TypeAlias

from vaxcert.errors import StaleTrustListError, TrustEntryError, UnknownSignerError
from vaxcert.trust.certificate import Certificate
from vaxcert.trust.chain import verify_chain
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.material import RejectedEntry, TrustMaterial, oldest
from vaxcert.trust.readers import read_anchors, read_path

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    Source: TypeAlias = str | os.PathLike[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustList:
    """Signers under their kids; immutable, and safe to share between threads and to send to worker processes."""

    entries: tuple[Dsc, ...] = ()
    """The signers, each once, in the order in which they came."""
    rejected: tuple[RejectedEntry, ...] = ()
    """What the list's sources held and was left out, with the reason."""
    as_of: datetime | None = None
    """The instant that the list speaks for; a list without a date is as old as its import."""
    _by_kid: dict[bytes, tuple[Dsc, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.as_of is not None:
            _require_aware(self.as_of)
        unique = tuple(dict.fromkeys(self.entries))
        by_kid: dict[bytes, list[Dsc]] = {}
        for dsc in unique:
            by_kid.setdefault(dsc.kid.value, []).append(dsc)
        object.__setattr__(self, "entries", unique)
        object.__setattr__(self, "_by_kid", {kid: tuple(dscs) for kid, dscs in by_kid.items()})

    @classmethod
    def of_certificates(
        cls,
        certificates: Iterable[bytes],
        *,
        cscas: Iterable[bytes] = (),
        as_of: datetime | None = None,
        at: datetime | None = None,
    ) -> Self:
        """Return the list of the DSCs in *certificates* (DER).

        One that cannot be read is left out and among the rejected, as is one that does not chain, or whose key usage
        has no digitalSignature.

        Args:
            certificates: The DSCs.
            cscas: Where there are any, every DSC has to chain to one of them.
            as_of: The instant that the list speaks for (aware).
            at: The instant at which the CSCAs have to be valid (aware); None leaves that open.

        Raises:
            TrustEntryError: A CSCA cannot be read.
            ValueError: An instant is naive.
        """
        dscs, rejected = [], []
        for number, der in enumerate(certificates, start=1):
            try:
                dscs.append(Dsc.of_der(der))
            except TrustEntryError as error:
                rejected.append(RejectedEntry.of_error(f"certificate {number}", error))
        material = TrustMaterial(dscs=tuple(dscs), rejected=tuple(rejected), as_of=as_of)
        return cls.of_material(material, cscas=cscas, at=at)

    @classmethod
    def load(
        cls,
        path: Source,
        *,
        cscas: Iterable[Source] = (),
        at: datetime | None = None,
        now: datetime | None = None,
    ) -> Self:
        """Return the list in *path*, a file of any known form or a folder of such files.

        CSCAs in it are taken like those in *cscas*: then every DSC has to chain to one.

        Args:
            path: PEM, DER, the EU gateway's entries, a saved list, a JWKS; or a folder with such files at any depth.
            cscas: Files or folders with nothing but CSCAs.
            at: The instant at which the CSCAs have to be valid (aware); None leaves that open.
            now: The present (aware): a list dated more than a day after it counts as undated. None believes any date.

        Raises:
            StorageError: A path cannot be read.
            TrustListError: A path has no known form, or something in *cscas* is no CSCA that can be read.
            ValueError: An instant is naive.
        """
        return cls.load_all((path,), cscas=cscas, at=at, now=now)

    @classmethod
    def load_all(
        cls,
        paths: Iterable[Source],
        *,
        cscas: Iterable[Source] = (),
        at: datetime | None = None,
        now: datetime | None = None,
    ) -> Self:
        """Return the lists in *paths*, each loaded as `load` does and held to its own CSCAs and *cscas*, as one."""
        if now is not None:
            _require_aware(now)
        anchors = [der for source in cscas for der in read_anchors(source)]
        lists = (cls.of_material(read_path(path, now=now), cscas=anchors, at=at) for path in paths)
        return reduce(cls.merge, lists, cls())

    @classmethod
    def of_material(cls, material: TrustMaterial, *, cscas: Iterable[bytes] = (), at: datetime | None = None) -> Self:
        """Return the list of the signers in *material* that chain, or of all where no CSCA is named.

        One whose key usage has no digitalSignature is left out and among the rejected: it signs no payloads
        (hcert-spec A.4).

        Args:
            material: Signers and CSCAs, as read.
            cscas: More CSCAs (DER).
            at: The instant at which the CSCAs have to be valid (aware); None leaves that open.

        Raises:
            TrustEntryError: One of *cscas* cannot be read.
            ValueError: *at* is naive.
        """
        if at is not None:
            _require_aware(at)
        anchors = (*material.cscas, *map(Certificate.of_der, cscas))
        has_to_chain = bool(anchors) or material.has_cscas
        dscs, rejected = [], list(material.rejected)
        for dsc in material.dscs:
            try:
                if has_to_chain:
                    verify_chain(dsc.certificate, anchors, at=at)
                dscs.append(dsc)
            except TrustEntryError as error:
                rejected.append(RejectedEntry.of_error(f"kid {dsc.kid}", error))
        return cls(entries=tuple(dscs), rejected=tuple(rejected), as_of=material.as_of)

    def candidates(self, kid: bytes) -> tuple[Dsc, ...]:
        """Return the signers with *kid*, one or more; each has to be tried (hcert-spec §3.3.3).

        Raises:
            UnknownSignerError: There is none.
        """
        try:
            return self._by_kid[kid]
        except KeyError:
            raise UnknownSignerError(kid) from None

    def check_fresh(self, at: datetime, max_age: timedelta) -> None:
        """Check that at *at* (aware) the list is not older than *max_age*.

        A list of a later instant is no older, as where a past verification is done again. So that a date to come cannot
        pass for freshness, give `load` the present.

        Raises:
            StaleTrustListError: It is, or it has no date.
        """
        if self.as_of is None or at - self.as_of > max_age:
            raise StaleTrustListError(self.as_of)

    def merge(self, other: Self) -> Self:
        """Return the list with the signers of both, as old as the older one; without a date if either has none."""
        dates = [trust_list.as_of for trust_list in (self, other) if trust_list.entries]
        return type(self)(
            entries=self.entries + other.entries, rejected=self.rejected + other.rejected, as_of=oldest(dates)
        )

    def dated(self, as_of: datetime) -> Self:
        """Return the same list as of *as_of* (aware), such as the instant of its import."""
        return replace(self, as_of=as_of)


def _require_aware(instant: datetime) -> None:
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
