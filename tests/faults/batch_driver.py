"""`vaxcert`, with segments of so many rows: `python -m tests.faults.batch_driver ROWS issue ...`."""

from __future__ import annotations

import sys
from functools import partial

from vaxcert.cli import main
from vaxcert.service.batch import issue

if __name__ == "__main__":
    issue.BatchRun = partial(issue.BatchRun, segment_rows=int(sys.argv[1]))  # type: ignore[assignment, misc]
    main(sys.argv[2:])
