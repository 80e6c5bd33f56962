"""`vaxcert ledger witness` and `cosign`, run as the command line runs them: one asks the other."""

from __future__ import annotations

import select
import shutil
import socketserver
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.kept_ledger import PASSPHRASE, issue_into, make_ledger, sign
from vaxcert.cli import run
from vaxcert.commands.ledger_witness import Address
from vaxcert.ledger.log.checkpoint import open_checkpoint
from vaxcert.ledger.log.cosignature import WitnessKey, verify_cosignatures
from vaxcert.ledger.log.note_key import KeyType
from vaxcert.ledger.log.receipt import Receipt
from vaxcert.ledger.store.certificates import certificate_row
from vaxcert.service.log_description import read_description
from vaxcert.service.witnessing import read_witness_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from vaxcert.issue.issuer import Certificate

    Serve = Callable[..., list[int]]

SECRET = ["--passphrase-file", "pass"]
WITNESS = ["ledger", "witness", "wit", "--listen", "127.0.0.1:0", "--log", "led/log.json", *SECRET]
NAMED = ["--name", "witness.example/a"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Certificate]]:
    folder = tmp_path_factory.mktemp("made") / "led"
    return folder, make_ledger(folder)


@pytest.fixture(autouse=True)
def issued(made: tuple[Path, list[Certificate]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Certificate]:
    shutil.copytree(made[0], tmp_path / "led")
    monkeypatch.chdir(tmp_path)
    Path("pass").write_bytes(PASSPHRASE + b"\n")
    Path("wrong").write_text("something else\n")
    return made[1]


@pytest.fixture
def serving(monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Return what runs `ledger witness` while other commands ask it; a request later it is interrupted."""

    def serve(
        *commands: list[str],
        requests: int = 1,
        arguments: list[str] | None = None,
        meanwhile: Callable[[], object] | None = None,
    ) -> list[int]:
        codes: list[int] = []

        def until_asked(server: socketserver.TCPServer, poll_interval: float = 0.5) -> None:
            del poll_interval
            url = f"http://127.0.0.1:{server.server_address[1]}"

            def ask() -> None:
                codes.extend(run([part.replace("URL", url) for part in command]) for command in commands)

            asking = threading.Thread(target=ask)
            asking.start()
            for _ in range(requests):
                if meanwhile is not None:
                    select.select([server], [], [])  # it is asked now
                    meanwhile()
                server.handle_request()
            asking.join()
            raise KeyboardInterrupt

        monkeypatch.setattr(socketserver.BaseServer, "serve_forever", until_asked)
        assert run(arguments or [*WITNESS, *NAMED]) == 130
        return codes

    return serve


def cosign(folder: str = "led", witness: str = "wit/witness.vkey") -> list[str]:
    return ["ledger", "cosign", folder, "URL", "--witness", witness]


def test_a_witness_cosigns_what_it_is_asked_to(serving: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    assert serving(cosign()) == [0]
    told = capsys.readouterr()
    key = read_witness_key(Path("wit/witness.vkey"))
    assert key.name == "witness.example/a"
    assert f"a new witness; logs that are to believe it need wit/witness.vkey: {key.vkey}" in told.err
    assert "listening at http://127.0.0.1:" in told.err
    assert "cosigned by witness.example/a" in told.err
    (cosignature,) = verify_cosignatures(told.out, [key])
    assert cosignature.witness == key.name
    assert open_checkpoint(told.out, verifier=read_description(Path("led/log.json")).verifier).size == 3
    assert Path("led/cosigned/3.note").read_text() == told.out


def test_receipts_and_the_status_tell_of_the_cosignature(
    serving: Serve, issued: list[Certificate], capsys: pytest.CaptureFixture[str]
) -> None:
    assert serving(cosign()) == [0]
    assert run(["ledger", "prove", "led", issued[0].uvci, "-o", "one.cbor"]) == 0
    keys = [read_description(Path("led/log.json")).verifier, read_witness_key(Path("wit/witness.vkey"))]
    logged = Receipt.of_cbor(Path("one.cbor").read_bytes()).verify(certificate_row(issued[0].cose).digest, keys)
    assert [each.witness for each in logged.cosignatures] == ["witness.example/a"]
    capsys.readouterr()
    assert run(["ledger", "status", "led"]) == 0
    assert "  cosigned    of 3 entries" in capsys.readouterr().out.splitlines()


def test_a_second_witness_is_added_to_the_first(serving: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    assert serving(cosign()) == [0]
    other = [part.replace("wit", "two") if part == "wit" else part for part in WITNESS]
    assert serving(cosign(witness="two/witness.vkey"), arguments=[*other, "--name", "witness.example/b"]) == [0]
    keys = [read_witness_key(Path(f"{name}/witness.vkey")) for name in ("wit", "two")]
    found = verify_cosignatures(Path("led/cosigned/3.note").read_text(), keys)
    assert {each.witness for each in found} == {"witness.example/a", "witness.example/b"}
    assert capsys


def test_witnesses_that_are_asked_at_once_both_stay(serving: Serve) -> None:
    assert serving(cosign()) == [0]
    first = Path("led/cosigned/3.note").read_text()
    Path("led/cosigned/3.note").unlink()

    def keep_first() -> None:
        """Do what another process does between this one's question and the answer to it."""
        Path("led/cosigned/3.note").write_text(first)

    other = [part.replace("wit", "two") if part == "wit" else part for part in WITNESS]
    arguments = [*other, "--name", "witness.example/b"]
    assert serving(cosign(witness="two/witness.vkey"), arguments=arguments, meanwhile=keep_first) == [0]
    keys = [read_witness_key(Path(f"{name}/witness.vkey")) for name in ("wit", "two")]
    found = verify_cosignatures(Path("led/cosigned/3.note").read_text(), keys)
    assert [each.witness for each in found] == ["witness.example/a", "witness.example/b"]


def test_a_witness_that_is_there_keeps_its_name(serving: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    assert serving(cosign()) == [0]
    assert run([*WITNESS, "--name", "witness.example/b"]) == 2
    assert "the witness in wit is witness.example/a" in capsys.readouterr().err
    assert serving(cosign(), requests=2, arguments=[*WITNESS, *NAMED]) == [0]


def test_a_witness_remembers_and_cosigns_what_extends_the_last(serving: Serve) -> None:
    assert serving(cosign()) == [0]
    issue_into(Path("led"), 2, seed=2)
    sign(Path("led"))
    # It is first asked as one that has seen nothing, and says what it has.
    assert serving(cosign(), requests=2, arguments=WITNESS) == [0]
    assert {path.name for path in Path("led/cosigned").iterdir()} == {"3.note", "5.note"}


def test_a_history_that_does_not_extend_the_last_is_not_cosigned(
    serving: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree("led", "fork")
    issue_into(Path("led"), 2, seed=2)
    issue_into(Path("fork"), 3, seed=3)
    for folder in ("led", "fork"):
        sign(Path(folder))
    assert serving(cosign()) == [0]
    capsys.readouterr()
    assert serving(cosign("fork"), requests=2, arguments=WITNESS) == [6]
    assert "does not extend" in capsys.readouterr().err
    assert not Path("fork/cosigned").exists()


def test_a_log_that_is_not_watched_is_not_cosigned(serving: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ledger", "init", "other", "--origin", "other.example", *SECRET]) == 0
    assert run(["ledger", "checkpoint", "other", *SECRET]) == 0
    assert serving(cosign("other")) == [6]
    assert "does not watch this log" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "--name makes one"),
        (["--name", "a b"], 2, "one word"),
        ([*NAMED, "--log", "none"], 2, "does not exist"),
        ([*NAMED, "--log", "pass"], 6, "pass: "),
        ([*NAMED, "--listen", "127.0.0.1"], 2, "HOST:PORT"),
        ([*NAMED, "--passphrase-file", "wrong", "--passphrase-fd", "0"], 2, "not both"),
    ],
)
def test_a_witness_that_cannot_be_is_not_made(
    arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*WITNESS, *arguments]) == code
    assert message in capsys.readouterr().err
    assert not Path("wit").exists()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda: shutil.copy("wrong", "pass"), "the passphrase is wrong"),
        (lambda: Path("wit/witness.sqlite").unlink(), "has lost what it has cosigned"),
        (lambda: Path("wit/witness.sqlite").write_text("x" * 5000), "witness.sqlite"),
        (lambda: Path("wit/witness.vkey").unlink(), "cannot be read"),
        (lambda: shutil.copy("led/log.vkey", "wit/witness.vkey"), "a log's, not a witness's"),
        (
            lambda: Path("wit/witness.vkey").write_text(WitnessKey.create("witness.example/a").vkey),
            "do not belong together",
        ),
    ],
)
def test_a_witness_that_is_not_whole_does_not_serve(
    spoil: Callable[[], object], message: str, serving: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    assert serving(cosign()) == [0]
    spoil()
    capsys.readouterr()
    assert run(WITNESS) == 6
    told = capsys.readouterr().err
    assert message in told
    assert "listening" not in told


def test_a_witness_watches_no_log_that_has_its_own_key(serving: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    assert serving(cosign()) == [0]
    key = read_witness_key(Path("wit/witness.vkey"))
    Path("same.vkey").write_text(replace(key, name="log.example", key_type=KeyType.LOG).vkey)
    assert run([*WITNESS, "--log", "same.vkey"]) == 6
    assert "keys that are not its own" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["http://127.0.0.1:9"], 2, "--witness"),
        (["http://127.0.0.1:9", "--witness", "none"], 2, "does not exist"),
        (["http://127.0.0.1:9", "--witness", "pass"], 6, "pass: "),
        (["http://127.0.0.1:9", "--witness", "led/log.vkey"], 6, "a log's, not a witness's"),
        (["http://127.0.0.1:9", "--witness", "some.vkey"], 4, "did not answer"),
        (["ftp://127.0.0.1", "--witness", "some.vkey"], 2, "http:// or https://"),
    ],
)
def test_a_witness_that_cannot_be_asked_is_told(
    arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("some.vkey").write_text(f"{WitnessKey.create('witness.example/a').vkey}\n")
    assert run(["ledger", "cosign", "led", *arguments]) == code
    assert message in capsys.readouterr().err
    assert not Path("led/cosigned").exists()


def test_a_log_without_a_checkpoint_has_nothing_to_cosign(capsys: pytest.CaptureFixture[str]) -> None:
    Path("some.vkey").write_text(f"{WitnessKey.create('witness.example/a').vkey}\n")
    make_ledger(Path("new"), 0, is_signed=False)
    assert run(["ledger", "cosign", "new", "http://127.0.0.1:9", "--witness", "some.vkey"]) == 6
    assert "no checkpoint yet" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "address"),
    [("127.0.0.1:80", ("127.0.0.1", 80)), ("[::1]:8080", ("::1", 8080)), ("localhost:0", ("localhost", 0))],
)
def test_an_address_is_a_host_and_a_port(text: str, address: tuple[str, int]) -> None:
    assert Address().convert(text, None, None) == address
    assert Address().convert(address, None, None) == address


@pytest.mark.parametrize("text", ["", "80", ":80", "host:", "host:x", "host:65536", "host:-1", "host:²"])
def test_what_is_no_address_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*WITNESS, *NAMED, "--listen", text]) == 2
    assert "HOST:PORT" in capsys.readouterr().err
