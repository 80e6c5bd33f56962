"""Signing in and out over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from vaxcert.errors import NotSetUpError
from vaxcert.service.registry.accounts import sessions, sessions_by_code
from vaxcert.service.registry.accounts.sessions import SessionEnded, SessionOpened, SignIn
from vaxcert.service.registry.accounts.sessions_by_code import SignInByCode
from vaxcert.service.registry.request import Request
from vaxcert.service.registry.rights import Right
from vaxcert.web.api.route import Caller, office_call
from vaxcert.web.office import Office

if TYPE_CHECKING:
    from vaxcert.service.registry.desk import Desk


@office_call(Right.SIGN_IN, waits=True)
def sign_in(office: Office, request: SignIn, caller: Caller) -> SessionOpened:
    """Open a session for staff, with an account's name and password."""
    del caller
    return sessions.open_staff_session(_desk(office), request, at=office.clock())


@office_call(Right.SIGN_IN, waits=True)
def sign_in_by_code(office: Office, request: SignInByCode, caller: Caller) -> SessionOpened:
    """Open a session for a citizen, with the code that was sent to their phone.

    Where several people share the phone, `birth_date` tells who it is.
    """
    del caller
    return sessions_by_code.open_citizen_session(_desk(office), request, at=office.clock())


def _desk(office: Office) -> Desk:
    if office.desk is None:
        raise NotSetUpError("this service has no registry")
    return office.desk


class SignOut(Request, frozen=True, kw_only=True):
    """The token of the session that is to end."""

    token: Annotated[str, Meta(min_length=1, max_length=100)]


@office_call(Right.SIGN_OUT, waits=True)
def sign_out(office: Office, request: SignOut, caller: Caller) -> SessionEnded:
    """End a session of one's own: its token counts no more."""
    assert caller.actor is not None  # the right asks for one
    office.doors.forget(request.token)
    end = sessions.EndSession(token=request.token)
    return _desk(office).run(sessions.end_session, end, actor=caller.actor, at=office.clock())
