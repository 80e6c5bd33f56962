from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from vaxcert.errors import UnprintableTextError
from vaxcert.issue.card_entry import RecoveryEntry, TestEntry, VaccinationEntry, Words
from vaxcert.issue.documents import card_of
from vaxcert.issue.issuer import Issuer
from vaxcert.model.records import RecoveryRecord, TestRecord, VaccinationRecord
from vaxcert.signing.authority import create_csca, create_dsc
from vaxcert.signing.pem import PemSigner
from vaxcert.trust.dsc import Dsc

if TYPE_CHECKING:
    from vaxcert.model.records import Record

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
PERSON = {"family_name": "Đỗ", "given_name": "Thị Ngữ", "birth_date": "1990", "nationality": "VN"}
VACCINATION = PERSON | {
    "product": "AstraZeneca",
    "manufacturer": "Serum Institute of India",
    "lot": "4121Z003",
    "dose_number": 1,
    "total_doses": 2,
    "vaccination_date": "2021-05-20",
    "site": "Trạm y tế mẫu",
}
TEST = PERSON | {
    "test_type": "PCR",
    "sampled_at": "2026-11-20T08:30+07:00",
    "result": "negative",
    "test_name": "RT-PCR",
}
RECOVERY = PERSON | {"first_positive_date": "2026-09-01", "valid_from": "2026-09-12", "valid_until": "2027-02-28"}


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    csca = create_csca(country="VN", common_name="CSCA", at=AT)
    pair = create_dsc(csca, common_name="DSC", usages=(), at=AT)
    return Issuer(PemSigner(pair.private_key, Dsc.of_certificate(pair.certificate)), country="VN", issuer="Bộ Y tế mẫu")


def test_a_vaccination_is_put_into_words(issuer: Issuer) -> None:
    record = VaccinationRecord.from_mapping(VACCINATION)
    certificate = issuer.issue(record, at=AT)
    card = card_of(record, certificate)
    entry = card.entry
    assert isinstance(entry, VaccinationEntry)
    assert entry.product == Words("AstraZeneca (Covishield)", "Covishield")
    assert (entry.dose_number, entry.total_doses, entry.lot, entry.site) == (1, 2, "4121Z003", "Trạm y tế mẫu")
    assert entry.country == card.nationality == Words("Việt Nam", "Viet Nam")
    assert (card.issuer, card.issuing_country, card.text) == ("Bộ Y tế mẫu", "VN", certificate.text)
    assert (card.certificate_id, card.expires_at) == (certificate.uvci, certificate.expires_at)


def test_a_test_is_put_into_words(issuer: Issuer) -> None:
    record = TestRecord.from_mapping(TEST)
    entry = card_of(record, issuer.issue(record, at=AT)).entry
    assert isinstance(entry, TestEntry)
    assert entry.result == Words("Không phát hiện", "Not detected")
    assert (entry.test_name, entry.device, entry.test_centre) == ("RT-PCR", None, None)


def test_a_recovery_is_put_into_words(issuer: Issuer) -> None:
    record = RecoveryRecord.from_mapping(RECOVERY)
    entry = card_of(record, issuer.issue(record, at=AT)).entry
    assert isinstance(entry, RecoveryEntry)
    assert (entry.valid_from.isoformat(), entry.valid_until.isoformat()) == ("2026-09-12", "2027-02-28")


def test_the_records_country_and_issuer_go_before_the_issuers_own(issuer: Issuer) -> None:
    record = RecoveryRecord.from_mapping(RECOVERY | {"country": "LA", "issuer": "Sở Y tế mẫu"})
    card = card_of(record, issuer.issue(record, at=AT))
    assert card.issuer == "Sở Y tế mẫu"
    assert isinstance(card.entry, RecoveryEntry)
    assert card.entry.country != Words("Việt Nam", "Viet Nam")
    assert card.issuing_country == "VN"


def test_a_text_that_cannot_be_printed_is_refused(issuer: Issuer) -> None:
    record: Record = VaccinationRecord.from_mapping(VACCINATION | {"site": "診療所"})
    with pytest.raises(UnprintableTextError):
        card_of(record, issuer.issue(record, at=AT))
