"""The words on one card, as the template `card.typ` takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.codec import qr
from vaxcert.issue import typeface
from vaxcert.issue.card_entry import MISSING, Line, Words, format_instant
from vaxcert.model.valuesets import value_set

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vaxcert.issue.card import Card
    from vaxcert.issue.typeface import Weight
    from vaxcert.model.names import PersonName

_STATE_WITH_HEADING = "VN"

_MASKED_CHARACTERS = 6
"""How much of a personal number is hidden by default (Decision 1405/QĐ-BTTTT): all but its random part."""

_IDENTITY_NOTE = Words(
    "Chỉ có giá trị khi kèm theo giấy tờ tùy thân.", "Valid only together with an identity document."
)
_SCAN_NOTE = Words(
    "Kiểm tra bằng ứng dụng đọc mã QR chuẩn EU DCC (HC1).",
    "Verify with an app that reads EU DCC (HC1) QR codes.",
)
_DATE_NOTE = Words("Ngày/tháng/năm; giờ Việt Nam (UTC+7).", "Day/month/year; Vietnam time (UTC+7).")
_UNSIGNED_NOTE = Words("† Chỉ để tham khảo: không có trong mã QR.", "† For information only: not in the QR code.")
_NAME_NOTE = Words(
    "Họ tên gốc có chữ không in được: xem trong mã QR.",
    "Letters of the name cannot be printed: see the QR code.",
)


def of(card: Card, verify_at: str | None) -> dict[str, object]:
    """Return what the template needs for one page."""
    name, *holder = _holder_lines(card)
    numbered = card.entry.numbered_lines()
    certificate_id = Line(Words("Mã số của chứng nhận", "Certificate identifier"), card.certificate_id)
    fields = (*numbered, certificate_id, *card.entry.other_lines())
    field_numbers = (*map(str, range(4, 5 + len(numbered))), "", "")
    countries = value_set("country")
    return {
        "title": {"vi": card.entry.title.vi.upper(), "en": card.entry.title.en},
        "state": card.issuing_country == _STATE_WITH_HEADING,
        "country": {
            "vi": countries.display(card.issuing_country, "vi").upper(),
            "en": countries.display(card.issuing_country, "en"),
        },
        "heading": _row(Line(Words("", ""), card.issuer.upper()), weight="bold"),
        "qr": list(qr.to_png(qr.encode(card.text), scale=1, border=0)),
        "name": _row(name, "1", weight="bold"),
        "holder": [_row(line, number) for line, number in zip(holder, ("", "2", "3", ""), strict=False)],
        "fields": [_row(line, number) for line, number in zip(fields, field_numbers, strict=False)],
        "issuer": _row(Line(Words("Cơ quan cấp", "Issued by"), card.issuer)),
        "instants": [
            _row(Line(Words("Thời điểm cấp", "Issued at"), format_instant(card.issued_at)), weight="bold"),
            _row(
                Line(Words("Mã QR có giá trị đến", "QR code valid until"), format_instant(card.expires_at)),
                weight="bold",
            ),
        ],
        "notes": [note._asdict() for note in _notes(card, (*holder, *fields))],
        "verify_at": verify_at and _row(Line(Words("Kiểm tra tại", "Verify at"), verify_at)),
    }


def shown_name(name: PersonName) -> str:
    """Return the whole name, or its standardised form where the face lacks a letter of it."""
    if typeface.printable(name.full) is not None:
        return name.full
    return f"{name.family_std} {name.given_std}".replace("<", " ").strip()


def standardised_name(name: PersonName) -> str:
    """Return the name as a passport's machine-readable lines part it (ICAO 9303-3 §4.6)."""
    return "<<".join(part for part in (name.family_std, name.given_std) if part)


def _holder_lines(card: Card) -> tuple[Line, ...]:
    birth_date = card.birth_date.format_local() if card.birth_date else None
    lines = (
        Line(Words("Họ và tên", "Full name"), shown_name(card.name)),
        Line(Words("Họ tên chuẩn hóa (ICAO 9303)", "Standardised name (ICAO 9303)"), standardised_name(card.name)),
        Line(Words("Ngày tháng năm sinh", "Date of birth"), birth_date),
        Line(Words("Quốc tịch", "Nationality"), card.nationality, signed=False),
    )
    if card.citizen_id is None:
        return lines
    hidden = min(_MASKED_CHARACTERS, len(card.citizen_id))
    masked = "*" * hidden + card.citizen_id[hidden:]
    return (*lines, Line(Words("Số định danh cá nhân", "Personal identification number"), masked, signed=False))


def _notes(card: Card, lines: Iterable[Line]) -> list[Words]:
    """Return the notes. Each fits on half a line, so that the template can set both languages side by side."""
    notes = [_IDENTITY_NOTE, _SCAN_NOTE, _DATE_NOTE]
    if any(not line.signed and line.value is not None for line in lines):
        notes.append(_UNSIGNED_NOTE)
    if typeface.printable(card.name.full) is None:
        notes.append(_NAME_NOTE)
    return notes


def _row(line: Line, number: str = "", *, weight: Weight = "regular") -> dict[str, object]:
    """Return *line* with how wide its texts and the widest word in them run, in ems."""
    vi, en = line.value if isinstance(line.value, Words) else (line.value or MISSING, "")
    value, english = typeface.printable(vi), typeface.printable(en)
    assert value is not None  # a card is checked when it is made
    assert english is not None
    if english == value:
        english = ""
    return {
        "number": number,
        "vi": line.label.vi,
        "en": line.label.en,
        "value": value,
        "english": english,
        "signed": line.signed or line.value is None,
        "width": max(typeface.width(value, weight), typeface.width(english)),
        "word": max(typeface.width(word, weight) for word in (*value.split(" "), *english.split(" "))),
    }
