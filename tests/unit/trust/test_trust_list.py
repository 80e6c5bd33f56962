import pickle
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vaxcert.errors import StaleTrustListError, StorageError, TrustEntryError, TrustListError, UnknownSignerError
from vaxcert.model.certificate_type import CertificateType
from vaxcert.model.kid import Kid
from vaxcert.signing.authority import create_csca, create_dsc
from vaxcert.signing.key_pair import KeyPair
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.gateway import format_saved_list
from vaxcert.trust.jwks import format_key_set
from vaxcert.trust.pem import format_block
from vaxcert.trust.trust_list import TrustList

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def stranger(at: datetime) -> KeyPair:
    """A DSC of the same names as the good one, under a CSCA that nobody trusts."""
    return create_dsc(
        create_csca(country="XA", common_name="CSCA of Testland", at=at), common_name="DSC 1", usages=(), at=at
    )


def test_a_signer_is_found_by_its_kid(pair: KeyPair, rsa_pair: KeyPair, dsc: Dsc, rsa_dsc: Dsc) -> None:
    trust_list = TrustList.of_certificates([pair.certificate.der, rsa_pair.certificate.der])
    assert trust_list.candidates(dsc.kid.value) == (dsc,)
    assert trust_list.candidates(rsa_dsc.kid.value) == (rsa_dsc,)
    assert trust_list.entries == (dsc, rsa_dsc)


@pytest.mark.parametrize("kid", [b"", b"unknown!", bytes(64)])
def test_an_unknown_kid_is_named(pair: KeyPair, kid: bytes) -> None:
    with pytest.raises(UnknownSignerError) as caught:
        TrustList.of_certificates([pair.certificate.der]).candidates(kid)
    assert caught.value.kid == kid


def test_signers_that_share_a_kid_are_all_candidates(pair: KeyPair, rsa_pair: KeyPair) -> None:
    shared = Kid(b"the same")
    entries = tuple(Dsc.of_der(der, kid=shared) for der in (pair.certificate.der, rsa_pair.certificate.der))
    assert TrustList(entries=entries).candidates(shared.value) == entries


def test_a_certificate_counts_once(pair: KeyPair, dsc: Dsc) -> None:
    trust_list = TrustList.of_certificates([pair.certificate.der] * 3)
    assert trust_list.entries == trust_list.candidates(dsc.kid.value) == (dsc,)


def test_a_certificate_that_cannot_be_read_is_left_out_and_named(pair: KeyPair, dsc: Dsc) -> None:
    trust_list = TrustList.of_certificates([b"junk", pair.certificate.der])
    assert trust_list.entries == (dsc,)
    assert [(entry.source, entry.reason) for entry in trust_list.rejected] == [("certificate 1", "unreadable")]


def test_with_cscas_only_what_chains_is_trusted(csca: KeyPair, pair: KeyPair, stranger: KeyPair, at: datetime) -> None:
    ders = [pair.certificate.der, stranger.certificate.der]
    trust_list = TrustList.of_certificates(ders, cscas=[csca.certificate.der], at=at)
    assert [dsc.der for dsc in trust_list.entries] == [pair.certificate.der]
    rejected = trust_list.rejected[0]
    assert rejected.source == f"kid {Kid.of_dsc(stranger.certificate.der)}"
    assert rejected.reason == "bad_signature"
    with pytest.raises(UnknownSignerError):
        trust_list.candidates(Kid.of_dsc(stranger.certificate.der).value)


def test_a_csca_that_has_lapsed_takes_its_dscs_with_it(csca: KeyPair, pair: KeyPair, at: datetime) -> None:
    late = TrustList.of_certificates([pair.certificate.der], cscas=[csca.certificate.der], at=at + 1500 * DAY)
    assert [entry.reason for entry in late.rejected] == ["csca_not_valid"]
    assert late.entries == ()


def test_a_csca_that_cannot_be_read_is_an_error(pair: KeyPair) -> None:
    with pytest.raises(TrustEntryError):
        TrustList.of_certificates([pair.certificate.der], cscas=[b"junk"])


def test_a_naive_instant_is_a_mistake(csca: KeyPair, pair: KeyPair, at: datetime) -> None:
    naive = at.replace(tzinfo=None)
    with pytest.raises(ValueError, match="time zone"):
        TrustList.of_certificates([pair.certificate.der], cscas=[csca.certificate.der], at=naive)
    with pytest.raises(ValueError, match="time zone"):
        TrustList.of_certificates([pair.certificate.der], as_of=naive)
    with pytest.raises(ValueError, match="time zone"):
        TrustList().dated(naive)


def test_a_list_is_fresh_through_its_last_moment(at: datetime) -> None:
    trust_list = TrustList(as_of=at)
    trust_list.check_fresh(at + DAY, DAY)
    trust_list.check_fresh(at - 9 * DAY, DAY)


def test_a_list_past_its_age_is_stale(at: datetime) -> None:
    with pytest.raises(StaleTrustListError, match="2026-11-22T08:00Z") as caught:
        TrustList(as_of=at).check_fresh(at + DAY + timedelta(seconds=1), DAY)
    assert caught.value.as_of == at


def test_a_list_without_a_date_is_never_fresh(at: datetime) -> None:
    with pytest.raises(StaleTrustListError, match="no date"):
        TrustList().check_fresh(at, 1000 * DAY)
    TrustList().dated(at).check_fresh(at, DAY)


def test_a_merged_list_is_as_old_as_the_older(dsc: Dsc, rsa_dsc: Dsc, at: datetime) -> None:
    new, old = TrustList(entries=(dsc,), as_of=at), TrustList(entries=(rsa_dsc, dsc), as_of=at - DAY)
    merged = new.merge(old)
    assert merged.entries == (dsc, rsa_dsc)
    assert merged.as_of == old.merge(new).as_of == at - DAY


def test_merging_with_a_list_without_a_date_takes_the_date_away(dsc: Dsc, rsa_dsc: Dsc, at: datetime) -> None:
    dated, undated = TrustList(entries=(dsc,), as_of=at), TrustList(entries=(rsa_dsc,))
    assert dated.merge(undated).as_of is None
    assert undated.merge(dated).as_of is None


def test_an_empty_list_takes_nothing_away(dsc: Dsc, at: datetime) -> None:
    dated = TrustList(entries=(dsc,), as_of=at)
    assert TrustList().merge(dated) == dated.merge(TrustList()) == dated


def test_a_list_comes_back_from_a_pickle(dsc: Dsc, bare: Dsc, at: datetime) -> None:
    trust_list = TrustList(entries=(dsc, bare), as_of=at)
    back = pickle.loads(pickle.dumps(trust_list))
    assert back == trust_list
    assert back.candidates(bare.kid.value) == (bare,)


def test_a_file_is_loaded_with_its_date(tmp_path: Path, dsc: Dsc, bare: Dsc) -> None:
    as_of = datetime(2026, 11, 1, tzinfo=UTC)
    path = tmp_path / "trust"
    path.write_bytes(format_saved_list((dsc, bare), as_of=as_of))
    assert TrustList.load(path) == TrustList.load(str(path)) == TrustList(entries=(dsc, bare), as_of=as_of)


def test_cscas_in_a_folder_are_taken_as_such(
    tmp_path: Path, csca: KeyPair, pair: KeyPair, stranger: KeyPair, bare: Dsc, *, at: datetime
) -> None:
    (tmp_path / "csca.pem").write_bytes(csca.certificate_pem)
    (tmp_path / "dsc.pem").write_bytes(pair.certificate_pem + stranger.certificate_pem)
    (tmp_path / "list.json").write_bytes(format_saved_list((bare,), as_of=None))
    trust_list = TrustList.load(tmp_path, at=at)
    assert [dsc.der for dsc in trust_list.entries] == [pair.certificate.der]
    assert {entry.reason for entry in trust_list.rejected} == {"bad_signature", "no_certificate"}


def test_lists_are_held_to_their_own_cscas(tmp_path: Path, csca: KeyPair, pair: KeyPair, stranger: KeyPair) -> None:
    (tmp_path / "a.pem").write_bytes(csca.certificate_pem + pair.certificate_pem)
    (tmp_path / "b.pem").write_bytes(stranger.certificate_pem)
    paths = [tmp_path / "a.pem", tmp_path / "b.pem"]
    assert len(TrustList.load_all(paths).entries) == 2
    (tmp_path / "csca.pem").write_bytes(csca.certificate_pem)
    held = TrustList.load_all(paths, cscas=[tmp_path / "csca.pem"])
    assert [dsc.der for dsc in held.entries] == [pair.certificate.der]


def test_no_paths_make_an_empty_list() -> None:
    assert TrustList.load_all([]) == TrustList()


def test_a_csca_in_a_list_that_cannot_be_read_leaves_nothing_trusted(tmp_path: Path, dsc: Dsc) -> None:
    saved = format_saved_list((dsc,), as_of=None)
    path = tmp_path / "list.json"
    path.write_bytes(saved.replace(b"[\n", b'[\n{"certificateType": "CSCA", "rawData": "AAAA"},\n'))
    trust_list = TrustList.load(path)
    assert trust_list.entries == ()
    assert [entry.reason for entry in trust_list.rejected] == ["unreadable", "unknown_issuer"]


def test_a_path_that_is_no_list_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("hello")
    with pytest.raises(TrustListError, match="no known form"):
        TrustList.load(tmp_path / "file")
    with pytest.raises(StorageError):
        TrustList.load(tmp_path / "nowhere")


# --- CSCAs that are damaged ----------------------------------------------------------------------------------------

BASIC_CONSTRAINTS, EXTENDED_KEY_USAGE, KEY_USAGE = "2.5.29.19", "2.5.29.37", "2.5.29.15"
CA, NO_CA, PATH_LENGTH = b"\x30\x03\x01\x01\xff", b"\x30\x00", b"\x30\x06\x01\x01\xff\x02\x01\x00"
VACCINATION = b"\x30\x0d\x06\x0b\x2b\x06\x01\x04\x01\x8e\x37\x8f\x65\x01\x02"


def loaded(folder: Path, damaged: bytes, rogue: KeyPair) -> TrustList:
    (folder / "csca").write_bytes(damaged)
    (folder / "dsc.pem").write_bytes(rogue.certificate_pem)
    return TrustList.load(folder)


@pytest.mark.parametrize("cut", [25, 26, 27, 60, 100, 400, 600])
def test_a_csca_cut_short_does_not_switch_the_chain_off(
    tmp_path: Path, csca: KeyPair, stranger: KeyPair, cut: int
) -> None:
    trust_list = loaded(tmp_path, csca.certificate_pem[:-cut], stranger)
    assert trust_list.entries == ()
    assert trust_list.rejected[0].source == "csca: block 1"
    assert "may be a CSCA" in trust_list.rejected[0].message
    assert trust_list.rejected[-1].reason == "unknown_issuer"


@pytest.mark.parametrize("cut", [1, 60, 200, 300])
def test_a_binary_csca_cut_short_does_not_switch_the_chain_off(
    tmp_path: Path, csca: KeyPair, stranger: KeyPair, cut: int
) -> None:
    assert loaded(tmp_path, csca.certificate.der[:-cut], stranger).entries == ()


@pytest.mark.parametrize(
    "damage",
    [
        lambda pem: pem.replace(b"M", b"?"),
        lambda pem: b"".join(pem.splitlines(keepends=True)[:3] + pem.splitlines(keepends=True)[4:]),
        lambda pem: pem.replace(b" CERTIFICATE", b" TRUSTED CERTIFICATE").replace(b"MII", b"NII"),
        lambda _pem: format_block("CERTIFICATE", bytes(20_000)),
        lambda _pem: format_block("CERTIFICATE", b""),
    ],
    ids=["no base64", "a line lost", "another label", "too large", "nothing"],
)
def test_a_garbled_csca_does_not_switch_the_chain_off(
    tmp_path: Path, csca: KeyPair, stranger: KeyPair, damage: Callable[[bytes], bytes]
) -> None:
    assert loaded(tmp_path, damage(csca.certificate_pem), stranger).entries == ()


def test_a_csca_cut_short_in_a_bundle_does_not_switch_the_chain_off(
    tmp_path: Path, csca: KeyPair, stranger: KeyPair
) -> None:
    cut_short = csca.certificate_pem[:-60]
    for between in (b"", b"\n"):
        (tmp_path / "bundle.pem").write_bytes(cut_short + between + stranger.certificate_pem)
        assert TrustList.load(tmp_path / "bundle.pem").entries == ()


@pytest.mark.parametrize("constraints", [CA, PATH_LENGTH, b"\x30\x03\x01"])
def test_a_csca_with_a_key_of_another_kind_does_not_switch_the_chain_off(
    tmp_path: Path, stranger: KeyPair, odd_certificate: Callable[..., bytes], constraints: bytes
) -> None:
    key = Ed25519PrivateKey.generate().public_key()
    csca = odd_certificate({BASIC_CONSTRAINTS: constraints}, public_key=key)
    assert loaded(tmp_path, csca, stranger).entries == ()


def test_the_other_cscas_still_count_beside_a_damaged_one(
    tmp_path: Path, csca: KeyPair, pair: KeyPair, stranger: KeyPair
) -> None:
    (tmp_path / "good.pem").write_bytes(csca.certificate_pem + pair.certificate_pem)
    trust_list = loaded(tmp_path, csca.certificate_pem[:-60], stranger)
    assert [dsc.der for dsc in trust_list.entries] == [pair.certificate.der]


def test_a_damaged_dsc_that_is_evidently_one_asks_for_no_csca(
    tmp_path: Path, pair: KeyPair, stranger: KeyPair, odd_certificate: Callable[..., bytes]
) -> None:
    key = Ed25519PrivateKey.generate().public_key()
    for damaged in (
        pair.certificate.der[:-60],
        odd_certificate({BASIC_CONSTRAINTS: NO_CA}, public_key=key),
        odd_certificate({BASIC_CONSTRAINTS: CA, EXTENDED_KEY_USAGE: VACCINATION}, public_key=key),
        format_block("X509 CRL", b"0"),
    ):
        trust_list = loaded(tmp_path, damaged, stranger)
        assert [dsc.der for dsc in trust_list.entries] == [stranger.certificate.der]
        assert len(trust_list.rejected) == 1
        assert "CSCA" not in trust_list.rejected[0].message


# --- keys that sign no payloads ------------------------------------------------------------------------------------


@pytest.mark.parametrize("usage", [b"\x03\x02\x05\x20", b"\x03\x02\x01\x06", b"\x03\x01\x00", b"\x03\x02\x06\x40"])
def test_a_key_that_may_not_sign_payloads_signs_no_kind(
    tmp_path: Path, dsc: Dsc, odd_certificate: Callable[..., bytes], usage: bytes
) -> None:
    other = Dsc.of_der(odd_certificate({KEY_USAGE: usage}))
    assert other.der is not None
    (tmp_path / "pem").write_bytes(format_block("CERTIFICATE", other.der))
    (tmp_path / "saved").write_bytes(format_saved_list((other,), as_of=None))
    (tmp_path / "keys").write_bytes(format_key_set((other,)))
    for trust_list in (
        TrustList.of_certificates([other.der]),
        *(TrustList.load(tmp_path / name) for name in ("pem", "saved", "keys")),
    ):
        (listed,) = trust_list.entries
        assert not any(listed.may_sign(kind) for kind in CertificateType)
    assert dsc.may_sign(CertificateType.VACCINATION)


def test_a_csca_listed_as_a_signer_may_sign_nothing(tmp_path: Path, csca: KeyPair, at: datetime) -> None:
    (tmp_path / "list.json").write_bytes(format_saved_list((Dsc.of_certificate(csca.certificate),), as_of=at))
    (listed,) = TrustList.load(tmp_path / "list.json").entries
    assert not any(listed.may_sign(kind) for kind in CertificateType)


def test_a_key_usage_that_cannot_be_read_is_none(odd_certificate: Callable[..., bytes]) -> None:
    trust_list = TrustList.of_certificates([odd_certificate({KEY_USAGE: b"\x03\x05\x00"})])
    assert trust_list.entries == ()
    assert [entry.reason for entry in trust_list.rejected] == ["unreadable"]


@pytest.mark.parametrize("usage", [None, b"\x03\x02\x07\x80", b"\x03\x02\x06\xc0"])
def test_a_key_that_may_sign_payloads_or_says_nothing_is_a_signer(
    odd_certificate: Callable[..., bytes], usage: bytes | None
) -> None:
    der = odd_certificate({} if usage is None else {KEY_USAGE: usage})
    assert [dsc.der for dsc in TrustList.of_certificates([der]).entries] == [der]


# --- dates to come -------------------------------------------------------------------------------------------------


def test_a_list_dated_in_the_future_is_never_fresh(tmp_path: Path, dsc: Dsc, at: datetime) -> None:
    path = tmp_path / "list.json"
    path.write_bytes(format_saved_list((dsc,), as_of=at + DAY + timedelta(seconds=1)))
    trust_list = TrustList.load(path, now=at)
    assert trust_list.entries == (dsc,)
    assert [(entry.source, entry.reason) for entry in trust_list.rejected] == [("as_of", "future_date")]
    with pytest.raises(StaleTrustListError, match="no date"):
        trust_list.check_fresh(at, 1000 * DAY)


def test_a_date_in_the_future_does_not_hide_behind_a_good_one(
    tmp_path: Path, dsc: Dsc, rsa_dsc: Dsc, at: datetime
) -> None:
    (tmp_path / "future.json").write_bytes(format_saved_list((dsc,), as_of=at + 9 * DAY))
    (tmp_path / "good.json").write_bytes(format_saved_list((rsa_dsc,), as_of=at))
    assert TrustList.load(tmp_path).as_of == at
    assert TrustList.load(tmp_path, now=at).as_of is None
    assert TrustList.load_all([tmp_path / "good.json", tmp_path / "future.json"], now=at).as_of is None


@pytest.mark.parametrize("ahead", [timedelta(0), DAY, -9 * DAY])
def test_a_date_within_a_day_of_the_clock_is_believed(tmp_path: Path, dsc: Dsc, at: datetime, ahead: timedelta) -> None:
    path = tmp_path / "list.json"
    path.write_bytes(format_saved_list((dsc,), as_of=at + ahead))
    trust_list = TrustList.load(path, now=at)
    assert trust_list.as_of == at + ahead
    assert trust_list.rejected == ()


def test_a_naive_present_is_a_mistake(tmp_path: Path, at: datetime) -> None:
    with pytest.raises(ValueError, match="time zone"):
        TrustList.load(tmp_path, now=at.replace(tzinfo=None))
