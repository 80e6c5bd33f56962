"""The words on one card, as the template `letter.typ` takes them."""

from __future__ import annotations

from base64 import b64encode
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING, TypedDict

from vaxcert.codec import qr
from vaxcert.issue import typeface
from vaxcert.issue.card_entry import MISSING, Line, Words, format_instant
from vaxcert.issue.card_fit import COLUMNS
from vaxcert.model.valuesets import value_set

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vaxcert.issue.card import Card
    from vaxcert.model.names import PersonName

_STATE_WITH_HEADING = "VN"

_MASKED_CHARACTERS = 6
"""How much of a personal number is hidden by default (Decision 1405/QĐ-BTTTT): all but its random part."""

_SPARE_LINES = 3
"""The further lines, as high as the name's, for which the page has room at its usual size."""
_LINES_OF_A_HOLDER_VALUE = 3  # with its label
_USUAL_HOLDER_VALUES, _USUAL_NOTES = 3, 4  # beside the name

_IDENTITY_NOTE = Words(
    "Chỉ có giá trị khi kèm theo giấy tờ tùy thân.",
    "Valid only together with an identity document.",
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


class Row(TypedDict):
    """One line as the template takes it."""

    number: str
    vi: str
    en: str
    value: str
    english: str
    signed: bool
    further_lines: int
    wraps: bool
    cuts_words: bool


def of(card: Card, verify_at: str | None) -> dict[str, object]:
    """Return what the template needs for one page."""
    name, *holder = _holder_lines(card)
    numbered = card.entry.numbered_lines()
    certificate_id = Line(Words("Mã số của chứng nhận", "Certificate identifier"), card.certificate_id)
    others = card.entry.other_lines()
    notes = _notes(card, (*holder, *numbered, *others))
    numbers = map(str, count(4))
    rows = {
        "heading": [_usual_row(Line(Words("", ""), card.issuer.upper()), "heading")],
        "name": [_row(name, "name", "1")],
        "holder": [_row(line, "holder", number) for line, number in zip(holder, ("", "2", "3", ""), strict=False)],
        "fields": [
            *(_usual_row(line, "field", number) for line, number in zip(numbered, numbers, strict=False)),
            _row(certificate_id, "field", next(numbers)),
            *(_usual_row(line, "field") for line in others),
        ],
        "issuer": [_usual_row(Line(Words("Cơ quan cấp", "Issued by"), card.issuer), "issuer")],
        "instants": [_usual_row(line, "instant") for line in _instant_lines(card)],
        "verify_at": [_usual_row(Line(Words("Kiểm tra tại", "Verify at"), verify_at), "verify")] if verify_at else [],
    }
    further_lines = sum(row["further_lines"] for group in rows.values() for row in group)
    further_lines += _LINES_OF_A_HOLDER_VALUE * (len(holder) - _USUAL_HOLDER_VALUES) + len(notes) - _USUAL_NOTES
    countries = value_set("country")
    return rows | {
        "title": {"vi": card.entry.title.vi.upper(), "en": card.entry.title.en},
        "state": card.issuing_country == _STATE_WITH_HEADING,
        "country": {
            "vi": countries.display(card.issuing_country, "vi").upper(),
            "en": countries.display(card.issuing_country, "en"),
        },
        "qr": picture(qr.encode(card.text)),
        "notes": [note._asdict() for note in notes],
        "crowded": further_lines > _SPARE_LINES,
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


def _instant_lines(card: Card) -> tuple[Line, ...]:
    return (
        Line(Words("Thời điểm cấp", "Issued at"), format_instant(card.issued_at)),
        Line(Words("Mã QR có giá trị đến", "QR code valid until"), format_instant(card.expires_at)),
    )


def _notes(card: Card, lines: Iterable[Line]) -> list[Words]:
    """Return the notes. Each fits on half a line, so that the template can set both languages side by side."""
    notes = [_IDENTITY_NOTE, _SCAN_NOTE, _DATE_NOTE]
    if any(not line.signed and line.value is not None for line in lines):
        notes.append(_UNSIGNED_NOTE)
    if typeface.printable(card.name.full) is None:
        notes.append(_NAME_NOTE)
    return notes


def picture(symbol: qr.Symbol) -> str:
    """Return *symbol* as an SVG document around a picture of one pixel a module.

    Typst takes no bytes from outside. As text a picture costs it half of what it costs as a list of numbers.
    """
    png = b64encode(qr.to_png(symbol, scale=1, border=0, compressed=False)).decode("ascii")
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1">'
        f'<image width="1" height="1" style="image-rendering:pixelated" href="data:image/png;base64,{png}"/></svg>'
    )


def _row(line: Line, column: str, number: str = "") -> Row:
    vi, en = line.value if isinstance(line.value, Words) else (line.value or MISSING, "")
    value, english = typeface.printable(vi), typeface.printable(en)
    assert value is not None  # a card is checked when it is made
    assert english is not None
    if english == value:
        english = ""
    fit = COLUMNS[column].fit(value, english)
    return Row(
        number=number,
        vi=line.label.vi,
        en=line.label.en,
        value=value,
        english=english,
        signed=line.signed or line.value is None,
        further_lines=fit.further_lines,
        wraps=fit.wraps,
        cuts_words=fit.cuts_words,
    )


_usual_row = lru_cache(maxsize=2048)(_row)
"""The same of what stands on many cards: a vaccine, a day, a place. A row is only read."""
