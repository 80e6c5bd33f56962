from __future__ import annotations

import pytest

from vaxcert.errors import (
    LedgerDamagedError,
)
from vaxcert.ledger.anchor.event_json import parse_event


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"seq":1}', '{"root":"zz"}', '{"root":5}', '{"other":1}'])
def test_an_event_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(LedgerDamagedError):
        parse_event(text)
