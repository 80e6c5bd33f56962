"""Our value sets against the published ones: the same codes, the same active flags, the same combinations."""

import json
from pathlib import Path
from typing import Any

import pytest

from vaxcert.model.valuesets import VALUE_SETS, check_combination, unknown_codes, value_set

PUBLISHED = {
    "country": "country-2-codes.json",
    "disease": "disease-agent-targeted.json",
    "manufacturer": "vaccine-mah-manf.json",
    "product": "vaccine-medicinal-product.json",
    "test-manufacturer": "test-manf-example.json",
    "test-result": "test-result.json",
    "test-type": "test-type.json",
    "vaccine": "vaccine-prophylaxis.json",
}
# The published names of countries have slips ("Virgin Islands,") and old names; ours are our own.
OWN_NAMES = frozenset(("country",))


@pytest.fixture(scope="module")
def published(vectors: Path) -> dict[str, Any]:
    folder = vectors / "hcert" / "valuesets"
    return {path.name: json.loads(path.read_text("utf-8")) for path in folder.glob("*.json")}


def test_every_value_set_has_a_published_one() -> None:
    assert PUBLISHED.keys() == set(VALUE_SETS)


@pytest.mark.parametrize("name", VALUE_SETS)
def test_the_codes_are_the_published_ones(name: str, published: dict[str, Any]) -> None:
    table, ours = published[PUBLISHED[name]], value_set(name)
    assert ours.eu_id == table["valueSetId"]
    assert ours.codes == table["valueSetValues"].keys()


@pytest.mark.parametrize("name", VALUE_SETS)
def test_the_active_codes_are_the_published_ones(name: str, published: dict[str, Any]) -> None:
    entries = published[PUBLISHED[name]]["valueSetValues"]
    assert value_set(name).active == {code for code, entry in entries.items() if entry["active"]}


@pytest.mark.parametrize("name", sorted(set(VALUE_SETS) - OWN_NAMES))
def test_the_names_are_the_published_ones_but_for_blanks_and_the_deprecated_mark(
    name: str, published: dict[str, Any]
) -> None:
    def plain(text: str) -> str:
        return text.removesuffix(" (deprecated)").replace(" ", "").replace("-", "").casefold()

    for code, entry in published[PUBLISHED[name]]["valueSetValues"].items():
        assert plain(value_set(name).display(code)) == plain(entry["display"])


@pytest.mark.parametrize("name", [*VALUE_SETS, "combinations"])
def test_the_file_says_which_publication_it_is_of(name: str, published: dict[str, Any]) -> None:
    path = Path(__file__).parents[2] / "schemas" / "valuesets" / f"{name}.json"
    source = json.loads(path.read_text("utf-8"))["source"]
    table = published[PUBLISHED.get(name, "vaccine-encoding-instructions.json")]
    assert source["date"] == table["valueSetDate"]
    assert table["valueSetId"] in source["name"]
    assert source["licence"] == "Apache-2.0"


def test_the_combinations_are_the_published_ones_and_no_other(published: dict[str, Any]) -> None:
    instructions = published["vaccine-encoding-instructions.json"]["valueSetValues"].values()
    allowed = {
        # Three codes carry their mark in this table only.
        (row["vaccine-code"].removesuffix(" (deprecated)"), row["vaccine-manufacturer"], vaccine)
        for row in instructions
        for vaccine in row["sct-codes"]
    }
    assert len(allowed) > 50
    checked = 0
    for mp in value_set("product").codes:
        for ma in value_set("manufacturer").codes:
            for vp in value_set("vaccine").active:
                codes = {problem.code for problem in check_combination(mp, ma, vp)} - {"deprecated_code"}
                assert (not codes) == ((mp, ma, vp) in allowed), (mp, ma, vp)
                checked += 1
    assert checked > 9000


@pytest.mark.parametrize("version", ["1.0.0", "1.2.1", "1.3.0"])
@pytest.mark.parametrize(("number", "field"), [(7, "ma"), (8, "co"), (9, "ma")])
def test_certificates_that_break_only_value_sets_are_found(
    number: int, field: str, version: str, vectors: Path
) -> None:
    path = vectors / "hcert" / "dgc-testdata" / "PL" / version / "2DCode" / "raw" / f"{number}.json"
    payload = json.loads(path.read_text("utf-8-sig"))["JSON"]
    (entry,) = next(payload[group] for group in "vtr" if payload.get(group))
    assert [name for name, _ in unknown_codes(entry)] == [field]
