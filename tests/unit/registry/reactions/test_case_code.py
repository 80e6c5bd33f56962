"""What a reaction is called at the telephone."""

from datetime import UTC, datetime
from uuid import UUID

from vaxcert.registry.database.ids import new_id
from vaxcert.registry.reactions.case_code import case_code

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def test_a_code_has_twelve_plain_signs() -> None:
    code = case_code(new_id(AT))
    assert len(code) == 12
    assert code.isalnum()
    assert not set(code) & set("ILOU")


def test_the_end_of_the_id_makes_the_code() -> None:
    assert case_code(UUID(int=0)) == "000000000000"
    assert case_code(UUID(int=33)) == "000000000011"
    assert case_code(UUID(int=1 << 60)) == "000000000000"


def test_two_of_one_moment_differ() -> None:
    codes = {case_code(new_id(AT)) for _ in range(2_000)}
    assert len(codes) == 2_000
