"""`vaxcert anchor`, run as the command line runs it: on the file that stands in for a chain, and where no node answers.

What it does on a real node is in tests/integration/test_anchor_commands.py.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from tests.kept_ledger import PASSPHRASE, issue_into, make_ledger, sign
from vaxcert.cli import COMMANDS, run
from vaxcert.commands import anchor
from vaxcert.commands.anchor_rows import exit_code_of, progress_json, progress_line, status_json, status_lines
from vaxcert.errors import KeyFileError, SettingsError, SignerUnavailableError
from vaxcert.ledger.anchor.config import read_config, write_config
from vaxcert.ledger.anchor.progress import Progress, Reason
from vaxcert.ledger.anchor.settings import AnchorConfig, NodeAddress
from vaxcert.ledger.anchor.status import AnchorStatus, HeadStatus
from vaxcert.ledger.evm.transaction_signer import KeystoreSigner, create_keystore
from vaxcert.ledger.store.outbox_rows import AnchorState
from vaxcert.service.anchor_state import Anchoring
from vaxcert.service.chains import open_chain, watch_account
from vaxcert.service.ledger_folder import LedgerFolder

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = ["--passphrase-file", "pass"]
NOBODY = "http://127.0.0.1:9"
"""No node answers at the discard port."""
AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
CHEAP = 2**4
"""What a keystore costs to open is not tried here."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    make_ledger(folder / "led")
    (folder / "key.json").write_bytes(create_keystore(PASSPHRASE, cost=CHEAP))
    (folder / "pass").write_bytes(PASSPHRASE + b"\n")
    return folder


@pytest.fixture(autouse=True)
def _workspace(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(made, tmp_path / "w")
    monkeypatch.chdir(tmp_path / "w")


def out_of(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def on_a_chain(**changes: object) -> None:
    """Anchor the ledger to an invented chain that no node knows."""
    path = Path("led/anchor.json")
    identity = replace(read_config(path).identity, driver="evm", chain_id=2026)
    config = AnchorConfig(identity=identity, nodes=(NodeAddress(url=NOBODY),), agreeing=1, keystore="../key.json")
    write_config(path, replace(config, **changes))  # type: ignore[arg-type] # by their names


def test_the_short_help_is_that_of_the_table() -> None:
    assert anchor.command.get_short_help_str(80) == COMMANDS["anchor"]


# --- run and status ------------------------------------------------------------------------------------------------


def test_a_head_becomes_final_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["anchor", "status", "led"]) == 0
    assert run(["anchor", "run", "led", "--once"]) == 0
    assert run(["anchor", "run", "led", "--until-final"]) == 0
    assert run(["anchor", "status", "led"]) == 0
    before, first, second, after = out_of(capsys)
    assert before.startswith("           3 entries  queued          since ")
    assert first == second == "FINAL  3 entries, anchor 1, in a file (no chain stands behind it)"
    assert after.startswith("           3 entries  final           since ")
    assert after.endswith("  anchor 1")
    assert len(Path("led/anchors.jsonl").read_text().splitlines()) == 2


def test_a_run_as_json_has_stable_keys(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["anchor", "run", "led", "--once", "--json"]) == 0
    line = json.loads(out_of(capsys)[0])
    assert line.pop("final")["seq"] == 1
    assert line == {
        "driver": "file", "chain_id": 0, "idle": True, "size": None, "state": None, "reason": None, "message": None,
    }  # fmt: skip


def test_a_status_as_json_has_stable_keys(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["anchor", "status", "led", "--json"]) == 0
    line = json.loads(out_of(capsys)[0])
    assert list(line) == [
        "driver", "at", "final", "heads", "leased_until", "chain_problem", "affordable_anchors", "low_on_funds",
    ]  # fmt: skip
    (head,) = line["heads"]
    assert list(head) == ["size", "root", "state", "since", "reason", "reason_since", "tries", "seq"]
    assert (head["size"], head["state"], line["final"]) == (3, "queued", None)


def test_a_ledger_without_a_checkpoint_has_nothing_to_anchor(capsys: pytest.CaptureFixture[str]) -> None:
    make_ledger(Path("new"), 0, is_signed=False)
    assert run(["anchor", "run", "new", "--until-final"]) == 0
    assert run(["anchor", "status", "new"]) == 0
    first, second = out_of(capsys)
    assert first == "nothing to anchor in a file (no chain stands behind it): no checkpoint is signed"
    assert second == "no head is queued: sign a checkpoint first"


def test_a_run_without_an_end_looks_again_and_tells_what_has_changed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pauses = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            issue_into(Path("led"), 1, seed=2)
            sign(Path("led"))
        if len(pauses) == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", pause)
    assert run(["anchor", "run", "led", "--every", "7"]) == 130
    assert pauses == [7, 7, 7, 7]
    assert [line.split(",")[0] for line in out_of(capsys)] == ["FINAL  3 entries", "FINAL  4 entries"]
    assert run(["anchor", "run", "led", "--once"]) == 0, "the lease was given back"


def test_another_process_at_work_is_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    with LedgerFolder(Path("led")).open() as log:
        log.database.run("INSERT INTO lease VALUES (1, 'another', unixepoch() + 90)")
    assert run(["anchor", "run", "led", "--once"]) == 4
    assert run(["anchor", "run", "led", "--until-final", "--within", "0"]) == 4
    assert run(["anchor", "status", "led"]) == 0
    first, second, *_, last = out_of(capsys)
    assert first == second == "WAITING: another process anchors this log [leased]"
    assert last.startswith("a process anchors this log now, or did until it ended: its lease runs to 20")


def test_a_chain_that_shows_another_history_halts_the_ledger(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ledger", "backup", "led", "old.sqlite"]) == 0
    issue_into(Path("led"), 1, seed=2)
    sign(Path("led"))
    assert run(["anchor", "run", "led", "--once"]) == 0
    for name in ("log.sqlite", "checkpoint"):
        Path(f"led/{name}").unlink()
    assert run(["ledger", "restore", "old.sqlite", "led"]) == 0
    capsys.readouterr()
    assert run(["anchor", "run", "led", "--once"]) == 6
    assert capsys.readouterr().err.startswith("vaxcert: error: ")
    with LedgerFolder(Path("led")).open() as log:
        assert log.halted


def test_there_is_nothing_to_try_again_where_nothing_was_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["anchor", "run", "led", "--once", "--retry"]) == 0
    assert "nothing to try again" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["run", "led", "--once", "--until-final"], 2, "not both"),
        (["run", "led", "--every", "0"], 2, "1<=x"),
        (["run", "led", "--within", "-1"], 2, "x>=0"),
        (["run", "none"], 2, "does not exist"),
        (["run", "empty", "--once"], 6, "there is no log"),
        (["status", "empty"], 6, "there is no log"),
        (["status", "pass"], 2, "is a file"),
    ],
)
def test_what_cannot_be_run_is_told(
    arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("empty").mkdir()
    assert run(["anchor", *arguments]) == code
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("command", [["run", "led", "--once"], ["status", "led"]])
@pytest.mark.parametrize(
    ("spoil", "code", "message"),
    [
        (lambda: Path("led/anchor.json").unlink(), 2, "there is no led/anchor.json"),
        (lambda: Path("led/anchor.json").write_text("{}"), 2, "anchor.json: "),
        (lambda: shutil.copy("other/anchor.json", "led/anchor.json"), 2, "another log"),
    ],
)
def test_without_its_own_anchor_json_nothing_is_anchored(
    spoil: Callable[[], object], code: int, message: str, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    make_ledger(Path("other"), 0, is_signed=False)
    spoil()
    assert run(["anchor", *command]) == code
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("command", [["run", "led", "--until-final"], ["status", "led"]])
def test_an_anchor_file_that_is_gone_is_not_waited_for(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    Path("led/anchors.jsonl").unlink()
    assert run(["anchor", *command]) == 6
    told = capsys.readouterr()
    assert "there is no anchors.jsonl, the file that the log is anchored to" in told.out + told.err
    assert "hint: put its copy back" in told.err


def test_a_restored_ledger_without_its_anchor_file_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ledger", "backup", "led", "copy.sqlite"]) == 0
    assert "led/anchors.jsonl" in capsys.readouterr().err
    assert run(["ledger", "restore", "copy.sqlite", "new"]) == 0
    assert "so does anchors.jsonl" in capsys.readouterr().err
    shutil.copy("led/anchor.json", "new/anchor.json")
    assert run(["anchor", "run", "new", "--until-final"]) == 6
    shutil.copy("led/anchors.jsonl", "new/anchors.jsonl")
    capsys.readouterr()
    assert run(["ledger", "backup", "new", "again.sqlite"]) == 0
    assert "new/log-key.pem" not in capsys.readouterr().err, "what is not there is not to be copied"
    assert run(["anchor", "run", "new", "--once"]) == 4  # there is no anchor yet to compare the restored log with


def test_a_file_of_another_log_in_the_place_of_the_anchors_is_told_by_the_status(
    capsys: pytest.CaptureFixture[str],
) -> None:
    make_ledger(Path("other"), 1)
    shutil.copy("other/anchors.jsonl", "led/anchors.jsonl")
    assert run(["anchor", "status", "led", "--json"]) == 6
    assert json.loads(out_of(capsys)[-1])["chain_problem"] == "wrong_chain"
    assert run(["anchor", "status", "led"]) == 6
    assert out_of(capsys)[-1].startswith("CHAIN  ")


def test_a_final_anchor_that_is_gone_is_told_by_the_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["anchor", "run", "led", "--until-final"]) == 0
    lines = Path("led/anchors.jsonl").read_bytes().splitlines(keepends=True)
    Path("led/anchors.jsonl").write_bytes(lines[0])
    assert run(["anchor", "status", "led"]) == 6
    assert "[ledger_rollback]" in out_of(capsys)[-1]


def test_a_run_that_is_terminated_gives_its_lease_back(capsys: pytest.CaptureFixture[str]) -> None:
    on_a_chain()  # away, so that a run waits
    before = signal.getsignal(signal.SIGTERM)

    def terminate(_pause: float) -> None:
        with LedgerFolder(Path("led")).open(read_only=True) as log:
            assert log.database.row("SELECT count(*) FROM lease") == (1,)
        os.kill(os.getpid(), signal.SIGTERM)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.sleep", terminate)
        assert run(["anchor", "run", "led", "--until-final", *SECRET]) == 130
    assert "interrupted" in capsys.readouterr().err
    with LedgerFolder(Path("led")).open(read_only=True) as log:
        assert log.database.row("SELECT count(*) FROM lease") == (0,)
    assert signal.getsignal(signal.SIGTERM) is before


# --- where no node answers -----------------------------------------------------------------------------------------


def test_a_chain_that_is_away_is_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    on_a_chain()
    assert run(["anchor", "run", "led", "--once", *SECRET]) == 4
    assert run(["anchor", "status", "led"]) == 4
    first, head, reason, chain = out_of(capsys)
    assert first == "WAITING  3 entries, queued: no node answers, or not usably [chain_unreachable]"
    assert head.startswith("           3 entries  queued ")
    assert reason.startswith("  no node answers, or not usably [chain_unreachable] since ")
    assert chain.startswith("CHAIN  ")
    assert chain.endswith("[chain_unreachable]")


@pytest.mark.parametrize(
    ("spoil", "arguments", "code", "message"),
    [
        ({}, ["--passphrase-file", "wrong"], 6, "does not open with this passphrase"),
        ({}, [], 6, "a private key needs a passphrase"),
        ({"keystore": None}, SECRET, 2, "names no keystore"),
        ({"keystore": "none.json"}, SECRET, 6, "none.json cannot be read"),
        ({"keystore": "../pass"}, SECRET, 6, "keystore"),
        ({"nodes": (NodeAddress(file="none.url"),)}, SECRET, 2, "none.url"),
        ({"nodes": (NodeAddress(url="http://"),)}, SECRET, 2, ""),
    ],
)
def test_without_its_key_or_its_nodes_nothing_is_anchored(
    spoil: dict[str, object], arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("wrong").write_text("something else\n")
    on_a_chain(**spoil)
    assert run(["anchor", "run", "led", "--once", *arguments]) == code
    assert message in capsys.readouterr().err


def test_a_chain_for_trials_ended_with_its_process(capsys: pytest.CaptureFixture[str]) -> None:
    path = Path("led/anchor.json")
    write_config(path, AnchorConfig(identity=replace(read_config(path).identity, driver="tester")))
    assert run(["anchor", "status", "led"]) == 2
    assert "ended with the process" in capsys.readouterr().err


# --- key and deploy ------------------------------------------------------------------------------------------------


def test_a_new_account_is_encrypted_and_its_address_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["anchor", "key", "new.json", *SECRET]) == 0
    (address,) = out_of(capsys)
    path = Path("new.json")
    assert f"0x{KeystoreSigner.of_keystore(path.read_bytes(), PASSPHRASE).address.hex()}" == address
    assert f"0x{watch_account(path).address.hex()}" == address
    assert not path.stat().st_mode & 0o077
    before = path.read_bytes()
    assert run(["anchor", "key", "new.json", *SECRET]) == 6
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [([], "a private key needs a passphrase"), (["--passphrase-file", "short"], "fewer than 8 bytes")],
)
def test_an_account_without_a_good_passphrase_is_not_made(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("short").write_text("short\n")
    assert run(["anchor", "key", "new.json", *arguments]) == 6
    assert message in capsys.readouterr().err
    assert not Path("new.json").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--key", "key.json", *SECRET], 2, "name 1 to 16 nodes"),
        ([*["--rpc", NOBODY] * 17, "--key", "key.json", *SECRET], 2, "name 1 to 16 nodes"),
        (["--rpc", NOBODY, *SECRET], 2, "--key"),
        (["--rpc", "ftp://x", "--key", "key.json", *SECRET], 2, "begins with http:// or https://"),
        (["--rpc", NOBODY, "--rpc", NOBODY, "--key", "key.json", *SECRET], 2, "a node is named twice"),
        (["--rpc", NOBODY, "--key", "none", *SECRET], 2, "does not exist"),
        (["--rpc", NOBODY, "--key", "pass", *SECRET], 6, "keystore"),
        (["--rpc", NOBODY, "--key", "key.json"], 6, "a private key needs a passphrase"),
        (["--rpc", NOBODY, "--key", "key.json", "--passphrase-file", "wrong"], 6, "does not open"),
        (["--rpc", NOBODY, "--key", "key.json", *SECRET, "--agreeing", "2"], 2, "agreeing"),
        (["--rpc", NOBODY, "--key", "key.json", *SECRET, "--finality", "soon"], 2, "neither finalized nor"),
        (["--rpc", NOBODY, "--key", "key.json", *SECRET, "--finality", "0"], 2, "neither finalized nor"),
        (["--rpc", NOBODY, "--key", "key.json", *SECRET, "--finality", "100001"], 2, "neither finalized nor"),
        (["--rpc", NOBODY, "--key", "key.json", *SECRET, "--fee-cap", "-1"], 2, "<=x"),
        (["--rpc", NOBODY, "--key", "key.json", *SECRET, "--contract", "0x12"], 2, "no address"),
        (["--rpc", NOBODY, "--key", "key.json", *SECRET, "--contract", "0x" + "zz" * 20], 2, "no address"),
        (["--rpc", NOBODY, "--key", "key.json", *SECRET, "--deploy-block", "1"], 2, "goes with --contract"),
        (["--rpc", NOBODY, "--key", "key.json", *SECRET], 4, "does not answer"),
        (["--rpc", NOBODY, "--key", "key.json", *SECRET, "--contract", "0x" + "11" * 20], 4, "does not answer"),
        (["--rpc-file", "empty", "--key", "key.json", *SECRET], 2, "no node's address"),
    ],
)
def test_a_deployment_that_fails_leaves_the_ledger_as_it_was(
    arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("wrong").write_text("something else\n")
    Path("empty").write_text("\n")
    before = [Path(f"led/{name}").read_bytes() for name in ("anchor.json", "log.json")]
    assert run(["anchor", "deploy", "led", *arguments]) == code
    told = capsys.readouterr()
    assert message in told.err
    assert told.out == ""
    assert [Path(f"led/{name}").read_bytes() for name in ("anchor.json", "log.json")] == before
    assert run(["anchor", "run", "led", "--once"]) == 0, "it is anchored to its file as before"


def test_a_ledger_on_a_chain_stays_there(capsys: pytest.CaptureFixture[str]) -> None:
    on_a_chain()
    assert run(["anchor", "deploy", "led", "--rpc", NOBODY, "--key", "key.json", *SECRET]) == 6
    assert "the log is anchored already, to chain 2026" in capsys.readouterr().err


# --- writer and withdraw -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments", [["writer", "led", "0x" + "11" * 20], ["withdraw", "led", "1", "--yes"]], ids=lambda a: a[0]
)
def test_only_a_ledger_on_a_chain_has_an_owner(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    owner = ["--owner-key", "key.json", *SECRET]
    assert run(["anchor", *arguments, *owner]) == 2
    assert "not anchored to a contract" in capsys.readouterr().err
    on_a_chain()
    assert run(["anchor", *arguments, *owner]) == 4
    assert "does not answer" in capsys.readouterr().err
    assert run(["anchor", *arguments]) == 2
    assert "--owner-key" in capsys.readouterr().err


@pytest.mark.parametrize("seq", ["0", "-1", "one"])
def test_an_anchor_is_named_by_its_number_and_withdrawn_knowingly(seq: str, capsys: pytest.CaptureFixture[str]) -> None:
    on_a_chain()
    owner = ["--owner-key", "key.json", *SECRET]
    assert run(["anchor", "withdraw", "led", seq, "--yes", *owner]) == 2
    assert run(["anchor", "withdraw", "led", "1", *owner]) == 2
    assert "say --yes" in capsys.readouterr().err


# --- accounts and chains, below the commands -----------------------------------------------------------------------


def test_an_account_is_looked_at_without_its_key() -> None:
    account = watch_account(Path("key.json"))
    assert account.address == KeystoreSigner.of_keystore(Path("key.json").read_bytes(), PASSPHRASE).address
    with pytest.raises(SignerUnavailableError):
        account.sign(None)  # type: ignore[arg-type] # it signs nothing at all


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"address": 5}', '{"address": "00"}', '{"address": "zz"}'])
def test_a_file_that_names_no_account_is_refused(content: str) -> None:
    Path("some.json").write_text(content)
    with pytest.raises(KeyFileError, match="no keystore"):
        watch_account(Path("some.json"))


def test_a_chain_of_an_unknown_kind_is_not_opened() -> None:
    ledger = LedgerFolder(Path("led"))
    config = ledger.config()
    assert config is not None
    with pytest.raises(SettingsError):
        open_chain(
            ledger,
            AnchorConfig(identity=replace(config.identity, driver="tester")),
            clock=lambda: AT,
        )


# --- what is shown -------------------------------------------------------------------------------------------------


def anchoring() -> Anchoring:
    config = LedgerFolder(Path("led")).config()
    assert config is not None
    identity = replace(config.identity, driver="evm", chain_id=2026)
    return Anchoring(identity=identity, final=None, pending=None)


@pytest.mark.parametrize(
    ("progress", "line", "code", "final_code"),
    [
        (Progress(), "nothing to anchor on chain 2026: no checkpoint is signed", 0, 0),
        (Progress(state=AnchorState.SENT, size=3), "WAITING  3 entries, sent", 0, 4),
        (
            Progress(state=AnchorState.MINED, size=3, reason=Reason.AWAITING_FINALITY),
            "WAITING  3 entries, mined: it is mined, and the chain may still lose its block [awaiting_finality]",
            0,
            4,
        ),
        (
            Progress(state=AnchorState.QUEUED, size=1, reason=Reason.NO_FUNDS),
            "WAITING  1 entry, queued: the account cannot pay; it goes on once the account has funds [no_funds]",
            4,
            4,
        ),
        (
            Progress(state=AnchorState.NEEDS_OPERATOR, size=3, reason=Reason.TRANSACTION_REVERTED),
            f"STOPPED  3 entries, needs operator: {Reason.TRANSACTION_REVERTED.sentence} [transaction_reverted]",
            6,
            6,
        ),
        (
            Progress(state=AnchorState.CONFLICT, size=3, reason=Reason.ANCHOR_CONFLICT),
            f"STOPPED  3 entries, conflict: {Reason.ANCHOR_CONFLICT.sentence} [anchor_conflict]",
            6,
            6,
        ),
    ],
)
def test_what_a_run_came_to_is_told(progress: Progress, line: str, code: int, final_code: int) -> None:
    assert click.unstyle(progress_line(progress, anchoring())) == line
    assert exit_code_of(progress, has_to_be_final=False) == code
    assert exit_code_of(progress, has_to_be_final=True) == final_code
    shown = progress_json(progress, anchoring())
    assert (shown["state"], shown["reason"]) == (progress.state, progress.reason)
    assert shown["message"] == (progress.reason and progress.reason.sentence)


def test_the_status_warns_of_funds_that_run_out() -> None:
    head = HeadStatus(
        size=3,
        root=b"r" * 32,
        state=AnchorState.SENT,
        since=AT,
        tries=4,
        reason=Reason.FEE_CAP,
        reason_since=AT,
        seq=None,
    )
    status = AnchorStatus(
        chain="evm",
        at=AT,
        heads=(head,),
        newest_final=None,
        leased_until=None,
        problem=None,
        affordable_anchors=1200,
        is_low_on_funds=False,
    )
    first, second, funds = status_lines(status)
    assert first == "           3 entries  sent            since 2026-11-23T08:00Z"
    assert second.endswith("[fee_cap] since 2026-11-23T08:00Z; times sent: 4")
    assert funds == "anchors that the account can pay for at today's fees: 1,200"
    assert status_json(status)["affordable_anchors"] == 1200
