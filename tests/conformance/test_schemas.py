"""Our DCC schemas against those that the eHealth Network released, on real payloads and on thousands of broken ones.

The released schema is run by plain `jsonschema` in its own draft, formats not asserted (the official valid files break
`date-time`). Ours is run as the product runs it.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import validators

from vaxcert.codec.schema import VERSIONS, check_dcc, is_valid, nearest_version
from vaxcert.errors import SchemaError

FULL_DATE = re.compile(r"(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}")
THREE_NUMBERS = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")
COUNTRY = re.compile(r"[A-Z]{1,10}")


def texts(dcc: dict[str, Any], *names: str) -> Iterator[str]:
    """Yield the texts of the members *names*, at the top, in the name and in every entry."""
    groups = [group for key in "vtr" if isinstance(group := dcc.get(key), list)]
    for part in (dcc, dcc.get("nam"), *(entry for group in groups for entry in group)):
        if isinstance(part, dict):
            yield from (part[name] for name in names if isinstance(part.get(name), str))


# Where a released pattern is laxer than its description, ours keeps to the description, here and nowhere else.
STATED_DIFFERENCES: dict[str, Callable[[dict[str, Any], str], bool]] = {
    "Python's $ lets a line feed pass": lambda dcc, _: any(
        text.endswith("\n") for text in texts(dcc, "ver", "dob", "fnt", "gnt", "co")
    ),
    "Python's \\d takes digits of any script": lambda dcc, _: any(
        text.isdigit() and not text.isascii() for whole in texts(dcc, "ver", "dob") for text in whole
    ),
    "a dot of ver stands for any character": lambda dcc, _: not all(map(THREE_NUMBERS.fullmatch, texts(dcc, "ver"))),
    "dob of 1.0.x is searched for, not matched": lambda dcc, version: (
        version in ("1.0.0", "1.0.1") and not all(map(FULL_DATE.fullmatch, texts(dcc, "dob")))
    ),
    "co is searched for, not matched": lambda dcc, _: not all(map(COUNTRY.fullmatch, texts(dcc, "co"))),
}


@cache
def released(folder: Path, version: str) -> Any:
    schema = json.loads((folder / "dcc-schema" / f"{version}.json").read_text("utf-8"))
    return validators.validator_for(schema)(schema)


def real_payloads(folder: Path) -> list[dict[str, Any]]:
    """Return the payloads of the schema tests, of dgc-testdata and of the quality assurance codes."""
    found = [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("dcc-schema-tests/*/*.json"))]
    for suite in ("dgc-testdata", "dcc-quality-assurance"):
        for path in sorted(folder.glob(f"{suite}/**/*.json")):
            payload = json.loads(path.read_text("utf-8-sig")).get("JSON")
            found.append(json.loads(payload) if isinstance(payload, str) else payload)
    return [payload for payload in found if payload is not None]


def compared(folder: Path, dcc: dict[str, Any], version: str) -> str:
    """Return the verdict that both sides share, or the stated difference between them."""
    ours, theirs = is_valid(dcc, version), released(folder, version).is_valid(dcc)
    if ours == theirs:
        return "both accept" if ours else "both refuse"
    assert theirs, f"the released schema {version} refuses what ours accepts: {sorted(dcc)}"
    reasons = [reason for reason, applies in STATED_DIFFERENCES.items() if applies(dcc, version)]
    assert reasons, f"schema {version} differs for no stated reason: {sorted(dcc)}"
    return reasons[0]


def broken(valid: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield *valid* with one thing changed, in every way that a schema could mind."""
    for path in paths(valid):
        for value in (*SUBSTITUTES, DROPPED):
            dcc = deepcopy(valid)
            parent: Any = dcc
            for step in path[:-1]:
                parent = parent[step]
            if value is DROPPED:
                del parent[path[-1]]
            elif isinstance(value, tuple):  # what to put after the text that is there
                if not isinstance(parent[path[-1]], str):
                    continue
                parent[path[-1]] += value[0]
            else:
                parent[path[-1]] = value
            yield dcc
    (group,) = (key for key in "vtr" if key in valid)
    yield valid | {group: valid[group] * 2}
    yield valid | {group: []}
    for other in "vtr".replace(group, ""):
        extras: list[Any] = [valid[group], [], None, [{}]]
        for extra in extras:
            yield valid | {other: extra}


DROPPED = object()
SUBSTITUTES: list[Any] = [
    *(None, True, 0, 1, 9, 10, -1, 2.0, 1.5, 2**53, [], [1], {}, {"fnt": "A"}, {"gnt": "A"}, {"fn": "A"}),
    *("", "A", "a", "AB<C", "VN", "vn", "VNM1", "Đ", " ", "1.3.0", "1.3", "1x3x0", "٣.٣.٣", "1968", "1968-04"),
    *("1968-04-05", "1868-04-05", "2100-01-01", "1968-4-5", "1968-04-05T00:00:00", "١٩68-04-05", "20٢١-01-01"),
    *("A" * 10, "A" * 11, "A" * 50, "A" * 51, "A" * 80, "A" * 81, "ễ" * 80, "ễ" * 81),
    *(("\n",), (" ",), ("x",)),
]


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from paths(inner, (*path, key))


@pytest.fixture(scope="module")
def hcert(vectors: Path) -> Path:
    return vectors / "hcert"


def test_the_official_valid_and_invalid_files_are_judged_so(hcert: Path) -> None:
    judged: Counter[str] = Counter()
    for path in sorted(hcert.glob("dcc-schema-tests/*/*.json")):
        dcc = json.loads(path.read_text("utf-8"))
        assert is_valid(dcc, nearest_version(dcc["ver"])) == (path.parent.name == "valid"), path.name
        judged[path.parent.name] += 1
    assert judged == {"valid": 13, "invalid": 6}


def test_real_payloads_get_the_released_verdict_in_every_version(hcert: Path) -> None:
    payloads = real_payloads(hcert)
    verdicts = Counter(compared(hcert, dcc, version) for dcc in payloads for version in VERSIONS)
    assert len(payloads) > 350
    assert verdicts.total() == len(payloads) * len(VERSIONS)
    assert set(verdicts) == {"both accept", "both refuse"}, "no difference shows on real payloads"
    assert min(verdicts.values()) > 500


def test_broken_payloads_get_the_released_verdict_in_every_version(hcert: Path) -> None:
    verdicts: Counter[str] = Counter()
    for name in ("V-min-data", "T-naat-min-data", "T-rat-dates3", "R-dates1"):
        valid = json.loads((hcert / "dcc-schema-tests" / "valid" / f"{name}.json").read_text("utf-8"))
        valid |= {"dob": "1968-04-05", "nam": {"fn": "Trần", "fnt": "TRAN", "gn": "Bình", "gnt": "BINH"}}
        for dcc in broken(valid):
            verdicts.update(compared(hcert, dcc, version) for version in VERSIONS)
    assert verdicts["both accept"] > 3000
    assert verdicts["both refuse"] > 10_000
    assert all(verdicts[reason] for reason in STATED_DIFFERENCES), "a difference that never shows is not one"


def test_every_refusal_of_a_real_payload_is_explained(hcert: Path) -> None:
    refused = [dcc for dcc in real_payloads(hcert) if not is_valid(dcc, nearest_version(dcc.get("ver")))]
    assert len(refused) > 20
    for dcc in refused:
        with pytest.raises(SchemaError) as caught:
            check_dcc(dcc, version=nearest_version(dcc.get("ver")))
        assert caught.value.problems


def test_our_schemas_keep_the_metaschema_and_work_in_another_validator(hcert: Path) -> None:
    folder = Path(__file__).parents[2] / "schemas" / "dcc"
    for version in VERSIONS:
        schema = json.loads((folder / f"{version}.json").read_text("utf-8"))
        validator = validators.validator_for(schema)
        validator.check_schema(schema)
        other = validator(schema)
        for dcc in real_payloads(hcert)[::7]:
            assert other.is_valid(dcc) == is_valid(dcc, version)
