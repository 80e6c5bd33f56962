"""Whether a planned dose may be given: what is against it, less what a screener has overridden."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vaxcert.errors import (
    DoseAgeError,
    DoseIntervalError,
    DoseOrderError,
    DoseRuleError,
    DoseSameDayError,
    MixingAgreementError,
    MixingError,
    NoFurtherDoseError,
    OverrideRefusedError,
    VaccineNotApprovedError,
)
from vaxcert.registry.doses.plan import DoseProblem

if TYPE_CHECKING:
    from collections.abc import Collection

    from vaxcert.registry.doses.plan import DosePlan

_ERRORS: Final[dict[DoseProblem, type[DoseRuleError]]] = {
    DoseProblem.INTERVAL: DoseIntervalError,
    DoseProblem.MIXING: MixingError,
    DoseProblem.AGREEMENT: MixingAgreementError,
    DoseProblem.AGE: DoseAgeError,
    DoseProblem.APPROVAL: VaccineNotApprovedError,
    DoseProblem.NO_FURTHER: NoFurtherDoseError,
    DoseProblem.SAME_DAY: DoseSameDayError,
    DoseProblem.ORDER: DoseOrderError,
}


def check_plan(plan: DosePlan, overridden: Collection[DoseProblem] = ()) -> None:
    """Check that nothing speaks against *plan* but what was overridden.

    Raises:
        DoseRuleError: The class says which rule, first those that nobody may override; `reasons` has all of them.
        OverrideRefusedError: One of *overridden* is of a rule that nobody may override.
    """
    if any(not problem.is_overridable for problem in overridden):
        raise OverrideRefusedError("only the interval and the mixing of vaccines may be overridden")
    open_findings = sorted(
        (finding for finding in plan.findings if finding.problem not in overridden),
        key=lambda finding: finding.problem.is_overridable,
    )
    if open_findings:
        first = open_findings[0]
        raise _ERRORS[first.problem](
            first.message,
            source=first.source,
            earliest=first.earliest,
            reasons=[finding.problem for finding in open_findings],
        )
