"""The citizen's tick list, and what is said at once."""

from datetime import date, timedelta

import pytest

from vaxcert.registry.reactions.ticks import ReactionLevel, advise, tick_list_on, tick_lists, tick_problems

TODAY = date(2026, 3, 2)
RED_FLAGS = [tick.code for tick in tick_list_on(TODAY).ticks if tick.red_flag]
ORDINARY = [tick.code for tick in tick_list_on(TODAY).ticks if not tick.red_flag]


@pytest.mark.parametrize("flag", RED_FLAGS)
def test_s10_any_red_flag_says_at_once_whom_to_call(flag: str) -> None:
    advice = advise([flag], day=TODAY, site_phone="+842553822222")
    assert advice.level is ReactionLevel.URGENT
    assert advice.call == ("115", "+842553822222", "19009095")
    assert advice.red_flags == (flag,)
    assert "115" in advice.vi
    assert "115" in advice.en


@pytest.mark.parametrize("tick", ORDINARY)
def test_s10_a_common_reaction_alarms_nobody(tick: str) -> None:
    advice = advise([tick], day=TODAY, site_phone="+842553822222")
    assert advice.level is ReactionLevel.ORDINARY
    assert "115" not in advice.call
    assert not advice.red_flags


def test_one_red_flag_among_many_ticks_is_enough() -> None:
    assert advise([*ORDINARY, "breathing"], day=TODAY).level is ReactionLevel.URGENT


def test_all_red_flags_are_told_in_the_list_s_order() -> None:
    assert advise(list(reversed(RED_FLAGS)), day=TODAY).red_flags == tuple(RED_FLAGS)


@pytest.mark.parametrize(
    ("temperature", "level"),
    [(37.0, ReactionLevel.ORDINARY), (39.0, ReactionLevel.ORDINARY), (39.1, ReactionLevel.URGENT)],
)
def test_a_thermometer_above_39_is_a_red_flag_by_itself(temperature: float, level: ReactionLevel) -> None:
    assert advise([], temperature=temperature, day=TODAY).level is level


def test_who_ticks_nothing_is_well() -> None:
    advice = advise([], day=TODAY, site_phone="+842553822222")
    assert advice.level is ReactionLevel.NONE
    assert advice.call == ()


def test_who_writes_something_is_not_simply_well() -> None:
    assert advise([], told_more=True, day=TODAY).level is ReactionLevel.ORDINARY


def test_without_a_site_s_phone_the_others_remain() -> None:
    assert advise(["rash"], day=TODAY).call == ("115", "19009095")


def test_the_advice_names_its_source() -> None:
    assert advise([], day=TODAY).source == tick_list_on(TODAY).source


def test_before_the_first_list_the_first_one_holds() -> None:
    assert tick_list_on(tick_lists()[0].since - timedelta(days=900)) is tick_lists()[0]


def test_an_unknown_tick_is_a_problem() -> None:
    assert [problem.code for problem in tick_problems(["fever", "unwell"], None, TODAY)] == ["unknown_tick"]


def test_a_tick_twice_is_a_problem() -> None:
    assert [problem.code for problem in tick_problems(["fever", "fever"], None, TODAY)] == ["repeated"]


@pytest.mark.parametrize("temperature", [33.9, 43.1, 98.6, -1.0])
def test_a_temperature_that_nobody_has_is_a_problem(temperature: float) -> None:
    (problem,) = tick_problems(["fever"], temperature, TODAY)
    assert (problem.field, problem.code) == ("temperature", "out_of_range")


def test_a_full_list_has_no_problem() -> None:
    assert tick_problems([*ORDINARY, *RED_FLAGS], 38.5, TODAY) == ()


def test_a_problem_never_shows_what_was_ticked() -> None:
    (problem,) = tick_problems(["my name is Ánh"], None, TODAY)
    assert "Ánh" not in problem.message
