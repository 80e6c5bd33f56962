"""The command line as a whole: what it loads, how it ends, where its settings come from."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from PIL import Image

import vaxcert.cli
from tests.faults.encoders import AT, Encoder, signer
from vaxcert.cli import COMMANDS, group, run

HEAVY = (
    "web3",
    "eth_account",
    "rlp",
    "jsonschema",
    "PIL",
    "numpy",
    "cryptography",
    "cbor2",
    "zxingcpp",
    "pyzbar",
    "pypdfium2",
    "typst",
    "qrcode",
)
TEXT = Encoder().text()


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    (tmp_path / "dsc.der").write_bytes(signer().der)


def child(code: str, *arguments: str, **streams: int) -> subprocess.CompletedProcess[str]:
    options: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, text=True, errors="replace", timeout=60, check=False, **options)


def loaded_after(*arguments: str) -> set[str]:
    """Return which of the heavy modules a run with *arguments* has loaded."""
    code = (
        "import sys; from vaxcert.cli import run; code = run(sys.argv[1:]); "
        f"print(code, *(name for name in {HEAVY} if name in sys.modules), file=sys.stderr)"
    )
    done = child(code, *arguments)
    exit_code, *names = done.stderr.splitlines()[-1].split()
    assert exit_code == "0", done.stderr
    return set(names)


# --- what is loaded ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["-h"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    assert loaded_after(*arguments) == set()


def test_verifying_a_text_loads_no_pictures_and_no_explainer() -> None:
    loaded = loaded_after("verify", TEXT, "--trust", "dsc.der", "--at", AT.isoformat())
    assert loaded == {"cryptography", "cbor2"}


def test_inspecting_a_text_loads_no_pictures() -> None:
    assert loaded_after("inspect", TEXT, "--at", AT.isoformat()) == {"cryptography", "cbor2"}


@pytest.mark.parametrize("name", ["ledger", "anchor", "audit"])
def test_help_on_the_ledger_loads_no_chain(name: str) -> None:
    assert loaded_after(name, "--help") <= {"cryptography", "cbor2"}


# --- help ----------------------------------------------------------------------------------------------------------


def test_every_command_says_of_itself_what_the_table_says() -> None:
    context = click.Context(group)
    for name, summary in COMMANDS.items():
        command = group.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str(limit=200).startswith(summary.removesuffix(".")), name


def test_the_table_has_every_command_that_there_is() -> None:
    folder = Path(vaxcert.cli.__file__).parent / "commands"
    modules = {path.stem for path in folder.glob("*.py") if "\ndef command(" in path.read_text("utf-8")}
    packages = {path.parent.name for path in folder.glob("*/__init__.py") if "\ncommand = " in path.read_text("utf-8")}
    assert set(COMMANDS) == modules | packages


def test_the_list_of_commands_is_sorted(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    section = shown[shown.index("Commands:") : shown.index("Exit codes:")]
    names = [line.split()[0] for line in section.splitlines()[1:] if line.strip()]
    assert names == sorted(COMMANDS)


def test_a_misspelt_command_gets_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verfy", TEXT]) == 2
    assert "verify" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["nonsense"], ["--nonsense"], ["--lang", "de", "bench"]])
def test_wrong_usage_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    assert capsys.readouterr().err.startswith("vaxcert: error: ")


@pytest.mark.parametrize("arguments", [[], ["keys"]])
def test_without_a_command_there_is_help_and_no_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    told = capsys.readouterr().err
    assert told.startswith("Usage: vaxcert ")
    assert "error:" not in told


def test_the_module_stays_small() -> None:
    assert len(Path(vaxcert.cli.__file__).read_text("utf-8").splitlines()) < 120


# --- how it ends ---------------------------------------------------------------------------------------------------


@click.command()
@click.argument("how")
def _failing(how: str) -> None:
    secret = "Nguyễn Thị Mẫu"
    match how:
        case "bug":
            raise KeyError(secret)
        case "interrupt":
            raise KeyboardInterrupt
        case "disk":
            raise OSError(28, "No space left on device", secret)
        case _:
            raise click.Abort


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a command that fails in the place of one."""
    module = type(sys)("vaxcert.commands.failing")
    module.command = _failing  # type: ignore[attr-defined] # what a command's module has
    monkeypatch.setitem(sys.modules, "vaxcert.commands.failing", module)
    monkeypatch.setitem(group.commands, "failing", click.Command("failing"))


@pytest.mark.usefixtures("failing")
@pytest.mark.parametrize(
    ("how", "code", "message"),
    [
        ("bug", 70, r"internal error: KeyError at [\w.]*test_cli:\d+\n"),
        ("interrupt", 130, "interrupted"),
        ("abort", 130, "interrupted"),
        ("disk", 6, "cannot read or write: No space left on device"),
    ],
)
def test_every_end_is_a_message_and_a_code_and_never_says_what_was_worked_on(
    how: str, code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["failing", how]) == code
    told = capsys.readouterr().err
    assert re.search(message, told)
    assert "Nguyễn" not in told
    assert "Traceback" not in told


def test_a_reader_who_left_is_no_verdict(tmp_path: Path) -> None:
    batch = tmp_path / "batch.txt"
    batch.write_text(f"{TEXT}\n" * 3000)
    receiving, sending = os.pipe()
    os.close(receiving)
    code = "import sys; from vaxcert.cli import main; main(sys.argv[1:])"
    done = child(code, "verify", str(batch), "--trust", "dsc.der", "--at", AT.isoformat(), stdout=sending)
    os.close(sending)
    assert (done.returncode, done.stderr) == (6, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_full_disk_is_no_verdict() -> None:
    with Path("/dev/full").open("wb") as full:
        code = "import sys; from vaxcert.cli import main; main(sys.argv[1:])"
        done = child(code, "verify", TEXT, "--trust", "dsc.der", "--at", AT.isoformat(), stdout=full.fileno())
    assert done.returncode == 6
    assert "No space left" in done.stderr


def test_a_terminal_without_vietnamese_letters_is_no_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "cp1252")
    code = "import sys; from vaxcert.cli import main; main(sys.argv[1:])"
    done = child(code, "--lang", "vi", "verify", TEXT, "--trust", "dsc.der", "--at", AT.isoformat())
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("H\\u1ee2P L\\u1ec6\n")


def test_a_closed_standard_input_is_no_certificate_and_no_bug() -> None:
    code = "import os, sys; os.close(0); os.execv(sys.executable, [sys.executable, '-c', sys.argv[1]])"
    done = child(code, "from vaxcert.cli import main; main(['verify', '-'])")
    assert done.returncode == 6
    assert done.stdout == "UNDETERMINED  stdin\n  stdin cannot be read: it is closed [storage_failed]\n"


def test_without_the_second_reader_its_lack_is_told_where_no_code_was_read(tmp_path: Path) -> None:
    Image.new("L", (200, 200), 255).save(tmp_path / "blank.png")
    code = "import sys; sys.modules['pyzbar'] = None; from vaxcert.cli import main; main(['verify', 'blank.png'])"
    done = child(code)
    assert done.returncode == 3
    assert done.stderr.startswith("vaxcert: hint: install zbar")


def test_main_exits_with_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        vaxcert.cli.main(["verify", "rubbish"])
    assert raised.value.code == 3
    assert "unknown_prefix" in capsys.readouterr().out


# --- settings ------------------------------------------------------------------------------------------------------


def verified(*arguments: str) -> int:
    return run(["verify", TEXT, "--at", AT.isoformat(), *arguments])


def test_the_file_is_below_the_environment_and_that_below_the_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def greeting(*arguments: str) -> str:
        run([*arguments, "verify", "x"])
        return capsys.readouterr().out.splitlines()[0]

    assert greeting() == "REJECTED"
    (tmp_path / "vaxcert.toml").write_text('lang = "vi"\n')
    assert greeting() == "BỊ TỪ CHỐI"
    monkeypatch.setenv("VAXCERT_LANG", "en")
    assert greeting() == "REJECTED"
    assert greeting("--lang", "vi") == "BỊ TỪ CHỐI"


def test_a_command_has_its_own_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verified() == 4
    monkeypatch.setenv("VAXCERT_SETTINGS", "vaxcert.toml")
    (tmp_path / "vaxcert.toml").write_text('[verify]\ntrust = "dsc.der"\njson = true\n')
    assert verified() == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith('{"source": "text"')
    (tmp_path / "vaxcert.toml").write_text('[verify]\ntrust = "dsc.der"\nmax-age = 7\nat = 2026-11-22T08:00:00Z\n')
    assert verified() == 4, "an undated list does not decide"


@pytest.mark.parametrize(
    "text",
    [
        '[verify]\ntrust = "dsc.der"\n',
        "[verify]\ncsca = []\n",
        '[verify]\nallow = "rsa-1024"\n',
        "[verify]\nmax-age = 9999\n",
        "[verify]\nlog = []\n",
    ],
)
def test_a_folder_does_not_decide_whom_to_believe_unless_its_file_is_named(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "vaxcert.toml").write_text(text)
    assert verified() == 2
    assert "counts only where the file is named" in capsys.readouterr().err
    monkeypatch.setenv("VAXCERT_SETTINGS", "vaxcert.toml")
    assert verified() in (0, 4)


FOREIGN = [
    ('[issue]\npkcs11-module = "x.so"\n', ["issue", "records.csv", "-o", "out"]),
    ('[audit]\nlog = "dsc.der"\n', ["audit", "."]),
    ("[audit]\noffline = true\n", ["audit", "."]),
    ('[anchor.deploy]\nrpc = "http://127.0.0.1:9"\n', ["anchor", "deploy", ".", "--key", "dsc.der"]),
    ('[ledger.witness]\nlog = "dsc.der"\n', ["ledger", "witness", "w", "--listen", "127.0.0.1:0"]),
]


@pytest.mark.parametrize(("text", "command"), FOREIGN, ids=[" ".join(command[:2]) for _, command in FOREIGN])
def test_what_only_a_named_file_may_say_stops_its_own_command_alone(
    text: str, command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "vaxcert.toml").write_text(text)
    assert run(command) == 2
    assert "counts only where the file is named" in capsys.readouterr().err
    assert verified("--trust", "dsc.der") == 0


def test_an_option_outweighs_what_the_file_may_not_say(tmp_path: Path) -> None:
    (tmp_path / "vaxcert.toml").write_text('[verify]\ntrust = "elsewhere.der"\n')
    assert verified("--trust", "dsc.der") == 0


def test_a_named_file_has_to_be_there(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("VAXCERT_SETTINGS", "elsewhere.toml")
    assert verified() == 2
    assert "does not exist" in capsys.readouterr().err


def test_a_command_takes_its_options_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAXCERT_VERIFY_TRUST", "dsc.der")
    assert verified() == 0
    monkeypatch.setenv("VAXCERT_VERIFY_MAX_AGE", "7")
    assert verified() == 4


@pytest.mark.parametrize(
    "text", ["lang = ", '[verify]\ntrsut = "dsc.der"\n', "[verfy]\n", "verify = 5\n", "[keys]\ncreat = 1\n"]
)
def test_wrong_settings_end_the_run(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "vaxcert.toml").write_text(text)
    assert run(["keys", "list"] if "keys" in text else ["verify", TEXT]) == 2
    told = capsys.readouterr().err
    assert told.startswith("vaxcert: error: ")
    assert "vaxcert.toml" in told


def test_a_wrong_value_is_wrong_usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAXCERT_VERIFY_MAX_AGE", "old")
    assert verified() == 2
    monkeypatch.delenv("VAXCERT_VERIFY_MAX_AGE")
    (tmp_path / "vaxcert.toml").write_text('lang = "de"\n')
    assert verified() == 2
