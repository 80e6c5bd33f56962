"""How much of a damaged print is still read: `python -m benchmarks.scan`.

Makes 64 symbols of random HC1 texts, puts each under the 21 conditions of `degrade` and prints, for zxing-cpp alone,
pyzbar alone and the reader of this project, the share that is read and the time a picture takes. Then the time to
make a code and to read a clean one. Exits with 1 if the reader reads under 99.5 % of all pictures, or any wrongly.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from dataclasses import dataclass
from io import BytesIO
from random import Random
from statistics import median
from time import process_time
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np
import zxingcpp
from PIL import Image
from pyzbar import pyzbar

from benchmarks.degrade import CLEAN_SCALE, CONDITIONS
from vaxcert.codec import picture, qr, qr_display
from vaxcert.errors import NoQrCodeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Input = TypeVar("Input")

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
QR_ONLY: Final = zxingcpp.BarcodeFormats(zxingcpp.QRCode)
NEEDED: Final = 0.995
"""The share of all pictures that the reader must read."""
SEED: Final = 20261122


@dataclass(slots=True)
class Score:
    """What one reader did with a set of pictures."""

    pictures: int = 0
    read: int = 0
    wrong: int = 0
    seconds: float = 0.0

    def __add__(self, other: Score) -> Score:
        return Score(
            self.pictures + other.pictures,
            self.read + other.read,
            self.wrong + other.wrong,
            self.seconds + other.seconds,
        )

    def __str__(self) -> str:
        wrong = f" {self.wrong} WRONG" if self.wrong else ""
        return f"{self.read / self.pictures:7.1%} {self.seconds / self.pictures * 1000:7.1f} ms{wrong}"


def random_text(random: Random) -> str:
    """Return a text with the looks and length of a certificate's (their median is 541 to 582 characters)."""
    return "HC1:" + "".join(random.choice(ALPHABET) for _ in range(random.randint(536, 580)))


def read_by_zxing(content: bytes) -> list[str]:
    """Return what zxing-cpp reads in a PNG file."""
    grey = Image.open(BytesIO(content)).convert("L")
    return [found.text for found in zxingcpp.read_barcodes(grey, formats=QR_ONLY, text_mode=zxingcpp.TextMode.Plain)]


def read_by_pyzbar(content: bytes) -> list[str]:
    """Return what pyzbar reads in a PNG file."""
    grey = Image.open(BytesIO(content)).convert("L")
    return [found.data.decode() for found in pyzbar.decode(grey, symbols=[pyzbar.ZBarSymbol.QRCODE])]


def read_by_vaxcert(content: bytes) -> list[str]:
    """Return what the reader of this project reads in a PNG file."""
    try:
        return [code.text for code in picture.read_codes(content)]
    except NoQrCodeError:
        return []


READERS: Final[dict[str, Callable[[bytes], list[str]]]] = {
    "zxing-cpp": read_by_zxing,
    "pyzbar": read_by_pyzbar,
    "vaxcert": read_by_vaxcert,
}


def score(reader: Callable[[bytes], list[str]], pictures: Iterable[tuple[str, bytes]]) -> Score:
    """Return how *reader* does with *pictures*, pairs of what is to be read and a file."""
    total = Score()
    for text, content in pictures:
        start = process_time()
        texts = reader(content)
        total += Score(1, text in texts, any(found != text for found in texts), process_time() - start)
    return total


def degraded(symbols: Sequence[qr.Symbol], name: str) -> list[tuple[str, bytes]]:
    """Return each symbol's text and its picture under the condition *name*, as a PNG file."""
    random = np.random.default_rng(SEED)
    pictures = []
    for symbol in symbols:
        clean = Image.open(BytesIO(qr.to_png(symbol, scale=CLEAN_SCALE))).convert("L")
        content = BytesIO()
        CONDITIONS[name](clean, random).save(content, "PNG", compress_level=1)
        pictures.append((symbol.text, content.getvalue()))
    return pictures


def milliseconds(function: Callable[[Input], object], inputs: Sequence[Input]) -> str:
    """Return the median and the least processor time of *function* over distinct *inputs*."""
    times = []
    for value in inputs:
        start = process_time()
        function(value)
        times.append((process_time() - start) * 1000)
    return f"{median(times):6.2f} {min(times):6.2f}"


def print_table(symbols: Sequence[qr.Symbol], names: Sequence[str]) -> Score:
    """Print what each reader does under each condition, and return the total of the last reader."""
    print(f"{len(symbols)} codes of version {min(s.version for s in symbols)} to {max(s.version for s in symbols)}")
    print(f"{'condition':18}", *(f"{name:^19}" for name in READERS))
    totals = dict.fromkeys(READERS, Score())
    for name in names:
        pictures = degraded(symbols, name)
        row = {reader: score(read, pictures) for reader, read in READERS.items()}
        print(f"{name:18}", *row.values(), flush=True)
        totals = {reader: totals[reader] + row[reader] for reader in READERS}
    print(f"{'all':18}", *totals.values())
    return totals["vaxcert"]


def print_speed(symbols: Sequence[qr.Symbol]) -> None:
    """Print the time to make a code and to read a clean one."""
    texts = [symbol.text for symbol in symbols]
    pictures = [qr.to_png(symbol) for symbol in symbols]
    print("\nmilliseconds of one core: median, least")
    print("text -> PNG       ", milliseconds(lambda text: qr.to_png(qr.encode(text)), texts))
    print("text -> styled PNG", milliseconds(lambda text: qr_display.to_styled_png(qr.encode(text)), texts))
    print("PNG -> text       ", milliseconds(picture.read_codes, pictures))


def main() -> int:
    """Print the table and the speeds, and return the exit status."""
    arguments = ArgumentParser(prog="python -m benchmarks.scan", description="the reading of damaged QR codes")
    arguments.add_argument("--codes", type=int, default=64, help="how many codes to make (64)")
    arguments.add_argument("--condition", choices=CONDITIONS, action="append", help="only this one (repeatable)")
    chosen = arguments.parse_args()
    random = Random(SEED)
    symbols = [qr.encode(random_text(random)) for _ in range(chosen.codes)]
    print("decoders:", *picture.decoders())
    total = print_table(symbols, chosen.condition or list(CONDITIONS))
    print_speed(symbols)
    met = total.wrong == 0 and total.read >= NEEDED * total.pictures
    verdict = "met" if met else "NOT MET"
    print(f"\n{total.read} of {total.pictures} read, {total.wrong} wrongly; {NEEDED:.1%} needed: {verdict}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
