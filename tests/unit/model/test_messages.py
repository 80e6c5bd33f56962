import pytest

from vaxcert.errors import MessageTextError
from vaxcert.model.messages import ONE_PART, ShortMessage, check_gsm, cut, parts, septets, unaccented


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (
            "Mời bạn đến Trạm y tế phường Đúc lúc 8h30, ngày 05/9.",
            "Moi ban den Tram y te phuong Duc luc 8h30, ngay 05/9.",
        ),
        ("Ðà Lạt", "Da Lat"),
        ("Ho\u0300a Bi\u0300nh", "Hoa Binh"),
        ("\u201cH\u2019Hen\u201d \u2013 500\u00a0000\u20ab\u2026", '"H\'Hen" - 500 000d...'),
        ("ẮẶỮỰỲ ắặữựỳ", "AAUUY aauuy"),
    ],
)
def test_accents_go_and_all_else_stays(text: str, plain: str) -> None:
    assert unaccented(text) == plain
    check_gsm(plain)


@pytest.mark.parametrize(
    "sign", ["ạ", "Đ", "đ", "\u200b", "\t", "\x00", "\x1b", "Я", "漢", "😀", "`", "’", "ç", "\u20ab"]
)
def test_what_the_alphabet_lacks_is_refused(sign: str) -> None:
    with pytest.raises(MessageTextError, match=f"U\\+{ord(sign):04X}"):
        check_gsm(f"Tiem {sign}")


@pytest.mark.parametrize("text", ["漢字", "Мы", "😀"])
def test_what_has_no_plain_form_is_left_to_be_refused(text: str) -> None:
    assert unaccented(text) == text
    with pytest.raises(MessageTextError):
        ShortMessage.of("{text}", text=text)


@pytest.mark.parametrize(("text", "length"), [("", 0), ("abc", 3), ("à@£", 3), ("[]{}~^|\\€\f", 20), ("a€", 3)])
def test_signs_of_the_extension_take_two(text: str, length: int) -> None:
    assert septets(text) == length


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("a" * 459, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("€" * 152, 2),
        ("a" * 152 + "€" * 77, 3),  # the escape does not fit beside 152, and 153 more are too few
        ("€" * 153, 3),
    ],
    ids=range(11),
)
def test_parts_are_counted_as_a_network_does(text: str, count: int) -> None:
    assert parts(text) == count


@pytest.mark.parametrize(
    ("text", "limit", "start"),
    [
        ("Tram y te", 9, "Tram y te"),
        ("Tram y te", 8, "Tram y"),
        ("Tram y te", 6, "Tram y"),
        ("Tram y te", 5, "Tram"),
        ("Tram  y", 6, "Tram"),
        (" a bc", 3, " a"),
        ("a €uro", 3, "a"),
    ],
)
def test_a_text_is_cut_between_words(text: str, limit: int, start: str) -> None:
    assert cut(text, limit) == start


@pytest.mark.parametrize(("text", "limit"), [("Tram", 3), ("  Tram", 4), ("a b", 0), ("a b", -5)])
def test_a_text_whose_first_word_is_too_long_is_refused(text: str, limit: int) -> None:
    with pytest.raises(MessageTextError, match="not even the first word"):
        cut(text, limit)


@pytest.mark.parametrize("text", ["", "  \n", "a" * 161, "€" * 81, "Tiêm chủng", "a" * 10_000_000], ids=range(6))
def test_only_one_part_is_a_short_message(text: str) -> None:
    with pytest.raises(MessageTextError):
        ShortMessage(text)


def test_a_message_is_made_of_its_fields() -> None:
    message = ShortMessage.of("Mời {name} đến {site}.", name="Nguyễn  Văn\nAn", site="Trạm y tế")
    assert str(message) == "Moi Nguyen Van An den Tram y te."
    assert "Nguyen" not in repr(message)


def test_the_longest_field_gives_way_and_the_hour_stays() -> None:
    site = "Trạm y tế " + "lưu động " * 20
    message = ShortMessage.of("Moi ban den {site} luc {hour}", site=site, hour="8h30 05/09/2021")
    assert septets(message.text) <= ONE_PART
    assert message.text.endswith("luu dong luc 8h30 05/09/2021")


def test_what_a_field_holds_is_no_template() -> None:
    assert str(ShortMessage.of("{a}", a="{b} {0.__class__}")) == "{b} {0.__class__}"


@pytest.mark.parametrize(
    ("template", "fields"),
    [
        ("{name}", {}),
        ("{name}", {"nom": "An"}),
        ("Moi", {"name": "An"}),
        ("{name}", {"name": "N" * 200}),
        ("a " * 100 + "{name}", {"name": "An"}),
        ("b" * 158 + " {name}", {"name": "Nguyen Van An"}),
        ("{name}", {"name": "a " * 10_000}),
        ("a" * 161, {}),
    ],
    ids=range(8),
)
def test_what_cannot_be_made_to_fit_is_refused(template: str, fields: dict[str, str]) -> None:
    with pytest.raises(MessageTextError):
        ShortMessage.of(template, **fields)
