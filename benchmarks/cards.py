"""What printing costs: `python -m benchmarks.cards`, or with `--pages 10000` for the figures of a large run.

Print runs of distinct cards, once as letters and once as sheets of wallet cards: taken in any order, spooled, sorted by
site and name, and set as PDF files with their lists. Each is a process of its own, on one core, and measures beside it
the raw ES256 verification of the `cryptography` package, so that the figures are ratios taken in one run. A tenth of
the run goes first, to show that memory does not grow with it. Last come the words and QR code of one certificate before
anything is set, and a document of one letter, as for a download. Exits with 1 if a certificate costs more than the
budget of a page.
"""

from __future__ import annotations

import csv
import json
import resource
import subprocess
import sys
from argparse import ArgumentParser
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from vaxcert.issue import card_page, sheet_card
from vaxcert.issue.card import Card, render_cards
from vaxcert.issue.card_entry import VaccinationEntry, Words
from vaxcert.model.names import PersonName
from vaxcert.model.partial_date import PartialDate
from vaxcert.service.print_run import CONTENTS_TABLE, PrintRun, use_one_core

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vaxcert.issue.print_file import Layout

BUDGET: Final = 3.0 / 0.062
"""3 ms a page on the machine on which the budget was set, where a raw verification takes 62 microseconds."""

LAYOUTS: Final[tuple[Layout, ...]] = ("letters", "sheets")
CARDS_OF_A_SITE: Final = 120

ISSUED: Final = datetime(2026, 11, 22, 7, tzinfo=UTC)
ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
FAMILIES: Final = ("Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Đỗ", "Võ", "Đặng")
MIDDLES: Final = ("Thị", "Văn", "Ngọc", "Đức", "Minh")
GIVEN: Final = ("Ngữ", "Ẩn", "Quỳnh", "Hữu", "Mỹ", "Tuệ", "Lộc", "Ánh", "Hiếu", "Dũng", "Khuê", "Nghĩa")
WARDS: Final = ("Nghĩa Lộ", "Trần Phú", "Lê Hồng Phong", "Chánh Lộ", "Trương Quang Trọng")


def card(random: Random) -> Card:
    """Return the card of an invented person."""
    vaccinated = date(2021, 3, 8) + timedelta(days=random.randrange(400))
    return Card(
        name=PersonName.of(random.choice(FAMILIES), f"{random.choice(MIDDLES)} {random.choice(GIVEN)}"),
        birth_date=PartialDate.of_date(date(1940, 1, 1) + timedelta(days=random.randrange(25_000))),
        nationality=Words("Việt Nam", "Viet Nam"),
        entry=VaccinationEntry(
            disease="COVID-19",
            dose_number=2,
            total_doses=2,
            vaccination_date=vaccinated,
            lot=f"NJ{random.randrange(10_000):04}",
            vaccine=Words("Vắc xin mRNA phòng COVID-19", "SARS-CoV-2 mRNA vaccine"),
            product="Comirnaty",
            manufacturer="Biontech Manufacturing GmbH",
            site=f"Trạm Y tế phường {random.choice(WARDS)}",
            country=Words("Việt Nam", "Viet Nam"),
        ),
        certificate_id=f"URN:UVCI:01:VN:{random.getrandbits(128):032X}",
        issuer="Bộ Y tế",
        issuing_country="VN",
        issued_at=ISSUED,
        expires_at=ISSUED + timedelta(days=365),
        text="HC1:" + "".join(random.choices(ALPHABET, k=560)),
    )


class Watch:
    """Processor time, of which the making of what is measured can be taken out."""

    def __init__(self) -> None:
        self._start = process_time()

    def seconds(self) -> float:
        """Return the seconds so far."""
        return process_time() - self._start

    def without(self, cards: Iterator[Card]) -> Iterator[Card]:
        """Yield *cards*, and count the time they take as if it had not been."""
        while True:
            start = process_time()
            each = next(cards, None)
            self._start += process_time() - start
            if each is None:
                return
            yield each


def raw_verifications(count: int) -> float:
    """Return the seconds that *count* raw ES256 verifications take."""
    key = ec.generate_private_key(ec.SECP256R1())
    algorithm = ec.ECDSA(hashes.SHA256())
    public_key, signature = key.public_key(), key.sign(b"", algorithm)
    start = process_time()
    for _ in range(count):
        public_key.verify(signature, b"", algorithm)
    return process_time() - start


def print_run(layout: Layout, count: int, seed: int) -> dict[str, float]:
    """Return the figures of a print run of *count* cards in this process, on one core."""
    use_one_core()
    random = Random(seed)
    sites = [f"Trạm Y tế phường số {number}" for number in range(1 + count // CARDS_OF_A_SITE)]
    raw = raw_verifications(1000)
    with TemporaryDirectory() as name:
        folder = Path(name)
        watch = Watch()
        with PrintRun(folder, layout, work=folder) as run:
            for each in watch.without(card(random) for _ in range(count)):
                run.add(random.choice(sites), each)
            spooling = watch.seconds()
            names = run.finish()
        seconds = watch.seconds()
        size = sum((folder / each).stat().st_size for each in names)
        pages = pages_in(folder / CONTENTS_TABLE)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    raw = (raw + raw_verifications(1000)) / 2000  # an average like the run's
    return {
        "card_ms": seconds / count * 1e3,
        "page_ms": seconds / pages * 1e3,
        "spool_us": spooling / count * 1e6,
        "raw_us": raw * 1e6,
        "ratio": seconds / count / raw,
        "kb": size / count / 1e3,
        "files": len(names),
        "rss_mb": memory,
    }


def pages_in(contents: Path) -> int:
    """Return how many pages the files of a run have, by its table of contents."""
    with contents.open(encoding="utf-8-sig", newline="") as stream:
        return sum({row["file"]: int(row["last_page"]) for row in csv.DictReader(stream)}.values())


def print_run_elsewhere(layout: Layout, count: int, seed: int) -> dict[str, float]:
    """Return the figures of one print run in a new process."""
    command = [sys.executable, "-m", "benchmarks.cards", "--pages", str(count), "--one", layout, "--seed", str(seed)]
    figures: dict[str, float] = json.loads(subprocess.check_output(command))
    return figures


def words(of: Callable[[Card], object], count: int) -> float:
    """Return the milliseconds that the words and the QR code of a card take, before anything is set."""
    random = Random(0)
    cards = [card(random) for _ in range(count)]
    start = process_time()
    for each in cards:
        of(each)
    return (process_time() - start) / count * 1e3


def one_by_one(count: int) -> float:
    """Return the median milliseconds of a document of one letter."""
    random = Random(0)
    times = []
    for _ in range(count):
        one = card(random)
        start = process_time()
        render_cards([one])
        times.append(process_time() - start)
    return median(times) * 1e3


ROWS: Final = (
    ("card_ms", "certificate, lists included (ms)"),
    ("ratio", "certificate / raw verification"),
    ("page_ms", "page of the files (ms)"),
    ("spool_us", "of a certificate: spooling (us)"),
    ("raw_us", "raw ES256 verification (us)"),
    ("kb", "certificate in the files (kB)"),
    ("files", "files"),
    ("rss_mb", "memory of the run (MB)"),
)


def main() -> int:
    """Run the print runs and print the tables."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=3000, help="how many certificates a run has")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", choices=LAYOUTS, help="make this one run and print its figures as JSON")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.one is not None:
        print(json.dumps(print_run(options.one, options.pages, options.seed)))
        return 0
    worst = 0.0
    for layout in LAYOUTS:
        small = print_run_elsewhere(layout, options.pages // 10, 0)
        rounds = [print_run_elsewhere(layout, options.pages, seed) for seed in range(options.rounds)]
        print(f"{layout}: {options.rounds} runs of {options.pages} certificates; processor time on one core")
        print(f"{'':36}{'median':>10}{'best':>10}{f'of {options.pages // 10}':>12}")
        for name, label in ROWS:
            values = [figures[name] for figures in rounds]
            print(f"{label:36}{median(values):10.2f}{min(values):10.2f}{small[name]:12.2f}")
        worst = max(worst, median(figures["ratio"] for figures in rounds))
    use_one_core()
    print(f"{'words and QR code of a letter (ms)':36}{words(lambda each: card_page.of(each, None), 500):10.2f}")
    print(f"{'words and QR code of a card (ms)':36}{words(sheet_card.of, 500):10.2f}")
    print(f"{'a document of one letter (ms)':36}{one_by_one(30):10.2f}")
    print(f"budget: {BUDGET:.0f} raw verifications a certificate; the dearer layout: {worst:.1f}")
    return int(worst > BUDGET)


if __name__ == "__main__":
    sys.exit(main())
