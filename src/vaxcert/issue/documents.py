"""What a card shows of a record and its certificate, its codes put into words."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from vaxcert.issue.card import Card
from vaxcert.issue.card_entry import RecoveryEntry, TestEntry, VaccinationEntry, Words
from vaxcert.model.records import COVID_19, RecoveryRecord, TestRecord, VaccinationRecord
from vaxcert.model.valuesets import value_set

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vaxcert.issue.card_entry import Entry
    from vaxcert.issue.issuer import Certificate
    from vaxcert.model.records import Record


def card_of(record: Record, certificate: Certificate) -> Card:
    """Return the card of *certificate*, which was issued for *record*.

    Raises:
        UnprintableTextError: A text of the record cannot be printed.
    """
    (event,) = cast("list[Mapping[str, str]]", certificate.payload[certificate.certificate_type.value])
    person = record.person
    return Card(
        name=person.name,
        birth_date=person.birth_date,
        nationality=person.nationality and _words("country", person.nationality),
        entry=_entry(record, _words("country", event["co"])),
        certificate_id=certificate.uvci,
        issuer=event["is"],
        issuing_country=certificate.issuing_country,
        issued_at=certificate.issued_at,
        expires_at=certificate.expires_at,
        text=certificate.text,
    )


def _entry(record: Record, country: Words) -> Entry:
    disease = _words("disease", COVID_19)
    match record:
        case VaccinationRecord():
            product = record.product
            return VaccinationEntry(
                disease=disease,
                dose_number=record.dose_number,
                total_doses=record.total_doses,
                vaccination_date=record.vaccination_date,
                lot=record.lot,
                vaccine=_words("vaccine", product.vaccine),
                product=_words("product", product.product),
                manufacturer=_words("manufacturer", product.manufacturer),
                site=record.site,
                country=country,
            )
        case TestRecord():
            return TestEntry(
                disease=disease,
                test_type=_words("test-type", record.test_type),
                test_name=record.test_name,
                device=record.device and _words("test-manufacturer", record.device),
                sampled_at=record.sampled_at,
                result=_words("test-result", record.result),
                test_centre=record.test_centre,
                country=country,
            )
        case RecoveryRecord():
            return RecoveryEntry(
                disease=disease,
                first_positive_date=record.first_positive_date,
                valid_from=record.valid_from,
                valid_until=record.valid_until,
                country=country,
            )
    raise TypeError(f"no card shows a {type(record).__name__}")


def _words(name: str, code: str) -> Words:
    values = value_set(name)
    return Words(values.display(code, "vi"), values.display(code, "en"))
