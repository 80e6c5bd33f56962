"""`vaxcert trust`, run as the command line runs it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from vaxcert.cli import COMMANDS, run
from vaxcert.commands import trust
from vaxcert.signing.authority import create_csca, create_dsc
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.trust_list import TrustList
from vaxcert.trust.writers import TrustListForm, format_trust_list

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
CSCA = create_csca(country="XA", common_name="CSCA", at=AT)
PAIRS = [create_dsc(CSCA, common_name=f"DSC {number}", usages=(), at=AT) for number in range(12)]
DSCS = tuple(Dsc.of_certificate(pair.certificate) for pair in PAIRS)
A, B = DSCS[:2]
STRANGER = create_dsc(create_csca(country="XB", common_name="CSCA", at=AT), common_name="DSC", usages=(), at=AT)


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where the user's own list stands; there is none yet. The folder has some lists."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    Path("a.pem").write_bytes(PAIRS[0].certificate_pem)
    Path("b.pem").write_bytes(PAIRS[1].certificate_pem)
    Path("csca.pem").write_bytes(CSCA.certificate_pem)
    Path("stranger.pem").write_bytes(STRANGER.certificate_pem)
    Path("old.json").write_bytes(format_trust_list(TrustList(entries=(A, B), as_of=AT)))
    return tmp_path / "config" / "vaxcert" / "trust.json"


def kids(path: Path) -> list[str]:
    return [str(dsc.kid) for dsc in TrustList.load(path).entries]


def shown(capsys: pytest.CaptureFixture[str]) -> tuple[list[str], str]:
    captured = capsys.readouterr()
    return captured.out.splitlines(), captured.err


def test_the_short_help_is_that_of_the_table() -> None:
    assert trust.command.get_short_help_str(80) == COMMANDS["trust"]


def test_what_is_added_is_listed(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["trust", "add", "a.pem", "b.pem", "--csca", "csca.pem"]) == 0
    out, err = shown(capsys)
    assert out == []
    assert f"added: {A.kid} C=XA, CN=DSC 0" in err
    assert f"2 signers in {own}, as of " in err
    assert run(["trust", "list"]) == 0
    out, err = shown(capsys)
    assert [line.split()[0] for line in out] == [str(A.kid), str(B.kid)]
    assert "note: 2 signers, as of " in err


def test_what_is_known_is_not_added_again(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["trust", "add", "a.pem"]) == run(["trust", "add", "a.pem"]) == 0
    err = shown(capsys)[1]
    assert err.count("added:") == 1
    assert f"1 signer in {own}" in err
    assert kids(own) == [str(A.kid)]


def test_many_are_counted_and_not_named(capsys: pytest.CaptureFixture[str]) -> None:
    Path("many.json").write_bytes(format_trust_list(TrustList(entries=DSCS, as_of=AT)))
    assert run(["trust", "add", "many.json"]) == 0
    assert "note: added: 12 signers\n" in capsys.readouterr().err


def test_what_is_left_out_is_told_and_the_exit_code_is_1(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["trust", "add", "a.pem", "stranger.pem", "--csca", "csca.pem"]) == 1
    assert "warning: left out: kid" in (err := shown(capsys)[1])
    assert "[unknown_issuer]" in err
    assert kids(own) == [str(A.kid)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["csca.pem"], "name it with --csca"),
        (["stranger.pem", "--csca", "csca.pem"], "unknown_issuer"),
        (["a.pem", "--csca", "words"], "no known form"),
        (["words"], "no known form"),
    ],
)
@pytest.mark.parametrize("verb", ["add", "import"])
def test_where_there_is_no_signer_nothing_changes(
    own: Path, verb: str, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["trust", "add", "b.pem"]) == 0
    before = own.read_bytes()
    Path("words").write_text("words")
    assert run(["trust", verb, *arguments]) == 6
    assert message in capsys.readouterr().err
    assert own.read_bytes() == before


def test_import_replaces_what_was_there(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["trust", "add", "old.json"]) == 0
    assert run(["trust", "import", "b.pem"]) == 0
    assert f"removed: {A.kid}" in capsys.readouterr().err
    assert kids(own) == [str(B.kid)]


def test_another_list_can_be_kept(own: Path) -> None:
    assert run(["trust", "add", "a.pem", "--to", "shared/list.json"]) == 0
    assert run(["trust", "import", "b.pem", "--to", "shared/list.json"]) == 0
    assert run(["trust", "add", "a.pem", "--to", "shared/list.json"]) == 0
    assert kids(Path("shared/list.json")) == [str(B.kid), str(A.kid)]
    assert run(["trust", "remove", B.kid.value.hex(), "--from", "shared/list.json"]) == 0
    assert kids(Path("shared/list.json")) == [str(A.kid)]
    assert not own.exists()


def test_remove_says_who_is_gone(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["trust", "add", "old.json"]) == 0
    shown(capsys)
    assert run(["trust", "remove", str(A.kid)]) == 0
    assert shown(capsys)[1] == (f"vaxcert: note: removed: {A.kid} C=XA, CN=DSC 0\nvaxcert: note: 1 signer in {own}\n")
    assert run(["trust", "remove", str(A.kid)]) == 6
    assert kids(own) == [str(B.kid)]


@pytest.mark.parametrize("verb", ["list", "export"])
def test_without_a_list_it_says_how_to_make_one(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["trust", verb]) == 6
    out, err = shown(capsys)
    assert out == []
    assert "no trust list of your own" in err
    assert "vaxcert trust add" in err


def test_any_list_can_be_shown_without_being_kept(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["trust", "list", "old.json", "stranger.pem"]) == 0
    out, err = shown(capsys)
    assert len(out) == 3
    assert "3 signers, without a date" in err
    assert not own.exists()


def test_list_as_json_has_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["trust", "list", "old.json", "--json"]) == 0
    first, second = map(json.loads, shown(capsys)[0])
    assert (first["kid"], second["kid"]) == (str(A.kid), str(B.kid))
    assert first["subject"] == "C=XA, CN=DSC 0"
    assert first["usages"] == []
    assert first["fingerprint"] == A.fingerprint.hex()


def test_list_holds_to_the_cscas(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-v", "trust", "list", "a.pem", "stranger.pem", "--csca", "csca.pem"]) == 0
    out, err = shown(capsys)
    assert [line.split()[0] for line in out] == [str(A.kid)]
    assert "unknown_issuer" in err


@pytest.mark.parametrize("form", list(TrustListForm))
def test_an_export_holds_the_same_signers(form: TrustListForm, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(["trust", "export", "old.json", "--format", str(form)]) == 0
    content = capsysbinary.readouterr().out
    assert content == format_trust_list(TrustList.load("old.json"), form)
    assert run(["trust", "export", "old.json", "--format", str(form), "-o", "out"]) == 0
    assert Path("out").read_bytes() == content


def test_an_export_is_not_written_over_what_it_reads(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["trust", "add", "a.pem"]) == 0
    before = own.read_bytes()
    assert run(["trust", "export", "--format", "pem", "-o", str(own)]) == 6
    assert run(["trust", "export", "old.json", "a.pem", "-o", "a.pem"]) == 6
    assert "is one of the lists that are read" in capsys.readouterr().err
    assert own.read_bytes() == before
    assert run(["trust", "export", "old.json", "-o", "a.pem"]) == 0, "another file may be replaced"


def test_what_a_form_cannot_hold_is_told() -> None:
    bare = TrustList(entries=(Dsc.of_spki(A.spki, kid=A.kid),), as_of=AT)
    Path("bare.json").write_bytes(format_trust_list(bare))
    assert run(["trust", "export", "bare.json", "--format", "pem"]) == 6


def test_a_list_that_is_being_changed_is_left_alone(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["trust", "add", "a.pem"]) == 0
    own.with_name(".trust.json.lock").touch()
    assert run(["trust", "add", "b.pem"]) == 6
    assert "another command is changing" in capsys.readouterr().err
    assert kids(own) == [str(A.kid)]


@pytest.mark.parametrize(
    "arguments", [["add"], ["add", "none.pem"], ["import"], ["remove"], ["export", "--format", "x"]]
)
def test_wrong_usage_is_told(arguments: list[str]) -> None:
    assert run(["trust", *arguments]) == 2
