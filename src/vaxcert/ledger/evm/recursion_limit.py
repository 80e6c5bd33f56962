"""The interpreter's recursion limit, kept while libraries are imported that lift it for everybody.

py_ecc, which comes with eth-account, sets it to 100,000. A few kilobytes of nested brackets from a stranger then
overflow the stack and end the process, where they raised `RecursionError` before.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def kept_recursion_limit() -> Iterator[None]:
    """Put the limit back at the end."""
    limit = sys.getrecursionlimit()
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
