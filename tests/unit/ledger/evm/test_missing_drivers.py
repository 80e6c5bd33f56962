"""Without what a driver needs, that is named, and the recursion limit is as it was."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from vaxcert.errors import MissingDependencyError
from vaxcert.ledger.anchor import anchor_file
from vaxcert.ledger.evm import contract_calls, in_process_node, transaction_signer

if TYPE_CHECKING:
    from types import ModuleType


@pytest.mark.parametrize(
    ("module", "needed", "hint"),
    [
        (anchor_file, "fcntl", "anchor to an EVM chain"),
        (contract_calls, "eth_abi.abi", "install vaxcert[anchor]"),
        (transaction_signer, "eth_account", "install vaxcert[anchor]"),
        (in_process_node, "eth_tester.exceptions", "install vaxcert[anchor]"),
    ],
)
def test_what_is_missing_is_named(module: ModuleType, needed: str, hint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, needed, None)
    limit = sys.getrecursionlimit()
    spec = importlib.util.spec_from_file_location(f"without_{needed.replace('.', '_')}", Path(str(module.__file__)))
    assert spec is not None
    assert spec.loader is not None
    with pytest.raises(MissingDependencyError) as refused:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    assert refused.value.hint == hint
    assert sys.getrecursionlimit() == limit
