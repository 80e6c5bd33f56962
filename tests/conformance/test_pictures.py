"""The QR pictures of the public test data: each reads as its file says.

The member states' files hold a picture (`2DCODE`), the text that it must give (`PREFIX`) and whether it must
(`EXPECTEDPICTUREDECODE`).
"""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vaxcert.codec import picture
from vaxcert.errors import ImageError


def known_bad(folder: Path) -> set[str]:
    """Return the files whose expectation of the picture is no oracle."""
    rows = (line.split("\t") for line in (folder / "known-bad.tsv").read_text("utf-8").splitlines())
    return {name for name, field, _ in rows if field == "EXPECTEDPICTUREDECODE"}


def cases(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name and content of each file that says what its picture gives."""
    excluded = known_bad(folder)
    for path in sorted(folder.glob("*/**/*.json")):
        name = str(path.relative_to(folder))
        content = json.loads(path.read_text("utf-8-sig"))
        if "EXPECTEDPICTUREDECODE" in content.get("EXPECTEDRESULTS", {}) and name not in excluded:
            yield name, content


def texts(content: dict[str, Any]) -> list[str]:
    try:
        return [code.text for code in picture.read_codes(base64.b64decode(content["2DCODE"]))]
    except ImageError:
        return []


def test_every_picture_of_the_member_states_gives_its_text(vectors: Path) -> None:
    checked, absent, wrong = 0, 0, []
    for name, content in cases(vectors / "hcert" / "dgc-testdata"):
        if not content.get("2DCODE"):
            absent += 1
            continue
        checked += 1
        if (content["PREFIX"] in texts(content)) is not content["EXPECTEDRESULTS"]["EXPECTEDPICTUREDECODE"]:
            wrong.append(name)
    print(f"{checked} pictures checked, {absent} files have an expectation but no picture")
    assert checked > 100
    assert wrong == []


def test_the_vietnamese_specimen_gives_its_text(vectors: Path) -> None:
    folder = vectors / "hcert" / "vn"
    (code,) = picture.read_codes((folder / "VAC_VN.png").read_bytes())
    assert code.text == (folder / "VAC_VN.hc1.txt").read_text("ascii").rstrip("\n")
