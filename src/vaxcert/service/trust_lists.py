"""A trust list that somebody keeps: signers are added to it, replaced, removed and passed on.

Each signer is as fresh as the newest list that names it, and the kept list as old as its least fresh signer. A source
without a date is as old as its import, and none is younger than that.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vaxcert.errors import StorageError, TrustListError
from vaxcert.service.files import whole_file
from vaxcert.trust.readers import MAX_ENTRIES, MAX_SOURCE_BYTES, read_anchors, read_path
from vaxcert.trust.trust_list import TrustList
from vaxcert.trust.writers import TrustListForm, format_trust_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from vaxcert.trust.dsc import Dsc
    from vaxcert.trust.material import RejectedEntry

_PUBLIC_MODE = 0o644
"""Trust lists hold public keys, and those who verify are not always those who import."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What became of a kept list."""

    trust_list: TrustList
    """The list as it stands now."""
    added: tuple[Dsc, ...] = ()
    removed: tuple[Dsc, ...] = ()
    found: int = 0
    """How many signers the sources held that can be taken; where there are none, the list stays as it was."""
    rejected: tuple[RejectedEntry, ...] = ()
    """What the sources held and was left out."""


def add_signers(target: Path, sources: Sequence[Path], *, cscas: Iterable[Path] = (), at: datetime) -> Change:
    """Add the signers in *sources* to the kept list *target*, which is made where there is none.

    Args:
        target: The kept list.
        sources: Files of any known form, or folders of them.
        cscas: Files or folders with nothing but CSCAs; every DSC in *sources* has to chain to one.
        at: The instant of the import (aware).

    Raises:
        StorageError: A file cannot be read or written, or another command is changing *target*.
        TrustListError: A source, or *target*, is no trust list.
    """
    lists = _read_sources(sources, cscas, at)
    with _alone(target):
        kept = _read_kept(target)
        # The kept list first: its order stays.
        return _save(target, kept, _joined((kept, *lists)), lists)


def replace_signers(target: Path, sources: Sequence[Path], *, cscas: Iterable[Path] = (), at: datetime) -> Change:
    """Put the signers in *sources* in the place of those in the kept list *target*, which is made where there is none.

    The arguments and errors are those of `add_signers`. A DSC is withdrawn by its absence (certificate governance), so
    this is how the whole list of a gateway is brought up to date.
    """
    lists = _read_sources(sources, cscas, at)
    with _alone(target):
        kept = _read_kept(target)
        return _save(target, kept, _joined(lists), lists)


def remove_signers(target: Path, kids: Sequence[str]) -> Change:
    """Remove the signers with *kids* (base64 or hexadecimal) from the kept list *target*.

    Raises:
        StorageError: The file cannot be read or written, or another command is changing it.
        TrustListError: It is no kept list, or has no signer with one of *kids*; then nothing is removed.
    """
    with _alone(target):
        kept = _read_kept(target)
        removed: list[Dsc] = []
        for kid in kids:
            named = with_kid(kept.entries, kid)
            if not named:
                raise TrustListError(f"there is no signer with kid {kid} in {target}", hint="see `vaxcert trust list`")
            removed += named
        left = TrustList(entries=tuple(dsc for dsc in kept.entries if dsc not in removed), as_of=kept.as_of)
        _write(target, left)
        return Change(trust_list=left, removed=tuple(dict.fromkeys(removed)))


def export_list(trust_list: TrustList, form: TrustListForm, target: Path) -> None:
    """Write *trust_list* to the file *target* in *form*.

    Raises:
        StorageError: The file cannot be written.
        TrustListError: The form cannot hold one of the signers.
    """
    _write_public(target, format_trust_list(trust_list, form))


def with_kid(dscs: Iterable[Dsc], kid: str) -> tuple[Dsc, ...]:
    """Return those of *dscs* that have *kid*, written in base64 or in hexadecimal."""
    return tuple(dsc for dsc in dscs if kid == str(dsc.kid) or kid.lower() == dsc.kid.value.hex())


def _read_sources(sources: Sequence[Path], cscas: Iterable[Path], at: datetime) -> tuple[TrustList, ...]:
    anchors = [der for path in cscas for der in read_anchors(path)]
    lists = []
    for path in sources:
        material = read_path(path).located(str(path))
        trust_list = TrustList.of_material(material, cscas=anchors, at=at)
        # A date to come would keep the list fresh until then.
        lists.append(trust_list.dated(at if trust_list.as_of is None else min(trust_list.as_of, at)))
    return tuple(lists)


def _read_kept(target: Path) -> TrustList:
    if not target.exists():
        return TrustList()
    material = read_path(target)
    kept = TrustList.of_material(material)
    # What writing it again would lose or change is no list of ours to change.
    if kept.as_of is None or kept.rejected or material.has_cscas:
        raise TrustListError(
            f"{target} is not a list that `vaxcert trust` keeps, or is damaged",
            hint="name another file, or move this one away",
        )
    return kept


def _joined(lists: Iterable[TrustList]) -> TrustList:
    fresh: dict[Dsc, datetime] = {}
    for trust_list in lists:
        for dsc in trust_list.entries:
            assert trust_list.as_of is not None  # both readers above see to it
            fresh[dsc] = max(fresh.get(dsc, trust_list.as_of), trust_list.as_of)
    return TrustList(entries=tuple(fresh), as_of=min(fresh.values(), default=None))


def _save(target: Path, kept: TrustList, joined: TrustList, lists: Sequence[TrustList]) -> Change:
    found = {dsc for trust_list in lists for dsc in trust_list.entries}
    rejected = tuple(entry for trust_list in lists for entry in trust_list.rejected)
    if not found:  # least of all is a good list given up for an empty one
        return Change(trust_list=kept, rejected=rejected)
    _write(target, joined)
    before, after = set(kept.entries), set(joined.entries)
    return Change(
        trust_list=joined,
        added=tuple(dsc for dsc in joined.entries if dsc not in before),
        removed=tuple(dsc for dsc in kept.entries if dsc not in after),
        found=len(found),
        rejected=rejected,
    )


def _write(target: Path, trust_list: TrustList) -> None:
    content = format_trust_list(trust_list, TrustListForm.SAVED)
    if len(trust_list.entries) > MAX_ENTRIES or len(content) > MAX_SOURCE_BYTES:
        raise TrustListError(f"the trust list would be larger than vaxcert reads: {len(trust_list.entries)} signers")
    _write_public(target, content)


def _write_public(target: Path, content: bytes) -> None:
    with whole_file(target, replace=True, mode=_PUBLIC_MODE) as stream:
        stream.write(content)


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Keep other commands from changing *target*: two at once would each lose what the other adds."""
    lock = target.with_name(f".{target.name}.lock")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        if lock.exists():
            raise StorageError(
                f"another command is changing {target}", hint=f"try again; if there is none, delete {lock}"
            ) from error
        raise StorageError(f"{target} cannot be written: {error.strerror}") from error
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
