"""What the pages on the ledger name exists, and all that an audit may find is explained."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vaxcert.commands.exit_codes import error_classes
from vaxcert.ledger.anchor.progress import Reason
from vaxcert.ledger.audit.findings import FindingCode

DOCS = Path(__file__).parents[2] / "docs"
FIELDS = {"block_unconfirmed", "low_on_funds", "newer_anchors", "no_chain_behind", "own_word"}
"""What statuses and reports call things that are no errors, findings or reasons."""
KNOWN = {kind.code for kind in error_classes()} | set(map(str, FindingCode)) | set(map(str, Reason)) | FIELDS
PAGES = ("threat-model.md", "guide/auditor.md", "guide/anchoring.md")


@pytest.mark.parametrize("page", PAGES)
def test_every_code_that_a_page_names_exists(page: str) -> None:
    named = set(re.findall(r"[`\[]([a-z]+(?:_[a-z]+)+)[`\]]", (DOCS / page).read_text("utf-8")))
    assert len(named) > 5, "the search finds them"
    assert named - KNOWN == set()


def test_the_auditor_is_told_what_each_finding_means() -> None:
    page = (DOCS / "guide" / "auditor.md").read_text("utf-8")
    assert [code for code in FindingCode if f"`{code}`" not in page] == []


@pytest.mark.parametrize("page", PAGES)
def test_links_between_pages_lead_somewhere(page: str) -> None:
    path = DOCS / page
    links = re.findall(r"\]\(([^)#:]+)\)", path.read_text("utf-8"))
    assert links or page == "guide/anchoring.md"
    assert [link for link in links if not (path.parent / link).exists()] == []
