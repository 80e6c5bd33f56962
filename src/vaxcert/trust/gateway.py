"""Trust lists in the entries of the EU gateway (DGCG ``/trustList``), which are also this project's own form.

The gateway answers with a bare array of entries. A saved list is an object around that array, to carry its date:

    {"as_of": "2026-11-22T08:00:00Z", "certificates": [{"kid": ..., "country": ..., "certificateType": "DSC",
      "thumbprint": ..., "rawData": ...}]}

An entry without a certificate has ``publicKey`` (SubjectPublicKeyInfo) instead of ``rawData``, and ``usages``.
The entries' own ``signature`` fields are not checked here: they bind an entry to the member state's upload to the
gateway; a verifier's anchors are its CSCAs.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from vaxcert.errors import TrustEntryError, TrustListError
from vaxcert.model.certificate_type import CertificateType
from vaxcert.trust.certificate import Certificate
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.fields import bytes_field, encode_base64, entry_of, kid_field, text_field
from vaxcert.trust.material import RejectedEntry, TrustMaterial

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_DSC, _CSCA = "DSC", "CSCA"
_GATEWAY_ONLY = frozenset(("AUTHENTICATION", "UPLOAD"))
"""Types of certificate that serve between a member state and the gateway; no verifier needs them."""


def read_saved_list(document: Mapping[str, object]) -> TrustMaterial:
    """Return what the saved list *document* holds.

    Raises:
        TrustListError: Its date or its list of entries is malformed.
    """
    entries = document["certificates"]
    if not isinstance(entries, list):
        raise TrustListError("the field certificates is not a list")
    return read_entries(entries, as_of=_instant(document.get("as_of")))


def _instant(value: object) -> datetime | None:
    if value is None:
        return None
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError as error:
        raise TrustListError("the field as_of is not an instant") from error
    if instant is None or instant.tzinfo is None:
        raise TrustListError("the field as_of is not an instant with its time zone")
    return instant.astimezone(UTC)


def read_entries(entries: Sequence[object], *, as_of: datetime | None = None) -> TrustMaterial:
    """Return what the gateway's list *entries* holds; what cannot be read is among the rejected."""
    dscs, cscas, rejected = [], [], []
    has_cscas = False
    for number, value in enumerate(entries, start=1):
        try:
            entry = entry_of(value)
            kind = text_field(entry, "certificateType") or _DSC
            if kind in _GATEWAY_ONLY:
                continue
            has_cscas = has_cscas or kind == _CSCA
            if kind == _CSCA:
                cscas.append(_read_csca(entry))
            elif kind == _DSC:
                dscs.append(_read_dsc(entry))
            else:
                raise TrustEntryError("the entry is neither of a DSC nor of a CSCA", reason="unknown_type")  # noqa: TRY301  one way out for all that is wrong with an entry
        except TrustEntryError as error:
            rejected.append(RejectedEntry.of_error(f"entry {number}", error))
    return TrustMaterial(
        dscs=tuple(dscs), cscas=tuple(cscas), rejected=tuple(rejected), has_cscas=has_cscas, as_of=as_of
    )


def _read_csca(entry: Mapping[str, object]) -> Certificate:
    der = _raw_data(entry)
    if der is None:
        raise TrustEntryError("the entry has no certificate", reason="malformed")
    return Certificate.of_der(der)


def _read_dsc(entry: Mapping[str, object]) -> Dsc:
    der = _raw_data(entry)
    kid = kid_field(entry)
    if der is not None:
        return Dsc.of_der(der, kid=kid)
    spki = bytes_field(entry, "publicKey")
    if spki is None or kid is None:
        raise TrustEntryError("the entry has neither a certificate nor a key with its kid", reason="malformed")
    return Dsc.of_spki(spki, kid=kid, country=text_field(entry, "country"), usages=_usages(entry))


def _raw_data(entry: Mapping[str, object]) -> bytes | None:
    der = bytes_field(entry, "rawData")
    thumbprint = text_field(entry, "thumbprint")
    if der is not None and thumbprint is not None and thumbprint.lower() != sha256(der).hexdigest():
        raise TrustEntryError("the certificate is not the one of the entry's thumbprint", reason="thumbprint_mismatch")
    return der


def _usages(entry: Mapping[str, object]) -> frozenset[CertificateType]:
    value = entry.get("usages", [])
    try:
        if isinstance(value, list):
            return frozenset(CertificateType(usage) for usage in value)
    except ValueError as error:
        # Dropping an unknown usage could leave none, which means any.
        raise TrustEntryError("the field usages names an unknown type", reason="malformed") from error
    raise TrustEntryError("the field usages is not a list", reason="malformed")


def format_saved_list(dscs: Iterable[Dsc], *, as_of: datetime | None) -> bytes:
    """Return *dscs* and their date as a saved list, one entry a line."""
    entries = ",\n".join(json.dumps(_entry_of(dsc)) for dsc in dscs)
    date = None if as_of is None else as_of.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return f'{{"as_of": {json.dumps(date)}, "certificates": [\n{entries}\n]}}\n'.encode()


def _entry_of(dsc: Dsc) -> dict[str, object]:
    entry: dict[str, object] = {"kid": str(dsc.kid), "country": dsc.country, "certificateType": _DSC}
    if dsc.certificate is None:
        return entry | {"publicKey": encode_base64(dsc.spki), "usages": sorted(dsc.usages)}
    return entry | {
        "thumbprint": dsc.certificate.fingerprint.hex(),
        "rawData": encode_base64(dsc.certificate.der),
    }
