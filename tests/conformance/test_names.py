"""Names and identifiers in the certificates that issuing countries published as test data."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from vaxcert.errors import TransliterationError, UvciError
from vaxcert.model.names import transliterate
from vaxcert.model.uvci import Uvci

SECOND_CHOICES = str.maketrans("äöüå", "aoua")


@pytest.fixture(scope="module")
def certificates(vectors: Path) -> list[dict[str, object]]:
    """Return every object within the files that has a name or an identifier."""
    found: list[dict[str, object]] = []
    for suite in ("dgc-testdata", "dcc-quality-assurance"):
        for path in (vectors / "hcert" / suite).rglob("*.json"):
            found += _objects(json.loads(path.read_text("utf-8-sig")))
    return found


def _objects(node: object) -> Iterator[dict[str, object]]:
    if isinstance(node, dict):
        yield cast("dict[str, object]", node)
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _objects(child)


def test_names_are_spelled_as_issuers_spell_them(certificates: list[dict[str, object]]) -> None:
    pairs = {
        (written, spelled)
        for person in certificates
        for field in ("fn", "gn")
        if isinstance(written := person.get(field), str) and isinstance(spelled := person.get(f"{field}t"), str)
    }
    verdicts = Counter(_verdict(written, spelled) for written, spelled in pairs)
    assert verdicts == {
        "agrees": 169,
        # Refused on purpose: somebody has to give the spelling.
        "refused: digits": 2,
        "refused: emoji": 1,
        "refused: empty": 1,
        "refused: Arabic": 2,
        "refused: Georgian": 2,
        # The issuer does otherwise than Doc 9303's first choice, or against it.
        "a filler at the end": 1,
        "the table's second choice for a letter": 1,
        "a letter dropped": 1,
        "Cyrillic by another system": 2,
    }


def _verdict(written: str, spelled: str) -> str:
    try:
        ours = transliterate(written)
    except TransliterationError as error:
        kinds = {"digit": "digits", "sign": "emoji", "no letter": "empty"}
        kind = error.script or next(kind for word, kind in kinds.items() if word in error.message)
        return f"refused: {kind}"
    if ours == spelled:
        return "agrees"
    explanations = {
        f"{ours}<": "a filler at the end",
        transliterate(written.translate(SECOND_CHOICES)): "the table's second choice for a letter",
        transliterate(written[:-1]): "a letter dropped",
    }
    cyrillic = "\u0400" <= written[0] <= "\u04ff"
    return explanations.get(spelled, "Cyrillic by another system" if cyrillic else "unexplained")


def test_identifiers_are_read_and_their_check_characters_are_no_evidence(
    certificates: list[dict[str, object]],
) -> None:
    texts = {ci for group in certificates if isinstance(ci := group.get("ci"), str)}
    verdicts: Counter[bool | str | None] = Counter()
    for text in texts:
        try:
            verdicts[Uvci.parse(text).has_valid_check] += 1
        except UvciError:
            verdicts["refused"] += 1
    # More than half of the check characters in genuine certificates are wrong. Refused: version V1, DGCI and a blank.
    assert verdicts == {None: 215, True: 43, False: 49, "refused": 7}


def test_the_vietnamese_specimen_s_identifier_has_the_form_that_we_issue(vectors: Path) -> None:
    specimen = json.loads((vectors / "hcert/dcc-quality-assurance/VN/1.3.0/VAC_VN.json").read_text("utf-8"))
    (text,) = {group["ci"] for group in _objects(specimen) if "ci" in group}
    uvci = Uvci.parse(str(text))
    assert Uvci.random("VN", bytes.fromhex(uvci.opaque)) == uvci
    assert str(Uvci.random("VN", bytes.fromhex(uvci.opaque))) == text
