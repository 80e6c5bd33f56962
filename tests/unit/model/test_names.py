import itertools
import re
import unicodedata

import pytest

from vaxcert.errors import PersonNameError, TransliterationError
from vaxcert.model.names import MAX_INPUT_LENGTH, PersonName, fold, split_vietnamese, transliterate

TONES = ["", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323"]
VOWELS = {"A": "AĂÂ", "E": "EÊ", "I": "I", "O": "OÔƠ", "U": "UƯ", "Y": "Y"}
CONSONANTS = {letter: letter for letter in "BCDGHKLMNPQRSTVX"} | {"Đ": "D"}
VIETNAMESE = {
    unicodedata.normalize("NFC", vowel + tone): latin
    for latin, vowels in VOWELS.items()
    for vowel, tone in itertools.product(vowels, TONES)
} | CONSONANTS


def test_there_are_89_vietnamese_capitals() -> None:
    assert len(VIETNAMESE) == 89


@pytest.mark.parametrize(("letter", "latin"), VIETNAMESE.items())
def test_every_vietnamese_letter_is_spelled_in_every_coding(letter: str, latin: str) -> None:
    for written in (letter, letter.lower()):
        for form in ("NFC", "NFD", "NFKC", "NFKD"):
            assert transliterate(unicodedata.normalize(form, written)) == latin


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("Nguyễn", "NGUYEN"),
        ("Thị Ánh Tuyết", "THI<ANH<TUYET"),
        ("ĐẶNG", "DANG"),
        ("ÐẶNG", "DANG"),
        ("ƉẶNG", "DANG"),
        ("H'Hen", "HHEN"),
        ("Y Blô Ayŭn", "Y<BLO<AYUN"),
        ("D'Artagnan", "DARTAGNAN"),
        ("Marie-Élise", "MARIE<ELISE"),
        ("Anna, Maria", "ANNA<MARIA"),
        ("Musterfrau-Gößinger", "MUSTERFRAU<GOESSINGER"),
        ("Jørgensen", "JOERGENSEN"),
        ("Åsa", "AASA"),
        ("Þór", "THOR"),
        ("Łukasz", "LUKASZ"),
        ("IJssel ĳ", "IJSSEL<IJ"),
        ("Muñoz", "MUNOZ"),
        ("IŞIK ışık İnci", "ISIK<ISIK<INCI"),
        ("Юлия Щербакова", "IULIIA<SHCHERBAKOVA"),
        ("Васильев", "VASILEV"),
        ("Παύλος", "PAVLOS"),
        ("Μπάμπης", "BAMPIS"),
        ("Mª José", "MA<JOSE"),
        ("ﬁnn", "FINN"),
        ("Ｎｇｕｙｅｎ", "NGUYEN"),
        ("J. R. Smith", "J<R<SMITH"),
        ("Anna (Ánh)", "ANNA<ANH"),
        ("Tan s/o Lim", "TAN<SO<LIM"),
        ("Q\u0303ui", "QUI"),
    ],
)
def test_a_name_is_spelled_as_in_travel_documents(name: str, spelled: str) -> None:
    assert transliterate(name) == spelled
    assert transliterate(unicodedata.normalize("NFD", name)) == spelled


@pytest.mark.parametrize("apostrophe", "'`´‘’‛′ʹʻʼʽʾʿˈ՚׳Ꞌꞌ＇")
def test_every_apostrophe_joins(apostrophe: str) -> None:
    assert transliterate(f"O{apostrophe}Neill") == "ONEILL"
    assert transliterate(f"{apostrophe}t Hoofd") == "T<HOOFD"


@pytest.mark.parametrize("separator", [*"-‐‑‒–—―−﹣－,，_<\t\n\r\u00a0\u2003\u3000", " - ", "--", ", ", "<<", " '-' "])
def test_every_run_of_separators_is_one_filler(separator: str) -> None:
    assert transliterate(f"Anna{separator}Maria") == "ANNA<MARIA"


@pytest.mark.parametrize("edge", ["-", " ", "<", "<<<", "'-", ", "])
def test_no_filler_stands_at_an_end(edge: str) -> None:
    assert transliterate(f"{edge}Anna{edge}") == "ANNA"


@pytest.mark.parametrize("name", ["", " ", "'", "-", "< <", ".", "\u0301", "ь"])
def test_a_name_without_letters_is_refused(name: str) -> None:
    with pytest.raises(TransliterationError, match="the name has no letter"):
        transliterate(name)


@pytest.mark.parametrize("name", ["Thị 2", "TEST01", "Anna²", "Anna Ⅲ", "\u0664", "½"])
def test_a_digit_is_refused(name: str) -> None:
    with pytest.raises(TransliterationError, match="a name has a digit"):
        transliterate(name)


@pytest.mark.parametrize("sign", "?*@#%&+=$€~^\\¨😀\ufffd¿")
def test_a_sign_that_no_name_has_is_refused_with_its_number(sign: str) -> None:
    with pytest.raises(TransliterationError, match=re.escape(f"the sign U+{ord(sign):04X}")) as caught:
        transliterate(f"Nguy{sign}n")
    assert "lost a letter" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "sign", ["\x00", "\x1b", "\x7f", "\u200b", "\u200d", "\u202e", "\u00ad", "\ufeff", "\ue000", "\ud800"]
)
def test_a_control_or_invisible_character_is_refused(sign: str) -> None:
    with pytest.raises(TransliterationError, match=f"control or invisible character, U\\+{ord(sign):04X}"):
        transliterate(f"Ann{sign}a")


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("阮", "Han"),
        ("Nguyễn 阮", "Han"),
        ("محمد", "Arabic"),
        ("\ufdfa", "Arabic"),
        ("김", "Hangul"),
        ("ㄱ", "Hangul"),
        ("さくら", "Hiragana"),
        ("サクラ", "Katakana"),
        ("สมชาย", "Thai"),
        ("ສົມ", "Lao"),
        ("សុខ", "Khmer"),
        ("ꪀꪁ", "Tai Viet"),
        ("अमित", "Devanagari"),
        ("דוד", "Hebrew"),
        ("ვაჟა", "Georgian"),
        ("Արամ", "Armenian"),
        ("አበበ", "Ethiopic"),
        ("Əli", "Latin"),
        ("Қанат", "Cyrillic"),
        ("\u03e2", "Coptic"),
    ],
)
def test_a_letter_that_no_table_spells_is_refused_with_its_script(name: str, script: str) -> None:
    with pytest.raises(TransliterationError, match=f"no table spells the {script} letter") as caught:
        transliterate(name)
    assert caught.value.script == script
    assert "machine-readable lines" in (caught.value.hint or "")


@pytest.mark.parametrize("name", ["Nguyễn 阮", "Nguyễn 2", "Nguyễn?", "Nguyễn\x00"])
def test_an_error_does_not_repeat_the_name(name: str) -> None:
    with pytest.raises(TransliterationError) as caught:
        transliterate(name)
    assert "Nguy" not in caught.value.message
    assert "阮" not in caught.value.message


def test_a_text_longer_than_any_name_is_refused_unread() -> None:
    with pytest.raises(TransliterationError, match="longer than 1000 characters"):
        transliterate("A" + "\u0301" * MAX_INPUT_LENGTH)


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("A" * 80, "A" * 80),
        ("A" * 81, "A" * 80),
        ("A" * 79 + "ß", "A" * 79),
        ("A" * 78 + "ß", "A" * 78 + "SS"),
        ("A" * 77 + "Щ", "A" * 77),
        ("A" * 79 + " B", "A" * 79),
        ("A" * 79 + "-BB", "A" * 79),
        ("A" * 78 + " BB", "A" * 78 + "<B"),
        (" " * 500 + "A" * 90, "A" * 80),
        ("'" * 500 + "A" * 90, "A" * 80),
        ("A" * 79 + "Äx", "A" * 79),
        ("Щ" * 80, "SHCH" * 20),
        ("Ευ " * 40, "EF<" * 26 + "EF"),
        ("Α" + "ΑΥ" * 40, "A" + "AV" * 39 + "A"),
        ("Μπάμπης " * 12, "BAMPIS<" * 11 + "BAM"),
    ],
)
def test_a_long_name_ends_with_the_last_letter_that_fits_whole(name: str, spelled: str) -> None:
    assert transliterate(name) == spelled
    assert transliterate(unicodedata.normalize("NFD", name)) == spelled


def test_folding_makes_two_spellings_of_a_name_equal() -> None:
    assert fold("Hoà") == fold("Hòa") == fold("HOA") == "HOA"
    assert fold("Anne-Marie") == fold("annemarie") == "ANNEMARIE"
    assert fold("Đặng Văn Á") == "DANGVANA"


@pytest.mark.parametrize("name", ["", "阮", "Nguy?n"])
def test_folding_refuses_what_cannot_be_spelled(name: str) -> None:
    with pytest.raises(TransliterationError):
        fold(name)


@pytest.mark.parametrize(
    ("full_name", "parts"),
    [
        ("Nguyễn Thị Ánh", ("Nguyễn", "Thị Ánh")),
        ("Trần Bình", ("Trần", "Bình")),
        ("  Lê \t Văn\n Tám ", ("Lê", "Văn Tám")),
        ("Thắng", ("Thắng", "")),
        ("", ("", "")),
        ("  ", ("", "")),
    ],
)
def test_the_first_word_of_a_vietnamese_name_is_the_family_name(full_name: str, parts: tuple[str, str]) -> None:
    assert split_vietnamese(full_name) == parts


def test_a_name_is_kept_as_written_and_standardised() -> None:
    name = PersonName.of("  Nguyễn ", "Thị\u00a0  Ánh\n")
    assert name == PersonName(family="Nguyễn", given="Thị Ánh", family_std="NGUYEN", given_std="THI<ANH")
    assert name.full == "Nguyễn Thị Ánh"


def test_both_codings_of_a_name_are_one_name() -> None:
    assert PersonName.of(unicodedata.normalize("NFD", "Nguyễn"), "Ánh") == PersonName.of("Nguyễn", "Ánh")


@pytest.mark.parametrize(("family", "given", "full"), [("Thắng", "", "Thắng"), ("", "Thắng", "Thắng"), (" ", "Y", "Y")])
def test_one_part_of_a_name_is_enough(family: str, given: str, full: str) -> None:
    name = PersonName.of(family, given)
    assert name.full == full
    assert (name.family_std, name.given_std).count("") == 1


@pytest.mark.parametrize(("family", "given"), [("", ""), (" ", "\t"), ("\u00a0", "\n")])
def test_a_person_without_a_name_is_refused(family: str, given: str) -> None:
    with pytest.raises(PersonNameError, match="neither a family name nor a given name"):
        PersonName.of(family, given)


@pytest.mark.parametrize(
    "sign", ["\x00", "\x1b", "\x9f", "\u200b", "\u200e", "\u202e", "\u2066", "\u00ad", "\ufeff", "\ue000"]
)
def test_a_name_that_would_show_otherwise_than_it_is_is_refused(sign: str) -> None:
    with pytest.raises(PersonNameError, match=f"control or invisible character, U\\+{ord(sign):04X}"):
        PersonName.of(f"Ann{sign}a", family_std="ANNA")


def test_the_joiners_of_some_scripts_are_part_of_a_name() -> None:
    assert PersonName.of("علی\u200cرضا", family_std="ALIREZA").family == "علی\u200cرضا"


def test_a_name_from_a_wrong_encoding_is_refused() -> None:
    with pytest.raises(PersonNameError, match="wrong encoding") as caught:
        PersonName.of("Nguy\ufffdn", family_std="NGUYEN")
    assert caught.value.hint == "save the file as UTF-8"


@pytest.mark.parametrize("part", ["A" * 81, "Ễ" * 81, "A" + "\u0301" * 1000, "A" * 10_000_000])
def test_a_name_longer_than_the_field_is_refused(part: str) -> None:
    with pytest.raises(PersonNameError, match="longer than 80 characters"):
        PersonName.of("Nguyễn", part)


def test_a_name_is_measured_composed() -> None:
    assert len(PersonName.of(unicodedata.normalize("NFD", "Ễ" * 80)).family) == 80


def test_a_given_spelling_is_kept_and_the_other_part_derived() -> None:
    name = PersonName.of("阮", "Ánh", family_std="NGUYEN")
    assert name == PersonName(family="阮", given="Ánh", family_std="NGUYEN", given_std="ANH")
    assert PersonName.of("Müller", "Jürgen", family_std="MULLER", given_std="JURGEN").given_std == "JURGEN"


@pytest.mark.parametrize(
    "spelling",
    ["nguyen", "NGUYỄN", "NGUYEN<", "<NGUYEN", "THI<<ANH", "THI ANH", "NGUYEN2", "<", " ", "NGUYEN\n", "A" * 81],
)
def test_a_given_spelling_of_another_form_is_refused(spelling: str) -> None:
    with pytest.raises(PersonNameError, match="a standardised name"):
        PersonName.of("Nguyễn", family_std=spelling)


def test_a_spelling_without_its_name_is_refused() -> None:
    with pytest.raises(PersonNameError, match="without the name itself"):
        PersonName.of("Nguyễn", given_std="ANH")


@pytest.mark.parametrize(
    ("family", "given"), [("阮", "Ánh"), ("Nguyễn", "2"), ("Nguy?n", ""), ("'", "Ánh"), ("Nguyễn", "-")]
)
def test_a_part_that_cannot_be_standardised_is_refused(family: str, given: str) -> None:
    with pytest.raises(TransliterationError):
        PersonName.of(family, given)
