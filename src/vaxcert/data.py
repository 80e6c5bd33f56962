"""The one loader of the files in `schemas/`: JSON Schemas, value sets and product tables.

They lie in `vaxcert/_data` in an installed wheel, and in `schemas/` beside `src/` in a checkout or an editable
install. Nothing else below `issue` reads a file.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import cast


def folder() -> Path:
    """Return where the data files lie."""
    packed = Path(__file__).parent / "_data"
    return packed if packed.is_dir() else Path(__file__).parents[2] / "schemas"


@cache
def load_json(name: str) -> dict[str, object]:
    """Return the JSON object in the data file *name*, such as ``valuesets/country.json``."""
    return cast("dict[str, object]", json.loads((folder() / name).read_text("utf-8")))
