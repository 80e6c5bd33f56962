"""`vaxcert verify`, run as the command line runs it."""

from __future__ import annotations

import io
import json
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.encoders import (
    AT,
    Encoder,
    claims,
    covid_test,
    dcc,
    kid_text,
    make_signer,
    recovery,
    signer,
    text_of,
    text_of_claims,
    vaccination,
)
from vaxcert.cli import run
from vaxcert.codec import qr
from vaxcert.commands import trust_store
from vaxcert.signing.authority import create_csca
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.gateway import format_saved_list

if TYPE_CHECKING:
    from pathlib import Path

VALID = Encoder().text()
EXPIRED = text_of_claims(claims(exp=int(AT.timestamp()) - 1))
UNKNOWN = Encoder(make_signer()).text()
NOT_ONE = "HC2:" + VALID[4:]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder with a trust list beside it, and without a list or settings of one's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    (tmp_path / "dsc.der").write_bytes(signer().der)


def verify(*arguments: str, at: str = AT.isoformat(), lang: str = "en") -> int:
    return run(["--lang", lang, "verify", *arguments, "--trust", "dsc.der", "--at", at])


def feed(monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(content.encode()))))


def json_lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


# --- one certificate -----------------------------------------------------------------------------------------------


def test_a_valid_certificate_is_shown_with_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(VALID) == 0
    shown = capsys.readouterr()
    assert shown.out == (
        "VALID\n"
        "  Nguyễn Thị Mẫu, born 1983-10-10\n"
        "  vaccination: Comirnaty, dose 2/2, 2026-05-04, VN\n"
        "  URN:UVCI:01:VN:5E0C4D7A1B9F42638AD0C7E1F2B3A495, valid through 2027-10-23T08:00Z\n"
        f"  signer: VN, C=VN, CN=Invented DSC (kid {kid_text(signer())})\n"
    )
    assert shown.err == ""


def test_a_rejected_certificate_says_why_and_nothing_of_the_holder(capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(EXPIRED) == 1
    shown = capsys.readouterr().out
    assert shown.startswith("REJECTED\n  expired at 2026-11-22T07:59Z [expired]\n")
    assert "Nguyễn" not in shown


def test_an_unknown_signer_is_undetermined_and_the_hint_goes_to_standard_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert verify(UNKNOWN) == 4
    shown = capsys.readouterr()
    assert shown.out.startswith("UNDETERMINED\n  no signer with kid ")
    assert shown.out.count("[unknown_signer]") == 1
    assert shown.err == "vaxcert: hint: add the issuer's DSC with --trust, or update the trust list\n"


@pytest.mark.parametrize("text", [NOT_ONE, "rubbish", ""])
def test_what_is_no_certificate_has_its_own_exit_code(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(text) == 3
    assert "[unknown_prefix]" in capsys.readouterr().out


def test_a_warning_is_shown_and_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(text_of(dcc(meta=1))) == 0
    assert (
        "  warning: the payload has a member that the schema does not know [unknown_member]\n"
        in capsys.readouterr().out
    )


def test_a_test_and_a_recovery_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(text_of(dcc(v=..., t=[covid_test()]))) == 0
    pcr = "Nucleic acid amplification with probe detection, Not detected"
    assert f"  test: {pcr}, 2026-11-20T01:30:00Z, VN\n" in capsys.readouterr().out
    assert verify(text_of(dcc(v=..., r=[recovery()]))) == 0
    assert "  recovery: 2026-09-01, VN, 2026-09-11 - 2027-02-28\n" in capsys.readouterr().out


def test_a_name_in_latin_letters_stands_in_for_a_missing_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(text_of(dcc(name={"fn": ..., "gn": ""}, dob="", ver="1.3.0"))) == 0
    assert "  NGUYEN THI<MAU, born ?\n" in capsys.readouterr().out


def test_no_text_of_a_certificate_reaches_the_terminal_as_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    evil = dcc(name={"fn": "\x1b[2J\nVALID", "gn": "\u202egnaB\x9b"}, v=[vaccination(co="VN", dt="\x07")])
    assert verify(text_of(evil)) == 0
    shown = capsys.readouterr().out
    assert "  \\u001b[2J\\nVALID \\u202egnaB\\u009b, born 1983-10-10\n" in shown
    assert not set(shown) & set("\x1b\x07\x9b\u202e")


def test_vietnamese_is_spoken_to_vietnamese_officials(capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(VALID, lang="vi") == 0
    assert capsys.readouterr().out.startswith(
        "HỢP LỆ\n  Nguyễn Thị Mẫu, sinh 1983-10-10\n  tiêm chủng: Pfizer (Comirnaty), mũi 2/2,"
    )
    assert verify(EXPIRED, lang="vi") == 1
    assert "BỊ TỪ CHỐI\n  chứng nhận đã hết hiệu lực từ 22/11/2026 07:59 UTC [expired]\n" in capsys.readouterr().out
    assert verify(UNKNOWN, lang="vi") == 4
    shown = capsys.readouterr()
    assert shown.out.startswith("CHƯA XÁC ĐỊNH\n  không biết bên ký")
    assert "thêm chứng thư của bên ký" in shown.err


# --- sources -------------------------------------------------------------------------------------------------------


def test_a_file_has_one_line_a_certificate_and_a_count_at_the_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "batch.txt").write_text(f"{VALID}\n{EXPIRED}\n\n{json.dumps({'text': UNKNOWN})}\n", "utf-8")
    assert verify("batch.txt") == 1
    shown = capsys.readouterr()
    first, second, third = shown.out.splitlines()
    event = "vaccination: Comirnaty, dose 2/2, 2026-05-04, VN"
    assert first == f"VALID         batch.txt:1  Nguyễn Thị Mẫu, born 1983-10-10; {event}"
    assert second == "REJECTED      batch.txt:2  expired at 2026-11-22T07:59Z [expired]"
    assert third.startswith("UNDETERMINED  batch.txt:4  no signer with kid ")
    assert shown.err.splitlines() == [
        "vaxcert: hint: add the issuer's DSC with --trust, or update the trust list",
        "vaxcert: note: valid: 1, rejected: 1, undetermined: 1",
    ]


def test_the_count_is_in_vietnamese_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(VALID, VALID, EXPIRED, lang="vi") == 1
    assert capsys.readouterr().err == "vaxcert: note: hợp lệ: 2, bị từ chối: 1, chưa xác định: 0\n"


def test_a_hint_is_given_once(capsys: pytest.CaptureFixture[str]) -> None:
    verify(UNKNOWN, UNKNOWN, UNKNOWN)
    assert capsys.readouterr().err.count("hint:") == 1


def test_the_warnings_of_one_of_several_are_shown_by_their_codes(capsys: pytest.CaptureFixture[str]) -> None:
    verify(text_of(dcc(meta=1, dob=" 1983-10-10", v=[vaccination(tg="?", co="XX")])), VALID)
    first = capsys.readouterr().out.splitlines()[0]
    assert first.endswith(" [whitespace_trimmed] [unknown_member] [unknown_code]")


@pytest.mark.parametrize(
    ("sources", "code"),
    [
        ((VALID, VALID), 0),
        ((VALID, UNKNOWN), 4),
        ((UNKNOWN, NOT_ONE), 3),
        ((UNKNOWN, NOT_ONE, EXPIRED, VALID), 1),
        ((EXPIRED, "missing.png", NOT_ONE), 6),
    ],
)
def test_of_several_the_worst_decides_and_each_has_its_turn(
    sources: tuple[str, ...], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(*sources) == code
    assert len(capsys.readouterr().out.splitlines()) == len(sources)


def test_a_picture_is_scanned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "card.png").write_bytes(qr.to_png(qr.encode(VALID)))
    assert verify("card.png") == 0
    assert capsys.readouterr().out.startswith("VALID  card.png\n")


def test_standard_input_is_a_source(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    feed(monkeypatch, f"{VALID}\n")
    assert verify("-") == 0
    assert capsys.readouterr().out.startswith("VALID  stdin:1\n")


class _Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def test_what_is_scanned_into_a_terminal_is_answered_line_by_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", _Terminal(io.BufferedReader(io.BytesIO(f"{VALID}\n".encode()))))
    assert verify("-") == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("VALID         stdin:1  Nguyễn")
    assert shown.err == "vaxcert: note: valid: 1, rejected: 0, undetermined: 0\n"


def test_nothing_on_standard_input_is_no_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    feed(monkeypatch, "")
    assert verify("-") == 3


@pytest.mark.parametrize("source", ["missing.txt", "."])
def test_a_file_that_cannot_be_read_is_no_verdict(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(source) == 6
    assert "[storage_failed]" in capsys.readouterr().out


def test_binary_garbage_is_no_certificate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "garbage.bin").write_bytes(bytes(range(256)) * 50)
    assert verify("garbage.bin") == 3
    assert len(capsys.readouterr().out.splitlines()) == 2


# --- JSON ----------------------------------------------------------------------------------------------------------


def test_json_has_one_object_a_line_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(VALID, EXPIRED, "missing.txt", NOT_ONE, "--json") == 6
    shown = json_lines(capsys)
    assert [each["code"] for each in shown] == [None, "expired", "storage_failed", "unknown_prefix"]
    assert [each["source"] for each in shown] == ["text", "text", "missing.txt", "text"]
    assert {len(each["steps"]) for each in shown} == {15}


def test_json_of_signed_nonsense_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    text = text_of(dcc(v=[vaccination(dn=float("nan"), dt=b"\xff")], meta={b"\0": float("inf")}, x="\x1b\u2028"))
    assert verify(text, "--json") == 1
    out = capsys.readouterr().out
    assert out.isprintable() is False, "the line feed at its end"
    assert out[:-1].isprintable()
    assert json.loads(out)["payload"]["x"] == "\x1b\u2028"


def test_json_is_silent_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    verify(UNKNOWN, "--json")
    assert capsys.readouterr().err == ""


# --- trust and policy ----------------------------------------------------------------------------------------------


def test_without_a_trust_list_no_signer_is_known() -> None:
    assert run(["verify", VALID, "--at", AT.isoformat()]) == 4


def test_ones_own_list_is_used_where_none_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    own = tmp_path / "settings" / "vaxcert" / "trust.json"
    own.parent.mkdir(parents=True)
    own.write_bytes((tmp_path / "dsc.der").read_bytes())
    assert run(["verify", VALID, "--at", AT.isoformat()]) == 0


def test_several_trust_lists_count_together(tmp_path: Path) -> None:
    other = make_signer()
    (tmp_path / "other.der").write_bytes(other.der)
    assert verify(Encoder(other).text(), VALID, "--trust", "other.der") == 0


@pytest.mark.parametrize("verbose", [True, False])
def test_what_a_trust_list_cannot_take_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, verbose: bool
) -> None:
    folder = tmp_path / "trust"
    folder.mkdir()
    (folder / "good.der").write_bytes(signer().der)
    (folder / "notes.txt").write_text("no certificate")
    arguments = ["verify", VALID, "--trust", "trust", "--at", AT.isoformat()]
    assert run(["-v", *arguments] if verbose else arguments) == 0
    told = capsys.readouterr().err
    expected = "notes.txt" if verbose else "1 entries (vaxcert -v names them)"
    assert told.startswith("vaxcert: warning: left out of the trust list: ")
    assert expected in told


def test_a_trust_list_that_is_none_ends_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "list.json").write_text("{}")
    assert run(["verify", VALID, "--trust", "list.json"]) == 6
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("vaxcert: error: no known form of JSON trust list\n")


def test_an_old_trust_list_does_not_decide() -> None:
    assert verify(VALID, "--max-age", "7") == 4


@pytest.mark.parametrize(("days", "code"), [(-3, 4), (-1, 0), (1, 0), (2, 4), (90_000, 4)])
def test_a_date_to_come_is_no_freshness(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], days: int, code: int
) -> None:
    monkeypatch.setattr(trust_store, "now", lambda: AT)
    (tmp_path / "dsc.der").write_bytes(format_saved_list((Dsc.of_der(signer().der),), as_of=AT + timedelta(days=days)))
    assert verify(VALID, "--max-age", "2") == code
    assert ("left out of the trust list: 1 entries" in capsys.readouterr().err) == (days > 1)
    assert verify(VALID) == 0


def test_a_past_verification_takes_the_list_of_today(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust_store, "now", lambda: AT + timedelta(days=300))
    listed = format_saved_list((Dsc.of_der(signer().der),), as_of=AT + timedelta(days=299))
    (tmp_path / "dsc.der").write_bytes(listed)
    assert verify(VALID, "--max-age", "2") == 0


def test_a_csca_cut_short_lets_no_rogue_signer_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "trust").mkdir()
    csca = create_csca(country="VN", common_name="CSCA", at=AT)
    (tmp_path / "trust" / "csca.pem").write_bytes(csca.certificate_pem[:-60])
    (tmp_path / "trust" / "dsc.der").write_bytes(signer().der)
    assert run(["-v", "verify", VALID, "--trust", "trust", "--at", AT.isoformat()]) == 4
    assert "csca.pem: block 1: the block is not base64, or is cut short; it may be a CSCA" in capsys.readouterr().err


def test_an_allowance_has_to_be_named(tmp_path: Path) -> None:
    (tmp_path / "dsc.der").write_bytes(signer("EC-P384").der)
    text = Encoder(signer("EC-P384")).text()
    assert verify(text) == 1
    assert verify(text, "--allow", "p384-under-es256") == 0


@pytest.mark.parametrize(
    ("at", "code"),
    [("2027-10-23T08:00:00Z", 0), ("2027-10-23T15:00:00+07:00", 0), ("2027-10-23T08:00:01", 1), ("2027-10-24", 1)],
)
def test_the_clock_can_be_set(at: str, code: int) -> None:
    assert verify(VALID, at=at) == code


def test_without_a_clock_it_is_now() -> None:
    long_over = text_of_claims(claims(iat=1, exp=2))
    assert run(["verify", long_over, "--trust", "dsc.der"]) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        [VALID, "--at", "yesterday"],
        [VALID, "--max-age", "-1"],
        [VALID, "--max-age", "999999999999"],
        [VALID, "--allow", "everything"],
        [VALID, "--trust", "nowhere"],
        [VALID, "--no-such-option"],
    ],
)
def test_wrong_usage_is_told_from_a_verdict(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", *arguments]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("vaxcert: error: ")
    assert "vaxcert: hint: see `vaxcert verify --help`" in shown.err
