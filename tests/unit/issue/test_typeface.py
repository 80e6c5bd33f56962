"""The face: which characters it has, and how wide they run."""

import unicodedata
from pathlib import Path

import pytest
import typst

from vaxcert.issue import typeface

VIETNAMESE = "AĂÂBCDĐEÊGHIKLMNOÔƠPQRSTUƯVXYÀẢÃÁẠẰẲẴẮẶẦẨẪẤẬÈẺẼÉẸỀỂỄẾỆÌỈĨÍỊÒỎÕÓỌỒỔỖỐỘỜỞỠỚỢÙỦŨÚỤỪỬỮỨỰỲỶỸÝỴ"


def fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[typeface.FOLDER])


def compile_text(folder: Path, source: str, **inputs: str) -> bytes:
    page = folder / "page.typ"
    page.write_text(f'#set document(title: "test")\n#set text(font: "Noto Sans", fallback: false)\n{source}\n', "utf-8")
    compiler = typst.Compiler(page, font_paths=fonts(), ignore_system_fonts=True)
    pdf = compiler.compile(format="pdf", sys_inputs=inputs, pdf_standards=["a-2a"])
    assert isinstance(pdf, bytes)
    return pdf


def test_the_face_is_one_family_in_two_weights() -> None:
    assert {(font.family, font.weight) for font in fonts().fonts()} == {("Noto Sans", 400), ("Noto Sans", 700)}


def test_every_vietnamese_letter_can_be_printed() -> None:
    letters = VIETNAMESE + VIETNAMESE.lower()
    assert len(set(letters)) == 2 * 89
    assert typeface.printable(letters) == letters


@pytest.mark.parametrize(
    "name", ["Γεώργιος Παπαδόπουλος", "Пётр Шевченко", "Łukasz Żółć", "Ayşe Gündoğdu", "H'Hen Niê"]
)
def test_european_names_can_be_printed(name: str) -> None:
    assert typeface.printable(name) == name


def test_text_is_composed() -> None:
    assert typeface.printable(unicodedata.normalize("NFD", "Nguyễn Đỗ Ằẵ")) == "Nguyễn Đỗ Ằẵ"


def test_marks_that_do_not_compose_can_be_printed() -> None:
    assert typeface.printable("Ẹ\u0301niọlá") == "Ẹ\u0301niọlá"


def test_compatibility_characters_give_way_to_plain_ones() -> None:
    assert typeface.printable("（ＡＢ）\u00a01ﬁ") == "(AB) 1fi"


@pytest.mark.parametrize(
    "text",
    [
        "李伟",
        "محمد",
        "ณัฐ",
        "Anna\U0001f600",
        "two\nlines",
        "a tab\t",
        "nul\0",
        "soft\u00adhyphen",
        "zero\u200bwidth",
        "\u202edesrever",
        "private \ue000",
        "a\u0301\u0302\u0303\u0304",
    ],
    ids=ascii,
)
def test_what_the_face_lacks_cannot_be_printed(text: str) -> None:
    assert typeface.printable(text) is None


def test_both_weights_have_the_same_characters() -> None:
    assert typeface.advances("regular").keys() == typeface.advances("bold").keys()


def test_no_character_comes_out_as_an_empty_box(tmp_path: Path) -> None:
    """PDF/A refuses text without a glyph, so the typesetter is a second opinion on every character."""
    source = '#sys.inputs.text\n\n#text(weight: "bold", sys.inputs.text)'
    assert compile_text(tmp_path, source, text=" ".join(typeface.advances()))
    with pytest.raises(typst.TypstError, match="could not be displayed"):
        compile_text(tmp_path, source, text="李")


@pytest.mark.parametrize("weight", ["regular", "bold"])
@pytest.mark.parametrize("text", ["Nguyễn Thị Ngữ", "URN:UVCI:01:VN:FFFE3D31", "Щукин Ǳ W—†"])
def test_a_text_is_as_wide_as_the_typesetter_makes_it(tmp_path: Path, text: str, weight: typeface.Weight) -> None:
    source = (
        f'#context {{ let set-text = text(size: 100pt, kerning: false, weight: "{weight}", sys.inputs.text)\n'
        f"  let ems = measure(set-text).width / 100pt\n"
        f"  assert(calc.abs(ems - {typeface.width(text, weight)}) < 0.001, message: repr(ems)) }}"
    )
    assert compile_text(tmp_path, source, text=text)


def test_no_text_has_no_width() -> None:
    assert typeface.width("") == 0


def test_every_letter_has_a_printable_capital() -> None:
    """The heading is set in capitals."""
    assert [letter for letter in typeface.advances() if typeface.printable(letter.upper()) is None] == []
