"""The verifier: one text in, one verdict out."""

from __future__ import annotations

from base64 import b64encode
from itertools import islice
from typing import TYPE_CHECKING, Final

from vaxcert.errors import ReceiptMissingError, TrustError, VaxcertError
from vaxcert.verify.certificate import normalise
from vaxcert.verify.formats import hcert
from vaxcert.verify.policy import Policy
from vaxcert.verify.quick import VerifiedCertificate, verify_all_plain, verify_plain
from vaxcert.verify.receipts import check_receipt
from vaxcert.verify.report import Outcome, Report, SignerIdentity, Status, Step
from vaxcert.verify.revocation import check_lists_fresh, check_revocation, speaking_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from vaxcert.codec.cwt import Claims
    from vaxcert.ledger.trusted_log import TrustedLog
    from vaxcert.trust.dsc import Dsc
    from vaxcert.trust.revocation.revocation_list import RevocationList
    from vaxcert.trust.trust_list import TrustList

STEP_NAMES = ("scan", *(name for name, _, _ in hcert.STEPS), "revocation", "rules", "ledger")
"""Every step of a report, in order."""

_TEXTS_AT_ONCE: Final = 256
"""Each may inflate to 64 KiB: so they are some 30 MB at most."""

_PASSED = {name: Step(name, Status.PASSED) for name in STEP_NAMES}
_SKIPPED = {name: Step(name, Status.SKIPPED) for name in STEP_NAMES}
_REVOCATION = ("revocation", check_revocation, ("message", "claims", "event"))
_LEDGER = ("ledger", check_receipt, ("message",))


class Verifier:
    """Checks certificates against one trust list under one policy; it does no I/O and reads no clock.

    Safe to share between threads.
    """

    def __init__(
        self,
        trust_list: TrustList,
        *,
        policy: Policy | None = None,
        logs: Sequence[TrustedLog] = (),
        revocations: Sequence[RevocationList] = (),
    ) -> None:
        """Trust the signers in *trust_list* and the receipts of *logs* under *policy*, by default the strictest.

        What stands in one of *revocations* is refused.
        """
        self.trust_list = trust_list
        self.policy = policy or Policy()
        self.logs = tuple(logs)
        self.revocations = tuple(revocations)
        self._moment: tuple[datetime | None, float] = (None, 0.0)

    def verify(self, text: str, *, at: datetime, receipt: bytes | None = None) -> VerifiedCertificate:
        """Return the certificate in *text*, verified as of *at* (aware).

        Args:
            text: The `HC1:` text.
            at: When it has to hold.
            receipt: The holder's proof that it stands in a log; the policy says whether there has to be one.

        Raises:
            TrustError: What would decide is missing: undetermined.
            CodecError: The text is malformed: rejected.
            LedgerProofError: The receipt does not prove that this certificate stands in a known log: rejected.
            VerificationError: The certificate lies or has lapsed: rejected.
            ValueError: *at* is naive.
        """
        if receipt is not None:
            return self._verify_by_steps(text, at, receipt)
        try:
            verified = verify_plain(text, self.trust_list, self._plain_seconds(at), self.revocations)
        except VaxcertError:
            verified = None
        return verified or self._verify_by_steps(text, at, None)

    def verify_all(self, texts: Iterable[str], *, at: datetime) -> Iterator[VerifiedCertificate | None]:
        """Yield for each of *texts* what `verify` returns, in less time; None where it raises.

        Raises:
            ValueError: *at* is naive.
        """
        rest = iter(texts)
        while some := list(islice(rest, _TEXTS_AT_ONCE)):
            try:
                verified = verify_all_plain(some, self.trust_list, self._plain_seconds(at), self.revocations)
            except VaxcertError:  # the policy asks for more than that
                verified = [None] * len(some)
            for text, plain in zip(some, verified, strict=True):
                try:
                    yield plain or self._verify_by_steps(text, at, None)
                except VaxcertError:
                    yield None

    def _plain_seconds(self, at: datetime) -> float:
        """Return *at* in seconds since 1970, having checked that only a text and young lists are to be looked at then.

        Raises:
            VaxcertError: The policy asks for more; the steps have to say what decides.
        """
        asked, at_seconds = self._moment
        if at is not asked:  # at one moment there are many to verify
            at_seconds = self._checked_seconds(at)
            self._moment = at, at_seconds
        return at_seconds

    def _checked_seconds(self, at: datetime) -> float:
        _check_aware(at)
        if self.policy.max_age is not None:
            self.trust_list.check_fresh(at, self.policy.max_age)
        check_lists_fresh(self.revocations, self.policy, at)
        if self.policy.require_receipt:
            raise ReceiptMissingError("the policy asks for a receipt")
        return at.timestamp()

    def _verify_by_steps(self, text: str, at: datetime, receipt: bytes | None) -> VerifiedCertificate:
        trial = self._trial(text, at, receipt)
        _, decisive = _run(trial, thorough=False)
        if decisive is not None:
            raise decisive
        return VerifiedCertificate(trial.claims, trial.dsc, trial.kind, trial.dcc, tuple(trial.warnings))

    def examine(self, text: str, *, at: datetime, receipt: bytes | None = None) -> Report:
        """Return the full report on *text*, and on its *receipt*, as of *at* (aware): every step that can run has run.

        It never raises for a bad certificate.
        """
        trial = self._trial(text, at, receipt)
        steps, decisive = _run(trial, thorough=True)
        ran = {step.name: step for step in steps}
        return _report(trial, tuple(ran.get(name, _SKIPPED[name]) for name in STEP_NAMES), decisive)

    def _trial(self, text: str, at: datetime, receipt: bytes | None) -> hcert.Trial:
        _check_aware(at)
        return hcert.Trial(
            text,
            trust_list=self.trust_list,
            policy=self.policy,
            at=at,
            revocations=self.revocations,
            logs=self.logs,
            receipt=receipt,
        )


def _check_aware(at: datetime) -> None:
    if at.utcoffset() is None:
        raise ValueError("at needs a time zone: verification depends on the instant")


def _run(trial: hcert.Trial, *, thorough: bool) -> tuple[list[Step], VaxcertError | None]:
    """Run the steps; return what became of each, and the error that decides the outcome.

    A failure decides over a step that could not be decided, and the earlier over the later. After something
    undetermined the later steps still run: an expired certificate of an unknown signer is rejected. After a failure
    they run only for a *thorough* examination.
    """
    steps: list[Step] = []
    failure: VaxcertError | None = None
    undetermined: VaxcertError | None = None
    for name, step, needs in _steps(trial):
        if not all(hasattr(trial, need) for need in needs):
            steps.append(_SKIPPED[name])
            continue
        try:
            step(trial)
        except TrustError as error:
            undetermined = undetermined or error
            steps.append(Step(name, Status.UNDETERMINED, error.code, error.message))
        except VaxcertError as error:
            failure = failure or error
            steps.append(Step(name, Status.FAILED, error.code, error.message))
            if not thorough:
                break
        else:
            steps.append(_PASSED[name])
    return steps, failure or undetermined


def _steps(trial: hcert.Trial) -> Iterator[tuple[str, Callable[[hcert.Trial], None], tuple[str, ...]]]:
    """Yield the steps that the question asks for, one by one, since what is asked shows on the way."""
    yield from hcert.STEPS
    if trial.revocations and hasattr(trial, "message") and speaking_of(trial.revocations, trial.message.kid):
        yield _REVOCATION
    if trial.receipt is not None or trial.policy.require_receipt:
        yield _LEDGER


def _report(trial: hcert.Trial, steps: tuple[Step, ...], decisive: VaxcertError | None) -> Report:
    claims: Claims | None = getattr(trial, "claims", None)
    message = getattr(trial, "message", None)
    outcome = (
        Outcome.VALID
        if decisive is None
        else Outcome.UNDETERMINED
        if isinstance(decisive, TrustError)
        else Outcome.REJECTED
    )
    dcc = getattr(trial, "dcc", claims.dcc if claims else None)
    return Report(
        outcome=outcome,
        code=None if decisive is None else decisive.code,
        message=_valid_through(claims) if decisive is None else decisive.message,
        hint=None if decisive is None else decisive.hint,
        format=hcert.NAME if hasattr(trial, "body") else None,
        steps=steps,
        signer=None if message is None else _identity(message.kid, trial),
        warnings=tuple(trial.warnings),
        issued_at=claims.issued_at if claims else None,
        expires_at=claims.expires_at if claims else None,
        certificate=None if dcc is None else normalise(dcc),
        payload=None if claims is None else claims.dcc,
        revocation=getattr(trial, "revocation", None),
        logged=getattr(trial, "logged", None),
    )


def _valid_through(claims: Claims | None) -> str:
    return "" if claims is None else f"valid through {claims.expires_at:%Y-%m-%dT%H:%MZ}"


def _identity(kid: bytes, trial: hcert.Trial) -> SignerIdentity:
    # A kid is no proof: until the signature holds, nobody but the kid can be named.
    dsc: Dsc | None = getattr(trial, "dsc", None)
    return SignerIdentity(
        kid=b64encode(kid).decode("ascii"),
        country=dsc.country if dsc else None,
        subject=dsc.subject if dsc else None,
    )
