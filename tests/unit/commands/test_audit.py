"""`vaxcert audit`, run as the command line runs it; on a real node in tests/integration/test_anchor_commands.py."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.kept_ledger import PASSPHRASE, issue_into, make_ledger, now, sign, signer, trust_file
from vaxcert.cli import COMMANDS, run
from vaxcert.commands import audit

AUDIT = ["audit", "led", "--trust", "dsc.der"]
PINNED = ["--log", "known.json"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a ledger of three anchored certificates, and what an auditor has of it from elsewhere."""
    folder = tmp_path_factory.mktemp("made")
    make_ledger(folder / "led")
    assert run(["anchor", "run", str(folder / "led"), "--once"]) == 0
    shutil.copy(folder / "led" / "log.json", folder / "known.json")
    shutil.copy(folder / "led" / "checkpoint", folder / "kept.note")
    trust_file(folder)
    return folder


@pytest.fixture(autouse=True)
def _workspace(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(made, tmp_path / "w")
    monkeypatch.chdir(tmp_path / "w")
    Path("pass").write_bytes(PASSPHRASE + b"\n")


def out_of(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def report_of(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(out_of(capsys)[0])
    return report


def change(sql: str, *values: object) -> None:
    """Do what somebody does who has the database in hand."""
    with closing(sqlite3.connect("led/log.sqlite")) as connection, connection:
        assert connection.execute(sql, values).rowcount > 0


def test_the_short_help_is_that_of_the_table() -> None:
    assert audit.command.get_short_help_str(80) == COMMANDS["audit"]


# --- what is in order ----------------------------------------------------------------------------------------------


def test_a_ledger_in_order_is_clean(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*AUDIT, *PINNED]) == 0
    first, second, third, *rest = out_of(capsys)
    assert first == "CLEAN  ledger.example/vn"
    assert second == "  all 3 entries are in order, 3 of them anchored"
    assert third.startswith("  checked: entries 3, certificates 3, signatures 3, ")
    assert [line.rpartition("[")[2] for line in rest] == ["no_chain_behind]"]


def test_an_export_needs_neither_the_ledger_nor_a_network(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ledger", "export", "led", "handed-over", "--auditor"]) == 0
    shutil.rmtree("led")
    capsys.readouterr()
    for order in (["audit", "--offline", "handed-over"], ["audit", "handed-over"]):
        assert run([*order, "--trust", "dsc.der", *PINNED]) == 0
        assert out_of(capsys)[0] == "CLEAN  ledger.example/vn"


def test_a_report_as_json_is_that_of_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [*AUDIT, *PINNED, "--at", now().isoformat()]
    assert run([*arguments, "--json", "--report", "report.json"]) == 0
    told = capsys.readouterr()
    report = json.loads(told.out)
    assert report == json.loads(Path("report.json").read_text())
    assert (report["outcome"], report["code"], report["findings"]) == ("clean", None, [])
    assert "the report is in report.json" in told.err


@pytest.mark.parametrize(("lang", "word"), [("en", "Clean"), ("vi", "Không có sai phạm")])
def test_a_report_to_be_filed_is_one_page(lang: str, word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--lang", lang, *AUDIT, *PINNED, "--report", "report.html"]) == 0
    page = Path("report.html").read_text("utf-8")
    assert page.lower().startswith("<!doctype html>")
    assert word in page
    assert "<script" not in page
    assert out_of(capsys)[0].startswith(f"{word.upper()}  ")


def test_what_was_erased_is_told_and_is_not_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ledger", "prove", "led", "--all"]) == 0
    wanted = json.loads(out_of(capsys)[0])["id"]
    assert run(["ledger", "erase", "led", wanted, "--yes"]) == 0
    capsys.readouterr()
    assert run([*AUDIT, *PINNED]) == 0
    assert any(line.startswith("  information: 1 x entry_erased: ") for line in out_of(capsys))


# --- what is wrong -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "code", "index"),
    [
        (
            "UPDATE certificate SET cose = (SELECT cose FROM certificate WHERE leaf_index = 2) WHERE leaf_index = 1",
            "certificate_forged",
            1,
        ),
        ("DELETE FROM certificate WHERE leaf_index = 0", "certificate_missing", 0),
        ("UPDATE certificate SET issued_at = issued_at - 86400 WHERE leaf_index = 1", "certificate_changed", 1),
        ("UPDATE segment SET salts = zeroblob(length(salts))", "salt_changed", 0),
        ("UPDATE segment SET entries = zeroblob(length(entries))", "entry_changed", 0),
        ("UPDATE tile SET hashes = zeroblob(length(hashes))", "tile_changed", 0),
        ("UPDATE checkpoint SET note = replace(note, '— ', '— x')", "checkpoint_signature", None),
        ("UPDATE anchor SET bundle = x'00'", "chain_proof_invalid", None),
    ],
)
def test_the_first_thing_wrong_is_named_with_its_evidence(
    sql: str, code: str, index: int | None, capsys: pytest.CaptureFixture[str]
) -> None:
    change(sql)
    assert run([*AUDIT, *PINNED, "--offline", "--json"]) == 1
    report = report_of(capsys)
    assert (report["outcome"], report["code"]) == ("wrong", code)
    assert report["findings"][0]["index"] == index
    assert run([*AUDIT, *PINNED, "--offline"]) == 1
    first, second, third, *_ = out_of(capsys)
    assert first == "WRONG  ledger.example/vn"
    assert second.endswith(f"[{code}]")
    assert second.startswith("  leaf " if index is not None else "  ")
    assert third.strip().endswith(".")


def test_evidence_and_further_findings_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    change("UPDATE segment SET salts = zeroblob(length(salts))")
    assert run(["--lang", "vi", *AUDIT, *PINNED]) == 1
    lines = out_of(capsys)
    assert lines[0] == "CÓ SAI PHẠM  ledger.example/vn"
    assert any(line.startswith("    ") and ": " in line for line in lines)
    assert any("2 x salt_changed: " in line for line in lines)
    assert any(line.startswith("  đã kiểm tra: ") for line in lines)
    assert any(line.startswith("  chưa kiểm tra: ") for line in lines)


def test_a_checkpoint_that_somebody_kept_shows_a_history_written_anew(capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree("led", "before")
    issue_into(Path("led"), 1, seed=2)
    sign(Path("led"))
    shutil.copy("led/checkpoint", "later.note")
    shutil.rmtree("led")
    shutil.move("before", "led")
    assert run([*AUDIT, *PINNED]) == 0, "nothing in the older copy itself is wrong"
    capsys.readouterr()
    assert run([*AUDIT, *PINNED, "--checkpoint", "kept.note"]) == 0
    assert run([*AUDIT, *PINNED, "--checkpoint", "later.note", "--json"]) == 1
    assert json.loads(out_of(capsys)[-1])["code"] == "log_rolled_back"


def test_another_log_in_the_place_of_the_known_one_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    make_ledger(Path("other"), 1)
    assert run(["audit", "other", "--trust", "dsc.der", *PINNED, "--json"]) == 1
    assert report_of(capsys)["code"] == "log_replaced"


@pytest.mark.parametrize("kid_of", [str, lambda kid: kid.value.hex(), lambda kid: kid.value.hex().upper()])
def test_a_signer_revoked_before_the_anchor_is_told(kid_of: Any, capsys: pytest.CaptureFixture[str]) -> None:
    kid = kid_of(signer().kid)
    before, after = ((now() + timedelta(days=days)).isoformat() for days in (-1, 1))
    assert run([*AUDIT, *PINNED, "--revoked-kid", f"{kid}={before}", "--json"]) == 1
    assert report_of(capsys)["code"] == "revoked_kid_late"
    assert run([*AUDIT, *PINNED, "--revoked-kid", f"{kid}={after}"]) == 0


def test_a_signer_that_nobody_knows_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    from tests.authority import dsc  # noqa: PLC0415 - another authority than the one of this ledger

    certificate = dsc().certificate
    assert certificate is not None
    Path("another.der").write_bytes(certificate.der)
    assert run(["audit", "led", "--trust", "another.der", *PINNED, "--json"]) in (1, 4)
    assert report_of(capsys)["outcome"] != "clean"


# --- what is not known ---------------------------------------------------------------------------------------------


def test_without_a_trust_list_the_outcome_is_undetermined(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "led"]) == 4
    first, *rest = out_of(capsys)
    assert first == "UNDETERMINED  ledger.example/vn"
    codes = {line.rpartition("[")[2].rstrip("]") for line in rest if line.startswith("  not checked: ")}
    assert codes == {"no_trust_list", "no_chain_behind", "own_word"}


def test_a_log_that_is_not_anchored_yet_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    make_ledger(Path("new"), 1)
    assert run(["audit", "new", "--trust", "dsc.der"]) == 0
    assert any(line.endswith("(1) [unanchored]") for line in out_of(capsys))
    assert run(["audit", "new", "--trust", "dsc.der", "--offline"]) == 4
    assert any(line.endswith("[no_chain]") for line in out_of(capsys))


def test_an_anchor_file_that_is_gone_leaves_the_proofs(capsys: pytest.CaptureFixture[str]) -> None:
    Path("led/anchors.jsonl").unlink()
    assert run([*AUDIT, *PINNED]) == 0
    assert any("[newer_anchors]" in line for line in out_of(capsys))


# --- what cannot be audited ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["none"], 2, "does not exist"),
        (["dsc.der"], 2, "is a file"),
        (["empty"], 6, "neither a ledger nor an export"),
        (["led", "--offline", "--rpc", "http://127.0.0.1:9"], 2, "asks no node"),
        (["led", "--rpc", "http://127.0.0.1:9"], 2, "not on a chain that has nodes"),
        (["led", "--rpc", "ftp://x"], 2, "begins with http:// or https://"),
        (["led", "--log", "none"], 2, "does not exist"),
        (["led", "--log", "pass"], 6, "pass: "),
        (["led", "--checkpoint", "none"], 2, "does not exist"),
        (["led", "--checkpoint", "blank"], 2, "blank holds no signed checkpoint"),
        (["led", "--checkpoint", "pass"], 2, "pass holds no signed checkpoint"),
        (["led", "--checkpoint", "known.json"], 2, "known.json holds no signed checkpoint"),
        (["led", "--trust", "none"], 2, "does not exist"),
        (["led", "--trust", "pass"], 6, "no known form"),
        (["led", "--revoked-kid", "AAAA"], 2, "KID=INSTANT"),
        (["led", "--revoked-kid", "=2026-01-01"], 2, "KID=INSTANT"),
        (["led", "--revoked-kid", "?=2026-01-01"], 2, "KID=INSTANT"),
        (["led", "--revoked-kid", "AAAA=yesterday"], 2, "no instant"),
        (["led", "--block", "0x12"], 2, "no block's hash"),
        (["led", "--block", "g" * 64], 2, "no block's hash"),
        (["led", "--report", "report.txt"], 2, "neither .html nor .json"),
        (["led", "--report", "pass"], 2, "neither .html nor .json"),
        (["led", "--report", "taken.json"], 6, "taken.json exists"),
        (["led", "--report", "none/report.json"], 6, "no folder"),
        (["led", "--at", "soon"], 2, "no instant"),
    ],
)
def test_what_cannot_be_audited_is_told(
    arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("empty").mkdir()
    Path("blank").touch()
    Path("taken.json").write_text("{}")
    assert run(["audit", *arguments]) == code
    told = capsys.readouterr()
    assert message in told.err
    assert told.out == ""
    assert Path("taken.json").read_text() == "{}"


def test_a_checkpoint_of_another_log_is_told_in_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    make_ledger(Path("other"), 1)
    assert run([*AUDIT, *PINNED, "--checkpoint", "other/checkpoint"]) == 4
    assert any("strange_notes" in line for line in out_of(capsys))


@pytest.mark.parametrize("content", ["{", "[]", '{"version": 2}'])
def test_a_description_in_the_folder_that_is_none_is_told(content: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("led/log.json").write_text(content)
    assert run(AUDIT) == 6
    assert "led/log.json: " in capsys.readouterr().err


def test_nodes_are_asked_only_about_a_chain_that_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    Path("led/log.json").unlink()
    assert run([*AUDIT, "--rpc", "http://127.0.0.1:9"]) == 2
    assert "nothing says which chain" in capsys.readouterr().err
    assert run(AUDIT) == 4
    assert any("[no_pins]" in line for line in out_of(capsys))


@pytest.mark.parametrize("gone", ["nothing", "log.json"])
def test_a_database_without_one_of_its_tables_is_a_finding(gone: str, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(sqlite3.connect("led/log.sqlite")) as connection:
        connection.execute("DROP TABLE erasure")
    Path("led", gone).unlink(missing_ok=True)
    assert run([*AUDIT, *PINNED, "--json", "--report", "report.html"]) == 1
    report = report_of(capsys)
    assert (report["outcome"], report["code"], report["log"]["origin"]) == (
        "wrong",
        "log_unreadable",
        "ledger.example/vn",
    )
    assert [item["code"] for item in report["not_checked"]] == ["unreadable"]
    assert "log_unreadable" in Path("report.html").read_text("utf-8")
    assert run([*AUDIT, *PINNED]) == 1
    assert out_of(capsys)[0] == "WRONG  ledger.example/vn"
    if gone == "log.json":
        assert run(AUDIT) == 6, "there is not even a name to report about"


def test_a_description_from_before_the_log_was_anchored_to_a_chain_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    described = json.loads(Path("led/log.json").read_text())
    described["chain"] |= {"driver": "evm", "chain_id": 1, "contract": "12" * 20, "code_hash": "34" * 32}
    Path("led/log.json").write_text(json.dumps(described))
    assert run([*AUDIT, *PINNED, "--offline"]) == 2
    told = capsys.readouterr()
    assert "is older than the log's anchoring to a chain" in told.err
    assert "fetch the log.json" in told.err


def test_a_description_that_leads_from_a_chain_back_to_a_file_is_not_excused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    described = json.loads(Path("known.json").read_text())
    described["chain"] |= {"driver": "evm", "chain_id": 1, "contract": "12" * 20, "code_hash": "34" * 32}
    Path("known.json").write_text(json.dumps(described))
    assert run([*AUDIT, *PINNED, "--offline", "--json"]) == 1
    assert report_of(capsys)["code"] == "chain_replaced"


def test_an_export_that_was_cut_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ledger", "export", "led", "handed-over", "--auditor"]) == 0
    leaves = next(path for path in Path("handed-over").glob("*.jsonl") if "leaves" in path.name)
    leaves.write_bytes(leaves.read_bytes().splitlines(keepends=True)[0])
    capsys.readouterr()
    assert run(["audit", "handed-over", "--trust", "dsc.der", "--json"]) == 1
    assert report_of(capsys)["code"] == "log_unreadable"


def test_options_come_from_a_named_settings_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("mine.toml").write_text('[audit]\ntrust = "dsc.der"\nlog = "known.json"\njson = true\n')
    monkeypatch.setenv("VAXCERT_SETTINGS", "mine.toml")
    assert run(["audit", "led"]) == 0
    monkeypatch.delenv("VAXCERT_SETTINGS")
    shutil.copy("mine.toml", "vaxcert.toml")
    assert run(["audit", "led"]) == 2
