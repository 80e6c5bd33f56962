"""What a ledger costs a batch: `python -m benchmarks.issuing [--records 100000]`.

The same distinct records are issued into a file of JSON lines, with a ledger and without, in turns of blocks, so that
the changes of the machine's speed meet both. The processor's time of the whole process counts: hashing, SQLite and its
commits. Exits with 1 if a record costs more than one raw ES256 signature of the `cryptography` package more.
"""

from __future__ import annotations

import argparse
import gc
import sys
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from vaxcert.codec.inflate import FASTEST_LEVEL
from vaxcert.issue.issuer import Issuer
from vaxcert.ledger.log.log_key import LogKey
from vaxcert.ledger.store.log import TransparencyLog
from vaxcert.model.certificate_type import CertificateType
from vaxcert.service import outputs
from vaxcert.service.issuing import issue_rows
from vaxcert.service.ledger_sink import LedgerSink
from vaxcert.service.row import Row
from vaxcert.service.sample import sample_records
from vaxcert.signing.authority import create_csca, create_dsc
from vaxcert.signing.pem import PemSigner
from vaxcert.trust.dsc import Dsc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vaxcert.service.outputs import Output

BUDGET = 1.0
BLOCK = 10_000
"""Whole appends to the ledger, so that nothing is left for the next block."""
SIGNATURES = 3000


def raw_signature() -> float:
    """Return the seconds of one raw ES256 signature."""
    key, scheme = generate_private_key(SECP256R1()), ECDSA(SHA256())
    start = process_time()
    for number in range(SIGNATURES):
        key.sign(number.to_bytes(300, "big"), scheme)
    return (process_time() - start) / SIGNATURES


def issue(rows: Sequence[Row], issuer: Issuer, output: Output, at: datetime) -> float:
    """Return the processor's seconds for *rows*."""
    gc.collect()
    start = process_time()
    tally = issue_rows(rows, CertificateType.VACCINATION, issuer, at=at, output=output)
    assert tally.issued == len(rows)
    return process_time() - start


def main() -> int:
    """Run the blocks and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    count = parser.parse_args().records
    at = datetime.now(UTC)
    csca = create_csca(country="VN", common_name="CSCA of a benchmark", at=at)
    pair = create_dsc(csca, common_name="DSC of a benchmark", usages=frozenset(CertificateType), at=at)
    signer = PemSigner(pair.private_key, Dsc.of_certificate(pair.certificate))
    issuer = Issuer(signer, country="VN", issuer="A benchmark", validity=timedelta(days=90), level=FASTEST_LEVEL)
    samples = sample_records(count, seed=1)
    alone = logged = signing = 0.0
    with TemporaryDirectory() as place, ExitStack() as stack:
        folder, key = Path(place), LogKey.create("ledger.example/benchmark")
        TransparencyLog.create(folder / "ledger", origin=key.name, vkey=key.vkey, at=at).close()
        plain = stack.enter_context(outputs.file_output(folder / "plain.jsonl"))
        into = stack.enter_context(outputs.file_output(folder / "logged.jsonl"))
        into.ledger = stack.enter_context(LedgerSink.open(folder / "ledger"))
        for first in range(0, count, BLOCK):
            rows = [
                Row(line=first + number, fields=next(samples) | {"record_id": None})
                for number in range(min(BLOCK, count - first))
            ]
            alone += issue(rows, issuer, plain, at)
            logged += issue(rows, issuer, into, at)
            signing += raw_signature()
    blocks = -(-count // BLOCK)
    raw, more = signing / blocks * 1e6, (logged - alone) / count * 1e6
    print(f"records {count:,}, in blocks of {BLOCK:,}")
    print(f"a record without a ledger  {alone / count * 1e6:8.1f} us")
    print(f"a record with a ledger     {logged / count * 1e6:8.1f} us")
    print(f"raw ES256 signature        {raw:8.1f} us")
    print(f"the ledger costs           {more:8.1f} us, {more / raw:.2f} raw signatures (budget {BUDGET:.1f})")
    return int(more / raw > BUDGET)


if __name__ == "__main__":
    sys.exit(main())
