"""The text of an SMS: one part, in the alphabet that every telephone and every gateway here takes.

One letter outside the GSM alphabet turns the whole message into UCS-2 and its 160 characters into 70, so Vietnamese
goes without its accents, as it has since the first telephones. A message is never cut inside a word.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import accumulate
from typing import Self

from vaxcert.errors import MessageTextError

ONE_PART = 160
"""The septets of a message that is sent in one part: 140 octets (3GPP TS 23.040 §9.2.3.24)."""

LINKED_PART = 153
"""The septets of each part of a longer one: a header of six octets takes seven (3GPP TS 23.040 §9.2.3.24.1)."""

MAX_INPUT_LENGTH = 2_000
"""No message is longer, even before it is cut: bounds the work."""

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = "\f^{}\\[~]|€"
SEPTETS = {**dict.fromkeys(_BASIC, 1), **dict.fromkeys(_EXTENDED, 2)}
"""How many septets each character takes: one of the extension table has an escape before it (3GPP TS 23.038 §6.2.1)."""

_FIELD = re.compile(r"\{(\w+)\}")
_PLAIN = str.maketrans(
    {
        "đ": "d",
        "Đ": "D",
        "\N{LATIN CAPITAL LETTER ETH}": "D",  # typed for the Vietnamese letter, which looks the same
        **dict.fromkeys("\u2018\u2019\u201a\u02bc\u2032`\u00b4", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb\u2033", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
        **dict.fromkeys("\u00a0\u2007\u2009\u202f\t", " "),
        "\u2026": "...",
        "\u2022": "-",
        "₫": "d",
    }
)


def unaccented(text: str) -> str:
    """Return *text* with its letters' marks dropped and its typographic signs plain; case and punctuation stay.

    What has no plain form (another script, a pictograph) stays too, for `check_gsm` to refuse.
    """
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign)).translate(_PLAIN)


def check_gsm(text: str) -> None:
    """Check that *text* has only characters of the GSM 7-bit default alphabet and its extension.

    Raises:
        MessageTextError: It has another; the message names the character's code point.

    Spec:
        3GPP TS 23.038 §6.2.1 (formerly GSM 03.38).
    """
    for character in text:
        if character not in SEPTETS:
            raise MessageTextError(f"the GSM alphabet lacks the character U+{ord(character):04X}")


def septets(text: str) -> int:
    """Return how many septets *text* takes.

    Raises:
        MessageTextError: A character is outside the alphabet.
    """
    check_gsm(text)
    return sum(map(SEPTETS.__getitem__, text))


def parts(text: str) -> int:
    """Return in how many parts *text* is sent; an escape and its character are never parted.

    Raises:
        MessageTextError: A character is outside the alphabet.
    """
    if septets(text) <= ONE_PART:
        return 1
    count, used = 1, 0
    for size in map(SEPTETS.__getitem__, text):
        if used + size > LINKED_PART:
            count, used = count + 1, 0
        used += size
    return count


def cut(text: str, limit: int = ONE_PART) -> str:
    """Return *text*, or as many of its first words as fit into *limit* septets.

    Raises:
        MessageTextError: A character is outside the alphabet, or not even the first word fits.
    """
    if septets(text) <= limit:
        return text
    sizes = [SEPTETS[character] for character in text]
    ends = [end for end, used in enumerate(accumulate(sizes, initial=0)) if used <= limit and text[end].isspace()]
    if not (start := text[: max(ends, default=0)].rstrip()):
        raise MessageTextError("not even the first word fits")
    return start


@dataclass(frozen=True, slots=True, repr=False)
class ShortMessage:
    """A text that goes out as one part, as it is.

    Raises:
        MessageTextError: It is empty, has a character outside the alphabet, or takes more than one part.
    """

    text: str

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise MessageTextError("the message is empty")
        if len(self.text) > ONE_PART or septets(self.text) > ONE_PART:
            raise MessageTextError(f"the message is longer than {ONE_PART} septets")

    def __repr__(self) -> str:
        return f"ShortMessage(<{len(self.text)} characters>)"

    def __str__(self) -> str:
        return self.text

    @classmethod
    def of(cls, template: str, /, **fields: str) -> Self:
        """Return the message that *template* makes with these *fields*, unaccented.

        Where the whole is too long, the longest field gives way, word by word: the name of a site, not the hour. The
        words of the template always stay.

        Args:
            template: A text with the fields' names in braces.
            fields: What stands in their places.

        Raises:
            MessageTextError: A character has no place in the alphabet, the template has other fields, or the message
                cannot be made to fit.
        """
        if sum(map(len, (template, *fields.values()))) > MAX_INPUT_LENGTH:
            raise MessageTextError(f"the message is longer than {MAX_INPUT_LENGTH} characters")
        plain = {name: " ".join(unaccented(text).split()) for name, text in fields.items()}
        text = _fill(unaccented(template), plain)
        over = septets(text) - ONE_PART
        if over > 0 and plain:
            longest = max(plain, key=lambda name: septets(plain[name]))
            plain[longest] = cut(plain[longest], septets(plain[longest]) - over)
            text = _fill(unaccented(template), plain)
        return cls(text)


def _fill(template: str, fields: dict[str, str]) -> str:
    if set(_FIELD.findall(template)) != fields.keys():
        raise MessageTextError("the template of the message has other fields")
    return _FIELD.sub(lambda match: fields[match[1]], template)
