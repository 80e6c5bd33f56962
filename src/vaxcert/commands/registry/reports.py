"""`vaxcert registry reports`."""

from __future__ import annotations

from vaxcert.commands.registry.noun import noun
from vaxcert.service.registry.reports.coverage import keep_population, show_coverage
from vaxcert.service.registry.reports.daily import daily_form_file, show_daily_form
from vaxcert.service.registry.reports.rates import show_reaction_rates, show_utilisation
from vaxcert.service.registry.reports.statistics import count_doses, count_doses_publicly

command = noun(
    "Count doses, coverage and reactions; the daily form.",
    {
        "daily": show_daily_form,
        "daily-file": daily_form_file,
        "doses": count_doses,
        "public": count_doses_publicly,
        "coverage": show_coverage,
        "population": keep_population,
        "reactions": show_reaction_rates,
        "utilisation": show_utilisation,
    },
)
