"""`vaxcert bench`."""

from __future__ import annotations

import json

import click

from vaxcert.service.bench import Figure, measure


@click.command()
@click.option("--records", type=click.IntRange(10, 100_000), default=400, show_default=True, help="Distinct records.")
@click.option("--rounds", type=click.IntRange(1, 1000), default=30, show_default=True, help="Interleaved rounds.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def command(records: int, rounds: int, as_json: bool) -> int:  # noqa: FBT001 - click passes by name
    """Measure this machine on one core, as ratios to the raw signature in the same run.

    The exit code is 1 where a budget does not hold.
    """
    if not as_json:
        click.echo(f"{'CPU time an input':<40}{'fastest':>12} {'median':>12} {'ratio':>8}")
    figures = measure(records=records, rounds=rounds)
    for figure in figures:
        click.echo(json.dumps(_as_json(figure)) if as_json else _as_line(figure))
    return 1 if any(figure.within is False for figure in figures) else 0


def _as_json(figure: Figure) -> dict[str, object]:
    return {
        "name": figure.name,
        "microseconds": round(figure.cost.least, 2),
        "median_microseconds": round(figure.cost.median, 2),
        "ratio": None if figure.ratio is None else round(figure.ratio, 3),
        "budget": figure.budget,
        "within": figure.within,
    }


def _as_line(figure: Figure) -> str:
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f} x"
    budget = ""
    if figure.budget is not None:
        unit = "us" if figure.ratio is None else "x"
        budget = f"at most {figure.budget:g} {unit}: {'held' if figure.within else 'NOT HELD'}"
    return f"{figure.name:<40}{figure.cost.least:>9.1f} us {figure.cost.median:>9.1f} us {ratio:>8}  {budget}".rstrip()
