"""Revocations and their lists as a person reads them, and as lines of JSON."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sized
from datetime import UTC
from typing import TYPE_CHECKING

from vaxcert.commands.render import json_text, visible
from vaxcert.trust.revocation.own_format import moment
from vaxcert.trust.revocation.own_list import OwnList

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from vaxcert.service.revocation_book import RevocationBook
    from vaxcert.service.revocation_lists import LoadedList

_FORMS = {
    "own": "an issuer's own list",
    "eu-batches": "signed batches of the EU gateway",
    "eu-partitions": "a partitioned list of the EU, which nobody signed",
}


def book_lines(book: RevocationBook) -> Iterator[str]:
    """Yield a line for each whole key and each certificate in *book*."""
    for rule in book.kid_rules():
        since = "" if rule.since == 0 else f" signed since {_instant(moment(rule.since))}"
        yield f"{_instant(moment(rule.at))}  {rule.reason:<10}  all that the key {_kid(rule.kid)}{since or ' signed'}"
    for entry in book.entries():
        more = "".join(f"  {what}" for what in (entry.word, entry.successor and f"now {entry.successor}") if what)
        yield f"{_instant(moment(entry.at))}  {entry.reason:<10}  {visible(entry.id + more)}"


def book_json(book: RevocationBook) -> Iterator[bytes]:
    """Yield a line of JSON for each whole key and each certificate in *book*."""
    for rule in book.kid_rules():
        yield json_text(
            {
                "kid": _kid(rule.kid),
                "from": _instant(moment(rule.since)),
                "reason": str(rule.reason),
                "at": _instant(moment(rule.at)),
            }
        )
    for entry in book.entries():
        yield json_text(
            {
                "id": entry.id,
                "reason": str(entry.reason),
                "at": _instant(moment(entry.at)),
                "word": entry.word,
                "successor": entry.successor,
                "kid": None if entry.kid is None else _kid(entry.kid),
                "expires_at": None if entry.expires_at is None else _instant(moment(entry.expires_at)),
            }
        )


def own_summary(listed: OwnList) -> str:
    """Return what an issuer's own list is, in a few words."""
    return (
        f"{listed.country}, as of {_instant(listed.as_of)}, certificates: {len(listed):,},"
        f" whole keys: {len(listed.kid_rules)}"
    )


def list_json(loaded: LoadedList) -> dict[str, object]:
    """Return what the list *loaded* is, for a line of JSON."""
    content = loaded.content
    own = content if isinstance(content, OwnList) else None
    return {
        "path": str(loaded.path),
        "form": loaded.form,
        "signed": loaded.is_signed,
        "as_of": _instant(content.as_of),
        "next_update": None if own is None or own.next_update is None else _instant(own.next_update),
        "country": None if own is None else own.country,
        "certificates": len(content) if isinstance(content, Sized) else None,
        "kid_rules": None if own is None else len(own.kid_rules),
        "signer": None if own is None else {"kid": str(own.signer.kid), "subject": own.signer.subject},
    }


def list_lines(shown: Mapping[str, object]) -> str:
    """Return what `list_json` says, as a person reads it."""
    rows = {
        "country": shown["country"],
        "as of": shown["as_of"],
        "next": shown["next_update"],
        "certificates": shown["certificates"],
        "whole keys": shown["kid_rules"],
    }
    signer = shown["signer"]
    if isinstance(signer, dict):
        rows["signer"] = f"{signer['subject'] or '(a bare key)'} (kid {signer['kid']})"
    lines = [f"{shown['path']}: {_FORMS[str(shown['form'])]}"]
    lines += [f"  {name:<13}{value}" for name, value in rows.items() if value is not None]
    return "\n".join(map(visible, lines))


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _kid(kid: bytes) -> str:
    return b64encode(kid).decode()
