"""Value sets, products and the names they go by."""

import dataclasses
import subprocess
import sys
from typing import Any

import pytest

from vaxcert.errors import FieldProblem, SchemaError
from vaxcert.model.valuesets import (
    MAX_NAME_CHARACTERS,
    VALUE_SETS,
    ProductCodes,
    check_combination,
    primary_doses,
    resolve_product,
    unknown_codes,
    value_set,
)

MRNA, VECTOR, INACTIVATED, SPIKE, ANY = "1119349007", "29061000087103", "1157024006", "1162643001", "28531000087107"
SERUM = "ORG-100001981"


def resolved(product: str, manufacturer: str | None = None, vaccine: str | None = None) -> tuple[str, str, str]:
    codes = resolve_product(product, manufacturer=manufacturer, vaccine=vaccine)
    return codes.product, codes.manufacturer, codes.vaccine


def refused(product: str, manufacturer: str | None = None, vaccine: str | None = None) -> tuple[FieldProblem, ...]:
    with pytest.raises(SchemaError) as caught:
        resolve_product(product, manufacturer=manufacturer, vaccine=vaccine)
    assert caught.value.problems
    return caught.value.problems


def pairs(problems: tuple[FieldProblem, ...]) -> list[tuple[str, str]]:
    return [(problem.field, problem.code) for problem in problems]


# --- value sets -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", VALUE_SETS)
def test_a_value_set_is_whole_and_frozen(name: str) -> None:
    found = value_set(name)
    assert found.codes >= found.active
    assert found.active
    for displays in found.displays.values():
        assert displays.keys() == found.codes
        assert all(display and display == display.strip() for display in displays.values())
    assert found.replacements.keys() <= found.codes - found.active
    assert set(found.replacements.values()) <= found.active
    assert value_set(name) is found
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.complete = False  # type: ignore[misc] # that it cannot be set is what is tested


@pytest.mark.parametrize("name", ["", "countries", "country.json", "../products-vn", "combinations", "COUNTRY"])
def test_another_name_is_a_mistake_of_the_caller(name: str) -> None:
    with pytest.raises(ValueError, match="there is no value set"):
        value_set(name)


@pytest.mark.parametrize(
    ("name", "code", "english", "vietnamese"),
    [
        ("country", "VN", "Viet Nam", "Việt Nam"),
        ("country", "LA", "Lao People's Democratic Republic", "Lào"),
        ("country", "SG", "Singapore", "Singapore"),
        ("disease", "840539006", "COVID-19", "COVID-19"),
        ("test-result", "260415000", "Not detected", "Không phát hiện"),
        ("product", "EU/1/21/1529", "Vaxzevria", "AstraZeneca (Vaxzevria)"),
        ("product", "Abdala", "Abdala", "Abdala"),
        ("vaccine", MRNA, "SARS-CoV-2 mRNA vaccine", "Vắc xin mRNA phòng SARS-CoV-2"),
    ],
)
def test_a_code_is_shown_in_both_languages(name: str, code: str, english: str, vietnamese: str) -> None:
    assert value_set(name).display(code) == english
    assert value_set(name).display(code, "en") == english
    assert value_set(name).display(code, "vi") == vietnamese


@pytest.mark.parametrize("lang", ["en", "vi"])
@pytest.mark.parametrize("code", ["XX", "vn", "", "VNM"])
def test_an_unknown_code_is_shown_as_it_stands_and_is_not_active(code: str, lang: Any) -> None:
    assert value_set("country").display(code, lang) == code
    assert not value_set("country").is_active(code)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("vaccine", "J07BX03"),
        ("product", "NVX-CoV2373"),
        ("product", "Inactivated-SARS-CoV-2-Vero-Cell"),
        ("product", "Vidprevtyn"),
        ("product", "VLA2001"),
        ("test-manufacturer", "1065"),
        ("test-manufacturer", "1242"),
    ],
)
def test_a_withdrawn_code_is_known_but_not_active(name: str, code: str) -> None:
    assert code in value_set(name).codes
    assert not value_set(name).is_active(code)


def test_only_the_list_of_devices_is_an_extract() -> None:
    assert [name for name in VALUE_SETS if not value_set(name).complete] == ["test-manufacturer"]


# --- unknown codes of an entry ----------------------------------------------------------------------------------

VACCINATION = {"tg": "840539006", "vp": MRNA, "mp": "EU/1/20/1528", "ma": "ORG-100030215", "co": "VN"}
TEST = {"tg": "840539006", "tt": "LP217198-3", "ma": "344", "tr": "260415000", "co": "VN"}
RECOVERY = {"tg": "840539006", "fr": "2021-08-01", "co": "VN"}


@pytest.mark.parametrize("entry", [VACCINATION, TEST, RECOVERY], ids="vtr")
def test_known_codes_are_no_news(entry: dict[str, object]) -> None:
    assert unknown_codes(entry) == ()


@pytest.mark.parametrize(
    ("entry", "field"),
    [(entry, field) for entry in (VACCINATION, TEST, RECOVERY) for field in entry if field != "fr"],
)
@pytest.mark.parametrize("code", ["", "vn", "J07BX99", " VN", "344 "])
def test_an_unknown_code_is_named_with_its_field(entry: dict[str, object], field: str, code: str) -> None:
    assert unknown_codes(entry | {field: code}) == ((field, code),)


def test_every_unknown_code_is_named() -> None:
    assert dict(unknown_codes(dict.fromkeys(VACCINATION, "?"))) == dict.fromkeys(VACCINATION, "?")


def test_a_maker_is_no_device_and_a_device_no_maker() -> None:
    assert unknown_codes(TEST | {"ma": "ORG-100030215"}) == (("ma", "ORG-100030215"),)
    assert unknown_codes(VACCINATION | {"ma": "344"}) == (("ma", "344"),)


@pytest.mark.parametrize("organisation", ["UNHCR", "WHO"])
def test_an_organisation_may_stand_for_the_country(organisation: str) -> None:
    assert unknown_codes(RECOVERY | {"co": organisation}) == ()


def test_withdrawn_codes_are_known() -> None:
    assert unknown_codes(VACCINATION | {"vp": "J07BX03", "mp": "NVX-CoV2373"}) == ()


@pytest.mark.parametrize("value", [None, 344, b"344", ["344"], {"ma": 1}])
def test_what_is_not_text_is_left_to_the_schema(value: object) -> None:
    assert unknown_codes(TEST | {"ma": value}) == ()
    assert unknown_codes({}) == ()


# --- combinations -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vaccine", [MRNA, ANY])
def test_the_specific_and_the_general_vaccine_code_both_go_with_a_product(vaccine: str) -> None:
    assert check_combination("EU/1/20/1528", "ORG-100030215", vaccine) == ()


@pytest.mark.parametrize(
    ("codes", "problems"),
    [
        (("EU/1/20/1528", "ORG-100031184", MRNA), [("ma", "manufacturer_mismatch")]),
        (("EU/1/20/1528", "ORG-100030215", VECTOR), [("vp", "vaccine_mismatch")]),
        (("EU/1/21/1529", SERUM, MRNA), [("ma", "manufacturer_mismatch"), ("vp", "vaccine_mismatch")]),
        (("Abdala", "CIGB", SPIKE), [("vp", "vaccine_mismatch")]),
        (("EU/1/20/1528", "ORG-100030215", "J07BX03"), [("vp", "deprecated_code")]),
        (("NVX-CoV2373", "ORG-100032020", SPIKE), [("mp", "deprecated_code")]),
        (("NVX-CoV2373", "ORG-100032020", MRNA), [("mp", "deprecated_code"), ("vp", "vaccine_mismatch")]),
        (("Comirnaty", "ORG-100030215", MRNA), [("mp", "unknown_product")]),
        (("EU/1/20/1528", "Pfizer", MRNA), [("ma", "unknown_manufacturer")]),
        (("EU/1/20/1528", "ORG-100030215", "mRNA"), [("vp", "unknown_vaccine")]),
        (("", "", ""), [("mp", "unknown_product"), ("ma", "unknown_manufacturer"), ("vp", "unknown_vaccine")]),
        (("?", "ORG-100030215", "J07BX03"), [("mp", "unknown_product"), ("vp", "deprecated_code")]),
    ],
)
def test_codes_that_do_not_go_together_are_named(codes: tuple[str, str, str], problems: list[tuple[str, str]]) -> None:
    assert pairs(check_combination(*codes)) == problems


def test_every_product_in_use_has_a_combination_without_fault() -> None:
    for product in value_set("product").active:
        codes = resolve_product(product, manufacturer=None, vaccine=None)
        assert check_combination(codes.product, codes.manufacturer, codes.vaccine) == ()


def test_a_withdrawn_product_has_none() -> None:
    for product in value_set("product").codes - value_set("product").active:
        assert pairs(refused(product)) == [("product", "deprecated_code")]


# --- from names to codes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("AstraZeneca", ("EU/1/21/1529", "ORG-100001699", VECTOR)),
        ("Vaxzevria", ("EU/1/21/1529", "ORG-100001699", VECTOR)),
        ("Pfizer", ("EU/1/20/1528", "ORG-100030215", MRNA)),
        ("Comirnaty", ("EU/1/20/1528", "ORG-100030215", MRNA)),
        ("Moderna", ("EU/1/20/1507", "ORG-100031184", MRNA)),
        ("Spikevax", ("EU/1/20/1507", "ORG-100031184", MRNA)),
        ("Vero Cell", ("BBIBP-CorV", "ORG-100020693", INACTIVATED)),
        ("Sinopharm", ("BBIBP-CorV", "ORG-100020693", INACTIVATED)),
        ("Hayat-Vax", ("Hayat-Vax", "ORG-100023050", INACTIVATED)),
        ("Sputnik V", ("Sputnik-V", "Gamaleya-Research-Institute", VECTOR)),
        ("Janssen", ("EU/1/20/1525", "ORG-100001417", VECTOR)),
        ("Jcovden", ("EU/1/20/1525", "ORG-100001417", VECTOR)),
        ("Abdala", ("Abdala", "CIGB", ANY)),
        ("Covaxin", ("Covaxin", "Bharat-Biotech", INACTIVATED)),
        ("CoronaVac", ("CoronaVac", "Sinovac-Biotech", INACTIVATED)),
        ("Covishield", ("Covishield", SERUM, VECTOR)),
        ("Nuvaxovid", ("EU/1/21/1618", "ORG-100032020", SPIKE)),
        ("Soberana 02", ("Soberana-02", "Finlay-Institute", ANY)),
        ("AstraZeneca (Vaxzevria)", ("EU/1/21/1529", "ORG-100001699", VECTOR)),
        ("EU/1/20/1528", ("EU/1/20/1528", "ORG-100030215", MRNA)),
        ("BBIBP-CorV", ("BBIBP-CorV", "ORG-100020693", INACTIVATED)),
    ],
)
def test_a_name_or_code_gives_all_three_codes(name: str, codes: tuple[str, str, str]) -> None:
    assert resolved(name) == codes
    assert resolve_product(name, manufacturer=None, vaccine=None) == ProductCodes(*codes)


@pytest.mark.parametrize(
    "spelling",
    [
        "vero cell",
        "VERO CELL",
        "Vero-Cell",
        "VeroCell",
        "  Vero\u00a0Cell ",
        "Vero Cell®",
        "Vêrô Cell",
        "Ve\u0302ro Cell",
    ],
)
def test_case_spaces_hyphens_and_diacritics_do_not_matter(spelling: str) -> None:
    assert resolved(spelling)[0] == "BBIBP-CorV"


def test_the_letter_d_with_stroke_counts_as_d() -> None:
    assert resolved("Abđala")[0] == "Abdala"
    assert resolved("ABĐALA")[0] == "Abdala"


@pytest.mark.parametrize(
    ("product", "maker", "code"),
    [
        ("AstraZeneca", "Serum Institute of India", "Covishield"),
        ("AstraZeneca", SERUM, "Covishield"),
        ("vaxzevria", "Viện Huyết thanh Ấn Độ", "Covishield"),
        ("AZ", "R-Pharm", "R-COVI"),
        ("AstraZeneca", "Fiocruz", "Covid-19-recombinant"),
        ("AstraZeneca", "AstraZeneca", "EU/1/21/1529"),
        ("Vero Cell", "Wuhan Institute of Biological Products", "WIBP-CorV"),
        ("Vero Cell", "Julphar", "Hayat-Vax"),
        ("Vero Cell", "Sinopharm", "BBIBP-CorV"),
        ("CoronaVac", "Butantan", "Covid-19-adsorvida-inativada"),
        ("Novavax", SERUM, "Covovax"),
    ],
)
def test_a_name_follows_the_maker_of_the_lot(product: str, maker: str, code: str) -> None:
    assert resolved(product, maker)[0] == code


@pytest.mark.parametrize(
    ("product", "maker"),
    [
        ("EU/1/21/1529", SERUM),
        ("EU/1/21/1529", "Serum Institute of India"),
        ("Covishield", "AstraZeneca"),
        ("BBIBP-CorV", "Sinopharm-WIBP"),
        ("Pfizer", "Moderna"),
        ("AstraZeneca", "Pfizer"),
        ("Hayat-Vax", "Sinopharm"),
    ],
)
def test_a_maker_that_does_not_make_the_product_is_refused(product: str, maker: str) -> None:
    (problem,) = refused(product, maker)
    assert (problem.field, problem.code) == ("manufacturer", "manufacturer_mismatch")
    assert value_set("manufacturer").display(resolved(product)[1]) in problem.message, "the one allowed is named"


@pytest.mark.parametrize(
    ("vaccine", "code"),
    [(MRNA, MRNA), (ANY, ANY), ("sars-cov-2 mrna vaccine", MRNA), ("Vắc xin phòng COVID-19", ANY)],
)
def test_the_vaccine_may_be_given_by_code_or_name(vaccine: str, code: str) -> None:
    assert resolved("Pfizer", None, vaccine)[2] == code


@pytest.mark.parametrize(
    ("vaccine", "code"),
    [
        (VECTOR, "vaccine_mismatch"),
        ("J07BX03", "deprecated_code"),
        ("mRNA", "unknown_vaccine"),
        ("", "unknown_vaccine"),
    ],
)
def test_a_vaccine_that_does_not_fit_is_refused_with_those_allowed(vaccine: str, code: str) -> None:
    (problem,) = refused("Pfizer", None, vaccine)
    assert (problem.field, problem.code) == ("vaccine", code)
    assert MRNA in problem.message
    assert ANY in problem.message


@pytest.mark.parametrize("maker", ["", "Pfizzer", "Viettel", "344", " "])
def test_an_unknown_maker_is_refused_with_the_one_allowed(maker: str) -> None:
    (problem,) = refused("Pfizer", maker)
    assert (problem.field, problem.code) == ("manufacturer", "unknown_manufacturer")
    assert "ORG-100030215 (Biontech Manufacturing GmbH)" in problem.message


@pytest.mark.parametrize(
    "name", ["", " ", "Vaccine", "COVID-19", "vắc xin", "Sputnik", "Nanocovax", "®", "EU/1/99/9999"]
)
def test_an_unknown_product_is_refused_with_the_usual_names(name: str) -> None:
    (problem,) = refused(name)
    assert (problem.field, problem.code) == ("product", "unknown_product")
    assert "AstraZeneca, Pfizer, Moderna, Vero Cell" in problem.message


@pytest.mark.parametrize(
    ("typo", "nearest"),
    [("Astra Zenecca", "Vaxzevria"), ("Comirnatty", "Comirnaty"), ("Modena", "Spikevax"), ("Verocel", "BBIBP-CorV")],
)
def test_a_misspelt_product_is_refused_with_the_nearest(typo: str, nearest: str) -> None:
    (problem,) = refused(typo)
    assert problem.code == "unknown_product"
    assert "the nearest is " in problem.message
    assert nearest in problem.message


@pytest.mark.parametrize(
    ("product", "instead"),
    [
        ("NVX-CoV2373", "EU/1/21/1618 (Nuvaxovid)"),
        ("Inactivated-SARS-CoV-2-Vero-Cell", "WIBP-CorV"),
        ("Vidprevtyn", "EU/1/21/1580 (VidPrevtyn Beta)"),
        ("vla2001", "EU/1/21/1624 (COVID-19 Vaccine Valneva)"),
    ],
)
def test_a_withdrawn_product_is_refused_with_its_replacement(product: str, instead: str) -> None:
    (problem,) = refused(product)
    assert (problem.field, problem.code) == ("product", "deprecated_code")
    assert problem.message == f"is a code no longer in use; use {instead}"


def test_everything_wrong_is_named_at_once() -> None:
    assert pairs(refused("?", "?", "?")) == [
        ("product", "unknown_product"),
        ("manufacturer", "unknown_manufacturer"),
        ("vaccine", "unknown_vaccine"),
    ]
    assert pairs(refused("Pfizer", "?", VECTOR)) == [
        ("manufacturer", "unknown_manufacturer"),
        ("vaccine", "vaccine_mismatch"),
    ]
    with pytest.raises(SchemaError, match=r"^the record is wrong in manufacturer, vaccine$"):
        resolve_product("Pfizer", manufacturer="Moderna", vaccine=VECTOR)


def test_no_message_repeats_what_was_written() -> None:
    for problem in refused("Nguyễn Bí Mật", "Nguyễn Bí Mật", "Nguyễn Bí Mật"):
        assert "Mật" not in problem.message


def test_an_overlong_text_is_not_looked_up() -> None:
    padded = "Pfizer" + " " * MAX_NAME_CHARACTERS
    assert resolved(padded[:MAX_NAME_CHARACTERS])[0] == "EU/1/20/1528"
    assert pairs(refused(padded)) == [("product", "unknown_product")]
    assert pairs(refused("Pfizer", padded, padded)) == [
        ("manufacturer", "unknown_manufacturer"),
        ("vaccine", "unknown_vaccine"),
    ]
    assert pairs(refused("x" * 1_000_000)) == [("product", "unknown_product")]


# --- doses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "doses"),
    [
        ("AstraZeneca", 2),
        ("Covishield", 2),
        ("Pfizer", 2),
        ("Moderna", 2),
        ("Vero Cell", 2),
        ("Hayat-Vax", 2),
        ("Sputnik V", 2),
        ("Sputnik Light", 1),
        ("Janssen", 1),
        ("Abdala", 3),
        ("Covaxin", 2),
        ("CoronaVac", 2),
    ],
)
def test_a_primary_series_has_its_doses(name: str, doses: int) -> None:
    assert primary_doses(resolved(name)[0]) == doses


@pytest.mark.parametrize("code", ["AstraZeneca", "EpiVacCorona", "", "EU/1/99/9999"])
def test_the_doses_of_another_product_are_not_guessed(code: str) -> None:
    assert primary_doses(code) is None


# --- cost -------------------------------------------------------------------------------------------------------


def test_nothing_is_read_on_import() -> None:
    program = "import vaxcert.data as d, vaxcert.model.valuesets; assert d.load_json.cache_info().currsize == 0"
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
