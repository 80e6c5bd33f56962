"""Where offices are told of what concerns them: a duty telephone, a mailbox, a machine."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

from msgspec import Meta

from vaxcert.errors import FieldProblem, NotAllowedError, NotRegisteredError, PhoneNumberError
from vaxcert.model.phones import parse_phone
from vaxcert.registry.notifications.contact_store import Contact, contact_by_id, contacts_listed
from vaxcert.registry.notifications.message import Channel
from vaxcert.registry.notifications.tables import ContactState, office_contacts
from vaxcert.registry.notifications.templates import Language
from vaxcert.service.registry.access import COUNTRY
from vaxcert.service.registry.area_fields import read_area
from vaxcert.service.registry.notifications.notify import ADDRESS_PLACE
from vaxcert.service.registry.paging import page_of, read_after
from vaxcert.service.registry.request import Answer, Page, PageRequest, Request, check
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.sites.access import own_site
from vaxcert.service.registry.use_case import use_case
from vaxcert.service.registry.work import NOBODY

if TYPE_CHECKING:
    from vaxcert.service.registry.work import Work

_MAIL: Final = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)+"
)
"""The addresses that HTML forms take (WHATWG HTML, valid e-mail address), with a dot in the domain."""
WEBHOOK_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_MAX_ADDRESS: Final = 254


class AddContact(Request, frozen=True, kw_only=True):
    """Whose contact it is, and where they are told."""

    area: Annotated[str, Meta(max_length=16, description="the area's code, or VN; for an office")] | None = None
    site: Annotated[UUID, Meta(description="the site's id; for a site")] | None = None
    channel: Annotated[Channel, Meta(description="how they are told")]
    address: Annotated[
        str, Meta(min_length=1, max_length=_MAX_ADDRESS, description="phone, mail address, or the webhook's name")
    ]
    language: Annotated[Language, Meta(description="in which language")] = Language.VI


class WithdrawContact(Request, frozen=True, kw_only=True):
    """Which contact is no longer told."""

    id: Annotated[UUID, Meta(description="the contact's id")]
    version: Annotated[int, Meta(ge=1, description="its version as you read it")] | None = None


class ListContacts(PageRequest, frozen=True, kw_only=True):
    """Which contacts to list: all that lie in the account's scope."""


class ContactEntry(Answer, frozen=True, kw_only=True):
    """A contact; its address is shown in part."""

    id: UUID
    version: int
    area: str | None
    site: UUID | None
    channel: Channel
    language: Language
    address: str
    state: ContactState


@use_case(Right.KEEP_CONTACTS)
def add_contact(work: Work, request: AddContact) -> ContactEntry:
    """Add where an office is told of serious reactions in its area or at its site.

    Raises:
        RequestError: It names both an area and a site or neither, or the address is none for the channel.
        NotAllowedError: The area or site lies outside of the account's.
        NotRegisteredError: There is no such site.
    """
    area, address = _checked(work, request)
    if request.site is not None:
        own_site(work, request.site)
    else:
        _check_area(work, area)
    contact = Contact(
        id=(row := work.new_id()),
        version=1,
        area=area if request.site is None else None,
        site=request.site,
        channel=request.channel,
        language=request.language,
        address=work.seal(NOBODY, ADDRESS_PLACE, row, address),
        state=ContactState.ACTIVE,
    )
    known = {name: getattr(contact, name) for name in Contact.__dataclass_fields__}
    work.insert(office_contacts, **known, made_at=work.at)
    work.note("contact.added", row, after=address)
    return _entry(work, contact)


@use_case(Right.KEEP_CONTACTS)
def withdraw_contact(work: Work, request: WithdrawContact) -> ContactEntry:
    """Tell an office no longer at this contact.

    Raises:
        NotRegisteredError: There is no such contact.
        NotAllowedError: It is another office's.
        StaleVersionError: Somebody else has changed it.
    """
    contact = contact_by_id(work.connection, request.id)
    if contact is None:
        raise NotRegisteredError("there is no such contact")
    if contact.site is not None:
        own_site(work, contact.site)
    else:
        _check_area(work, str(contact.area))
    work.update_version(office_contacts, contact.id, request.version, state=ContactState.WITHDRAWN)
    work.note("contact.withdrawn", contact.id)
    withdrawn = contact_by_id(work.connection, contact.id)
    assert withdrawn is not None  # contacts are never deleted
    return _entry(work, withdrawn)


@use_case(Right.KEEP_CONTACTS, reads=True)
def list_contacts(work: Work, request: ListContacts) -> Page[ContactEntry]:
    """List the contacts in use of the account's site, or of the areas in its scope."""
    areas = work.scope.areas()
    found = contacts_listed(
        work.connection,
        site=work.actor.site,
        areas=None if areas is None else sorted(areas),
        after=read_after(request),
        limit=request.limit + 1,
    )
    return page_of([_entry(work, each) for each in found], request.limit)


def _check_area(work: Work, area: str) -> None:
    if work.actor.site is not None:  # a site's account speaks for its site alone
        raise NotAllowedError("this is an authority's", hint="name the site instead of the area")
    if area == COUNTRY != work.actor.area:
        raise NotAllowedError("this lies outside of the account's area")
    if area != COUNTRY:
        work.scope.check_area(area)


def _checked(work: Work, request: AddContact) -> tuple[str, str]:
    """Return the area's reference, if it is an area's, and the address, as they are stored."""
    problems: list[FieldProblem] = []
    area = request.area or ""
    if (request.area is None) == (request.site is None):
        problems.append(FieldProblem("area", "one_of_two", "must be there, or the site, and not both"))
    elif area not in {"", COUNTRY}:
        area = read_area(work, area, problems)
    address = request.address.strip()
    match request.channel:
        case Channel.SMS:
            try:
                address = parse_phone(address).e164
            except PhoneNumberError as error:
                problems.append(FieldProblem("address", error.code, error.message))
        case Channel.MAIL:
            if not _MAIL.fullmatch(address):
                problems.append(FieldProblem("address", "invalid_mail", "must be a mail address"))
        case Channel.WEBHOOK:
            if not WEBHOOK_NAME.fullmatch(address):
                text = "must be the name of a webhook in the settings: small letters, digits and hyphens"
                problems.append(FieldProblem("address", "invalid_name", text))
    check(problems)
    return area, address


def _entry(work: Work, contact: Contact) -> ContactEntry:
    address = work.unseal(str, NOBODY, ADDRESS_PLACE, contact.id, contact.address)
    return ContactEntry(
        id=contact.id,
        version=contact.version,
        area=contact.area,
        site=contact.site,
        channel=contact.channel,
        language=contact.language,
        address=_masked(contact.channel, address),
        state=contact.state,
    )


def _masked(channel: Channel, address: str) -> str:
    if channel is Channel.WEBHOOK:
        return address  # a name in our own settings
    if channel is Channel.SMS:
        return parse_phone(address).masked
    name, _, domain = address.partition("@")
    return f"{name[:1]}***@{domain}"
