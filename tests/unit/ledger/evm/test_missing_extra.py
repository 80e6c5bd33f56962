"""Without the extra `anchor`, what is missing is named."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from tests.unit.ledger.evm.recorded import EVENTS, receipt_proof
from vaxcert.errors import MissingDependencyError
from vaxcert.ledger.evm import keccak, rlp_items


@pytest.mark.parametrize(("module", "needed"), [(keccak, "eth_hash.auto"), (rlp_items, "rlp")])
def test_the_extra_is_named_where_a_library_is_missing(
    module: object, needed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, needed, None)
    path = Path(module.__file__)  # type: ignore[attr-defined]
    spec = importlib.util.spec_from_file_location(f"without_{needed.replace('.', '_')}", path)
    assert spec is not None
    assert spec.loader is not None
    with pytest.raises(MissingDependencyError) as refused:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    assert refused.value.hint == "install vaxcert[anchor]"


def test_making_a_proof_from_receipts_names_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trie.hexary", None)
    with pytest.raises(MissingDependencyError):
        receipt_proof(EVENTS[0])
