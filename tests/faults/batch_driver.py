"""`vaxcert`, with segments of so many rows: `python -m tests.faults.batch_driver ROWS issue ...`."""

from __future__ import annotations

import sys
from functools import partial
from unittest.mock import patch

from vaxcert.cli import main
from vaxcert.service.batch import issue
from vaxcert.service.batch.run import BatchRun

if __name__ == "__main__":
    with patch.object(issue, "BatchRun", partial(BatchRun, segment_rows=int(sys.argv[1]))):
        main(sys.argv[2:])
