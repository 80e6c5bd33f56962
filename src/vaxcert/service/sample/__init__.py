"""An invented population and its vaccinations, for trials, demo and benchmarks. Nobody in it is real."""

from vaxcert.service.sample.records import COLUMNS, sample_records, write_csv

__all__ = ["COLUMNS", "sample_records", "write_csv"]
