from datetime import date

import pytest

from vaxcert.errors import UnknownPriorityGroupError
from vaxcert.model.priority_groups import priority_acts, priority_group, priority_groups_on


@pytest.mark.parametrize(
    ("day", "count"),
    [
        ("2021-02-08", 0),
        ("2021-02-09", 11),
        ("2021-02-26", 9),
        ("2021-07-07", 9),
        ("2021-07-08", 16),
        ("2022-04-30", 16),
    ],
)
def test_the_groups_are_those_of_the_act_in_force(day: str, count: int) -> None:
    assert len(priority_groups_on(date.fromisoformat(day))) == count


def test_groups_are_numbered_in_their_order_and_named_in_both_languages() -> None:
    for act in priority_acts():
        assert [group.number for group in act.groups] == list(range(1, len(act.groups) + 1))
        assert all(group.vi.strip() and group.en.isascii() and group.act == act.name for group in act.groups)
        assert len({group.vi for group in act.groups}) == len(act.groups)


def test_a_reference_leads_back_to_its_group() -> None:
    for act in priority_acts():
        assert all(priority_group(group.reference) is group for group in act.groups)


def test_a_number_means_a_group_only_with_its_act() -> None:
    assert priority_group("3355/QĐ-BYT#9").en == "People with chronic diseases; people over 65"
    assert priority_group("1210/QĐ-BYT#9").en == "People with chronic diseases"
    assert priority_group("21/NQ-CP#9").en == "Others, as the Ministry of Health decides"


@pytest.mark.parametrize(
    "reference", ["", "9", "#9", "3355/QĐ-BYT", "3355/QĐ-BYT#0", "3355/QĐ-BYT#17", "3355/QĐ-BYT#09", "21/NQ-CP#10"]
)
def test_a_reference_to_no_group_is_unknown(reference: str) -> None:
    with pytest.raises(UnknownPriorityGroupError) as caught:
        priority_group(reference)
    assert caught.value.hint == "such as 3355/QĐ-BYT#1"
