"""`vaxcert keys`, run as the command line runs it."""

from __future__ import annotations

import json
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from vaxcert.cli import COMMANDS, run
from vaxcert.commands import keys
from vaxcert.commands.signer_rows import entry_card, entry_json, entry_line, signer_line, state_of
from vaxcert.model.certificate_type import CertificateType
from vaxcert.service.key_files import KeyEntry, read_keys
from vaxcert.signing.authority import CSCA_TERM, DSC_TERM, KeyKind, create_csca, create_dsc
from vaxcert.signing.keystore import Keystore
from vaxcert.signing.private_key import unsafe_unencrypted_private_key
from vaxcert.trust.dsc import Dsc

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
CSCA = create_csca(country="XA", common_name="CSCA", at=AT)
PAIR = create_dsc(CSCA, common_name="DSC", usages={CertificateType.VACCINATION}, at=AT)


@pytest.fixture(autouse=True)
def _workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pass").write_text("correct horse battery\n")
    (tmp_path / "csca-pass").write_text("staple is the secret\n")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    (folder / "pass").write_text("correct horse battery\n")
    (folder / "csca-pass").write_text("staple is the secret\n")
    arguments = ["--name", " Unit 1 ", "--organization", "Bộ Y tế", "--type", "v, t"]
    secrets = ["--passphrase-file", str(folder / "pass"), "--csca-passphrase-file", str(folder / "csca-pass")]
    assert run(["keys", "create", str(folder / "k"), *arguments, *secrets]) == 0
    return folder / "k"


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "k")


def shown(capsys: pytest.CaptureFixture[str]) -> tuple[list[str], str]:
    captured = capsys.readouterr()
    return captured.out.splitlines(), captured.err


def test_the_short_help_is_that_of_the_table() -> None:
    assert keys.command.get_short_help_str(80) == COMMANDS["keys"]


def test_a_new_keystore_is_what_was_asked_for(made: Path) -> None:
    keystore = Keystore(made)
    (dsc,) = keystore.dscs()
    assert keystore.csca().subject == "C=VN, O=Bộ Y tế, CN=Unit 1 CSCA"
    assert dsc.subject == "C=VN, O=Bộ Y tế, CN=Unit 1 DSC"
    assert dsc.usages == {CertificateType.VACCINATION, CertificateType.TEST}
    assert dsc.not_after_seconds - dsc.not_before_seconds == DSC_TERM.lifetime.total_seconds()
    assert keystore.csca().not_after - keystore.csca().not_before == CSCA_TERM.lifetime


def test_the_files_made_are_printed_and_what_to_do_next(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    arguments = ["--country", "XA", "--name", "U", "--csca-days", "800", "--dsc-days", "400", "--kind", "rsa-2048"]
    assert run(["keys", "create", "k", *arguments, "--passphrase-file", "pass"]) == 0
    out, err = shown(capsys)
    assert sorted(out) == sorted(str(file.relative_to(tmp_path)) for file in (tmp_path / "k").iterdir())
    assert "k/csca.key.pem offline" in err
    assert f"vaxcert trust add {out[2]} --csca k/csca.pem" in err
    (dsc,) = Keystore(tmp_path / "k").dscs()
    assert dsc.key_kind == KeyKind.RSA_2048
    assert dsc.certificate is not None
    assert dsc.certificate.key_use_ends == dsc.certificate.not_before + timedelta(days=100)


def test_a_descriptor_gives_the_passphrase(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.write(writer, b"from a pipe\n")
    os.close(writer)
    assert run(["keys", "create", "k", "--name", "U", "--passphrase-fd", str(reader)]) == 0
    assert Keystore(tmp_path / "k").load_csca(b"from a pipe")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--name", "U"], 6, "a private key needs a passphrase"),
        (["--passphrase-file", "pass"], 2, "--name"),
        (["--name", " ", "--passphrase-file", "pass"], 2, "1 to 59 characters"),
        (["--name", "n" * 60, "--passphrase-file", "pass"], 2, "1 to 59 characters"),
        (["--name", "U", "--passphrase-file", "none"], 2, "does not exist"),
        (["--name", "U", "--passphrase-file", "pass", "--type", "v,x"], 2, "v (vaccination)"),
        (["--name", "U", "--passphrase-file", "pass", "--type", ""], 2, "v (vaccination)"),
        (["--name", "U", "--passphrase-file", "pass", "--kind", "dsa"], 2, "ec-p256"),
        (["--name", "U", "--passphrase-file", "pass", "--dsc-days", "0"], 2, "1<=x"),
        (["--name", "U", "--passphrase-file", "pass", "--dsc-days", "1462"], 6, "outlive its CSCA"),
        (["--name", "U", "--passphrase-file", "pass", "--country", "vn"], 6, "two capital letters"),
    ],
)
def test_what_cannot_be_made_leaves_nothing_behind(
    arguments: list[str], code: int, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["keys", "create", "k", *arguments]) == code
    out, err = shown(capsys)
    assert out == []
    assert message in err
    assert sorted(file.name for file in tmp_path.iterdir()) == ["csca-pass", "pass"]


def test_a_folder_that_exists_is_not_filled(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["keys", "create", str(folder), "--name", "U", "--passphrase-file", "pass"]) == 6
    assert "exists and is not empty" in capsys.readouterr().err


def test_add_makes_a_dsc_for_other_types(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secrets = ["--passphrase-file", "pass", "--csca-passphrase-file", "csca-pass"]
    assert run(["keys", "add", "k", "--name", "Lab", "--type", "r", "--dsc-days", "100", *secrets]) == 0
    (certificate, key), err = shown(capsys)
    dsc = Dsc.of_pem((folder.parent / certificate).read_bytes())
    assert dsc.subject == "C=VN, CN=Lab DSC"
    assert dsc.usages == {CertificateType.RECOVERY}
    assert key == certificate.replace(".pem", ".key.pem")
    assert f"publish {certificate} before it is used" in err


def test_rotate_makes_the_successor(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (old,) = Keystore(folder).dscs()
    secrets = ["--passphrase-file", "pass", "--csca-passphrase-file", "csca-pass"]
    assert run(["keys", "rotate", "k", "--kid", str(old.kid), *secrets]) == 0
    (certificate, _), err = shown(capsys)
    new = Dsc.of_pem((folder.parent / certificate).read_bytes())
    assert (new.subject, new.usages) == (old.subject, old.usages)
    assert new.kid != old.kid
    assert f"keep the DSC {old.kid} published to {old.not_after:%Y-%m-%d}" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rotate", "k"], "a private key needs a passphrase"),
        (["rotate", "k", "--passphrase-file", "pass"], "the CSCA's key: the passphrase is wrong"),
        (
            ["rotate", "k", "--passphrase-file", "csca-pass", "--csca-passphrase-file", "pass"],
            "the passphrase is wrong",
        ),
        (["rotate", "k", "--passphrase-file", "pass", "--kid", "AAAA"], "no DSC with kid AAAA"),
        (["add", "k", "--name", "U", "--passphrase-file", "pass"], "the CSCA's key: the passphrase is wrong"),
    ],
)
def test_a_keystore_that_refuses_is_unchanged(
    folder: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(folder.iterdir())
    assert run(["keys", *arguments]) == 6
    assert message in capsys.readouterr().err
    assert sorted(folder.iterdir()) == before


def test_list_has_one_line_for_each_certificate(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["keys", "list", str(made)]) == 0
    (csca, dsc, secret), _ = shown(capsys)
    assert secret == "secret  issuer-secret.key.pem: encrypted"
    (signer,) = Keystore(made).dscs()
    assert csca.startswith("CSCA  ")
    assert csca.endswith("C=VN, O=Bộ Y tế, CN=Unit 1 CSCA  (key encrypted)")
    assert dsc.startswith(f"DSC   {signer.kid}  VN  v,t    EC-P256   to {signer.not_after:%Y-%m-%d}  ")


def test_list_as_json_has_stable_keys(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["keys", "list", str(made), "--json"]) == 0
    csca, dsc, secret = map(json.loads, shown(capsys)[0])
    assert (secret["role"], secret["private_key"]) == ("secret", "encrypted")
    (signer,) = Keystore(made).dscs()
    assert csca.keys() == dsc.keys()
    assert dsc == {
        "file": str(made / f"dsc-{signer.kid.value.hex()}.pem"),
        "role": "dsc",
        "kid": str(signer.kid),
        "kid_hex": signer.kid.value.hex(),
        "country": "VN",
        "subject": "C=VN, O=Bộ Y tế, CN=Unit 1 DSC",
        "usages": ["t", "v"],
        "key_kind": "EC-P256",
        "not_before": f"{signer.not_before:%Y-%m-%dT%H:%M:%SZ}",
        "not_after": f"{signer.not_after:%Y-%m-%dT%H:%M:%SZ}",
        "key_use_ends": f"{signer.certificate and signer.certificate.key_use_ends:%Y-%m-%dT%H:%M:%SZ}",
        "fingerprint": signer.fingerprint.hex(),
        "state": "active",
        "private_key": "encrypted",
    }


def test_show_has_all_of_a_certificate(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (signer,) = Keystore(made).dscs()
    file = made / f"dsc-{signer.kid.value.hex()}.pem"
    assert run(["keys", "show", str(file), str(made / "csca.pem")]) == 0
    text = "\n".join(shown(capsys)[0])
    for part in (str(file), f"{signer.kid} (hex {signer.kid.value.hex()})", "signs        vaccination, test\n",
                 "EC-P256, private key not here", signer.fingerprint.hex(), "signs until  "):  # fmt: skip
        assert part in text
    assert "CSCA         C=VN" in text


def test_show_opens_no_key(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["keys", "show", str(made / "csca.key.pem")]) == 0
    assert run(["keys", "show", str(made / "csca.key.pem"), "--json"]) == 0
    *card, line = shown(capsys)[0]
    assert card == [str(made / "csca.key.pem"), "  private key  encrypted"]
    assert json.loads(line) == {"file": str(made / "csca.key.pem"), "role": "key", "private_key": "encrypted"}


def test_a_key_in_the_clear_is_warned_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "some.key.pem"
    path.write_bytes(unsafe_unencrypted_private_key(PAIR.private_key))
    assert run(["keys", "show", str(path)]) == 0
    out, err = shown(capsys)
    assert out[1] == "  private key  NOT ENCRYPTED"
    assert "can forge certificates" in err
    assert b"PRIVATE" not in "".join([*out, err]).encode()
    entry = KeyEntry(path=path, certificate=None, is_key_encrypted=False)
    assert entry_line(entry, AT) == "key   some.key.pem: NOT ENCRYPTED"


@pytest.mark.parametrize("arguments", [["show", "pass"], ["list", "."], ["show", "."]])
def test_what_holds_no_keys_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["keys", *arguments]) == 6
    assert shown(capsys)[0] == []


@pytest.mark.parametrize("arguments", [["show"], ["list", "none"], ["list", "pass"], ["rotate", "none"], ["mend"]])
def test_wrong_usage_is_told(arguments: list[str]) -> None:
    assert run(["keys", *arguments]) == 2


def test_the_sample_keys_come_with_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["keys", "sample", "sample"]) == 0
    out, err = shown(capsys)
    assert {*out, "sample/README.md"} == {str(file.relative_to(tmp_path)) for file in (tmp_path / "sample").iterdir()}
    assert "for trials only" in err


@pytest.mark.parametrize(
    ("at", "state", "words"),
    [
        (AT - timedelta(seconds=1), "not_yet_valid", "not yet valid"),
        (AT, "active", ""),
        (AT + DSC_TERM.key_use, "active", ""),
        (AT + DSC_TERM.key_use + timedelta(seconds=1), "retired", "signs no more"),
        (AT + DSC_TERM.lifetime, "retired", "signs no more"),
        (AT + DSC_TERM.lifetime + timedelta(seconds=1), "expired", "EXPIRED"),
    ],
)
def test_the_state_follows_the_clock(at: datetime, state: str, words: str) -> None:
    dsc = Dsc.of_certificate(PAIR.certificate)
    entry = KeyEntry(path=Path("dsc.pem"), certificate=dsc, is_key_encrypted=None)
    assert state_of(dsc, at) == state
    assert entry_json(entry, at)["state"] == state
    assert signer_line(dsc, at).endswith(
        f"  {words}  C=XA, CN=DSC" if words else f"to {dsc.not_after:%Y-%m-%d}  C=XA, CN=DSC"
    )
    (valid,) = (line for line in entry_card(entry, at) if "  valid" in line)
    assert valid.endswith(f"Z, {words}" if words else "Z")


def test_a_bare_key_has_no_end_and_no_name() -> None:
    bare = Dsc.of_spki(Dsc.of_certificate(PAIR.certificate).spki, kid=Dsc.of_certificate(PAIR.certificate).kid)
    assert signer_line(bare, AT) == f"{bare.kid}  -   any    EC-P256   no end         (a bare key)"
    entry: dict[str, Any] = entry_json(KeyEntry(path=Path("dsc.pem"), certificate=bare, is_key_encrypted=None), AT)
    assert (entry["not_after"], entry["key_use_ends"], entry["subject"], entry["state"]) == (None, None, None, "active")


def test_a_keystore_in_the_clear_says_so_on_every_line(tmp_path: Path) -> None:
    Keystore(tmp_path / "k").unsafe_add_unencrypted(PAIR)
    (entry,) = read_keys(tmp_path / "k")
    assert entry_line(entry, AT).endswith("(key NOT ENCRYPTED)")
    assert entry_json(entry, AT)["private_key"] == "unencrypted"
