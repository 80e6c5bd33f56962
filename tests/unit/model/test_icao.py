"""Every row of the tables in ICAO Doc 9303-3 §6 A and B, read from the document and not from the code."""

import unicodedata

import pytest

from vaxcert.model.icao import APOSTROPHES, OMITTED, SEPARATORS, SPELLINGS, transcribe_greek

LATIN = {
    "A": "À Á Â Ã Ā Ă Ą",
    "AE": "Ä Æ",
    "AA": "Å",
    "C": "Ç Ć Ĉ Ċ Č",
    "D": "Ð Ď Đ",
    "E": "È É Ê Ë Ē Ĕ Ė Ę Ě",
    "G": "Ĝ Ğ Ġ Ģ",
    "H": "Ĥ Ħ",
    "I": "Ì Í Î Ï Ĩ Ī Ĭ Į İ ı",
    "IJ": "Ĳ",
    "J": "Ĵ",
    "K": "Ķ",
    "L": "Ĺ Ļ Ľ Ŀ Ł",
    "N": "Ñ Ń Ņ Ň Ŋ",
    "O": "Ò Ó Ô Õ Ō Ŏ Ő",
    "OE": "Ö Ø Œ",
    "R": "Ŕ Ŗ Ř",
    "S": "Ś Ŝ Ş Š",
    "SS": "ẞ",
    "T": "Ţ Ť Ŧ",
    "TH": "Þ",
    "U": "Ù Ú Û Ũ Ū Ŭ Ů Ű Ų",
    "UE": "Ü",
    "W": "Ŵ",
    "Y": "Ý Ŷ Ÿ",
    "Z": "Ź Ż Ž",
}
CYRILLIC = {
    "A": "А",
    "B": "Б",
    "C": "Һ",
    "CH": "Ч",
    "D": "Ђ Д",
    "DZ": "Ѕ Џ",
    "E": "Ё Е Э",
    "F": "Ф",
    "G": "Г Ґ Ғ",
    "I": "І Ї И Й",
    "IA": "Я",
    "IE": "Є Ъ",
    "IU": "Ю",
    "J": "Ј",
    "K": "Ќ К",
    "KH": "Х",
    "L": "Л",
    "LJ": "Љ",
    "M": "М",
    "N": "Н",
    "NJ": "Њ",
    "O": "О",
    "P": "П",
    "R": "Р",
    "S": "С",
    "SH": "Ш",
    "SHCH": "Щ",
    "T": "Т",
    "TS": "Ц",
    "U": "Ў У Ѫ",
    "V": "В",
    "Y": "Ы Ѵ",
    "Z": "З",
    "ZH": "Ж",
}


@pytest.mark.parametrize(("table", "rows"), [(LATIN, 95), (CYRILLIC, 48)], ids=["A", "B"])
def test_every_row_of_the_table_holds_in_both_cases(table: dict[str, str], rows: int) -> None:
    letters = [(letter, latin) for latin, group in table.items() for letter in group.split()]
    assert len(letters) == rows
    for letter, latin in letters:
        assert letter.translate(SPELLINGS) == latin
        assert unicodedata.normalize("NFC", letter.lower()).translate(SPELLINGS).replace("\u0307", "") == latin


@pytest.mark.parametrize(
    ("letter", "latin"),
    [("ß", "SS"), ("Ɖ", "D"), ("ɖ", "D"), ("Ћ", "C"), ("ь", ""), ("Ș", "S"), ("Ǿ", "OE"), ("Ѓ", "G")],
)
def test_letters_beside_the_table_follow_its_rule(letter: str, latin: str) -> None:
    assert letter.translate(SPELLINGS) == latin


@pytest.mark.parametrize(
    "letter", ["Ə", "Ƣ", "Қ", "Ө", "Ա", "Ω", "ʘ", "1", "²", "?", "*", "@", "&", "+", "$", "\x00", "\ufffd"]
)
def test_what_no_table_has_has_no_spelling(letter: str) -> None:
    assert letter.translate(SPELLINGS) == letter


def test_a_sign_has_one_treatment() -> None:
    assert not set(APOSTROPHES) & set(OMITTED)
    assert not set(SEPARATORS) & set(APOSTROPHES + OMITTED)


def test_results_have_only_capitals_and_fillers() -> None:
    assert all(not spelling or (spelling + "A").replace("<", "A").isalpha() for spelling in SPELLINGS.values())
    assert all(spelling.isascii() and spelling == spelling.upper() for spelling in SPELLINGS.values())


@pytest.mark.parametrize(
    ("greek", "latin"),
    [
        ("Αθήνα", "ÁTHINA"),
        ("Ευσέβιος", "EFSÉVIOS"),
        ("Παύλος", "PAVLOS"),
        ("Σταύρος", "STAVROS"),
        ("Λευτέρης", "LEFTÉRIS"),
        ("Μωυσής", "MOYSÍS"),
        ("Λουκάς", "LOUKÁS"),
        ("Λούης", "LOÚIS"),
        ("Ταΰγετος", "TAY"),
        ("Νάουσα", "NÁOUSA"),
        ("Άυλος", "ÁYLOS"),
        ("γαυ", "GAF"),
        ("Αγγελική", "ANGELIKÍ"),
        ("Ξάνθη", "XÁNTHI"),
        ("Σφίγξ", "SFÍNX"),
        ("Μελάγχρους", "MELÁNCHROUS"),
        ("Γκίκας", "GKÍKAS"),
        ("Μπάμπης", "BÁMPIS"),
        ("Χατζημπέης", "CHATZIMPÉIS"),
        ("ΚΑΜΠ", "KAB"),
        ("Ψυχή", "PSYCHÍ"),
        ("ΕΥΑΓΓΕΛΟΣ", "EVANGELOS"),
        ("Ηύρα", "IVRA"),
    ],
)
def test_greek_is_transcribed_by_its_groups_of_letters(greek: str, latin: str) -> None:
    marks_off = {ord(mark): None for mark in "\u0301\u0308"}
    expected = unicodedata.normalize("NFD", latin).translate(marks_off)
    for form in ("NFC", "NFD"):
        got = transcribe_greek(unicodedata.normalize(form, greek))
        assert unicodedata.normalize("NFD", got).translate(marks_off).startswith(expected)


@pytest.mark.parametrize("text", ["", "Nguyễn", "Müller", "Юлия", "d'Artagnan"])
def test_a_text_without_greek_stays_as_it_is(text: str) -> None:
    assert transcribe_greek(text) == text
