from dataclasses import replace

import pytest

from vaxcert.errors import IdentifierError, PersonalQrError
from vaxcert.model.identifiers import IdentifierKind, parse_identifier
from vaxcert.model.names import PersonName
from vaxcert.model.partial_date import PartialDate
from vaxcert.model.person import Sex
from vaxcert.model.personal_qr import MAX_CHARACTERS, DeclaredBy, PersonalQr, parse_personal_qr
from vaxcert.model.qr_extension import QrExtension

PUBLISHED = "001093029317|NGUYEN LE KHA HAN|1987-01-18|0|162979388586171100|1<"
MASKED = "******029317|NGUYEN LE KHA HAN|1987-**-**|0|162979388586171100|"


def test_the_published_example_is_read_and_written() -> None:
    code = parse_personal_qr(PUBLISHED)
    assert (code.number, code.name, code.birth_date.iso) == ("001093029317", "NGUYEN LE KHA HAN", "1987-01-18")
    assert (code.declared_by, code.qid, code.extension.sex) == (DeclaredBy.SELF, "162979388586171100", Sex.MALE)
    assert code.format() == PUBLISHED


def test_the_published_example_breaks_the_rule_of_its_number_and_is_a_warning() -> None:
    code = parse_personal_qr(PUBLISHED)
    assert code.identifier is not None
    assert [warning.code for warning in code.identifier.warnings_against(None, code.birth_date)] == [
        "birth_year_mismatch"
    ]


def test_a_masked_code_hides_what_the_decision_hides_and_the_extension() -> None:
    code = parse_personal_qr(PUBLISHED).masked()
    assert code.format() == MASKED
    assert parse_personal_qr(MASKED) == code == code.masked()
    assert code.is_masked
    assert code.identifier is None


def test_a_code_is_made_of_a_person() -> None:
    code = PersonalQr.of(
        parse_identifier("087084000999"),
        PersonName.of("Đỗ", "Thị Kim-Ánh"),
        PartialDate("1984-03-18"),
        declared_by=DeclaredBy.OTHER,
        qid="AB_1-2",
        extension=QrExtension.of(sex=Sex.FEMALE, declarer_qid="99", phone="0912345678"),
    )
    assert code.format() == "087084000999|DO THI KIM ANH|1984-03-18|1|AB_1-2|99<2<<0912345678"
    assert parse_personal_qr(code.format()) == code


@pytest.mark.parametrize(("iso", "written"), [("1950", "1950-**-**"), ("1950-07", "1950-07-**")])
def test_what_nobody_knows_of_a_birth_date_is_hidden(iso: str, written: str) -> None:
    code = PersonalQr(number="B1234567", name="SON", birth_date=PartialDate(iso))
    assert code.format() == f"B1234567|SON|{written}|0||"
    assert parse_personal_qr(code.format()) == code


@pytest.mark.parametrize(
    "name", ["Nguyễn Lê Khả Hân", " nguyen  le kha han ", "NGUYEN\u00a0LE KHA HAN", "NGUYEN<LE-KHA HAN"]
)
def test_a_name_that_was_not_spelled_as_the_decision_says_is(name: str) -> None:
    assert parse_personal_qr(PUBLISHED.replace("NGUYEN LE KHA HAN", name)).name == "NGUYEN LE KHA HAN"


def test_what_a_scanner_adds_is_no_part_of_it() -> None:
    assert parse_personal_qr(f" {PUBLISHED}\r\n") == parse_personal_qr(PUBLISHED)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("SoGiayTo", ""),
        ("SoGiayTo", "****"),
        ("SoGiayTo", "*****029317"),
        ("SoGiayTo", "*******29317"),
        ("SoGiayTo", "001093******"),
        ("SoGiayTo", "00109302931\u0667"),
        ("SoGiayTo", "b1234567"),
        ("SoGiayTo", "0" * 21),
        ("HoTen", ""),
        ("HoTen", "N" * 162),
        ("HoTen", "?" * 1001),
        ("HoTen", "NGUYEN 2"),
        ("HoTen", "NGUYEN\x00LE"),
        ("HoTen", "NGUY?N"),
        ("HoTen", "阮"),
        ("NgaySinh", ""),
        ("NgaySinh", "1987"),
        ("NgaySinh", "18/01/1987"),
        ("NgaySinh", "1987-02-30"),
        ("NgaySinh", "1987-**-18"),
        ("NgaySinh", "****-**-**"),
        ("NgaySinh", "1887-01-18"),
        ("NgaySinh", "198\u0667-01-18"),
        ("LoaiDinhDanh", ""),
        ("LoaiDinhDanh", "2"),
        ("LoaiDinhDanh", "00"),
        ("QID", "1" * 65),
        ("QID", "16 29"),
        ("QID", "16<29"),
    ],
    ids=range(29),
)
def test_a_field_of_another_form_is_named(field: str, value: str) -> None:
    fields = ["SoGiayTo", "HoTen", "NgaySinh", "LoaiDinhDanh", "QID", "EXT"]
    written = PUBLISHED.split("|")
    written[fields.index(field)] = value
    with pytest.raises(PersonalQrError, match=f"the field {field} ") as caught:
        parse_personal_qr("|".join(written))
    assert value not in caught.value.message or len(value) < 2


@pytest.mark.parametrize(
    "text",
    ["", "|||||", "HC1:6BF", PUBLISHED.rsplit("|", 1)[0], PUBLISHED + "|", PUBLISHED.replace(" LE", "|LE"), "|" * 2000],
    ids=range(7),
)
def test_another_text_is_refused(text: str) -> None:
    with pytest.raises(PersonalQrError):
        parse_personal_qr(text)


@pytest.mark.parametrize(
    "text", ["|" * 10_000_000, "0" * (MAX_CHARACTERS + 1), PUBLISHED + "<" * 10_000_000], ids=range(3)
)
def test_a_text_that_no_symbol_holds_is_refused_before_it_is_read(text: str) -> None:
    with pytest.raises(PersonalQrError, match="longer than the 2953 characters"):
        parse_personal_qr(text)


def test_no_name_brings_a_separator_into_a_code() -> None:
    code = PersonalQr.of(parse_identifier("087084000999"), PersonName.of("A|B", "C"), PartialDate("1984"))
    assert code.name == "AB C"
    for name in ("A|B", "A\nB", "A  B", " A", "a"):
        with pytest.raises(PersonalQrError, match="HoTen"):
            replace(code, name=name)


def test_a_masked_code_fits_its_holder_and_no_other() -> None:
    code, holder = parse_personal_qr(MASKED), parse_identifier("001093029317")
    assert code.matches(holder, PartialDate("1987-01-18"))
    assert code.matches(holder, PartialDate("1987"))
    assert not code.matches(holder, PartialDate("1988-01-18"))
    assert not code.matches(parse_identifier("001093029318"), PartialDate("1987-01-18"))


def test_a_full_code_is_compared_in_full() -> None:
    code = parse_personal_qr(PUBLISHED)
    assert code.matches(parse_identifier("001093029317"), PartialDate("1987-01"))
    assert not code.matches(parse_identifier("002093029317"), PartialDate("1987-01-18"))
    assert not code.matches(parse_identifier("001093029317"), PartialDate("1987-01-19"))


def test_a_number_of_nothing_known_is_told_when_it_is_asked_for() -> None:
    code = parse_personal_qr(PUBLISHED.replace("001093029317", "1234567"))
    with pytest.raises(IdentifierError):
        _ = code.identifier
    passport = parse_personal_qr(PUBLISHED.replace("001093029317", "B1234567")).identifier
    assert passport is not None
    assert passport.kind is IdentifierKind.PASSPORT


def test_what_the_code_says_stays_out_of_sight() -> None:
    code = parse_personal_qr(PUBLISHED + "GD4797916012345")
    assert not any(word in f"{code!r} {code} {code.extension!r}" for word in ("029317", "HAN", "1987", "1629", "GD4"))
