"""UVCI: the identifier of a certificate, and its check character.

A UVCI names a certificate in lists of revocations and in the registry. It proves nothing, and neither does its
check character: many issuers compute it wrongly or over another text, so that no verdict may rest on it.

Spec: the URN namespace registration "UVCI" 1.01 (2021-07-28), and Annex 2 of the eHealth Network's guidelines on
verifiable vaccination certificates (release 2).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from vaxcert.errors import UvciError

if TYPE_CHECKING:
    from re import Match

PREFIX = "URN:UVCI:"
VERSION = "01"
"""The only version defined."""

CHECK_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/:"
"""The characters under the check, each worth its position; its separator ``#`` is not one of them (Annex 2)."""

MAX_FIELD_LENGTH = 80
"""The longest text of the certificate's field ``ci`` (DCC schema 1.3.0 and later)."""

MAX_NSS_LENGTH = 72
"""The longest identifier without its prefix (DCC schema FAQ, "UVCI format")."""

ENTROPY_LENGTH = 16
"""The bytes of a random opaque part: 128 bits, so that nobody meets or guesses another certificate's."""

_MODULUS = len(CHECK_ALPHABET)
_VALUE = {character: value for value, character in enumerate(CHECK_ALPHABET)}
_DOUBLED = {character: sum(divmod(2 * value, _MODULUS)) for character, value in _VALUE.items()}

# The registered separator after version and country is the colon. Issuers have also used a slash or none
# (01/LU/..., 01DE/..., 01ES...): the registration's "Exceptions and Legacy". What they wrote is kept as it is.
_NSS = re.compile(
    r"(?P<version>[0-9]{2})(?:(?::(?P<country>[A-Z]{2,5}):)|(?:[:/]?(?P<legacy_country>[A-Z]{2})[:/]?))"
    r"(?:(?P<issuer>[A-Z0-9]+)/(?:(?P<vaccine>[A-Z0-9]+)/)?)?(?P<opaque>[A-Z0-9]+)",
)
_CHECK = re.compile(r"[A-Z0-9/:]+")
_PREFIXES = (PREFIX, "URN:UCI:")  # the second is of the same legacy


def check_character(text: str) -> str:
    """Return the Luhn mod 38 check character of *text*, an identifier with its prefix and without ``#``, in any case.

    Raises:
        UvciError: A character is outside `CHECK_ALPHABET`.

    Spec:
        Annex 2: Luhn mod N, doubling every second character from the right, the last one first.
    """
    upper = _upper(text)
    try:
        total = sum(_DOUBLED[each] for each in upper[::-2]) + sum(_VALUE[each] for each in upper[-2::-2])
    except KeyError:
        raise UvciError("a character that no UVCI has") from None
    return CHECK_ALPHABET[-total % _MODULUS]


@dataclass(frozen=True, slots=True)
class Uvci:
    """One certificate's identifier: two are equal whatever their case, prefix and check character.

    Attributes:
        nss: What follows the prefix, in capitals: ``01:VN:4F2A``. It alone is compared.
        check: What followed ``#``, right or wrong, or None.
    """

    nss: str
    check: str | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if len(self.nss) > MAX_NSS_LENGTH:
            raise UvciError(f"the identifier is longer than {MAX_NSS_LENGTH} characters")
        if not _NSS.fullmatch(self.nss):
            raise UvciError("not a UVCI", hint=f"an identifier looks like {PREFIX}{VERSION}:VN:0123456789ABCDEF")
        if self.check is not None and not _CHECK.fullmatch(self.check):
            raise UvciError("what follows # is no check character")

    @classmethod
    def build(
        cls,
        *,
        opaque: str,
        country: str = "VN",
        issuer: str | None = None,
        vaccine: str | None = None,
        checksum: bool = False,
    ) -> Self:
        """Return the identifier made of these parts, each of letters and digits, in the registered form.

        Args:
            opaque: The part that is unique; it should not be guessable.
            country: The issuing country's ISO 3166-1 alpha-2 code.
            issuer: A body that has its own space of opaque parts within the country.
            vaccine: A sub-group within the issuer's space.
            checksum: Whether to add the check character; it is meant for identifiers that people type.

        Raises:
            UvciError: A part is empty or has another character, a vaccine stands without an issuer, or the whole is
                longer than `MAX_FIELD_LENGTH`.
        """
        if vaccine is not None and issuer is None:
            raise UvciError("a vaccine part needs an issuer part before it")
        code = _part(country)
        if len(code) != len("VN") or not code.isalpha():
            raise UvciError("the country is not a two-letter code")
        parts = [_part(part) for part in (issuer, vaccine, opaque) if part is not None]
        nss = f"{VERSION}:{code}:{'/'.join(parts)}"
        uvci = cls(nss, check_character(PREFIX + nss) if checksum else None)
        if len(str(uvci)) > MAX_FIELD_LENGTH:
            raise UvciError(f"the identifier is longer than {MAX_FIELD_LENGTH} characters with its prefix")
        return uvci

    @classmethod
    def random(cls, country: str, entropy: bytes, *, checksum: bool = False) -> Self:
        """Return the identifier of *country* whose opaque part is *entropy*, as 32 hexadecimal digits.

        Args:
            country: The issuing country's ISO 3166-1 alpha-2 code.
            entropy: 16 fresh random bytes: never a counter, never drawn from personal data.
            checksum: Whether to add the check character.
        """
        if len(entropy) != ENTROPY_LENGTH:
            raise ValueError(f"entropy is {len(entropy)} bytes, not {ENTROPY_LENGTH}")
        return cls.build(country=country, opaque=entropy.hex(), checksum=checksum)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the identifier that *text* writes, with or without prefix and check character, in any case.

        The prefix ``URN:UCI:`` and the missing separators of some issuers are read too.

        Raises:
            UvciError: The text is longer than `MAX_FIELD_LENGTH`, or no UVCI.

        Spec:
            Registration, "Rules for Lexical Equivalence" (a missing prefix is restored) and "Exceptions and Legacy".
        """
        if len(text) > MAX_FIELD_LENGTH:
            raise UvciError(f"the identifier is longer than {MAX_FIELD_LENGTH} characters")
        upper = _upper(text)
        for prefix in _PREFIXES:
            upper = upper.removeprefix(prefix)
        nss, mark, check = upper.partition("#")
        return cls(nss, check if mark else None)

    def __str__(self) -> str:
        return self.urn if self.check is None else f"{self.urn}#{self.check}"

    @property
    def urn(self) -> str:
        """The identifier with its prefix and without its check character: what lists and lookups use."""
        return PREFIX + self.nss

    @property
    def has_valid_check(self) -> bool | None:
        """Whether the check character is the right one, or None where there is none. Never a reason to refuse."""
        return None if self.check is None else self.check == check_character(self.urn)

    @property
    def version(self) -> str:
        """The two digits of the UVCI schema's version."""
        return self._parts["version"]

    @property
    def country(self) -> str:
        """The issuing country's code."""
        return self._parts["country"] or self._parts["legacy_country"]

    @property
    def issuer(self) -> str | None:
        """The issuing body's part, where there is one."""
        return self._parts["issuer"]

    @property
    def vaccine(self) -> str | None:
        """The vaccine's part, where there is one."""
        return self._parts["vaccine"]

    @property
    def opaque(self) -> str:
        """The unique part."""
        return self._parts["opaque"]

    @property
    def _parts(self) -> Match[str]:
        match = _NSS.fullmatch(self.nss)
        assert match is not None  # __post_init__ has matched it
        return match


def _upper(text: str) -> str:
    """Return *text* in capitals, having refused other scripts' letters, some of whose capitals are A to Z."""
    if not text.isascii():
        raise UvciError("a character that no UVCI has")
    return text.upper()


def _part(text: str) -> str:
    upper = _upper(text)
    if not upper.isalnum():
        raise UvciError("a part is empty, or has characters other than letters and digits")
    return upper
