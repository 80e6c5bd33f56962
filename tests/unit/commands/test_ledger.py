"""`vaxcert ledger`, run as the command line runs it."""

from __future__ import annotations

import json
import shutil
import sqlite3
from base64 import b64decode
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.kept_ledger import ORIGIN, PASSPHRASE, issue_into, make_ledger, trust_file
from vaxcert.cli import COMMANDS, run
from vaxcert.commands import ledger
from vaxcert.errors import StorageError
from vaxcert.ledger.log.checkpoint import open_checkpoint
from vaxcert.ledger.log.receipt import Receipt
from vaxcert.ledger.log.tlog_proof import parse_tlog_proof
from vaxcert.ledger.store.certificates import certificate_row
from vaxcert.ledger.store.log import TransparencyLog
from vaxcert.service.cosigned import cosigned_note, keep_cosigned
from vaxcert.service.ledger_folder import LedgerFolder
from vaxcert.service.log_description import read_description

if TYPE_CHECKING:
    from vaxcert.issue.issuer import Certificate
    from vaxcert.ledger.log.note_key import NoteVerifier

SECRET = ["--passphrase-file", "pass"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Certificate]]:
    """Return a ledger of three certificates under a checkpoint, not yet anchored."""
    folder = tmp_path_factory.mktemp("made") / "led"
    return folder, make_ledger(folder)


@pytest.fixture
def issued(made: tuple[Path, list[Certificate]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Certificate]:
    """Work in a folder with that ledger in `led`, and return its certificates."""
    shutil.copytree(made[0], tmp_path / "led")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pass").write_bytes(PASSPHRASE + b"\n")
    return made[1]


@pytest.fixture
def _empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pass").write_bytes(PASSPHRASE + b"\n")


def verifier() -> NoteVerifier:
    return read_description(Path("led/log.json")).verifier


def out_of(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def change(sql: str, *values: object) -> None:
    """Do what somebody does who has the database in hand."""
    with closing(sqlite3.connect("led/log.sqlite")) as connection, connection:
        assert connection.execute(sql, values).rowcount > 0


def test_the_short_help_is_that_of_the_table() -> None:
    assert ledger.command.get_short_help_str(80) == COMMANDS["ledger"]


# --- init ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("_empty")
def test_init_makes_all_that_a_ledger_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ledger", "init", "led", "--origin", ORIGIN, *SECRET]) == 0
    captured = capsys.readouterr()
    assert sorted(captured.out.splitlines()) == sorted(str(path) for path in Path("led").iterdir())
    assert "led/log.json" in captured.err
    description = read_description(Path("led/log.json"))
    assert description.origin == ORIGIN
    assert description.vkey == Path("led/log.vkey").read_text().strip()
    assert description.chain is not None
    assert description.chain.driver == "file"
    assert b"ENCRYPTED" in Path("led/log-key.pem").read_bytes()
    for path in (Path("led"), *Path("led").iterdir()):
        is_public = path.name in ("log.json", "log.vkey")
        assert bool(path.stat().st_mode & 0o077) == is_public, path


@pytest.mark.usefixtures("_empty")
@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--origin", ORIGIN], 6, "a private key needs a passphrase"),
        (SECRET, 2, "--origin"),
        (["--origin", "two words", *SECRET], 2, "one word"),
        (["--origin", "a+b", *SECRET], 2, "without plus"),
        (["--origin", "", *SECRET], 2, "one word"),
        (["--origin", "o" * 256, *SECRET], 2, "at most 255 bytes"),
        (["--origin", ORIGIN, "--passphrase-file", "none"], 2, "does not exist"),
        (["--origin", ORIGIN, "--passphrase-file", "short"], 6, "shorter than 8 bytes"),
    ],
)
def test_an_init_that_cannot_be_leaves_nothing_behind(
    arguments: list[str], code: int, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("short").write_text("short\n")
    assert run(["ledger", "init", "led", *arguments]) == code
    assert message in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pass", "short"]


@pytest.mark.usefixtures("issued")
def test_init_fills_no_folder_that_has_something() -> None:
    before = Path("led/log.json").read_bytes()
    assert run(["ledger", "init", "led", "--origin", "other", *SECRET]) == 6
    assert Path("led/log.json").read_bytes() == before


# --- checkpoint and status -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("issued")
def test_a_checkpoint_goes_to_standard_output_and_a_size_is_signed_once(capsys: pytest.CaptureFixture[str]) -> None:
    issue_into(Path("led"), 2, seed=2)
    assert run(["ledger", "checkpoint", "led", *SECRET]) == 0
    first = capsys.readouterr()
    assert open_checkpoint(first.out, verifier=verifier()).size == 5
    assert first.out == Path("led/checkpoint").read_text()
    assert "entries signed: 5; anchor them" in first.err
    assert run(["ledger", "checkpoint", "led", *SECRET]) == 0
    second = capsys.readouterr()
    assert second.out == first.out
    assert "entries signed: 5, nothing new" in second.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--passphrase-file", "wrong"], "the passphrase is wrong"), ([], "a private key needs a passphrase")],
)
@pytest.mark.usefixtures("issued")
def test_without_the_passphrase_nothing_is_signed(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("wrong").write_text("something else\n")
    issue_into(Path("led"), 1, seed=2)
    assert run(["ledger", "checkpoint", "led", *arguments]) == 6
    assert message in capsys.readouterr().err
    with TransparencyLog.open(Path("led")) as log:
        assert [checkpoint.size for checkpoint in log.checkpoints()] == [3]


@pytest.mark.usefixtures("issued")
def test_another_logs_key_signs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ledger", "init", "other", "--origin", ORIGIN, *SECRET]) == 0
    shutil.copy("other/log-key.pem", "led/log-key.pem")
    assert run(["ledger", "checkpoint", "led", *SECRET]) == 1
    assert "not the one of this log" in capsys.readouterr().err


@pytest.mark.usefixtures("issued")
def test_the_status_tells_how_far_everything_is(capsys: pytest.CaptureFixture[str]) -> None:
    issue_into(Path("led"), 1, seed=2)
    assert run(["ledger", "status", "led", "--json"]) == 0
    assert run(["ledger", "status", "led"]) == 0
    line, *card = out_of(capsys)
    status: dict[str, Any] = json.loads(line)
    assert list(status) == [
        "origin", "vkey", "log_id", "size", "unsigned", "erased", "checkpoint", "cosigned_size", "state", "halted",
        "anchoring",
    ]  # fmt: skip
    assert (status["origin"], status["size"], status["unsigned"], status["state"]) == (ORIGIN, 4, 1, "writable")
    assert status["checkpoint"]["size"] == 3
    assert status["anchoring"]["final"] is None
    assert status["anchoring"]["pending"]["state"] == "queued"
    assert card[0] == ORIGIN
    assert card[1] == "  entries     4"
    assert card[2].startswith("  checkpoint  of 3 entries, ")
    assert card[2].endswith("; entries that are newer: 1")
    assert card[3] == "  anchored    nothing yet, in a file (no chain stands behind it)"
    assert card[4].startswith("  waiting     3 entries: queued since ")


@pytest.mark.usefixtures("_empty")
def test_the_status_of_an_empty_ledger(capsys: pytest.CaptureFixture[str]) -> None:
    make_ledger(Path("led"), 0, is_signed=False)
    assert run(["ledger", "status", "led"]) == 0
    assert "  checkpoint  none yet: nothing can be proved" in out_of(capsys)
    assert run(["ledger", "status", "led", "--json"]) == 0
    assert json.loads(out_of(capsys)[0])["checkpoint"] is None


@pytest.mark.usefixtures("issued")
def test_the_status_goes_on_without_the_files_beside_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    Path("led/anchor.json").unlink()
    assert run(["ledger", "status", "led"]) == 0
    assert "  anchored    nowhere: there is no anchor.json" in out_of(capsys)
    assert run(["ledger", "status", "led", "--json"]) == 0
    assert json.loads(out_of(capsys)[0])["anchoring"] is None


@pytest.mark.parametrize("content", ["{", "[]", '{"version": 2}'])
@pytest.mark.usefixtures("issued")
def test_an_anchor_json_that_is_none_is_told(content: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("led/anchor.json").write_text(content)
    assert run(["ledger", "status", "led"]) == 2
    assert "anchor.json: " in capsys.readouterr().err


# --- prove ---------------------------------------------------------------------------------------------------------


def test_the_receipt_of_a_certificate_proves_it(
    issued: list[Certificate], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = issued[1]
    assert run(["ledger", "prove", "led", wanted.uvci]) == 0
    line = json.loads(out_of(capsys)[0])
    assert (line["id"], line["leaf_index"], line["tree_size"]) == (wanted.uvci, 1, 3)
    assert (line["anchor"], line["chain"]) == ("queued", "file")
    logged = Receipt.of_cbor(b64decode(line["receipt"])).verify(certificate_row(wanted.cose).digest, [verifier()])
    assert (logged.index, logged.tree_size, logged.origin) == (1, 3, ORIGIN)
    Path("card.txt").write_text(wanted.text)
    Path("receipts.jsonl").write_text(json.dumps(line))
    trust = ["--trust", str(trust_file(tmp_path)), "--log", "led/log.json"]
    assert run(["verify", "card.txt", "--receipt", "receipts.jsonl", *trust]) == 0
    assert f"in the log {ORIGIN}" in capsys.readouterr().out


def test_one_receipt_alone_has_two_forms(issued: list[Certificate]) -> None:
    for name in ("one.cbor", "one.tlog-proof"):
        assert run(["ledger", "prove", "led", issued[2].uvci, "-o", name]) == 0
    digest = certificate_row(issued[2].cose).digest
    assert Receipt.of_cbor(Path("one.cbor").read_bytes()).verify(digest, [verifier()]).index == 2
    assert parse_tlog_proof(Path("one.tlog-proof").read_bytes()).verify(digest, [verifier()]).index == 2


def test_all_receipts_are_those_of_one_by_one(issued: list[Certificate], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["anchor", "run", "led", "--once"]) == 0
    issue_into(Path("led"), 300, seed=3)
    assert run(["ledger", "checkpoint", "led", *SECRET]) == 0
    later = issue_into(Path("led"), 1, seed=4)
    capsys.readouterr()
    assert run(["ledger", "prove", "led", "--all", "-o", "all.jsonl"]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert "receipts written: 303, to all.jsonl" in told.err
    assert "entries newer than the newest checkpoint: 1" in told.err
    lines = Path("all.jsonl").read_text().splitlines()
    ids = [json.loads(line)["id"] for line in lines]
    assert ids[:3] == [certificate.uvci for certificate in issued]
    assert later[0].uvci not in ids
    chosen = [0, 2, 3, 255, 258, 259, 302]
    assert run(["ledger", "prove", "led", *[ids[index] for index in chosen]]) == 0
    assert out_of(capsys) == [lines[index] for index in chosen]
    assert [json.loads(lines[index])["tree_size"] for index in chosen] == [3, 3, 303, 303, 303, 303, 303]
    assert [json.loads(lines[index])["anchor"] for index in (2, 3)] == ["final", "queued"]


def test_without_anchors_every_receipt_is_of_the_newest_checkpoint(
    issued: list[Certificate], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["anchor", "run", "led", "--once"]) == 0
    issue_into(Path("led"), 1, seed=3)
    assert run(["ledger", "checkpoint", "led", *SECRET]) == 0
    capsys.readouterr()
    assert run(["ledger", "prove", "led", issued[0].uvci, "--no-anchor"]) == 0
    assert json.loads(out_of(capsys)[0])["tree_size"] == 4


def test_what_a_file_anchors_is_no_proof_for_anybody(
    issued: list[Certificate], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["anchor", "run", "led", "--once"]) == 0
    capsys.readouterr()
    assert run(["ledger", "prove", "led", issued[0].uvci]) == 0
    line = json.loads(out_of(capsys)[0])
    assert (line["anchor"], line["chain"]) == ("final", "file")
    assert Receipt.of_cbor(b64decode(line["receipt"])).anchor is None


@pytest.mark.usefixtures("issued")
@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "name certificates by their ids, or say --all"),
        (["ID", "--all"], 2, "name certificates by their ids, or say --all"),
        (["--all", "-o", "x.cbor"], 2, "takes the receipt of one certificate"),
        (["A", "B", "-o", "x.tlog-proof"], 2, "takes the receipt of one certificate"),
        (["URN:UVCI:01:VN:NONE"], 6, "no certificate with this id"),
        (["URN:UVCI:01:VN:NONE", "-o", "x.cbor"], 6, "no certificate with this id"),
        (["--all", "-o", "pass"], 6, "pass exists"),
        (["--all", "-o", "none/x.jsonl"], 6, "no folder"),
    ],
)
def test_a_receipt_that_cannot_be_made_is_not_written(
    arguments: list[str], code: int, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["ledger", "prove", "led", *arguments]) == code
    assert message in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["led", "pass"]


@pytest.mark.usefixtures("issued")
def test_what_no_checkpoint_covers_cannot_be_proved_yet(capsys: pytest.CaptureFixture[str]) -> None:
    newer = issue_into(Path("led"), 1, seed=2)
    assert run(["ledger", "prove", "led", newer[0].uvci]) == 6
    assert "newer than the newest checkpoint" in capsys.readouterr().err


@pytest.mark.usefixtures("_empty")
def test_without_a_checkpoint_nothing_can_be_proved(capsys: pytest.CaptureFixture[str]) -> None:
    issued = make_ledger(Path("led"), 1, is_signed=False)
    for arguments in ([issued[0].uvci], ["--all"]):
        assert run(["ledger", "prove", "led", *arguments]) == 6
        assert "no checkpoint yet" in capsys.readouterr().err


def test_no_receipt_is_made_from_a_tree_that_contradicts_itself(
    issued: list[Certificate], capsys: pytest.CaptureFixture[str]
) -> None:
    issue_into(Path("led"), 300, seed=3)
    assert run(["ledger", "checkpoint", "led", *SECRET]) == 0
    change("UPDATE tile SET hashes = zeroblob(length(hashes)) WHERE id = 0")
    assert run(["ledger", "prove", "led", "--all", "-o", "all.jsonl"]) == 6
    assert "contradict" in capsys.readouterr().err
    assert not Path("all.jsonl").exists()
    assert issued


@pytest.mark.usefixtures("issued")
def test_no_receipt_is_made_of_an_entry_that_lost_its_salt(capsys: pytest.CaptureFixture[str]) -> None:
    change("UPDATE segment SET kinds = x'41C141', salts = zeroblob(48)")
    assert run(["ledger", "prove", "led", "--all", "-o", "all.jsonl"]) == 6
    assert "entry 1 has no salt" in capsys.readouterr().err
    assert not Path("all.jsonl").exists()


# --- verify --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("issued")
def test_a_log_in_order_is_valid(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ledger", "verify", "led"]) == 0
    assert run(["ledger", "verify", "led", "--json"]) == 0
    text, line = out_of(capsys)
    assert text == "VALID  the log is what it was built as"
    nothing = dict.fromkeys(("part", "index", "level", "message"))
    assert json.loads(line) == {"outcome": "valid", **nothing, "sealed": 0}


@pytest.mark.usefixtures("issued")
@pytest.mark.parametrize(
    ("sql", "part", "index"),
    [
        ("UPDATE tile SET hashes = zeroblob(96)", "tile", 0),
        ("UPDATE segment SET salts = zeroblob(48)", "salt", 0),
        ("UPDATE certificate SET cose = x'd28440a04040' WHERE leaf_index = 1", "certificate", 1),
        ("DELETE FROM certificate WHERE leaf_index = 2", "certificate", 2),
        ("UPDATE checkpoint SET root = zeroblob(32)", "checkpoint", 3),
    ],
)
def test_the_first_thing_changed_is_named(sql: str, part: str, index: int, capsys: pytest.CaptureFixture[str]) -> None:
    change(sql)
    assert run(["ledger", "verify", "led"]) == 1
    assert run(["ledger", "verify", "led", "--json"]) == 1
    text, line = out_of(capsys)
    assert text.startswith(f"CHANGED  {part}")
    found = json.loads(line)
    assert (found["outcome"], found["part"], found["index"]) == ("rejected", part, index)
    assert found["message"] in text


# --- export --------------------------------------------------------------------------------------------------------


def test_the_export_for_everybody_has_nothing_of_anybody(issued: list[Certificate]) -> None:
    assert run(["ledger", "export", "led", "tiles"]) == 0
    files = [path for path in Path("tiles").rglob("*") if path.is_file()]
    assert sorted(str(path) for path in files) == ["tiles/checkpoint", "tiles/tile/0/000.p/3"]
    content = b"".join(path.read_bytes() for path in files)
    with TransparencyLog.open(Path("led")) as log:
        entries = list(log.entries())
    for certificate, entry in zip(issued, entries, strict=True):
        secret = (certificate.uvci.encode(), certificate_row(certificate.cose).digest, entry.salt, entry.entry)
        assert not any(part in content for part in secret if part)
        assert entry.leaf in content


@pytest.mark.usefixtures("issued")
def test_an_export_is_brought_up_to_date() -> None:
    assert run(["ledger", "export", "led", "tiles"]) == 0
    issue_into(Path("led"), 1, seed=2)
    assert run(["ledger", "checkpoint", "led", *SECRET]) == 0
    assert run(["ledger", "export", "led", "tiles"]) == 0
    assert open_checkpoint(Path("tiles/checkpoint").read_text(), verifier=verifier()).size == 4


@pytest.mark.usefixtures("issued")
def test_the_auditors_export_has_all_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ledger", "export", "led", "audit", "--auditor"]) == 0
    assert "audit holds certificates" in capsys.readouterr().err
    assert Path("audit/log.json").read_bytes() == Path("led/log.json").read_bytes()
    assert not any(name in {path.name for path in Path("audit").iterdir()} for name in ("log-key.pem", "anchor.json"))
    assert not Path("audit").stat().st_mode & 0o077


@pytest.mark.usefixtures("issued")
@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["led"], 6, "holds a ledger"),
        (["taken", "--auditor"], 6, "taken exists"),
        (["pass"], 6, "pass"),
    ],
)
def test_an_export_that_would_be_in_the_way_is_refused(
    arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("taken").mkdir()
    assert run(["ledger", "export", "led", *arguments]) == code
    assert message in capsys.readouterr().err


@pytest.mark.usefixtures("_empty")
def test_without_a_checkpoint_there_is_nothing_to_export() -> None:
    make_ledger(Path("led"), 1, is_signed=False)
    assert run(["ledger", "export", "led", "tiles"]) == 6
    assert run(["ledger", "export", "led", "audit", "--auditor"]) == 6
    assert not Path("audit").exists()


# --- erase ---------------------------------------------------------------------------------------------------------


def test_an_erased_certificate_is_gone_and_every_other_proof_holds(
    issued: list[Certificate], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["ledger", "erase", "led", issued[1].uvci, "--yes"]) == 0
    assert "entry 1 is erased" in capsys.readouterr().err
    content = Path("led/log.sqlite").read_bytes()
    assert issued[1].cose not in content
    assert certificate_row(issued[1].cose).digest not in content
    assert issued[0].cose in content
    assert run(["ledger", "prove", "led", issued[1].uvci]) == 6
    assert "no certificate with this id" in capsys.readouterr().err
    assert run(["ledger", "prove", "led", "--all"]) == 0
    assert [json.loads(line)["leaf_index"] for line in out_of(capsys)] == [0, 2]
    assert run(["ledger", "verify", "led"]) == 0
    assert run(["ledger", "status", "led"]) == 0
    assert "  entries     3, of which erased: 1" in out_of(capsys)


def test_nothing_is_erased_without_a_yes(issued: list[Certificate], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ledger", "erase", "led", issued[0].uvci]) == 2
    assert "say --yes" in capsys.readouterr().err
    assert run(["ledger", "erase", "led", "URN:UVCI:01:VN:NONE", "--yes"]) == 6
    with TransparencyLog.open(Path("led")) as log:
        assert not list(log.erasures())


# --- backup, restore, resume ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("issued")
def test_a_restored_ledger_takes_nothing_until_it_was_compared_with_its_chain(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["anchor", "run", "led", "--once"]) == 0
    assert run(["ledger", "backup", "led", "copy.sqlite"]) == 0
    assert run(["ledger", "restore", "copy.sqlite", "again"]) == 0
    assert "log-key.pem and anchor.json belong here too" in capsys.readouterr().err
    assert read_description(Path("again/log.json")).vkey == verifier().vkey
    for name in ("log-key.pem", "anchor.json", "anchors.jsonl"):
        shutil.copy(f"led/{name}", f"again/{name}")
    assert run(["ledger", "checkpoint", "again", *SECRET]) == 6
    assert "restored from a backup" in capsys.readouterr().err
    assert run(["ledger", "status", "again"]) == 0
    assert "  state       RESTORED, not compared with its chain" in out_of(capsys)
    assert run(["anchor", "run", "again", "--once"]) == 0
    issue_into(Path("again"), 1, seed=2)
    assert run(["ledger", "checkpoint", "again", *SECRET]) == 0


@pytest.mark.usefixtures("issued")
def test_a_copy_that_is_older_than_the_chain_is_halted(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ledger", "backup", "led", "old.sqlite"]) == 0
    issue_into(Path("led"), 1, seed=2)
    assert run(["ledger", "checkpoint", "led", *SECRET]) == 0
    assert run(["anchor", "run", "led", "--once"]) == 0
    assert run(["ledger", "restore", "old.sqlite", "again"]) == 0
    for name in ("log-key.pem", "anchor.json", "anchors.jsonl"):
        shutil.copy(f"led/{name}", f"again/{name}")
    capsys.readouterr()
    assert run(["anchor", "run", "again", "--once"]) == 6
    assert run(["ledger", "status", "again"]) == 0
    assert any("HALTED" in line for line in out_of(capsys))
    assert run(["ledger", "checkpoint", "again", *SECRET]) == 6


@pytest.mark.usefixtures("issued")
def test_an_operator_resumes_a_halted_ledger_knowingly(capsys: pytest.CaptureFixture[str]) -> None:
    with TransparencyLog.open(Path("led")) as log:
        log.halt("the chain shows another history")
    assert run(["ledger", "status", "led", "--json"]) == 0
    status = json.loads(out_of(capsys)[0])
    assert (status["state"], status["halted"]) == ("halted", "the chain shows another history")
    assert run(["ledger", "resume", "led"]) == 2
    assert "the chain shows another history" in capsys.readouterr().err
    with TransparencyLog.open(Path("led")) as log:
        assert log.halted
    assert run(["ledger", "resume", "led", "--yes"]) == 0
    with TransparencyLog.open(Path("led")) as log:
        assert log.halted is None
    capsys.readouterr()
    assert run(["ledger", "resume", "led"]) == 0
    assert "nothing to resume" in capsys.readouterr().err


@pytest.mark.usefixtures("issued")
def test_an_operator_resumes_a_restored_ledger_that_has_no_chain() -> None:
    assert run(["ledger", "backup", "led", "copy.sqlite"]) == 0
    assert run(["ledger", "restore", "copy.sqlite", "again"]) == 0
    assert run(["ledger", "resume", "again", "--yes"]) == 0
    issue_into(Path("again"), 1, seed=2)


@pytest.mark.usefixtures("issued")
def test_a_log_comes_back_into_the_folder_that_lost_it() -> None:
    assert run(["ledger", "backup", "led", "copy.sqlite"]) == 0
    before = Path("led/log.json").read_bytes()
    Path("led/log.sqlite").unlink()
    assert run(["ledger", "restore", "copy.sqlite", "led"]) == 0
    assert Path("led/log.json").read_bytes() == before
    assert LedgerFolder(Path("led")).config() is not None


@pytest.mark.usefixtures("issued")
def test_a_backup_goes_over_nothing_and_comes_back_over_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ledger", "backup", "led", "pass"]) == 6
    assert Path("pass").read_bytes() == PASSPHRASE + b"\n"
    capsys.readouterr()
    assert run(["ledger", "backup", "led", "none/copy.sqlite"]) == 6
    assert "none/copy.sqlite cannot be written: there is no folder none" in capsys.readouterr().err
    assert run(["ledger", "backup", "led", "copy.sqlite"]) == 0
    digest = sha256(Path("led/log.sqlite").read_bytes()).digest()
    assert run(["ledger", "restore", "copy.sqlite", "led"]) == 6
    assert sha256(Path("led/log.sqlite").read_bytes()).digest() == digest
    assert run(["ledger", "restore", "pass", "x"]) == 6
    assert "not a database" in capsys.readouterr().err


@pytest.mark.usefixtures("issued")
def test_a_log_is_not_restored_among_the_files_of_another(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ledger", "backup", "led", "copy.sqlite"]) == 0
    assert run(["ledger", "init", "other", "--origin", ORIGIN, *SECRET]) == 0
    Path("other/log.sqlite").unlink()
    for name in ("log.json", "log.vkey"):
        before = {path.name: path.read_bytes() for path in Path("other").iterdir()}
        assert run(["ledger", "restore", "copy.sqlite", "other"]) == 6
        assert f"the files of another log: see {name}" in capsys.readouterr().err
        assert {path.name: path.read_bytes() for path in Path("other").iterdir()} == before
        Path("other", name).unlink()
    assert run(["ledger", "restore", "copy.sqlite", "other"]) == 0


@pytest.mark.usefixtures("issued")
@pytest.mark.parametrize("lost", ["log.json", "log.vkey"])
def test_what_describes_a_restored_log_is_completed(lost: str) -> None:
    assert run(["ledger", "backup", "led", "copy.sqlite"]) == 0
    vkey = Path("led/log.vkey").read_bytes()
    for name in ("log.sqlite", lost):
        Path("led", name).unlink()
    assert run(["ledger", "restore", "copy.sqlite", "led"]) == 0
    assert Path("led/log.vkey").read_bytes() == vkey
    assert read_description(Path("led/log.json")).vkey == verifier().vkey


@pytest.mark.usefixtures("issued")
def test_cosigned_checkpoints_that_cannot_be_read_are_no_bug(capsys: pytest.CaptureFixture[str]) -> None:
    Path("led/cosigned").write_text("")
    with pytest.raises(StorageError, match="cosigned cannot be written"):
        keep_cosigned(LedgerFolder(Path("led")), 1, "note")
    with pytest.raises(StorageError, match="cannot be read"):
        cosigned_note(LedgerFolder(Path("led")), 1)
    assert run(["ledger", "status", "led"]) == 6
    assert "cosigned cannot be read" in capsys.readouterr().err


@pytest.mark.usefixtures("issued")
def test_a_checkpoint_of_a_time_that_no_calendar_has_is_damage(capsys: pytest.CaptureFixture[str]) -> None:
    with TransparencyLog.open(Path("led")) as log:
        assert log.database.run("UPDATE checkpoint SET at = ?", (2**62,))
    assert run(["ledger", "status", "led"]) == 6
    assert "seconds after 1970" in capsys.readouterr().err


# --- what is no ledger ---------------------------------------------------------------------------------------------

EVERY = (
    ["checkpoint", "F", *SECRET],
    ["status", "F"],
    ["prove", "F", "--all"],
    ["verify", "F"],
    ["export", "F", "out"],
    ["export", "F", "out", "--auditor"],
    ["erase", "F", "ID", "--yes"],
    ["backup", "F", "out"],
    ["resume", "F", "--yes"],
    ["cosign", "F", "http://127.0.0.1:9", "--witness", "vkey"],
)


@pytest.mark.usefixtures("_empty")
@pytest.mark.parametrize("arguments", EVERY, ids=lambda arguments: " ".join(arguments[:3:2]))
@pytest.mark.parametrize("what", ["nothing", "a text", "another database"])
def test_every_command_refuses_what_is_no_ledger(
    arguments: list[str], what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("F").mkdir()
    Path("vkey").write_text("witness.example/a+5506a616+BGDpnAYRPQCfiH4yfQ2thS6c4VX7Q1RNi0P3YAMY8HJc\n")
    if what == "a text":
        Path("F/log.sqlite").write_text("this is no database, however long the text may be" * 100)
    elif what == "another database":
        with closing(sqlite3.connect("F/log.sqlite")) as connection, connection:
            connection.execute("CREATE TABLE log (id)")
    assert run(["ledger", *arguments]) == 6
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("vaxcert: error: ")
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("_empty")
@pytest.mark.parametrize("arguments", EVERY, ids=lambda arguments: " ".join(arguments[:3:2]))
def test_every_command_wants_a_folder_that_is_there(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    Path("vkey").write_text("x\n")
    assert run(["ledger", *arguments]) == 2
    assert "does not exist" in capsys.readouterr().err
    assert run(["ledger", arguments[0]]) == 2


@pytest.mark.usefixtures("issued")
def test_an_export_is_no_ledger() -> None:
    assert run(["ledger", "export", "led", "audit", "--auditor"]) == 0
    assert run(["ledger", "status", "audit"]) == 6


@pytest.mark.usefixtures("issued")
def test_options_come_from_the_settings_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("vaxcert.toml").write_text('[ledger.checkpoint]\npassphrase-file = "pass"\n[ledger.status]\njson = true\n')
    assert run(["ledger", "checkpoint", "led"]) == 0
    capsys.readouterr()
    assert run(["ledger", "status", "led"]) == 0
    assert json.loads(out_of(capsys)[0])["size"] == 3
    Path("vaxcert.toml").write_text("[ledger.status]\njsn = true\n")
    assert run(["ledger", "status", "led"]) == 2
    Path("vaxcert.toml").unlink()
    monkeypatch.setenv("VAXCERT_LEDGER_CHECKPOINT_PASSPHRASE_FILE", "pass")
    assert run(["ledger", "checkpoint", "led"]) == 0
