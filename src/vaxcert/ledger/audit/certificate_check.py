"""A stored certificate that is what its leaf stands for: its signature, its row and its time."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from vaxcert.codec import cbor, cose
from vaxcert.errors import SignatureError, UnknownSignerError
from vaxcert.ledger.audit.findings import FindingCode
from vaxcert.ledger.audit.report import NotChecked, instant, instant_of
from vaxcert.ledger.store.sealed import differing_columns
from vaxcert.trust.signature import verify_signature

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from vaxcert.ledger.audit.findings import Findings
    from vaxcert.ledger.audit.times import AnchorTimes
    from vaxcert.ledger.store.reader import CertificateRow, LoggedCertificate
    from vaxcert.trust.trust_list import TrustList


_KIDS_NAMED: Final = 20
_OTHERS: Final = "one of many other kids"


class CertificateCheck:
    """Judges certificates that are what their leaves stand for; nothing it tells of one is personal."""

    def __init__(
        self,
        findings: Findings,
        *,
        times: AnchorTimes,
        trust_list: TrustList | None,
        revoked_kids: Mapping[bytes, datetime],
        at: datetime,
    ) -> None:
        self._findings = findings
        self._times = times
        self._trust_list = trust_list
        self._revoked = {kid: moment.timestamp() for kid, moment in revoked_kids.items()}
        self._revoked_shown = {kid: instant(moment) for kid, moment in revoked_kids.items()}
        self._at = at.timestamp()
        self.signatures = 0
        """How many signatures were verified."""
        self._unsigned = 0
        self._unknown_signers: Counter[str] = Counter()
        self._overdue = 0

    def judge(self, row: LoggedCertificate, said: CertificateRow) -> None:
        """Check the signature, the row and the time of the certificate in *row*, which by itself says *said*."""
        index = row.leaf_index
        self._verify_signature(index, said)
        if row[1:] != said:  # of one in the clear nearly never; the columns are the same, after the leaf's index
            self._compare_columns(row, said)
        self._judge_time(index, said.issued_at)
        if said.kid in self._revoked:
            self._judge_revoked(index, said.kid)

    def not_checked(self) -> Iterator[NotChecked]:
        """Yield what could not be judged."""
        if self._unsigned:
            reason = "no trust list was given: the signatures of the certificates were not verified"
            yield NotChecked(code="no_trust_list", reason=reason, count=self._unsigned, decisive=True)
        for kid, count in sorted(self._unknown_signers.items()):
            reason = f"the trust list has no signer with {kid}: these signatures were not verified"
            yield NotChecked(code="unknown_signer", reason=reason, count=count, decisive=True)
        if self._overdue:
            reason = (
                "certificates were issued while the anchor before them was overdue: whether they are back-dated into "
                "that gap cannot be told"
            )
            yield NotChecked(code="anchor_overdue", reason=reason, count=self._overdue, decisive=True)

    def _verify_signature(self, index: int, said: CertificateRow) -> None:
        if self._trust_list is None:
            self._unsigned += 1
            return
        try:
            candidates = self._trust_list.candidates(said.kid)
        except UnknownSignerError:
            name = f"the kid {said.kid.hex()}"
            known = name in self._unknown_signers or len(self._unknown_signers) < _KIDS_NAMED
            self._unknown_signers[name if known else _OTHERS] += 1
            return
        self.signatures += 1
        message = cose.parse(cbor.decode(said.cose))
        to_be_signed = message.to_be_signed()
        for dsc in candidates:  # hcert-spec §3.3.3: a kid may repeat, so each is tried
            try:
                verify_signature(
                    dsc.public_key,
                    dsc.key_kind,
                    algorithm=message.algorithm,
                    to_be_signed=to_be_signed,
                    signature=message.signature,
                )
            except SignatureError:
                continue
            if dsc.signs_payloads:
                return
        self._findings.add(
            FindingCode.CERTIFICATE_FORGED,
            f"no signer with its kid signed the certificate of leaf {index}",
            index=index,
            kid=said.kid,
            digest=said.digest,
        )

    def _compare_columns(self, row: LoggedCertificate, said: CertificateRow) -> None:
        columns = differing_columns(row, said)
        if columns:
            self._findings.add(
                FindingCode.CERTIFICATE_CHANGED,
                f"the store's {columns} of leaf {row.leaf_index} are not those of the certificate",
                index=row.leaf_index,
                columns=columns,
            )

    def _judge_time(self, index: int, issued: int) -> None:
        window = self._times.window(index)
        before, covering = window.before, window.covering
        if window.believed_after < issued <= window.until:
            return
        if issued > window.until:
            self._findings.add(
                FindingCode.CERTIFICATE_POSTDATED,
                f"the certificate of leaf {index} says that it was issued after {_anchor(covering)}",
                index=index,
                seq=covering.seq if covering else None,
                issued_at=instant_of(issued),
                anchored_at=instant_of(covering.time) if covering else None,
            )
        elif issued > window.signed_after:
            self._overdue += 1
        else:
            assert before is not None  # otherwise there is no earliest time
            self._findings.add(
                FindingCode.CERTIFICATE_BACKDATED,
                f"the certificate of leaf {index} says that it was issued before anchor {before.seq}, which is without "
                "it",
                index=index,
                seq=before.seq,
                issued_at=instant_of(issued),
                anchored_at=instant_of(before.time),
            )

    def _judge_revoked(self, index: int, kid: bytes) -> None:
        covering = self._times.window(index).covering
        logged_by = covering.time if covering else self._at
        if logged_by > self._revoked[kid]:
            self._findings.add(
                FindingCode.REVOKED_KID_LATE,
                f"the certificate of leaf {index} is signed by a revoked key and was not anchored before the "
                "revocation",
                index=index,
                seq=covering.seq if covering else None,
                kid=kid,
                revoked_at=self._revoked_shown[kid],
                anchored_at=instant_of(covering.time) if covering else None,
            )


def _anchor(covering: object) -> str:
    return "the anchor that covers it" if covering else "this audit"
