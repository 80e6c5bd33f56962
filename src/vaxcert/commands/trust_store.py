"""Which trust list and revocation lists a command uses: the ones named, or the user's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from vaxcert.commands.options import now, say
from vaxcert.trust.trust_list import TrustList

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from vaxcert.trust.revocation.revocation_list import RevocationList


def own_list() -> Path:
    """Return where the user's own trust list stands, which `vaxcert trust add` writes."""
    return Path(click.get_app_dir("vaxcert")) / "trust.json"


def own_revocations() -> Path:
    """Return the folder of the revocation lists that the user keeps, which `vaxcert revocations import` fills."""
    return Path(click.get_app_dir("vaxcert")) / "revocations"


def load_trust(paths: Sequence[Path], cscas: Sequence[Path], *, at: datetime, verbose: bool = False) -> TrustList:
    """Return the trust list at *paths* together, or the user's own where none is named.

    Where *cscas* are given, only the DSCs that chain to one of them are believed. What is left out is told on standard
    error: how many entries, or with *verbose* each of them. A date in the future is left out too, by the clock and not
    by *at*, which may lie in the past: the list's age is unknown then.
    """
    chosen = tuple(paths) or ((own_list(),) if own_list().is_file() else ())
    trust_list = TrustList.load_all(chosen, cscas=cscas, at=at, now=now())
    if verbose:
        for entry in trust_list.rejected:
            say("warning", f"left out of the trust list: {entry.source}: {entry.message} [{entry.reason}]")
    elif trust_list.rejected:
        say("warning", f"left out of the trust list: {len(trust_list.rejected)} entries (vaxcert -v names them)")
    return trust_list


def load_revocations(
    paths: Sequence[Path], signers: Sequence[Path], trust_list: TrustList, *, at: datetime, use_own: bool
) -> list[RevocationList]:
    """Return the revocation lists at *paths*, or those that the user keeps where none is named and *use_own* says so.

    None is left out: one that cannot be read ends the command. One whose successor is overdue is told.
    """
    folder = own_revocations()
    if not paths and not (use_own and folder.is_dir()):
        return []
    # Whoever has no lists does not wait for what reads them.
    from vaxcert.service.kept_lists import kept_lists  # noqa: PLC0415 - as said
    from vaxcert.service.revocation_lists import ListReader  # noqa: PLC0415 - as said
    from vaxcert.trust.revocation.own_list import OwnList  # noqa: PLC0415 - as said

    reader = ListReader(trust_list=trust_list, signers=signers, at=at, now=now())
    loaded = [reader.load(path) for path in paths or kept_lists(folder)]
    for each in loaded:
        promised = each.content.next_update if isinstance(each.content, OwnList) else None
        if promised is not None and promised < at:
            say("warning", f"a newer list than {each.path} was promised for {promised:%Y-%m-%dT%H:%MZ}")
    return [each.content for each in loaded]
