import json
from collections.abc import Callable
from pathlib import Path

import pytest

from vaxcert.errors import StorageError, TrustListError
from vaxcert.signing.key_pair import KeyPair
from vaxcert.signing.private_key import unsafe_unencrypted_private_key
from vaxcert.trust import readers
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.gateway import format_saved_list
from vaxcert.trust.jwks import format_key_set
from vaxcert.trust.pem import format_block
from vaxcert.trust.readers import MAX_SOURCE_BYTES, read_anchors, read_path, read_trust


def test_each_form_is_known_by_what_it_holds(pair: KeyPair, dsc: Dsc) -> None:
    saved = format_saved_list((dsc,), as_of=None)
    entries = json.dumps(json.loads(saved)["certificates"]).encode()
    for content in (
        pair.certificate.der,
        pair.certificate_pem,
        b"# a comment\n" + pair.certificate_pem,
        saved,
        b"\xef\xbb\xbf \n" + saved,
        entries,
        format_key_set((dsc,)),
    ):
        material = read_trust(content)
        assert material.dscs == (dsc,)
        assert material.rejected == ()


def test_a_bundle_tells_cscas_from_dscs(csca: KeyPair, pair: KeyPair, dsc: Dsc) -> None:
    material = read_trust(pair.certificate_pem + csca.certificate_pem)
    assert material.dscs == (dsc,)
    assert material.cscas == (csca.certificate,)
    assert material.has_cscas


def test_a_private_key_in_a_bundle_is_refused_unread(pair: KeyPair, dsc: Dsc) -> None:
    material = read_trust(unsafe_unencrypted_private_key(pair.private_key) + pair.certificate_pem)
    assert material.dscs == (dsc,)
    assert [(entry.source, entry.reason) for entry in material.rejected] == [("block 1", "private_key")]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (format_block("CERTIFICATE REQUEST", b"0"), "unknown_type"),
        (format_block("CERTIFICATE", b"0"), "unreadable"),
        (b"-----BEGIN CERTIFICATE-----\nMIIB\n", "unreadable"),
        (b"-----BEGIN RSA PRIVATE KEY-----\nDEK-Info: x\n\nAAAA\n-----END RSA PRIVATE KEY-----\n", "private_key"),
        (b"\x30\x82\x00\x01\x00", "unreadable"),
    ],
)
def test_a_block_that_is_no_certificate_is_left_out(content: bytes, reason: str) -> None:
    material = read_trust(content)
    assert material.dscs == ()
    assert [entry.reason for entry in material.rejected] == [reason]


@pytest.mark.parametrize(
    "content",
    [b"", b"HC1:NCFOXN", b"0000", b"certificates", b"{}", b'{"verificationMethod": []}', b'"keys"'],
)
def test_an_unknown_form_is_refused(content: bytes) -> None:
    with pytest.raises(TrustListError, match="no known form"):
        read_trust(content)


@pytest.mark.parametrize("content", [b"{", b'{"keys": [}', b"[" * 100_000, b'["\xff"]', b'{"keys": "\\u12"}'])
def test_json_that_is_not_well_formed_is_refused(content: bytes) -> None:
    with pytest.raises(TrustListError, match="not well-formed JSON"):
        read_trust(content)


def test_a_list_past_the_bound_is_not_even_parsed() -> None:
    with pytest.raises(TrustListError, match="bytes"):
        read_trust(b"{" + bytes(MAX_SOURCE_BYTES))


@pytest.mark.parametrize("content", [b"[1, 2, 3]", b'{"keys": [1, 2, 3]}', b'{"certificates": [1, 2, 3]}'])
def test_entries_are_counted_before_they_are_read(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(readers, "MAX_ENTRIES", 2)
    with pytest.raises(TrustListError, match="over 2 entries"):
        read_trust(content)


def test_blocks_are_counted(monkeypatch: pytest.MonkeyPatch, pair: KeyPair) -> None:
    monkeypatch.setattr(readers, "MAX_ENTRIES", 2)
    assert read_trust(pair.certificate_pem * 2).dscs
    with pytest.raises(TrustListError, match="over 2 entries"):
        read_trust(pair.certificate_pem * 3)


def test_a_folder_is_read_to_its_depth(
    tmp_path: Path, pair: KeyPair, dsc: Dsc, rsa_pair: KeyPair, rsa_dsc: Dsc
) -> None:
    (tmp_path / "XA" / "DSC").mkdir(parents=True)
    (tmp_path / "XA" / "DSC" / "1.anything").write_bytes(pair.certificate.der)
    (tmp_path / "XA" / "2.pem").write_bytes(rsa_pair.certificate_pem)
    (tmp_path / ".hidden").write_bytes(b"passed over")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "index").write_bytes(b"passed over")
    material = read_path(tmp_path)
    assert material.dscs == (rsa_dsc, dsc)
    assert material.rejected == ()


def test_a_file_in_a_folder_that_is_no_trust_list_is_one_rejected_entry(tmp_path: Path, pair: KeyPair) -> None:
    (tmp_path / "README").write_text("these are the DSCs")
    (tmp_path / "a.pem").write_bytes(pair.certificate_pem + format_block("CERTIFICATE", b"0"))
    rejected = read_path(tmp_path).rejected
    assert [(entry.source, entry.reason) for entry in rejected] == [
        ("README", "unknown_form"),
        ("a.pem: block 2", "unreadable"),
    ]


def test_a_folder_of_too_many_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "MAX_FILES", 1)
    (tmp_path / "a").touch()
    (tmp_path / "b").touch()
    with pytest.raises(TrustListError, match="over 1 files"):
        read_path(tmp_path)


def test_a_file_past_the_bound_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pair: KeyPair) -> None:
    monkeypatch.setattr(readers, "MAX_SOURCE_BYTES", 100)
    (tmp_path / "a.pem").write_bytes(pair.certificate_pem)
    with pytest.raises(TrustListError, match="over 100 bytes"):
        read_path(tmp_path / "a.pem")


def test_a_missing_path_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="No such file"):
        read_path(tmp_path / "nowhere")


def test_anchors_are_all_the_certificates_of_a_path(
    tmp_path: Path, csca: KeyPair, odd_certificate: Callable[..., bytes]
) -> None:
    other = odd_certificate()  # nothing in it says that it is a CSCA, but whoever put it here does
    (tmp_path / "csca.pem").write_bytes(csca.certificate_pem)
    (tmp_path / "other.der").write_bytes(other)
    assert read_anchors(tmp_path) == (csca.certificate.der, other)


def test_an_anchor_that_cannot_be_read_is_not_passed_over(tmp_path: Path, csca: KeyPair) -> None:
    (tmp_path / "csca.pem").write_bytes(csca.certificate_pem + format_block("CERTIFICATE", b"0"))
    with pytest.raises(TrustListError, match="block 2"):
        read_anchors(tmp_path / "csca.pem")


def test_a_path_without_an_anchor_is_refused(tmp_path: Path, bare: Dsc) -> None:
    with pytest.raises(TrustListError, match="no CSCA"):
        read_anchors(tmp_path)
    (tmp_path / "bare.json").write_bytes(format_saved_list((bare,), as_of=None))
    with pytest.raises(TrustListError, match="no CSCA"):
        read_anchors(tmp_path)
