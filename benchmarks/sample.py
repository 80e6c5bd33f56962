"""What an invented record costs: `python -m benchmarks.sample [--records 1000000]`.

Records are drawn and written as CSV and as JSON lines, in turns of blocks with raw ES256 signatures of the
`cryptography` package, so that the changes of the machine's speed meet all. The processor's time counts. Exits with 1
if a record costs more than a signature does.
"""

from __future__ import annotations

import argparse
import io
import resource
import sys
from functools import partial
from itertools import islice
from time import process_time
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from vaxcert.service.sample.records import COLUMNS, ERROR_COLUMN, WRITERS, sample_records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

BUDGET = 1.0
BLOCK = 10_000
SIGNATURES = 2_000


def seconds(work: Callable[[], object]) -> float:
    """Return the processor's seconds for *work*."""
    start = process_time()
    work()
    return process_time() - start


def encoded(form: str, rows: Iterable[dict[str, str]]) -> int:
    """Return how many bytes *rows* are in a file."""
    text = io.StringIO(newline="")
    WRITERS[form](text, rows, (*COLUMNS, ERROR_COLUMN))
    return len(text.getvalue().encode())


def main() -> int:
    """Run the blocks and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000, help="of each format")
    count = max(BLOCK, parser.parse_args().records // BLOCK * BLOCK)
    key, scheme = generate_private_key(SECP256R1()), ECDSA(SHA256())
    streams = {form: sample_records(count, errors=0.12, is_labelled=True) for form in WRITERS}
    spent = dict.fromkeys(WRITERS, 0.0)
    signing = 0.0
    peaks = []
    for _ in range(count // BLOCK):
        signing += seconds(lambda: [key.sign(number.to_bytes(300, "big"), scheme) for number in range(SIGNATURES)])
        for form, stream in streams.items():
            spent[form] += seconds(partial(encoded, form, islice(stream, BLOCK)))
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    signature = signing / (count / BLOCK * SIGNATURES)
    print(f"raw ES256 signature: {signature * 1e6:.1f} us")
    worst = 0.0
    for form, total in spent.items():
        ratio = total / count / signature
        worst = max(worst, ratio)
        print(f"{form}: {total / count * 1e6:.1f} us a record, {count / total:,.0f} a second; {ratio:.2f} signatures")
    print(f"memory: {peaks[0]:.0f} MB after {BLOCK:,} records of each, {peaks[-1]:.0f} MB after {count:,}")
    print(f"budget: at most {BUDGET:g} signatures a record: {'held' if worst <= BUDGET else 'NOT HELD'}")
    return 0 if worst <= BUDGET else 1


if __name__ == "__main__":
    sys.exit(main())
