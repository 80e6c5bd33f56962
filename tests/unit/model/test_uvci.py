import pytest

from vaxcert.errors import UvciError
from vaxcert.model.uvci import MAX_NSS_LENGTH, Uvci, check_character

ENTROPY = bytes(range(0xF0, 0x100))


@pytest.mark.parametrize(
    ("text", "character"),
    [
        ("URN:UVCI:01:NL:187/37512422923", "Z"),
        ("URN:UVCI:01:SE:EHM/V12916227TFJJ", "Q"),
        ("URN:UVCI:01:SE:EHM/C878/123456789ABC", "B"),
        ("urn:uvci:01:se:ehm/c878/123456789abc", "B"),
        ("A", "A"),
        ("B", "/"),
        ("T", ":"),
        ("", "A"),
    ],
)
def test_the_check_character_is_luhn_mod_38(text: str, character: str) -> None:
    assert check_character(text) == character


@pytest.mark.parametrize("text", ["URN:UVCI:01:VN:A#B", "URN UVCI", "01-VN", "\n", "01:VN:Ä", "01:VN:ß", "01:VN:ı"])
def test_the_check_alphabet_has_no_other_character(text: str) -> None:
    with pytest.raises(UvciError, match="a character that no UVCI has"):
        check_character(text)


def test_a_random_identifier_has_its_entropy_as_hexadecimal_digits() -> None:
    uvci = Uvci.random("VN", ENTROPY)
    assert str(uvci) == "URN:UVCI:01:VN:F0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF"


@pytest.mark.parametrize("length", [0, 8, 15, 17, 32])
def test_entropy_of_another_length_is_a_mistake(length: int) -> None:
    with pytest.raises(ValueError, match=f"entropy is {length} bytes, not 16"):
        Uvci.random("VN", bytes(length))


def test_a_random_identifier_can_carry_a_check_character() -> None:
    uvci = Uvci.random("VN", ENTROPY, checksum=True)
    assert uvci.has_valid_check is True
    assert uvci == Uvci.random("VN", ENTROPY)


def test_parts_are_put_together_in_the_registered_form() -> None:
    assert str(Uvci.build(opaque="4f2a")) == "URN:UVCI:01:VN:4F2A"
    assert str(Uvci.build(country="SE", issuer="EHM", opaque="V12916227TFJJ", checksum=True)) == (
        "URN:UVCI:01:SE:EHM/V12916227TFJJ#Q"
    )
    assert str(Uvci.build(country="se", issuer="ehm", vaccine="c878", opaque="123456789abc", checksum=True)) == (
        "URN:UVCI:01:SE:EHM/C878/123456789ABC#B"
    )


@pytest.mark.parametrize("wrong", ["", " ", "A B", "A/B", "A:B", "A#B", "A-B", "A\n", "Ä", "ß", "\u0661", "_", "A."])
@pytest.mark.parametrize("part", ["opaque", "country", "issuer", "vaccine"])
def test_a_part_of_other_characters_is_refused(part: str, wrong: str) -> None:
    parts = {"opaque": "4F2A", "country": "VN", "issuer": "MOH", "vaccine": "AZ"} | {part: wrong}
    with pytest.raises(UvciError):
        Uvci.build(opaque=parts["opaque"], country=parts["country"], issuer=parts["issuer"], vaccine=parts["vaccine"])


@pytest.mark.parametrize("country", ["V", "VNM", "V1", "84", "UNHCR"])
def test_only_a_two_letter_country_can_issue(country: str) -> None:
    with pytest.raises(UvciError, match="the country is not a two-letter code"):
        Uvci.build(country=country, opaque="4F2A")


def test_a_vaccine_without_an_issuer_is_refused() -> None:
    with pytest.raises(UvciError, match="needs an issuer part"):
        Uvci.build(vaccine="AZ", opaque="4F2A")


def test_a_built_identifier_fits_the_field() -> None:
    longest = 80 - len("URN:UVCI:01:VN:")
    assert len(str(Uvci.build(opaque="A" * longest))) == 80
    assert len(str(Uvci.build(opaque="A" * (longest - 2), checksum=True))) == 80


@pytest.mark.parametrize(("length", "checksum"), [(66, False), (64, True), (65, True), (67, False), (1000, False)])
def test_a_built_identifier_that_does_not_fit_the_field_is_refused(length: int, *, checksum: bool) -> None:
    with pytest.raises(UvciError, match="longer than"):
        Uvci.build(opaque="A" * length, checksum=checksum)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("URN:UVCI:01:VN:4F2A", ("01", "VN", None, None, "4F2A")),
        ("urn:uvci:01:pl:3/655052DD", ("01", "PL", "3", None, "655052DD")),
        ("URN:UVCI:01:SE:EHM/C878/123456789ABC#B", ("01", "SE", "EHM", "C878", "123456789ABC")),
        ("URN:UVCI:01:UNHCR:4F2A", ("01", "UNHCR", None, None, "4F2A")),
        ("01/LU/2O1I84U8U12I5", ("01", "LU", None, None, "2O1I84U8U12I5")),
        ("URN:UVCI:01/PT/SPMS/TRC0123", ("01", "PT", "SPMS", None, "TRC0123")),
        ("URN:UVCI:01DE/IZ12345A/5CWLU12RN", ("01", "DE", "IZ12345A", None, "5CWLU12RN")),
        ("01ES04V081C07182#F", ("01", "ES", None, None, "04V081C07182")),
        ("02:VN:4F2A", ("02", "VN", None, None, "4F2A")),
    ],
)
def test_parts_are_read_in_every_form_in_use(text: str, parts: tuple[str | None, ...]) -> None:
    uvci = Uvci.parse(text)
    assert (uvci.version, uvci.country, uvci.issuer, uvci.vaccine, uvci.opaque) == parts


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#",
        "#B",
        "URN:UVCI:",
        "URN:UVCI:#B",
        "01",
        "01:",
        "01:VN",
        "01:VN:",
        "01:VN:#B",
        "01:VN:/4F2A",
        "01:VN:4F2A/",
        "01:VN:A//B",
        "01:VN:A/B/C/D",
        "01:VN:A:B",
        "01::4F2A",
        "1:VN:4F2A",
        "001:VN:4F2A",
        "V1:VN:4F2A",
        "01:84:4F2A",
        "01 VN/4F2A",
        " URN:UVCI:01:VN:4F2A",
        "URN:UVCI:01:VN:4F2A ",
        "URN:UVCI:01:VN:4F2A\n",
        "URN:UVCI: 01:VN:4F2A",
        "URN:UVCI:01:VN:4F-2A",
        "URN:UVCI:01:VN:4F2Ä",
        "URN:UVCI:01:VN:\u0130",
        "URN:UVCI:01:VN:ﬁ",
        "URN:UVCI:URN:UVCI:01:VN:4F2A",
        "URN:ISBN:01:VN:4F2A",
        "DGCI:V1:CY:GRHC8O6E:89",
        "HC1:6BF",
        "01:VN:4F2A#",
        "01:VN:4F2A##",
        "01:VN:4F2A#B#C",
        "01:VN:4F2A#B ",
        "01:VN:4F2A#*",
    ],
)
def test_a_text_that_is_no_identifier_is_refused(text: str) -> None:
    with pytest.raises(UvciError):
        Uvci.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "URN:UVCI:01:VN:" + "A" * 66,
        "01:VN:" + "A" * (MAX_NSS_LENGTH - 5),
        "A" * 81,
        "A" * 10_000_000,
        "01:VN:A#" + "B" * 80,
    ],
    ids=["with prefix", "without prefix", "81", "ten million", "check"],
)
def test_a_text_longer_than_its_field_is_refused(text: str) -> None:
    with pytest.raises(UvciError, match="longer than"):
        Uvci.parse(text)


def test_the_longest_identifiers_are_read() -> None:
    assert len(Uvci.parse("URN:UVCI:01:VN:" + "A" * 65).nss) == 71
    assert len(Uvci.parse("01:VN:" + "A" * 66).nss) == MAX_NSS_LENGTH


@pytest.mark.parametrize(
    "text",
    [
        "URN:UVCI:01:VN:4F2A",
        "urn:uvci:01:vn:4f2a",
        "Urn:Uvci:01:VN:4f2A",
        "01:VN:4F2A",
        "01:vn:4f2a#Q",
        "URN:UCI:01:VN:4F2A",
    ],
)
def test_case_prefix_and_check_character_do_not_distinguish(text: str) -> None:
    plain = Uvci.build(opaque="4F2A")
    assert Uvci.parse(text) == plain
    assert hash(Uvci.parse(text)) == hash(plain)
    assert Uvci.parse(text).urn == "URN:UVCI:01:VN:4F2A"


@pytest.mark.parametrize("text", ["01:VN:4F2B", "02:VN:4F2A", "01:LA:4F2A", "01:VN:4/F2A", "01/VN/4F2A", "01VN4F2A"])
def test_every_other_difference_distinguishes(text: str) -> None:
    assert Uvci.parse(text) != Uvci.build(opaque="4F2A")


def test_what_an_issuer_wrote_is_kept_save_for_case_and_prefix() -> None:
    assert str(Uvci.parse("01/lu/2o1i84u8u12i5#uk")) == "URN:UVCI:01/LU/2O1I84U8U12I5#UK"
    assert str(Uvci.parse("01es04v081c07182#f")) == "URN:UVCI:01ES04V081C07182#F"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("URN:UVCI:01:NL:187/37512422923", None),
        ("URN:UVCI:01:NL:187/37512422923#Z", True),
        ("urn:uvci:01:nl:187/37512422923#z", True),
        ("01:NL:187/37512422923#Z", True),
        ("URN:UCI:01:NL:187/37512422923#Z", True),
        ("01:NL:187/37512422923#" + check_character("01:NL:187/37512422923"), False),
        ("URN:UCI:01:NL:187/37512422923#" + check_character("URN:UCI:01:NL:187/37512422923"), False),
        ("URN:UVCI:01:NL:187/37512422923#Y", False),
        ("URN:UVCI:01:NL:187/37512422923#ZZ", False),
        ("URN:UVCI:01:NL:187/37512422932#Z", False),
        ("URN:UVCI:01:BG:UFR5PLGKU8WDSZK7#0", False),
        ("URN:UVCI:01:NL:2WC7BASRIALG5FBUHLNNNX3A42#:", False),
    ],
)
def test_the_check_character_is_right_wrong_or_absent(text: str, *, answer: bool | None) -> None:
    assert Uvci.parse(text).has_valid_check is answer


@pytest.mark.parametrize(
    ("nss", "check"), [("01:vn:4f2a", None), ("", None), ("URN:UVCI:01:VN:4F2A", None), ("01:VN:4F2A", "")]
)
def test_a_wrong_identifier_cannot_be_constructed_either(nss: str, check: str | None) -> None:
    with pytest.raises(UvciError):
        Uvci(nss, check)


def test_an_error_does_not_repeat_the_identifier() -> None:
    with pytest.raises(UvciError) as caught:
        Uvci.parse("01:VN:SECRET!")
    assert "SECRET" not in caught.value.message + (caught.value.hint or "")
