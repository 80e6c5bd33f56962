from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import click
import pytest

from vaxcert.commands.settings import defaults_of, read_settings
from vaxcert.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path


@click.group()
@click.option("--lang")
@click.version_option("1")
def group() -> None:
    """Stand in for the program."""


@group.command()
@click.argument("sources")
@click.option("--trust", multiple=True)
@click.option("--max-age", type=int)
@click.option("--format", "formats")
@click.option("-o", "--out")
def work() -> None:
    """Stand in for a command."""


@group.group()
def keys() -> None:
    """Stand in for a command with commands of its own."""


@keys.command()
@click.option("--country")
def create() -> None:
    """Stand in for one of those."""


def settings_of(path: Path, text: str) -> dict[str, object]:
    path.write_text(text, "utf-8")
    return read_settings(path)


def test_without_a_file_there_are_none(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "vaxcert.toml") == {}


def test_a_file_is_toml(tmp_path: Path) -> None:
    assert settings_of(tmp_path / "x.toml", '[verify]\ntrust = ["a"]\n') == {"verify": {"trust": ["a"]}}


@pytest.mark.parametrize("text", ["trust", "[verify", "a = 1\na = 2", "\ufeffa = = 1"])
def test_what_is_no_toml_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="is not TOML"):
        settings_of(tmp_path / "x.toml", text)


def test_what_is_no_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_bytes(b'lang = "\xff"')
    with pytest.raises(SettingsError, match="is not TOML"):
        read_settings(tmp_path / "x.toml")


def test_a_folder_of_that_name_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read_settings(tmp_path)


def test_settings_are_named_like_options() -> None:
    settings = {"max-age": 7, "trust": ["a", "b"], "format": "png", "out": "x"}
    assert defaults_of(work, settings) == {"max_age": 7, "trust": ["a", "b"], "formats": "png", "out": "x"}


def test_one_value_serves_where_several_may_stand() -> None:
    assert defaults_of(work, {"trust": "folder"}) == {"trust": ["folder"]}


def test_toml_has_dates_and_options_read_text() -> None:
    assert defaults_of(work, {"out": date(2026, 11, 22)}) == {"out": "2026-11-22"}
    assert defaults_of(work, {"out": datetime(2026, 11, 22, 8)}) == {"out": "2026-11-22T08:00:00"}  # noqa: DTZ001 - TOML has naive ones


def test_a_command_within_a_command_has_its_own_table() -> None:
    assert defaults_of(keys, {"create": {"country": "VN"}}, table="keys") == {"create": {"country": "VN"}}


def test_the_tables_of_commands_not_loaded_yet_are_kept_as_they_are() -> None:
    raw = {"lang": "vi", "work": {"no-such-option": 1}}
    assert defaults_of(group, raw, later=("work", "keys")) == raw


@pytest.mark.parametrize(
    ("command", "settings"),
    [
        (work, {"trsut": ["a"]}),
        (work, {"max_age": 7}),
        (work, {"sources": ["a"]}),
        (work, {"help": True}),
        (work, {"o": "x"}),
        (keys, {"crate": {}}),
        (keys, {"create": {"county": "VN"}}),
        (group, {"version": True}),
        (group, {"wrok": {}}),
    ],
)
def test_an_unknown_setting_does_not_go_unnoticed(command: click.Command, settings: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match="unknown setting") as raised:
        defaults_of(command, settings, later=("work",) if command is group else ())
    assert str(raised.value.hint).startswith("known are ")


@pytest.mark.parametrize("settings", [5, "trust", ["trust"], None])
def test_a_table_that_is_none_is_refused(settings: object) -> None:
    with pytest.raises(SettingsError, match=r"\[work\] in vaxcert.toml is no table"):
        defaults_of(work, settings, table="work")
