"""Issuer's own revocation lists for tests, signed by the invented authority."""

from __future__ import annotations

import io
from hashlib import sha256
from typing import TYPE_CHECKING

from tests import authority
from vaxcert.ledger.store.certificates import certificate_row
from vaxcert.trust.revocation.hashes import HashType
from vaxcert.trust.revocation.own_format import Head, KidRule, Record
from vaxcert.trust.revocation.own_key import canonical_id, key_of_id
from vaxcert.trust.revocation.own_list import OwnList
from vaxcert.trust.revocation.own_writer import write_own_list
from vaxcert.trust.revocation.revocation_list import CertificateMarks, RevocationReason
from vaxcert.trust.trust_list import TrustList

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vaxcert.issue.issuer import Certificate
    from vaxcert.ledger.store.log import TransparencyLog
    from vaxcert.trust.revocation.own_writer import ListSigner

AS_OF = int(authority.AT.timestamp())
TRUSTED = TrustList(entries=(authority.dsc(),))
KID = authority.dsc().kid.value


def uvci(number: int) -> str:
    """Return the identifier of the invented certificate *number*."""
    return f"URN:UVCI:01:VN:{sha256(str(number).encode()).hexdigest()[:32].upper()}"


def own_bytes(
    revoked: Iterable[str] = (),
    superseded: Iterable[str] = (),
    *,
    signer: ListSigner | None = None,
    kid_rules: tuple[KidRule, ...] = (),
    country: str = "VN",
    as_of: int = AS_OF,
    next_update: int | None = None,
    at: int = AS_OF - 60,
) -> bytes:
    """Return a list that names certificates by their identifiers."""
    named: Mapping[RevocationReason, Iterable[str]] = {
        RevocationReason.REVOKED: revoked,
        RevocationReason.SUPERSEDED: superseded,
    }
    records = sorted(Record(key_of_id(each), reason, at) for reason, ids in named.items() for each in ids)
    head = Head(country=country, as_of=as_of, next_update=next_update, count=0, directory=b"", kid_rules=kid_rules)
    stream = io.BytesIO()
    write_own_list(stream, records, head=head, signer=signer or authority.signer(), spool=io.BytesIO())
    return stream.getvalue()


def own_list(revoked: Iterable[str] = (), superseded: Iterable[str] = (), **said: object) -> OwnList:
    """Return the loaded list of `own_bytes`."""
    return OwnList.of_bytes(own_bytes(revoked, superseded, **said), TRUSTED)  # type: ignore[arg-type] # its keywords


def marks(identifier: str, *, kid: bytes = KID, issued_at: int = AS_OF - 3600) -> CertificateMarks:
    """Return what a verifier asks of a list about the certificate with *identifier*."""
    spellings = dict.fromkeys((identifier, canonical_id(identifier)))
    return CertificateMarks(kid, issued_at, {HashType.UCI: tuple(sha256(each.encode()).digest() for each in spellings)})


def append(log: TransparencyLog, certificates: Iterable[Certificate]) -> None:
    """Append *certificates* to *log*."""
    with log.transaction() as transaction:
        transaction.add_certificates([certificate_row(each.cose) for each in certificates])
