"""`vaxcert anchor` and `audit` on a real EVM node."""

from __future__ import annotations

import json
import shutil
import threading
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.kept_ledger import ORIGIN, PASSPHRASE, issue_into, make_ledger, sign, trust_file
from tests.simulator.anvil import ETHER, Anvil, shared_anvil, start_anvil
from vaxcert.cli import run
from vaxcert.codec.cwt import MAX_NUMERIC_DATE
from vaxcert.ledger.anchor.config import read_config, write_config
from vaxcert.ledger.evm.transaction_signer import create_keystore
from vaxcert.service.chains import watch_account
from vaxcert.service.log_description import read_description

if TYPE_CHECKING:
    from vaxcert.issue.issuer import Certificate

SECRET = ["--passphrase-file", "pass"]
CHEAP = 2**4
"""What a keystore costs to open is not tried here."""
_MOMENT = 0.01


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Anvil:
    """Work in a folder with funded accounts, `key.json` and `owner.json`; return the node that knows them."""
    node = shared_anvil()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(time, "sleep", lambda _: threading.Event().wait(_MOMENT))  # this node mines within one
    Path("pass").write_bytes(PASSPHRASE + b"\n")
    for name in ("key", "owner", "stranger"):
        Path(f"{name}.json").write_bytes(create_keystore(PASSPHRASE, cost=CHEAP))
        node.fund(address_of(name))
    trust_file(tmp_path)
    return node


@pytest.fixture
def issued(node: Anvil) -> list[Certificate]:
    """Return the certificates of the ledger in `led`, which stands on the node's chain."""
    certificates = make_ledger(Path("led"))
    assert deploy(node) == 0
    return certificates


def address_of(name: str) -> str:
    return f"0x{watch_account(Path(f'{name}.json')).address.hex()}"


def deploy(node: Anvil, folder: str = "led", *arguments: str) -> int:
    options = ["--rpc", node.url, "--key", "key.json", *SECRET]
    return run(["anchor", "deploy", folder, *options, *(arguments or ("--owner-key", "owner.json"))])


def anchored(node: Anvil) -> None:
    """Bring the queued head all the way."""
    run(["anchor", "run", "led", "--once", *SECRET])
    node.finalize()
    assert run(["anchor", "run", "led", "--until-final", "--within", "0", *SECRET]) == 0


def audit(*arguments: str) -> int:
    return run(["audit", "led", "--trust", "dsc.der", *arguments])


def out_of(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_a_ledger_moves_from_its_file_to_a_chain(node: Anvil, capsys: pytest.CaptureFixture[str]) -> None:
    make_ledger(Path("led"))
    assert run(["anchor", "run", "led", "--once"]) == 0
    capsys.readouterr()
    assert deploy(node) == 0
    told = capsys.readouterr()
    description = read_description(Path("led/log.json"))
    assert description.chain is not None
    assert description.chain == read_config(Path("led/anchor.json")).identity
    assert told.out == f"0x{description.chain.contract.hex()}\n"
    assert "give those who verify and audit the new led/log.json" in told.err
    assert run(["anchor", "run", "led", "--once", *SECRET]) == 0
    assert "WAITING  3 entries, " in out_of(capsys)[0]
    node.finalize()
    assert run(["anchor", "run", "led", "--once", *SECRET]) == 0
    assert out_of(capsys) == [f"FINAL  3 entries, anchor 1, on chain {description.chain.chain_id}"]


def test_a_final_anchor_goes_with_the_receipt_and_says_when(
    issued: list[Certificate], node: Anvil, capsys: pytest.CaptureFixture[str]
) -> None:
    anchored(node)
    capsys.readouterr()
    for name, arguments in (("with.cbor", []), ("without.cbor", ["--no-anchor"])):
        assert run(["ledger", "prove", "led", issued[0].uvci, "-o", name, *arguments]) == 0
    assert len(Path("with.cbor").read_bytes()) > 1000 > len(Path("without.cbor").read_bytes())
    Path("card.txt").write_text(issued[0].text)
    known = ["--trust", "dsc.der", "--log", "led/log.json", "--json"]
    claims = []
    for name in ("with.cbor", "without.cbor"):
        assert run(["verify", "card.txt", "--receipt", name, *known]) == 0
        claims.append(json.loads(out_of(capsys)[0])["ledger"]["claimed_anchor"])
    assert claims[1] is None
    claimed = node.rpc("eth_getBlockByNumber", hex(claims[0]["block_number"]), False)
    assert claims[0]["block_hash"] == claimed["hash"]
    assert datetime.fromisoformat(claims[0]["at"]).timestamp() == int(claimed["timestamp"], 16)


@pytest.mark.usefixtures("node")
def test_an_anchor_of_a_time_past_the_calendar_condemns_the_receipt(capsys: pytest.CaptureFixture[str]) -> None:
    late = start_anvil("--timestamp", str(MAX_NUMERIC_DATE + 1))
    try:
        late.fund(address_of("key"))
        certificate = make_ledger(Path("led"))[0]
        assert deploy(late, "led", "--finality", "1") == 0
        assert run(["anchor", "run", "led", "--until-final", "--within", "5", *SECRET]) == 0
    finally:
        late.kill()
    assert run(["ledger", "prove", "led", certificate.uvci, "-o", "late.cbor"]) == 0
    Path("card.txt").write_text(certificate.text)
    capsys.readouterr()
    verify = ["verify", "card.txt", "--receipt", "late.cbor", "--trust", "dsc.der", "--log", "led/log.json", "--json"]
    assert run(verify) == 1
    report = json.loads(out_of(capsys)[0])
    assert (report["code"], report["message"]) == (
        "receipt_invalid",
        "the receipt's anchor is of a time that no calendar has",
    )


def test_a_contract_that_cannot_be_paid_for_says_by_whom(node: Anvil, capsys: pytest.CaptureFixture[str]) -> None:
    make_ledger(Path("led"))
    node.fund(address_of("owner"), 1)
    assert deploy(node) == 6
    told = capsys.readouterr().err
    assert f"error: the account {address_of('owner').lower()} cannot pay" in told
    assert "hint: give it funds" in told


@pytest.mark.usefixtures("issued")
def test_the_status_of_another_chain_or_of_none_is_no_advice_about_funds(capsys: pytest.CaptureFixture[str]) -> None:
    other = start_anvil("--chain-id", "4711")
    config = json.loads(Path("led/anchor.json").read_text())
    Path("led/anchor.json").write_text(json.dumps(config | {"nodes": [other.url]}))
    capsys.readouterr()
    try:
        assert run(["anchor", "status", "led"]) == 6
    finally:
        other.kill()
    told = capsys.readouterr()
    assert "[wrong_chain]" in told.out
    assert "give it funds" not in told.err
    assert run(["anchor", "status", "led", "--json"]) == 4
    found = json.loads(out_of(capsys)[0])
    assert (found["chain_problem"], found["affordable_anchors"]) == ("chain_unreachable", None)


@pytest.mark.usefixtures("issued")
def test_the_status_counts_what_the_account_can_pay(node: Anvil, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run(["anchor", "status", "led", "--json"]) == 0
    assert json.loads(out_of(capsys)[0])["affordable_anchors"] > 50
    node.fund(address_of("key"), ETHER // 10_000)
    node.mine()  # what was given is in the state of the next block
    assert run(["anchor", "status", "led"]) == 0
    assert "anchors more: give it funds" in capsys.readouterr().err
    node.fund(address_of("key"), 0)
    node.mine()
    assert run(["anchor", "run", "led", "--once", *SECRET]) == 4
    assert "[no_funds]" in out_of(capsys)[0]


@pytest.mark.usefixtures("node")
def test_on_a_chain_without_fees_an_empty_account_anchors(capsys: pytest.CaptureFixture[str]) -> None:
    free = start_anvil("--base-fee", "0", "--gas-price", "0", "--disable-min-priority-fee")
    try:
        make_ledger(Path("led"))
        # The node suggests a tip all the same; the cap keeps it from being paid.
        assert deploy(free, "led", "--fee-cap", "0", "--finality", "1") == 0
        assert run(["anchor", "run", "led", "--once", *SECRET]) in (0, 4)
        assert run(["anchor", "run", "led", "--once", *SECRET]) == 0
        capsys.readouterr()
        assert run(["anchor", "status", "led", "--json"]) == 0
        status = json.loads(out_of(capsys)[0])
        assert status["final"]["seq"] == 1
        assert (status["affordable_anchors"], status["low_on_funds"]) == (None, False)
    finally:
        free.kill()


@pytest.mark.usefixtures("issued")
def test_another_log_joins_the_contract_when_its_owner_says_so(node: Anvil, capsys: pytest.CaptureFixture[str]) -> None:
    contract = f"0x{read_config(Path('led/anchor.json')).identity.contract.hex()}"
    make_ledger(Path("second"))
    capsys.readouterr()
    assert deploy(node, "second", "--contract", contract) == 6
    assert "does not let" in capsys.readouterr().err
    assert deploy(node, "second", "--contract", contract, "--owner-key", "stranger.json") == 6
    assert deploy(node, "second", "--contract", contract, "--owner-key", "owner.json") == 0
    assert run(["anchor", "run", "second", "--once", *SECRET]) == 0


def test_a_lost_anchor_json_is_made_again_by_joining(
    issued: list[Certificate], node: Anvil, capsys: pytest.CaptureFixture[str]
) -> None:
    anchored(node)
    identity = read_config(Path("led/anchor.json")).identity
    Path("led/anchor.json").unlink()
    capsys.readouterr()
    contract = ["--contract", f"0x{identity.contract.hex()}"]
    assert deploy(node) == 6
    assert "the log has anchors on a chain" in capsys.readouterr().err
    assert deploy(node, "led", *contract) == 2
    assert "in which it was deployed" in capsys.readouterr().err
    assert deploy(node, "led", *contract, "--deploy-block", str(identity.deploy_block)) == 0
    assert read_config(Path("led/anchor.json")).identity == identity
    assert run(["anchor", "run", "led", "--once", *SECRET]) == 0
    assert issued


def test_a_contract_is_not_lost_where_its_address_cannot_be_kept(
    node: Anvil, capsys: pytest.CaptureFixture[str]
) -> None:
    make_ledger(Path("led"))
    Path("led/log.json").unlink()
    Path("led/log.json").mkdir()
    assert deploy(node) == 6
    hint = capsys.readouterr().err.splitlines()[-1]
    assert hint.startswith("vaxcert: hint: the contract stands; use it with --contract 0x")
    Path("led/log.json").rmdir()
    Path("led/anchor.json").unlink()
    assert deploy(node, "led", *hint.split()[-4:]) == 0
    assert read_description(Path("led/log.json")).chain is not None


@pytest.mark.usefixtures("issued")
def test_the_owner_alone_names_writers(node: Anvil, capsys: pytest.CaptureFixture[str]) -> None:
    writer = ["anchor", "writer", "led", address_of("key"), *SECRET]
    capsys.readouterr()
    assert run([*writer, "--remove", "--owner-key", "stranger.json"]) == 6
    assert "does not own the contract" in capsys.readouterr().err
    assert run([*writer, "--remove", "--owner-key", "owner.json"]) == 0
    assert "may no longer anchor" in capsys.readouterr().err
    assert run(["anchor", "run", "led", "--once", *SECRET]) == 6
    assert "STOPPED  3 entries, needs operator" in out_of(capsys)[0]
    assert run([*writer, "--owner-key", "owner.json"]) == 0
    assert run(["anchor", "run", "led", "--once", "--retry", *SECRET]) == 0
    node.finalize()
    assert run(["anchor", "run", "led", "--once", *SECRET]) == 0


@pytest.mark.usefixtures("issued")
def test_a_withdrawn_anchor_is_reported_by_every_audit(node: Anvil, capsys: pytest.CaptureFixture[str]) -> None:
    anchored(node)
    assert audit("--log", "led/log.json") == 0
    withdraw = ["anchor", "withdraw", "led", "--yes", *SECRET, "--owner-key"]
    assert run([*withdraw, "stranger.json", "1"]) == 6
    assert run([*withdraw, "owner.json", "2"]) == 6
    assert run([*withdraw, "owner.json", "1"]) == 0
    capsys.readouterr()
    assert audit("--log", "led/log.json") == 0
    assert any("anchor_withdrawn" in line for line in out_of(capsys))
    assert run([*withdraw, "owner.json", "1"]) == 6


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"chain_id": 1}, 6, "chain 1 is pinned"),
        ({"genesis_hash": b"g" * 32}, 6, "first block is not the pinned one"),
        ({"contract": b"c" * 20}, 6, "no contract at"),
        ({"code_hash": b"h" * 32}, 6, "another contract at"),
        ({"deploy_block": 10**9}, 4, "chain_unreachable"),
    ],
)
@pytest.mark.usefixtures("issued")
def test_nothing_is_sent_to_another_chain_or_contract(
    changes: dict[str, object], code: int, message: str, node: Anvil, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path("led/anchor.json")
    config = read_config(path)
    write_config(path, replace(config, identity=replace(config.identity, **changes)))  # type: ignore[arg-type] # by name
    height = node.height()
    assert run(["anchor", "run", "led", "--once", *SECRET]) == code
    told = capsys.readouterr()
    assert message in told.err + told.out
    assert node.height() == height


# --- audit ---------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("issued")
def test_an_auditor_asks_nodes_of_his_own(node: Anvil, capsys: pytest.CaptureFixture[str]) -> None:
    anchored(node)
    assert run(["ledger", "export", "led", "handed-over", "--auditor"]) == 0
    shutil.copy("led/log.json", "known.json")
    shutil.rmtree("led")
    Path("node.url").write_text(f"{node.url}\n")
    capsys.readouterr()
    common = ["audit", "handed-over", "--trust", "dsc.der", "--log", "known.json", "--json"]
    reports = []
    for arguments in (["--rpc", node.url], ["--rpc-file", "node.url"], ["--offline"], []):
        # Without a node nothing but the bundle says that there is such a block.
        is_asked = bool(arguments) and arguments != ["--offline"]
        assert run([*common, *arguments]) == (0 if is_asked else 4)
        reports.append(json.loads(out_of(capsys)[0]))
    (reason,) = (item["reason"] for item in reports[2]["not_checked"] if item["code"] == "block_unconfirmed")
    assert run([*common, "--offline", "--block", "0x" + reason.rpartition("0x")[2]]) == 0
    assert run([*common, "--offline", "--block", "0x" + 64 * "1"]) == 4
    capsys.readouterr()
    counted = [{item["name"]: item["count"] for item in report["checked"]} for report in reports]
    assert [(each["events"], each["proofs"]) for each in counted] == [(1, 1), (1, 1), (0, 1), (0, 1)]
    assert all(report["coverage"]["pinned_by_auditor"] for report in reports)
    assert run([*common, "--rpc", "http://127.0.0.1:9"]) == 4
    assert "chain_unreachable" in out_of(capsys)[0]


@pytest.mark.usefixtures("issued")
def test_history_that_was_written_anew_does_not_fit_the_chain(node: Anvil, capsys: pytest.CaptureFixture[str]) -> None:
    anchored(node)
    shutil.copy("led/log.json", "known.json")
    shutil.copy("led/log-key.pem", "stolen.pem")
    # An insider with every key makes another ledger of that name, and shows it in the place of the first.
    shutil.move("led", "true")
    make_ledger(Path("led"), 2)
    for name in ("anchor.json", "log.json"):
        shutil.copy(f"true/{name}", f"led/{name}")
    capsys.readouterr()
    assert audit("--log", "known.json") == 1
    assert any("[log_replaced]" in line or "log_replaced" in line for line in out_of(capsys))


@pytest.mark.usefixtures("issued")
def test_an_older_copy_of_the_log_does_not_fit_the_chain(node: Anvil, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ledger", "backup", "led", "old.sqlite"]) == 0
    issue_into(Path("led"), 1, seed=2)
    sign(Path("led"))
    anchored(node)
    Path("led/log.sqlite").unlink()
    shutil.copy("old.sqlite", "led/log.sqlite")
    capsys.readouterr()
    assert audit("--log", "led/log.json") == 1
    assert any("log_rolled_back" in line for line in out_of(capsys))
    assert ORIGIN
