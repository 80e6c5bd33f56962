"""Lists in files and folders, the ones that are kept, and all of them made from a book."""

from __future__ import annotations

import stat
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from tests import authority
from tests.own_lists import AS_OF, KID, TRUSTED, append, marks, own_bytes, uvci
from vaxcert.errors import (
    OlderRevocationListError,
    RevocationBatchError,
    RevocationListError,
    SigningError,
    StorageError,
    TrustListError,
    UntrustedRevocationListError,
)
from vaxcert.ledger.log.log_key import LogKey
from vaxcert.ledger.store.log import TransparencyLog
from vaxcert.model.records import VaccinationRecord
from vaxcert.service.kept_lists import keep_list, kept_lists
from vaxcert.service.revocation_book import BookEntry, RevocationBook
from vaxcert.service.revocation_export import EuEntries, export_batches, export_own, export_partitions
from vaxcert.service.revocation_lists import ListReader
from vaxcert.service.revoking import Revoker, read_name, signature_hash
from vaxcert.signing.authority import create_csca, create_dsc
from vaxcert.signing.pem import PemSigner
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.revocation.hashes import HashType
from vaxcert.trust.revocation.own_format import KidRule
from vaxcert.trust.revocation.own_list import OwnList
from vaxcert.trust.revocation.revocation_list import CertificateMarks, RevocationReason
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify.verifier import Verifier

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from vaxcert.issue.issuer import Certificate
    from vaxcert.trust.revocation.revocation_list import RevocationList

AT = authority.AT
REVOKED, SUPERSEDED = RevocationReason.REVOKED, RevocationReason.SUPERSEDED


@pytest.fixture
def book(tmp_path: Path) -> Iterator[RevocationBook]:
    with RevocationBook.open(tmp_path / "book.sqlite", create=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def issued() -> Sequence[Certificate]:
    by, record = authority.issuer(), VaccinationRecord.from_mapping(authority.VACCINATION)
    return [by.issue(record, at=AT - timedelta(hours=2) + timedelta(hours=hours)) for hours in range(3)]


@pytest.fixture
def log(tmp_path: Path, issued: Sequence[Certificate]) -> Iterator[TransparencyLog]:
    key = LogKey.create("ledger.example/vn")
    with TransparencyLog.create(tmp_path / "ledger", origin=key.name, vkey=key.vkey, at=AT) as opened:
        append(opened, issued)
        yield opened


def reader(trust_list: TrustList = TRUSTED, *, now: datetime | None = None, signers: Sequence[Path] = ()) -> ListReader:
    return ListReader(trust_list=trust_list, signers=signers, at=AT, now=now)


def stranger(country: str | None = "XA") -> PemSigner:
    csca = create_csca(country=country or "XA", common_name="CSCA", at=authority.BORN)
    pair = create_dsc(csca, common_name="DSC", usages=authority.USAGES, at=authority.BORN)
    dsc = Dsc.of_certificate(pair.certificate)
    if country is None:
        dsc = Dsc(**{name: getattr(dsc, name) for name in Dsc.__dataclass_fields__} | {"country": None})
    return PemSigner(pair.private_key, dsc)


def codes(lists: RevocationList, certificates: Sequence[Certificate]) -> list[str | None]:
    verifier = Verifier(TRUSTED, revocations=[lists])
    return [verifier.examine(certificate.text, at=AT).code for certificate in certificates]


def entries(
    book: RevocationBook,
    log: TransparencyLog | None = None,
    hash_type: HashType = HashType.UCI,
    at: datetime = AT,
) -> EuEntries:
    return EuEntries(book, log, hash_type, at)


# --- an issuer's own list --------------------------------------------------------------------------------------------


def test_a_book_becomes_a_list_with_its_reasons(
    book: RevocationBook, tmp_path: Path, issued: Sequence[Certificate]
) -> None:
    book.add([BookEntry(issued[0].uvci, REVOKED, AS_OF), BookEntry(issued[1].uvci, SUPERSEDED, AS_OF)])
    out = tmp_path / "vn.cose"
    head = export_own(book, out, signer=authority.signer(), at=AT, valid_for=timedelta(days=7))
    assert (head.count, head.country, head.as_of) == (2, "VN", AS_OF)
    loaded = reader().load(out)
    assert (loaded.form, loaded.is_signed) == ("own", True)
    assert isinstance(loaded.content, OwnList)
    assert loaded.content.next_update == AT + timedelta(days=7)
    assert codes(loaded.content, issued) == ["revoked", "superseded", None]
    assert stat.S_IMODE(out.stat().st_mode) == 0o644, "it is for everybody"
    assert {path.name for path in tmp_path.iterdir()} == {
        "book.sqlite",
        "book.sqlite-wal",
        "book.sqlite-shm",
        "vn.cose",
    }


def test_what_has_expired_is_in_no_list(book: RevocationBook, tmp_path: Path) -> None:
    book.add(BookEntry(uvci(number), REVOKED, AS_OF, expires_at=AS_OF - 1 + number) for number in range(3))
    out = tmp_path / "vn.cose"
    assert export_own(book, out, signer=authority.signer(), at=AT).count == 2
    assert [entry.value for entry in entries(book)] == [sha256(uvci(n).encode()).digest() for n in (1, 2)]


def test_a_rule_for_a_key_is_in_the_issuers_own_list(
    book: RevocationBook, tmp_path: Path, issued: Sequence[Certificate]
) -> None:
    book.add_kid_rules([KidRule(kid=KID, since=AS_OF - 3600, reason=REVOKED, at=AS_OF)])
    out = tmp_path / "vn.cose"
    export_own(book, out, signer=authority.signer(), at=AT)
    assert codes(reader().load(out).content, issued) == [None, "revoked", "revoked"]


def test_nothing_is_overwritten(book: RevocationBook, tmp_path: Path) -> None:
    out = tmp_path / "vn.cose"
    out.write_bytes(b"mine")
    with pytest.raises(StorageError, match="exists"):
        export_own(book, out, signer=authority.signer(), at=AT)
    assert out.read_bytes() == b"mine"


def test_a_signer_without_a_country_signs_no_list(book: RevocationBook, tmp_path: Path) -> None:
    with pytest.raises(SigningError, match="names no country"):
        export_own(book, tmp_path / "x.cose", signer=stranger(None), at=AT)
    with pytest.raises(SigningError, match="names no country"):
        export_batches(entries(book), tmp_path / "x", signer=stranger(None))
    assert not any(path.name.startswith("x") for path in tmp_path.iterdir())


# --- the lists of the EU ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hash_type", HashType)
@pytest.mark.parametrize("form", ["eu-batches", "eu-partitions"])
def test_a_book_becomes_a_list_of_the_eu(
    book: RevocationBook, tmp_path: Path, issued: Sequence[Certificate], hash_type: HashType, form: str
) -> None:
    revoker = Revoker(book, at=AT)
    list(revoker.revoke([read_name("1", issued[1].text)]))
    out = tmp_path / "eu"
    given = entries(book, hash_type=hash_type)
    written = (
        export_partitions(given, out)
        if form == "eu-partitions"
        else export_batches(given, out, signer=authority.signer())
    )
    assert written.entries == 1
    loaded = reader().load(out)
    assert (loaded.form, loaded.is_signed, loaded.content.as_of) == (form, form == "eu-batches", AT)
    assert codes(loaded.content, issued) == [None, "revoked", None]


def test_one_batch_is_a_list_too(book: RevocationBook, tmp_path: Path, issued: Sequence[Certificate]) -> None:
    book.add([BookEntry(issued[0].uvci, REVOKED, AS_OF, kid=KID)])
    export_batches(entries(book), tmp_path / "eu", signer=authority.signer())
    (file,) = (tmp_path / "eu").iterdir()
    assert codes(reader().load(file).content, issued) == ["revoked", None, None]


def test_what_the_book_does_not_know_the_log_does(
    book: RevocationBook, log: TransparencyLog, issued: Sequence[Certificate]
) -> None:
    book.add([BookEntry(issued[0].uvci, REVOKED, AS_OF)])
    (found,) = entries(book, log, HashType.SIGNATURE)
    assert (found.kid, found.value) == (KID, signature_hash(issued[0].cose))
    assert found.expires == issued[0].expires_at
    with pytest.raises(RevocationListError, match="nothing is known that a list by SIGNATURE"):
        list(entries(book, None, HashType.SIGNATURE))


def test_without_a_country_there_is_no_hash_with_one(book: RevocationBook) -> None:
    book.add([BookEntry("number 17", REVOKED, AS_OF)])
    assert len([*entries(book)]) == 1
    with pytest.raises(RevocationListError, match="COUNTRYCODEUCI"):
        list(entries(book, None, HashType.COUNTRYCODEUCI))


def test_a_certificate_of_unknown_end_outlives_every_other(book: RevocationBook) -> None:
    book.add([BookEntry(uvci(1), REVOKED, AS_OF)])
    (found,) = entries(book)
    assert (found.kid, found.expires) == (None, AT + timedelta(days=3660))


def test_a_rule_for_a_key_becomes_its_certificates(
    book: RevocationBook, log: TransparencyLog, issued: Sequence[Certificate], tmp_path: Path
) -> None:
    book.add_kid_rules([KidRule(kid=KID, since=AS_OF - 3600, reason=REVOKED, at=AS_OF)])
    for number, hash_type in enumerate(HashType):
        out = tmp_path / str(number)
        export_partitions(entries(book, log, hash_type), out)
        assert codes(reader().load(out).content, issued) == [None, "revoked", "revoked"]
    with pytest.raises(RevocationListError, match="cannot say that a whole key is revoked") as raised:
        export_partitions(entries(book), tmp_path / "without")
    assert "--ledger" in (raised.value.hint or "")
    assert not (tmp_path / "without").exists()
    late = entries(book, log, at=issued[-1].expires_at + timedelta(seconds=1))
    assert [*late] == []


def test_a_batch_about_anothers_certificates_is_refused(
    book: RevocationBook, tmp_path: Path, issued: Sequence[Certificate]
) -> None:
    foreign = stranger("XA")
    book.add([BookEntry(issued[0].uvci, REVOKED, AS_OF, kid=KID)])
    export_batches(entries(book), tmp_path / "eu", signer=foreign)
    trusted = TrustList(entries=(*TRUSTED.entries, foreign.certificate))
    with pytest.raises(UntrustedRevocationListError, match=r"batch-000001\.p7m: .*another country"):
        reader(trusted).load(tmp_path / "eu")


def test_a_batch_by_somebody_else_needs_a_certificate_that_is_named(
    book: RevocationBook, tmp_path: Path, issued: Sequence[Certificate]
) -> None:
    csca = create_csca(country="VN", common_name="CSCA", at=authority.BORN)
    uploader = create_dsc(csca, common_name="Upload", usages=(), at=authority.BORN)
    book.add([BookEntry(issued[0].uvci, REVOKED, AS_OF, kid=KID)])
    signer = PemSigner(uploader.private_key, Dsc.of_certificate(uploader.certificate))
    export_batches(entries(book), tmp_path / "eu", signer=signer)
    with pytest.raises(UntrustedRevocationListError):
        reader().load(tmp_path / "eu")
    named = tmp_path / "upload.pem"
    named.write_bytes(uploader.certificate_pem)
    loaded = reader(signers=[named]).load(tmp_path / "eu")
    assert codes(loaded.content, issued) == ["revoked", None, None]
    named.write_bytes(b"no certificate")
    with pytest.raises(TrustListError):
        reader(signers=[named]).load(tmp_path / "eu")


# --- what is no list -------------------------------------------------------------------------------------------------


def test_an_empty_folder_is_no_list(tmp_path: Path) -> None:
    with pytest.raises(RevocationListError, match="no folder of revocation lists") as raised:
        reader().load(tmp_path)
    assert "lists.json" in (raised.value.hint or "")


@pytest.mark.parametrize("content", [b"", b"{}", b"HC1:6BF", bytes(100)])
def test_another_file_is_no_list(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(RevocationBatchError):
        reader().load(tmp_path / "file")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be read"):
        reader().load(tmp_path / "none")


@pytest.mark.parametrize("form", ["own", "eu-partitions"])
def test_a_list_from_the_future_is_refused(book: RevocationBook, tmp_path: Path, form: str) -> None:
    out = tmp_path / "list"
    if form == "own":
        export_own(book, out, signer=authority.signer(), at=AT)
    else:
        export_partitions(entries(book), out)
    reader(now=AT - timedelta(days=1)).load(out)
    with pytest.raises(RevocationListError, match="which is to come"):
        reader(now=AT - timedelta(days=1, seconds=1)).load(out)


# --- lists that are kept ---------------------------------------------------------------------------------------------


def listed(tmp_path: Path, name: str, as_of: datetime, revoked: Sequence[str] = (), **said: object) -> Path:
    path = tmp_path / name
    path.write_bytes(own_bytes(revoked, as_of=int(as_of.timestamp()), **said))  # type: ignore[arg-type] # its keywords
    return path


def test_a_newer_list_takes_the_place_of_the_older(tmp_path: Path) -> None:
    folder = tmp_path / "kept" / "lists"
    assert kept_lists(folder) == ()
    first = listed(tmp_path, "first", AT)
    second = listed(tmp_path, "second", AT + timedelta(days=1), [uvci(1)])
    now = AT + timedelta(days=2)
    for path in (first, first, second):
        target, kept = keep_list(path, folder, TRUSTED, now=now)
        assert (kept_lists(folder), target.name) == ((target,), "VN.cose")
        assert target.read_bytes() == path.read_bytes()
    assert kept.find(marks(uvci(1))) is not None


def test_an_older_list_does_not_bring_back_what_was_revoked(tmp_path: Path) -> None:
    folder, now = tmp_path / "kept", AT + timedelta(days=2)
    newer, older = listed(tmp_path, "newer", AT + timedelta(seconds=1), [uvci(1)]), listed(tmp_path, "older", AT)
    target, _ = keep_list(newer, folder, TRUSTED, now=now)
    with pytest.raises(OlderRevocationListError, match="2021-12-01T09:30Z, and the list that is kept") as raised:
        keep_list(older, folder, TRUSTED, now=now)
    assert str(target) in (raised.value.hint or "")
    assert target.read_bytes() == newer.read_bytes()


def test_a_list_whose_signer_is_not_believed_any_more_gives_way(tmp_path: Path) -> None:
    folder, now = tmp_path / "kept", AT + timedelta(days=2)
    keep_list(listed(tmp_path, "first", AT + timedelta(days=1)), folder, TRUSTED, now=now)
    by = stranger("VN")
    after = listed(tmp_path, "second", AT, signer=by)
    target, _ = keep_list(after, folder, TrustList(entries=(by.certificate,)), now=now)
    assert target.read_bytes() == after.read_bytes()


def test_what_is_not_believed_is_not_kept(tmp_path: Path, book: RevocationBook) -> None:
    forged = listed(tmp_path, "forged", AT, signer=stranger("VN"))
    with pytest.raises(UntrustedRevocationListError):
        keep_list(forged, tmp_path / "kept", TRUSTED, now=AT)
    export_partitions(entries(book), tmp_path / "eu")
    with pytest.raises(RevocationListError, match="no issuer's own list"):
        keep_list(tmp_path / "eu", tmp_path / "kept", TRUSTED, now=AT)
    assert not (tmp_path / "kept").exists()


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="cannot be made"):
        keep_list(listed(tmp_path, "list", AT), tmp_path / "file" / "kept", TRUSTED, now=AT)


def test_marks_of_another_country_are_not_looked_up(tmp_path: Path) -> None:
    path = listed(tmp_path, "list", AT, [uvci(1)])
    content = reader().load(path).content
    assert content.find(CertificateMarks(b"unknown!", 0, marks(uvci(1)).hashes)) is None
