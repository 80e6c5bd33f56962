"""Signing in with a password, and out; and who acts by a session. Citizens sign in by a code: `sessions_by_code`.

A wrong password is an answer and not an error, since that it was tried has to be kept; `open_staff_session` makes the
error of it after the commit.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

from msgspec import Meta

from vaxcert.errors import (
    AuthenticationError,
    LockedOutError,
    WrongCredentialsError,
)
from vaxcert.registry.accounts import credential_store as store
from vaxcert.registry.accounts import credentials
from vaxcert.registry.accounts.store import find_account
from vaxcert.registry.accounts.tables import AccountState, sessions
from vaxcert.service.registry.access import Actor, ActorKind
from vaxcert.service.registry.accounts.accounts import AccountName, actor_of
from vaxcert.service.registry.request import Answer, Request
from vaxcert.service.registry.rights import Right, Role
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from vaxcert.registry.accounts.credential_store import Session
    from vaxcert.service.registry.desk import Desk
    from vaxcert.service.registry.work import Work

VISITOR: Final = Actor(account="visitor", roles=frozenset({Role.VISITOR}), kind=ActorKind.VISITOR)
"""Who somebody is until they have signed in."""

_CODES_KEPT: Final = timedelta(days=1)
"""Longer than codes to one phone are counted."""
_SESSIONS_KEPT: Final = timedelta(days=7)

_WRONG: Final = "the name and the password do not go together"


class SignIn(Request, frozen=True, kw_only=True):
    """An account and its password."""

    name: AccountName
    password: Annotated[str, Meta(min_length=1, max_length=credentials.MAX_PASSWORD)]


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
    token = open_session(work, account=account.name, until=work.at + credentials.STAFF_SESSION)
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


def open_session(
    work: Work, *, account: str, until: datetime, person: UUID | None = None, phone: bytes | None = None
) -> str:
    """Open a session of *account*, a citizen's with the *phone* that was proved; return its token."""
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
