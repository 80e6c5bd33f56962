"""Signers and key files as a person reads them, and as a line of JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.model.certificate_type import CertificateType
from vaxcert.service.signers import ISSUER_SECRET

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from vaxcert.service.key_files import KeyEntry
    from vaxcert.trust.dsc import Dsc

_KEY_WORDS = {None: "not here", True: "encrypted", False: "NOT ENCRYPTED"}
_STATES = {"active": "", "retired": "signs no more", "expired": "EXPIRED", "not_yet_valid": "not yet valid"}
"""What a person is told of each state. A retired key signs no more; what it signed is still good."""


def state_of(dsc: Dsc, at: datetime) -> str:
    """Return ``active``, ``retired``, ``expired`` or ``not_yet_valid``, as of *at* (aware)."""
    if at.timestamp() < dsc.not_before_seconds:
        return "not_yet_valid"
    if not dsc.is_valid_at(at.timestamp()):
        return "expired"
    ends = _key_use_ends(dsc)
    return "retired" if ends is not None and at > ends else "active"


def signer_json(dsc: Dsc, at: datetime) -> dict[str, object]:
    """Return what is known of *dsc*, as of *at* (aware), for a line of JSON."""
    return {
        "kid": str(dsc.kid),
        "kid_hex": dsc.kid.value.hex(),
        "country": dsc.country,
        "subject": dsc.subject,
        "usages": sorted(dsc.usages),
        "key_kind": dsc.key_kind,
        "not_before": _instant(dsc.not_before),
        "not_after": _instant(dsc.not_after),
        "key_use_ends": _instant(_key_use_ends(dsc)),
        "fingerprint": dsc.fingerprint.hex(),
        "state": state_of(dsc, at),
    }


def signer_line(dsc: Dsc, at: datetime) -> str:
    """Return *dsc* in one line: kid, country, types, kind of key, end, state and subject."""
    end = f"to {dsc.not_after:%Y-%m-%d}" if dsc.not_after else "no end"
    usages = ",".join(usage for usage in CertificateType if usage in dsc.usages) or "any"
    if dsc.certificate is not None and dsc.certificate.is_evident_csca:
        usages = "-"
    columns = f"{dsc.kid!s:<12}  {dsc.country or '-':<2}  {usages:<5}  {dsc.key_kind:<8}  {end:<13}"
    state = _STATES[state_of(dsc, at)]
    return "  ".join(part for part in (columns, state, dsc.subject or "(a bare key)") if part)


def entry_json(entry: KeyEntry, at: datetime) -> dict[str, object]:
    """Return *entry* for a line of JSON."""
    named: dict[str, object] = {"file": str(entry.path), "role": _role(entry)}
    if entry.certificate is not None:
        named |= signer_json(entry.certificate, at)
    key = None if entry.is_key_encrypted is None else "encrypted" if entry.is_key_encrypted else "unencrypted"
    return named | {"private_key": key}


def entry_line(entry: KeyEntry, at: datetime) -> str:
    """Return *entry* in one line: its role, then that of `signer_line`, then whether its key is there and encrypted."""
    key = f"key {_KEY_WORDS[entry.is_key_encrypted]}"
    if entry.certificate is None:
        return f"{_role(entry):<4}  {entry.path.name}: {_KEY_WORDS[entry.is_key_encrypted]}"
    return f"{_role(entry).upper():<4}  {signer_line(entry.certificate, at)}  ({key})"


def entry_card(entry: KeyEntry, at: datetime) -> Iterator[str]:
    """Yield the lines that show all of *entry*."""
    yield str(entry.path)
    dsc = entry.certificate
    if dsc is None:
        yield f"  private key  {_KEY_WORDS[entry.is_key_encrypted]}"
        return
    yield f"  {_role(entry).upper():<11}  {dsc.subject}"
    yield f"  kid          {dsc.kid} (hex {dsc.kid.value.hex()})"
    if _role(entry) == "dsc":
        yield f"  signs        {', '.join(usage.name.lower() for usage in CertificateType if dsc.may_sign(usage))}"
    yield f"  key          {dsc.key_kind}, private key {_KEY_WORDS[entry.is_key_encrypted]}"
    state = _STATES[state_of(dsc, at)]
    yield f"  valid        {_instant(dsc.not_before)} to {_instant(dsc.not_after)}{state and f', {state}'}"
    if (ends := _key_use_ends(dsc)) is not None:
        yield f"  signs until  {_instant(ends)}"
    yield f"  SHA-256      {dsc.fingerprint.hex()}"


def _key_use_ends(dsc: Dsc) -> datetime | None:
    return None if dsc.certificate is None else dsc.certificate.key_use_ends


def _role(entry: KeyEntry) -> str:
    if entry.path.name == ISSUER_SECRET:
        return "secret"
    if entry.certificate is None or entry.certificate.certificate is None:
        return "key"
    return "csca" if entry.certificate.certificate.is_ca else "dsc"


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")
