"""The revocation lists that a user keeps beside the trust list: each country's newest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vaxcert.errors import OlderRevocationListError, RevocationListError, StorageError
from vaxcert.service.files import whole_file
from vaxcert.trust.revocation.own_list import OwnList

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from vaxcert.trust.trust_list import TrustList

KEPT_SUFFIX: Final = ".cose"
"""Of the lists that are kept, under the name of their country; when read, the content tells and not the name."""

_PUBLIC_MODE: Final = 0o644


def keep_list(source: Path, folder: Path, trust_list: TrustList, *, now: datetime) -> tuple[Path, OwnList]:
    """Put the issuer's own list *source* into *folder*, in the place of its country's earlier one; return where and it.

    Args:
        source: The list.
        folder: Where lists are kept; it is made where there is none.
        trust_list: Has its signer.
        now: The present (aware).

    Raises:
        OlderRevocationListError: The one that is kept is newer: an older one would bring back what was revoked since.
        RevocationListError: It is no such list, or cannot be believed.
        StorageError: It cannot be read or written.
    """
    from vaxcert.service.revocation_lists import ListReader  # noqa: PLC0415 - whoever only verifies has no use for it

    listed = ListReader(trust_list=trust_list, at=now, now=now).load(source).content
    if not isinstance(listed, OwnList):
        raise RevocationListError(
            f"{source} is no issuer's own list", hint="name lists of the EU with `vaxcert verify --revocations`"
        )
    target = folder / f"{listed.country}{KEPT_SUFFIX}"
    kept = _kept(target, trust_list)
    if kept is not None and kept.as_of > listed.as_of:
        raise OlderRevocationListError(
            f"{source} is of {listed.as_of:%Y-%m-%dT%H:%MZ}, and the list that is kept of {kept.as_of:%Y-%m-%dT%H:%MZ}",
            hint=f"if the newer one is wrong, delete {target} first",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{folder} cannot be made: {error.strerror or error}") from error
    with whole_file(target, replace=True, mode=_PUBLIC_MODE) as stream:
        listed.copy_to(stream)
    return target, listed


def kept_lists(folder: Path) -> tuple[Path, ...]:
    """Return the lists that are kept in *folder*."""
    return tuple(sorted(folder.glob(f"*{KEPT_SUFFIX}")))


def _kept(target: Path, trust_list: TrustList) -> OwnList | None:
    """Return the list at *target*, or None where there is none that is believed any more."""
    if not target.exists():
        return None
    try:
        return OwnList.load(target, trust_list)
    except RevocationListError:
        return None
