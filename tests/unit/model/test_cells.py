"""The fields of a row of a table, whose names stand once for all rows."""

from __future__ import annotations

import pickle

import pytest

from vaxcert.model.cells import Cells

NAMES, TEXTS = ["lot", "site", "record_id"], ["FN7150", "", "VN-1"]
CELLS = Cells(NAMES, TEXTS)


def test_it_is_the_mapping_of_its_names_to_its_cells() -> None:
    fields = dict(zip(NAMES, TEXTS, strict=True))
    assert fields == CELLS
    assert list(CELLS) == NAMES
    assert list(CELLS.items()) == list(fields.items())
    assert len(CELLS) == len(NAMES)
    assert CELLS.get("site") == ""
    assert "dose_number" not in CELLS
    with pytest.raises(KeyError, match="dose_number"):
        CELLS["dose_number"]


def test_rows_that_go_to_a_worker_keep_their_names_in_common() -> None:
    first, second = pickle.loads(pickle.dumps([CELLS, Cells(NAMES, ["A", "B", "C"])]))
    assert first == CELLS
    assert first.names is second.names


def test_it_tells_nothing_of_what_stands_in_it() -> None:
    assert repr(CELLS) == "Cells(lot, site, record_id)"
