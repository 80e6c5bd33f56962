"""The issuer: what it signs, checked by other libraries, and what it refuses to sign."""

from __future__ import annotations

import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

import cbor2
import jsonschema
import pytest
from msgspec.structs import replace

from tests.authority import AT, BORN, RECOVERY, TEST, VACCINATION, issuer, opened, pair, signer
from vaxcert.data import load_json
from vaxcert.errors import ExpiryPastDscError, SchemaError, SignerUsageError, SigningError
from vaxcert.issue.issuer import MAX_VALIDITY, Issuer
from vaxcert.model.certificate_type import CertificateType
from vaxcert.model.names import PersonName
from vaxcert.model.records import Record, RecoveryRecord, TestRecord, VaccinationRecord
from vaxcert.model.time_zone import VIETNAM_TIME
from vaxcert.model.uvci import Uvci
from vaxcert.service.sample import sample_records
from vaxcert.signing.authority import DSC_TERM, KeyKind
from vaxcert.trust.dsc import Dsc

if TYPE_CHECKING:
    from vaxcert.model.kid import Kid
    from vaxcert.signing.pem import PemSigner


def vaccination(**changes: object) -> VaccinationRecord:
    return VaccinationRecord.from_mapping({**VACCINATION, **changes})


RECORDS: dict[CertificateType, Record] = {
    CertificateType.VACCINATION: vaccination(),
    CertificateType.TEST: TestRecord.from_mapping(TEST),
    CertificateType.RECOVERY: RecoveryRecord.from_mapping(RECOVERY),
}


class BareSigner:
    """A signer without a DSC, as a test or a remote service is; it counts what it is asked for."""

    def __init__(self, inner: PemSigner, certificate: Dsc | None = None) -> None:
        self.kid: Kid = inner.kid
        self.algorithm: int = inner.algorithm
        self.certificate: Dsc | None = certificate
        self.asked = 0
        self._inner = inner

    def sign(self, to_be_signed: bytes) -> bytes:
        self.asked += 1
        return self._inner.sign(to_be_signed)


# --- what is signed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [KeyKind.EC_P256, KeyKind.RSA_2048])
@pytest.mark.parametrize("kind", CertificateType)
def test_every_kind_of_record_is_signed_under_every_kind_of_key(kind: CertificateType, key: KeyKind) -> None:
    by, record = signer(key), RECORDS[kind]
    found = opened(issuer(by).issue(record, at=AT).text, by)
    assert found.header == {1: -7 if key is KeyKind.EC_P256 else -37, 4: by.kid.value}
    assert set(found.dcc) == {kind.value, "dob", "nam", "ver"}
    assert len(found.dcc[kind.value]) == 1


def test_a_vaccination_says_what_its_record_says() -> None:
    certificate = issuer().issue(RECORDS[CertificateType.VACCINATION], at=AT)
    assert opened(certificate.text).dcc == {
        "v": [
            {
                "ci": certificate.uvci,
                "co": "VN",
                "dn": 2,
                "dt": "2021-09-12",
                "is": "Invented Ministry",
                "ma": "ORG-100030215",
                "mp": "EU/1/20/1528",
                "sd": 2,
                "tg": "840539006",
                "vp": "1119349007",
            }
        ],
        "dob": "1983-10-10",
        "nam": {"fn": "Nguyễn", "gn": "Thị Ánh", "fnt": "NGUYEN", "gnt": "THI<ANH"},
        "ver": "1.3.0",
    }


def test_a_test_says_what_its_record_says() -> None:
    certificate = issuer().issue(RECORDS[CertificateType.TEST], at=AT)
    assert opened(certificate.text).dcc["t"] == [
        {
            "ci": certificate.uvci,
            "co": "VN",
            "is": "Invented Ministry",
            "nm": "Sample RT-PCR kit",
            "sc": "2021-11-30T01:15:00Z",
            "tc": "Bệnh viện đa khoa Tân Hòa",
            "tg": "840539006",
            "tr": "260415000",
            "tt": "LP6464-4",
        }
    ]
    assert opened(certificate.text).dcc["dob"] == "1990"


def test_a_recovery_says_what_its_record_says() -> None:
    certificate = issuer().issue(RECORDS[CertificateType.RECOVERY], at=AT)
    assert opened(certificate.text).dcc["r"] == [
        {
            "ci": certificate.uvci,
            "co": "VN",
            "df": "2021-08-12",
            "du": "2022-01-28",
            "fr": "2021-08-01",
            "is": "Invented Ministry",
            "tg": "840539006",
        }
    ]
    assert opened(certificate.text).dcc["dob"] == "1970-02"


def test_claims_are_the_issuer_and_whole_seconds() -> None:
    certificate = issuer(validity=timedelta(days=90)).issue(vaccination(), at=AT.replace(microsecond=999_999))
    issued = int(AT.timestamp())
    claims = opened(certificate.text).claims
    assert {key: claims[key] for key in (1, 4, 6)} == {1: "VN", 4: issued + 90 * 86400, 6: issued}
    assert all(type(claims[key]) is int for key in (4, 6))
    assert (certificate.issued_at, certificate.expires_at) == (AT, AT + timedelta(days=90))


def test_the_instant_counts_and_not_its_time_zone() -> None:
    local = issuer().issue(vaccination(), at=AT.astimezone(VIETNAM_TIME))
    assert local.issued_at == AT
    assert local.issued_at.tzinfo is UTC


def test_the_payload_is_deterministic_cbor() -> None:
    for number, row in enumerate(sample_records(60, seed=7, until=date(2021, 12, 31))):
        text = issuer().issue(VaccinationRecord.from_mapping(row), at=AT + timedelta(days=31, seconds=number)).text
        found = opened(text)
        assert found.payload == cbor2.dumps(found.claims, canonical=True)
    for record in RECORDS.values():
        found = opened(issuer().issue(record, at=AT).text)
        assert found.payload == cbor2.dumps(found.claims, canonical=True)


def test_every_payload_keeps_the_schema() -> None:
    validator = jsonschema.Draft202012Validator(load_json("dcc/1.3.0.json"))
    single = jsonschema.Draft202012Validator(load_json("dcc/1.3.2.json"))
    at = AT + timedelta(days=31)
    rows = sample_records(60, seed=8, until=date(2021, 12, 31))
    texts = [issuer().issue(VaccinationRecord.from_mapping(row), at=at).text for row in rows]
    texts += [issuer().issue(record, at=at).text for record in RECORDS.values()]
    versions = set()
    for text in texts:
        dcc = opened(text).dcc
        versions.add(dcc["ver"])
        (single if dcc["ver"] == "1.3.2" else validator).validate(dcc)
    assert versions == {"1.3.0", "1.3.2"}  # the sample has holders without a family name


def test_a_holder_without_family_name_gets_the_version_that_takes_one() -> None:
    dcc = opened(issuer().issue(vaccination(family_name=""), at=AT).text).dcc
    assert dcc["nam"] == {"gn": "Thị Ánh", "gnt": "THI<ANH"}
    assert dcc["ver"] == "1.3.2"


def test_a_holder_without_given_name_keeps_the_usual_version() -> None:
    dcc = opened(issuer().issue(vaccination(given_name=None), at=AT).text).dcc
    assert dcc["nam"] == {"fn": "Nguyễn", "fnt": "NGUYEN"}
    assert dcc["ver"] == "1.3.0"


def test_a_standardised_name_that_was_given_is_signed() -> None:
    dcc = opened(issuer().issue(vaccination(family_name="阮", family_name_standardised="NGUYEN"), at=AT).text).dcc
    assert (dcc["nam"]["fn"], dcc["nam"]["fnt"]) == ("阮", "NGUYEN")


def test_country_and_issuer_of_the_record_win() -> None:
    entry = opened(issuer().issue(vaccination(country="la", issuer="Bộ Y tế Lào"), at=AT).text).dcc["v"][0]
    assert (entry["co"], entry["is"]) == ("LA", "Bộ Y tế Lào")


def test_nothing_is_signed_that_is_only_kept_or_printed() -> None:
    found = opened(issuer().issue(vaccination(nationality="KH"), at=AT).text)
    signed = found.payload.decode("utf-8", "ignore")
    for private in ("036183000001", "FF0042", "Bình Minh", "VN-000001", "female", "KH"):
        assert private not in signed


def test_the_certificate_repeats_what_its_text_holds() -> None:
    certificate = issuer().issue(vaccination(), at=AT)
    found = opened(certificate.text)
    assert (certificate.cose, certificate.payload) == (found.cose, found.dcc)
    assert certificate.kid == signer().kid
    assert (certificate.certificate_type, certificate.issuing_country) == (CertificateType.VACCINATION, "VN")


@pytest.mark.parametrize("level", [1, 5, 9])
def test_every_level_makes_a_zlib_stream(level: int) -> None:
    assert opened(issuer(level=level).issue(vaccination(), at=AT).text).dcc["v"]


def test_a_certificate_shown_as_text_has_no_personal_data() -> None:
    certificate = issuer().issue(vaccination(), at=AT)
    for shown in (repr(certificate), str(certificate), f"{certificate}"):
        assert "Nguyễn" not in shown
        assert "1983" not in shown
        assert "HC1:" not in shown
        assert certificate.uvci in shown


# --- identifiers ---------------------------------------------------------------------------------------------------


def test_each_certificate_has_a_random_identifier_of_its_own() -> None:
    maker = issuer()
    uvcis = {maker.issue(vaccination(), at=AT).uvci for _ in range(200)}
    assert len(uvcis) == 200
    for text in uvcis:
        uvci = Uvci.parse(text)
        assert (uvci.country, uvci.issuer, len(uvci.opaque), uvci.check) == ("VN", None, 32, None)
        assert str(uvci) == text


def test_an_identifier_can_be_given() -> None:
    uvci = Uvci.build(opaque="4F2A", country="VN", issuer="BYT", checksum=True)
    certificate = issuer().issue(vaccination(), at=AT, uvci=uvci)
    assert certificate.uvci == str(uvci)
    assert opened(certificate.text).dcc["v"][0]["ci"] == str(uvci)


# --- what the signer may do ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", CertificateType)
@pytest.mark.parametrize("allowed", CertificateType)
def test_a_dsc_signs_only_what_it_is_for(kind: CertificateType, allowed: CertificateType) -> None:
    maker = issuer(signer(usages=(allowed,)))
    if kind is allowed:
        assert maker.issue(RECORDS[kind], at=AT).certificate_type is kind
    else:
        with pytest.raises(SignerUsageError, match=f"may not sign a {kind.name.lower()} certificate"):
            maker.issue(RECORDS[kind], at=AT)


def test_a_dsc_without_usages_signs_everything() -> None:
    maker = issuer(signer(usages=()))
    assert {maker.issue(record, at=AT).certificate_type for record in RECORDS.values()} == set(CertificateType)


def test_a_certificate_may_end_with_its_dsc_and_not_a_second_later() -> None:
    ends = BORN + DSC_TERM.lifetime
    certificate = issuer(validity=ends - AT).issue(vaccination(), at=AT)
    assert certificate.expires_at == ends
    with pytest.raises(ExpiryPastDscError, match="would outlive the DSC") as caught:
        issuer(validity=ends - AT).issue(vaccination(), at=AT + timedelta(seconds=1))
    assert "2023-11-01" in caught.value.message
    assert caught.value.hint is not None
    assert "shorter validity" in caught.value.hint


@pytest.mark.parametrize("offset", [timedelta(seconds=-1), timedelta(days=-400)])
def test_a_certificate_cannot_predate_its_dsc(offset: timedelta) -> None:
    record = RECORDS[CertificateType.RECOVERY]
    assert issuer().issue(record, at=BORN).issued_at == BORN
    with pytest.raises(SignerUsageError, match="outside its validity"):
        issuer().issue(record, at=BORN + offset)


def test_a_lapsed_dsc_signs_nothing() -> None:
    with pytest.raises(SignerUsageError, match="outside its validity"):
        issuer().issue(vaccination(), at=BORN + DSC_TERM.lifetime + timedelta(seconds=1))


def test_a_key_signs_only_as_long_as_its_dsc_lets_it() -> None:
    last = BORN + DSC_TERM.key_use
    assert issuer().issue(vaccination(), at=last).issued_at == last
    with pytest.raises(SignerUsageError, match=r"may sign until 2022-05-03 only") as caught:
        issuer().issue(vaccination(), at=last + timedelta(seconds=1))
    assert caught.value.hint == "rotate the DSC with `vaxcert keys rotate`"


def test_nothing_is_signed_that_may_not_be() -> None:
    by = BareSigner(signer(), Dsc.of_certificate(pair().certificate))
    with pytest.raises(SigningError):
        issuer(by).issue(vaccination(), at=BORN - timedelta(days=1))
    with pytest.raises(SchemaError):
        issuer(by).issue(vaccination(vaccination_date="2021-12-25"), at=AT)
    assert by.asked == 0


def test_a_signer_without_dsc_is_taken_at_its_word() -> None:
    by = BareSigner(signer())
    far = datetime(2090, 1, 1, tzinfo=UTC)
    certificate = issuer(by).issue(vaccination(), at=far)
    assert opened(certificate.text).claims[6] == int(far.timestamp())
    assert by.asked == 1


def test_a_bare_key_in_a_trust_list_has_no_end() -> None:
    bare = Dsc.of_spki(signer().certificate.spki, kid=signer().kid)
    far = datetime(2090, 1, 1, tzinfo=UTC)
    assert issuer(BareSigner(signer(), bare)).issue(vaccination(), at=far).issued_at == far


def test_without_dsc_there_is_still_no_instant_past_the_calendar() -> None:
    with pytest.raises(SignerUsageError):
        issuer(BareSigner(signer())).issue(vaccination(), at=datetime(9999, 12, 31, tzinfo=UTC))
    with pytest.raises(SignerUsageError):
        issuer(BareSigner(signer())).issue(vaccination(), at=datetime(1969, 12, 31, tzinfo=UTC))


def test_a_signer_that_fails_is_heard() -> None:
    class Failing(BareSigner):
        def sign(self, to_be_signed: bytes) -> bytes:
            raise SigningError(f"no signature over {len(to_be_signed)} bytes")

    with pytest.raises(SigningError, match="no signature"):
        issuer(Failing(signer())).issue(vaccination(), at=AT)


# --- what a record may say -----------------------------------------------------------------------------------------


def test_a_naive_instant_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="time zone"):
        issuer().issue(vaccination(), at=AT.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("at", "is_refused"),
    [
        (datetime(2021, 12, 1, 9, 59, 59, tzinfo=UTC), True),
        (datetime(2021, 12, 1, 10, 0, tzinfo=UTC), False),
        (datetime(2021, 12, 1, 16, 59, 59, tzinfo=VIETNAM_TIME), True),  # the same two instants
        (datetime(2021, 12, 1, 17, 0, tzinfo=VIETNAM_TIME), False),
    ],
)
def test_a_day_is_in_the_future_while_it_has_begun_nowhere(at: datetime, *, is_refused: bool) -> None:
    record = vaccination(vaccination_date="2021-12-02")
    if not is_refused:
        assert issuer().issue(record, at=at)
        return
    with pytest.raises(SchemaError) as caught:
        issuer().issue(record, at=at)
    (problem,) = caught.value.problems
    assert (problem.field, problem.code) == ("vaccination_date", "in_the_future")


def test_a_sample_is_in_the_future_to_the_second() -> None:
    record = TestRecord.from_mapping({**TEST, "sampled_at": AT.isoformat()})
    assert issuer().issue(record, at=AT)
    with pytest.raises(SchemaError) as caught:
        issuer().issue(record, at=AT - timedelta(seconds=1))
    assert [problem.field for problem in caught.value.problems] == ["sampled_at"]


def test_a_recovery_window_may_lie_ahead_but_not_the_positive_test() -> None:
    fields = {**RECOVERY, "valid_from": "2022-01-01", "valid_until": "2022-06-01"}
    assert issuer().issue(RecoveryRecord.from_mapping(fields), at=AT)
    with pytest.raises(SchemaError) as caught:
        issuer().issue(RecoveryRecord.from_mapping({**fields, "first_positive_date": "2021-12-25"}), at=AT)
    assert [problem.field for problem in caught.value.problems] == ["first_positive_date"]


@pytest.mark.parametrize(
    ("name", "field"),
    [
        (PersonName("", "", "", ""), "nam"),
        (PersonName("N" * 81, "", "NGUYEN", ""), "nam.fn"),
        (PersonName("Nguyễn", "", "Nguyễn", ""), "nam.fnt"),
        (PersonName("Nguyễn", "", "NGUYEN\n", ""), "nam.fnt"),
    ],
)
def test_the_schema_has_the_last_word(name: PersonName, field: str) -> None:
    record = vaccination()
    record = replace(record, person=replace(record.person, name=name))
    with pytest.raises(SchemaError) as caught:
        issuer().issue(record, at=AT)
    assert any(problem.field.startswith(field) for problem in caught.value.problems)
    assert "Nguy" not in str(caught.value)


# --- what an issuer may be -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"country": "vn"}, "no two-letter country code"),
        ({"country": "Việt Nam"}, "no two-letter country code"),
        ({"country": ""}, "no two-letter country code"),
        ({"issuer": ""}, "issuer is missing"),
        ({"issuer": " \t"}, "issuer is missing"),
        ({"issuer": "B" * 81}, "issuer is longer than 80 characters"),
        ({"issuer": "B" * 5000}, "issuer is longer than 80 characters"),
        ({"issuer": "Bộ\u202eY tế"}, "issuer has a control or invisible character"),
        ({"validity": timedelta()}, "validity"),
        ({"validity": timedelta(milliseconds=999)}, "validity"),
        ({"validity": -timedelta(days=1)}, "validity"),
        ({"validity": MAX_VALIDITY + timedelta(seconds=1)}, "validity"),
        ({"level": 0}, "level"),
        ({"level": 10}, "level"),
    ],
)
def test_a_wrong_setting_is_a_mistake_of_the_caller(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        issuer(**changes)


def test_the_issuers_name_is_written_in_nfc() -> None:
    assert issuer(issuer=" Bo\u0323\u0302 Y te\u0302\u0301 ").issuer == "Bộ Y tế"


def test_the_usual_validity_is_twelve_months() -> None:
    certificate = Issuer(signer(), country="VN", issuer="Invented Ministry").issue(vaccination(), at=AT)
    assert certificate.expires_at - certificate.issued_at == timedelta(days=365)


def test_threads_may_share_an_issuer() -> None:
    maker, records = issuer(), list(RECORDS.values()) * 20
    with ThreadPoolExecutor(4) as pool:
        certificates = list(pool.map(lambda record: maker.issue(record, at=AT), records))
    assert len({certificate.uvci for certificate in certificates}) == len(records)
    for certificate, record in zip(certificates, records, strict=True):
        assert set(opened(certificate.text).dcc) == {record.group, "dob", "nam", "ver"}


def test_a_certificate_can_be_sent_to_another_process() -> None:
    certificate = issuer().issue(vaccination(), at=AT)
    assert pickle.loads(pickle.dumps(certificate)) == certificate
    assert json.dumps(certificate.payload)


class _Autumn(tzinfo):
    """A zone on the day when its clocks go back: the fold tells the first hour from its repetition."""

    def utcoffset(self, at: datetime | None) -> timedelta:
        return timedelta(hours=-5 if at is not None and at.fold else -4)

    def dst(self, at: datetime | None) -> timedelta:
        return self.utcoffset(at) + timedelta(hours=5)

    def tzname(self, _: datetime | None) -> str:
        return "autumn"


def test_the_two_hours_of_one_clock_time_are_told_apart() -> None:
    first = datetime(2021, 11, 7, 1, 30, tzinfo=_Autumn())
    second = first.replace(fold=1)
    assert first == second, "to Python they are one"
    by = issuer()
    times = [by.issue(vaccination(), at=at).issued_at for at in (first, second, first)]
    assert [time.hour for time in times] == [5, 6, 5]
