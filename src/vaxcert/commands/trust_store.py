"""Which trust list a command uses: the ones named, or the user's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from vaxcert.commands.options import now, say
from vaxcert.trust.trust_list import TrustList

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


def own_list() -> Path:
    """Return where the user's own trust list stands, which `vaxcert trust add` writes."""
    return Path(click.get_app_dir("vaxcert")) / "trust.json"


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
