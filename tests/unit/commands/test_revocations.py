"""`vaxcert revoke`, `vaxcert revocations` and `vaxcert verify --revocations`, run as the command line runs them."""

from __future__ import annotations

import io
import json
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.authority import VACCINATION
from tests.own_lists import append
from vaxcert.cli import COMMANDS, run
from vaxcert.commands import revocations, revoke
from vaxcert.issue.issuer import Issuer
from vaxcert.ledger.log.entry import EntryKind
from vaxcert.model.records import VaccinationRecord
from vaxcert.service.ledger_folder import LedgerFolder
from vaxcert.service.ledgers import create_ledger
from vaxcert.service.revocation_book import BOOK_NAME, BookEntry, RevocationBook
from vaxcert.signing.authority import create_csca, create_dsc
from vaxcert.signing.pem import PemSigner
from vaxcert.signing.private_key import encrypt_private_key
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.revocation.revocation_list import RevocationReason
from vaxcert.trust.trust_list import TrustList
from vaxcert.trust.writers import format_trust_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vaxcert.issue.issuer import Certificate

NOW = datetime.now(UTC).replace(microsecond=0)
AT = NOW - timedelta(days=10)
CSCA = create_csca(country="VN", common_name="Invented CSCA", at=AT)
PAIR = create_dsc(CSCA, common_name="Invented DSC", usages=(), at=AT)
DSC = Dsc.of_certificate(PAIR.certificate)
SIGNER = PemSigner(PAIR.private_key, DSC)
PASSPHRASE = b"a passphrase for tests"
KEY_PEM = encrypt_private_key(PAIR.private_key, PASSPHRASE)

KEY = ["--key", "dsc.key.pem", "--passphrase-file", "passphrase.txt"]
VERIFY = ["verify", "certificates.jsonl", "--trust", "trust.json"]


@pytest.fixture(scope="module")
def issued() -> Sequence[Certificate]:
    by = Issuer(SIGNER, country="VN", issuer="Invented Ministry")
    record = VaccinationRecord.from_mapping(VACCINATION)
    return [by.issue(record, at=AT) for _ in range(3)]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory, issued: Sequence[Certificate]) -> Path:
    """Return a ledger to copy: making one takes long, for the sake of its passphrase."""
    made = tmp_path_factory.mktemp("made") / "ledger"
    create_ledger(made, origin="ledger.example/vn", passphrase=lambda: PASSPHRASE, at=AT)
    with LedgerFolder(made).open() as log:
        append(log, issued[:2])
    return made


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, issued: Sequence[Certificate], ledger: Path) -> Path:
    """Work in a folder with the keys, a trust list, the certificates, and a ledger with the first two of them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    Path("dsc.key.pem").write_bytes(KEY_PEM)
    Path("dsc.pem").write_bytes(PAIR.certificate_pem)
    Path("passphrase.txt").write_bytes(PASSPHRASE)
    Path("trust.json").write_bytes(format_trust_list(TrustList(entries=(DSC,), as_of=NOW)))
    lines = [json.dumps({"id": each.uvci, "text": each.text}) for each in issued]
    Path("certificates.jsonl").write_text("\n".join(lines))
    shutil.copytree(ledger, "ledger")
    return tmp_path


def notes(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err


def in_book(path: str = "book.sqlite") -> list[BookEntry]:
    with RevocationBook.open(Path(path)) as book:
        return [*book.entries()]


def verdicts(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[tuple[str, str | None]]:
    capsys.readouterr()
    run([*VERIFY, "--json", *arguments])
    lines = map(json.loads, capsys.readouterr().out.splitlines())
    return [(line["code"], line["revocation"] and line["revocation"]["reason"]) for line in lines]


def export(*arguments: str, out: str = "vn.cose") -> str:
    assert run(["revocations", "export", "--book", "book.sqlite", "-o", out, *KEY, *arguments]) == 0
    return out


def test_the_short_helps_are_those_of_the_table() -> None:
    assert revoke.command.get_short_help_str(80) == COMMANDS["revoke"]
    assert revocations.command.get_short_help_str(80) == COMMANDS["revocations"]


# --- revoke ----------------------------------------------------------------------------------------------------------


def test_certificates_are_revoked_by_what_an_official_has(
    capsys: pytest.CaptureFixture[str], issued: Sequence[Certificate]
) -> None:
    line = Path("certificates.jsonl").read_text().splitlines()[2]
    assert run(["revoke", issued[0].uvci, issued[1].text, line, "--book", "book.sqlite", "--reason", "fraud"]) == 0
    assert notes(capsys) == "vaxcert: note: revoked: 3 (new: 3)\n"
    assert [(entry.id, entry.word) for entry in in_book()] == [(each.uvci, "fraud") for each in issued]


@pytest.mark.parametrize("file", ["certificates.jsonl", "-"])
def test_certificates_are_revoked_by_the_file(
    file: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = Path("certificates.jsonl").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert run(["revoke", "--file", file, "--book", "book.sqlite"]) == 0
    assert "revoked: 3 (new: 3)" in notes(capsys)


def test_with_a_ledger_the_book_stands_in_it_and_the_log_has_statements(
    capsys: pytest.CaptureFixture[str], issued: Sequence[Certificate]
) -> None:
    arguments = ["revoke", issued[0].uvci, "--ledger", "ledger", "--reason", "fraud", "--at", AT.isoformat()]
    assert run(arguments) == run(arguments) == 0
    assert notes(capsys) == (
        "vaxcert: note: revoked: 1 (new: 1, in the log: 1)\n"
        "vaxcert: note: revoked: 1 (new: 0, revoked before: 1, in the log: 1)\n"
    )
    assert [entry.id for entry in in_book(f"ledger/{BOOK_NAME}")] == [issued[0].uvci]
    with LedgerFolder(Path("ledger")).open(read_only=True) as log:
        kinds = [each.kind for each in log.statements()]
    assert kinds == [EntryKind.REVOCATION]


def test_what_the_log_does_not_have_is_told_and_the_others_are_revoked(
    capsys: pytest.CaptureFixture[str], issued: Sequence[Certificate]
) -> None:
    arguments = ["revoke", "--file", "certificates.jsonl", "--ledger", "ledger"]
    assert run(arguments) == 1
    err = notes(capsys)
    assert "not revoked: certificates.jsonl:3: the log has no certificate with this identifier [certificate_unk" in err
    assert "revoked: 2 (new: 2, in the log: 2)" in err
    assert issued[2].uvci not in err
    assert run([*arguments, "--unknown"]) == 0
    assert "revoked: 3 (new: 1, revoked before: 2, in the log: 2, unknown: 1)" in notes(capsys)


def test_of_many_that_are_wrong_some_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = ["Nguyễn Thị Ánh"] * 12
    assert run(["revoke", *wrong, "--book", "book.sqlite"]) == 1
    err = notes(capsys)
    assert err.count("not revoked: ID ") == 10
    assert "not revoked: 2 more (vaxcert -v names them)" in err
    assert "Nguy" not in err
    assert run(["-v", "revoke", *wrong, "--book", "book.sqlite"]) == 1
    assert notes(capsys).count("not revoked: ID ") == 12


def test_a_whole_key_is_revoked_from_an_instant_on(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["revoke", "--kid", str(DSC.kid), "--book", "book.sqlite"]
    assert run([*arguments, "--from", AT.isoformat(), "--yes"]) == 0
    assert f"revoked: all that the key {DSC.kid} signed since {AT:%Y-%m-%dT%H:%MZ}" in notes(capsys)
    export()
    assert verdicts(capsys, "--revocations", "vn.cose") == [("revoked", "revoked")] * 3
    assert run(["revocations", "list", "--book", "book.sqlite"]) == 0
    assert f"all that the key {DSC.kid} signed since {AT:%Y-%m-%dT%H:%M:%SZ}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name certificates, a --file of them, or a --kid"),
        (["X", "--from", "2026-01-01", "--book", "b"], "--from goes with --kid"),
        (["X", "--unknown", "--book", "b"], "--unknown goes with --ledger"),
        (["X"], "name the book of revocations with --book"),
        (["X", "--book", "b", "--reason", "Mr Smith"], "a reason is one word"),
        (["--kid", "8w2kZxb3iC0=", "--book", "b"], "say --yes"),
        (["--kid", "short", "--book", "b"], "a kid is 8 bytes"),
        (["X", "--book", "b", "--at", "2106-02-08"], "1970 to 2106"),
        (["X", "--book", "b", "--at", "1969-12-31"], "1970 to 2106"),
        (["--kid", "8w2kZxb3iC0=", "--from", "1969-12-31", "--book", "b", "--yes"], "1970 to 2106"),
    ],
)
def test_what_is_not_meant_so_is_refused(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["revoke", *arguments]) == 2
    assert message in notes(capsys)
    assert not Path("b").exists()


# --- list ------------------------------------------------------------------------------------------------------------


def test_what_is_in_the_book_is_listed(capsys: pytest.CaptureFixture[str], issued: Sequence[Certificate]) -> None:
    first, second, _ = (each.uvci for each in issued)
    with RevocationBook.open(Path("book.sqlite"), create=True) as book:
        book.add([BookEntry(first, RevocationReason.SUPERSEDED, 0, word="renewal", successor=second)])
    run(["revoke", second, "--book", "book.sqlite", "--at", AT.isoformat()])
    run(["revoke", "--kid", str(DSC.kid), "--book", "book.sqlite", "--yes", "--at", AT.isoformat()])
    capsys.readouterr()
    assert run(["revocations", "list", "--book", "book.sqlite"]) == 0
    shown = capsys.readouterr()
    assert shown.out.splitlines() == [
        f"{AT:%Y-%m-%dT%H:%M:%SZ}  revoked     all that the key {DSC.kid} signed",
        f"1970-01-01T00:00:00Z  superseded  {first}  renewal  now {second}",
        f"{AT:%Y-%m-%dT%H:%M:%SZ}  revoked     {second}",
    ]
    assert "certificates in the book: 2" in shown.err
    assert run(["revocations", "list", "--book", "book.sqlite", "--json"]) == 0
    rule, entry, _ = map(json.loads, capsys.readouterr().out.splitlines())
    assert rule == {"kid": str(DSC.kid), "from": "1970-01-01T00:00:00Z", "reason": "revoked", "at": entry_at(AT)}
    assert entry == {
        "id": first,
        "reason": "superseded",
        "at": "1970-01-01T00:00:00Z",
        "word": "renewal",
        "successor": second,
        "kid": None,
        "expires_at": None,
    }


def entry_at(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_without_a_book_there_is_nothing_to_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["revocations", "list", "--ledger", "ledger"]) == 6
    assert "there is no book of revocations" in notes(capsys)


# --- export, show, verify --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["own", "eu-batches", "eu-partitions"])
def test_every_form_of_list_is_used_by_verify(
    form: str, capsys: pytest.CaptureFixture[str], issued: Sequence[Certificate]
) -> None:
    assert run(["revoke", issued[1].text, "--book", "book.sqlite"]) == 0
    export("--format", form, out="list")
    assert "written to list (certificates: 1, " in notes(capsys)
    reason = "revoked" if form == "own" else None
    assert verdicts(capsys, "--revocations", "list") == [(None, None), ("revoked", reason), (None, None)]
    assert run([*VERIFY, "--revocations", "list"]) == 1
    assert run(["revocations", "show", "list", "--trust", "trust.json", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (shown["form"], shown["signed"]) == (form, form != "eu-partitions")


def test_an_issuers_own_list_is_shown(capsys: pytest.CaptureFixture[str], issued: Sequence[Certificate]) -> None:
    run(["revoke", issued[0].uvci, "--book", "book.sqlite"])
    export("--valid-for", "7", "--at", AT.isoformat())
    capsys.readouterr()
    assert run(["revocations", "show", "vn.cose", "--trust", "trust.json"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "vn.cose: an issuer's own list",
        "  country      VN",
        f"  as of        {entry_at(AT)}",
        f"  next         {entry_at(AT + timedelta(days=7))}",
        "  certificates 1",
        "  whole keys   0",
        f"  signer       C=VN, CN=Invented DSC (kid {DSC.kid})",
    ]


def test_a_partitioned_list_is_shown_as_unsigned(capsys: pytest.CaptureFixture[str]) -> None:
    run(["revoke", "URN:UVCI:01:VN:A", "--book", "book.sqlite"])
    export("--format", "eu-partitions", out="eu")
    capsys.readouterr()
    assert run(["revocations", "show", "eu"]) == 0
    assert "nobody signed" in capsys.readouterr().out


def test_a_list_that_should_have_been_replaced_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    run(["revoke", "URN:UVCI:01:VN:A", "--book", "book.sqlite"])
    export("--valid-for", "1", "--at", AT.isoformat())
    capsys.readouterr()
    assert run([*VERIFY, "--revocations", "vn.cose"]) == 0
    assert "warning: a newer list than vn.cose was promised for" in notes(capsys)
    assert run([*VERIFY, "--revocations", "vn.cose", "--at", (AT + timedelta(hours=1)).isoformat()]) == 0
    assert "warning" not in notes(capsys)


def test_the_silence_of_an_old_list_decides_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    run(["revoke", "URN:UVCI:01:VN:A", "--book", "book.sqlite"])
    export("--at", AT.isoformat())
    assert run([*VERIFY, "--revocations", "vn.cose", "--max-revocation-age", "11"]) == 0
    assert run([*VERIFY, "--revocations", "vn.cose", "--max-revocation-age", "9"]) == 4
    assert "stale_revocation_list" in capsys.readouterr().out


def test_an_age_without_a_list_is_no_question(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*VERIFY, "--max-revocation-age", "9"]) == 2
    assert "--max-revocation-age needs a list" in notes(capsys)


@pytest.mark.parametrize("name", ["trust.json", "ledger", "cut.cose"])
def test_a_list_that_cannot_be_read_ends_the_command(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    run(["revoke", "URN:UVCI:01:VN:A", "--book", "book.sqlite"])
    Path("cut.cose").write_bytes(Path(export()).read_bytes()[:-1])
    capsys.readouterr()
    assert run([*VERIFY, "--revocations", name]) == 6
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "error: " in shown.err


def test_a_list_by_somebody_else_ends_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    run(["revoke", "URN:UVCI:01:VN:A", "--book", "book.sqlite"])
    export()
    Path("other.pem").write_bytes(create_dsc(CSCA, common_name="Another", usages=(), at=AT).certificate_pem)
    assert run(["verify", "certificates.jsonl", "--trust", "other.pem", "--revocations", "vn.cose"]) == 6
    assert "the signer of the revocation list is not in the trust list" in notes(capsys)


def test_a_key_of_a_whole_country_needs_the_ledger_in_the_lists_of_the_eu(capsys: pytest.CaptureFixture[str]) -> None:
    run(["revoke", "--kid", str(DSC.kid), "--ledger", "ledger", "--yes"])
    assert run(["revocations", "export", "--ledger", "ledger", "-o", "eu", "--format", "eu-partitions"]) == 0
    assert verdicts(capsys, "--revocations", "eu") == [("revoked", None), ("revoked", None), (None, None)]
    book = f"ledger/{BOOK_NAME}"
    assert run(["revocations", "export", "--book", book, "-o", "eu2", "--format", "eu-partitions"]) == 6
    assert "name the ledger" in notes(capsys)


@pytest.mark.parametrize("form", ["own", "eu-batches"])
def test_a_list_that_nobody_would_believe_is_not_written(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    run(["revoke", "URN:UVCI:01:VN:A", "--book", "book.sqlite"])
    early = (AT - timedelta(days=1)).isoformat()
    arguments = ["revocations", "export", "--book", "book.sqlite", "-o", "list", "--format", form, *KEY]
    assert run([*arguments, "--at", early]) == 6
    assert "the signer's DSC is not valid at" in notes(capsys)
    assert not Path("list").exists()


@pytest.mark.parametrize("arguments", [["--format", "own"], ["--format", "eu-batches"]])
def test_a_signed_list_needs_a_key(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    run(["revoke", "URN:UVCI:01:VN:A", "--book", "book.sqlite"])
    assert run(["revocations", "export", "--book", "book.sqlite", "-o", "list", *arguments]) == 2
    assert "name the signing key" in notes(capsys)


# --- lists that are kept ---------------------------------------------------------------------------------------------


def kept() -> Path:
    return Path("config/vaxcert/revocations/VN.cose").resolve()


def test_a_list_that_is_kept_is_used_with_the_own_trust_list(
    capsys: pytest.CaptureFixture[str], issued: Sequence[Certificate]
) -> None:
    run(["trust", "add", "trust.json"])
    run(["revoke", issued[0].uvci, "--book", "book.sqlite"])
    assert run(["revocations", "import", export()]) == 0
    assert f"kept as {kept()}: VN, as of " in notes(capsys)
    assert run(["verify", "certificates.jsonl"]) == 1
    assert "[revoked]" in capsys.readouterr().out
    assert run(VERIFY) == 0, "with another trust list it says nothing"


def test_an_older_list_is_not_kept(capsys: pytest.CaptureFixture[str]) -> None:
    run(["revoke", "URN:UVCI:01:VN:A", "--book", "book.sqlite"])
    export(out="new.cose")
    export("--at", AT.isoformat(), out="old.cose")
    assert run(["revocations", "import", "new.cose", "--trust", "trust.json"]) == 0
    assert run(["revocations", "import", "old.cose", "--trust", "trust.json"]) == 6
    assert "delete" in notes(capsys)
    assert kept().read_bytes() == Path("new.cose").read_bytes()


def test_a_damaged_list_that_is_kept_is_not_passed_over(capsys: pytest.CaptureFixture[str]) -> None:
    run(["trust", "add", "trust.json"])
    run(["revoke", "URN:UVCI:01:VN:A", "--book", "book.sqlite"])
    run(["revocations", "import", export()])
    kept().write_bytes(b"damaged")
    assert run(["verify", "certificates.jsonl"]) == 6
    assert "error: " in notes(capsys)


@pytest.mark.parametrize("setting", ["revocations = 'vn.cose'", "max-revocation-age = 9", "revocation-signer = 'x'"])
def test_a_folders_settings_do_not_choose_lists(setting: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("vaxcert.toml").write_text(f"[verify]\n{setting}\n")
    assert run(VERIFY) == 2
    assert "counts only where the file is named" in notes(capsys)
