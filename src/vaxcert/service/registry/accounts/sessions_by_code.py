"""Signing in by a one-time code: citizens, who prove that they hold the phone of a person.

A wrong code is an answer and not an error, since that it was tried has to be kept; `open_citizen_session` makes the
error of it after the commit.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final

from msgspec import Meta

from vaxcert.errors import FieldProblem, PartialDateError, PhoneNumberError, WrongCredentialsError
from vaxcert.model.partial_date import PartialDate
from vaxcert.model.phones import parse_phone
from vaxcert.registry.accounts import credential_store as store
from vaxcert.registry.accounts import credentials
from vaxcert.registry.accounts.tables import one_time_codes
from vaxcert.registry.people.tables import LookupKind
from vaxcert.service.registry.accounts.sessions import VISITOR, SessionOpened, open_session
from vaxcert.service.registry.notifications.notify import notify_phone
from vaxcert.service.registry.people.finding import find_people
from vaxcert.service.registry.request import Answer, Request, check
from vaxcert.service.registry.rights import Right, Role
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from uuid import UUID

    from vaxcert.model.phones import PhoneNumber
    from vaxcert.service.registry.desk import Desk
    from vaxcert.service.registry.work import Work

_CODE: Final = "one_time_code"
_TEMPLATE: Final = "login-code"
_WRONG_CODE: Final = "the phone and the code do not go together, or the code has ended"

PhoneText = Annotated[str, Meta(max_length=40, description="a mobile phone, as people write it or +84...")]
BirthText = Annotated[str, Meta(max_length=10, description="1984-03-18, or 1984-03 or 1984 where it is not whole")]


class AskCode(Request, frozen=True, kw_only=True):
    """The phone of somebody who wants to sign in."""

    phone: PhoneText


class CodeAsked(Answer, frozen=True, kw_only=True):
    """The same answer for every phone, known or not."""

    ends_at: datetime


class SignInByCode(Request, frozen=True, kw_only=True):
    """A phone and the code that was sent to it."""

    phone: PhoneText
    code: Annotated[str, Meta(pattern=rf"^[0-9]{{{credentials.CODE_DIGITS}}}$")]
    birth_date: Annotated[BirthText, Meta(description="tells apart those who share the phone")] | None = None


class _Tried(Answer, frozen=True, kw_only=True):
    """What became of a try."""

    opened: SessionOpened | None = None
    must_choose: bool = False


@use_case(Right.SIGN_IN)
def ask_code(work: Work, request: AskCode) -> CodeAsked:
    """Send a one-time code to a phone.

    The answer is the same whether or not somebody with this phone is registered, and whether or not a code went out: a
    phone gets one every half minute, and five an hour.

    Raises:
        RequestError: It is no mobile phone.
    """
    phone = _phone(request.phone)
    digest = work.look_up(LookupKind.PHONE, phone.e164)
    sent = store.codes_sent_since(work.connection, digest, work.at - timedelta(hours=1))
    if len(sent) < credentials.CODES_AN_HOUR and all(each <= work.at - credentials.CODE_EVERY for each in sent):
        code, row = credentials.new_code(), work.new_id()
        work.insert(
            one_time_codes,
            id=row,
            phone=digest,
            code=_code_digest(work, phone, code),
            sent_at=work.at,
            ends_at=work.at + credentials.CODE_LIFE,
            tries=0,
            used_at=None,
        )
        minutes = int(credentials.CODE_LIFE.total_seconds() // 60)
        notify_phone(work, phone, _TEMPLATE, f"login-code:{row}", code=code, minutes=minutes)
    return CodeAsked(ends_at=work.at + credentials.CODE_LIFE)


@use_case(Right.SIGN_IN)
def _try_code(work: Work, request: SignInByCode) -> _Tried:
    """Open the session of somebody who has a code, where it is the right one."""
    phone = _phone(request.phone)
    digest = work.look_up(LookupKind.PHONE, phone.e164)
    tried = store.try_code(work.connection, digest, work.at, most=credentials.CODE_TRIES)
    if tried is None:
        return _Tried()
    row, expected = tried
    if not hmac.compare_digest(expected, _code_digest(work, phone, request.code)):
        return _Tried()
    people = find_people(work, phone.e164).people
    if request.birth_date is not None:
        born = _birth(request.birth_date)
        people = [record for record in people if record.demographics.birth_date == born]
    if len(people) > 1:
        return _Tried(must_choose=True)  # the code stays, as far as it has tries left
    if not store.use_code(work.connection, row, work.at):
        return _Tried()
    person = people[0].id if people else None
    until = work.at + credentials.CITIZEN_SESSION
    token = open_session(work, account=_citizen(digest, person), until=until, person=person, phone=digest)
    work.note("session.opened", person or row)
    opened = SessionOpened(
        token=token,
        ends_at=until,
        roles=[Role.CITIZEN],
        person=person,
    )
    return _Tried(opened=opened)


def open_citizen_session(desk: Desk, request: SignInByCode, *, at: datetime) -> SessionOpened:
    """Open a session for a citizen with the code that was sent to their phone.

    Raises:
        WrongCredentialsError: The code is not the newest one, has ended, or was tried too often.
        RequestError: It is no mobile phone, or no date.
    """
    if request.birth_date is not None:
        _birth(request.birth_date)
    tried = desk.run(_try_code, request, actor=VISITOR, at=at)
    if tried.must_choose:
        check([FieldProblem("birth_date", "several_people", "has to tell who it is: several people share the phone")])
    if tried.opened is None:
        raise WrongCredentialsError(_WRONG_CODE)
    return tried.opened


def _citizen(phone: bytes, person: UUID | None) -> str:
    return f"citizen:{person}" if person is not None else f"phone:{phone.hex()[:32]}"


def _birth(text: str) -> PartialDate:
    try:
        return PartialDate.parse(text)
    except PartialDateError as error:
        check([FieldProblem("birth_date", error.code, error.message)])
        raise


def _phone(text: str) -> PhoneNumber:
    try:
        phone = parse_phone(text)
    except PhoneNumberError as error:
        check([FieldProblem("phone", error.code, error.message)])
        raise
    if not phone.is_mobile:
        check([FieldProblem("phone", "not_mobile", "gets no messages")])
    return phone


def _code_digest(work: Work, phone: PhoneNumber, code: str) -> bytes:
    return work.look_up(_CODE, f"{phone.e164} {code}")
