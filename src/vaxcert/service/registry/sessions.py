"""Signing in and out: staff by their account's password, citizens by a code sent to their phone.

A wrong password or code is an answer and not an error, since that it was tried has to be kept; `open_staff_session` and
`open_citizen_session` make the error of it after the commit.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

from msgspec import Meta

from vaxcert.errors import (
    AuthenticationError,
    FieldProblem,
    LockedOutError,
    PartialDateError,
    PhoneNumberError,
    WrongCredentialsError,
)
from vaxcert.model.partial_date import PartialDate
from vaxcert.model.phones import parse_phone
from vaxcert.registry.accounts import credential_store as store
from vaxcert.registry.accounts import credentials
from vaxcert.registry.accounts.store import find_account
from vaxcert.registry.accounts.tables import AccountState, one_time_codes, sessions
from vaxcert.registry.people.tables import LookupKind
from vaxcert.service.registry.access import Actor, ActorKind, Right, Role
from vaxcert.service.registry.accounts import AccountName, actor_of
from vaxcert.service.registry.notifications import notify_phone
from vaxcert.service.registry.people import find_people
from vaxcert.service.registry.request import Answer, Request, check
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from vaxcert.model.phones import PhoneNumber
    from vaxcert.registry.accounts.credential_store import Session
    from vaxcert.service.registry.desk import Desk
    from vaxcert.service.registry.work import Work

VISITOR: Final = Actor(account="visitor", roles=frozenset({Role.VISITOR}), kind=ActorKind.VISITOR)
"""Who somebody is until they have signed in."""

_CODES_KEPT: Final = timedelta(days=1)
"""Longer than codes to one phone are counted."""
_SESSIONS_KEPT: Final = timedelta(days=7)

_CODE: Final = "one_time_code"
_TEMPLATE: Final = "login-code"
_WRONG: Final = "the name and the password do not go together"
_WRONG_CODE: Final = "the phone and the code do not go together, or the code has ended"

PhoneText = Annotated[str, Meta(max_length=40, description="a mobile phone, as people write it or +84...")]
BirthText = Annotated[str, Meta(max_length=10, description="1984-03-18, or 1984-03 or 1984 where it is not whole")]


class SignIn(Request, frozen=True, kw_only=True):
    """An account and its password."""

    name: AccountName
    password: Annotated[str, Meta(min_length=1, max_length=credentials.MAX_PASSWORD)]


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


class EndSession(Request, frozen=True, kw_only=True):
    """The session that is to end: its token."""

    token: Annotated[str, Meta(min_length=1, max_length=100)]


class SessionOpened(Answer, frozen=True, kw_only=True):
    """A session: whoever has its token acts as the account."""

    token: str
    ends_at: datetime
    roles: list[str]
    person: UUID | None = None
    """Who a citizen is; None where nobody is registered with the phone and this birth date."""


class SessionShown(Answer, frozen=True, kw_only=True):
    """Who one is."""

    account: str
    kind: str
    roles: list[str]
    rights: list[str]
    area: str | None
    site: UUID | None
    person: UUID | None


class ShowSession(Request, frozen=True, kw_only=True):
    """Takes no field."""


class SessionEnded(Answer, frozen=True, kw_only=True):
    """Whether there was a session to end."""

    ended: bool


class _Tried(Answer, frozen=True, kw_only=True):
    """What became of a try."""

    opened: SessionOpened | None = None
    hash: str | None = None
    locked_until: datetime | None = None
    must_choose: bool = False


@use_case(Right.SIGN_IN)
def _claim_try(work: Work, request: SignIn) -> _Tried:
    """Count a try at a password, before it is looked at."""
    tried = store.claim_try(work.connection, request.name, work.at)
    if tried is None:
        return _Tried(locked_until=store.locked_until(work.connection, request.name, work.at))
    wait = credentials.lock_after(tried.tries)
    if wait is not None:
        store.lock(work.connection, tried.account, work.at + wait)
    return _Tried(hash=tried.hash)


@use_case(Right.SIGN_IN)
def _open_after_password(work: Work, request: SignIn) -> _Tried:
    """Open the session of an account whose password was right."""
    account = find_account(work.connection, request.name)
    if account is None or account.state is not AccountState.OPEN:
        return _Tried()
    store.forgive(work.connection, account.id)
    token = _open(work, account=account.name, until=work.at + credentials.STAFF_SESSION)
    work.note("session.opened", account.id)
    opened = SessionOpened(
        token=token, ends_at=work.at + credentials.STAFF_SESSION, roles=sorted(actor_of(account).roles)
    )
    return _Tried(opened=opened)


def open_staff_session(desk: Desk, request: SignIn, *, at: datetime) -> SessionOpened:
    """Open a session for the staff with an account and a password here.

    Raises:
        WrongCredentialsError: They do not go together; an unknown account is told no other way.
        LockedOutError: Too many were wrong.
    """
    tried = desk.run(_claim_try, request, actor=VISITOR, at=at)
    if tried.locked_until is not None:
        raise LockedOutError("too many passwords were wrong", retry_after=tried.locked_until - at)
    if not credentials.is_password(request.password, tried.hash):
        raise WrongCredentialsError(_WRONG)
    opened = desk.run(_open_after_password, request, actor=VISITOR, at=at).opened
    if opened is None:
        raise WrongCredentialsError(_WRONG)
    return opened


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
    token = _open(work, account=_citizen(digest, person), until=until, person=person, phone=digest)
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


@use_case(Right.SIGN_OUT)
def end_session(work: Work, request: EndSession) -> SessionEnded:
    """Sign out: the session's token counts no more."""
    digest = credentials.digest_of(request.token)
    session = store.find_session(work.connection, digest, work.at)
    if session is None or session.account != work.actor.account:
        return SessionEnded(ended=False)
    return SessionEnded(ended=store.end_session(work.connection, digest, work.at))


@use_case(Right.SIGN_OUT, reads=True)
def show_session(work: Work, request: ShowSession) -> SessionShown:
    """Tell who one is, and what one may do."""
    del request
    actor = work.actor
    return SessionShown(
        account=actor.account,
        kind=actor.kind,
        roles=sorted(actor.roles),
        rights=sorted(right for right in Right if actor.may(right)),
        area=actor.area,
        site=actor.site,
        person=actor.person,
    )


def actor_of_session(desk: Desk, token: str, *, at: datetime) -> Actor:
    """Return who acts by the session with *token*.

    Raises:
        AuthenticationError: It has ended, or there is none; or the account was closed.
    """
    with desk.reading() as connection:
        session = store.find_session(connection, credentials.digest_of(token), at)
        if session is None:
            raise AuthenticationError("the session has ended")
        if session.phone is not None:
            return citizen_of(session)
        account = find_account(connection, session.account)
    if account is None or account.state is not AccountState.OPEN:
        raise AuthenticationError("the account is closed")
    return actor_of(account)


def forget_ended(desk: Desk, *, at: datetime) -> int:
    """Delete codes and sessions that ended long ago; return how many. That they were opened, the trail keeps."""
    with desk.working(VISITOR, at) as work:
        return store.forget_old(work.connection, codes_before=at - _CODES_KEPT, sessions_before=at - _SESSIONS_KEPT)


def citizen_of(session: Session) -> Actor:
    """Return the citizen who acts by *session*."""
    return Actor(
        account=session.account, roles=frozenset({Role.CITIZEN}), kind=ActorKind.CITIZEN, person=session.person
    )


def _open(work: Work, *, account: str, until: datetime, person: UUID | None = None, phone: bytes | None = None) -> str:
    token = credentials.new_token(credentials.TokenKind.SESSION)
    work.insert(
        sessions,
        id=work.new_id(),
        digest=credentials.digest_of(token),
        account=account,
        person=person,
        phone=phone,
        opened_at=work.at,
        ends_at=until,
    )
    return token


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
