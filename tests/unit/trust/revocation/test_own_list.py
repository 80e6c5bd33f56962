"""An issuer's own list: what it says, and every way in which it is not believed."""

from __future__ import annotations

import io
import pickle
import zlib
from datetime import timedelta
from typing import TYPE_CHECKING

import base45
import cbor2
import pytest

from tests import authority
from tests.own_lists import AS_OF, KID, TRUSTED, marks, own_bytes, own_list, uvci
from vaxcert.codec import cbor, cose
from vaxcert.errors import RevocationListError, SignatureError, StorageError, UntrustedRevocationListError, VaxcertError
from vaxcert.model.records import VaccinationRecord
from vaxcert.signing.authority import KeyKind, create_csca, create_dsc
from vaxcert.signing.pem import PemSigner
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.revocation import own_format as form
from vaxcert.trust.revocation.own_format import Head, KidRule, Record
from vaxcert.trust.revocation.own_key import key_of_id
from vaxcert.trust.revocation.own_list import OwnList
from vaxcert.trust.revocation.own_writer import write_own_list
from vaxcert.trust.revocation.revocation_list import RevocationReason
from vaxcert.trust.signature import verify_signature
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify.verifier import Verifier

if TYPE_CHECKING:
    from pathlib import Path

REVOKED, SUPERSEDED = RevocationReason.REVOKED, RevocationReason.SUPERSEDED
MANY = [uvci(number) for number in range(1000)]


def rule(since: int, reason: RevocationReason = REVOKED) -> KidRule:
    return KidRule(kid=KID, since=since, reason=reason, at=AS_OF - 5)


def stranger(country: str = "VN", **said: object) -> PemSigner:
    at = authority.BORN
    csca = create_csca(country=country, common_name="Another CSCA", at=at)
    pair = create_dsc(csca, common_name="Another DSC", usages=authority.USAGES, at=at, **said)  # type: ignore[arg-type]
    return PemSigner(pair.private_key, Dsc.of_certificate(pair.certificate))


# --- what it says --------------------------------------------------------------------------------------------------


def test_who_is_named_is_found_with_reason_and_instant() -> None:
    listed = own_list(MANY[:500], MANY[500:], at=AS_OF - 60)
    for number, identifier in enumerate(MANY):
        found = listed.find(marks(identifier))
        assert found is not None
        assert (found.reason, found.by_kid) == (REVOKED if number < 500 else SUPERSEDED, False)
        assert found.at == form.moment(AS_OF - 60)


@pytest.mark.parametrize("count", [0, 1, 2, 255, 256, 257, 512, 513])
def test_who_is_not_named_is_not_found(count: int) -> None:
    listed = own_list(MANY[:count])
    assert len(listed) == len(list(listed.records())) == count
    assert all(listed.find(marks(identifier)) is not None for identifier in MANY[:count])
    assert not any(listed.find(marks(identifier)) for identifier in MANY[count:])


def test_an_identifier_is_the_same_however_it_is_written() -> None:
    urn = "URN:UVCI:01:VN:4F2A"
    spellings = (urn, "urn:uvci:01:vn:4f2a", "01:VN:4F2A", f"{urn}#X", "URN:UCI:01:VN:4F2A")
    for listed in (own_list([each]) for each in spellings):
        assert all(listed.find(marks(each)) for each in spellings)
        assert listed.find(marks("URN:UVCI:01:VN:4F2B")) is None


def test_an_identifier_that_is_no_uvci_stands_for_itself() -> None:
    listed = own_list(["a number 17"])
    assert listed.find(marks("a number 17"))
    assert not listed.find(marks("A NUMBER 17"))


def test_a_key_is_revoked_from_an_instant_on() -> None:
    listed = own_list(kid_rules=(rule(AS_OF - 100),))
    assert listed.find(marks(uvci(1), issued_at=AS_OF - 101)) is None
    for later in (AS_OF - 100, AS_OF, AS_OF + 10**6):
        found = listed.find(marks(uvci(1), issued_at=later))
        assert found is not None
        assert (found.reason, found.by_kid, found.at) == (REVOKED, True, form.moment(AS_OF - 5))


def test_a_revocation_says_more_than_a_supersession() -> None:
    superseded_key = own_list(MANY[:1], kid_rules=(rule(0, SUPERSEDED),))
    assert superseded_key.find(marks(MANY[0])).reason is REVOKED  # type: ignore[union-attr]
    assert superseded_key.find(marks(MANY[1])).reason is SUPERSEDED  # type: ignore[union-attr]
    revoked_key = own_list(superseded=MANY[:1], kid_rules=(rule(0),))
    assert revoked_key.find(marks(MANY[0])).reason is REVOKED  # type: ignore[union-attr]


def test_it_says_whose_it_is_and_when_it_was_made() -> None:
    listed = own_list(next_update=AS_OF + 86400)
    assert (listed.country, listed.as_of, listed.signer) == ("VN", authority.AT, authority.dsc())
    assert listed.next_update == authority.AT + timedelta(days=1)
    assert own_list().next_update is None


def test_it_speaks_of_its_own_countrys_certificates_alone() -> None:
    foreign = stranger("XA")
    trusted = TrustList(entries=(*TRUSTED.entries, foreign.certificate))
    listed = OwnList.of_bytes(own_bytes(MANY), trusted)
    theirs = foreign.kid.value
    assert (listed.covers(KID), listed.covers(theirs), listed.covers(b"unknown!")) == (True, False, False)
    assert listed.find(marks(MANY[0])) is not None
    assert listed.find(marks(MANY[0], kid=theirs)) is None


def test_an_rsa_key_signs_a_list_too() -> None:
    by = authority.signer(KeyKind.RSA_2048)
    listed = OwnList.of_bytes(own_bytes(MANY, signer=by), TrustList(entries=(by.certificate,)))
    assert listed.find(marks(MANY[0], kid=by.kid.value)) is not None


def test_a_file_is_read_where_it_lies_and_goes_to_another_process(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_bytes(own_bytes(MANY))
    listed = OwnList.load(path, TRUSTED)
    for each in (listed, pickle.loads(pickle.dumps(listed)), pickle.loads(pickle.dumps(own_list(MANY)))):
        assert each.find(marks(MANY[7])) is not None
        assert each.find(marks("other")) is None


def test_a_newer_list_takes_the_place_of_one_in_use(tmp_path: Path) -> None:
    path, newer = tmp_path / "list", tmp_path / "newer"
    path.write_bytes(own_bytes(MANY[:1]))
    listed = OwnList.load(path, TRUSTED)
    newer.write_bytes(own_bytes(MANY))
    newer.replace(path)
    assert listed.find(marks(MANY[1])) is None
    assert OwnList.load(path, TRUSTED).find(marks(MANY[1])) is not None


def test_records_of_one_key_are_written_once() -> None:
    key = key_of_id(MANY[0])
    stream = io.BytesIO()
    records = [Record(key, REVOKED, 1), Record(key, SUPERSEDED, 2)]
    head = Head(country="VN", as_of=AS_OF, next_update=None, count=0, directory=b"")
    written = write_own_list(stream, records, head=head, signer=authority.signer(), spool=io.BytesIO())
    assert written.count == 1
    assert list(OwnList.of_bytes(stream.getvalue(), TRUSTED).records()) == records[:1]


# --- what is not believed ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["start", "head", "directory", "records"])
def test_one_changed_byte_is_noticed(where: str) -> None:
    content = bytearray(own_bytes(MANY[:1]))
    parts = form.layout(bytes(content))
    places = {"start": 3, "head": parts.head.start + 40, "directory": parts.directory.start, "records": -1}
    content[places[where]] ^= 1
    with pytest.raises(RevocationListError):
        OwnList.of_bytes(bytes(content), TRUSTED).find(marks(MANY[0]))


def test_what_is_changed_after_the_loading_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_bytes(own_bytes(MANY[:1]))
    listed = OwnList.load(path, TRUSTED)
    with path.open("r+b") as stream:
        stream.seek(-1, io.SEEK_END)
        stream.write(b"\xff")
    with pytest.raises(RevocationListError, match="changed after it was signed"):
        listed.find(marks(MANY[0]))
    with pytest.raises(RevocationListError, match="changed"):
        list(listed.records())


@pytest.mark.parametrize("size", [0, 1, 22, 30, 31, 100, -16, -1])
def test_a_list_that_is_cut_is_refused(size: int, tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_bytes(own_bytes(MANY[:300])[:size])
    with pytest.raises(RevocationListError):
        OwnList.load(path, TRUSTED)


def test_a_list_with_a_tail_is_refused() -> None:
    with pytest.raises(RevocationListError, match="goes on after its end"):
        OwnList.of_bytes(own_bytes(MANY) + b"\0", TRUSTED)


@pytest.mark.parametrize("content", [b"", b"HC1:6BFOXN", b"\xd2\x84", b"{}", bytes(100), own_bytes()[1:]])
def test_what_is_no_list_is_refused(content: bytes) -> None:
    with pytest.raises(RevocationListError, match="no revocation list of this form"):
        OwnList.of_bytes(content, TRUSTED)


def test_a_length_that_is_claimed_costs_nothing() -> None:
    content = form.MAGIC + form.item_start(2**63) + b"\xd2\x84"
    with pytest.raises(RevocationListError):
        OwnList.of_bytes(content, TRUSTED)
    head = bytes(form.MAX_HEAD_BYTES + 1)
    padded = form.MAGIC + form.item_start(len(head)) + head + form.item_start(0) * 2
    with pytest.raises(RevocationListError, match="head has over"):
        OwnList.of_bytes(padded, TRUSTED)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be read"):
        OwnList.load(tmp_path / "none", TRUSTED)


def test_a_list_by_somebody_who_is_not_trusted_is_refused() -> None:
    with pytest.raises(UntrustedRevocationListError, match="not in the trust list"):
        OwnList.of_bytes(own_bytes(MANY, signer=stranger()), TRUSTED)


def test_a_list_in_a_trusted_signers_name_is_refused() -> None:
    forger = stranger()
    forger.kid = authority.dsc().kid
    with pytest.raises(UntrustedRevocationListError, match="does not hold"):
        OwnList.of_bytes(own_bytes(MANY, signer=forger), TRUSTED)


def test_a_trusted_signer_does_not_speak_for_another_country() -> None:
    foreign = stranger("XA")
    trusted = TrustList(entries=(*TRUSTED.entries, foreign.certificate))
    with pytest.raises(UntrustedRevocationListError, match="another country"):
        OwnList.of_bytes(own_bytes(MANY, signer=foreign, country="VN"), trusted)


@pytest.mark.parametrize("as_of", [authority.BORN - timedelta(seconds=1), authority.BORN + timedelta(days=3650)])
def test_a_list_outside_its_signers_validity_is_refused(as_of: object) -> None:
    with pytest.raises(UntrustedRevocationListError, match="outside its signer's validity"):
        own_list(as_of=int(as_of.timestamp()))  # type: ignore[attr-defined]


def test_a_key_that_signs_no_payloads_signs_no_list() -> None:
    by = stranger()
    barred = Dsc(
        **{name: getattr(by.certificate, name) for name in Dsc.__dataclass_fields__} | {"signs_payloads": False}
    )
    with pytest.raises(UntrustedRevocationListError, match="does not hold"):
        OwnList.of_bytes(own_bytes(MANY, signer=by), TrustList(entries=(barred,)))


def test_a_list_from_the_future_is_refused_by_who_knows_the_present() -> None:
    content = own_bytes(MANY)
    OwnList.of_bytes(content, TRUSTED, now=authority.AT - timedelta(days=1))
    with pytest.raises(RevocationListError, match="which is to come"):
        OwnList.of_bytes(content, TRUSTED, now=authority.AT - timedelta(days=1, seconds=1))


# --- a list is no certificate, and a certificate no list -------------------------------------------------------------


def head_of(content: bytes) -> bytes:
    return content[form.layout(content).head]


def test_a_lists_signature_fits_no_certificate() -> None:
    message = cose.parse(cbor.decode(head_of(own_bytes(MANY))))
    dsc = authority.dsc()
    with pytest.raises(SignatureError):
        verify_signature(
            dsc.public_key,
            dsc.key_kind,
            algorithm=message.algorithm,
            to_be_signed=message.to_be_signed(),
            signature=message.signature,
        )


def test_a_head_in_the_place_of_a_certificate_is_refused() -> None:
    text = "HC1:" + base45.b45encode(zlib.compress(head_of(own_bytes(MANY)))).decode()
    report = Verifier(TRUSTED).examine(text, at=authority.AT)
    assert (report.outcome, report.code) == ("rejected", "bad_signature")


def test_a_certificate_in_the_place_of_a_head_is_refused() -> None:
    certificate = authority.issuer().issue(VaccinationRecord.from_mapping(authority.VACCINATION), at=authority.AT)
    content = form.MAGIC + b"".join(form.item_start(len(part)) + part for part in (certificate.cose, b"", b""))
    with pytest.raises(RevocationListError, match="of another kind"):
        OwnList.of_bytes(content, TRUSTED)


# --- what a trusted signer signed, and is malformed all the same -----------------------------------------------------

FIELDS: dict[str, object] = {
    "country": "VN",
    "as_of": AS_OF,
    "next_update": None,
    "count": 0,
    "directory": bytes(32),
    "kid_rules": [],
}


def signed(payload: bytes) -> bytes:
    by = authority.signer()
    protected = form.protected_header(by.algorithm, by.kid.value)
    message = cose.encode(protected, payload, by.sign(form.to_be_signed(protected, payload)))
    return form.MAGIC + b"".join(form.item_start(len(part)) + part for part in (message, b"", b""))


MALFORMED: list[dict[str, object]] = [
    {"country": b"VN"},
    {"as_of": -1},
    {"as_of": 2**32},
    {"as_of": True},
    {"as_of": 1.5},
    {"next_update": "soon"},
    {"next_update": -1},
    {"count": -1},
    {"count": 1},
    {"directory": bytes(31)},
    {"directory": bytes(32)},
    {"kid_rules": {}},
    {"kid_rules": [[KID, 0, 3, 0]]},
    {"kid_rules": [[KID, -1, 1, 0]]},
    {"kid_rules": [[KID, 0, 1, 2**32]]},
    {"kid_rules": [[KID, 0, 1]]},
    {"kid_rules": [["kid", 0, 1, 0]]},
    {"kid_rules": [[bytes([n % 256, n // 256]), 0, 1, 0] for n in range(form.MAX_KID_RULES + 1)]},
]


@pytest.mark.parametrize(
    "changed", MALFORMED, ids=[f"{number}-{next(iter(each))}" for number, each in enumerate(MALFORMED)]
)
def test_a_head_of_another_form_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(RevocationListError):
        OwnList.of_bytes(signed(cbor2.dumps(FIELDS | changed)), TRUSTED)


@pytest.mark.parametrize("payload", [b"", b"\xff", cbor2.dumps([]), cbor2.dumps({"country": "VN"})], ids=range(4))
def test_a_payload_that_is_no_head_is_refused(payload: bytes) -> None:
    with pytest.raises(RevocationListError):
        OwnList.of_bytes(signed(payload), TRUSTED)


@pytest.mark.parametrize("head", [b"", b"\xa0", b"\xd2\x84\x40\xa0\x40\x40", cbor2.dumps(["a"] * 4)], ids=range(4))
def test_a_head_that_is_no_signed_message_is_refused(head: bytes) -> None:
    content = form.MAGIC + form.item_start(len(head)) + head + form.item_start(0) * 2
    with pytest.raises(RevocationListError, match="malformed"):
        OwnList.of_bytes(content, TRUSTED)


def test_a_reason_that_is_not_known_is_refused() -> None:
    with pytest.raises(RevocationListError, match="a reason that is not known"):
        form.unpack_record(bytes(form.RECORD_BYTES))


# --- the writer ------------------------------------------------------------------------------------------------------


def test_records_out_of_order_are_a_mistake() -> None:
    records = [Record(b"b" * 11, REVOKED, 1), Record(b"a" * 11, REVOKED, 1)]
    head = Head(country="VN", as_of=AS_OF, next_update=None, count=0, directory=b"")
    with pytest.raises(ValueError, match="in the order"):
        write_own_list(io.BytesIO(), records, head=head, signer=authority.signer(), spool=io.BytesIO())


def test_more_rules_than_a_list_has_are_refused() -> None:
    rules = (rule(0),) * (form.MAX_KID_RULES + 1)
    with pytest.raises(VaxcertError, match="at most 4096 rules"):
        own_bytes(kid_rules=rules)
