import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from vaxcert.cli import run
from vaxcert.codec import picture
from vaxcert.service import demo as service
from vaxcert.service.demo import run_demo


def test_the_demo_does_the_main_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(service, "RECORDS", 5)
    monkeypatch.setattr(service, "PRINTED_CARDS", 2)
    assert run(["demo"]) == 0
    said = capsys.readouterr().out
    assert "scanned and verified: 5 of 5 pictures" in said
    assert "tampered.png: the signature does not match [bad_signature]" in said
    assert "[expired]" in said
    assert "5 leaves in its log; a signed head of it is on an EVM chain in this process" in said
    assert "audited: clean" in said
    assert "[certificate_forged]" in said
    folder = tmp_path / "vaxcert-demo"
    assert len(list((folder / "certificates" / "png").glob("*/*.png"))) == 5
    assert len(picture.read_codes((folder / "cards.pdf").read_bytes())) == 2
    assert run(["verify", str(folder / "refused" / "expired.png"), "--trust", str(folder / "trust")]) == 1
    assert run(["demo"]) == 0, "a second demo finds a name of its own"
    assert (tmp_path / "vaxcert-demo-2").is_dir()


def test_a_folder_in_use_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").write_text("kept", "utf-8")
    assert run(["demo", str(tmp_path)]) == 6
    assert "nothing is overwritten" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_demo_that_goes_wrong_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(service, "RECORDS", 3)
    monkeypatch.setattr(service, "PRINTED_CARDS", 1)
    monkeypatch.setattr(service, "LAPSED_BEFORE", timedelta(hours=1))  # so that nothing has lapsed
    assert run(["demo", str(tmp_path / "demo")]) == 1
    said = capsys.readouterr().err
    assert "vaxcert: error: the expired certificate was not refused as expired but receipt_missing" in said


def test_the_service_needs_no_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "RECORDS", 2)
    monkeypatch.setattr(service, "PRINTED_CARDS", 1)
    said: list[str] = []
    demo = run_demo(tmp_path / "demo", at=datetime.now(UTC), say=said.append)
    assert (demo.issued, demo.verified, demo.problems) == (2, 2, [])
    assert [report.code for report in demo.refused] == ["bad_signature", "expired"]
    assert said


def test_without_the_extra_the_ledger_is_anchored_to_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "RECORDS", 2)
    monkeypatch.setattr(service, "PRINTED_CARDS", 1)
    for missing in ("eth_tester", "eth_tester.exceptions"):
        monkeypatch.setitem(sys.modules, missing, None)
    for module in ("tester", "in_process_node"):
        monkeypatch.delitem(sys.modules, f"vaxcert.ledger.evm.{module}", raising=False)
    said: list[str] = []
    demo = run_demo(tmp_path / "demo", at=datetime.now(UTC), say=said.append)
    assert (demo.verified, demo.problems) == (2, [])
    assert any("a file of anchors" in line for line in said)
