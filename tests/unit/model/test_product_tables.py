"""The tables about products: that they agree with the value sets and with themselves."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from vaxcert.model.product_tables import combinations, fold, usage
from vaxcert.model.valuesets import check_combination, resolve_product, value_set

ANY = "28531000087107"


def product_of(name: str, maker: str | None = None) -> str:
    return resolve_product(name, manufacturer=maker, vaccine=None).product


def table() -> Any:
    path = Path(__file__).parents[3] / "schemas" / "products-vn.json"
    return json.loads(path.read_text("utf-8"))


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Vero Cell", "verocell"),
        ("  VERO-cell™ ", "verocell"),
        ("Viện Huyết thanh Ấn Độ", "vienhuyetthanhando"),
        ("Vie\u0323\u0302n", "vien"),
        ("ĐĐđ", "ddd"),
        ("EU/1/20/1528", "eu1201528"),
        ("Straße", "strasse"),
        ("-- ()", ""),
    ],
)
def test_folding_keeps_letters_and_digits_only(text: str, folded: str) -> None:
    assert fold(text) == folded
    assert fold(folded) == folded


def test_different_products_do_not_fold_alike() -> None:
    assert len({fold(code) for code in value_set("product").codes}) == len(value_set("product").codes)


def test_every_product_has_one_maker_and_the_general_vaccine_code_last() -> None:
    assert combinations().keys() == value_set("product").codes
    for code, beside in combinations().items():
        assert beside["product"] == (code,)
        assert len(beside["manufacturer"]) == 1
        assert beside["vaccine"][-1] == ANY
        assert set(beside["vaccine"]) <= value_set("vaccine").active
        assert set(beside["manufacturer"]) <= value_set("manufacturer").active


def test_no_name_stands_for_two_codes() -> None:
    for kind in ("product", "manufacturer", "vaccine"):
        meant: defaultdict[str, set[str]] = defaultdict(set)
        displays = value_set(kind).displays
        for code in value_set(kind).codes:
            for name in (code, displays["en"][code], displays["vi"][code], *usage().names.get(kind, {}).get(code, ())):
                meant[fold(name)].add(code)
        assert "" not in meant
        assert not {name: codes for name, codes in meant.items() if len(codes) > 1}


def test_every_code_in_the_vietnamese_table_is_in_use() -> None:
    assert table()["products"].keys() <= value_set("product").active
    assert table()["manufacturers"].keys() <= value_set("manufacturer").active
    for entry in table()["products"].values():
        assert 1 <= entry["primary_doses"] <= 3
        for maker, made in entry.get("made_by", {}).items():
            assert check_combination(made, maker, ANY) == ()


def test_every_product_name_in_the_vietnamese_table_is_found() -> None:
    for code, entry in table()["products"].items():
        assert [product_of(name) for name in entry["names"]] == [code] * len(entry["names"])
    assert {product_of(name) for name in table()["usual"]} <= table()["products"].keys()


def test_every_maker_in_the_vietnamese_table_is_found() -> None:
    makes = {maker: product for product, beside in combinations().items() for maker in beside["manufacturer"]}
    for code, names in table()["manufacturers"].items():
        for name in names:
            assert resolve_product(makes[code], manufacturer=name, vaccine=None).manufacturer == code
