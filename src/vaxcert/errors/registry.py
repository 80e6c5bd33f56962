"""What the registry refuses or cannot do.

A `RegistryError` is the answer of a rule: nothing was written. Values that cannot be read are a `RegistryInputError`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors.base import VaxcertError
from vaxcert.errors.people import RegistryInputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime
    from uuid import UUID

    from vaxcert.errors.malformed import FieldProblem


class RegistryError(VaxcertError):
    """A rule of the registry forbids it."""

    code = "registry_refused"


class RequestError(RegistryInputError):
    """The request cannot be read; every bad field is named at once."""

    code = "invalid_request"

    def __init__(self, message: str, *, problems: Sequence[FieldProblem] = (), hint: str | None = None) -> None:
        """Keep the *problems*, one for each bad field."""
        super().__init__(message, hint=hint)
        self.problems = tuple(problems)


class NotAllowedError(RegistryError):
    """The account may not do this, or not here."""

    code = "not_allowed"


class NotRegisteredError(RegistryError):
    """Nothing in the registry has this id, or it lies outside of what the account may see."""

    code = "not_registered"


class AccountExistsError(RegistryError):
    """There is an account of this name already."""

    code = "account_exists"


class StaleVersionError(RegistryError):
    """Somebody else has changed it since it was read; nothing was overwritten."""

    code = "stale_version"
    hint = "read it again, and decide anew"


class IdempotencyConflictError(RegistryError):
    """The key was used before, for another request."""

    code = "idempotency_conflict"
    hint = "take a new key for a new request"


class PersonErasedError(RegistryError):
    """The person was erased: what is sealed about them cannot be opened by anybody."""

    code = "person_erased"


class KnownPersonError(RegistryError):
    """Somebody with one of these numbers is in the registry."""

    code = "known_person"
    hint = "take the entry that is there; for somebody else with the same number, say that it is another person"

    def __init__(self, message: str, *, people: Sequence[UUID] = (), hint: str | None = None) -> None:
        """Keep the ids of the *people*, none for who may not see them."""
        super().__init__(message, hint=hint)
        self.people = tuple(people)


class SeveralPeopleError(RegistryError):
    """Several people are found by this, and one was asked for."""

    code = "several_people"
    hint = "take one by its id, or merge the entries if they are one person's"

    def __init__(self, message: str, *, people: Sequence[UUID], hint: str | None = None) -> None:
        """Keep the ids of the *people*."""
        super().__init__(message, hint=hint)
        self.people = tuple(people)


class MergeError(RegistryError):
    """The entries cannot be merged, or parted."""

    code = "merge_refused"


class GuardianshipError(RegistryError):
    """The person may not act for the other, or not without a consent."""

    code = "guardianship_refused"


class CorrectionNeededError(RegistryError):
    """There are certificates of the person, so this can only be changed by a correction."""

    code = "correction_needed"
    hint = "ask for a correction: the certificates are replaced together with the record"


class RegistryBusyError(VaxcertError):
    """Too many others are writing; nothing was written."""

    code = "registry_busy"
    hint = "try again"


class RegistryUnavailableError(VaxcertError):
    """The database cannot be reached or does not answer."""

    code = "registry_unavailable"


class RegistryFormatError(VaxcertError):
    """This is no registry, or one of another version."""

    code = "registry_format"


class RegistrationStateError(RegistryError):
    """The registration is not in a state that allows it."""

    code = "registration_state"


class AlreadyRegisteredError(RegistryError):
    """The person has an open registration for this dose."""

    code = "already_registered"
    hint = "withdraw that registration first, or go on with it"


class NotEligibleError(RegistryError):
    """The campaign does not admit this registration."""

    code = "not_eligible"

    def __init__(self, message: str, *, reasons: Sequence[str], hint: str | None = None) -> None:
        """Keep the *reasons*, each a code."""
        super().__init__(message, hint=hint)
        self.reasons = tuple(reasons)


class CampaignStateError(RegistryError):
    """The campaign is not in a state that allows it."""

    code = "campaign_state"


class SiteCodeTakenError(RegistryError):
    """Another site has this code."""

    code = "site_code_taken"


class SiteClosedError(RegistryError):
    """The site is closed, or has no hours on these days."""

    code = "site_closed"


class SlotStateError(RegistryError):
    """The slot is closed, or it has begun."""

    code = "slot_state"


class SlotFullError(RegistryError):
    """No place of the slot is free for this dose."""

    code = "slot_full"
    hint = "take another slot, or join the waiting list of the site"


class CapacityTakenError(RegistryError):
    """More places are taken than the new capacity has."""

    code = "capacity_taken"
    hint = "move appointments to other slots first"


class AppointmentStateError(RegistryError):
    """The appointment is not in a state that allows it, or not yet."""

    code = "appointment_state"


class AlreadyBookedError(RegistryError):
    """The person has a live appointment for this dose."""

    code = "already_booked"
    hint = "move that appointment instead"


class HoldLapsedError(RegistryError):
    """The place was held for a time, and that is over."""

    code = "hold_lapsed"
    hint = "take a place anew"


class WrongDayError(RegistryError):
    """The appointment is for another day."""

    code = "wrong_day"


class WaitingStateError(RegistryError):
    """The entry of the waiting list is not in a state that allows it."""

    code = "waiting_state"


class AlreadyWaitingError(RegistryError):
    """The person waits at this site for this dose already."""

    code = "already_waiting"


class TrailBrokenError(RegistryFormatError):
    """The trail of the registry was altered, or a part of it is missing."""

    code = "trail_broken"

    def __init__(self, message: str, *, position: int, hint: str | None = None) -> None:
        """Keep the *position* of the first entry that is wrong, from 1."""
        super().__init__(message, hint=hint)
        self.position = position


class CertificateStateError(RegistryError):
    """The certificate is not in a state that allows it."""

    code = "certificate_state"


class SeparationError(RegistryError):
    """The account has had a hand in this already, and another's is needed."""

    code = "separation_of_duties"
    hint = "somebody else has to take this step"


class RecordChangedError(RegistryError):
    """The record says something else than what was verified."""

    code = "record_changed"
    hint = "return the certificate, and have the record verified as it is now"


class IssuanceMismatchError(RegistryError):
    """The certificates to issue follow from another issuer's secret, or are of another country."""

    code = "issuance_mismatch"


class CorrectionStateError(RegistryError):
    """The request for a correction is not in a state that allows it."""

    code = "correction_state"


class AlreadyAskedError(RegistryError):
    """There is an open request for the same correction."""

    code = "correction_open"
    hint = "wait for the decision, or withdraw that request"


class EvidenceError(RegistryInputError):
    """The file is no evidence that can be kept: too large, or of another kind."""

    code = "invalid_evidence"


class DoseRuleError(RegistryError):
    """A rule about doses forbids this one."""

    code = "dose_refused"

    def __init__(
        self,
        message: str,
        *,
        source: str,
        earliest: date | None = None,
        reasons: Sequence[str] = (),
        hint: str | None = None,
    ) -> None:
        """Keep the act, the *earliest* day where one is known, and all *reasons*, each a code."""
        super().__init__(message, hint=hint)
        self.source = source
        self.earliest = earliest
        self.reasons = tuple(reasons)


class DoseIntervalError(DoseRuleError):
    """Too little time has gone by since the dose before."""

    code = "dose_interval"
    hint = "wait until then; a screener may decide otherwise, with a reason"


class MixingError(DoseRuleError):
    """No rule lets this vaccine follow the ones before."""

    code = "dose_mixing"
    hint = "take the vaccine of the dose before; a screener may decide otherwise, with a reason"


class MixingAgreementError(DoseRuleError):
    """Another vaccine than before needs the person's agreement."""

    code = "dose_agreement"
    hint = "ask the person, and enter that they agree"


class DoseAgeError(DoseRuleError):
    """The vaccine is not for people of this age."""

    code = "dose_age"


class VaccineNotApprovedError(DoseRuleError):
    """The vaccine is not approved on that day."""

    code = "dose_approval"


class NoFurtherDoseError(DoseRuleError):
    """No rule of that day gives the person a further dose."""

    code = "dose_no_further"


class DoseSameDayError(DoseRuleError):
    """There is a dose of that day already."""

    code = "dose_same_day"


class DoseOrderError(DoseRuleError):
    """There is a dose of a later day."""

    code = "dose_order"


class DoseStateError(RegistryError):
    """The dose is not in a state that allows it."""

    code = "dose_state"


class VisitStateError(RegistryError):
    """The visit is not at the step that this needs."""

    code = "visit_state"


class VisitOpenError(RegistryError):
    """The person is in a visit already."""

    code = "visit_open"
    hint = "go on with that visit, or end it"


class IdentityUncheckedError(RegistryError):
    """Nobody has checked who the person is."""

    code = "identity_unchecked"
    hint = "compare with an identity document, or have a guardian or an official vouch"


class DeclarationMissingError(RegistryError):
    """The person has no health declaration that is valid now."""

    code = "declaration_missing"
    hint = "ask for a new declaration"


class ConsentMissingError(RegistryError):
    """There is no consent to the injection by who may give it."""

    code = "consent_missing"
    hint = "for somebody below 18 a guardian consents"


class ScreeningRulesMissingError(RegistryError):
    """No act about the screening is known for that day and age."""

    code = "screening_rules_missing"


class OverrideRefusedError(RegistryError):
    """This conclusion is not one that a doctor at the site may override."""

    code = "override_refused"


class NotScreenedForError(RegistryError):
    """The person was screened for another vaccine."""

    code = "not_screened_for"
    hint = "have the person screened for this vaccine"


class ObservationUnfinishedError(RegistryError):
    """The observation is not over, or its measurements are missing."""

    code = "observation_unfinished"

    def __init__(self, message: str, *, until: datetime, hint: str | None = None) -> None:
        """Keep the instant *until* which the person is to be observed."""
        super().__init__(message, hint=hint)
        self.until = until


class ReactionStateError(RegistryError):
    """The reaction is not in a state in which this can be done."""

    code = "reaction_state"


class NotificationStateError(RegistryError):
    """The message is not in a state in which this can be done."""

    code = "notification_state"


class StockError(RegistryError):
    """The stock does not allow it."""

    code = "stock_refused"


class LotNotUsableError(StockError):
    """No dose of this lot, or of this vial, may be given here and now."""

    code = "lot_not_usable"

    def __init__(self, message: str, *, obstacle: str, hint: str | None = None) -> None:
        """Keep the *obstacle*: recalled, on_hold, expired, not_here, clock_ran_out or used_up."""
        super().__init__(message, hint=hint)
        self.obstacle = obstacle


class NotEnoughStockError(StockError):
    """There are fewer doses than are to be moved."""

    code = "not_enough_stock"


class StockCountError(StockError):
    """A number of doses that stock cannot move: whole vials are moved, and a vial gives what is in it."""

    code = "stock_count"


class LotKnownError(StockError):
    """The lot is in the registry already, with other facts."""

    code = "lot_known"


class LotStateError(StockError):
    """The lot is not in a state from which this is possible."""

    code = "lot_state"


class ColdChainError(StockError):
    """Vaccine is kept or moved in a cold that the product, or its thaw, does not allow."""

    code = "cold_chain"


class TransferStateError(StockError):
    """The transfer was received already."""

    code = "transfer_state"


class DoseBookedError(StockError):
    """The dose was booked as used before, or was never."""

    code = "dose_booked"


class ReportError(RegistryInputError):
    """What is asked of a report goes together with nothing that is counted."""

    code = "report_refused"
