import pytest

from vaxcert.model.names import PersonName
from vaxcert.registry.people.names import NameLikeness, compare_names, is_one_slip, name_key

DIFFERENT, SIMILAR, SAME = NameLikeness


@pytest.mark.parametrize(
    ("one", "other", "likeness"),
    [
        (("Nguyễn", "Thị Ánh"), ("NGUYEN", "THI ANH"), SAME),
        (("Nguyễn", "Thị Ánh"), ("Ánh", "Nguyễn Thị"), SAME),
        (("Nguyễn", "Thị Hoà"), ("Nguyễn", "Thị Hòa"), SAME),
        (("", "Anne-Marie"), ("Marie", "Anne"), SAME),
        (("Nguyễn", "Bửu Lộc"), ("Nguyễn", "Bảo Lộc"), DIFFERENT),
        (("Nguyễn", "Thị Ánh"), ("Nguyễn", "Ánh"), SIMILAR),
        (("Nguyễn", "Thị Anh"), ("Nguyễn", "Thị An"), SIMILAR),
        (("Trần", "Văn Hùng"), ("Trần", "Văn Hugn"), SIMILAR),
        (("Trần", "Văn Hùng"), ("Trần", "Văn Dũng"), SIMILAR),
        (("Trần", "Văn Hùng"), ("Trần", "Thị Dung"), DIFFERENT),
        (("Y", "An"), ("Y", "Ân Ly"), SIMILAR),
        (("Lê", "An"), ("Lê", "Anh"), DIFFERENT),  # too short for a slip
        (("Nguyễn", ""), ("Nguyễn", "An"), DIFFERENT),  # one part alone says nothing
    ],
)
def test_how_near_two_names_are(one: tuple[str, str], other: tuple[str, str], likeness: NameLikeness) -> None:
    ours, theirs = PersonName.of(*one), PersonName.of(*other)
    assert compare_names(ours, theirs) is likeness
    assert compare_names(theirs, ours) is likeness


def test_the_key_of_a_name_is_the_same_in_any_order() -> None:
    assert name_key(PersonName.of("Nguyễn", "Văn An")) == name_key(PersonName.of("An", "Nguyen Van")) == "ANNGUYENVAN"


@pytest.mark.parametrize(
    ("one", "other"), [("HUNG", "HUNGG"), ("HUNG", "UNG"), ("HUNG", "HANG"), ("HUNG", "HUGN"), ("A", "")]
)
def test_one_slip(one: str, other: str) -> None:
    assert is_one_slip(one, other)
    assert is_one_slip(other, one)


@pytest.mark.parametrize(("one", "other"), [("HUNG", "HUNG"), ("HUNG", "HUGNA"), ("HUNG", "GNUH"), ("HUNG", "HU")])
def test_more_or_less_than_one_slip(one: str, other: str) -> None:
    assert not is_one_slip(one, other)
    assert not is_one_slip(other, one)
