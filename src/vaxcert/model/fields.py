"""The columns of a file of records: the outside contract of `issue`, and what Vietnamese files call them."""

from __future__ import annotations

from dataclasses import dataclass

from vaxcert.model.certificate_type import CertificateType


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a file of records: its name, whether it must be there, and what else it may be called."""

    name: str
    required: bool
    meaning: str
    aliases: tuple[str, ...] = ()


_PERSON = (
    Field("record_id", False, "your own number for the record", ("mã hồ sơ", "stt", "id")),
    Field("family_name", False, "family name; at least one of the two names is needed", ("họ", "surname")),
    Field("given_name", False, "middle and given names", ("tên đệm và tên", "tên")),
    Field("full_name", False, "both in one, family name first, where a file keeps no two columns", ("họ và tên", "họ tên")),
    Field("family_name_standardised", False, "in A-Z and <, where it cannot be transliterated or a passport has another spelling"),
    Field("given_name_standardised", False, "the same for the given names"),
    Field("birth_date", True, "date, month or year of birth", ("ngày sinh", "năm sinh", "date_of_birth", "dob")),
    Field("sex", False, "male, female or other; kept, not signed", ("giới tính", "gender")),
    Field("citizen_id", False, "number of the identity document; kept, not signed", ("số định danh", "cccd", "cmnd", "số cccd")),
    Field("nationality", False, "two-letter country code; printed, not signed", ("quốc tịch",)),
)
_ISSUED_BY = (
    Field("country", False, "two-letter code of the country of the event; default: the issuer's", ("quốc gia", "nước")),
    Field("issuer", False, "who answers for the certificate; default: the issuer's name", ("cơ quan cấp", "đơn vị cấp")),
)
VACCINATION_FIELDS = (
    *_PERSON,
    Field("product", True, "EU code or a known name of the vaccine product", ("loại vắc xin", "tên vắc xin", "vắc xin", "vaccine_name")),
    Field("manufacturer", False, "EU code or known name of the lot's maker; default: the product's", ("nhà sản xuất", "hãng sản xuất")),
    Field("vaccine", False, "SNOMED CT code of the vaccine; default: the product's", ("mã vắc xin",)),
    Field("lot", True, "lot number; printed, not signed", ("số lô", "lô vắc xin", "lot_number")),
    Field("dose_number", True, "which dose this was", ("mũi tiêm", "mũi số", "mũi")),
    Field("total_doses", True, "how many the series has", ("tổng số mũi",)),
    Field("vaccination_date", True, "day of the dose", ("ngày tiêm",)),
    Field("site", False, "where it was given; printed, not signed", ("nơi tiêm", "cơ sở tiêm", "cơ sở tiêm chủng")),
    *_ISSUED_BY,
)
TEST_FIELDS = (
    *_PERSON,
    Field("test_type", True, "NAA (PCR), RAT (rapid antigen), or the LOINC code", ("loại xét nghiệm",)),
    Field("sampled_at", True, "when the sample was taken, with time zone", ("thời điểm lấy mẫu",)),
    Field("result", True, "negative, positive, or the SNOMED CT code", ("kết quả",)),
    Field("test_name", False, "name of the NAA test", ("tên xét nghiệm",)),
    Field("device", False, "JRC code of the rapid test's device", ("sinh phẩm",)),
    Field("test_centre", False, "where it was done", ("nơi xét nghiệm",)),
    *_ISSUED_BY,
)
RECOVERY_FIELDS = (
    *_PERSON,
    Field("first_positive_date", True, "day of the first positive test", ("ngày dương tính",)),
    Field("valid_from", True, "first day on which the recovery counts", ("hiệu lực từ",)),
    Field("valid_until", True, "last day on which it counts", ("hiệu lực đến",)),
    *_ISSUED_BY,
)

FIELDS_OF = {
    CertificateType.VACCINATION: VACCINATION_FIELDS,
    CertificateType.TEST: TEST_FIELDS,
    CertificateType.RECOVERY: RECOVERY_FIELDS,
}
